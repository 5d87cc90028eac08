"""A draft of an unknown export is a connector that passes its check, lands the file and keeps out what it must."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import yaml

from connectors.spec import ConnectorError, SourceSettings
from orchestration.draft import draft, system_name
from orchestration.trial import checked, trial

FIXTURES = Path(__file__).parent.parent / "fixtures"
EXPORTS = sorted(path for path in FIXTURES.rglob("*") if path.is_file() and path.parent.name not in ("cut", "ragged"))
PEOPLE = [
    ("Kundennr", "Vorname", "Nachname", "E-Mail", "PLZ", "Ort", "Passwort", "Ausweis"),
    ("K1", "Ada", "Muster", "ada@example.org", "10115", "Berlin", "x", "4111 1111 1111 1111"),
    ("K2", "Ben", "Beispiel", "ben@example.org", "80331", "München", "y", "5500 0000 0000 0004"),
]


def drafted(export: Path, folder: Path) -> tuple[dict[str, Any], dict[str, Any], str]:
    """The draft as data, what it makes of the export, and its text."""
    file = folder / "acme.yaml"
    text = draft(export, "acme")
    file.write_text(text, encoding="utf-8")
    return yaml.safe_load(text), trial(checked(file), export, folder / "data", SourceSettings()), text


@pytest.mark.parametrize("export", EXPORTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_draft_passes_its_check_and_lands_the_file(export: Path, tmp_path: Path) -> None:
    _, found, _ = drafted(export, tmp_path)
    assert found["refused"] == []
    assert found["objects"]
    assert all(one["landed"] == one["rows"] for one in found["objects"])


def write_people(path: Path) -> Path:
    match path.suffix:
        case ".xlsx":
            with xlsxwriter.Workbook(path) as book:
                sheet = book.add_worksheet()
                for number, row in enumerate([("Kunden",), *PEOPLE]):
                    sheet.write_row(number, 0, row)
        case ".json":
            rows = [dict(zip(PEOPLE[0], row, strict=True)) for row in PEOPLE[1:]]
            path.write_text(json.dumps({"antwort": {"kunden": rows}}), encoding="utf-8")
        case ".xml":
            tags = [name.replace("-", "") for name in PEOPLE[0]]
            rows_ = ["".join(f"<{t}>{v}</{t}>" for t, v in zip(tags, row, strict=True)) for row in PEOPLE[1:]]
            inner = "".join(f"<Kunde>{row}</Kunde>" for row in rows_)
            path.write_text(f"<Kunden>{inner}</Kunden>", encoding="utf-8")
        case _:
            lines = "".join(";".join(row) + chr(10) for row in PEOPLE)
            path.write_bytes(f"Kundenliste\n{lines}".encode("windows-1252"))
    return path


@pytest.mark.parametrize("ending", ["csv", "xlsx", "json", "xml"])
def test_an_unknown_system_is_drafted_from_any_container_and_in_german(ending: str, tmp_path: Path) -> None:
    said, found, text = drafted(write_people(tmp_path / f"Kunden.{ending}"), tmp_path)
    (one,) = said["objects"].values()
    assert one["key"] == "Kundennr"
    (line,) = found["objects"]
    assert (line["landed"], line["rejected"]) == (2, {})
    person = found["records"]["person"][0]
    assert (person["given_name"], person["family_name"], person["city"]) == ("Ada", "Muster", "Berlin")
    assert "Never landed: Passwort" in text
    assert "Never landed: Ausweis, it holds what look like payment cards" in text
    assert {"Passwort", "Ausweis"} <= set(line["not_stored"])


def test_of_workers_a_draft_never_names_what_hr_keeps_to_itself(tmp_path: Path) -> None:
    file = tmp_path / "workers.csv"
    file.write_text(
        "Employee ID,First Name,Last Name,Work Email,Hire Date,Birth Date,Gender,Annual Salary,Home Phone,Reason\n"
        "1,Ada,Muster,ada@example.org,2020-01-02,1980-01-01,f,1,2,3\n"
    )
    said, _, text = drafted(file, tmp_path)
    assert said["kind"] == "hr"
    for name in ("Birth Date", "Gender", "Annual Salary", "Home Phone", "Reason"):
        assert f"# Never landed: {name}" in text
        assert name not in json.dumps(said)


def test_what_cannot_be_drafted_says_why(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ConnectorError, match="the file is empty"):
        draft(tmp_path / "empty.csv", "acme")
    with pytest.raises(ConnectorError, match="no such file"):
        draft(tmp_path / "none.csv", "acme")


def test_a_draft_is_named_after_the_sources_folder(tmp_path: Path) -> None:
    (tmp_path / "acme@emea").mkdir()
    file = tmp_path / "acme@emea" / "x.csv"
    file.write_text("a")
    assert system_name(file) == "acme"


def test_a_lead_that_only_refers_to_somebody_is_drafted_as_a_deal(tmp_path: Path) -> None:
    lead = {
        "id": "a1",
        "title": "Boats",
        "value": 7,
        "expected_close_date": "2026-07-01",
        "owner_id": 9,
        "person_id": 2,
    }
    named = {"id": "a2", "title": "Captain", "first_name": "Ada", "last_name": "Moor", "email": "ada@example.org"}
    for row, kind in ((lead, "deal"), (named, "person")):
        export = tmp_path / kind / "leads.json"
        export.parent.mkdir()
        export.write_text(json.dumps({"data": [row]}), encoding="utf-8")
        said, _, _ = drafted(export, export.parent)
        assert [record["kind"] for record in said["objects"]["leads"]["records"]] == [kind]
