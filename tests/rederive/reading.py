"""What is made of customers for readers: numbers of a row, and documents, written here one by one in Python."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from tests.rederive.given import Given

LIMIT = 2000
LISTS = ("sources", "conflict_fields", "recent_cases")
TYPED = (
    "display_name", "street", "city", "region", "organisation", "tier_reason", "plan", "owner", "owner_reason",
    "route_reason",
)  # fmt: skip
"""What people wrote: of any length, and maybe with a contact point within."""
TEXTS = (*TYPED, "email", "phone_e164", "postal_code", "language", "timezone", "owner_employee_id")
ORDER = (
    "customer_type", "status", "display_name", "language", "timezone", "email", "phone_e164", "street", "postal_code",
    "city", "region", "country", "organisation", "tier", "tier_reason", "plan", "sla_minutes", "customer_since",
    "lifetime_value", "currency", "open_deals", "open_cases", "cases_90d", "last_case_at", "last_contact_at",
    "consent_ai", "consent_email", "consent_phone", "owner", "owner_employee_id", "owner_reason", "route",
    "route_reason", "sources", "match_confidence", "completeness", "conflict_fields", "recent_cases",
)  # fmt: skip
ADDRESS = re.compile(r"[^\t\n\f\r @＠<>,;:()]+[\t\n\f\r ]?[@＠][\t\n\f\r ]?[^\t\n\f\r @＠<>,;:()]+")
NUMBER = re.compile(r"[+(]*0(?:[ ()./_–-]*0){5,}")

Row = dict[str, Any]


def derive(given: Given) -> None:
    """`derived_customer_feature` and `derived_customer_context`; needs `counted_case`."""
    _features(given)
    _documents(given)


def _features(given: Given) -> None:
    day = f"date '{given.as_of}'"

    def days(column: str) -> str:
        return f"{day} - ({column})::date"

    numbers = {
        "is_person": "customer_type = 'person'",
        "is_active": "status <> 'closed'",
        "is_premium": "tier <> 'standard'",
        "tenure_days": days("customer_since"),
        "lifetime_value": "lifetime_value",
        "open_deals": "open_deals",
        "open_cases": "open_cases",
        "cases_90d": "cases_90d",
        "days_since_last_case": days("last_case_at at time zone 'UTC'"),
        "days_since_last_contact": days("last_contact_at at time zone 'UTC'"),
        "days_since_oldest_source": days("oldest_source_at at time zone 'UTC'"),
        "consent_ai_granted": "consent_ai = 'granted'",
        "consent_ai_denied": "consent_ai = 'denied'",
        "has_email": "email is not null",
        "has_phone": "phone_e164 is not null",
        "has_address": "street is not null",
        "has_owner": "owner_employee_id is not null",
        "has_organisation": "organisation_id is not null",
        "source_count": "len(sources)",
        "conflicts": "len(conflict_fields)",
        "match_confidence": "match_confidence",
        "completeness": "completeness",
        "sla_minutes": "sla_minutes",
        "routed_to_ai": "route = 'ai'",
    }
    columns = ", ".join(f"({said}) as {name}" for name, said in numbers.items())
    given.con.execute(f"create table derived_customer_feature as select customer_id, {columns} from published_customer")


def _documents(given: Given) -> None:
    con = given.con
    customers = {row["customer_id"]: row for row in con.table("published_customer").pl().iter_rows(named=True)}
    agents = dict(con.execute("select employee_id, name from published_support_agent").fetchall())
    cases = defaultdict[str, list[Row]](list)
    recent = con.sql(
        f"""
        select * from counted_case where opened_at::date <= date '{given.as_of}'
        order by customer_id, status = 'open' desc, opened_at desc, source, object, record_id
        """
    )
    for row in recent.pl().iter_rows(named=True):
        if len(cases[row["customer_id"]]) < 3:
            cases[row["customer_id"]].append(row)
    told = []
    for customer_id, row in customers.items():
        row["organisation"] = (customers.get(row["organisation_id"]) or {}).get("display_name")
        row["owner"] = agents.get(row["owner_employee_id"])
        row["recent_cases"] = cases[customer_id] or None
        for role, entry in given.policy.roles.root.items():
            if entry.context:
                fields = [field for field in ORDER if field in entry.context]
                told.append((customer_id, role, _document(row, fields, masked=entry.contact_points == "masked")))
    frame = pl.DataFrame(told, schema=dict.fromkeys(("customer_id", "role", "context"), pl.String), orient="row")
    given.put("derived_customer_context", frame)


def _document(row: Row, fields: list[str], *, masked: bool) -> str:
    head = {name: _plain(row[name]) for name in ("customer_id", "publication", "oldest_source_at")}
    whole = _written(head | {field: _entry(row, field, 120, masked) for field in fields})
    if len(whole.encode()) <= LIMIT:
        return whole
    head["shortened"] = True
    short = [field for field in fields if field not in LISTS]
    cut = _written(head | {field: _entry(row, field, 24, masked) for field in short})
    if len(cut.encode()) <= LIMIT:
        return cut
    return _written(head | {field: _entry(row, field, 0, masked) for field in short if field not in TEXTS})


def _written(document: Row) -> str:
    return "{" + ",".join(f'"{name}":{_json(value)}' for name, value in document.items() if value is not None) + "}"


def _json(value: Any) -> str:
    """An amount keeps its two digits, as it would not as a float."""
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _entry(row: Row, field: str, limit: int, masked: bool) -> Any:
    value = row[field]
    if value is None:
        return None
    if field == "recent_cases":
        return [_case(case, masked) for case in value]
    if masked and field in MASKS:
        value = MASKS[field](value)
    return _shortened(value, limit) if field in TEXTS else _plain(value)


def _case(case: Row, masked: bool) -> Row:
    hide: Callable[[str | None], str | None] = _redacted if masked else lambda text: text
    return {
        "opened_at": _plain(case["opened_at"]),
        "status": case["status"],
        "priority": hide(case["priority"]),
        "subject": _shortened(hide(case["subject"]), 80),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else value


def _shortened(text: str | None, limit: int) -> str | None:
    return text[: limit - 1] + "…" if text is not None and len(text) > limit else text


def _redacted(text: str | None) -> str | None:
    if text is None:
        return None
    text = ADDRESS.sub("[e-mail]", text)
    # digits and spaces of every script as one of each, so that places in the two texts are the same
    shape = "".join({"N": "0", "Z": " "}.get(unicodedata.category(sign)[0], sign) for sign in text)
    for found in reversed(list(NUMBER.finditer(shape))):
        text = text[: found.start()] + "[number]" + text[found.end() :]
    return text


def _masked_email(text: str) -> str:
    return f"{text[:1]}***@{text.rpartition('@')[2]}" if "@" in text else "***"


MASKS: dict[str, Callable[[str], str | None]] = {
    **dict.fromkeys(TYPED, _redacted),
    "email": _masked_email,
    "phone_e164": lambda text: f"***{text[-2:]}",
}
