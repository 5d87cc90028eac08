"""What a support policy would do to the customers of a publication, told before any run takes it.

No rule stands here: dbt takes its own `MODELS` over the publication's customers, which `lay_publication` puts where
these models look, and `effect` compares. Running dbt does not belong here (`orchestration.policy_check`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from transforms.policy import Policy
from transforms.sql import quoted
from transforms.warehouse import lay_policy

MODELS = ("int_tier_rule", "int_customer_tier", "int_customer_route")
"""dbt models between `int_customer_standing`, all that the policy looks at, and how a customer is served."""

EXAMPLES = 3
"""Customers that are named per move."""

_PARTS = {"tier": ("tier", "tier_reason"), "route": ("route", "route_reason"), "minutes": ("sla_minutes", "tier")}
"""What a policy decides -> the column of customer that it decides, and the one that says by which line."""


@dataclass(frozen=True)
class Line:
    """One line of the policy and the customers it decides: in the publication, and under the policy at hand."""

    part: str
    """tier, route or minutes."""
    gives: str
    line: str
    now: int
    would: int


@dataclass(frozen=True)
class Move:
    """Customers who would be served otherwise, with the first few of their ids."""

    part: str
    before: str
    after: str
    customers: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class PolicyEffect:
    """`moved` counts each customer once, in however many parts it would move."""

    publication: int
    customers: int
    moved: int
    lines: tuple[Line, ...]
    moves: tuple[Move, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def lay_publication(warehouse: Path, publication: Path, policy: Policy) -> None:
    """A new warehouse file with a publication's customers as `int_customer_standing`, and the tables of `policy`."""
    customer, sla = (quoted(publication / f"{table}.parquet") for table in ("customer", "customer_sla"))
    with duckdb.connect(warehouse) as con:
        con.execute("create schema intermediate")
        con.execute(
            f"""
            create view intermediate.int_customer_standing as
            select customer_id, customer_type, organisation_id, status, sla, plan, lifetime_value, consent_ai
            from read_parquet({customer}) as customers left join read_parquet({sla}) as agreed using (customer_id)
            """
        )
        con.execute(f"create schema published; create view published.customer as from read_parquet({customer})")
        lay_policy(con, policy)


def effect(con: duckdb.DuckDBPyConnection, publication: int) -> PolicyEffect:
    """Compare what `MODELS` made in a warehouse that `lay_publication` laid with what the publication says."""
    pairs = "published.customer as before join intermediate.int_customer_route as after using (customer_id)"
    differs = " or ".join(f"before.{column} is distinct from after.{column}" for column, _ in _PARTS.values())
    customers, moved = con.execute(f"select count(*), count(*) filter (where {differs}) from {pairs}").fetchall()[0]
    moves = (
        (part, *row)
        for part, (column, _) in _PARTS.items()
        for row in con.execute(
            f"""
            select before.{column}::varchar, after.{column}::varchar, count(*), min(customer_id, {EXAMPLES})
            from {pairs} where before.{column} is distinct from after.{column} group by all order by 3 desc, 1, 2
            """
        ).fetchall()
    )
    return PolicyEffect(
        publication=publication,
        customers=customers,
        moved=moved,
        lines=tuple(line for part in _PARTS for line in _lines(con, part)),
        moves=tuple(Move(part, before, after, count, tuple(ids)) for part, before, after, count, ids in moves),
    )


def _lines(con: duckdb.DuckDBPyConnection, part: str) -> list[Line]:
    """Lines that decide somebody now or would; tier rules in the order of the policy, at the end those for nobody."""
    column, words = _PARTS[part]
    rules = "intermediate.int_tier_rule" if part == "tier" else "(select * from intermediate.int_tier_rule where false)"
    rows = con.execute(
        f"""
        with counted as (
            select {column}::varchar as gives, {words} as line, 1 as now, 0 as would from published.customer
            union all
            select {column}::varchar, {words}, 0, 1 from intermediate.int_customer_route
            union all
            select tier, tier_reason, 0, 0 from {rules}
        ),
        lines as (select gives, line, sum(now) as now, sum(would) as would from counted group by all)
        select gives, line, now, would from lines
        -- what decides nobody comes last; who has the tier of their organisation has it by that one's rule
        order by
            would = 0,
            (select min(position) from {rules} where ends_with(line, tier_reason)) nulls last,
            length(line), line, gives
        """
    ).fetchall()
    return [Line(part, *row) for row in rows]
