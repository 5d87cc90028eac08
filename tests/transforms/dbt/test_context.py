"""Documents for prompts and features for models: what stands in them, and what goes where there is too much."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.transforms.dbt.test_customer import DAY, settle
from transforms.masking import CONTEXT_FIELDS, MASKS
from transforms.policy import load_policy
from transforms.warehouse import DBT

LONG = "Wolfeschlegelsteinhausenbergerdorff " * 40


def documents(marts: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["customer_id"], row["role"]): json.loads(row["context"]) for row in marts["customer_context"]}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, new_house: Callable[[Path], Any]) -> dict[str, Any]:
    """The company, with cases of Ann, one by a talkative writer, and two people of very long words."""
    house = settle(new_house(tmp_path_factory.mktemp("context")))
    ann = {"source": "shop", "person_object": "person", "person_record_id": "7"}
    house.records(
        "support_case",
        {**ann, "record_id": "1", "status": "open", "opened_at": datetime(2025, 1, 1, tzinfo=UTC), "subject": "Old"},
        {
            **ann,
            "record_id": "2",
            "status": "closed",
            "opened_at": datetime(2025, 6, 3, tzinfo=UTC),
            "subject": "Third",
        },
        {
            **ann,
            "record_id": "3",
            "status": "closed",
            "opened_at": datetime(2025, 6, 4, tzinfo=UTC),
            "subject": "Write to ann@home.example or ring 0170 / 123 45 67, " + LONG,
        },
        {**ann, "record_id": "4", "status": "closed", "opened_at": datetime(2025, 6, 2, tzinfo=UTC), "subject": "Out"},
    )
    wordy = ("given_name", "family_name", "street", "postal_code", "city", "region", "plan", "language", "timezone")
    house.records(
        "person",
        {"source": "web", "record_id": "l", "email": "l@long.example", "country": "DE", **dict.fromkeys(wordy, LONG)},
        # JSON writes a control character in six
        {"source": "web", "record_id": "x", **dict.fromkeys((*wordy, "email", "mobile"), "\u0001" * 900)},
    )
    people = ["crm:person:a", "shop:person:7"]
    wordy_people = {"c_l": ["web:person:l"], "c_x": ["web:person:x"]}
    house.link({"c_ann": people, "c_o_acme": ["crm:organisation:acme"], **wordy_people})
    return house.build(1, DAY)


def test_a_document_tells_what_a_role_may_see_and_leaves_out_what_is_unknown(built: dict[str, Any]) -> None:
    told = documents(built)["c_ann", "ai_support"]
    assert told == {
        "customer_id": "c_ann",
        "publication": 1,
        "oldest_source_at": "2025-06-01T00:00:00Z",
        "customer_type": "person",
        "status": "active",
        "display_name": "Ann Smith",
        "email": "a***@home.example",
        "phone_e164": "***67",
        "country": "DE",
        "organisation": "Acme",
        "tier": "premium",
        "sla_minutes": 60,
        "customer_since": "2020-01-01",
        "open_deals": 1,
        "open_cases": 1,
        "cases_90d": 3,
        "last_case_at": "2025-06-04T00:00:00Z",
        "last_contact_at": "2025-06-04T00:00:00Z",
        "consent_ai": "denied",
        "consent_email": "unknown",
        "consent_phone": "unknown",
        "owner": "Eve",
        "route": "human",
        "route_reason": "consent to AI denied",
        "match_confidence": 0.93,
        "completeness": 0.5,
        "conflict_fields": ["family_name"],
        "recent_cases": told["recent_cases"],
    }
    human = documents(built)["c_ann", "human_agent"]
    assert (human["email"], human["phone_e164"]) == ("ann@home.example", "+491701234567")


def test_recent_cases_are_open_ones_first_then_the_newest_without_contact_points(built: dict[str, Any]) -> None:
    masked = documents(built)["c_ann", "ai_support"]["recent_cases"]
    assert [case["subject"][:32] for case in masked] == ["Old", "Write to [e-mail] or ring [numbe", "Third"]
    assert masked[1]["subject"].startswith("Write to [e-mail] or ring [number], Wolfe")
    assert len(masked[1]["subject"]) == 80
    assert masked[1]["subject"].endswith("…")
    shown = documents(built)["c_ann", "human_agent"]["recent_cases"]
    assert shown[1]["subject"].startswith("Write to ann@home.example or ring 0170 / 123 45 67, ")


def test_long_texts_are_cut_and_go_before_a_document_passes_2000_bytes(built: dict[str, Any]) -> None:
    assert max(len(row["context"].encode()) for row in built["customer_context"]) <= 2000
    found = documents(built)
    assert found["c_l", "analytics"]["plan"] == LONG[:119] + "…"
    assert "shortened" not in found["c_l", "analytics"]
    cut, bare = found["c_l", "human_agent"], found["c_x", "human_agent"]
    assert "shortened" not in cut
    assert len(cut["display_name"]) == 120
    assert bare["shortened"] is True
    assert "display_name" not in bare
    assert (bare["status"], bare["route"], bare["publication"]) == ("active", "ai", 1)


def test_every_field_that_roles_can_name_is_one_that_documents_know() -> None:
    macro = (DBT / "macros" / "context.sql").read_text(encoding="utf-8")
    listed = re.findall(r"'(\w+)'", macro.split("macro context_fields()")[1].split("endmacro")[0])
    assert tuple(listed) == CONTEXT_FIELDS


def test_features_follow_from_the_row_and_the_date(built: dict[str, Any]) -> None:
    ann = next(row for row in built["customer_feature"] if row["customer_id"] == "c_ann")
    assert ann == {
        "customer_id": "c_ann",
        "is_person": 1,
        "is_active": 1,
        "is_premium": 1,
        "tenure_days": 2007,
        "lifetime_value": 5.0,
        "open_deals": 1,
        "open_cases": 1,
        "cases_90d": 3,
        "days_since_last_case": 26,
        "days_since_last_contact": 26,
        "days_since_oldest_source": 29,
        "consent_ai_granted": 0,
        "consent_ai_denied": 1,
        "has_email": 1,
        "has_phone": 1,
        "has_address": 1,
        "has_owner": 1,
        "has_organisation": 1,
        "source_count": 2,
        "conflicts": 1,
        "match_confidence": 0.93,
        "completeness": 0.5,
        "sla_minutes": 60,
        "routed_to_ai": 0,
    }


def test_the_features_of_a_past_row_are_those_that_were_published_with_it(house: Any) -> None:
    settle(house)
    first = house.publish(1, DAY)
    house.records("organisation", {"source": "crm", "record_id": "acme", "name": "Acme", "status": "closed"})
    house.publish(2, date(2025, 7, 10))
    with duckdb.connect(house.warehouse(2), read_only=True) as con:
        again = con.execute(
            """
            with past as (
                select
                    * exclude (valid_from, valid_to, from_publication, to_publication),
                    date '2025-06-30' as logical_date
                from marts.customer_history
                where from_publication <= 1 and (to_publication is null or 1 < to_publication)
            )
            select * exclude (logical_date) from marts.customer_feature_of('past') order by customer_id
            """
        ).fetchall()
    assert again == [tuple(row.values()) for row in first["customer_feature"]]


@pytest.mark.parametrize(
    ("mask", "value", "expected"),
    [
        ("masked_email", "ann@home.example", "a***@home.example"),
        ("masked_email", "no address", "***"),
        ("masked_phone", "+491701234567", "***67"),
        ("redacted", "Ann Smith, Main Street 12, 53113 Bonn", "Ann Smith, Main Street 12, 53113 Bonn"),
        ("redacted", "Ring +49 (170) 123-4567!", "Ring [number]!"),
        ("redacted", "0170/1234567 or 555.01.99", "[number] or [number]"),
        ("redacted", "٠١٧٠١٢٣٤٥٦٧", "[number]"),
        ("redacted", "<Ann.Smith+x@Home.Example>, b @ c.example", "<[e-mail]>, [e-mail]"),
        ("redacted", None, None),
    ],
)
def test_contact_points_are_masked_in_any_writing(mask: str, value: str | None, expected: str | None) -> None:
    assert duckdb.execute(f"select {MASKS[mask].format(value='$1')}", [value]).fetchone() == (expected,)


def test_shipped_roles_are_the_three_that_ask() -> None:
    assert set(load_policy().roles.root) == {"ai_support", "human_agent", "analytics"}
