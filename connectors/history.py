"""Customers as they were known: in any past publication, and at the time of any event, for training and replays.

    customers_in(publication, 7)               the table `customer` of publication 7, exactly, as one row per customer
    customers_known_at(publication, events)    events with what readers could know when they happened

Both read the history of one publication, usually the newest, so the past ones need not be there any more. The same two
stand in `concord.duckdb` as the table macros `customer_in(number)` and `customer_known_at(events)`. How history comes
about does not belong here (`transforms/dbt/models/marts/customer_history.sql`).
"""

from __future__ import annotations

import duckdb
import polars as pl

from connectors.publication import Publication

KNOWN = ("known_in", "known_as", "known_status")
"""What `customers_known_at` adds before the customer's columns."""
SPAN = ("valid_from", "valid_to", "from_publication", "to_publication")
"""What a row of customer_history has beyond a row of customer."""

MACROS = (
    f"""
    create macro concord.customer_in(number) as table
    select * exclude ({", ".join(SPAN)})
    from customer_history
    where from_publication <= number and (to_publication is null or number < to_publication)
    order by customer_id
    """,
    # A run is known of from the moment at which it was published; where clocks were set back, by the newest number.
    f"""
    create macro concord.customer_known_at(events) as table
    with made as (
        select created_at, max(number) over (order by created_at) as number from publication
    ),
    asked as (
        select events.*, made.number as known_in
        from query_table(events) as events
        asof left join made on events.event_time >= made.created_at
    ),
    resolved as (
        select
            asked.*,
            coalesce(became.new_ids[1], if(became.id is null, asked.customer_id, null)) as known_as,
            became.status as known_status
        from asked
        left join customer_alias_history as became
            on asked.customer_id = became.id
            and became.from_publication <= asked.known_in
            and (became.to_publication is null or asked.known_in < became.to_publication)
    )
    select
        resolved.* exclude (known_as, known_status),
        history.customer_id as known_as,
        coalesce(resolved.known_status, if(history.customer_id is null, 'unknown', 'live')) as known_status,
        publication.logical_date,
        history.* exclude (customer_id, {", ".join(SPAN)})
    from resolved
    left join customer_history as history
        on resolved.known_as = history.customer_id
        and history.from_publication <= resolved.known_in
        and (history.to_publication is null or resolved.known_in < history.to_publication)
    left join publication on resolved.known_in = publication.number
    """,
)
"""Made in every concord.duckdb; the tables that they name are those of the database that they stand in."""


def write_macros(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Put what readers may call into the database `concord`: `MACROS`, and the table macros of the marts.

    Made while the database is the one in use, so that what they name is found in it, wherever it is attached later.
    """
    of_marts = con.execute(
        "select function_name, parameters, macro_definition from duckdb_functions() where database_name = 'warehouse' "
        "and schema_name = ? and function_type = 'table_macro' order by function_name",
        [schema],
    ).fetchall()
    con.execute("use concord")
    for name, parameters, body in of_marts:
        con.execute(f"create macro concord.{name}({', '.join(parameters)}) as table {body}")
    for statement in MACROS:
        con.execute(statement)
    con.execute("use memory")


def customers_in(publication: Publication, number: int) -> pl.LazyFrame:
    """The table `customer` as publication `number` had it, by customer_id; also of one that was rolled back."""
    return (
        publication.scan("customer_history")
        .filter(
            pl.col("from_publication") <= number,
            pl.col("to_publication").is_null() | (pl.col("to_publication") > number),
        )
        .drop(SPAN)
        .sort("customer_id")
    )


def customers_known_at(publication: Publication, events: pl.LazyFrame) -> pl.LazyFrame:
    """Every event with the customer as it was known when it happened; nothing of a later publication is in it.

    `events` has `customer_id`, any id ever published, and `event_time` (UTC), and what else it likes under names that
    no customer column has; its rows come back once each, in any order, with

        known_in       the newest publication that was made at or before the event; null before the first
        known_as       the customer under which the id's records stood in it: the id itself, or the survivor of the
                       merge; after an id was split away, the part that comes first in customer_alias. Null where the
                       id was no customer then
        known_status   live, merged, split, gone, erased; unknown where the id had not been given yet
        logical_date   of that publication; days are counted up to it
        …              the columns of customer, from the row of `known_as`
    """
    made = (
        publication.scan("publication")
        .select("created_at", pl.col("number").alias("known_in"), "logical_date")
        .sort("created_at", "known_in")
        .with_columns(newest=pl.col("known_in").cum_max())
    )
    dates = made.select(pl.col("known_in"), pl.col("logical_date"))
    numbered = (
        events.with_columns(pl.col("event_time").cast(made.collect_schema()["created_at"]).alias("_at"))
        .sort("_at")
        .join_asof(made.select("created_at", pl.col("newest").alias("known_in")), left_on="_at", right_on="created_at")
        .drop("_at", "created_at")
    )
    became = publication.scan("customer_alias_history").select(
        pl.col("id"), pl.col("status").alias("known_status"), pl.col("new_ids").list.first().alias("_became"),
        "from_publication", "to_publication",
    )  # fmt: skip
    resolved = _at_publication(numbered, became, left="customer_id", right="id").with_columns(
        known_as=pl.when(pl.col("known_status").is_null()).then("customer_id").otherwise("_became")
    )
    history = publication.scan("customer_history").drop("valid_from", "valid_to")
    found = _at_publication(
        resolved.drop("_became"), history.with_columns(_found=pl.lit(True)), left="known_as", right="customer_id"
    )
    return (
        found.with_columns(
            known_as=pl.when(pl.col("_found")).then("known_as"),
            known_status=pl.coalesce(
                "known_status", pl.when(pl.col("_found")).then(pl.lit("live")).otherwise(pl.lit("unknown"))
            ),
        )
        .join(dates, on="known_in", how="left")
        .select(
            *events.collect_schema().names(),
            *KNOWN,
            "logical_date",
            *(column for column in history.collect_schema().names() if column not in ("customer_id", *SPAN)),
        )
    )


def _at_publication(events: pl.LazyFrame, history: pl.LazyFrame, left: str, right: str) -> pl.LazyFrame:
    """Each event with the row of `history` that held for its id in the publication `known_in`; nulls where none did.

    Rows of one id do not overlap, so the last that had begun is the only one that may hold: no event meets more.
    """
    told = [column for column in history.collect_schema().names() if column not in (right, *SPAN)]
    ending = pl.col("to_publication")
    begun = events.sort("known_in").join_asof(
        history.sort("from_publication"),
        left_on="known_in",
        right_on="from_publication",
        by_left=left,
        by_right=right,
        check_sortedness=False,  # within an id it cannot be checked; both sides are sorted above
    )
    holds = ending.is_null() | (pl.col("known_in") < ending)
    return begun.with_columns(pl.when(holds).then(pl.col(told))).drop("from_publication", "to_publication")
