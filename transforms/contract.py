"""The published tables as readers may rely on them: columns, types, keys and allowed values.

What the columns mean stands with the dbt models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TEXT, TEXTS = "VARCHAR", "VARCHAR[]"
INTEGER, BIGINT, DOUBLE, MONEY = "INTEGER", "BIGINT", "DOUBLE", "DECIMAL(18,2)"
DAY, INSTANT, FLAG = "DATE", "TIMESTAMP WITH TIME ZONE", "BOOLEAN"

CONSENT = ("granted", "denied", "unknown")


@dataclass(frozen=True)
class Table:
    """`columns`: name -> DuckDB type, in order; `key` names one row; `open` are the columns that may be null."""

    key: tuple[str, ...]
    columns: Mapping[str, str]
    open: frozenset[str] = frozenset()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


CUSTOMER = Table(
    key=("customer_id",),
    columns={
        "customer_id": TEXT,
        "customer_type": TEXT,
        "organisation_id": TEXT,
        "status": TEXT,
        "display_name": TEXT,
        "given_name": TEXT,
        "family_name": TEXT,
        "email": TEXT,
        "phone_e164": TEXT,
        "street": TEXT,
        "postal_code": TEXT,
        "city": TEXT,
        "region": TEXT,
        "country": TEXT,
        "language": TEXT,
        "timezone": TEXT,
        "tier": TEXT,
        "tier_reason": TEXT,
        "plan": TEXT,
        "sla_minutes": INTEGER,
        "customer_since": DAY,
        "lifetime_value": MONEY,
        "currency": TEXT,
        "open_deals": INTEGER,
        "open_cases": INTEGER,
        "cases_90d": INTEGER,
        "last_case_at": INSTANT,
        "last_contact_at": INSTANT,
        "oldest_source_at": INSTANT,
        "consent_ai": TEXT,
        "consent_email": TEXT,
        "consent_phone": TEXT,
        "owner_employee_id": TEXT,
        "owner_reason": TEXT,
        "route": TEXT,
        "route_reason": TEXT,
        "source_count": INTEGER,
        "sources": TEXTS,
        "match_confidence": DOUBLE,
        "completeness": DOUBLE,
        "conflict_fields": TEXTS,
        "publication": BIGINT,
    },
    open=frozenset(
        {
            "organisation_id",
            "given_name",
            "family_name",
            "email",
            "phone_e164",
            "street",
            "postal_code",
            "city",
            "region",
            "country",
            "language",
            "timezone",
            "plan",
            "customer_since",
            "last_case_at",
            "last_contact_at",
            "oldest_source_at",
            "owner_employee_id",
        }
    ),
    values={
        "customer_type": ("person", "organisation"),
        "status": ("active", "closed"),
        "tier": ("standard", "premium"),
        "route": ("ai", "human", "blocked"),
        "consent_ai": CONSENT,
        "consent_email": CONSENT,
        "consent_phone": CONSENT,
    },
)

TABLES: Mapping[str, Table] = {
    "customer": CUSTOMER,
    "customer_sla": Table(key=("customer_id",), columns={"customer_id": TEXT, "sla": TEXT}),
    "identity_link": Table(
        key=("source", "object", "record_id"),
        columns={
            "source": TEXT,
            "object": TEXT,
            "record_id": TEXT,
            "customer_id": TEXT,
            "rule": TEXT,
            "score": DOUBLE,
            "evidence": TEXT,
            "decided_by": TEXT,
        },
        open=frozenset({"score", "evidence"}),
        values={"decided_by": ("model", "person", "alone")},
    ),
    "identity_edge": Table(
        key=("record_a", "record_b"),
        columns={
            "record_a": TEXT,
            "record_b": TEXT,
            "score": DOUBLE,
            "agreed": TEXT,
            "disagreed": TEXT,
            "model_version": TEXT,
            "used": TEXT,
            "reason": TEXT,
        },
        open=frozenset({"agreed", "disagreed", "model_version", "reason"}),
        values={"used": ("used", "cut", "refused")},
    ),
    "customer_alias": Table(
        key=("id",),
        columns={"id": TEXT, "status": TEXT, "new_ids": TEXTS, "publication": BIGINT},
        values={"status": ("live", "merged", "split", "gone", "erased")},
    ),
    "customer_alias_history": Table(
        key=("id", "from_publication"),
        columns={"id": TEXT, "status": TEXT, "new_ids": TEXTS, "from_publication": BIGINT, "to_publication": BIGINT},
        open=frozenset({"to_publication"}),
        values={"status": ("merged", "split", "gone", "erased")},
    ),
    "field_provenance": Table(
        key=("customer_id", "field"),
        columns={
            "customer_id": TEXT,
            "field": TEXT,
            "source": TEXT,
            "object": TEXT,
            "record_id": TEXT,
            "rule": TEXT,
            "observed_at": INSTANT,
            "runners_up": TEXT,
        },
    ),
    "customer_history": Table(
        key=("customer_id", "from_publication"),
        columns={
            **CUSTOMER.columns,
            "valid_from": INSTANT,
            "valid_to": INSTANT,
            "from_publication": BIGINT,
            "to_publication": BIGINT,
        },
        open=CUSTOMER.open | {"valid_to", "to_publication"},
        values=CUSTOMER.values,
    ),
    "customer_change": Table(
        key=("publication", "customer_id"),
        columns={"publication": BIGINT, "base": BIGINT, "customer_id": TEXT, "op": TEXT, "fields": TEXT},
        open=frozenset({"base"}),
        values={"op": ("insert", "update", "delete", "merge", "split", "erase")},
    ),
    "customer_context": Table(
        key=("customer_id", "role"),
        columns={"customer_id": TEXT, "role": TEXT, "context": TEXT},
    ),
    "customer_feature": Table(
        key=("customer_id",),
        columns={
            "customer_id": TEXT,
            "is_person": INTEGER,
            "is_active": INTEGER,
            "is_premium": INTEGER,
            "tenure_days": INTEGER,
            "lifetime_value": DOUBLE,
            "open_deals": INTEGER,
            "open_cases": INTEGER,
            "cases_90d": INTEGER,
            "days_since_last_case": INTEGER,
            "days_since_last_contact": INTEGER,
            "days_since_oldest_source": INTEGER,
            "consent_ai_granted": INTEGER,
            "consent_ai_denied": INTEGER,
            "has_email": INTEGER,
            "has_phone": INTEGER,
            "has_address": INTEGER,
            "has_owner": INTEGER,
            "has_organisation": INTEGER,
            "source_count": INTEGER,
            "conflicts": INTEGER,
            "match_confidence": DOUBLE,
            "completeness": DOUBLE,
            "sla_minutes": INTEGER,
            "routed_to_ai": INTEGER,
        },
        open=frozenset({"tenure_days", "days_since_last_case", "days_since_last_contact", "days_since_oldest_source"}),
    ),
    "support_agent": Table(
        key=("employee_id",),
        columns={
            "employee_id": TEXT,
            "name": TEXT,
            "active": FLAG,
            "manager_employee_id": TEXT,
            "languages": TEXTS,
            "skills": TEXTS,
            "country": TEXT,
            "timezone": TEXT,
            "capacity": INTEGER,
            "assigned": INTEGER,
            "languages_from": TEXT,
            "skills_from": TEXT,
            "capacity_from": TEXT,
        },
        open=frozenset({"manager_employee_id", "country", "timezone"}),
        values={
            "languages_from": ("agents.csv", "hr", "crm", "nowhere"),
            "skills_from": ("agents.csv", "hr", "nowhere"),
            "capacity_from": ("agents.csv", "policy", "not a support agent"),
        },
    ),
}
"""Mart -> its contract, `customer` first."""

PUBLICATION = Table(
    key=("number",),
    columns={
        "number": BIGINT,
        "base": BIGINT,
        "created_at": INSTANT,
        "logical_date": DAY,
        "rows": TEXT,
        "checks": TEXT,
        "freshness": TEXT,
    },
    open=frozenset({"base"}),
)
"""The table `publication`, which is no mart: each publication writes its row."""

JUDGED_BY_ROWS = tuple(table for table in TABLES if table not in ("customer_change", "customer_context"))
"""`customer_change` tells of one publication alone: it grows and shrinks as it must. `customer_context` has as many
documents as roles.yaml asks for."""

_NO_CUSTOMER = "anti join (select customer_id from warehouse.marts.customer) using (customer_id)"
_LIVE = "select id as customer_id from warehouse.marts.customer_alias where status = 'live'"
REFERENCES: Mapping[str, str] = {
    "links lead to no customer": f"select customer_id from warehouse.marts.identity_link {_NO_CUSTOMER}",
    "values have a provenance but no customer": f"""
        select customer_id from warehouse.marts.field_provenance {_NO_CUSTOMER}""",
    "customers have no link": """
        select customer_id from warehouse.marts.customer
        anti join (select customer_id from warehouse.marts.identity_link) using (customer_id)""",
    "customers have no live alias": f"""
        select customer_id from warehouse.marts.customer anti join ({_LIVE}) using (customer_id)""",
    "live aliases are no customers": f"select customer_id from ({_LIVE}) {_NO_CUSTOMER}",
    "ids of the base do not resolve any more": """
        select id as customer_id from warehouse.previous.customer_alias
        anti join warehouse.marts.customer_alias using (id)""",
    "customers belong to no organisation that is a customer": """
        select id as customer_id
        from (select organisation_id as id from warehouse.marts.customer where organisation_id is not null)
        anti join (
            select customer_id as id from warehouse.marts.customer where customer_type = 'organisation'
        ) using (id)""",
}
"""What would contradict -> query for the ids of which it is so: what the tables say of each other's customers is so."""
