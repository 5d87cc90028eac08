"""What a person is asked to look at: the uncertain before the certain, much before little, nothing that was decided."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb
import numpy as np
import pytest

from transforms.identity.decisions import COLUMNS
from transforms.review import review, uncertainty

Laid = Callable[..., Any]


@pytest.fixture
def asked(lay_marts: Laid) -> Callable[..., list[Any]]:
    """The questions over customers (name -> records) and edges (a, b, used, score, reason)."""

    def ask(
        customers: Mapping[str, str], edges: list[tuple[Any, ...]], limit: int = 20, **said: Mapping[str, Any]
    ) -> list[Any]:
        warehouse, _ = lay_marts(
            {
                "customer": [
                    {
                        "customer_id": f"c_{name}", "display_name": name.title(), **said.get(name, {}),
                        "match_confidence": min(
                            (edge[3] for edge in edges if edge[2] == "used" and edge[0] in records), default=1.0
                        ),
                    }
                    for name, records in customers.items()
                ],
                "identity_link": [
                    {"source": "crm", "object": "Contact", "record_id": record, "customer_id": f"c_{name}", "rule": "x"}
                    for name, records in customers.items() for record in records
                ],
                "identity_edge": [
                    {
                        "record_a": f"crm:Contact:{a}", "record_b": f"crm:Contact:{b}", "used": used, "score": score,
                        "reason": "".join(reason), "agreed": json.dumps({"email": 9.5}),
                    }
                    for a, b, used, score, *reason in edges
                ],
                "field_provenance": [
                    {
                        "customer_id": "c_ann", "field": "display_name", "source": "crm", "object": "Contact",
                        "record_id": "a", "rule": "source_rank",
                        "runners_up": json.dumps([{"record": "crm:Contact:b", "value": "A. Lee"}]),
                    }
                ],
            }
        )  # fmt: skip
        with opened(warehouse) as con:
            return review(con, limit)

    return ask


@contextmanager
def opened(warehouse: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(warehouse, read_only=True) as con:
        con.execute("use marts")
        yield con


def pairs(questions: list[Any]) -> list[str]:
    return [q.a.record[-1] + q.b.record[-1] for q in questions]


def test_the_least_certain_link_is_asked_about_first(asked: Any) -> None:
    found = asked({"ann": "ab", "bob": "cd", "eve": "ef"},
                  [("a", "b", "used", 0.9), ("c", "d", "used", 0.6), ("e", "f", "used", 1.0)])  # fmt: skip
    assert pairs(found) == ["cd", "ab"]
    assert found[1].kind == "link"
    assert (found[1].a.name, found[1].b.name) == ("Ann", "A. Lee")


def test_a_bridge_between_two_groups_counts_for_all_that_stand_behind_it(asked: Any) -> None:
    edges = [("a", "b", "used", 0.99), ("b", "c", "used", 0.8), ("c", "d", "used", 0.99)]
    (bridge,) = asked({"ann": "abcd"}, edges)
    assert (bridge.a.records, bridge.b.records) == (2, 2)
    assert bridge.sentence.startswith("Only this link holds 2 records and 2 records of one customer together")
    (shored_up,) = asked({"ann": "abcd"}, [*edges, ("a", "d", "used", 0.7)])
    assert shored_up.sentence.startswith("The strongest link that holds 2 records and 2 records")


def test_pairs_held_apart_are_asked_about_when_much_speaks_for_them(asked: Any) -> None:
    found = asked(
        {name: name for name in "abcdefgh"},
        [
            ("a", "b", "refused", 0.45, "what agrees weighs too little"),
            ("c", "d", "cut", 0.8, "cut: the other records of both groups do not resemble each other"),
            ("e", "f", "refused", 0.05, "what agrees weighs too little"),
            ("g", "h", "refused", 0.6, "junior and senior"),
        ],
    )
    assert {(q.kind, pair) for q, pair in zip(found, pairs(found), strict=True)} == {
        ("below", "ab"), ("cut", "cd"), ("refused", "gh"),
    }  # fmt: skip
    assert next(q for q in found if q.kind == "refused").sentence.startswith("Kept apart: junior and senior. E-mail")


def test_one_pair_among_many_that_say_nothing_is_worth_less(asked: Any) -> None:
    found = asked({"ann": "abc", "bob": "def", "x": "x", "y": "y"},
                  [("a", "d", "refused", 0.4), ("x", "y", "refused", 0.4)])  # fmt: skip
    assert pairs(found) == ["xy", "ad"]


def test_two_customers_are_asked_about_once_and_by_their_likeliest_pair(asked: Any) -> None:
    found = asked({"ann": "ab", "bob": "cd"}, [("a", "c", "refused", 0.2), ("b", "d", "refused", 0.4)])
    assert pairs(found) == ["bd"]


def test_what_was_decided_is_not_asked_again(asked: Any) -> None:
    decided = "decided different by Ada on 2026-01-01"
    assert asked({"ann": "ab", "bob": "cd"},
                 [("a", "c", "refused", 0.0, decided), ("b", "d", "refused", 0.4)]) == []  # fmt: skip
    assert asked({"ann": "ab"}, [("a", "b", "used", 1.0, "decided the same by Ada")]) == []


def test_a_premium_customer_goes_first(asked: Any) -> None:
    found = asked(
        {"ann": "ab", "bob": "cd"}, [("a", "b", "used", 0.6), ("c", "d", "used", 0.7)], bob={"tier": "premium"}
    )
    assert pairs(found) == ["cd", "ab"]


def test_the_line_for_decisions_has_their_columns_and_the_verdict_left_to_fill(asked: Any) -> None:
    (question,) = asked({"ann": "ab"}, [("a", "b", "used", 0.6)])
    (line,) = csv.reader([question.decision])
    assert dict(zip(COLUMNS, line, strict=True)) == {
        "decision": "same|different", "source_a": "crm", "object_a": "Contact", "record_a": "a",
        "source_b": "crm", "object_b": "Contact", "record_b": "b", "who": "", "why": "", "when": "",
    }  # fmt: skip


def test_no_more_is_asked_than_wanted_and_nothing_where_all_is_sure(asked: Any) -> None:
    edges = [("a", "b", "used", 0.6), ("c", "d", "used", 0.7)]
    assert len(asked({"ann": "ab", "bob": "cd"}, edges, limit=1)) == 1
    assert asked({"ann": "ab"}, [("a", "b", "used", 1.0)]) == []
    assert asked({}, []) == []


def test_uncertainty_is_one_bit_at_a_half_and_none_at_the_ends() -> None:
    assert uncertainty(np.array([0.5, 0.0, 1.0])).round(6).tolist() == [1.0, 0.0, 0.0]
