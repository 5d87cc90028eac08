"""What people decided wins over evidence, also along a chain of records, and survives a rebuild."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.transforms.identity.crowd import born, home, landline, mobile
from tests.transforms.identity.world import World
from transforms.identity import IdentityReport
from transforms.identity.decisions import COLUMNS, DecisionError, read_decisions


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, IdentityReport]:
    world = World(tmp_path_factory.mktemp("decided"))
    world.crowd(60)
    world.firms(30)
    # Nothing agrees.
    world.person("ben", "Ben Hollerbach")
    world.person("robert", "Robert Stainer")
    world.decide("same", "ben", "robert")
    # Held apart by a guard.
    for name in ("Moritz", "Barbara"):
        world.person(name, f"{name} Talbach", phone=landline(9000), **home(9000))
    world.decide("same", "Moritz", "Barbara")
    # Everything agrees.
    for source in ("crm", "erp"):
        world.person(f"{source}:sylvia", "Sylvia Grote", mobile=mobile(9001), birth_date=born(9001))
        world.person(f"{source}:vera", "Vera Lamprecht", mobile=mobile(9002), birth_date=born(9002))
    world.decide("different", "crm:sylvia", "erp:sylvia")
    # first –everything– second –little– third –everything– fourth
    for name, own in (("first", 9003), ("second", 9003), ("third", 9004), ("fourth", 9004)):
        world.person(name, "Irmgard Salm", birth_date=born(9003), email=f"irmgard{own}@web.de", mobile=mobile(own))
    world.decide("different", "first", "fourth")
    # A `same` along which a `different` stands.
    for name in ("Kurt", "Lothar", "Manfred"):
        world.person(name, f"{name} Zeidler{name[0].lower()}")
    world.decide("same", "Kurt", "Lothar")
    world.decide("same", "Lothar", "Manfred")
    world.decide("different", "Kurt", "Manfred")
    world.decide("same", "ben", "nobody")
    world.organisation("boll", "Boll GmbH", domain="boll.example", **home(9005))
    world.organisation("erp:boll", "Boll AG", domain="boll.example", **home(9005))
    world.organisation("stein", "Steinhauer AG", **home(9006))
    world.decide("different", "boll", "erp:boll", kind="organisation")
    world.decide("same", "boll", "stein", kind="organisation")
    report = world.resolve()
    return world, report


def test_same_joins_what_no_evidence_joins(decided: tuple[World, IdentityReport]) -> None:
    world, _ = decided
    assert world.together("ben", "robert")
    link = world.link("ben")
    assert (link["rule"], link["score"], link["decided_by"]) == ("decision", 1.0, "person")
    edge = world.edge("ben", "robert")
    assert edge is not None
    assert (edge["used"], edge["reason"]) == ("used", "decided the same by Ada on 2026-01-01: we called them")


def test_same_overrules_a_guard(decided: tuple[World, IdentityReport]) -> None:
    world, _ = decided
    assert world.together("Moritz", "Barbara")


def test_different_parts_what_evidence_joins(decided: tuple[World, IdentityReport]) -> None:
    world, _ = decided
    assert world.together("crm:vera", "erp:vera")
    assert world.apart("crm:sylvia", "erp:sylvia")
    edge = world.edge("crm:sylvia", "erp:sylvia")
    assert edge is not None
    assert edge["used"] == "refused"
    assert edge["reason"].startswith("decided different by Ada")


def test_different_parts_a_chain_where_it_is_weakest(decided: tuple[World, IdentityReport]) -> None:
    world, _ = decided
    assert {frozenset({"crm:first", "crm:second"}), frozenset({"crm:third", "crm:fourth"})} <= world.customers()


def test_decisions_about_organisations_hold_too(decided: tuple[World, IdentityReport]) -> None:
    world, _ = decided
    assert {frozenset({"crm:boll", "crm:stein"}), frozenset({"erp:boll"})} <= world.customers()


def test_a_decision_about_a_record_that_is_not_there_is_reported(decided: tuple[World, IdentityReport]) -> None:
    world, report = decided
    line = 2 + next(number for number, decision in enumerate(world.decisions) if "nobody" in decision)
    assert report.unknown_decisions == (
        f"line {line}: crm:Contact:ben, crm:Contact:nobody. "
        "Expected two people or two organisations that are there now.",
    )


def test_same_against_different_is_reported_and_different_wins(decided: tuple[World, IdentityReport]) -> None:
    world, report = decided
    assert world.apart("Kurt", "Manfred")
    assert len(report.overruled_decisions) == 1


def test_decisions_survive_a_rebuild(decided: tuple[World, IdentityReport]) -> None:
    world, _ = decided
    tables = ("link", "edge", "registry", "member")
    before = {name: world.table(name) for name in tables}
    shutil.rmtree(world.data / "identity")
    world.resolve(2)
    assert all(world.table(name).equals(before[name]) for name in tables)


@pytest.mark.parametrize(
    ("later", "earlier"),
    [("2026-03-01", "2026-02-01"), ("2026-03-01", ""), ("2026-03-01T10:00:00+01:00", "2026-03-01T08:30:00Z")],
)
def test_the_latest_decision_about_a_pair_holds(tmp_path: Path, later: str, earlier: str) -> None:
    file = tmp_path / "decisions.csv"
    rows = (f"same,s,o,2,s,o,1,,,{later}", f"different,s,o,1,s,o,2,,,{earlier}")
    file.write_text("\n".join((",".join(COLUMNS), *rows)), encoding="utf-8")
    (decision,) = read_decisions(file)
    assert (decision.same, decision.record_a, decision.record_b) == (True, "s:o:1", "s:o:2")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("maybe,s,o,1,s,o,2,,,", "line 2, column decision: 'maybe'"),
        ("same,s,o,,s,o,2,,,", "line 2: source_a, object_a and record_a"),
        ("same,s,o,1,s,o,1,,,", "line 2: s:o:1 stands on both sides"),
        ("same,s,o,1,s,o,2,,,2025-9-30", "line 2, column when: '2025-9-30'. Expected a day such as"),
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
