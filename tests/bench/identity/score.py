"""Links against known truth: precision, recall and F1 over pairs of records put together, after closure.

A record of the truth without a customer counts as a customer of its own; a record without a truth is not judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from transforms.sql import quoted


@dataclass(frozen=True)
class Score:
    """How well links agree with the truth, over pairs; all between 0 and 1, 1.0 where there is nothing to find."""

    records: int
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


class NotAPartition(ValueError):
    """A record stands in more than one customer; the message counts them."""


def score(links: Path, truth: Path) -> Score:
    """Score `links` (Parquet: record_id, customer_id and, where the truth has them, source and object) against `truth`
    (CSV: entity_id and the same key).

    Raises:
        NotAPartition: the links give a record more than one customer.
    """
    said = f"read_parquet({quoted(str(links))})"
    known = f"read_csv({quoted(str(truth))}, all_varchar = true)"
    with duckdb.connect() as connection:
        named = {column for column, *_ in connection.execute(f"describe select * from {known}").fetchall()}
        key = ", ".join(column for column in ("source", "object", "record_id") if column in named)
        connection.execute(
            f"""
            create table judged as
            with link as (select distinct {key}, customer_id from {said}),
            truth as (select distinct {key}, entity_id from {known})
            select {key}, entity_id, coalesce(customer_id, 'alone: ' || concat_ws('|', {key})) as customer_id
            from truth left join link using ({key})
            """
        )
        records, keys = _row(connection, f"select count(*), count(distinct ({key})) from judged")
        if records != keys:
            raise NotAPartition(f"{links}: {records - keys:,} records more than keys; a record has one customer")
        right = _pairs(connection, "entity_id, customer_id")
        put_together = _pairs(connection, "customer_id")
        true = _pairs(connection, "entity_id")
    return Score(int(records), right / put_together if put_together else 1.0, right / true if true else 1.0)


def _pairs(connection: duckdb.DuckDBPyConnection, columns: str) -> float:
    """Pairs of records that share `columns`."""
    groups = f"select count(*)::double as n from judged group by {columns}"
    return float(_row(connection, f"select coalesce(sum(n * (n - 1) / 2), 0) from ({groups})")[0])


def _row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[float, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row
