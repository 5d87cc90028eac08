"""Records that their source merged into others: whose place they take when customers are named.

Such a record is gone; only its customer's id lives on, with the record that survived it. A merge links nobody who is
there. What ids become does not belong here (`registry`).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from transforms.identity.kept import PARTIES
from transforms.sql import quoted


def lay_out_merges(connection: duckdb.DuckDBPyConnection, data: Path) -> None:
    """`merge(record_key, into_key)`: what the files in `merged/` say; empty where there are none."""
    connection.execute("create table merge (record_key varchar, into_key varchar)")
    files = sorted((data / "merged").glob("*/*.parquet"))
    if files:
        listing = ", ".join(quoted(str(file)) for file in files)
        place = "source || ':' || object || ':'"
        connection.execute(
            f"insert into merge select distinct {place} || record_id, {place} || into_record_id "
            f"from read_parquet([{listing}])"
        )


def find_swallowed(connection: duckdb.DuckDBPyConnection, prefix: str) -> None:
    """`swallowed(record_key, survivor_key)`: merged records that are not there, and the record that is there in their
    place: the first one on the way of merges, of several the one with the smallest key. Merges in a circle end nowhere.

    Reads `merge` and, from where `prefix` says, `person` and `organisation`.
    """
    records = " union all ".join(f"select record_key from {prefix}{party}" for party in PARTIES)
    connection.execute(
        f"""
        create table swallowed as
        with recursive there as (
            select record_key from ({records})
            semi join (select record_key from merge union select into_key from merge) using (record_key)
        ),
        gone as (from merge anti join there using (record_key)),
        way as (
            from gone
            union
            select way.record_key, gone.into_key from way join gone on gone.record_key = way.into_key
        )
        select way.record_key, min(into_key) as survivor_key
        from way semi join there on there.record_key = into_key
        group by way.record_key
        """
    )
