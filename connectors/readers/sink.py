"""Where readers put rows: landed rows into a Parquet file part by part, rejected rows beside it.

Memory holds two parts: one is written while the next is read. What the rows mean, and where the files go, does not
belong here.
"""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.readers.reading import Reason

REJECTED = {
    "source": pl.String,
    "object": pl.String,
    "export": pl.String,
    "hash": pl.String,
    "row": pl.Int64,
    "line": pl.Int64,
    "byte_start": pl.Int64,
    "byte_end": pl.Int64,
    "column": pl.String,
    "reason": pl.String,
    "remedy": pl.String,
}
"""Rejected rows and refused files: where they stand and why, never what they hold."""

METADATA = "concord"
WRITTEN: dict[str, Any] = {"compression": "zstd", "compression_level": 1, "write_statistics": ["_row"]}
"""How landed rows are written. Nobody looks for texts by smallest and largest, which take a third of the writing."""


class Sink:
    """Takes what a reader finds in one export; `close` completes the Parquet file at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None
        self._thread = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None
        self._places: list[tuple[int, int | None, int | None, int | None, str | None, Reason]] = []
        self.landed = 0
        self.reasons: Counter[str] = Counter()

    def __enter__(self) -> Sink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()
        if self._writer is not None:
            self._writer.close()

    @property
    def rejected(self) -> int:
        return len(self._places)

    def land(self, rows: pl.DataFrame | pa.Table) -> None:
        """Append rows: `_row` and allowed columns as text. Columns that turn up in a later part cost a rewrite."""
        table = rows.to_arrow(compat_level=pl.CompatLevel.oldest()) if isinstance(rows, pl.DataFrame) else rows
        self._wait()
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, **WRITTEN)
        elif self._writer.schema.names != table.schema.names:
            self._writer = self._rewritten(self._writer, tuple(table.schema.names))
        self._writing = self._thread.submit(self._writer.write_table, table)
        self.landed += table.num_rows

    def _wait(self) -> None:
        """Until the part before is written; raises what went wrong with it."""
        if self._writing is not None:
            self._writing.result()
            self._writing = None

    def reject(
        self,
        row: int,
        line: int | None,
        byte_start: int | None,
        byte_end: int | None,
        reason: Reason,
        column: str | None = None,
    ) -> None:
        """Remember a row that does not land, by its place."""
        self._places.append((row, line, byte_start, byte_end, column, reason))
        self.reasons[reason.text] += 1

    def take_back(self, count: int) -> None:
        """The rows rejected last turned out to be none."""
        for *_, reason in self._places[-count:]:
            self.reasons[reason.text] -= 1
        self.reasons = +self.reasons
        del self._places[-count:]

    def close(self, columns: tuple[str, ...], metadata: dict[str, Any]) -> None:
        """Complete the file with exactly `_row` and `columns`."""
        if self._writer is None:
            names = ("_row", *columns)
            self.land(pl.DataFrame(schema={name: pl.Int64 if name == "_row" else pl.String for name in names}))
        self._wait()
        assert self._writer is not None  # noqa: S101 - land() opened it
        if self._writer.schema.names != ["_row", *columns]:
            self._writer = self._rewritten(self._writer, ("_row", *columns))
        self._writer.add_key_value_metadata({METADATA: json.dumps(metadata, ensure_ascii=False)})
        self._writer.close()
        self._writer = None

    def _rewritten(self, writer: pq.ParquetWriter, columns: tuple[str, ...]) -> pq.ParquetWriter:
        """Write the file anew with exactly these columns, of which some turned out to be there, or not to be."""
        writer.close()
        beside = self._path.with_name(self._path.name + "-anew")
        with pq.ParquetFile(self._path) as file:
            there = file.schema_arrow
            schema = pa.schema(
                [there.field(name) if name in there.names else (name, pa.large_string()) for name in columns]
            )
            anew = pq.ParquetWriter(beside, schema, **WRITTEN)
            for batch in file.iter_batches(columns=[name for name in columns if name in there.names]):
                found = dict(zip(batch.schema.names, batch.columns, strict=True))
                absent = pa.nulls(batch.num_rows, pa.large_string())
                anew.write_batch(pa.record_batch([found.get(name, absent) for name in columns], schema))
        beside.replace(self._path)
        return anew

    def rejected_rows(self, source: str, object_: str, export: str, digest: str) -> pl.DataFrame:
        """The rejected rows as a frame (schema `REJECTED`)."""
        return pl.DataFrame(
            [
                (source, object_, export, digest, row, line, start, end, column, reason.text, reason.remedy)
                for row, line, start, end, column, reason in self._places
            ],
            schema=REJECTED,
            orient="row",
        )


def read_metadata(path: Path) -> dict[str, Any] | None:
    """What `close` noted in a landed file; None where there is no readable file."""
    try:
        note = pq.read_metadata(path).metadata
    except (OSError, pa.ArrowInvalid):
        return None
    found = (note or {}).get(METADATA.encode())
    return json.loads(found) if found else None
