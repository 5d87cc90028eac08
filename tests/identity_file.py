"""What identity came to, written by hand, for tests of what reads it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from transforms.identity.kept import kept_file


def write_results(data: Path, **tables: pl.DataFrame) -> None:
    """Put these results (`link`, `edge`, `registry`, …) into identity's file; others that stand there stay."""
    file = kept_file(data)
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table if not exists fact as select 'code' as name, 'written by hand' as value")
        for name, frame in tables.items():
            connection.register("handed", frame.to_arrow())
            connection.execute(f"create or replace table {name} as from handed")
            connection.unregister("handed")
