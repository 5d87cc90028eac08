"""Newer deliveries supersede and delete; what would delete too much is held."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.transforms.landed import Source, connector, people


def ids(source: Source) -> list[str]:
    return sorted(source.records()["record_id"], key=int)


def test_a_newer_delivery_supersedes_and_what_it_lacks_is_deleted(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.deliver(1, people(*range(10)))
    source.deliver(2, people(*range(1, 11), first="Eve"))
    report = source.contacts()
    assert (report.landed, report.accepted, report.superseded, report.deleted) == (20, 10, 9, 1)
    assert ids(source) == [str(n) for n in range(1, 11)]
    assert source.records()["given_name"].unique().to_list() == ["Eve"]


def test_changes_delete_nothing(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.deliver(1, people(*range(5)))
    source.deliver(2, people(1, first="Eve"), complete=False)
    report = source.contacts()
    assert (report.accepted, report.superseded, report.deleted) == (5, 1, 0)


def test_a_delivery_that_would_delete_too_much_is_held_until_it_is_released(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.deliver(1, people(*range(10)))
    late = source.deliver(2, people(*range(7), first="Eve"))
    held = source.contacts()
    assert [(h.delivery, h.living, h.lost) for h in held.held] == [(late, 10, 3)]
    assert (held.accepted, held.superseded, held.deleted) == (10, 7, 0)
    released = source.contacts(frozenset({late}))
    assert (released.held, released.accepted, released.deleted) == ((), 7, 3)


def test_a_fifth_may_go_unasked_and_the_next_whole_delivery_ends_a_hold(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.deliver(1, people(*range(10)))
    source.deliver(2, people(*range(2, 10)))
    assert source.contacts().deleted == 2
    source.deliver(3, people(2))
    assert len(source.contacts().held) == 1
    source.deliver(4, people(*range(2, 10), first="Eve"))
    report = source.contacts()
    assert (report.held, report.accepted) == ((), 8)


def test_old_content_delivered_again_is_the_newest_version(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.deliver(1, people(1, 2, 3))
    source.deliver(2, people(1, 2, 3, first="Eve"))
    source.deliver(3, people(1, 2, 3))
    report = source.contacts()
    assert (report.landed, report.accepted, report.superseded) == (6, 3, 3)
    assert source.records()["given_name"].unique().to_list() == ["Ada"]
    assert source.records()["observed_at"].dt.day().unique().to_list() == [3]


def test_within_a_delivery_the_latest_change_wins_then_the_later_row(tmp_path: Path) -> None:
    source = Source(tmp_path)
    new, old = people(1, first="New", changed="2026-01-02"), people(1, first="Old", changed="2026-01-01")
    twice = people(2, first="First", changed=None) + people(2, first="Last", changed=None)
    source.deliver(3, new + twice, old)
    report = source.contacts()
    assert (report.accepted, report.superseded) == (2, 2)
    assert source.records()["given_name"].to_list() == ["New", "Last"]


def test_a_row_that_says_it_is_deleted_deletes_its_record_and_may_return(tmp_path: Path) -> None:
    source = Source(tmp_path, connector(deleted={"gone": ["true"]}))
    source.deliver(1, people(1, 2, gone="false"), complete=False)
    source.deliver(2, people(1, gone="TRUE"), complete=False)
    report = source.contacts()
    assert (report.accepted, report.superseded, report.deleted, ids(source)) == (1, 1, 1, ["2"])
    source.deliver(3, people(1, gone="false", first="Back"), complete=False)
    assert source.contacts().accepted == 2


def test_those_already_said_to_be_deleted_do_not_count_as_lost(tmp_path: Path) -> None:
    source = Source(tmp_path, connector(deleted={"gone": ["true"]}))
    source.deliver(1, people(*range(5), gone="false") + people(*range(5, 10), gone="true"))
    source.deliver(2, people(*range(5), gone="false", first="Eve"))
    report = source.contacts()
    assert (report.held, report.accepted) == ((), 5)


def test_keys_are_compared_as_cleaned(tmp_path: Path) -> None:
    source = Source(tmp_path, connector(clean_key="salesforce_id"))
    source.deliver(1, [{"id": "001E000000M4pZB", "first": "Short"}], complete=False)
    source.deliver(
        2,
        [{"id": "001E000000M4pZBIAZ", "first": "Long"}, {"id": "000000000000000AAA", "first": "Nobody"}],
        complete=False,
    )
    report = source.contacts()
    assert (report.accepted, report.superseded, report.rejected) == (1, 1, {"has no usable key": 1})
    assert source.records().select("record_id", "given_name").rows() == [("001E000000M4pZBIAZ", "Long")]


def test_every_landed_row_has_exactly_one_outcome(tmp_path: Path) -> None:
    source = Source(tmp_path)
    for day in range(1, 7):
        source.deliver(day, people(*range(day, 40)), people(*range(day, 40, 2), first="Eve"), complete=day % 2 == 1)
    report = source.contacts()
    outcomes = pl.read_parquet(tmp_path / "outcomes" / "crm" / "Contact.parquet")
    assert outcomes.height == report.landed == outcomes.unique(["export", "row"]).height


def test_large_objects_are_taken_in_pieces_and_compared_on_disk_with_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def result(data: Path) -> list[pl.DataFrame]:
        source = Source(data)
        source.deliver(1, people(*range(30)))
        first = source.contacts()
        source.deliver(2, people(*range(3, 33), first="Eve"))
        second = source.contacts()
        assert (first.accepted, second.accepted, second.superseded, second.deleted) == (30, 30, 27, 3)
        return [source.records(), pl.read_parquet(data / "outcomes" / "crm" / "Contact.parquet").sort("export", "row")]

    whole = result(tmp_path / "whole")
    monkeypatch.setattr("transforms.versions.PIECE", 7)
    monkeypatch.setattr("transforms.versions.IN_MEMORY", 0)
    assert all(a.equals(b) for a, b in zip(whole, result(tmp_path / "pieces"), strict=True))


JOBS = [
    {"id": "1", "first": "Ada", "last": "Side", "changed": "2026-01-03", "primary": "0"},
    {"id": "1", "first": "Ada", "last": "Main", "changed": "2026-01-01", "primary": "Yes"},
    {"id": "1", "first": "Ada", "last": "Unsaid", "changed": "2026-01-04", "primary": None},
    {"id": "2", "first": "Bob", "last": "Old", "changed": "2026-01-01", "primary": "0"},
    {"id": "2", "first": "Bob", "last": "New", "changed": "2026-01-02", "primary": "0"},
]


def names(source: Source) -> list[str]:
    return source.records().sort("record_id")["family_name"].to_list()


def test_of_several_rows_of_a_record_the_preferred_one_counts_and_the_others_are_superseded(tmp_path: Path) -> None:
    source = Source(tmp_path, connector(several={"prefer": {"primary": ["1", "yes"]}}))
    source.deliver(1, JOBS)
    report = source.contacts()
    assert (report.accepted, report.superseded) == (2, 3)
    assert names(source) == ["Main", "New"]


def test_without_a_preference_the_newest_of_several_rows_counts(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.deliver(1, JOBS)
    source.contacts()
    assert names(source) == ["Unsaid", "New"]


def test_a_newer_delivery_counts_before_a_preferred_row_of_an_older_one(tmp_path: Path) -> None:
    source = Source(tmp_path, connector(several={"prefer": {"primary": ["yes", "0"]}}))
    source.deliver(1, JOBS)
    source.deliver(2, [JOBS[2] | {"last": "Later"}], complete=False)
    source.contacts()
    assert names(source) == ["Later", "New"]


def test_the_values_of_a_preference_stand_in_their_order(tmp_path: Path) -> None:
    source = Source(tmp_path, connector(several={"prefer": {"primary": ["0", "yes"]}}))
    source.deliver(1, JOBS)
    source.contacts()
    assert names(source) == ["Side", "New"]


def changes(source: Source, day: int, *rows: list[dict[str, str | None]]) -> None:
    source.deliver(day, *rows, complete=False)


def first_names(source: Source) -> list[str]:
    source.contacts()
    return source.records().sort("record_id")["given_name"].to_list()


def test_a_change_that_arrives_late_does_not_undo_a_newer_one(tmp_path: Path) -> None:
    source = Source(tmp_path)
    changes(source, 5, people(1, first="New", changed="2026-01-04T10:00:00Z") + people(2, changed="2026-01-04"))
    changes(source, 6, people(1, first="Late", changed="2026-01-03T09:00:00Z"))
    report = source.contacts()
    assert (report.accepted, report.superseded) == (2, 1)
    assert first_names(source) == ["New", "Ada"]


def test_of_equal_times_of_change_the_later_delivery_counts(tmp_path: Path) -> None:
    source = Source(tmp_path)
    changes(source, 5, people(1, first="First", changed="2026-01-04"))
    changes(source, 6, people(1, first="Second", changed="2026-01-04"))
    assert first_names(source) == ["Second"]


def test_a_change_without_its_time_counts_as_made_when_it_came(tmp_path: Path) -> None:
    source = Source(tmp_path)
    changes(source, 5, people(1, first="Dated", changed="2026-01-04"))
    changes(source, 6, people(1, first="Undated", changed=None))
    assert first_names(source) == ["Undated"]
    changes(source, 7, people(1, first="Late", changed="2026-01-03"))
    assert first_names(source) == ["Undated"]
    changes(source, 8, people(1, first="Newest", changed="2026-01-07"))
    assert first_names(source) == ["Newest"]


def test_a_time_of_change_that_its_delivery_cannot_know_rules_nothing(tmp_path: Path) -> None:
    source = Source(tmp_path)
    changes(source, 5, people(1, first="Clock", changed="2099-01-01"))
    changes(source, 6, people(1, first="Right", changed="2026-01-05"))
    assert first_names(source) == ["Right"]


def test_a_whole_delivery_counts_whatever_its_rows_say_of_their_change(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.deliver(5, people(1, 2, first="New", changed="2026-01-04"))
    source.deliver(6, people(1, 2, first="Restored", changed="2026-01-02"))
    changes(source, 7, people(1, first="Late", changed="2026-01-01") + people(2, first="Later", changed="2026-01-06"))
    assert first_names(source) == ["Restored", "Later"]


def test_a_late_row_neither_deletes_nor_revives_a_record(tmp_path: Path) -> None:
    source = Source(tmp_path, connector(deleted={"gone": ["true"]}))
    changes(source, 5, people(1, gone="false", changed="2026-01-04") + people(2, gone="true", changed="2026-01-04"))
    changes(source, 6, people(1, gone="true", changed="2026-01-02") + people(2, gone="false", changed="2026-01-02"))
    source.contacts()
    assert ids(source) == ["1"]
    changes(source, 7, people(1, gone="true", changed="2026-01-06") + people(2, gone="false", changed="2026-01-06"))
    source.contacts()
    assert ids(source) == ["2"]
