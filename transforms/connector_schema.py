"""The JSON Schema of a connector file, for editors: its form, and the record kinds, fields and cleaners that exist.

`python -m transforms.connector_schema` writes it to `connectors/connector.schema.json`; a test keeps that current. What
a schema cannot say (which cleaner fits which field) is `concord connectors check`'s.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connectors.spec import SYSTEMS, Connector
from transforms.cleaners import CLEANERS
from transforms.normalise import REFERENCES
from transforms.records import COMMON, KINDS

PATH = SYSTEMS.parent / "connector.schema.json"
SHORT = ("exports", "records")
"""Lists of mappings; every other array may be written as one text."""


def connector_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a connector file."""
    schema = Connector.model_json_schema(by_alias=True)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Concord connector"} | schema
    _widen(schema)
    models = schema["$defs"]
    models["FieldSpec"]["properties"]["clean"] = _one_or_more({"enum": sorted(CLEANERS)})
    for name in ("clean_key", "clean_modified"):
        models["ObjectSpec"]["properties"][name] = _one_or_more({"enum": sorted(CLEANERS)})
    record = models["RecordSpec"]
    record["properties"]["kind"] = {"enum": list(KINDS), "description": "What the row is a record of."}
    record["properties"]["fields"] = {"type": "object"}
    record["allOf"] = [
        {
            "if": {"properties": {"kind": {"const": kind}}},
            "then": {"properties": {"fields": {"properties": _fields(kind), "additionalProperties": False}}},
        }
        for kind in KINDS
    ]
    return schema


def _fields(kind: str) -> dict[str, Any]:
    """The fields of a record kind with their meaning; `<<` merges others in."""
    columns = KINDS[kind].columns()
    references = [name for name in REFERENCES if f"{name}_record_id" in columns]
    hidden = COMMON | {f"{name}_{part}" for name in references for part in ("object", "record_id")}
    origin = {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/FieldSpec"}]}
    said = {name: {**origin, "description": column.description or name}
            for name, column in columns.items() if name not in hidden}  # fmt: skip
    said |= {name: {**origin, "description": f"The {name} it belongs to: a lookup."} for name in references}
    return said | {"<<": {}}


def _one_or_more(item: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [item, {"type": "array", "items": item}]}


def _widen(node: Any) -> None:
    """Arrays of texts may be written as one text, true, false or a number where cells are meant."""
    if isinstance(node, dict):
        for name, inner in node.items():
            if isinstance(inner, dict) and inner.get("type") == "array" and name not in SHORT:
                own = {key: value for key, value in inner.items() if key not in ("type", "items")}
                cell = {"type": ["string", "boolean", "number"]}
                node[name] = own | _one_or_more(cell)
            else:
                _widen(inner)
    elif isinstance(node, list):
        for inner in node:
            _widen(inner)


def as_text() -> str:
    return json.dumps(connector_schema(), indent=1, ensure_ascii=False) + "\n"


def write(path: Path = PATH) -> None:
    path.write_text(as_text(), encoding="utf-8")


if __name__ == "__main__":
    write()
