"""`concord connectors draft`: exports of an unknown system -> a connector that reads them.

What columns mean is `transforms.drafting`'s, how an export is read `connectors.sniff`'s. Touches no data folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from connectors.content import facts_of
from connectors.naming import stem_of
from connectors.readers.gate import Refused
from connectors.readers.reading import Opened
from connectors.sniff import Sniffed, sample, sniff
from connectors.spec import ConnectorError
from connectors.storage import SOURCE, Export, Storage
from orchestration.trial import laid_out
from transforms.drafting.guess import ObjectDraft, draft_object, forbidden, join_objects, kind_of
from transforms.drafting.written import Exports, connector_yaml

PART = re.compile(r"[-_ ]+(?:page|part)?[-_ ]?\d+([-_ ].*)?$")
NOISE = re.compile(
    r"(?i)^(read|incremental|mock|data|exports?|reports?|example|list|custom|all|my|active|get|response|do)$"
)
CHANGES = re.compile(r"incremental|delta|changes|changed")
PROOFS = 2
"""Columns beside the key that prove an object."""


def system_name(export: Path) -> str:
    """What the system is likely to be called: by the source's folder, else by the file."""
    folder = export if export.is_dir() else export.resolve().parent
    name = folder.name if SOURCE.fullmatch(folder.name) and not folder.name.startswith("tmp") else stem_of(export.name)
    name = re.sub(r"[^a-z0-9]+", "_", name.partition("@")[0].casefold()).strip("_")
    return name if re.match(r"[a-z]", name) else f"system_{name}".rstrip("_")


def draft(export: Path, name: str) -> str:
    """A connector for an unknown export, or for all in a folder, as the text of its file.

    Raises:
        ConnectorError: nothing in it can be read; says why, file by file.
    """
    with laid_out(export, name) as place:
        storage = Storage(place / "exports")
        listing = storage.listing(name)
        groups: dict[str, list[tuple[Export, Sniffed, Opened]]] = {}
        unread = [f"{one.name}: {one.reason}" for one in (*listing.refused, *listing.waiting)]
        for one in listing.exports:
            try:
                opened = Opened(one.name, _opener(storage, one), facts_of(storage, one))
                found = sniff(opened)
                groups.setdefault(PART.sub("", stem_of(one.name)), []).append((one, found, opened))
            except Refused as error:
                unread.append(f"{one.name}: {error.reason}")
        drafted: list[tuple[ObjectDraft, Exports]] = []
        names: set[str] = set()
        for stem, members in sorted(groups.items()):
            try:
                drafted.append(_object(stem, members, place / "sample.parquet", names))
            except Refused as error:
                unread.append(f"{members[0][0].name}: {error.reason}")
    if not drafted:
        said = "; ".join(unread) or "there is no export in it"
        raise ConnectorError(f"{export}: nothing in it can be drafted: {said}")
    joined = join_objects([one for one, _ in drafted])
    return connector_yaml(name, [(one, exports) for one, (_, exports) in zip(joined, drafted, strict=True)], unread)


def _opener(storage: Storage, one: Export) -> Callable[[], BinaryIO]:
    return lambda: storage.open(one)


def _object(
    stem: str, members: list[tuple[Export, Sniffed, Opened]], beside: Path, names: set[str]
) -> tuple[ObjectDraft, Exports]:
    """One object of the draft, by the largest of its exports."""
    one, found, opened = max(members, key=lambda member: member[0].size)
    if not found.columns:
        raise Refused("it has no columns", "export it again")
    name = _object_name(stem, one.name, names)
    kind, sure = kind_of(name, list(found.columns))
    never = forbidden(list(found.columns), found.labels, kind)
    readable = {column: path for column, path in found.columns.items() if column not in never}
    if not readable:
        raise Refused("every column of it is one that is never landed", "export other columns")
    rows = sample(opened, found, readable, beside)
    made = draft_object(name, kind, sure, rows, found.labels)
    made = ObjectDraft(**{**vars(made), "never": {**never, **made.never}})
    proofs = tuple(column for column in made.used if column in rows.columns and column not in made.key)[:PROOFS]
    patterns = (stem,) if all(stem_of(member.name) == stem for member, _, _ in members) else (stem, f"{stem}[-_ ]*")
    delivered = "changes" if CHANGES.search(stem) or "end" in found.options.get("envelope", {}) else "complete"
    return made, Exports(patterns, found.options, found.columns, delivered, proofs)


def _object_name(stem: str, export: str, names: set[str]) -> str:
    """An object's name from its export's: in the file's own capitals, without words that say nothing."""
    written = Path(export).name
    at = written.casefold().find(stem)
    own = written[at : at + len(stem)] if at >= 0 else stem
    words = [word for word in re.split(r"[^A-Za-z0-9]+", own) if word]
    kept = [word for word in words if not NOISE.match(word)] or words or ["Object"]
    name = "_".join(kept)
    while name in names:
        name += "_2"
    names.add(name)
    return name
