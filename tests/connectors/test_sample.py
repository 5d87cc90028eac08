"""What the sample promises: its size, the same bytes for a seed, its truth, and to be hard as real data are hard."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import phonenumbers
import polars as pl
import pytest

from connectors.sample import SampleError, SampleSummary, write_sample
from connectors.sample.entities import make_organisations, make_people
from connectors.sample.files import CsvFolder, write_csv
from connectors.sample.material import COUNTRIES, Country
from connectors.sample.records import EMEA, US, observe_people
from connectors.sample.salesforce import ids_of
from connectors.sample.surnames import surnames
from connectors.sample.world import World, make_world, rows_at

RECORDS = 3_000


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return write_sample(tmp_path_factory.mktemp("sample"), RECORDS, 7)


@pytest.fixture(scope="module")
def truth(sample: SampleSummary) -> pl.DataFrame:
    return pl.read_csv(sample.directory / "truth.csv", infer_schema=False)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(20_000, 7)


def salesforce_rows(sample: SampleSummary, source: str, name: str) -> list[dict[str, str]]:
    folder = sample.directory / "exports" / source
    if source == EMEA:
        with zipfile.ZipFile(next(folder.iterdir())) as archive:
            text = archive.read(f"{name}.csv").decode()
    else:
        text = next(folder.rglob(f"{name}.csv")).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def pages(sample: SampleSummary, source: str, name: str, root: str) -> list[dict[str, object]]:
    files = sorted((sample.directory / "exports" / source).rglob(f"{name}_*.json"))
    return [row for file in files for row in json.loads(file.read_text(encoding="utf-8"))[root]]


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_sample(tmp_path / name, 500, seed)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert digest(tmp_path / "a").keys() == digest(tmp_path / "c").keys()
    assert digest(tmp_path / "a")["truth.csv"] != digest(tmp_path / "c")["truth.csv"]


@pytest.mark.parametrize("records", [1, 2, 7, 60, 1_000])
def test_there_are_as_many_records_as_asked_for(tmp_path: Path, records: int) -> None:
    summary = write_sample(tmp_path, records, 1)
    assert summary.records == pl.read_csv(tmp_path / "truth.csv").height
    assert records * 0.95 <= summary.records <= records


def test_existing_exports_are_never_mixed_with_a_sample(sample: SampleSummary) -> None:
    with pytest.raises(SampleError, match="holds exports already"):
        write_sample(sample.directory, 10, 1)


def test_nothing_unfinished_is_left_behind(sample: SampleSummary) -> None:
    assert sorted(path.name for path in sample.directory.iterdir()) == ["exports", "truth.csv"]


def test_truth_names_each_record_of_the_exports_once(sample: SampleSummary, truth: pl.DataFrame) -> None:
    assert truth.select("source", "object", "record_id").is_duplicated().sum() == 0
    for source in (EMEA, US):
        for name, extra in (("Account", 1), ("Contact", 0)):
            known = set(truth.filter(source=source, object=name)["record_id"])
            written = [row["Id"] for row in salesforce_rows(sample, source, name)]
            assert known < set(written) if extra else known == set(written)
            assert len(written) == len(known) + extra == sample.rows[source, name]
    contacts = [row["id"] for row in pages(sample, "hubspot", "contacts", "results")]
    assert set(contacts) == set(truth.filter(source="hubspot", object="contacts")["record_id"])
    users = [str(row["id"]) for row in pages(sample, "zendesk", "users", "users") if row["role"] == "end-user"]
    assert sorted(users) == sorted(truth.filter(source="zendesk", object="users")["record_id"])


def test_a_lead_with_a_company_is_also_an_organisation_in_the_truth(sample: SampleSummary, truth: pl.DataFrame) -> None:
    rows = [row for source in (EMEA, US) for row in salesforce_rows(sample, source, "Lead")]
    named = {r["Id"] for r in rows if r["Company"] != "[not provided]" and r["IsConverted"] == "0"}
    assert named == set(truth.filter(object="Lead.company")["record_id"])
    assert truth.filter(pl.col("object") == "Lead.company")["entity_id"].str.starts_with("o").all()


def test_salesforce_ids_carry_the_right_checksum() -> None:
    assert ids_of("001", "E000", 0).to_list() == []
    for one in ids_of("00Q", "5fBx", 500).to_list():
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
        parts = (one[0:5], one[5:10], one[10:15])
        assert one[15:] == "".join(letters[sum(c.isupper() << i for i, c in enumerate(p))] for p in parts)


def test_references_lead_to_rows_that_exist(sample: SampleSummary) -> None:
    accounts = {row["Id"] for row in salesforce_rows(sample, US, "Account")}
    contacts = {row["Id"][:15] for row in salesforce_rows(sample, US, "Contact")}
    users = {row["Id"] for row in salesforce_rows(sample, US, "User")}
    assert {r["AccountId"] for r in salesforce_rows(sample, US, "Contact")} <= accounts | {"000000000000000AAA"}
    assert {r["OwnerId"] for r in salesforce_rows(sample, US, "Contact")} <= users | {"000000000000000AAA"}
    assert {r["ContactId"] for r in salesforce_rows(sample, US, "Case")} <= contacts
    companies = {row["id"] for row in pages(sample, "hubspot", "companies", "results")}
    deals = pages(sample, "hubspot", "deals", "results")
    assert {d["associations"]["companies"]["results"][0]["id"] for d in deals} <= companies  # type: ignore[index]


def test_only_the_last_page_says_that_the_stream_ends(sample: SampleSummary) -> None:
    files = sorted((sample.directory / "exports" / "zendesk").rglob("users_*.json"))
    assert [json.loads(file.read_text(encoding="utf-8"))["end_of_stream"] for file in files] == [False, True]


def test_workers_who_left_still_own_customers(sample: SampleSummary) -> None:
    workers = pages(sample, "workday", "workers", "Report_Entry")
    gone = {row["Work_Email"] for row in workers if row["Worker_Status"] == "Terminated"}
    owned = set()
    for source in (EMEA, US):
        logins = {row["Id"]: row["Email"] for row in salesforce_rows(sample, source, "User")}
        owned |= {logins.get(row["OwnerId"]) for row in salesforce_rows(sample, source, "Contact")}
    assert gone & owned


def test_an_entity_has_one_to_five_records(truth: pl.DataFrame) -> None:
    sizes = truth.filter(pl.col("object") != "Lead.company").group_by("entity_id").len()["len"]
    assert (sizes.min(), sizes.max()) == (1, 5)


def test_one_person_in_twenty_five_has_no_email(world: World) -> None:
    emails = world.people.select(pl.all_horizontal(pl.col("^.*_email$").is_null()))
    assert 0.01 <= emails.to_series().mean() <= 0.06  # type: ignore[operator]


def test_a_third_of_the_people_share_surname_landline_and_address(world: World) -> None:
    shared = world.people.select(pl.struct("family", "landline", "street").is_duplicated()).to_series()
    assert 0.25 <= shared.mean() <= 0.4  # type: ignore[operator]


def test_few_strangers_share_their_full_name_but_some_do(world: World) -> None:
    people = world.people.unique(["landline", "given", "family"], maintain_order=True)
    shared = people.select(pl.struct("given", "family", "country").is_duplicated()).to_series()
    assert 0.0005 <= shared.mean() <= 0.02  # type: ignore[operator]


@pytest.mark.parametrize("country", COUNTRIES, ids=lambda country: country.code)
def test_a_country_has_thousands_of_family_names_and_none_that_most_people_bear(country: Country) -> None:
    every, cumulative = surnames(country.code)
    assert every.n_unique() == len(every) > 5_000
    assert 0.002 <= cumulative[0] <= 0.01
    assert every.str.contains(r"^('s )?\p{L}[\p{L}'’. -]+$").all()


def test_two_records_of_a_person_nearly_always_share_more_than_the_name(world: World) -> None:
    employers = rows_at(world.organisations, world.people["employer"])
    one, two = (observe_people(world.people, employers, world.rng(90, i)).select(_COMPARABLE) for i in (1, 2))
    both = one.hstack(two.rename(lambda name: f"{name}_2"))
    shared = both.select(
        pl.any_horizontal(
            *((pl.col(name) == pl.col(f"{name}_2")).fill_null(False) for name in ("email", "address", "born")),
            *(
                (pl.col(a) == pl.col(f"{b}_2")).fill_null(False)
                for a in ("phone", "mobile")
                for b in ("phone", "mobile")
            ),
        )
    ).to_series()
    assert 0.95 <= shared.mean() <= 0.995  # type: ignore[operator]


_COMPARABLE = (
    pl.col("email").str.to_lowercase(),
    pl.col("phone", "mobile").str.replace_all(r"\D", "").str.tail(8),
    pl.concat_str("street", "postal_code", separator="|").alias("address"),
    "born",
)


def test_branches_of_one_name_are_different_organisations(world: World) -> None:
    branches = world.organisations.filter(pl.struct("core", "legal", "country").is_duplicated())
    assert 0.02 <= branches.height / world.organisations.height <= 0.1
    assert branches.select(pl.struct("core", "city").n_unique()).item() > branches["core"].n_unique()


@pytest.mark.parametrize("column", ["landline", "mobile", "second_mobile"])
def test_phone_numbers_are_valid_in_their_country(world: World, column: str) -> None:
    some = world.people.filter(pl.col(column).is_not_null()).sample(700, seed=1)
    wrong = [
        (COUNTRIES[country].code, number)
        for country, number in zip(some["country"], some[column], strict=True)
        if not phonenumbers.is_valid_number(phonenumbers.parse(f"+{COUNTRIES[country].dial}{number}"))
    ]
    assert wrong == []


def test_every_personal_mailbox_belongs_to_one_household(world: World) -> None:
    boxes = world.people.select("home_email", "landline").drop_nulls()
    assert boxes.group_by("home_email").agg(pl.col("landline").n_unique())["landline"].max() == 1


def test_shared_and_placeholder_contact_points_occur(sample: SampleSummary) -> None:
    rows = [row for source in (EMEA, US) for row in salesforce_rows(sample, source, "Contact")]
    mailboxes = {row["Email"].lower().split("@")[0] for row in rows}
    assert mailboxes & {"info", "office", "sales", "contact", "admin"}
    assert {row["Phone"] for row in rows} & {"0000000000", "000000", "99999", "9999999999", "1234567890"}


def test_an_object_of_many_rows_spans_parts_with_a_header_each(tmp_path: Path) -> None:
    frame = pl.DataFrame({"Id": pl.arange(0, 50_000, eager=True)})
    write_csv(CsvFolder(tmp_path / "source"), "Contact", 300_000, (frame for _ in range(6)))
    parts = {path.name: pl.read_csv(path) for path in (tmp_path / "source").rglob("*.csv")}
    assert sorted(parts) == ["Contact_1.csv", "Contact_2.csv"]
    assert all(part.columns == ["Id"] for part in parts.values())
    assert sum(part.height for part in parts.values()) == 300_000


def test_consent_for_ai_is_granted_denied_or_left_open(sample: SampleSummary) -> None:
    assert {row["AI_Consent__c"] for row in salesforce_rows(sample, EMEA, "Contact")} == {"granted", "denied", ""}


def test_a_world_of_one_has_no_organisation_to_work_for() -> None:
    rng = np.random.default_rng(1)
    assert make_people(rng, 3, make_organisations(rng, 0))["employer"].null_count() == 3
