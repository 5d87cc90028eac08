"""Two records explained: their own comparison, the way from one to the other, or why there is neither."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest

from transforms.explain import UnknownRecord, to_dict
from transforms.explain_pair import explain_pair

A, B, C, D, E, F, FIRM = (f"crm:Contact:{name}" for name in ("a", "b", "c", "d", "e", "f", "firm"))
CUSTOMER = {A: "c_one", B: "c_one", C: "c_one", D: "c_two", E: "c_two", F: "c_three", FIRM: "c_firm"}
PHONE, NAME = {"phone": 12.0}, {"family_name": -4.0}


def edge(a: str, b: str, used: str, score: float, reason: str = "") -> dict[str, Any]:
    weighed = {"agreed": json.dumps(PHONE), "disagreed": json.dumps(NAME)}
    return {"record_a": a, "record_b": b, "used": used, "score": score, "reason": reason, **weighed}


@pytest.fixture
def con(lay_marts: Callable[..., Any]) -> Iterator[duckdb.DuckDBPyConnection]:
    links = [
        dict(zip(("source", "object", "record_id"), record.split(":"), strict=True)) | {"customer_id": customer}
        for record, customer in CUSTOMER.items()
    ]
    warehouse, _ = lay_marts(
        {
            "customer": [
                {"customer_id": customer, "customer_type": "organisation" if customer == "c_firm" else "person"}
                for customer in sorted(set(CUSTOMER.values()))
            ],
            "identity_link": [{**link, "rule": "phone"} for link in links],
            "identity_edge": [
                edge(A, B, "used", 0.9),
                edge(B, C, "used", 0.8),
                edge(A, C, "refused", 0.2, "what agrees weighs too little"),
                edge(A, D, "cut", 0.7, "cut: the other records of both groups do not resemble each other"),
                edge(C, E, "refused", 0.6, "junior and senior"),
                edge(D, E, "used", 1.0, "decided the same by Ada on 2026-01-01: we called"),
                edge(B, F, "refused", 0.0, "decided different by Ada on 2026-01-01"),
            ],
        }
    )
    with duckdb.connect(warehouse, read_only=True) as opened:
        opened.execute("use marts")
        yield opened


def test_a_link_between_two_records_is_told_with_its_weights(con: Any) -> None:
    pair = explain_pair(con, B, A)
    assert pair.same
    assert pair.path == ()
    assert pair.sentences == (
        f"{A} and {B} are one customer, c_one.",
        f"{A} and {B} are the same customer: phone (+12.0) agrees; family name (-4.0) disagrees (score 0.90).",
    )


def test_records_that_do_not_link_themselves_are_one_by_way_of_others(con: Any) -> None:
    pair = explain_pair(con, A, C)
    assert [(one.record_a, one.record_b) for one in pair.path] == [(A, B), (B, C)]
    assert "other records make them one customer all the same" in pair.sentences[1]
    assert pair.sentences[2] == "2 links lead from one to the other, the weakest with a score of 0.80:"


def test_a_cut_says_what_spoke_against_it_and_what_else_was_compared(con: Any) -> None:
    pair = explain_pair(con, A, D)
    assert not pair.same
    assert pair.sentences[0] == f"{A} and {D} are two customers, c_one and c_two."
    assert "looked the same but were parted: the other records of both groups do not resemble" in pair.sentences[1]
    assert [(one.record_a, one.record_b) for one in pair.between] == [(C, E)]


def test_what_a_person_decided_is_told_as_such(con: Any) -> None:
    assert "are the same customer because a person decided the same by Ada" in explain_pair(con, D, E).sentences[1]
    assert "are kept apart because a person decided different by Ada" in explain_pair(con, B, F).sentences[1]


def test_records_without_a_comparison_say_that_nothing_rare_is_shared(con: Any) -> None:
    pair = explain_pair(con, E, F)
    assert pair.edge is None
    assert "never compared: nothing that they share is rare enough" in pair.sentences[1]


def test_a_person_and_an_organisation_are_never_compared(con: Any) -> None:
    pair = explain_pair(con, A, FIRM)
    assert pair.sentences[1:] == ("One is a person and one is an organisation: these are never compared.",)


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [(A, "crm:Contact:none", "is no record of a person"), (A, A, "stands on both sides"), (A, "a", "write SOURCE:OBJ")],
)
def test_records_that_are_not_two_are_named(con: Any, one: str, other: str, words: str) -> None:
    with pytest.raises(UnknownRecord, match=words):
        explain_pair(con, one, other)


def test_a_pair_can_be_told_as_json(con: Any) -> None:
    told = json.loads(json.dumps(to_dict(explain_pair(con, A, C))))
    assert told["edge"]["agreed"] == PHONE
    assert len(told["path"]) == 2
