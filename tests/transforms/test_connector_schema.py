"""The JSON Schema that editors use is the connector model as it is now."""

from __future__ import annotations

from transforms.cleaners import CLEANERS
from transforms.connector_schema import PATH, as_text, connector_schema
from transforms.records import KINDS


def test_the_schema_is_current() -> None:
    assert PATH.read_text(encoding="utf-8") == as_text(), "run: python -m transforms.connector_schema"


def test_the_schema_knows_every_kind_field_and_cleaner() -> None:
    models = connector_schema()["$defs"]
    assert models["RecordSpec"]["properties"]["kind"]["enum"] == list(KINDS)
    assert set(models["FieldSpec"]["properties"]["clean"]["anyOf"][0]["enum"]) == set(CLEANERS)
    person = models["RecordSpec"]["allOf"][0]["then"]["properties"]["fields"]["properties"]
    assert {"email", "organisation", "<<"} <= person.keys()
    assert "organisation_record_id" not in person
