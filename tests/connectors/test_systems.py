"""What the shipped connectors promise about the systems they describe, held against hand-written exports.

Each fixture folder is landed and normalised as a source; the readers, landing and normalise have their own tests.
"""

from __future__ import annotations

import csv
import datetime as dt
import fnmatch
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.landing import delivery_frame, land
from connectors.spec import Connector, ExportShape, ObjectSpec, SourceSettings, load_connectors
from connectors.storage import Storage
from transforms.outcomes import ObjectReport
from transforms.record_files import normalise_source
from transforms.records import COMMON, KINDS

FIXTURES = Path(__file__).parents[1] / "fixtures"
SYSTEMS = tuple(sorted(load_connectors()))
FORBIDDEN = re.compile(
    r"birth|gender|marital|ethnic|citizen|religio|disab|militar|national|visa|home|pay|bonus|grade|salary|reason|legal|profile",
    re.IGNORECASE,
)
DATE = re.compile(r"[-_ ]?\d{4}[-_]?\d{2}[-_]?\d{2}")


@pytest.fixture(scope="module")
def connectors() -> dict[str, Connector]:
    return load_connectors()


def fields_of(spec: ObjectSpec) -> list[tuple[str, str, Any]]:
    return [(record.kind, name, field) for record in spec.records for name, field in record.fields.items()]


def names_in(path: Path, shape: ExportShape) -> set[str] | None:
    """Dotted column names of an export in the terms of `shape`; None where the container does not fit."""
    text = path.read_text(encoding="utf-8")
    if shape.format == "csv":
        return None if text.startswith("{") else set(next(csv.reader(text.splitlines())))
    if not text.startswith("{"):
        return None
    if shape.root is None:
        try:
            rows = [json.loads(line) for line in text.splitlines()]
        except json.JSONDecodeError:
            return None
    else:
        try:
            rows = json.loads(text).get(shape.root)
        except json.JSONDecodeError:
            return None
        if rows is None:
            return None
    return {name for row in rows for name in dotted(row)}


def dotted(value: Any, path: str = "") -> set[str]:
    if isinstance(value, dict):
        return {name for key, item in value.items() for name in dotted(item, f"{path}.{key}" if path else key)}
    if isinstance(value, list):
        return {name for item in value for name in dotted(item, path)} or {path}
    return {path}


def fitting(connector: Connector, path: Path) -> list[str]:
    """Objects of the connector whose file name and shape both fit the export."""
    stem = DATE.sub("", path.stem).lower()
    found = []
    for name, spec in connector.objects.items():
        for shape in spec.exports:
            if not any(fnmatch.fnmatchcase(stem, pattern.lower()) for pattern in shape.file):
                continue
            names = names_in(path, shape)
            if names is not None and all(shape.columns.get(column, column) in names for column in shape.require):
                found.append(name)
    return found


def test_the_shipped_systems_include_crm_support_and_hr(connectors: dict[str, Connector]) -> None:
    assert {connectors[name].kind for name in SYSTEMS} == {"crm", "support", "hr"}


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_mapped_field_is_a_column_of_its_record(connectors: dict[str, Connector], system: str) -> None:
    references = {"organisation", "person"}
    unknown = [
        f"{name}: {kind}.{field}"
        for name, spec in connectors[system].objects.items()
        for kind, field, _ in fields_of(spec)
        if field not in (set(KINDS[kind].column_names()) - COMMON) | references
    ]
    assert unknown == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_lookup_names_an_object_of_the_same_system(connectors: dict[str, Connector], system: str) -> None:
    connector = connectors[system]
    roles = {f"{n}.{r.role}" for n, spec in connector.objects.items() for r in spec.records if r.role}
    looked_up = {f.lookup.object for spec in connector.objects.values() for _, _, f in fields_of(spec) if f.lookup}
    assert looked_up <= set(connector.objects) | roles


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_a_record_must_have_is_mapped(connectors: dict[str, Connector], system: str) -> None:
    for name, spec in connectors[system].objects.items():
        for record in spec.records:
            required = {c for c, column in KINDS[record.kind].columns().items() if not column.nullable} - COMMON
            assert required <= set(record.fields), f"{name}: {record.kind}"


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_hand_written_export_fits_exactly_one_object(connectors: dict[str, Connector], system: str) -> None:
    paths = [p for p in sorted((FIXTURES / system).rglob("*.*")) if p.parent.name in ("good", "screen", "lines")]
    fits = {path.name: fitting(connectors[system], path) for path in paths}
    assert len(paths) > 1
    assert {name: found for name, found in fits.items() if len(found) != 1} == (
        {"UserRole.csv": []} if system == "salesforce" else {}
    )


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_good_delivery_exercises_every_object(connectors: dict[str, Connector], system: str) -> None:
    paths = list((FIXTURES / system / "good").iterdir())
    assert {name for path in paths for name in fitting(connectors[system], path)} == set(connectors[system].objects)


def test_no_personal_column_of_a_worker_is_allowed_through_the_door(connectors: dict[str, Connector]) -> None:
    allowed = {c for spec in connectors["workday"].objects.values() for c in spec.allowed}
    assert [column for column in allowed if FORBIDDEN.search(column)] == []


def test_every_forbidden_cell_of_the_worker_exports_has_its_own_mark(connectors: dict[str, Connector]) -> None:
    for path in (FIXTURES / "workday").rglob("*.*"):
        marks = re.findall(r"SENTINEL-[A-Z0-9]+-\d\d", path.read_text(encoding="utf-8"))
        assert len(marks) == len(set(marks)) >= 16, path


def test_only_columns_that_every_org_has_are_required_of_salesforce(connectors: dict[str, Connector]) -> None:
    required = {c for spec in connectors["salesforce"].objects.values() for s in spec.exports for c in s.require}
    assert [column for column in required if column.endswith("__c")] == []


def test_every_salesforce_reference_is_brought_to_the_18_character_form(connectors: dict[str, Connector]) -> None:
    for spec in connectors["salesforce"].objects.values():
        assert spec.clean_key == ("salesforce_id",)
        assert all(field.clean == ("salesforce_id",) for _, _, field in fields_of(spec) if field.lookup)


def test_a_converted_lead_is_excluded(connectors: dict[str, Connector]) -> None:
    assert connectors["salesforce"].objects["Lead"].exclude["converted lead"] == {"IsConverted": ("1", "true")}


def test_zendesk_delivers_changes_and_says_when_its_stream_ends(connectors: dict[str, Connector]) -> None:
    for spec in connectors["zendesk"].objects.values():
        assert spec.delivered == "changes"
        assert spec.exports[0].envelope.end == "end_of_stream"


@dataclass(frozen=True)
class Run:
    """Fixture exports, landed and made into records."""

    data: Path
    reports: dict[str, dict[str, ObjectReport]]

    def records(self, kind: str, source: str) -> pl.DataFrame:
        return pl.read_parquet(self.data / "records" / kind / f"{source}.parquet")

    def one(self, kind: str, source: str, record_id: str) -> dict[str, Any]:
        return self.records(kind, source).filter(pl.col("record_id") == record_id).row(0, named=True)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, connectors: dict[str, Connector]) -> Run:
    """Every folder of fixtures as a source of its own: `good` is `<system>`, the others `<system>@<folder>`."""
    root = tmp_path_factory.mktemp("systems")
    exports, data = root / "exports", root / "data"
    for system in SYSTEMS:
        for folder in sorted((FIXTURES / system).iterdir()):
            shutil.copytree(folder, exports / (system if folder.name == "good" else f"{system}@{folder.name}"))
    for system in SYSTEMS:
        land(connectors[system], Storage(exports), data, dt.date(2026, 7, 1))
    parts = delivery_frame(data)
    reports = {}
    for source in parts["source"].unique().sort():
        mine = parts.filter(pl.col("source") == source)
        made = normalise_source(connectors[source.partition("@")[0]], source, SourceSettings(), mine, data)
        reports[source] = {report.object: report for report in made.objects}
    return Run(data, reports)


def test_no_row_of_a_good_delivery_is_rejected(run: Run) -> None:
    whole = {s: r for s, r in run.reports.items() if s.partition("@")[2] in ("", "screen", "lines")}
    assert {f"{s}.{o}": r.rejected for s, reports in whole.items() for o, r in reports.items() if r.rejected} == {}


def test_every_value_of_a_good_delivery_cleans(run: Run) -> None:
    whole = {s: r for s, r in run.reports.items() if s.partition("@")[2] in ("", "screen", "lines")}
    assert {f"{s}.{o}": r.value_issues for s, rs in whole.items() for o, r in rs.items() if r.value_issues} == {}


def test_sample_and_system_rows_are_excluded_by_their_rules(run: Run) -> None:
    excluded = {f"{s}.{o}": dict(r.excluded) for s, rs in run.reports.items() for o, r in rs.items() if r.excluded}
    assert excluded == {
        "hubspot.contacts": {"sample contact": 1},
        "hubspot.companies": {"nameless company": 1},
        "hubspot@screen.contacts": {"sample contact": 1},
        "salesforce.Account": {"sample account": 1},
        "salesforce.Lead": {"converted lead": 1},
        "salesforce.Task": {"open task": 1},
        "salesforce.User": {"system user": 1, "integration user": 1, "portal user": 1},
        "zendesk.tickets": {"sample ticket": 1},
        "zendesk@lines.tickets": {"sample ticket": 1},
    }


def test_rows_that_say_they_are_gone_are_deleted(run: Run) -> None:
    assert {s: sum(r.deleted for r in rs.values()) for s, rs in run.reports.items() if s in ("hubspot", "zendesk")} == {
        "hubspot": 1,
        "zendesk": 3,
    }


def test_a_person_account_is_a_person_and_no_organisation(run: Run) -> None:
    assert "0018d000000000CAAQ" not in run.records("organisation", "salesforce")["record_id"]
    person = run.one("person", "salesforce", "0018d000000000CAAQ")
    assert (person["object"], person["email"]) == ("Account", "mara.quill@example.org")
    assert (person["consent_email"], person["organisation_record_id"]) == ("denied", None)


def test_a_short_salesforce_id_refers_to_the_same_record_as_its_long_form(run: Run) -> None:
    contact = run.one("person", "salesforce", "0038d000000000aAAA")
    assert (contact["organisation_object"], contact["organisation_record_id"]) == ("Account", "0018d000000000aAAA")
    assert (contact["consent_ai"], contact["consent_phone"]) == ("granted", "denied")


def test_a_salesforce_null_lookup_refers_to_nothing(run: Run) -> None:
    assert run.one("person", "salesforce", "0038d000000000CAAQ")["organisation_record_id"] is None
    assert run.one("support_case", "salesforce", "5008d0000000002AAA")["person_record_id"] is None


def test_a_lead_implies_the_organisation_it_names(run: Run) -> None:
    leads = run.records("person", "salesforce").filter(pl.col("object") == "Lead")
    assert leads.sort("record_id")["organisation_object"].to_list() == [None, "Lead.company"]
    implied = run.records("organisation", "salesforce").filter(pl.col("object") == "Lead.company")
    assert implied["name"].to_list() == ["Halden Freight Inc"]


def test_a_deal_is_won_lost_or_open_as_its_system_says(run: Run) -> None:
    for source in ("hubspot", "salesforce"):
        deals = run.records("deal", source)
        assert (
            dict(zip(deals["name"], deals["status"], strict=True))
            == {
                "hubspot": {"Spring order": "won", "Renewal": "lost", "Autumn order": "open"},
                "salesforce": {"Pumps 2026": "won", "Spares": "lost", "Garden pump": "open"},
            }[source]
        )


def test_a_hubspot_ticket_is_closed_by_its_stage_or_its_closing_date(run: Run) -> None:
    statuses = run.records("support_case", "hubspot").sort("record_id")["status"].to_list()
    assert statuses == ["closed", "closed", "open"]


def test_the_first_of_several_companies_is_the_one_of_a_contact(run: Run) -> None:
    for source in ("hubspot", "hubspot@screen"):
        assert run.one("person", source, "101")["organisation_record_id"] == "201"


def test_zendesk_users_are_customers_or_agents_by_role(run: Run) -> None:
    for source in ("zendesk", "zendesk@lines"):
        assert run.records("person", source)["family_name"].to_list() == ["Möller"]
        agents = run.records("crm_user", source).sort("record_id")
        assert agents["active"].to_list() == [True, False]
        assert agents["support_agent"].all()


def test_json_and_csv_of_one_workday_report_say_the_same(run: Run) -> None:
    provenance = ["source", "export", "row"]
    pages = run.records("employee", "workday").filter(pl.col("record_id") != "C-3007").drop(provenance)
    screen = run.records("employee", "workday@screen").drop(provenance)
    assert pages.sort("record_id").equals(screen.sort("record_id"))
    assert sorted(run.records("employee", "workday")["status"]) == ["active", "active", "leave", "terminated"]


def test_no_forbidden_mark_of_a_worker_is_ever_stored(run: Run) -> None:
    stored = [path for path in run.data.rglob("*") if path.is_file()]
    assert len(stored) > 20
    for path in stored:
        text = str(pl.read_parquet(path).to_dicts()) if path.suffix == ".parquet" else path.read_text(errors="replace")
        assert "SENTINEL" not in text, path
