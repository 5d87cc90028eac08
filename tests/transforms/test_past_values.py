"""What a record said once and says no more is kept, dated; what it says now, and what is gone, is not."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.spec import SourceSettings
from tests.transforms.landed import PERSON, Source, connector, people
from transforms.past_values import PastValue
from transforms.record_files import remove_sources_except

Past = list[tuple[str, str, str, int]]
Person = list[dict[str, str | None]]


def past(source: Source, kind: str = "person") -> Past:
    """record_id, field, value and day last seen, of what normalise writes."""
    source.contacts()
    frame = PastValue.validate(pl.read_parquet(source.data / "past_values" / kind / "crm.parquet"))
    assert frame.equals(frame.sort("source", "object", "record_id", "field", "value"))
    return [(r["record_id"], r["field"], r["value"], r["last_seen"].day) for r in frame.to_dicts()]


def ada(**said: str | None) -> Person:
    return people(1, **said)


@pytest.mark.parametrize("complete", [True, False])
def test_an_earlier_email_is_past_and_what_stayed_is_not(tmp_path: Path, complete: bool) -> None:
    source = Source(tmp_path)
    source.deliver(1, [*ada(email="Old <OLD@x.com>", phone="030 901820"), *people(2, email="b@x.com")])
    source.deliver(2, [*ada(email="new@x.com", phone="+49 30 901820"), *people(2, email="b@x.com")], complete=complete)
    assert past(source) == [("1", "email", "old@x.com", 1)]
    frame = pl.read_parquet(tmp_path / "past_values" / "person" / "crm.parquet")
    assert frame.row(0, named=True) == {
        "source": "crm", "object": "Contact", "record_id": "1", "field": "email", "value": "old@x.com",
        "last_seen": datetime(2026, 1, 1, tzinfo=UTC),
    }  # fmt: skip


def test_a_value_that_was_emptied_or_does_not_clean_any_more_is_past(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.deliver(1, [*ada(email="a@x.com"), *people(2, email="b@x.com")])
    source.deliver(2, [*ada(email=None), *people(2, email="b at x")])
    assert past(source) == [("1", "email", "a@x.com", 1), ("2", "email", "b@x.com", 1)]


def test_a_value_that_came_back_is_not_past_but_the_one_between_is(tmp_path: Path) -> None:
    source = Source(tmp_path)
    for day, email in enumerate(("a@x.com", "b@x.com", "a@x.com"), 1):
        source.deliver(day, ada(email=email))
    assert past(source) == [("1", "email", "b@x.com", 2)]


def test_a_value_is_dated_by_the_newest_delivery_that_still_had_it(tmp_path: Path) -> None:
    source = Source(tmp_path)
    old, new = ada(email="a@x.com", city="Ulm"), ada(email="b@x.com")
    for day, said in enumerate((old, ada(email="A@X.com", city="Bonn"), old, new), 1):
        source.deliver(day, said)
    assert past(source) == [("1", "email", "a@x.com", 3)]


def test_content_that_lies_on_beside_newer_content_is_not_dated_by_it(tmp_path: Path) -> None:
    source = Source(tmp_path)
    old, new = ada(email="a@x.com", changed="2026-01-01"), ada(email="b@x.com", changed="2026-01-05")
    source.deliver(2, old)
    source.deliver(5, old, new)
    source.deliver(6, old, new)
    assert past(source) == [("1", "email", "a@x.com", 2)]


def test_of_versions_that_arrived_together_the_older_ones_are_past(tmp_path: Path) -> None:
    source = Source(tmp_path)
    versions = [ada(email=f"{n}@x.com", changed=f"2026-01-0{n}") for n in (2, 1, 3)]
    source.deliver(4, list(itertools.chain(*versions)))
    source.deliver(5, list(itertools.chain(*versions)))
    assert past(source) == [("1", "email", "1@x.com", 4), ("1", "email", "2@x.com", 4)]


def test_a_record_that_is_gone_has_no_past_and_one_that_returns_has(tmp_path: Path) -> None:
    source = Source(tmp_path)
    others = people(*range(2, 10))
    source.deliver(1, [*ada(email="a@x.com"), *others])
    source.deliver(2, [*ada(email="b@x.com"), *others])
    source.deliver(3, others)
    assert past(source) == []
    source.deliver(4, [*ada(email="c@x.com"), *others])
    assert past(source) == [("1", "email", "a@x.com", 1), ("1", "email", "b@x.com", 2)]


def test_a_row_that_says_it_is_deleted_ends_the_past_too(tmp_path: Path) -> None:
    source = Source(tmp_path, connector(deleted={"gone": ["1"]}))
    source.deliver(1, ada(email="a@x.com", gone="0"), complete=False)
    source.deliver(2, ada(email="b@x.com", gone="1"), complete=False)
    assert past(source) == []
    source.deliver(3, ada(email="c@x.com", gone="0"), complete=False)
    assert past(source) == [("1", "email", "a@x.com", 1)]


def test_a_late_delivery_of_old_rows_is_past_and_does_not_become_the_present(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.deliver(5, ada(email="new@x.com"))
    source.deliver(2, ada(email="old@x.com"))
    assert past(source) == [("1", "email", "old@x.com", 2)]
    assert source.records()["email"].to_list() == ["new@x.com"]


@pytest.mark.parametrize("complete", [True, False])
def test_any_order_of_landing_and_a_rebuild_give_the_same(tmp_path: Path, complete: bool) -> None:
    states = {
        1: [*ada(email="a@x.com", phone="030 901820"), *people(2, last="Maiden")],
        2: [*ada(email="b@x.com", phone="030 901821"), *people(2, last="Married")],
        3: [*ada(email="a@x.com"), *people(2, last="Married", email="m@x.com")],
    }
    found = []
    for number, days in enumerate(itertools.permutations(states)):
        step_by_step = Source(tmp_path / f"{number}s")
        at_once = Source(tmp_path / f"{number}o")
        for day in days:
            step_by_step.deliver(day, states[day], complete=complete)
            step_by_step.run()
            at_once.deliver(day, states[day], complete=complete)
        found += [past(step_by_step), past(at_once)]
    assert found == [
        [
            ("1", "email", "b@x.com", 2),
            ("1", "phone", "+4930901820", 1),
            ("1", "phone", "+4930901821", 2),
            ("2", "family_name", "Maiden", 1),
        ]
    ] * len(found)


def test_a_past_phone_is_read_in_the_country_of_its_own_row(tmp_path: Path) -> None:
    source = Source(tmp_path, settings=SourceSettings())
    source.deliver(1, ada(phone="020 7946 0958", country="England"))
    source.deliver(2, ada(phone="020 7946 0958", country="Germany"))
    assert past(source) == [("1", "phone", "+442079460958", 1)]


def test_only_versions_that_were_the_record_count(tmp_path: Path) -> None:
    def kind(kind: str, word: str, fields: dict[str, Any]) -> dict[str, Any]:
        return {"kind": kind, "when": {"type": [word]}, "fields": fields}

    organisation = {"name": "last", "email": "email", "domain": {"from": "web", "clean": "domain"}}
    one = connector(
        exclude={"test": {"last": ["*test*"]}},
        records=[kind("person", "p", PERSON), kind("organisation", "o", organisation)],
    )
    source = Source(tmp_path, one)
    source.deliver(1, ada(email="a@x.com", type="p"))
    source.deliver(2, ada(email="b@x.com", type="o", last="Test Ltd"))
    source.deliver(3, ada(email="c@x.com", type="o", web="www.old.com"))
    source.deliver(4, ada(email="d@x.com", type="o", web="new.com"))
    assert past(source) == []
    assert past(source, "organisation") == [("1", "domain", "old.com", 3), ("1", "email", "c@x.com", 3)]


def test_a_value_that_another_record_of_the_row_took_over_is_past(tmp_path: Path) -> None:
    private = {"kind": "person", "when": {"vip": ["1"]}, "fields": {"email": "private"}}
    office = {"kind": "person", "fields": {"email": "office"}}
    source = Source(tmp_path, connector(records=[private, office]))
    source.deliver(1, ada(vip="1", private="p@x.com", office="o@x.com"))
    source.deliver(2, ada(vip="0", private="p@x.com", office="o@x.com"))
    assert past(source) == [("1", "email", "p@x.com", 1)]


def test_the_organisation_that_a_row_implies_has_its_own_past(tmp_path: Path) -> None:
    company = {
        "kind": "organisation",
        "role": "company",
        "fields": {"name": "company", "domain": {"from": "web", "clean": "domain"}},
    }
    source = Source(tmp_path, connector(records=[{"kind": "person", "fields": PERSON}, company]))
    source.deliver(1, ada(company="Acme", web="acme.com"))
    source.deliver(2, ada(company="Acme", web="acme.org"))
    assert (past(source), past(source, "organisation")) == ([], [("1", "domain", "acme.com", 1)])
    frame = pl.read_parquet(tmp_path / "past_values" / "organisation" / "crm.parquet")
    assert frame["object"].to_list() == ["Contact.company"]


def test_columns_that_come_go_and_differ_in_capitals_only_are_told_apart(tmp_path: Path) -> None:
    fields = PERSON | {"email": {"from": ["email", "EMAIL"]}}
    source = Source(tmp_path, connector(records=[{"kind": "person", "fields": fields}]))
    source.deliver(1, [{"EMAIL": "upper@x.com", "email": None, "id": "1", "unnamed; 'so' \"called\"": "x"}])
    source.deliver(2, [{"id": "1", "email": "lower@x.com"}])
    source.deliver(3, [{"id": "1", "last": "Lovelace"}])
    assert past(source) == [("1", "email", "lower@x.com", 2), ("1", "email", "upper@x.com", 1)]


def test_only_rows_that_differ_are_cleaned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned: list[int] = []

    def counting(plan: Any, rows: pl.LazyFrame) -> pl.LazyFrame:
        cleaned.append(rows.select(pl.len()).collect().item())
        return apply(plan, rows)

    from transforms.mapping import apply  # noqa: PLC0415

    monkeypatch.setattr("transforms.past_values.apply", counting)
    source = Source(tmp_path)
    source.deliver(1, people(*range(50), email="a@x.com", city="Ulm"))
    assert (past(source), cleaned) == ([], [])
    source.deliver(2, people(*range(50), email="a@x.com", city="Bonn"))
    assert (past(source), cleaned) == ([], [])
    source.deliver(3, [*people(*range(2), email="b@x.com"), *people(*range(2, 50), email="a@x.com")])
    assert (len(past(source)), cleaned) == (2, [2])  # each wording once, though two deliveries had it


def test_large_objects_are_cleaned_in_pieces_with_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def result(data: Path) -> Past:
        source = Source(data)
        for day in range(1, 4):
            source.deliver(day, [one for n in range(30) for one in people(n, email=f"{n}-{day * (n % 5)}@x.com")])
        return past(source)

    whole = result(tmp_path / "whole")
    assert len(whole) == 48
    monkeypatch.setattr("transforms.versions.PIECE", 7)
    monkeypatch.setattr("transforms.past_values.PIECE", 7)
    monkeypatch.setattr("transforms.versions.IN_MEMORY", 0)
    assert result(tmp_path / "pieces") == whole


def test_the_file_stands_beside_the_records_and_goes_with_them(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.deliver(1, ada(email="a@x.com"))
    assert past(source) == []
    path = tmp_path / "past_values" / "person" / "crm.parquet"
    assert path.stat().st_mode & 0o777 == 0o600
    assert source.run().unchanged
    path.unlink()
    assert not source.run().unchanged
    source.connector = connector(records=[{"kind": "organisation", "fields": {"name": "last"}}])
    source.run()
    assert [p.parent.name for p in tmp_path.glob("past_values/*/*")] == ["organisation"]
    remove_sources_except(tmp_path, [])
    assert list(tmp_path.glob("past_values/*/*")) == []


def test_what_a_row_says_that_was_merged_is_past_of_its_survivor(tmp_path: Path) -> None:
    source = Source(tmp_path, connector(merged_into="master"))
    survivor = people(1, email="a@x.com", phone="030 901820")
    source.deliver(1, [*survivor, *people(2, email="b@x.com", phone="030 901820")])
    source.deliver(2, [*survivor, *people(2, email="c@x.com", phone="030 901820", master="1")])
    assert [one[:3] for one in past(source)] == [("1", "email", "c@x.com"), ("1", "family_name", "Family2")]
    # It stays so when the swallowed row comes no more.
    source.deliver(3, survivor)
    assert [one[:3] for one in past(source)] == [("1", "email", "c@x.com"), ("1", "family_name", "Family2")]
    # Of a survivor that is not there nothing is past.
    source.deliver(4, people(2, email="c@x.com", master="9"), complete=False)
    assert past(source) == []


def test_other_kinds_have_no_past(tmp_path: Path) -> None:
    source = Source(tmp_path, connector(records=[{"kind": "employee", "fields": {"email": "email"}}]))
    source.deliver(1, ada(email="a@x.com"))
    source.deliver(2, ada(email="b@x.com"))
    source.contacts()
    assert not (tmp_path / "past_values").exists()
