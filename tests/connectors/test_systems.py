"""What every shipped connector promises, whatever its system, held against hand-written exports.

Each fixture folder is landed and normalised as a source; the readers, landing and normalise have their own tests.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import polars as pl
import pytest

from connectors.landing import deliveries
from connectors.spec import Connector, ObjectSpec
from tests.connectors.systems import DAMAGED, FIXTURES, SYSTEMS, Run, source_of
from transforms.outcomes import ObjectReport
from transforms.records import COMMON, KINDS

FORBIDDEN = re.compile(
    r"birth|gender|marital|ethnic|citizen|religio|disab|militar|national|visa|home|pay|bonus|grade|salary|reason|legal"
    r"|race|pronoun|ssn|iban|dynamic_|address|street|straße|mobile|private|profile",
    re.IGNORECASE,
)
WORK = {"Home Department Description"}
"""What sounds forbidden and is not: ADP's word for the department that a worker belongs to."""


def fields_of(spec: ObjectSpec) -> list[tuple[str, str, Any]]:
    return [(record.kind, name, field) for record in spec.records for name, field in record.fields.items()]


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
def test_no_personal_column_of_a_worker_is_allowed_through_the_door(
    connectors: dict[str, Connector], system: str
) -> None:
    if connectors[system].kind != "hr":
        pytest.skip("holds no workers")
    specs = connectors[system].objects.values()
    landed = {column for spec in specs for column in spec.allowed}
    own = {name for spec in specs for shape in spec.exports for names in shape.columns.values() for name in names}
    last = {re.sub(r"\.value$|\[.*\]$", "", path) for path in own}
    assert [column for column in sorted((landed | last) - WORK) if FORBIDDEN.search(column.rpartition(".")[2])] == []


def test_every_forbidden_cell_of_the_worker_exports_has_its_own_mark(connectors: dict[str, Connector]) -> None:
    for system in (name for name in SYSTEMS if connectors[name].kind == "hr"):
        for path in (path for path in (FIXTURES / system).rglob("*.*") if path.is_file()):
            marks = re.findall(r"SENTINEL-[A-Z0-9]+-\d\d", path.read_text(encoding="utf-8"))
            assert (
                len(marks)
                == len(set(marks))
                >= (16 if path.parent.name in ("good", *DAMAGED) and system == "workday" else 4)
            ), path


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


def whole(run: Run) -> dict[str, dict[str, ObjectReport]]:
    """What became of the fixtures that are as their systems export them."""
    return {source: reports for source, reports in run.reports.items() if source.partition("@")[2] not in DAMAGED}


def exports_of(system: str) -> list[tuple[str, str]]:
    """Source and name of every sound export of a system; a ZIP's members stand for it."""
    folders = [folder for folder in sorted((FIXTURES / system).iterdir()) if folder.name not in DAMAGED]
    return [(source_of(system, folder), path.name) for folder in folders for path in sorted(folder.iterdir())]


@pytest.mark.parametrize("system", SYSTEMS)
def test_each_hand_written_export_is_one_object(run: Run, system: str) -> None:
    landed = {(d.source, part.export.split("/")[0], d.object) for d in deliveries(run.data) for part in d.parts}
    found = {
        (source, name): [object_ for *export, object_ in sorted(landed) if export == [source, name]]
        for source, name in exports_of(system)
    }
    assert len(found) > 1 or system == "adp"
    odd = {export: objects for export, objects in found.items() if len(objects) != 1}
    assert odd == ({("salesforce", "UserRole.csv"): []} if system == "salesforce" else {})


def test_nothing_sound_is_refused(run: Run) -> None:
    assert [one for one in run.refused if one.source.partition("@")[2] not in DAMAGED] == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_good_delivery_exercises_every_object(run: Run, connectors: dict[str, Connector], system: str) -> None:
    assert set(run.reports[system]) == set(connectors[system].objects)


def test_every_row_of_every_fixture_is_landed_or_rejected_and_then_has_an_outcome(run: Run) -> None:
    for delivery in deliveries(run.data):
        assert all(part.rows == part.landed + part.rejected for part in delivery.parts), delivery
        if delivery.source.partition("@")[2] not in DAMAGED:
            assert sum(part.rejected for part in delivery.parts) == 0, delivery
            assert delivery.adds_up, delivery
    for source, reports in run.reports.items():
        landed = Counter[str]()
        for delivery in deliveries(run.data):
            if delivery.source == source:
                landed[delivery.object] += sum(part.landed for part in delivery.parts)
        assert {name: report.landed for name, report in reports.items()} == landed, source


def test_no_row_of_a_good_delivery_is_rejected(run: Run) -> None:
    rejected = {f"{s}.{o}": r.rejected for s, reports in whole(run).items() for o, r in reports.items() if r.rejected}
    assert rejected == {}


def test_every_value_of_a_good_delivery_cleans(run: Run) -> None:
    lost = {f"{s}.{o}": r.value_issues for s, rs in whole(run).items() for o, r in rs.items() if r.value_issues}
    assert lost == {}


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
        "zoho.Leads": {"converted lead": 1},
    }


def test_no_forbidden_mark_of_a_worker_is_ever_stored(run: Run) -> None:
    stored = [path for path in run.data.rglob("*") if path.is_file()]
    assert len(stored) > 20
    for path in stored:
        text = str(pl.read_parquet(path).to_dicts()) if path.suffix == ".parquet" else path.read_text(errors="replace")
        assert "SENTINEL" not in text, path
