"""What people decided wins over evidence, also along a chain of records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from transforms.identity.decisions import COLUMNS, DecisionError, read_decisions

MOBILE = "+4917012349876"


def test_same_joins_what_no_evidence_joins(world: Any) -> None:
    world.person("1", "Ben Berg")
    world.person("2", "Robert Stein")
    world.decide("same", "1", "2")
    world.resolve()
    assert world.together("1", "2")
    link = world.link("1")
    assert (link["rule"], link["score"], link["decided_by"]) == ("decision", 1.0, "person")
    assert world.edges("used")["1", "2"]["reason"] == "decided the same by Ada on 2026-01-01: we called them"


def test_same_overrules_a_contradiction(world: Any) -> None:
    world.person("1", "Ben Berg", email="berg@home.org")
    world.person("2", "Bob Berg", email="berg@home.org")
    world.decide("same", "2", "1")
    world.resolve()
    assert world.together("1", "2")


def test_different_parts_what_evidence_joins(world: Any) -> None:
    world.person("1", "Anna Berg", mobile=MOBILE)
    world.person("2", "Anna Berg", mobile=MOBILE)
    world.decide("different", "1", "2")
    world.resolve()
    assert not world.together("1", "2")
    assert world.edges("refused")["1", "2"]["reason"].startswith("decided different by Ada")


def test_different_cuts_the_weakest_edge_on_the_way(world: Any) -> None:
    """1 –e-mail– 2 –address– 3 –mobile– 4: the address is the weakest."""
    address = {"street": "Hauptstr. 5", "city": "Berlin"}
    world.person("1", "Anna Berg", email="anna@berg.org")
    world.person("2", "Anna Berg", email="anna@berg.org", **address)
    world.person("3", "Anna Berg", mobile=MOBILE, **address)
    world.person("4", "Anna Berg", mobile=MOBILE)
    world.decide("different", "1", "4")
    world.resolve()
    assert world.customers() == {frozenset({"crm:1", "crm:2"}), frozenset({"crm:3", "crm:4"})}
    assert world.edges("cut")["2", "3"]["reason"].endswith("would join records that were decided to be different")


def test_decisions_about_organisations_hold_too(world: Any) -> None:
    world.organisation("1", "Boll GmbH", domain="boll.org")
    world.organisation("2", "Boll GmbH", domain="boll.org")
    world.organisation("3", "Stein AG")
    world.decide("different", "1", "2", kind="organisation")
    world.decide("same", "1", "3", kind="organisation")
    world.resolve()
    assert world.customers() == {frozenset({"crm:1", "crm:3"}), frozenset({"crm:2"})}


def test_a_decision_about_a_record_that_is_not_there_is_reported(world: Any) -> None:
    world.person("1", "Anna Berg")
    world.decide("same", "1", "99")
    report = world.resolve()
    assert report.unknown_decisions == (
        "line 2: crm:Contact:1, crm:Contact:99. Expected two people or two organisations that are there now.",
    )


def test_same_against_different_is_reported_and_different_wins(world: Any) -> None:
    for record in ("1", "2", "3"):
        world.person(record, f"Anna {record * 3}")
    world.decide("same", "1", "2")
    world.decide("same", "2", "3")
    world.decide("different", "1", "3")
    report = world.resolve()
    assert not world.together("1", "3")
    assert len(report.overruled_decisions) == 1


def test_the_latest_decision_about_a_pair_holds(world: Any) -> None:
    world.person("1", "Anna Berg")
    world.person("2", "Anna Stein")
    world.decide("same", "2", "1", when="2026-03-01")
    world.decide("different", "1", "2", when="2026-02-01")
    world.resolve()
    assert world.together("1", "2")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("maybe,s,o,1,s,o,2,,,", "line 2, column decision: 'maybe'"),
        ("same,s,o,,s,o,2,,,", "line 2: source_a, object_a and record_a"),
        ("same,s,o,1,s,o,1,,,", "line 2: s:o:1 stands on both sides"),
    ],
)
def test_a_row_that_cannot_be_obeyed_is_an_error_with_its_line(tmp_path: Path, row: str, told: str) -> None:
    file = tmp_path / "decisions.csv"
    file.write_text(f"{','.join(COLUMNS)}\n{row}\n", encoding="utf-8")
    with pytest.raises(DecisionError, match=told):
        read_decisions(file)


def test_a_missing_column_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    file.write_text("decision,source_a\n", encoding="utf-8")
    with pytest.raises(DecisionError, match="columns missing: object_a, record_a"):
        read_decisions(file)


def test_no_file_is_no_decision(tmp_path: Path) -> None:
    assert read_decisions(None) == read_decisions(tmp_path / "decisions.csv") == ()
