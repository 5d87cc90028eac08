"""Seals: beside every landed file its SHA-256, so that a flipped bit is told from a customer's new name.

Parquet is read without a word where a bit of it has flipped; and landed rows, unlike all that is made of them, cannot
be made again once their export is gone. A publication's files are sealed by its manifest (`connectors.manifest`).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from connectors.files import sha256_of, written


class DamagedContent(RuntimeError):
    """Something that Concord keeps is not as it was written; the message names file, damage and remedy."""


def seal(content: Path, path: Path) -> None:
    """Note what `content` holds, which takes the name `path` next.

    What was noted of the content before stays noted: killed between the two, the file is one that is known.
    """
    line = f"{sha256_of(content)}  {path.name}\n"
    before = _seal_of(path).read_text(encoding="ascii") if _seal_of(path).exists() else ""
    if line not in before:
        with written(_seal_of(path)) as beside:
            beside.write_text(before + line, encoding="ascii")


def is_broken(path: Path) -> bool:
    """Whether a landed file holds what nobody wrote. Nothing is known of a file without a seal."""
    if not path.exists() or not _seal_of(path).exists():
        return False
    noted = _seal_of(path).read_bytes().decode("ascii", errors="replace").split()
    return sha256_of(path) not in noted


def expect_whole(parts: pl.DataFrame, *, there: bool = False) -> None:
    """Look at the landed files of a delivery frame before anything rests on them; `there`: only that none is missing.

    Raises:
        DamagedContent: one is missing or damaged, and so its export is gone: landing would have made it anew.
    """
    for source, export, digest, text in parts.select("source", "export", "hash", "path").unique().sort("path").rows():
        path = Path(text)
        found = None if path.exists() else "is missing"
        if found is None and not there and is_broken(path):
            found = f"is damaged: its SHA-256 is not the one in {_seal_of(path).name}"
        if found:
            raise DamagedContent(
                f"{path}, what landed of {source}/{export}, {found}, and the export is not there to land it anew. Put "
                f"the export (SHA-256 {digest[:12]}…) back among the exports, or bring {path.name} and its seal back "
                "from a backup, then run again; nothing was published"
            )


def _seal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
