"""One DuckDB connection with limits, frames handed to it, results written atomically. No meaning lives here."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from transforms.sql import OWN_BLOCKS, UNPACKED, quoted


@contextmanager
def workbench(data: Path, memory: str, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A private in-memory database that spills into `data/identity/.spill`, which is gone afterwards.

    `memory` is a DuckDB size (`4GB`). One at a time: a killed run leaves its spill folder behind, and the next one
    removes it. Whoever comes here holds the data folder's lock.
    """
    spill = data / "identity" / ".spill"
    shutil.rmtree(spill, ignore_errors=True)
    spill.mkdir(parents=True, mode=0o700)
    connection = duckdb.connect()
    try:
        connection.execute(f"set memory_limit = {quoted(memory)}")
        connection.execute(f"set threads = {int(threads)}")
        connection.execute(f"set temp_directory = {quoted(str(spill))}")
        # Rows are ordered where it matters (when written); keeping insertion order elsewhere costs memory.
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set enable_progress_bar = false")
        # What is kept counts once it is sealed, so that it need not be brought to the disk's order on the way.
        connection.execute("set checkpoint_threshold = '1TB'")
        connection.execute(UNPACKED)
        connection.execute(OWN_BLOCKS)
        yield connection
    finally:
        connection.close()
        shutil.rmtree(spill, ignore_errors=True)


def keep(connection: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    """A frame as the table `table`."""
    connection.register("handed", frame.to_arrow())
    connection.execute(f"create or replace table {table} as select * from handed")
    connection.unregister("handed")


def write(connection: duckdb.DuckDBPyConnection, query: str, file: Path) -> None:
    """The rows of `query` as Parquet, first beside the file, then in its place."""
    aside = file.with_name(f".{file.name}")
    connection.execute(
        f"copy ({query}) to {quoted(str(aside))} (format parquet, compression zstd, compression_level 1)"
    )
    aside.replace(file)


def count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    """The one number that `query` gives. Results are fetched whole: an unfinished one blocks the connection."""
    return int(connection.execute(query).fetchall()[0][0])


def quoted_list(texts: Sequence[str]) -> str:
    """Texts as the inside of an SQL `in (…)` or list."""
    return ", ".join(quoted(text) for text in texts)
