"""The dbt project agrees with the record shapes, with what is promised to readers, and with its own examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from transforms.contract import TABLES
from transforms.records import KINDS
from transforms.warehouse import PRIVATE, SOURCE

STAGED = {f"stg_{kind}": set(schema.column_names()) for kind, schema in KINDS.items()} | {"stg_source": set(SOURCE)}


def models(dbt: Any, schema: str) -> dict[str, Any]:
    return {
        node.name: node
        for node in dbt.manifest.nodes.values()
        if node.resource_type == "model" and node.schema == schema
    }


def test_every_example_of_a_rule_holds(dbt: Any, empty_warehouse: Path) -> None:
    run = dbt.invoke(empty_warehouse, "test", "--select", "test_type:unit")
    examples = [result for result in run.result if result.node.resource_type == "unit_test"]
    assert {result.node.name: result.message for result in examples if result.status != "pass"} == {}
    assert len(examples) == len(dbt.manifest.unit_tests) > 0


@pytest.mark.parametrize("model", STAGED)
def test_staging_has_the_columns_of_the_record(model: str, empty_warehouse: Path) -> None:
    with duckdb.connect(empty_warehouse) as connection:
        staged = set(connection.table(f"staging.{model}").columns)
    assert staged == STAGED[model]


def test_the_marts_are_the_published_tables_and_the_state_to_carry(dbt: Any) -> None:
    assert set(models(dbt, "marts")) == {*TABLES, *PRIVATE}


@pytest.mark.parametrize("table", TABLES)
def test_a_mart_has_the_columns_types_and_nulls_that_readers_are_promised(
    table: str, dbt: Any, empty_warehouse: Path
) -> None:
    with duckdb.connect(empty_warehouse) as connection:
        built = connection.execute(
            "select column_name, data_type, is_nullable from duckdb_columns() "
            "where schema_name = 'marts' and table_name = ? order by column_index",
            [table],
        ).fetchall()
    contract, model = TABLES[table], models(dbt, "marts")[table]
    if model.config.materialized in ("parquet", "passed_on"):  # views, looked at when they were built
        built = [(column, kind, column in contract.open) for column, kind, _ in built]
        refused = {
            name for name, column in model.columns.items() if any(c.type == "not_null" for c in column.constraints)
        }
        assert refused == contract.columns.keys() - contract.open
    assert built == [(column, kind, column in contract.open) for column, kind in contract.columns.items()]
    assert model.config.contract.enforced


def test_allowed_values_are_the_promised_ones(dbt: Any) -> None:
    tested: dict[str, dict[str, tuple[str, ...]]] = {}
    for node in dbt.manifest.nodes.values():
        rule = getattr(node, "test_metadata", None)
        if rule and rule.name == "accepted_values":
            table = dbt.manifest.nodes[node.attached_node].name
            said = rule.kwargs
            tested.setdefault(table, {})[said["column_name"]] = tuple(said["values"])
    # a version in the history was a row of the customer table, where its values were tested
    promised = {
        name: dict(table.values) for name, table in TABLES.items() if table.values and name != "customer_history"
    }
    assert tested == promised


def test_every_model_and_every_column_of_a_mart_says_what_it_means(dbt: Any) -> None:
    described = [node for node in dbt.manifest.nodes.values() if node.resource_type == "model"]
    assert [node.name for node in described if not node.description] == []
    columns = [
        (mart.name, c.name)
        for mart in models(dbt, "marts").values()
        for c in mart.columns.values()
        if not c.description
    ]
    assert columns == []
