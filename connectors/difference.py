"""What two publications say differently: rows per table, and for customers what became of them and in which columns.

Which rows a publication changed against its base stands in its table `customer_change`; this compares any two.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from connectors.feed import lay_changes
from connectors.publication import KEYS, Publication, engine, open_publication, quoted


@dataclass(frozen=True)
class TableDifference:
    """Rows by key: only in the second, only in the first, in both with other values."""

    added: int
    removed: int
    changed: int


@dataclass(frozen=True)
class Difference:
    """From publication `first` to `second`, which may be the older one."""

    first: int
    second: int
    tables: dict[str, TableDifference]
    operations: dict[str, int]
    """Customers per operation, in the words of `customer_change`; none that no customer underwent."""
    columns: dict[str, int]
    """Customer column -> customers of both in which it differs; columns that are equal everywhere are left out."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def diff(data: Path, first: int, second: int, *, memory: str | None = None, threads: int | None = None) -> Difference:
    """Compare two publications table by table, by key.

    Columns that only one of them has are not compared. What became of customers is what `connectors.feed` says.

    Raises:
        PublicationError: one of them is not there.
    """
    pair = open_publication(data, first), open_publication(data, second)
    con = engine(memory, threads)
    try:
        tables = {table: _table_difference(con, pair, table) for table in KEYS if _in_both(pair, table)}
        changed = tables["customer"].changed
        return Difference(
            first=first,
            second=second,
            tables=tables,
            operations=_operations(con, data, first, second),
            columns=_changed_columns(con, pair) if changed else {},
        )
    finally:
        con.close()


def _in_both(pair: tuple[Publication, Publication], table: str) -> bool:
    return all(table in publication.manifest.tables for publication in pair)


def _shared_columns(pair: tuple[Publication, Publication], table: str) -> list[str]:
    first, second = (publication.manifest.tables[table].columns for publication in pair)
    return [column for column in first if column in second]


def _files(pair: tuple[Publication, Publication], table: str) -> tuple[str, str]:
    first, second = (quoted(publication.path / f"{table}.parquet") for publication in pair)
    return first, second


def _table_difference(
    con: duckdb.DuckDBPyConnection, pair: tuple[Publication, Publication], table: str
) -> TableDifference:
    first, second = (publication.manifest for publication in pair)
    if first.engine == second.engine and first.tables[table] == second.tables[table]:
        return TableDifference(0, 0, 0)
    key = ", ".join(KEYS[table])
    row = ", ".join(f'"{column}"' for column in _shared_columns(pair, table))
    before, after = _files(pair, table)
    counts = con.execute(
        f"""
        select
            count(*) filter (where before is null),
            count(*) filter (where after is null),
            count(*) filter (where before <> after)
        from (select {key}, hash({row}) as before from {before})
        full join (select {key}, hash({row}) as after from {after}) using ({key})
        """
    ).fetchall()[0]
    return TableDifference(*counts)


def _operations(con: duckdb.DuckDBPyConnection, data: Path, first: int, second: int) -> dict[str, int]:
    lay_changes(con, data, first, second)
    return dict(con.execute("select op, count(*) from change group by op order by op").fetchall())


def _changed_columns(con: duckdb.DuckDBPyConnection, pair: tuple[Publication, Publication]) -> dict[str, int]:
    columns = [column for column in _shared_columns(pair, "customer") if column != "customer_id"]
    counting = ", ".join(f'count(*) filter (where a."{column}" is distinct from b."{column}")' for column in columns)
    before, after = _files(pair, "customer")
    counts = con.execute(f"select {counting} from {before} as a join {after} as b using (customer_id)").fetchall()[0]
    return {column: count for column, count in zip(columns, counts, strict=True) if count}
