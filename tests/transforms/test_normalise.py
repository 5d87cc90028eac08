"""From a connector's words and landed rows to records, value issues and outcomes."""

from __future__ import annotations

import hashlib
import itertools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.spec import Connector, ConnectorError, SourceSettings
from tests.transforms.landed import PERSON, SHAPE, Source, connector, people
from transforms.normalise import bind
from transforms.record_files import remove_sources_except, write_sources
from transforms.records import KINDS


def with_field(field: str, said: Any, kind: str = "person") -> Connector:
    return connector(records=[{"kind": kind, "fields": {field: said}}])


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (with_field("emial", "e"), r"crm\.yaml: objects\.Contact\.records\[0\]\.emial.*did you mean 'email'"),
        (with_field("email", {"from": "e", "clean": "emial"}), "no cleaner 'emial'; did you mean 'email'"),
        (with_field("email", {"from": "e", "clean": "date"}), "gives Date, but String is needed"),
        (with_field("source", "s"), "no field of person 'source'"),
        (with_field("organisation", "a"), "say which: `lookup"),
        (with_field("organisation", {"from": "a", "lookup": {"object": "Acount"}}), "no object 'Acount'"),
        (with_field("email", {"value": "nobody"}), "the constant 'nobody' is not a valid e-mail address"),
        (with_field("email", "e", kind="persona"), "no record kind 'persona'; did you mean 'person'"),
        (with_field("email", "e", kind="organisation"), "needs the field 'name'"),
        (connector(clean_key="salesforce"), "did you mean 'salesforce_id'"),
        (connector(several={"collect": "lang"}), "'lang' is collected .* but no field is taken from it"),
        (connector(several={"collect": "email"}), "'email' is collected .* but 'email' is none"),
        (
            connector(swallows="ids", records=[{"kind": "employee", "fields": {"email": "e"}}]),
            r"objects\.Contact\.swallows: merges are followed for person and organisation records",
        ),
    ],
)
def test_a_word_that_does_not_exist_is_named_with_its_place(one: Connector, message: str) -> None:
    with pytest.raises(ConnectorError, match=message):
        bind(one)


def test_a_row_becomes_a_record_of_the_declared_shape(tmp_path: Path) -> None:
    source = Source(tmp_path)
    row = {"id": "1", "first": " Ada ", "last": "Lovelace", "email": "Ada <ADA@x.com>", "phone": "030 901820",
           "street1": "Main St 1", "street2": "Flat 2", "city": "Berlin",
           "created": "2020-01-02", "changed": "2026-01-01"}  # fmt: skip
    source.deliver(5, [row])
    report = source.contacts()
    assert (report.landed, report.accepted, report.records) == (1, 1, {"person": 1})
    record = KINDS["person"].validate(source.records()).to_dicts()[0]
    expected = {
        "source": "crm", "object": "Contact", "record_id": "1", "row": 1, "given_name": "Ada", "email": "ada@x.com",
        "phone": "+4930901820", "street": "Main St 1", "city": "Berlin", "country": "DE", "filled": ["country"],
        "observed_at": datetime(2026, 1, 5, tzinfo=UTC), "modified_at": datetime(2026, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    assert {name: record[name] for name in expected} == expected | {"street": "Main St 1, Flat 2"}


def test_what_does_not_clean_is_null_and_kept_with_its_reason(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.deliver(1, people(1, email="j.davis@expressl&t.net", phone="12", country="null", mobile="0171 1234567"))
    assert source.contacts().accepted == 1
    assert source.records().select("email", "phone").row(0) == (None, "+491711234567")
    assert [(issue["field"], issue["column"], issue["value"], issue["reason"]) for issue in source.issues()] == [
        ("email", "email", "j.davis@expressl&t.net", "is not a valid e-mail address"),
        ("phone", "phone", "12", "is not a valid phone number"),
    ]


def test_a_time_of_change_that_is_none_is_told_as_every_other_value(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.deliver(5, [*people(1, changed="last week"), *people(2, changed="2026-01-01")])
    source.contacts()
    (issue,) = source.issues()
    assert (issue["record_id"], issue["field"], issue["value"]) == ("1", "modified_at", "last week")


def test_an_object_may_rather_lose_a_row_than_a_value(tmp_path: Path) -> None:
    rows = [*people(1, email="nobody"), *people(2, email="ada@x.com"), *people(3, changed="soon")]
    for mode, accepted in (("evolve", 3), ("reject_row", 1)):
        source = Source(tmp_path / mode, connector(drift=mode))
        source.deliver(5, rows)
        assert source.contacts().accepted == accepted
    assert set(source.outcomes().values()) == {"accepted", "rejected"}
    rejected = pl.read_parquet(tmp_path / "reject_row/rejected/crm/Contact/records.parquet")
    assert rejected.select("row", "column").rows() == [(1, "email"), (3, "changed")]
    assert rejected["reason"][0] == "person.email is not a valid e-mail address"


def test_a_phone_is_read_in_the_rows_country_before_the_sources(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.deliver(1, [*people(1, phone="020 7946 0958", country="England"), *people(2, phone="030 901820")])
    source.contacts()
    assert source.records()["phone"].to_list() == ["+442079460958", "+4930901820"]


def test_a_phone_without_any_country_says_so(tmp_path: Path) -> None:
    source = Source(tmp_path, settings=SourceSettings())
    source.deliver(1, people(1, phone="030 901820"))
    source.contacts()
    assert [issue["reason"] for issue in source.issues()] == [
        "has no country code, and neither the row nor the source has a country"
    ]


def test_a_country_is_filled_beside_an_address_only_and_never_over_one_that_is_not_understood(tmp_path: Path) -> None:
    source = Source(tmp_path, settings=SourceSettings(country="DE", language="de"))
    source.deliver(1, [*people(1, city="Berlin"), *people(2), *people(3, city="Ys", country="Atlantis")])
    source.contacts()
    rows = source.records().select("record_id", "country", "filled").rows()
    assert rows == [("1", "DE", ["country", "language"]), ("2", None, ["language"]), ("3", None, ["language"])]


def test_each_row_has_one_outcome_in_the_order_of_the_questions(tmp_path: Path) -> None:
    fields = {"name": "last", "email": "email"}
    one = connector(
        deleted={"gone": ["1"]},
        exclude={"sample": {"last": ["*sample*"]}},
        records=[{"kind": "organisation", "when": {"type": ["org", ""]}, "fields": fields}],
    )
    source = Source(tmp_path, one)
    source.deliver(
        1,
        [
            {"id": "1", "last": "Acme", "type": "ORG", "gone": None},
            {"id": " ", "last": "No key", "type": None, "gone": None},
            {"id": "3", "last": "A Sample Inc", "type": "org", "gone": "1"},
            {"id": "4", "last": "A Sample Inc", "type": "org", "gone": None},
            {"id": "5", "last": "Somebody", "type": "person", "gone": None},
            {"id": "6", "last": "N/A", "type": None, "gone": "0"},
        ],
    )
    report = source.contacts()
    assert source.outcomes() == {
        1: "accepted", 2: "rejected", 3: "deleted", 4: "excluded", 5: "excluded", 6: "accepted",
    }  # fmt: skip
    assert report.excluded == {"sample": 1, "no record kind applies": 1}
    assert report.rejected == {"has no usable key": 1}


def test_a_row_without_a_required_value_is_rejected_by_column_and_without_its_content(tmp_path: Path) -> None:
    fields = {"name": {"from": "last", "clean": "organisation_name"}}
    source = Source(tmp_path, connector(records=[{"kind": "organisation", "fields": fields}]))
    source.deliver(1, [{"id": "1", "last": "n/a"}])
    assert source.contacts().rejected == {"organisation.name is missing": 1}
    rejected = pl.read_parquet(tmp_path / "rejected" / "crm" / "Contact" / "records.parquet").to_dicts()[0]
    assert (rejected["export"], rejected["row"], rejected["column"]) == ("Contact_0.csv", 1, "last")


def test_a_row_implies_an_organisation_only_where_it_names_one(tmp_path: Path) -> None:
    company = {
        "kind": "organisation",
        "role": "company",
        "fields": {"name": {"from": "company", "clean": "organisation_name"}},
    }
    person = {
        "kind": "person",
        "fields": PERSON | {"organisation": {"from": "id", "lookup": {"object": "Contact.company"}}},
    }
    source = Source(tmp_path, connector(records=[person, company]))
    source.deliver(1, [*people(1, company="Acme"), *people(2, company="[not provided]")])
    report = source.contacts()
    assert (report.accepted, report.records) == (2, {"person": 2, "organisation": 1})
    assert source.records("organisation").select("object", "record_id", "name").rows() == [
        ("Contact.company", "1", "Acme")
    ]
    assert source.records().select("organisation_object", "organisation_record_id").row(0) == ("Contact.company", "1")


def test_of_several_records_of_a_kind_the_first_that_applies_is_made(tmp_path: Path) -> None:
    first = {"kind": "person", "when": {"vip": ["1"]}, "fields": {"plan": {"value": "gold"}}}
    other = {"kind": "person", "fields": {"plan": {"value": "standard"}}}
    source = Source(tmp_path, connector(records=[first, other]))
    source.deliver(1, [*people(1, vip="1"), *people(2, vip="0")])
    assert source.contacts().records == {"person": 2}
    assert source.records()["plan"].to_list() == ["gold", "standard"]


def test_a_login_of_which_nothing_is_said_works_and_one_with_an_empty_flag_does_not(tmp_path: Path) -> None:
    def active(fields: dict[str, Any]) -> list[bool]:
        source = Source(tmp_path / str(len(fields)), connector(records=[{"kind": "crm_user", "fields": fields}]))
        source.deliver(1, people(1, on=None))
        source.contacts()
        return source.records("crm_user")["active"].to_list()

    assert active({"email": "email"}) == [True]
    assert active({"email": "email", "active": {"from": "on", "clean": "flag"}}) == [False]


def test_rows_without_a_key_are_known_by_their_natural_cells(tmp_path: Path) -> None:
    owner = {"owner_user_id": {"from": ["first", "last"], "lookup": {"object": "Contact"}}}
    natural = {"key": None, "natural": ["first", "last"]}
    source = Source(tmp_path, connector(**natural, records=[{"kind": "person", "fields": PERSON | owner}]))
    source.deliver(
        1, [{"first": "Ada", "last": "Lovelace"}, {"first": "ADA ", "last": "lovelace"}, {"first": None, "last": None}]
    )
    report = source.contacts()
    assert (report.accepted, report.superseded, report.rejected) == (1, 1, {"has no usable key": 1})
    record = source.records().to_dicts()[0]
    expected = "n_" + hashlib.sha256(b"ada\x1flovelace").hexdigest()[:24]
    assert record["record_id"] == record["owner_user_id"] == expected


def test_any_split_of_the_rows_gives_the_same_records(tmp_path: Path) -> None:
    rows = [
        {
            "id": str(n),
            "last": f"F{n % 7}",
            "email": f"a{n}@x.com" if n % 3 else "bad",
            "phone": f"030 90{n:04}",
            "city": "Ulm" if n % 2 else None,
            "country": ["Germany", "USA", None][n % 3],
        }
        for n in range(60)
    ]
    frames = []
    for name, cuts in {"whole": [0, 60], "halves": [0, 31, 60], "shreds": [0, 1, 2, 40, 59, 60]}.items():
        source = Source(tmp_path / name)
        source.deliver(1, *(rows[a:b] for a, b in itertools.pairwise(cuts)))
        source.contacts()
        frames.append((source.records().drop("export", "row"), source.issues()))
    assert all(frame.equals(frames[0][0]) and issues == frames[0][1] for frame, issues in frames)


def test_an_unchanged_source_is_left_alone_and_a_changed_one_is_not(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.deliver(1, people(1))
    assert not source.run().unchanged
    stamp = (tmp_path / "records" / "person" / "crm.parquet").stat().st_mtime_ns
    assert source.run().unchanged
    assert (tmp_path / "records" / "person" / "crm.parquet").stat().st_mtime_ns == stamp
    (tmp_path / "outcomes" / "crm" / "Contact.parquet").unlink()
    assert not source.run().unchanged
    source.settings = SourceSettings(country="FR")
    assert not source.run().unchanged


def test_an_object_taken_out_of_the_connector_is_still_accounted_for(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.deliver(1, people(1, 2))
    source.run()
    source.connector = Connector.model_validate(
        {"name": "crm", "kind": "crm", "owner": "sales", "rank": 10,
         "objects": {"Lead": {"exports": [SHAPE], "key": "id", "records": [{"kind": "person", "fields": PERSON}]}}}
    )  # fmt: skip
    assert source.contacts().excluded == {"the connector no longer names this object": 2}
    assert source.records().is_empty()


def test_files_of_a_source_without_deliveries_go(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.deliver(1, people(1))
    source.run()
    assert write_sources({"crm": source.connector}, {"crm": source.settings}, source.frame, tmp_path).rows() == [
        ("crm", "crm", "crm", 10, "DE", "UTC", None, None, datetime(2026, 1, 1, tzinfo=UTC), None, [])
    ]
    assert remove_sources_except(tmp_path, []) == ("crm",)
    assert {p.relative_to(tmp_path).parts[0] for p in tmp_path.rglob("*") if p.is_file()} == {
        "landed",
        "sources.parquet",
    }
