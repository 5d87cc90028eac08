"""From hand-made records to published rows: what a reader sees of one customer, told end to end."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

DAY = date(2025, 6, 30)


def instant(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def settle(house: Any) -> Any:
    """The CRM and the shop know Ann, who works at Acme, a gold customer. Her owner Bob left; Eve is his manager."""
    house.sources(
        {"source": "crm", "rank": 1, "fresh_at": instant(2025, 6, 29)},
        {"source": "shop", "rank": 2, "fresh_at": instant(2025, 6, 1)},
        {"source": "hr", "rank": 1, "kind": "hr"},
    )
    house.records(
        "person",
        {
            "source": "crm",
            "record_id": "a",
            "given_name": "Ann",
            "family_name": "Smith",
            "email": "info@acme.example",
            "street": "Main Street 1",
            "country": "DE",
            "owner_user_id": "bob",
            "organisation_object": "organisation",
            "organisation_record_id": "acme",
            "created_on": date(2021, 5, 1),
            "modified_at": instant(2024, 1, 1),
        },
        {
            "source": "shop",
            "record_id": "7",
            "family_name": "Smyth",
            "email": "ann@home.example",
            "mobile": "+491701234567",
            "city": "Bonn",
            "created_on": date(2020, 1, 1),
            "last_activity_at": instant(2025, 5, 1),
            "consent_ai": "denied",
            "modified_at": instant(2025, 1, 1),
        },
    )
    house.records("organisation", {"source": "crm", "record_id": "acme", "name": "Acme", "sla": "gold"})
    house.records(
        "employee",
        *(
            {
                "source": "hr",
                "record_id": "1",
                "family_name": "Bob",
                "email": "bob@firm.example",
                "status": "terminated",
                "manager_employee_id": "2",
            },
            {"source": "hr", "record_id": "2", "family_name": "Eve", "email": "eve@firm.example", "status": "active"},
        ),
    )
    house.records(
        "crm_user",
        {"source": "crm", "record_id": "bob", "email": "bob@firm.example", "active": True, "support_agent": False},
    )
    house.records(
        "deal",
        {
            "source": "crm",
            "record_id": "d1",
            "status": "won",
            "amount": Decimal("100.00"),
            "person_object": "person",
            "person_record_id": "a",
            "organisation_object": "organisation",
            "organisation_record_id": "acme",
        },
        {
            "source": "crm",
            "record_id": "d2",
            "status": "won",
            "amount": Decimal("5.00"),
            "person_object": "person",
            "person_record_id": "a",
        },
        {
            "source": "crm",
            "record_id": "d3",
            "status": "open",
            "amount": Decimal("7.00"),
            "person_object": "person",
            "person_record_id": "a",
        },
    )
    house.records(
        "support_case",
        {
            "source": "shop",
            "record_id": "c1",
            "status": "open",
            "opened_at": instant(2025, 6, 1),
            "person_object": "person",
            "person_record_id": "7",
        },
    )
    house.identity(
        contact_point=[{"kind": "email", "value": "info@acme.example", "class": "shared"}],
        confidence=[{"customer_id": "c_ann", "match_confidence": 0.93}],
        alias=[{"id": "c_ann", "status": "live"}, {"id": "c_o_acme", "status": "live"}],
    )
    house.link({"c_ann": ["crm:person:a", "shop:person:7"], "c_o_acme": ["crm:organisation:acme"]})
    return house


@pytest.fixture
def company(house: Any) -> Any:
    return settle(house)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, new_house: Any) -> Any:
    """The first publication of the company, for tests that only look at it."""
    return settle(new_house(tmp_path_factory.mktemp("company"))).build(1, DAY)


def test_a_customer_is_told_from_all_its_records(published: Any) -> None:
    ann, acme = published["customer"]
    assert ann == {
        "customer_id": "c_ann",
        "customer_type": "person",
        "organisation_id": "c_o_acme",
        "status": "active",
        "display_name": "Ann Smith",
        "given_name": "Ann",
        "family_name": "Smith",
        "email": "ann@home.example",
        "phone_e164": "+491701234567",
        "street": "Main Street 1",
        "postal_code": None,
        "city": None,
        "region": None,
        "country": "DE",
        "language": None,
        "timezone": None,
        "tier": "premium",
        "tier_reason": "as its organisation: service level agreed: gold",
        "plan": None,
        "sla_minutes": 60,
        "customer_since": date(2020, 1, 1),
        "lifetime_value": Decimal("5.00"),
        "currency": "EUR",
        "open_deals": 1,
        "open_cases": 1,
        "cases_90d": 1,
        "last_case_at": instant(2025, 6, 1),
        "last_contact_at": instant(2025, 6, 1),
        "oldest_source_at": instant(2025, 6, 1),
        "consent_ai": "denied",
        "consent_email": "unknown",
        "consent_phone": "unknown",
        "owner_employee_id": "hr:2",
        "owner_reason": "nearest active manager: hr:1 is terminated",
        "route": "human",
        "route_reason": "consent to AI denied",
        "source_count": 2,
        "sources": ["crm", "shop"],
        "match_confidence": 0.93,
        "completeness": 0.5,
        "conflict_fields": ["family_name"],
        "publication": 1,
    }
    assert (acme["lifetime_value"], acme["open_deals"], acme["open_cases"]) == (Decimal("100.00"), 0, 1)


def test_a_value_says_which_record_it_is_from_and_what_it_beat(published: Any) -> None:
    provenance = {(row["customer_id"], row["field"]): row for row in published["field_provenance"]}
    email = provenance["c_ann", "email"]
    assert (email["source"], email["rule"]) == ("shop", "verified")
    assert json.loads(email["runners_up"]) == [{"record": "crm:person:a", "value": "info@acme.example"}]
    since = provenance["c_ann", "customer_since"]
    assert (since["source"], since["rule"]) == ("shop", "earliest")
    assert provenance["c_ann", "given_name"]["rule"] == "only"
    assert ("c_ann", "city") not in provenance
    # the case is as new as any contact, and says more than a record that knows of one
    for field in ("last_case_at", "last_contact_at"):
        latest = provenance["c_ann", field]
        assert (latest["object"], latest["record_id"], latest["rule"], latest["runners_up"]) == (
            "support_case", "c1", "latest", "[]",
        )  # fmt: skip


def test_support_knows_the_workers_behind_logins_and_their_managers(published: Any) -> None:
    agents = {agent["employee_id"]: agent for agent in published["support_agent"]}
    assert {name: (agent["active"], agent["assigned"]) for name, agent in agents.items()} == {
        "hr:1": (False, 0),
        "hr:2": (True, 1),
    }


def test_a_run_that_learns_nothing_says_the_same(company: Any) -> None:
    first = company.publish(1, DAY)
    again = company.build(2, date(2025, 7, 1))
    for table in (
        "customer",
        "field_provenance",
        "identity_link",
        "support_agent",
        "customer_history",
        "owner_assignment",
    ):
        assert again[table] == first[table], table
    assert again["customer_change"] == []


def applied(base: list[dict[str, Any]], changes: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What a reader has who keeps the customer table up to date by its changes alone, all values as text."""
    table = {row["customer_id"]: {name: as_text(value) for name, value in row.items()} for row in base}
    for change in changes:
        fields = {name: as_text(value) for name, value in json.loads(change["fields"], parse_float=Decimal).items()}
        if change["op"] in ("delete", "merge", "erase"):
            del table[change["customer_id"]]
        else:
            table.setdefault(change["customer_id"], {"customer_id": change["customer_id"]}).update(fields)
    return {name: {key: value for key, value in row.items() if value is not None} for name, row in table.items()}


def as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):  # as RFC 3339 writes it
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, Decimal | int | float):
        return str(float(value))
    return str(value)


def test_the_base_with_the_changes_is_the_publication(company: Any) -> None:
    first = company.publish(1, DAY)
    assert applied([], first["customer_change"]) == applied(first["customer"], [])
    company.records(
        "person",
        {"source": "crm", "record_id": "a", "given_name": "Ann", "family_name": "Jones", "status": "closed"},
    )
    company.link({"c_ann": ["crm:person:a", "shop:person:7"], "c_o_new": ["crm:organisation:acme"]})
    company.identity(
        alias=[
            {"id": "c_ann", "status": "live"},
            {"id": "c_o_new", "status": "live"},
            {"id": "c_o_acme", "status": "merged", "new_ids": ["c_o_new"]},
        ]
    )
    second = company.build(2, date(2025, 7, 1))
    assert {change["customer_id"]: change["op"] for change in second["customer_change"]} == {
        "c_ann": "update",
        "c_o_new": "insert",
        "c_o_acme": "merge",
    }
    assert applied(first["customer"], second["customer_change"]) == applied(second["customer"], [])


def test_history_says_who_a_customer_was_on_any_day_and_in_any_publication(company: Any) -> None:
    company.publish(1, DAY)
    company.records("organisation", {"source": "crm", "record_id": "acme", "name": "Acme Ltd"})
    company.publish(2, date(2025, 7, 10))
    company.records("organisation", {"source": "crm", "record_id": "acme", "name": "Acme Inc"})
    history = company.build(3, date(2025, 7, 10))["customer_history"]
    assert [
        (row["display_name"], row["valid_from"], row["valid_to"], row["from_publication"], row["to_publication"])
        for row in history
        if row["customer_id"] == "c_o_acme"
    ] == [
        ("Acme", instant(2025, 6, 30), instant(2025, 7, 10), 1, 2),
        ("Acme Inc", instant(2025, 7, 10), None, 3, None),
        ("Acme Ltd", instant(2025, 7, 10), instant(2025, 7, 10), 2, 3),
    ]


def test_an_owner_once_given_stays_when_the_one_named_leaves(company: Any) -> None:
    bob = {"source": "hr", "record_id": "1", "email": "bob@firm.example"}
    zoe = {"source": "hr", "record_id": "3", "email": "zoe@firm.example"}
    eve = {"source": "hr", "record_id": "2", "email": "eve@firm.example", "status": "active"}
    company.records("employee", {**bob, "status": "active"}, {**zoe, "status": "active"}, eve)
    first = company.publish(1, DAY)
    assert [row["owner_employee_id"] for row in first["owner_assignment"]] == ["hr:1"]
    company.records("person", {"source": "crm", "record_id": "a", "family_name": "Smith", "owner_user_id": "zoe"})
    company.records(
        "crm_user",
        {"source": "crm", "record_id": "bob", "email": "bob@firm.example", "active": True, "support_agent": False},
        {"source": "crm", "record_id": "zoe", "email": "zoe@firm.example", "active": True, "support_agent": False},
    )
    company.records(
        "employee", {**bob, "status": "active"}, {**zoe, "status": "leave", "manager_employee_id": "2"}, eve
    )
    ann = company.build(2, date(2025, 7, 1))["customer"][0]
    assert (ann["owner_employee_id"], ann["owner_reason"]) == ("hr:1", "owner until now: hr:3 is on leave")
