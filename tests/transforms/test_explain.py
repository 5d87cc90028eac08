"""A customer explained: every record with its evidence, every value with its origin, every old id with its fate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from transforms.explain import (
    UnknownRecord,
    explain,
    explain_customer,
    find_by_email,
    find_by_record,
    resolve,
    to_dict,
)

SALESFORCE_ID = "0035g00000AbCdEAAV"
CONTACT, LEAD, OTHER = f"salesforce:Contact:{SALESFORCE_ID}", "hubspot:contact:12", "hubspot:contact:13"
AGREED, DISAGREED = {"family_name": 10.2, "email": 21.3}, {"mobile": -1.4}
WEIGHED = "e-mail (+21.3) and family name (+10.2) agree; mobile (-1.4) disagrees"


@pytest.fixture
def con(lay_marts: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    def link(record: str, customer: str, partner: str | None = None, **said: Any) -> dict[str, Any]:
        source, name, record_id = record.split(":")
        evidence = {"with": partner, "agreed": AGREED, "disagreed": DISAGREED} if partner else {}
        return {
            "source": source, "object": name, "record_id": record_id, "customer_id": customer,
            "rule": "email+family_name" if partner else "alone", "score": 0.98 if partner else None,
            "evidence": json.dumps(evidence), "decided_by": "model" if partner else "alone", **said,
        }  # fmt: skip

    def edge(a: str, b: str, used: str, reason: str, score: float) -> dict[str, Any]:
        said = {"agreed": json.dumps(AGREED), "disagreed": json.dumps(DISAGREED)}
        return {"record_a": a, "record_b": b, "used": used, "reason": reason, "score": score, **said}

    warehouse, _ = lay_marts(
        {
            "customer": [
                {
                    "customer_id": "c_ann", "display_name": "Ann Lee", "email": "ann@example.org", "tier": "premium",
                    "tier_reason": "service level gold", "route": "human", "route_reason": "premium customer",
                    "owner_reason": "no owner in any source", "sources": ["hubspot", "salesforce"],
                    "match_confidence": 0.98, "conflict_fields": ["email", "city"], "lifetime_value": Decimal("12.50"),
                    "customer_since": date(2020, 5, 1),
                },
                {"customer_id": "c_bob", "display_name": "Bob", "email": "shared@example.org", "city": "Bonn"},
            ],
            "identity_link": [
                link(CONTACT, "c_ann", LEAD),
                link(LEAD, "c_ann", CONTACT),
                link(OTHER, "c_bob"),
            ],
            "identity_edge": [
                edge(LEAD, CONTACT, "used", "", 0.98),
                edge(OTHER, CONTACT, "refused", "given names differ", 0.9),
            ],
            "field_provenance": [
                {
                    "customer_id": "c_ann", "field": "email", "source": "salesforce", "object": "Contact",
                    "record_id": SALESFORCE_ID, "rule": "source_rank", "observed_at": datetime(2026, 1, 2, tzinfo=UTC),
                    "runners_up": json.dumps([{"record": LEAD, "value": "a.lee@example.org"}]),
                },
                {
                    "customer_id": "c_bob", "field": "city", "source": "policy", "object": "pins.csv", "rule": "pinned",
                    "record_id": "ada on 2026-01-02: a letter came back",
                    "runners_up": json.dumps([{"record": OTHER, "value": "Köln"}]),
                },
                {
                    "customer_id": "c_bob", "field": "sla", "source": "hubspot", "object": "contact", "rule": "only",
                    "record_id": "13",
                },
            ],
            "customer_alias": [
                {"id": "c_ann", "status": "live"},
                {"id": "c_bob", "status": "live", "new_ids": ["c_new"], "publication": 5},
                {"id": "c_old", "status": "merged", "new_ids": ["c_ann"], "publication": 3},
                {"id": "c_two", "status": "split", "new_ids": ["c_bob", "c_ann"], "publication": 4},
                {"id": "c_out", "status": "gone", "publication": 4},
                {"id": "c_req", "status": "erased", "publication": 4},
            ],
        }
    )  # fmt: skip
    with duckdb.connect(warehouse, read_only=True) as opened:
        opened.execute("use marts")
        opened.execute("set TimeZone = 'UTC'")
        yield opened


def test_every_record_is_linked_because_of_something_that_can_be_said(con: Any) -> None:
    found = explain_customer(con, "c_ann")
    assert found is not None
    assert [link.sentence for link in found.links] == [
        f"{LEAD} is linked with {CONTACT}: {WEIGHED} (score 0.98).",
        f"{CONTACT} is linked with {LEAD}: {WEIGHED} (score 0.98).",
    ]
    alone = explain_customer(con, "c_bob")
    assert alone is not None
    assert alone.links[0].sentence == f"{OTHER} stands alone: no other record was found to be the same customer."


def test_what_was_kept_apart_is_told_with_the_other_customer(con: Any) -> None:
    found = explain_customer(con, "c_ann")
    assert found is not None
    assert [edge.sentence for edge in found.edges_used] == [
        f"{LEAD} and {CONTACT} are the same customer: {WEIGHED} (score 0.98)."
    ]
    assert [edge.sentence for edge in found.edges_refused] == [
        f"{OTHER} and {CONTACT} were compared and kept apart: given names differ (score 0.90; {WEIGHED}); "
        "the other one is customer c_bob."
    ]


def test_what_weighs_most_is_said_first_and_kept_as_numbers(con: Any) -> None:
    found = explain_customer(con, "c_ann")
    assert found is not None
    assert list(found.links[0].agreed.items()) == [("email", 21.3), ("family_name", 10.2)]
    assert found.edges_used[0].disagreed == {"mobile": -1.4}


def test_every_value_says_where_it_comes_from_and_what_it_beat(con: Any) -> None:
    found = explain_customer(con, "c_ann")
    assert found is not None
    (email,) = found.provenance
    assert (email.value, email.runners_up[0].value) == ("ann@example.org", "a.lee@example.org")
    assert email.sentence == (
        f"e-mail ann@example.org comes from {CONTACT}: its source is believed more; it beat a.lee@example.org ({LEAD})."
    )


def test_a_pinned_value_says_who_pinned_it_and_why(con: Any) -> None:
    found = explain_customer(con, "c_bob")
    assert found is not None
    assert [value.sentence for value in found.provenance] == [
        f"city Bonn was pinned by ada on 2026-01-02: a letter came back; it beat Köln ({OTHER}).",
        f"service level comes from {OTHER}: no other record says otherwise.",
    ]


def test_every_decision_about_a_customer_is_summed_up_with_its_reason(con: Any) -> None:
    found = explain_customer(con, "c_ann")
    assert found is not None
    assert found.summary == (
        "Ann Lee is one person known from 2 records of hubspot, salesforce; "
        "the weakest link between them has a score of 0.98.",
        "Tier premium: service level gold.",
        "Answered by human: premium customer.",
        "Looked after by the queue: no owner in any source.",
        "Its records disagree on e-mail and city.",
    )


@pytest.mark.parametrize(
    ("customer_id", "customer_ids", "words"),
    [
        ("c_ann", ("c_ann",), "c_ann is a customer."),
        ("c_bob", ("c_bob", "c_new"), "other records that were its own stand in c_new since publication 5"),
        ("c_old", ("c_ann",), "was merged into c_ann, since publication 3"),
        ("c_two", ("c_bob", "c_ann"), "its records stand in c_bob, c_ann"),
        ("c_out", (), "it returns with the record"),
        ("c_req", (), "was erased on request"),
    ],
)
def test_every_id_ever_published_resolves(
    con: Any, customer_id: str, customer_ids: tuple[str, ...], words: str
) -> None:
    found = resolve(con, customer_id)
    assert found is not None
    assert found.customer_ids == customer_ids
    assert words in found.sentence


def test_an_id_that_never_was_is_nobody(con: Any) -> None:
    assert resolve(con, "c_none") is None
    assert explain(con, customer_id="c_none") == []
    assert explain_customer(con, "c_none") is None


def test_a_customer_is_found_by_any_of_its_addresses_and_records(con: Any) -> None:
    assert find_by_email(con, " Ann@Example.org ") == ["c_ann"]
    assert find_by_email(con, "a.lee@example.org") == ["c_ann"]
    assert find_by_email(con, "lee@example.org") == []
    assert find_by_record(con, "hubspot", "contact", "12") == "c_ann"
    assert find_by_record(con, "salesforce", "Contact", SALESFORCE_ID[:15]) == "c_ann"
    assert find_by_record(con, "salesforce", "Contact", SALESFORCE_ID[:14]) is None
    assert [one.customer_id for one in explain(con, record=CONTACT)] == ["c_ann"]
    assert [one.customer_id for one in explain(con, email="shared@example.org")] == ["c_bob"]
    assert [one.customer_id for one in explain(con, customer_id="c_two")] == ["c_bob", "c_ann"]
    assert [one.customer_id for one in explain(con, customer_id="c_bob")] == ["c_bob"]
    with pytest.raises(UnknownRecord, match="write SOURCE:OBJECT:ID"):
        explain(con, record="0035g00000AbCdE")


def test_an_explanation_can_be_told_as_json(con: Any) -> None:
    told = json.loads(json.dumps([to_dict(one) for one in explain(con, customer_id="c_old")]))[0]
    assert told["customer"]["lifetime_value"] == "12.50"
    assert told["customer"]["customer_since"] == "2020-05-01"
    assert told["provenance"][0]["observed_at"] == "2026-01-02T00:00:00+00:00"
    assert told["links"][0]["agreed"] == AGREED
    assert [alias["id"] for alias in told["aliases"]] == ["c_ann", "c_old", "c_two"]
