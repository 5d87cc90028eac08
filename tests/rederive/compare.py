"""Which published values of a publication differ from what is derived here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.rederive import activity, consent, survivorship
from tests.rederive.given import Given, lay
from transforms.policy import Policy

SUBJECTS = {"survivorship": survivorship.derive, "consent": consent.derive, "activity": activity.derive}
"""Subject -> what leaves the table `derived_<subject>`; one that builds on another stands after it."""
UNPUBLISHED = ("sla",)
"""Derived for its provenance; no column of customer."""
COUNTED = (
    "display_name", "email", "phone_e164", "street", "postal_code", "city", "region", "country", "language", "timezone",
    "customer_since", "plan",
)  # fmt: skip


@dataclass(frozen=True)
class Mismatch:
    """A value that was published otherwise than it is derived."""

    field: str
    customer_id: str
    published: Any
    derived: Any


@dataclass(frozen=True)
class Verdict:
    """What was compared, and what differed; at most a few per field are named."""

    customers: int
    values: int
    provenance_rows: int
    mismatches: tuple[Mismatch, ...]


def compare(data: Path, policy: Policy, number: int | None = None, shown: int = 3) -> Verdict:
    """Derive and compare the publication (the current one where none is named) that the last run in `data` made."""
    given = lay(data, policy, number)
    for derive in SUBJECTS.values():
        derive(given)
    _whole(given)
    found, values = list[Mismatch](), 0
    for subject in (*SUBJECTS, "whole"):
        for field in _columns(given, f"derived_{subject}"):
            values += _count(given, "published_customer")
            found += _differences(given, f"derived_{subject}", field, shown)
    found += _provenance(given, shown)
    rows = _count(given, "published_field_provenance")
    return Verdict(_count(given, "published_customer"), values, rows, tuple(found))


def _whole(given: Given) -> None:
    """`derived_whole`: what is said of all of a customer's records together, and of the row as a whole."""
    minutes = " ".join(f"when '{tier}' then {count}" for tier, count in given.policy.support.service_levels.items())
    same = " and ".join(
        f"now.{column} is not distinct from was.{column}"
        for column in _columns(given, "published_customer")
        if column not in ("oldest_source_at", "publication")
    )
    given.con.execute(
        f"""
        create table derived_whole as
        select customer_id,
            (select any_value(customer_type) from party where party.customer_id = c.customer_id) as customer_type,
            if(exists (
                from party where party.customer_id = c.customer_id and coalesce(status, 'active') <> 'closed'
            ), 'active', 'closed') as status,
            coalesce(s.display_name, s.email, s.phone_e164, (
                select record_id from party where party.customer_id = c.customer_id
                order by rank, modified_at desc nulls last, observed_at desc, source, object, record_id limit 1
            )) as display_name,
            '{given.policy.reporting_currency}' as currency,
            case now.tier {minutes} end as sla_minutes,
            (select list_sort(list(distinct source)) from party where party.customer_id = c.customer_id) as sources,
            (select count(distinct source) from party where party.customer_id = c.customer_id) as source_count,
            coalesce((select match_confidence from confidence where confidence.customer_id = c.customer_id), 1.0)
                as match_confidence,
            ({" + ".join(f"(s.{field} is not null)::int" for field in COUNTED)}) / 12.0 as completeness,
            coalesce((
                select list_sort(list(field)) from derived_conflict where derived_conflict.customer_id = c.customer_id
            ), []) as conflict_fields,
            coalesce({same}, false) and was.customer_id is not null as stands,
            if(stands, was.publication, {given.number}) as publication,
            if(stands, was.oldest_source_at, (
                select min(fresh_at) from party where party.customer_id = c.customer_id
            )) as oldest_source_at,
        from (select distinct customer_id from party) as c
        join derived_survivorship as s using (customer_id)
        left join published_customer as now using (customer_id)
        left join base_customer as was using (customer_id);
        alter table derived_whole drop column stands;
        alter table derived_survivorship drop column display_name
        """
    )


def _columns(given: Given, table: str) -> list[str]:
    described = given.con.execute(f"describe {table}").fetchall()
    return [name for name, *_ in described if name not in ("customer_id", *UNPUBLISHED)]


def _count(given: Given, table: str) -> int:
    return int(given.con.execute(f"select count(*) from {table}").fetchall()[0][0])


def _differences(given: Given, table: str, field: str, shown: int) -> list[Mismatch]:
    """Compared as text, in the type of the published column; a customer that only one side has differs everywhere."""
    kind = given.con.execute(f"select any_value(typeof({field})) from published_customer").fetchall()[0][0] or "varchar"
    rows = given.con.execute(
        f"""
        select customer_id, p.{field}, d.{field}
        from published_customer as p full join {table} as d using (customer_id)
        where p.{field} is distinct from cast(d.{field} as {kind}) or p.customer_id is null or d.customer_id is null
        order by customer_id limit {shown}
        """
    ).fetchall()
    return [Mismatch(field, *row) for row in rows]


def _provenance(given: Given, shown: int) -> list[Mismatch]:
    columns = "customer_id, field, source, object, record_id, rule, observed_at, runners_up"
    told, derived = f"select {columns} from published_field_provenance", f"select {columns} from derived_provenance"
    rows = given.con.execute(
        f"""
        select 'published', * from ({told} except all {derived})
        union all select 'derived', * from ({derived} except all {told})
        order by 3, 2, 1 limit {shown * 4}
        """
    ).fetchall()
    return [
        Mismatch(
            f"provenance of {field}", customer, *((_said(rest), None) if side == "published" else (None, _said(rest)))
        )
        for side, customer, field, *rest in rows
    ]


def _said(row: list[Any]) -> str:
    return " | ".join(cell.isoformat() if isinstance(cell, datetime) else str(cell) for cell in row)
