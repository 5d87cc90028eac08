"""The publication report: one HTML page that says what came in, what was refused, who met whom, and what became of it.

Counts the marts and the floors' files in DuckDB; holds no value of a customer or of a row. The page (report.html.j2)
loads nothing. Where it lies, and who links to it, does not belong here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from transforms.contract import CUSTOMER
from transforms.gate import Finding, workbench
from transforms.sql import quoted

NAME = "report.html"
TEMPLATE = "report.html.j2"
SHOWN = 12
"""Lines of a listing; the rest is in the tables."""
OUTCOMES = ("accepted", "rejected", "superseded", "deleted", "excluded")
MARTS = "warehouse.marts"
AT_THE_DOOR = "rejected/*/*/[0-9a-f]*.parquet"
"""Rows that did not land, by the hash of their export; beside them lie landed ones that are no records."""

Rows = list[tuple[Any, ...]]


def write_report(
    warehouse: Path,
    data: Path,
    findings: Sequence[Finding],
    *,
    number: int,
    base: int | None,
    logical_date: date,
    memory: str | None = None,
    threads: int | None = None,
) -> bytes:
    """The page, UTF-8; equal for equal marts. `findings` are the gate's."""
    with workbench(warehouse, data, memory, threads) as con:
        facts = {
            **_marts(con),
            "came_in": _came_in(con, data),
            "refused": _refused(con, data, "count(*), reason, min(remedy)", "group by reason order by 1 desc, reason"),
            "refused_rows": _refused(con, data, 'source, export, "row", reason', 'order by source, export, "row"'),
            "fill": _fill(con, base),
        }
    page = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
    held = any(not found.passed and found.severity == "error" for found in findings)
    told = {"number": number, "base": base, "logical_date": logical_date, "held": held, "findings": findings}
    return page.get_template(TEMPLATE).render(**facts, **told, outcomes=OUTCOMES).encode()


def _marts(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    def rows(query: str) -> Rows:
        return con.execute(query).fetchall()

    def counted(expression: str, table: str, where: str = "true", order: str = "2 desc, 1") -> Rows:
        query = f"select {expression}, count(*) from {MARTS}.{table} where {where} group by 1 order by {order}"
        return rows(f"{query} limit {SHOWN}")

    kinds = rows(f"select customer_type || 's', count(*) from {MARTS}.customer group by 1 order by 1 desc")
    ((links, edges),) = rows(
        f"select (select count(*) from {MARTS}.identity_link), (select count(*) from {MARTS}.identity_edge)"
    )
    ((human, waiting),) = rows(
        f"select count(*) filter (where route = 'human'), count(*) filter (where owner_employee_id is null) "
        f"from {MARTS}.customer"
    )
    return {
        "customers": sum(count for _, count in kinds),
        "links": links,
        "figures": [
            *kinds, ("records linked", links), ("pairs looked at", edges), ("answered by people", human),
            ("in the queue", waiting),
        ],
        "overlap": counted("array_to_string(sources, ' + ')", "customer"),
        "rules": counted("replace(rule, '+', ' + ')", "identity_link"),
        "edges": counted("used", "identity_edge"),
        "confidence": counted(
            "case when match_confidence >= 0.999 then '99.9 % and more' "
            "when match_confidence >= 0.99 then '99 to 99.9 %' "
            "when match_confidence >= 0.9 then '90 to 99 %' else 'less than 90 %' end",
            "customer", "source_count > 1 or match_confidence < 1", "min(match_confidence) desc",
        ),
        "routes": counted("route", "customer"),
        "route_reasons": counted("route_reason", "customer"),
        "tiers": counted("tier", "customer"),
        "changes": counted("op", "customer_change"),
        "agents": rows(
            f"select employee_id, assigned, coalesce(capacity, 0) from {MARTS}.support_agent where assigned > 0 "
            f"order by assigned / nullif(capacity, 0) desc nulls first, assigned desc, employee_id limit {SHOWN}"
        ),
    }  # fmt: skip


def _came_in(con: duckdb.DuckDBPyConnection, data: Path) -> Rows:
    """Source, object, landed rows, rows per outcome, and rows rejected before they landed."""
    parts = [
        f"select {quoted(file.parent.name)} as source, {quoted(file.stem)} as object, outcome "
        f"from read_parquet({quoted(str(file))})"
        for file in sorted((data / "outcomes").glob("*/*.parquet"))
    ]
    if not parts:
        return []
    counting = ", ".join(f"count(*) filter (where outcome = '{outcome}')" for outcome in OUTCOMES)
    rows = con.execute(
        f"select source, object, count(*), {counting} from ({' union all '.join(parts)}) group by all order by all"
    ).fetchall()
    door: dict[tuple[str, str], int] = {
        (source, name): count
        for source, name, count in _refused(
            con, data, "source, object, count(*)", "group by all order by all", limit=None, files=AT_THE_DOOR
        )
    }
    return [(*row, door.get((row[0], row[1]), 0)) for row in rows]


def _refused(
    con: duckdb.DuckDBPyConnection,
    data: Path,
    columns: str,
    rest: str,
    limit: int | None = SHOWN,
    files: str = "rejected/**/*.parquet",
) -> Rows:
    listing = ", ".join(quoted(str(file)) for file in sorted(data.glob(files)))
    if not listing:
        return []
    shown = f"limit {limit}" if limit else ""
    rejected = f"read_parquet([{listing}], union_by_name = true)"
    return con.execute(f"select {columns} from {rejected} {rest} {shown}").fetchall()


def _fill(con: duckdb.DuckDBPyConnection, base: int | None) -> Rows:
    """Column of customer that may be empty, share of rows that fill it, and that of the base."""
    columns = [column for column in CUSTOMER.columns if column in CUSTOMER.open]

    def rates(schema: str) -> Sequence[float | None]:
        shares = ", ".join(f"count({column}) / count(*)" for column in columns)
        found = con.execute(f"select {shares} from warehouse.{schema}.customer having count(*) > 0").fetchall()
        return found[0] if found else [None] * len(columns)

    before = rates("previous") if base is not None else [None] * len(columns)
    return [(name, now or 0.0, was) for name, now, was in zip(columns, rates("marts"), before, strict=True)]
