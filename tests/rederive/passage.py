"""What changed since the base, and how it was in every publication: publications laid beside one another."""

from __future__ import annotations

import json
from itertools import accumulate

import polars as pl

from connectors.publication import KEYS
from tests.rederive.given import Given
from transforms.sql import quoted


def derive(given: Given) -> None:
    """`derived_customer_change`, both `derived_<…>_history`, `derived_publication`."""
    _changes(given)
    _days(given)
    not_erased = "customer_id not in (select id from published_customer_alias where status = 'erased')"
    _versions(given, "customer", "customer_id", "publication", not_erased)
    _versions(given, "customer_alias", "id", "status, new_ids", "status <> 'live'")
    _publications(given)


def _changes(given: Given) -> None:
    """Every row beside the base's, column by column; what became of an id its alias says."""
    con, base = given.con, given.publication.manifest.base or 0
    columns = [column for column in con.table("published_customer").columns if column != "customer_id"]
    entries = ", ".join(
        f"""if(now.{column} is distinct from was.{column}, '"{column}":' || {_as_json(column)}, null)"""
        for column in columns
    )
    con.execute(
        f"""
        create table derived_customer_change as
        with lost as (
            select was.customer_id, alias.status,
                if(alias.status in ('merged', 'split'), alias.new_ids[1], null) as heir,
            from base_customer as was anti join published_customer as now using (customer_id)
            left join published_customer_alias as alias on alias.id = was.customer_id
        ),
        beside as (
            select now.customer_id, was.customer_id is null as is_new,
                coalesce(array_to_string([{entries}], ','), '') as entries,
                now.customer_id in (
                    select unnest(new_ids) from published_customer_alias as alias
                    where alias.publication > {base} and alias.status in ('live', 'split')
                ) as is_part,
            from published_customer as now left join base_customer as was using (customer_id)
        ),
        said as (
            select customer_id, case when not is_new then 'update' when is_part then 'split' else 'insert' end as op,
                '{{' || entries || '}}' as fields,
            from beside where is_new or entries <> '' or exists (from lost where heir = beside.customer_id)
            union all
            select customer_id, if(heir is not null, 'merge', if(status = 'erased', 'erase', 'delete')),
                coalesce('{{"customer_id":"' || heir || '"}}', '{{}}')
            from lost
        )
        select {given.number} as publication, nullif({base}, 0) as base, * from said
        """
    )


def _as_json(column: str) -> str:
    instant = f"'\"' || strftime(now.{column} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') || '\"'"
    return f"coalesce({instant if column.endswith('_at') else f'to_json(now.{column})::varchar'}, 'null')"


def _days(given: Given) -> None:
    """`made(place, number, day)`: the publications there are; `day` is the latest date that any so far was made for."""
    there = (*given.earlier, given.publication)
    days = accumulate((one.manifest.logical_date for one in there), max)
    frame = pl.DataFrame(
        {"place": range(len(there)), "number": [one.number for one in there], "day": list(days)},
        schema={"place": pl.Int64, "number": pl.Int64, "day": pl.Date},
    )
    given.put("made_on", frame)
    given.con.execute("create view made as select * replace (day::timestamptz as day) from made_on")


def _versions(given: Given, table: str, key: str, version: str, only: str) -> None:
    """A row that stands unchanged in one publication after the other is one row of the history.

    What publications said that are there no more cannot be told again: rows from before the first one are taken over.
    """
    con, history, there = given.con, f"{table}_history", (*given.earlier, given.publication)
    stacked = " union all ".join(
        f"select {place} as place, * from {quoted(one.path / f'{table}.parquet')} where {only}"
        for place, one in enumerate(there)
    )
    first_ever = con.execute("select min(number) from published_publication").fetchall()[0][0]
    lost_until = 0 if first_ever == there[0].number else there[0].number
    con.execute(
        f"""
        create table derived_{history} as
        with stacked as ({stacked}),
        numbered as (
            select *, place - row_number() over (partition by {key}, {version} order by place) as run from stacked
        ),
        span as (
            select {key}, {version}, min(place) as first, max(place) as last
            from numbered group by {key}, {version}, run
        )
        select stacked.* exclude (place), since.day as valid_from, until.day as valid_to,
            since.number as from_publication, until.number as to_publication,
        from span join stacked on stacked.place = span.first and stacked.{key} = span.{key}
        join made as since on since.place = span.first
        left join made as until on until.place = span.last + 1
        where from_publication > {lost_until};
        insert into derived_{history} by name from published_{history} where from_publication <= {lost_until};
        """
    )


def _publications(given: Given) -> None:
    """What the publication before tells of all, and what is there of this one."""
    con, manifest = given.con, given.publication.manifest
    counts = {
        table: con.execute(f"select count(*) from published_{table}").fetchall()[0][0]
        for table in KEYS
        if table != "publication"
    }
    fresh = con.execute("select source, fresh_at from sources order by source").fetchall()
    before = (
        quoted(given.earlier[-1].path / "publication.parquet") if given.earlier else "published_publication limit 0"
    )
    con.execute(f"create table derived_publication as select * exclude (checks) from {before}")
    con.execute(
        "insert into derived_publication values (?, ?, ?, ?, ?, ?)",
        [
            manifest.number,
            manifest.base,
            manifest.created_at,
            manifest.logical_date,
            json.dumps(counts, sort_keys=True),
            json.dumps({source: at.isoformat() if at else None for source, at in fresh}, sort_keys=True),
        ],
    )
