"""The gate before a publication: do the marts keep their contract, and lose no more against the base than they may?

Marts in, findings out; what a failed finding does to the publication is `connectors.publishing`'s. Thresholds are
policy (gate.yaml). Rows of files are counted in `transforms.accounting`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Literal

import duckdb

from transforms.accounting import SHOWN, account
from transforms.contract import CUSTOMER, JUDGED_BY_ROWS, REFERENCES, TABLES
from transforms.policy import Gate
from transforms.sql import quoted
from transforms.worst import MOVED, WORST, Rows, worst_rows

DELETED = ("gone", "erased", "swallowed")
"""What becomes of an id without anybody else getting its records."""


@dataclass(frozen=True)
class Finding:
    """What one check of the gate found, in words with figures; a failed one says what to do."""

    name: str
    passed: bool
    severity: Literal["error", "warn"]
    message: str
    figures: Mapping[str, float] = field(default_factory=dict)
    worst: Rows = ()
    """Of a failed one, the worst rows behind it, in which nobody is recognised."""


def examine(
    warehouse: Path,
    data: Path,
    thresholds: Gate,
    *,
    as_of: date,
    memory: str | None = None,
    threads: int | None = None,
) -> list[Finding]:
    """Examine the marts of a warehouse file (schema `marts`), their base (schema `previous`) and the floors' files.

    Where a mart's columns are not those of the contract, nothing is asked of the marts' rows.
    """
    with workbench(warehouse, data, memory, threads) as con:
        columns = _columns(con)
        findings = [columns]
        if columns.passed:
            findings += [_values(con), _unique(con), _links(con, data), _references(con)]
            findings += [_row_count(con, thresholds), _fill_rate(con, thresholds), _id_churn(con, thresholds)]
            findings += [_customers(con), _deleted(con, thresholds), _freshness(con, data, thresholds, as_of)]
        for found in account(con, data):
            figures = ", ".join(f"{count:,} {what}" for what, count in found.counted.items())
            compared = _finding(found.name, list(found.problems), f"all accounted for: {figures}", found.counted)
            findings.append(replace(compared, worst=found.rows[:WORST]))
        return [
            found if found.passed or found.worst else replace(found, worst=worst_rows(con, found.name, data, as_of))
            for found in findings
        ]


@contextmanager
def workbench(
    warehouse: Path, data: Path, memory: str | None, threads: int | None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own on the warehouse, which it cannot change; it spills into the cache folder."""
    spill = data / "cache" / "gate"
    settings = {"temp_directory": str(spill), "memory_limit": memory, "threads": threads}
    con = duckdb.connect(config={name: value for name, value in settings.items() if value is not None})
    try:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"attach {quoted(warehouse)} as warehouse (read_only)")
        con.execute("set preserve_insertion_order = false")
        yield con
    finally:
        con.close()
        shutil.rmtree(spill, ignore_errors=True)


def _finding(name: str, problems: list[str], passed: str, figures: Mapping[str, float] | None = None) -> Finding:
    """Passed with its words, or failed with the first problems and the number of the others."""
    if not problems:
        return Finding(name, True, "error", f"{name}: {passed}", figures or {})
    more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    return Finding(name, False, "error", f"{name}: {'; '.join(problems[:SHOWN])}{more}", figures or {})


def _columns(con: duckdb.DuckDBPyConnection) -> Finding:
    there: dict[str, dict[str, str]] = {}
    for table, column, kind in con.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = 'warehouse' and schema_name = 'marts' order by table_name, column_index"
    ).fetchall():
        there.setdefault(table, {})[column] = kind
    problems = []
    for table, contract in TABLES.items():
        found = there.get(table)
        if found is None:
            problems.append(f"the table {table} is missing")
            continue
        problems += [f"{table} lacks the column {column}" for column in contract.columns if column not in found]
        problems += [f"{table}.{column} is not in the contract" for column in found if column not in contract.columns]
        problems += [
            f"{table}.{column} is {found[column]}, the contract says {kind}"
            for column, kind in contract.columns.items()
            if found.get(column, kind) != kind
        ]
    remedy = ["mend the dbt model, or change the contract as a versioned event"] if problems else []
    return _finding("columns", problems[:SHOWN] + remedy, f"{len(TABLES)} tables have the columns of the contract")


def _values(con: duckdb.DuckDBPyConnection) -> Finding:
    """No null where the contract allows none, no word that it does not know."""
    problems = []
    for table, contract in TABLES.items():
        asked = {
            f"{column} is null": f"{column} is empty" for column in contract.columns if column not in contract.open
        }
        for column, words in contract.values.items():
            listing = ", ".join(quoted(word) for word in words)
            asked[f"{column} not in ({listing})"] = f"{column} is none of {', '.join(words)}"
        counting = ", ".join(f"count(*) filter (where {condition})" for condition in asked)
        counts = con.execute(f"select {counting} from warehouse.marts.{table}").fetchall()[0]
        problems += [
            f"{table}: {words} in {count:,} rows; mend the dbt model"
            for words, count in zip(asked.values(), counts, strict=True)
            if count
        ]
    return _finding("values", problems, "no value is missing or unknown that the contract asks for")


def _unique(con: duckdb.DuckDBPyConnection) -> Finding:
    problems = []
    for table, contract in TABLES.items():
        key, relation = ", ".join(contract.key), f"warehouse.marts.{table}"
        # Hashes first: cheap for 10 million keys, and where none is equal no key is.
        if not _count(con, f"select count(*) - count(distinct hash({key})) from {relation}"):
            continue
        repeated = f"select {key}, count(*) - 1 as extra from {relation} group by {key} having extra > 0"
        if extra := _count(con, f"select coalesce(sum(extra), 0) from ({repeated})"):
            *example, _ = con.execute(f"{repeated} order by {key} limit 1").fetchall()[0]
            named = ":".join(map(str, example))
            problems.append(f"{table}: {extra:,} rows repeat a key ({key}), for one {named}; mend the dbt model")
    return _finding("unique", problems, f"no key repeats in {len(TABLES)} tables")


def _links(con: duckdb.DuckDBPyConnection, data: Path) -> Finding:
    """Person and organisation records and links name the same records, each once (keys are looked at in `_unique`)."""
    files = [
        str(path) for kind in ("person", "organisation") for path in sorted((data / "records" / kind).glob("*.parquet"))
    ]
    listing = ", ".join(quoted(file) for file in files)
    records = f"read_parquet([{listing}])" if files else "(select * from warehouse.marts.identity_link where false)"
    key = "source, object, record_id"
    unlinked, repeated = con.execute(
        f"""
        select count(*) filter (where linked is null), count(*) filter (where records > 1)
        from (select {key}, count(*) as records from {records} group by {key})
        left join (select {key}, 1 as linked from warehouse.marts.identity_link) using ({key})
        """
    ).fetchall()[0]
    stray = _count(
        con, f"select count(*) from warehouse.marts.identity_link anti join (select {key} from {records}) using ({key})"
    )
    asked = {
        "records of people and organisations have no link": unlinked,
        "records of people and organisations stand there more than once": repeated,
        "links are of records that are not there": stray,
    }
    remedy = "delete the folder identity in the data folder and run again"
    problems = [f"{count:,} {words}; {remedy}" for words, count in asked.items() if count]
    links = _count(con, "select count(*) from warehouse.marts.identity_link")
    return _finding("links", problems, f"{links:,} records have one link each", {"links": links})


def _references(con: duckdb.DuckDBPyConnection) -> Finding:
    """What the tables say of each other's customers is so."""
    counts = {words: _count(con, f"select count(*) from ({query})") for words, query in REFERENCES.items()}
    problems = [f"{count:,} {words}; run identity and the warehouse again" for words, count in counts.items() if count]
    return _finding("references", problems, "customers, links, aliases and organisations name each other")


def _row_count(con: duckdb.DuckDBPyConnection, thresholds: Gate) -> Finding:
    problems, figures, allowed = [], {}, thresholds.row_count_drop
    for table in JUDGED_BY_ROWS:
        before = _count(con, f"select count(*) from warehouse.previous.{table}")
        after = _count(con, f"select count(*) from warehouse.marts.{table}")
        figures[table] = float(after)
        if before >= max(1, thresholds.judged_from_rows) and before - after > allowed * before:
            problems.append(
                f"{table} has {after:,} rows, the base had {before:,}: {1 - after / before:.1%} fewer, {allowed:.1%} "
                f"are allowed; look for a delivery that is not whole, or, if meant, raise row_count_drop in gate.yaml"
            )
    return _finding("row_count", problems, f"no table lost more than {allowed:.1%} of its rows", figures)


def _fill_rate(con: duckdb.DuckDBPyConnection, thresholds: Gate) -> Finding:
    columns, allowed = [column for column in CUSTOMER.columns if column in CUSTOMER.open], thresholds.fill_rate_drop
    counting = f"select count(*), {', '.join(f'count({column})' for column in columns)}"
    before, *filled_before = con.execute(f"{counting} from warehouse.previous.customer").fetchall()[0]
    after, *filled_after = con.execute(f"{counting} from warehouse.marts.customer").fetchall()[0]
    if min(before, after) < max(1, thresholds.judged_from_rows):
        return _finding("fill_rate", [], f"not judged, for the base has {before:,} customers and this has {after:,}")
    rates = {
        column: (was / before, now / after)
        for column, was, now in zip(columns, filled_before, filled_after, strict=True)
    }
    problems = [
        f"customer.{column} is filled in {now:.1%} of the rows, in the base in {was:.1%}; look for a column that is "
        f"missing from an export (drift), or, if meant, raise fill_rate_drop in gate.yaml"
        for column, (was, now) in rates.items()
        if was - now > allowed
    ]
    figures = {column: now for column, (_, now) in rates.items()}
    return _finding("fill_rate", problems, f"no column of customer lost more than {allowed:.1%} of its values", figures)


def _id_churn(con: duckdb.DuckDBPyConnection, thresholds: Gate) -> Finding:
    """Customers of the base that became others although none of their records needed to go: merged, split, or parted
    (the id lives on, some of its records stand elsewhere). Those whose last record was deleted are no churn, also where
    their source merged it into another one (`swallowed`)."""
    before = _count(con, "select count(*) from warehouse.previous.customer")
    if before < max(1, thresholds.judged_from_rows):
        return _finding("id_churn", [], f"not judged, for the base has {before:,} customers")
    moved = con.execute(
        f"""
        with base as (
            select customer_id as id, was.new_ids
            from warehouse.previous.customer left join warehouse.previous.customer_alias as was on was.id = customer_id
        ),
        there as (
            {MOVED}
        ),
        became as (
            select base.id,
                case
                    when alias.status is null then 'unresolved'
                    when alias.status in ('merged', 'split') and there.customer_id is null then 'swallowed'
                    when alias.status <> 'live' then alias.status
                    when len(list_filter(alias.new_ids, lambda new: not list_contains(coalesce(base.new_ids, []), new)))
                        > 0 then 'parted'
                    else 'live'
                end as fate,
                alias.new_ids,
            from base
            left join warehouse.marts.customer_alias as alias using (id)
            left join there on there.customer_id = base.id
        )
        select fate, count(*), min(struct_pack(id := id, new_ids := new_ids)) as example
        from became where fate <> 'live' group by fate order by fate
        """
    ).fetchall()
    gone = sum(count for fate, count, _ in moved if fate in DELETED)
    moved = [row for row in moved if row[0] not in DELETED]
    share, told = (
        sum(count for _, count, _ in moved) / before,
        ", ".join(f"{count:,} {fate}" for fate, count, _ in moved),
    )
    figures = {"share": share, **{fate: float(count) for fate, count, _ in moved}}
    deleted = f"; {gone:,} more ended with their last record" if gone else ""
    if share <= thresholds.id_churn:
        words = f"{share:.2%} of the base's customers became others ({told or 'none'}){deleted}"
        return _finding("id_churn", [], words, figures)
    examples = ", ".join(
        f"{example['id']} {fate}{' into ' + ', '.join(example['new_ids']) if example['new_ids'] else ''}"
        for fate, _, example in moved
    )
    problem = (
        f"of {before:,} customers of the base {share:.1%} became others ({told}), {thresholds.id_churn:.1%} may, "
        f"such as {examples}{deleted}; look at them with `concord explain` and `concord publications diff`, for a "
        "change of decisions, model, cleaners or deliveries; or, if meant, raise id_churn in gate.yaml of the policy "
        "folder for this one run, or let it out with `concord publications release`"
    )
    return _finding("id_churn", [problem], "", figures)


def _customers(con: duckdb.DuckDBPyConnection) -> Finding:
    """A table without anybody is a mistake before it is news: nothing was there to be read, or all was refused."""
    customers = _count(con, "select count(*) from warehouse.marts.customer")
    # Where there were some, their going is judged by `row_count` and `deleted`.
    before = _count(con, "select count(*) from warehouse.previous.customer")
    problem = (
        "there is not one customer; look at `concord rejected` and at the folder of exports, or, if meant, "
        "let it out with `concord publications release`"
    )
    return _finding(
        "customers", [] if customers or before else [problem], f"{customers:,} customers", {"customers": customers}
    )


def _deleted(con: duckdb.DuckDBPyConnection, thresholds: Gate) -> Finding:
    """Customers of the base that ended with their last record; erasure was asked for by name and does not count."""
    before = _count(con, "select count(*) from warehouse.previous.customer")
    if before < max(1, thresholds.judged_from_rows):
        return _finding("deleted", [], f"not judged, for the base has {before:,} customers")
    ended = """
        from warehouse.previous.customer
        join warehouse.marts.customer_alias on id = customer_id where customer_alias.status = 'gone'"""
    gone, allowed = _count(con, f"select count(*) {ended}"), thresholds.deleted
    words = f"{gone:,} of {before:,} customers of the base ended with their last record ({gone / before:.1%})"
    if gone <= allowed * before:
        return _finding("deleted", [], words, {"share": gone / before})
    examples = con.execute(f"select customer_id {ended} order by customer_id limit {SHOWN}").fetchall()
    problem = (
        f"{words}, {allowed:.1%} may, such as {', '.join(name for (name,) in examples)}; look at `concord deliveries "
        "list` for one that is not whole, or, if meant, let it out with `concord publications release`"
    )
    return _finding("deleted", [problem], "", {"share": gone / before})


def _freshness(con: duckdb.DuckDBPyConnection, data: Path, thresholds: Gate, as_of: date) -> Finding:
    """Sources that have been silent for longer than they may be: what they say is published, with a warning."""
    file = data / "sources.parquet"
    rows = con.execute(
        f"""
        select
            source,
            date_diff('day', fresh_at::date, $as_of),
            coalesce(fresh_until, fresh_at + $within)::date < $as_of
        from read_parquet({quoted(str(file))}) where fresh_at is not null order by source""",
        {"as_of": as_of, "within": thresholds.fresh_within},
    ).fetchall() if file.exists() else []  # fmt: skip
    problems = [
        f"{source} has delivered nothing new for {days:,} days, longer than it may; ask its owner, or set "
        "`fresh_within` for it in sources.yaml"
        for source, days, late in rows
        if late
    ]
    found = _finding(
        "freshness", problems, f"{len(rows)} sources are fresh", {name: float(days) for name, days, _ in rows}
    )
    return replace(found, severity="warn")


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(con.execute(query).fetchall()[0][0])
