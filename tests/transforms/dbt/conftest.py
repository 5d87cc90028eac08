"""One parse of the dbt project per test session, and a warehouse of hand-made records to build it on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

from tests.identity_file import write_results
from transforms.policy import Policy, load_policy
from transforms.records import KINDS
from transforms.warehouse import (
    DBT,
    IDENTITY,
    mart_columns,
    prepare_warehouse,
    published_tables,
    settings_for_dbt,
    tell_run,
)

SEEN = datetime(2025, 6, 1, tzinfo=UTC)
"""When records of these tests were delivered, unless a test says otherwise."""

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Dbt:
    """The parsed project; `invoke` runs one dbt command on a warehouse."""

    manifest: Manifest
    target: Path
    environment: pytest.MonkeyPatch

    def invoke(self, warehouse: Path, *command: str) -> dbtRunnerResult:
        for name, value in settings_for_dbt(warehouse, threads=2, memory="1GB").items():
            self.environment.setenv(name, value)
        where = ["--project-dir", str(DBT), "--profiles-dir", str(DBT), "--target-path", str(self.target)]
        try:
            with contextlib.chdir(warehouse.parent):
                return dbtRunner(manifest=self.manifest).invoke(
                    ["--quiet", *command, *where, "--log-path", str(self.target)]
                )
        finally:
            DuckDBConnectionManager.close_all_connections()  # else this process holds the file until it ends


def said(built: dbtRunnerResult) -> list[str]:
    """What dbt says of nodes that failed."""
    return [f"{one.node.name}: {one.message}" for one in built.result if one.status in ("error", "fail")]


@dataclass
class House:
    """A data folder that a test fills with records and links, and the publications made of it."""

    data: Path
    dbt: Dbt
    policy: Policy = field(default_factory=load_policy)
    base: int | None = None
    came_to: dict[str, Rows] = field(default_factory=dict)
    newest: Path | None = None

    def records(self, kind: str, *rows: Mapping[str, Any]) -> None:
        """Write records of one kind; columns that a row does not name are null, or harmless where they must be."""
        schema = KINDS[kind].create_empty().schema
        given = {"object": kind, "observed_at": SEEN, "export": "f" * 64, "row": 1, "filled": []}
        frame = pl.DataFrame([{**given, **row} for row in rows], schema=schema, orient="row")
        for (source,), of_source in frame.group_by("source"):
            path = self.data / "records" / kind / f"{source}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            of_source.write_parquet(path)

    def sources(self, *rows: Mapping[str, Any]) -> None:
        given = {"system": "crm", "kind": "crm", "timezone": "UTC", "currency": "EUR", "fresh_at": SEEN}
        names = ("source", "system", "kind", "rank", "country", "timezone", "currency", "language", "fresh_at")
        pl.DataFrame(
            [{**dict.fromkeys(names), **given, **row} for row in rows],
            schema_overrides={"rank": pl.Int64, "country": pl.String, "language": pl.String},
        ).write_parquet(self.data / "sources.parquet")

    def identity(self, **tables: Rows) -> None:
        """Write what identity came to, e.g. `link=[{...}]`; columns that a row does not name are null."""
        self.came_to |= tables
        frames = {}
        for name, columns in IDENTITY.items():
            with duckdb.connect() as connection:
                stated = ", ".join(f"{column} {kind}" for column, kind in columns.items())
                connection.execute(f"create table {name} ({stated})")
                for row in self.came_to.get(name, ()):
                    marks = ", ".join("?" for _ in row)
                    connection.execute(f"insert into {name} ({', '.join(row)}) values ({marks})", list(row.values()))
                frames[name] = pl.DataFrame(connection.sql(f"from {name}").to_arrow_table())
        write_results(self.data, **frames)

    def link(self, customers: Mapping[str, Sequence[str]]) -> None:
        """Link record keys `source:object:record_id` to customers; ids that begin with `c_o` are organisations."""
        keys = [(customer, *key.split(":", 2)) for customer, of_it in customers.items() for key in of_it]
        self.identity(
            link=[
                {
                    "source": source,
                    "object": kind,
                    "record_id": record_id,
                    "customer_id": customer,
                    "customer_type": "organisation" if customer.startswith("c_o") else "person",
                    "rule": "alone",
                    "decided_by": "alone",
                }
                for customer, source, kind, record_id in keys
            ]
        )

    def warehouse(self, number: int) -> Path:
        return self.data / f"run{number}" / "warehouse.duckdb"

    def build(self, number: int, as_of: date) -> dict[str, list[dict[str, Any]]]:
        """Build the marts as publication `number` upon the last published one; rows in the order of their keys."""
        warehouse = self.warehouse(number)
        base = None if self.base is None else self.data / f"v{self.base}"
        prepare_warehouse(warehouse, self.data, self.policy, base, self.newest)
        tell_run(warehouse, as_of, number, self.base)
        built = self.dbt.invoke(warehouse, "build", "--exclude-resource-type", "unit_test")
        assert built.success, built.exception or said(built)
        with duckdb.connect(warehouse) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return {
                name: connection.sql(f"select * from marts.{name} order by all").pl().to_dicts()
                for name in mart_columns()
            }

    def publish(self, number: int, as_of: date) -> dict[str, list[dict[str, Any]]]:
        """Build, and make the result the base and the state of the next build."""
        marts = self.build(number, as_of)
        folder, state = self.data / f"v{number}", self.data / "state"
        folder.mkdir()
        state.mkdir(exist_ok=True)
        with duckdb.connect(self.warehouse(number)) as connection:
            for name in published_tables():
                connection.execute(f"copy marts.{name} to '{folder / name}.parquet'")
            connection.execute(
                f"copy (select {number} as number, date '{as_of}' as logical_date) to '{folder}/publication.parquet'"
            )
            connection.execute(f"copy marts.owner_assignment to '{state / 'owner_assignment.parquet'}'")
        self.base, self.newest = number, folder
        return marts


@pytest.fixture(scope="session")
def dbt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dbt]:
    target = tmp_path_factory.mktemp("dbt")
    with pytest.MonkeyPatch.context() as environment:
        where = ["--project-dir", str(DBT), "--profiles-dir", str(DBT), "--target-path", str(target)]
        parsed = dbtRunner().invoke(["--quiet", "parse", *where, "--log-path", str(target)])
        assert parsed.success, parsed.exception
        yield Dbt(parsed.result, target, environment)


@pytest.fixture(scope="session")
def new_house(dbt: Dbt) -> Callable[[Path], House]:
    return lambda data: House(data, dbt)


@pytest.fixture
def house(tmp_path: Path, new_house: Callable[[Path], House]) -> House:
    return new_house(tmp_path)


@pytest.fixture(scope="session")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory, dbt: Dbt) -> Path:
    """The whole project built on no records at all."""
    data = tmp_path_factory.mktemp("empty")
    warehouse = data / "warehouse.duckdb"
    prepare_warehouse(warehouse, data, load_policy(), None)
    tell_run(warehouse, date(2025, 6, 30), 1, None)
    built = dbt.invoke(warehouse, "build", "--exclude-resource-type", "unit_test")
    assert built.success, built.exception or said(built)
    return warehouse
