"""What a source merged: the swallowed row is gone and accounted for, and leads to its survivor."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from connectors.spec import Connector
from tests.transforms.landed import PERSON, Source, connector, people
from transforms.merges import Merge
from transforms.record_files import remove_sources_except

INTO = {"merged_into": "master"}
LISTED = {"swallows": "ids"}


def merges(source: Source, kind: str = "person") -> list[tuple[str, str]]:
    """Swallowed and surviving record of every merge, after a run."""
    source.contacts()
    frame = Merge.validate(pl.read_parquet(source.data / "merged" / kind / "crm.parquet"))
    assert frame.equals(frame.sort(frame.columns))
    return frame.select("record_id", "into_record_id").rows()


def test_a_row_that_names_its_survivor_is_gone_whatever_else_it_says(tmp_path: Path) -> None:
    source = Source(tmp_path, connector(deleted={"gone": ["1"]}, **INTO))
    source.deliver(1, [*people(1), *people(2, master="1"), *people(3, master="1", gone="1"), *people(4, gone="1")])
    report = source.contacts()
    assert (report.landed, report.accepted, report.deleted) == (4, 1, 3)
    rules = pl.read_parquet(tmp_path / "outcomes" / "crm" / "Contact.parquet").sort("row")["rule"].to_list()
    assert rules == [None, "merged into another record", "the row says so", "the row says so"]
    assert merges(source) == [("2", "1"), ("3", "1")]


def test_a_row_that_names_itself_was_not_merged(tmp_path: Path) -> None:
    source = Source(tmp_path, connector(**INTO))
    source.deliver(1, [*people(1, master="1"), *people(2, master="null"), *people(3, master=" ")])
    assert merges(source) == []
    assert source.contacts().accepted == 3


@pytest.mark.parametrize("cell", ["7; 8;1", '["7", "8"]', "8,7"])
def test_a_survivor_lists_whom_it_swallowed(tmp_path: Path, cell: str) -> None:
    source = Source(tmp_path, connector(**LISTED))
    source.deliver(1, people(1, ids=cell))
    assert merges(source) == [("7", "1"), ("8", "1")]


def test_keys_of_others_are_cleaned_as_the_own_key_and_told_where_they_do_not_clean(tmp_path: Path) -> None:
    one = connector(clean_key="salesforce_id", **INTO, **LISTED)
    source = Source(tmp_path, one)
    first, second, third = "001E000000M4pZB", "001E000000M4pZC", "001E000000M4pZD"
    source.deliver(1, [{"id": first, "ids": f"{second};nonsense"}, {"id": third, "master": "nobody"}])
    found = merges(source)
    assert [(one[:15], other[:15]) for one, other in found] == [(second, first)]
    assert all(len(key) == 18 for merge in found for key in merge)
    assert [(issue["field"], issue["column"], issue["value"]) for issue in source.issues()] == [
        ("swallows", "ids", f"{second};nonsense"),
        ("merged_into", "master", "nobody"),
    ]


@pytest.mark.parametrize("complete", [True, False])
def test_a_merge_is_remembered_after_the_swallowed_row_came_no_more(tmp_path: Path, complete: bool) -> None:
    source = Source(tmp_path, connector(**INTO))
    source.deliver(1, people(*range(1, 9)))
    source.deliver(2, [*people(*range(1, 8)), *people(8, master="1")], complete=False)
    source.deliver(3, people(*range(1, 8)), complete=complete)
    assert merges(source) == [("8", "1")]
    assert "8" not in source.records()["record_id"]


def test_a_merge_ends_with_the_version_that_told_of_it(tmp_path: Path) -> None:
    source = Source(tmp_path, connector(**INTO, **LISTED))
    source.deliver(1, [*people(1), *people(2, master="1"), *people(3, ids="4")])
    assert merges(source) == [("2", "1"), ("4", "3")]
    source.deliver(2, people(1, 2, 3))
    assert merges(source) == []
    assert source.contacts().accepted == 3


def test_those_who_were_merged_do_not_count_as_lost(tmp_path: Path) -> None:
    source = Source(tmp_path, connector(**INTO))
    source.deliver(1, people(*range(10)))
    source.deliver(2, [*people(0), *people(*range(1, 10), master="0")], complete=False)
    source.deliver(3, people(0))
    report = source.contacts()
    assert (report.held, report.accepted) == ((), 1)


def test_the_organisations_that_rows_imply_are_merged_with_them(tmp_path: Path) -> None:
    company = {"kind": "organisation", "role": "company", "fields": {"name": "firm"}}
    source = Source(tmp_path, connector(records=[{"kind": "person", "fields": PERSON}, company], **INTO))
    source.deliver(1, [*people(1, firm="Acme"), *people(2, firm="Acme Inc", master="1")])
    assert merges(source) == merges(source, "organisation") == [("2", "1")]
    assert pl.read_parquet(tmp_path / "merged" / "organisation" / "crm.parquet")["object"].to_list() == [
        "Contact.company"
    ]


def test_other_kinds_go_and_lead_nowhere(tmp_path: Path) -> None:
    one: Connector = connector(records=[{"kind": "deal", "fields": {"name": "last"}}], **INTO)
    source = Source(tmp_path, one)
    source.deliver(1, [*people(1), *people(2, master="1")])
    assert (source.contacts().accepted, source.contacts().deleted) == (1, 1)
    assert not (tmp_path / "merged").exists()


def test_the_file_goes_with_the_word_and_with_the_source(tmp_path: Path) -> None:
    source = Source(tmp_path, connector(**INTO))
    source.deliver(1, [*people(1), *people(2, master="1")])
    source.run()
    assert source.run().unchanged
    path = tmp_path / "merged" / "person" / "crm.parquet"
    assert path.stat().st_mode & 0o777 == 0o600
    path.unlink()
    assert not source.run().unchanged
    source.connector = connector()
    assert source.contacts().accepted == 2
    assert not path.exists()
    source.connector = connector(**INTO)
    source.run()
    remove_sources_except(tmp_path, [])
    assert not path.exists()
