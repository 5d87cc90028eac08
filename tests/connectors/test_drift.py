"""Columns that change between deliveries are told, by name and in words, before their values are missed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from connectors.drift import Drift
from connectors.landing import LandingReport, deliveries, land
from connectors.ledger import landed_path
from connectors.readers.sink import read_metadata
from connectors.spec import Connector
from connectors.storage import Storage

HEADER = "Id,Name,Email Address,Since\n"
ROWS = "1,Ann,ann@example.org,2026-01-02\n2,Ben,ben@example.org,2026-01-03\n3,Cem,cem@example.org,2026-01-04\n"


class Place:
    def __init__(self, root: Path) -> None:
        self.exports, self.data, self.day = root / "exports", root / "data", dt.date(2026, 1, 5)
        self.mode, self.columns = "evolve", ["Name", "Email Address", "Since"]

    @property
    def connector(self) -> Connector:
        fields = dict(zip(("family_name", "email", "created_on"), self.columns, strict=False))
        contact = {
            "exports": [{"file": "contacts", "require": ["Name"]}],
            "key": "Id",
            "drift": self.mode,
            "records": [{"kind": "person", "fields": fields}],
        }
        said = {"name": "crm", "kind": "crm", "owner": "sales", "rank": 10, "objects": {"Contact": contact}}
        return Connector.model_validate(said)

    def land(self, text: str | None = None) -> LandingReport:
        file = self.exports / "crm" / "contacts.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        if text is not None:
            file.write_text(text)
        self.day += dt.timedelta(days=1)
        return land(self.connector, Storage(self.exports), self.data, self.day)

    def drift(self, text: str) -> Drift:
        drifts = self.land(text).objects[0].drift
        return drifts[0] if drifts else Drift()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_same_columns_are_no_drift(place: Place) -> None:
    assert not place.drift(HEADER + ROWS)
    assert not place.drift(HEADER + ROWS + "4,Dua,dua@example.org,2026-01-05\n")


def test_a_renamed_column_is_named_with_its_likely_new_name(place: Place) -> None:
    place.land(HEADER + ROWS)
    drift = place.drift(HEADER.replace("Email Address", "E-Mail-Address") + ROWS)
    assert [(one.column, one.now) for one in drift.renamed] == [("Email Address", "E-Mail-Address")]
    (sentence,) = drift.sentences()
    assert "'Email Address' is missing; 'E-Mail-Address' looks like its new name" in sentence


def test_a_renamed_column_is_told_of_in_the_first_delivery(place: Place) -> None:
    drift = place.drift(HEADER.replace("Email Address", "email_address") + ROWS)
    assert [(one.column, one.now) for one in drift.renamed] == [("Email Address", "email_address")]


def test_a_column_that_is_merely_not_there_in_a_first_delivery_is_no_drift(place: Place) -> None:
    assert not place.drift("Id,Name,Fax\n1,Ann,5\n")


def test_a_column_written_in_another_form_is_told(place: Place) -> None:
    place.land(HEADER + ROWS)
    drift = place.drift(HEADER + ROWS.replace("2026-01-0", "5/1/202"))
    (retyped,) = drift.retyped
    assert (retyped.column, retyped.was, retyped.now) == ("Since", "dates such as YYYY-MM-DD", "dates with slashes")


def test_a_few_odd_values_are_no_drift(place: Place) -> None:
    place.land(HEADER + ROWS)
    assert not place.drift(HEADER + ROWS.replace("2026-01-04", "unknown"))


def test_a_frozen_object_refuses_what_changed_and_keeps_the_delivery_before(place: Place) -> None:
    place.mode = "freeze"
    place.land(HEADER + ROWS)
    for _ in range(2):
        report = place.land("Id,Name,Since\n1,Ann,2026-01-02\n")
        (refusal,) = report.refused
        assert "'Email Address' is missing" in refusal.reason
        assert "drift: evolve" in refusal.remedy
        assert len(deliveries(place.data)) == 1
    place.mode = "evolve"
    assert not place.land().refused
    assert len(deliveries(place.data)) == 2


def test_a_frozen_object_takes_its_first_delivery_and_the_same_columns_again(place: Place) -> None:
    place.mode = "freeze"
    place.land(HEADER + ROWS)
    assert not place.land(HEADER + ROWS + "4,Dua,dua@example.org,2026-01-05\n").refused
    assert len(deliveries(place.data)) == 2


def test_a_column_that_the_connector_stops_naming_is_forgotten_though_its_export_is_gone(place: Place) -> None:
    place.land(HEADER + ROWS)
    (place.exports / "crm" / "contacts.csv").unlink()
    place.columns = ["Name", "Email Address"]
    place.land()
    (one,) = deliveries(place.data)
    path = landed_path(place.data, "crm", "Contact", one.parts[0].hash)
    assert "2026-01-02" not in path.read_bytes().decode("latin-1")
    assert (read_metadata(path) or {})["columns"] == ["Id", "Name", "Email Address"]
