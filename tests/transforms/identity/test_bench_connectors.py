"""The connectors of the identity benchmark map columns and know nothing else of the sets they are measured on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.spec import load_connector
from transforms.normalise import bind

FOLDER = Path(__file__).parents[2] / "bench" / "identity" / "connectors"
CONNECTORS = sorted(FOLDER.glob("*"))
SETS = {"febrl3", "febrl4", "fake_1000", "historical_50k", "chicago_orgs"}
CONNECTOR_KEYS = {"name", "kind", "owner", "rank", "objects"}
OBJECT_KEYS = {"exports", "key", "records"}
EXPORT_KEYS = {"file", "require"}
RECORD_KEYS = {"kind", "fields"}
FIELD_KEYS = {"from", "clean"}


def read(path: Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def test_there_is_one_per_set_and_nothing_beside_them() -> None:
    assert {path.name for path in CONNECTORS} == {f"{name}.yaml" for name in SETS}


@pytest.mark.parametrize("path", CONNECTORS, ids=lambda path: path.stem)
def test_a_connector_of_the_benchmark_only_maps_columns(path: Path) -> None:
    connector = read(path)
    assert set(connector) == CONNECTOR_KEYS
    assert len(connector["objects"]) == 1
    for one in connector["objects"].values():
        assert set(one) == OBJECT_KEYS
        assert len(one["records"]) == 1
        for export in one["exports"]:
            assert set(export) == EXPORT_KEYS
        for record in one["records"]:
            assert set(record) == RECORD_KEYS
            for field in record["fields"].values():
                assert set(field) == FIELD_KEYS


@pytest.mark.parametrize("path", CONNECTORS, ids=lambda path: path.stem)
def test_a_connector_of_the_benchmark_does_not_read_which_list_a_row_is_from(path: Path) -> None:
    (one,) = read(path)["objects"].values()
    fields = one["records"][0]["fields"].values()
    columns = {
        column for field in fields for column in ([field["from"]] if isinstance(field["from"], str) else field["from"])
    }
    assert not {"source", "entity_id", "record_id"} & columns


@pytest.mark.parametrize("path", CONNECTORS, ids=lambda path: path.stem)
def test_a_connector_of_the_benchmark_loads_and_binds(path: Path) -> None:
    assert bind(load_connector(path)).kinds in {("person",), ("organisation",)}
