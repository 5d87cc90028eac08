"""Real exports that nobody of this project wrote, where they lie beside the checkout or CONCORD_REAL_EXPORTS says."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.ledger import deliveries
from tests.integration.conftest import Place
from tests.rederive.compare import compare
from transforms.explain import explain
from transforms.policy import load_policy

EXPORTS = Path(os.environ.get("CONCORD_REAL_EXPORTS", Path(__file__).parents[3] / "shared" / "data" / "exports"))
ORGS = ("salesforce@org2013", "salesforce@org2023")

pytestmark = pytest.mark.skipif(not EXPORTS.is_dir(), reason="the real exports are not on this machine")


@pytest.fixture(scope="module")
def real(new_place: Callable[[Path | None], Place]) -> tuple[Place, dict[str, Any]]:
    place = new_place(EXPORTS)
    return place, place.run()


def rows_in(file: Path) -> int:
    """Data rows of a file, counted with the standard library alone."""
    if file.suffix == ".csv":
        with file.open(newline="", encoding="utf-8", errors="replace") as lines:
            return sum(1 for row in csv.reader(lines) if row) - 1
    content = json.loads(file.read_text(encoding="utf-8"))
    return max(len(value) for value in content.values() if isinstance(value, list))


def test_it_is_published(real: tuple[Place, dict[str, Any]]) -> None:
    _, summary = real
    assert summary["publication"]["outcome"] == "published"
    assert summary["errors"] == []


def test_every_value_is_what_is_derived_another_way(real: tuple[Place, dict[str, Any]]) -> None:
    place, _ = real
    verdict = compare(place.data, load_policy(place.settings.policy))
    assert verdict.mismatches == ()
    assert verdict.rows["field_provenance"] > verdict.rows["customer"] > 0


LANDED = {
    ("bamboohr", "employees"): 103,
    ("dynamics365", "account_view"): 33,
    ("dynamics365", "contact_view"): 199,
    ("dynamics365", "user_view"): 13,
    ("hubspot", "companies"): 2,
    ("hubspot", "contacts"): 2,
    ("hubspot", "deals"): 2,
    ("hubspot", "tickets"): 2,
    ("personio", "employees"): 4,
    ("pipedrive", "leads"): 1,
    ("workday", "Worker"): 5,
    ("zendesk", "organizations"): 1,
    ("zendesk", "tickets"): 1,
    ("zendesk", "users"): 2,
    ("zoho", "Contacts"): 2,
}
"""Rows per object, counted by hand or with the standard library; Salesforce's are counted by `rows_in` alone."""


def test_every_source_is_read_as_what_it_is(real: tuple[Place, dict[str, Any]]) -> None:
    _, summary = real
    assert summary["skipped_sources"] == []
    landed = {(line["source"], line["object"]): line["landed"] for line in summary["sources"]}
    assert {key: rows for key, rows in landed.items() if "@" not in key[0] and rows} == LANDED


def test_what_is_no_export_of_an_object_is_refused_or_skipped_by_name(real: tuple[Place, dict[str, Any]]) -> None:
    _, summary = real
    assert [one.partition(":")[0] for one in summary["refused_files"]] == ["zoho/deals.json"]
    assert "successfactors/successfactors-data.json" in str(summary["skipped_files"])


def test_a_page_of_three_is_told_and_deletes_nobody(real: tuple[Place, dict[str, Any]]) -> None:
    place, _ = real
    (pages,) = [one for one in deliveries(place.data) if one.source == "personio"]
    assert (pages.adds_up, pages.warnings) == (False, ("2 of 3 pages are there",))


def test_workers_of_every_hr_system_are_employees(real: tuple[Place, dict[str, Any]]) -> None:
    place, _ = real
    workers = pl.read_parquet(place.data / "records" / "employee" / "*.parquet")
    assert dict(workers.group_by("source").len().iter_rows()) == {"bamboohr": 103, "personio": 4, "workday": 5}
    states = workers.filter(pl.col("source") == "bamboohr").group_by("status").len()
    assert dict(states.iter_rows()) == {"active": 86, "terminated": 17}
    assert workers.filter(pl.col("source") == "bamboohr")["terminated_on"].count() == 17


def test_contacts_without_ids_find_their_accounts_by_name(real: tuple[Place, dict[str, Any]]) -> None:
    place, _ = real
    people = pl.read_parquet(place.data / "records" / "person" / "dynamics365.parquet")
    accounts = pl.read_parquet(place.data / "records" / "organisation" / "dynamics365.parquet")
    users = pl.read_parquet(place.data / "records" / "crm_user" / "dynamics365.parquet")
    assert (people["record_id"].n_unique(), accounts.height, users.height) == (199, 33, 13)
    # Nine addresses are none: in six rows everything stands a column too far to the left.
    assert (people["email"].count(), people["email_written"].count()) == (190, 9)
    found = people.filter(pl.col("organisation_record_id").is_in(accounts["record_id"].implode()))
    with (EXPORTS / "dynamics365" / "Contact.csv").open(newline="", encoding="utf-8-sig") as lines:
        companies = [row["Company Name"] for row in csv.DictReader(lines)]
    assert found.height == sum(name in set(accounts["name"]) for name in companies) > 180
    assert set(accounts["owner_user_id"]) <= set(users["record_id"])


def test_every_row_of_every_read_file_is_accounted_for(real: tuple[Place, dict[str, Any]]) -> None:
    place, summary = real
    read = 0
    for delivery in deliveries(place.data):
        for part in delivery.parts:
            assert part.rows == rows_in(EXPORTS / delivery.source / part.export), part.export
            assert part.rows == part.landed + part.rejected
            read += 1
    assert read >= 20
    for line in summary["sources"]:
        outcomes = pl.read_parquet(place.data / "outcomes" / line["source"] / f"{line['object']}.parquet")
        assert outcomes.height == line["landed"]
        assert outcomes.select("export", "row").is_duplicated().sum() == 0


def names(place: Place, object_: str, columns: list[str]) -> pl.DataFrame:
    kind = "organisation" if object_ == "Account" else "person"
    records = pl.read_parquet(place.data / "records" / kind / "*.parquet")
    links = place.table("identity_link").select("source", "object", "record_id", "customer_id")
    chosen = records.filter(pl.col("object") == object_, pl.col("source").is_in(ORGS))
    return chosen.join(links, on=["source", "object", "record_id"]).select("source", "customer_id", *columns)


@pytest.mark.parametrize(
    ("object_", "columns", "customers"), [("Account", ["name"], 12), ("Contact", ["given_name", "family_name"], 20)]
)
def test_what_both_orgs_have_in_common_is_one_customer_each(
    real: tuple[Place, dict[str, Any]], object_: str, columns: list[str], customers: int
) -> None:
    place, _ = real
    found = names(place, object_, columns)
    per_name = found.group_by(columns).agg(pl.col("customer_id").n_unique(), pl.col("source").n_unique())
    assert per_name.filter(pl.col("source") == 2).height == customers
    assert per_name.filter(pl.col("source") == 2)["customer_id"].to_list() == [1] * customers
    assert found["customer_id"].n_unique() == customers


def test_explain_says_why_two_contacts_without_contact_points_are_one(real: tuple[Place, dict[str, Any]]) -> None:
    place, _ = real
    with place.publication.connect() as con:
        (found,) = explain(con, record="salesforce@org2013:Contact:003E000000JcD4AIAV")
    assert {link.record.split(":")[0] for link in found.links} == set(ORGS)
    assert "organisation" in " ".join(found.summary + tuple(link.sentence for link in found.links))
