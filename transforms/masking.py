"""What a published value becomes for a role that may not see contact points: expressions, written once.

The warehouse offers them to dbt as macros `policy.<name>(value)` (`transforms.warehouse`), and role files are made with
them column by column (`transforms.policy.roles`).
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

_ADDRESS = r"[^\s@＠<>,;:()]+\s?[@＠]\s?[^\s@＠<>,;:()]+"
"""In texts, whatever has an @ within."""
_NUMBER = r"\pN(?:[\pZ()./_–-]*\pN){{5,}}"
"""Six or more digits with at most separators between them; braces doubled, for `str.format`."""

MASKS: Mapping[str, str] = {
    "masked_email": (
        "case when contains({value}, '@') then left({value}, 1) || '***@' || split_part({value}, '@', -1) "
        "when {value} is not null then '***' end"
    ),
    "masked_phone": "'***' || right({value}, 2)",
    # Most texts hold neither, and one look tells.
    "redacted": (
        f"case when regexp_matches({{value}}, '[@＠]|{_NUMBER}') then regexp_replace(regexp_replace("
        f"{{value}}, '{_ADDRESS}', '[e-mail]', 'g'), '[+(]*{_NUMBER}', '[number]', 'g') else {{value}} end"
    ),
}
"""Name -> DuckDB expression of a `{value}`; null stays null."""

KEY = (
    r"regexp_replace(regexp_replace({value}, '[^\s:]+@[^\s:@]+\.[^\s:@]+', '[e-mail]', 'g'), "
    r"'\+\d{{6,}}', '[number]', 'g')"
)
"""What becomes of the key of a record where an engineer is shown it: an id stays, but some sources have an e-mail or a
number in its place."""

CONTACT_POINTS: Mapping[str, str] = {"email": "masked_email", "phone_e164": "masked_phone"}

PLAIN = frozenset(
    {
        *("customer_id", "organisation_id", "id", "employee_id", "manager_employee_id", "owner_employee_id"),
        *("customer_type", "status", "tier", "route", "consent_ai", "consent_email", "consent_phone", "op"),
        *("postal_code", "country", "language", "timezone", "currency"),
        *("source", "object", "field", "rule", "decided_by", "used", "role", "freshness"),
        *("languages_from", "skills_from", "capacity_from"),
    }
)
"""Texts of ours, ids and closed vocabularies: nothing that a person typed. Every other text column is redacted."""

RAW: Mapping[str, frozenset[str]] = {
    "identity_link": frozenset({"record_id", "evidence"}),
    "identity_edge": frozenset({"record_a", "record_b", "agreed", "disagreed", "reason"}),
    "field_provenance": frozenset({"record_id", "runners_up"}),
    "customer_change": frozenset({"fields"}),
    "publication": frozenset({"checks"}),
}
"""Columns that hold values as records wrote them, or keys that may be an e-mail: no mask is sure to find all of it."""

CONTEXT_FIELDS = (
    *("customer_type", "status", "display_name", "language", "timezone"),
    *("email", "phone_e164", "street", "postal_code", "city", "region", "country", "organisation"),
    *("tier", "tier_reason", "plan", "sla_minutes", "customer_since", "lifetime_value", "currency", "open_deals"),
    *("open_cases", "cases_90d", "last_case_at", "last_contact_at"),
    *("consent_ai", "consent_email", "consent_phone"),
    *("owner", "owner_employee_id", "owner_reason", "route", "route_reason"),
    *("sources", "match_confidence", "completeness", "conflict_fields", "recent_cases"),
)
"""What a role's document can tell of a customer, in its order: columns of customer, the names of its organisation and
of its owner, and its newest cases."""


def masked_key(key: str) -> str:
    """The key of one record, masked."""
    return str(duckdb.execute(f"select {KEY.format(value='?')}", [key]).fetchall()[0][0])
