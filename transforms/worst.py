"""The ten worst rows behind a failed finding of the gate: where an engineer looks first.

Asked only where something failed, so it may look at every row. What is worst depends on the finding; keys that may be
an e-mail are masked, and no other value is told. Whether a finding failed does not belong here (`transforms.gate`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from transforms.contract import CUSTOMER, JUDGED_BY_ROWS, REFERENCES, TABLES
from transforms.masking import KEY
from transforms.sql import quoted

WORST = 10
FATES = ("unresolved", "split", "parted", "merged")
"""What an id became for no deletion, the gravest first."""
MOVED = """
    select distinct customer_id
    from warehouse.previous.identity_link
    semi join (from warehouse.marts.customer_alias where status in ('merged', 'split')) as alias on id = customer_id
    semi join warehouse.marts.identity_link using (source, object, record_id)
"""
"""SQL: customers of the base that are others now though a record of theirs is there; the rest their source merged."""

Rows = tuple[Mapping[str, Any], ...]


def worst_rows(con: duckdb.DuckDBPyConnection, finding: str, data: Path, as_of: date) -> Rows:
    """Rows of one shape, the worst first; none where the finding's words say it all.

    `con` is the gate's: marts as `warehouse.marts`, their base as `warehouse.previous`.
    """
    query = _QUERIES.get(finding)
    return _asked(con, query(data, as_of)) if query else ()


def _asked(con: duckdb.DuckDBPyConnection, query: str) -> Rows:
    cursor = con.execute(f"{query} limit {WORST}")
    names = [column[0] for column in cursor.description or ()]
    return tuple(dict(zip(names, row, strict=True)) for row in cursor.fetchall())


def _told(*columns: str) -> str:
    """A key as one text, masked."""
    return KEY.format(value=f"concat_ws(':', {', '.join(columns)})")


def _values(data: Path, as_of: date) -> str:
    """Columns by the rows that break the contract, each with one of them."""
    del data, as_of
    asked = []
    for table, contract in TABLES.items():
        broken = {f"{column} is null": (column, "empty") for column in contract.columns if column not in contract.open}
        for column, words in contract.values.items():
            broken[f"{column} not in ({', '.join(map(quoted, words))})"] = (column, "unknown word")
        asked += [
            f"select '{table}' as \"table\", '{column}' as \"column\", '{trouble}' as trouble, count(*) as \"rows\", "
            f"min({_told(*contract.key)}) as example from warehouse.marts.{table} where {condition} having count(*) > 0"
            for condition, (column, trouble) in broken.items()
        ]
    return f'from ({" union all ".join(asked)}) order by "rows" desc, "table", "column"'


def _unique(data: Path, as_of: date) -> str:
    """Keys by the rows that share them."""
    del data, as_of
    repeated = " union all ".join(
        f'select \'{table}\' as "table", {_told(*contract.key)} as key, count(*) as "rows" '
        f"from warehouse.marts.{table} group by {', '.join(contract.key)} having count(*) > 1"
        for table, contract in TABLES.items()
    )
    return f'from ({repeated}) order by "rows" desc, "table", key'


def _references(data: Path, as_of: date) -> str:
    """Ids that one table has and another lacks, by how many rows name them."""
    del data, as_of
    broken = " union all ".join(
        f"select customer_id, {quoted(words)} as trouble from ({query})" for words, query in REFERENCES.items()
    )
    return f'select *, count(*) as "rows" from ({broken}) group by all order by "rows" desc, trouble, customer_id'


def _row_count(data: Path, as_of: date) -> str:
    """Tables by the share of their rows that is gone."""
    del data, as_of
    counted = " union all ".join(
        f"select '{table}' as \"table\", (select count(*) from warehouse.previous.{table}) as base, "
        f"(select count(*) from warehouse.marts.{table}) as now"
        for table in JUDGED_BY_ROWS
    )
    return (
        f"select \"table\", base, now, now - base as change, format('{{:.1f}} %', 100 * (now - base) / base) as share "
        f'from ({counted}) where base > 0 and now < base order by now / base, "table"'
    )


def _fill_rate(data: Path, as_of: date) -> str:
    """Columns of customer by the share of customers that lost a value."""
    del data, as_of
    columns = [column for column in CUSTOMER.columns if column in CUSTOMER.open]
    rates = ", ".join(f"count({column}) / count(*) as {column}" for column in columns)
    return f"""
        with base as (unpivot (select {rates} from warehouse.previous.customer) on * into name "column" value base),
        now as (unpivot (select {rates} from warehouse.marts.customer) on * into name "column" value now)
        select "column",
            format('{{:.1f}} %', 100 * base) as filled_in_base, format('{{:.1f}} %', 100 * now) as filled_now,
            format('{{:+.1f}}', 100 * (now - base)) as points,
            ((base - now) * (select count(*) from warehouse.marts.customer))::bigint as customers_without
        from base join now using ("column") where now < base order by now - base, "column"
    """


def _id_churn(data: Path, as_of: date) -> str:
    """Customers that became others: the gravest fate first, then those with most records."""
    del data, as_of
    fates = ", ".join(map(quoted, FATES))
    return f"""
        with records as (
            select customer_id, count(*) as records from warehouse.previous.identity_link group by customer_id
        ),
        became as (
            select was.customer_id, coalesce(alias.status, 'unresolved') as status,
                list_filter(alias.new_ids, lambda new: not list_contains(coalesce(known.new_ids, []), new)) as new_ids
            from warehouse.previous.customer as was
            left join warehouse.previous.customer_alias as known on known.id = was.customer_id
            left join warehouse.marts.customer_alias as alias on alias.id = was.customer_id
        )
        select customer_id, if(status = 'live', 'parted', status) as fate, array_to_string(new_ids, ', ') as now_in,
            coalesce(records, 0) as records_in_base
        from became left join records using (customer_id)
        where status = 'unresolved' or (status = 'live' and len(new_ids) > 0)
            or (status in ('merged', 'split') and customer_id in ({MOVED}))
        order by list_position([{fates}], fate), records_in_base desc, customer_id
    """


def _deleted(data: Path, as_of: date) -> str:
    """Customers that ended with their last record, the most valuable first."""
    del data, as_of
    return """
        select customer_id, customer_type, tier, lifetime_value::double as lifetime_value, open_deals, open_cases,
            array_to_string(sources, ' + ') as sources
        from warehouse.previous.customer join warehouse.marts.customer_alias on id = customer_id
        where customer_alias.status = 'gone'
        order by lifetime_value desc, open_deals + open_cases desc, customer_id
    """


def _links(data: Path, as_of: date) -> str:
    """Records without a link, and links without a record."""
    del as_of
    files = sorted(file for kind in ("person", "organisation") for file in (data / "records" / kind).glob("*.parquet"))
    key = "source, object, record_id"
    listing = ", ".join(map(quoted, files))
    records = f"select {key} from read_parquet([{listing}])" if files else f"select {key} from links where false"
    return f"""
        with links as (select {key} from warehouse.marts.identity_link), records as ({records}),
        odd as (
            select *, 'has no link' as trouble from records anti join links using ({key})
            union all select *, 'is linked and not there' from links anti join records using ({key})
            union all select *, 'stands there more than once' from records group by all having count(*) > 1
        )
        select source, object, {_told("record_id")} as record, trouble from odd order by trouble, {key}
    """


def _freshness(data: Path, as_of: date) -> str:
    """Sources, the longest silent first."""
    return f"""
        select source, fresh_at::date::varchar as newest_delivery,
            date_diff('day', fresh_at::date, date '{as_of}') as days_silent
        from read_parquet({quoted(data / "sources.parquet")}) where fresh_at is not null order by fresh_at, source
    """


_QUERIES: Mapping[str, Callable[[Path, date], str]] = {
    "values": _values,
    "unique": _unique,
    "links": _links,
    "references": _references,
    "row_count": _row_count,
    "fill_rate": _fill_rate,
    "id_churn": _id_churn,
    "deleted": _deleted,
    "freshness": _freshness,
}
