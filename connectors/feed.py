"""What to do to the customers of one publication to have those of another, whatever lies between: `changes`, `applied`.

Table `customer_change` tells of one publication against its base. Who missed some, or was read to from one that was
rolled back, asks here: history knows every publication by its number, also those that are gone. Counting what differs
in all tables does not belong here (`connectors.difference`).
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

from connectors.manifest import PublicationError
from connectors.publication import engine, open_publication, published, quoted, versions

LOST = ("delete", "merge", "erase")
"""Operations after which the id is no customer; the others give its row."""


def changes(
    data: Path | str, first: int, second: int, *, memory: str | None = None, threads: int | None = None
) -> pl.DataFrame:
    """The customers of `second` that are not as `first` had them, and those of `first` that it has no more, by id.

    `first` is any publication there ever was, 0 for none; `second`, which may be the older one, must still be there.

        customer_id, op     as in customer_change; the same rows where `first` is the base of `second`
        survivor_id         for a merge: who has the id's records now, or most of them
        …                   the other columns of customer, as `second` has them; null for an id that is lost

    An id that was erased since is told of whether or not `first` had it, for nothing remembers.

    Raises:
        PublicationError: `second` is not there, or there never was a publication `first`.
    """
    con = engine(memory, threads)
    try:
        lay_changes(con, data, first, second)
        return con.table("change").order("customer_id").pl()
    finally:
        con.close()


def applied(customers: pl.LazyFrame, changes: pl.LazyFrame) -> pl.LazyFrame:
    """The customers of `first` with its changes: those of `second`, exactly, ordered by id. Twice is as once."""
    columns = customers.collect_schema().names()
    rest = customers.join(changes, on="customer_id", how="anti")
    told = changes.filter(~pl.col("op").is_in(LOST)).select(columns)
    return pl.concat([rest, told]).sort("customer_id")


def lay_changes(con: duckdb.DuckDBPyConnection, data: Path | str, first: int, second: int) -> None:
    """Lay the rows of `changes`, unordered, as the view `change`."""
    now = open_publication(data, second)
    # Its own history ends with itself; of one that was made later and rolled back, only a newer one knows.
    knowing = now if first <= second else open_publication(data, _newest(data))
    if first and first not in knowing.table("publication")["number"]:
        raise PublicationError(f"there never was a publication {first}; the newest is {knowing.number}")
    after, alias = (quoted(now.file(f"{table}.parquet")) for table in ("customer", "customer_alias"))
    history, fates = (quoted(knowing.file(f"{table}.parquet")) for table in ("customer_history", "customer_alias"))
    con.execute(
        f"""
        create temporary view change as
        with
        before as (
            select customer_id, publication from {history}
            where from_publication <= {first} and (to_publication is null or {first} < to_publication)
        ),
        after as (from {after}),
        alias as (from {alias}),
        split_off as (
            select distinct unnest(new_ids) as customer_id from alias
            where status in ('live', 'split') and publication > {first}
        ),
        lost as (
            select
                customer_id,
                case
                    when status in ('merged', 'split') then 'merge' when status = 'erased' then 'erase' else 'delete'
                end as op,
                if(status in ('merged', 'split'), new_ids[1], null) as survivor_id
            from before anti join after using (customer_id) left join alias on alias.id = customer_id
            union all
            -- history forgets those who were erased
            select id, 'erase', null
            from {fates} as fates
            anti join before on fates.id = before.customer_id
            anti join after on fates.id = after.customer_id
            where status = 'erased' and publication > {first}
        ),
        -- a row is named by its customer and the publication in which it last changed: no column needs to be compared
        told as (
            select
                customer_id,
                case
                    when before.customer_id is not null then 'update'
                    when split_off.customer_id is not null then 'split'
                    else 'insert'
                end as op,
                null as survivor_id,
                after.* exclude (customer_id)
            from after
            left join before using (customer_id)
            left join split_off using (customer_id)
            where
                before.publication is distinct from after.publication
                or customer_id in (select survivor_id from lost where survivor_id is not null)
        )
        from told union all by name from lost
        """
    )


def _newest(data: Path | str) -> int:
    if isinstance(data, str) and data.startswith("s3://"):
        from connectors.bucket import Bucket  # noqa: PLC0415 - s3fs loads slowly, few need it

        return max(Bucket(data).manifests())
    return max(versions(published(Path(data))))
