"""The run's warehouse file: everything stands under the names that dbt reads, also where there is nothing yet."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from transforms.policy import load_policy
from transforms.records import KINDS, Person
from transforms.warehouse import IDENTITY, mart_columns, prepare_warehouse, published_tables


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"


def rows(warehouse: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(warehouse, read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_without_records_every_table_is_there_and_empty(warehouse: Path, tmp_path: Path) -> None:
    prepare_warehouse(warehouse, tmp_path, load_policy(), None)
    expected = {f"records.{kind}" for kind in (*KINDS, "source")} | {f"identity.{name}" for name in IDENTITY}
    expected |= {f"previous.{name}" for name in published_tables()} | {"state.owner_assignment"}
    with duckdb.connect(warehouse, read_only=True) as connection:
        for table in expected:
            assert connection.execute(f"select count(*) from {table}").fetchone() == (0,), table


def test_records_of_all_sources_stand_together_with_their_own_types(warehouse: Path, tmp_path: Path) -> None:
    for source in ("crm", "shop@north"):
        person = {
            "source": source,
            "object": "Contact",
            "record_id": "1",
            "observed_at": datetime(2025, 1, 1, tzinfo=UTC),
        }
        path = tmp_path / "records" / "person" / f"{source}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame([person], schema=Person.create_empty().schema).write_parquet(path)
    prepare_warehouse(warehouse, tmp_path, load_policy(), None)
    assert rows(warehouse, "select source from records.person order by source") == [("crm",), ("shop@north",)]
    types = dict(rows(warehouse, "select column_name, column_type from (describe records.person)"))
    assert (types["observed_at"], types["created_on"], types["filled"]) == (
        "TIMESTAMP WITH TIME ZONE",
        "DATE",
        "VARCHAR[]",
    )


def test_a_column_that_an_older_base_lacks_is_null(warehouse: Path, tmp_path: Path) -> None:
    base = tmp_path / "v000001"
    base.mkdir()
    pl.DataFrame({"customer_id": ["c_1"], "display_name": ["Ann"], "dropped_since": ["x"]}).write_parquet(
        base / "customer.parquet"
    )
    prepare_warehouse(warehouse, tmp_path, load_policy(), base)
    assert rows(warehouse, "select customer_id, display_name, tier from previous.customer") == [("c_1", "Ann", None)]
    columns = [name for (name,) in rows(warehouse, "select column_name from (describe previous.customer)")]
    assert columns == list(mart_columns()["customer"])


def test_what_an_earlier_run_left_is_replaced(warehouse: Path, tmp_path: Path) -> None:
    warehouse.write_bytes(b"half a file")
    Path(f"{warehouse}.wal").write_bytes(b"and its log")
    Path(f"{warehouse}.build").write_bytes(b"and one that was killed")
    prepare_warehouse(warehouse, tmp_path, load_policy(), None)
    assert rows(warehouse, "select count(*) from records.person") == [(0,)]


def test_policy_stands_as_tables_in_its_order(warehouse: Path, tmp_path: Path) -> None:
    prepare_warehouse(warehouse, tmp_path, load_policy(None, "CHF"), None)
    assert rows(warehouse, "select value from policy.setting where name = 'reporting_currency'") == [("CHF",)]
    rules = rows(warehouse, "select position, field, value from policy.tier_rule order by position")
    assert rules == [(1, "sla", "platinum"), (2, "sla", "gold"), (3, "lifetime_value", None)]
    orders = rows(warehouse, "select rule from policy.survivorship where field_group = 'email' order by position")
    assert orders == [("pinned",), ("verified",), ("source_rank",), ("most_recent",)]
    levels = rows(warehouse, "select tier, sla_minutes, ai_may_serve from policy.service_level order by tier")
    assert levels == [("premium", 60, False), ("standard", 1440, True)]
