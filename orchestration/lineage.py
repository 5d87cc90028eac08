"""Column lineage of the dbt models: which columns of its parents each column of a model is made from.

Derived from the compiled SQL by sqlglot, once per state of the dbt project: it depends on the SQL, not on the rows.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

from connectors.files import written

DIALECT = "duckdb"
Columns = Mapping[str, Mapping[str, str]]
"""Relation as `schema.table` -> column -> type."""
Origins = dict[str, dict[str, list[tuple[str, str]]]]
"""Model as `schema.table` -> column -> the (relation, column) pairs it is made from."""

logger = logging.getLogger(__name__)


def project_lineage(manifest: Mapping[str, Any], compiled: Path, columns: Columns, cache: Path, state: str) -> Origins:
    """Lineage of every model; read from `cache` where that was derived from the same `state` of the project."""
    if cache.exists() and (known := json.loads(cache.read_text()))["state"] == state:
        return known["origins"]
    origins: Origins = {}
    complete = True
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model":
            file = compiled / node["original_file_path"]
            try:
                origins[f"{node['schema']}.{node['name']}"] = origins_of(file.read_text(), columns)
            except (SqlglotError, OSError) as error:
                logger.warning("No column lineage for the model %s: %s", node["name"], error)
                complete = False
    if complete:
        with written(cache) as beside:
            beside.write_text(json.dumps({"state": state, "origins": origins}))
    return origins


def origins_of(sql: str, columns: Columns) -> dict[str, list[tuple[str, str]]]:
    """Per column of a query, the columns of the tables that it reads.

    Raises:
        SqlglotError: the query cannot be parsed or its columns cannot be told apart.
    """
    schema: dict[str, Any] = {}
    for relation, of_relation in columns.items():
        name, unqualified = relation.split(".")
        schema.setdefault(name, {})[unqualified] = of_relation
    query: Any = parse_one(sql, dialect=DIALECT)
    for table in query.find_all(exp.Table):
        table.set("catalog", None)  # the run's database file; the schema tells relations apart
    query = qualify(query, schema=schema, dialect=DIALECT, identify=False, validate_qualify_columns=False)
    scope = build_scope(query)
    return {
        column: sorted(_leaves(lineage(column, query, schema=schema, scope=scope, dialect=DIALECT)))
        for column in query.named_selects
    }


def _leaves(node: Any) -> set[tuple[str, str]]:
    found = set()
    for step in node.walk():
        table = step.expression.find(exp.Table)
        if not step.downstream and table is not None and table.db:
            found.add((f"{table.db}.{table.name}", exp.to_column(step.name).name))
    return found


def as_metadata(
    origins: Mapping[str, list[tuple[str, str]]], asset_key: Callable[[str], dg.AssetKey | None]
) -> dg.TableColumnLineage:
    """Lineage as Dagster shows it; relations that are no assets are left out."""
    return dg.TableColumnLineage(
        {
            column: [
                dg.TableColumnDep(asset_key=key, column_name=name)
                for relation, name in of_column
                if (key := asset_key(relation)) is not None
            ]
            for column, of_column in origins.items()
        }
    )
