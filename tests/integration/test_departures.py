"""What leaves: a record that its source merged into another one, and a source that is removed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from tests.integration.conftest import Place
from tests.rederive.compare import compare
from transforms.policy import load_policy

HEADER = "Id,IsDeleted,MasterRecordId,AccountId,FirstName,LastName,Email,OwnerId,LastModifiedDate"
NOBODY = "000000000000000AAA"


def contacts(merged: Mapping[int, int] = {}) -> str:
    """All rows of eight contacts; `merged`: number -> number of the one that survived it."""
    rows = [
        f"{key(number)},{number in merged:d},{key(merged[number]) if number in merged else NOBODY},{NOBODY},Ada,"
        f"Family{number},ada.{number}@example.com,{NOBODY},2026-07-0{2 if number in merged else 1} 00:00:00"
        for number in range(8)
    ]
    return "\n".join([HEADER, *rows]) + "\n"


def key(number: int) -> str:
    return f"003E0000000000{number}"


def concord(place: Place, *command: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*command, "--data", str(place.data), "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


@dataclass(frozen=True)
class Stage:
    """What a publication holds: record -> customer, and the rows of the table by id."""

    links: dict[tuple[str, str], str]
    customers: dict[str, dict[str, Any]]
    statuses: dict[str, str]

    @classmethod
    def of(cls, place: Place) -> Stage:
        links = place.table("identity_link").select("source", "record_id", "customer_id").rows()
        rows = place.table("customer").to_dicts()
        aliases = place.table("customer_alias").select("id", "status").rows()
        return cls(
            {(source, record[:15]): customer for source, record, customer in links},
            {row.pop("customer_id"): row for row in rows},
            dict(aliases),
        )


@dataclass(frozen=True)
class Story:
    place: Place
    before: Stage
    removed: dict[str, Any]
    after: Stage
    again: str
    """The outcome of one more run."""


@pytest.fixture(scope="module")
def story(new_place: Callable[[Path | None], Place], tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Two sources; then one merges two contacts, and the other is removed."""
    place = new_place(tmp_path_factory.mktemp("story") / "exports")
    place.put("salesforce/2026-07-01/Contact.csv", contacts())
    place.put(
        "hubspot/all-contacts-2026-07-01.csv",
        "Record ID,First Name,Last Name,Email\n1,Ada,Family5,ada.5@example.com\n2,Zoe,Quist,zoe@quist.example\n",
    )
    assert place.run("2026-07-01")["publication"]["outcome"] == "published"
    before = Stage.of(place)

    place.put("salesforce/2026-07-02/Contact.csv", contacts({2: 1}))
    shutil.rmtree(place.exports / "hubspot")
    removed = concord(place, "sources", "remove", "hubspot", "--exports", str(place.exports))
    assert place.run("2026-07-02")["publication"]["outcome"] == "published"
    after = Stage.of(place)
    return Story(place, before, removed, after, place.run("2026-07-02")["publication"]["outcome"])


def test_the_id_of_a_contact_that_was_merged_resolves_to_its_survivors_customer(story: Story) -> None:
    old, survivor = (story.before.links["salesforce", key(number)] for number in (2, 1))
    resolved = concord(story.place, "resolve", old)
    assert (resolved["status"], resolved["customer_ids"]) == ("merged", [survivor])
    assert story.after.links["salesforce", key(1)] == survivor
    assert ("merge", old) in story.place.table("customer_change").select("op", "customer_id").rows()


def test_nobody_else_of_that_source_moves(story: Story) -> None:
    others = {one: customer for one, customer in story.before.links.items() if one[0] == "salesforce"}
    assert others.pop(("salesforce", key(2)))
    assert story.after.links == others


def test_what_is_published_of_it_is_derived_a_second_way(story: Story) -> None:
    assert compare(story.place.data, load_policy(story.place.settings.policy)).mismatches == ()


def test_a_source_that_is_removed_takes_its_own_customers_along_and_no_others(story: Story) -> None:
    assert story.removed == {"source": "hubspot", "deliveries_removed": 1}
    before, after = story.before, story.after
    alone, shared = before.links["hubspot", "2"], before.links["hubspot", "1"]
    assert after.statuses[alone] == "gone"
    assert shared == before.links["salesforce", key(5)]
    assert (before.customers[shared]["source_count"], after.customers[shared]["sources"]) == (2, ["salesforce"])
    rest = set(before.customers) - {alone, shared, before.links["salesforce", key(2)]}
    assert set(after.customers) == rest | {shared}
    said = ("display_name", "email", "sources", "match_confidence")
    assert all(after.customers[one][column] == before.customers[one][column] for one in rest for column in said)


def test_nothing_of_a_removed_source_is_left_but_its_ids(story: Story) -> None:
    data = story.place.data
    derived = ("landed", "rejected", "records", "past_values", "merged", "outcomes", "value_issues", "cache")
    assert [path for floor in derived for path in (data / floor).rglob("*hubspot*")] == []
    assert "hubspot" not in pl.read_parquet(data / "sources.parquet")["source"]
    assert story.again == "unchanged"
