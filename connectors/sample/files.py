"""Writes the files of the sample in the containers of the systems: CSV per object, loose or in a ZIP, and JSON pages.

Every file is written the same way twice: no clock, no machine name, fixed times inside the ZIP.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import polars as pl

from connectors.sample.entities import ANCHOR

PART_ROWS = 250_000
"""Rows of one CSV part; an object of more rows spans several, as in a Data Export."""


class CsvFolder:
    """Loose CSV files in a folder named by its date."""

    def __init__(self, source: Path) -> None:
        self._folder = source / ANCHOR.isoformat()
        self._folder.mkdir(parents=True)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        with (self._folder / name).open("wb") as out:
            yield out

    def close(self) -> None:
        """Nothing is held open between files."""


class CsvZip:
    """One ZIP per delivery, named as the Data Export Service names it, with its date."""

    def __init__(self, source: Path) -> None:
        source.mkdir(parents=True)
        self._zip = zipfile.ZipFile(source / f"WE_00Dsample_1_{ANCHOR.isoformat()}.ZIP", "w")

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        info = zipfile.ZipInfo(name, date_time=(ANCHOR.year, ANCHOR.month, ANCHOR.day, 0, 0, 0))
        info.compress_type = zipfile.ZIP_DEFLATED
        info._compresslevel = 1  # type: ignore[attr-defined]  # the constructor of ZipInfo does not take it
        with self._zip.open(info, "w", force_zip64=True) as out:
            yield out

    def close(self) -> None:
        self._zip.close()


def write_csv(target: CsvFolder | CsvZip, name: str, rows: int, frames: Iterable[pl.DataFrame]) -> None:
    """Writes an object as `<name>.csv`, or as parts `<name>_1.csv`, … when it has more than PART_ROWS rows."""
    waiting = iter(frames)
    frame, part = next(waiting, None), 0
    while frame is not None:
        part += 1
        with target.open(f"{name}_{part}.csv" if rows > PART_ROWS else f"{name}.csv") as out:
            written = 0
            while frame is not None and (not written or written < PART_ROWS):
                out.write(frame.write_csv(quote_style="always", include_header=not written).encode())
                written += max(frame.height, 1)
                frame = next(waiting, None)


def write_pages(folder: Path, name: str, root: str, frames: Iterable[pl.DataFrame], end: str | None = None) -> int:
    """Writes JSON pages `<name>_0001.json`, …, each an object with its rows under `root`, streamed row by row.

    `end` names the field that is true in the last page and false before. Returns the number of rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    waiting = iter(frames)
    frame, number, written = next(waiting, None), 0, 0
    while frame is not None:
        following, number = next(waiting, None), number + 1
        rows = io.BytesIO()
        frame.write_ndjson(rows)
        with (folder / f"{name}_{number:04d}.json").open("wb") as out:
            out.write(f'{{"{root}":[\n'.encode())
            out.write(rows.getbuffer()[:-1].tobytes().replace(b"\n", b",\n"))
            out.write(b"\n]")
            if end:
                out.write(f',"{end}":{json.dumps(following is None)}'.encode())
            out.write(b"}\n")
        written += frame.height
        frame = following
    return written
