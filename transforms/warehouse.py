"""The run's own DuckDB file: lays records, identity, state, policy and the base publication under the names dbt reads.

What is said about customers does not belong here (`transforms/dbt`), nor what readers see (`connectors.publication`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import duckdb
import polars as pl
import yaml

from transforms.identity.kept import attach_results
from transforms.masking import MASKS
from transforms.policy import Policy
from transforms.records import KINDS
from transforms.sql import UNPACKED, quoted

DBT = Path(__file__).parent / "dbt"

FOR_ONE_RUN: dict[str, str | bool | int | float | list[str]] = {"preserve_insertion_order": False, "fsync_mode": "NONE"}
"""How the file is written: rows are ordered where it matters, and after a power cut the next run makes it anew."""

ROOMY = 6_000
"""Megabytes for DuckDB from which two models share them, for 5 % of the time of a build; with less, either spills."""

Columns = Mapping[str, str]
"""Column name -> DuckDB type, in order."""

PRIVATE = frozenset({"owner_assignment"})
"""Marts that are state to carry on, not published tables."""

SOURCE: Columns = {
    "source": "varchar",
    "system": "varchar",
    "kind": "varchar",
    "rank": "bigint",
    "country": "varchar",
    "timezone": "varchar",
    "currency": "varchar",
    "language": "varchar",
    "fresh_at": "timestamptz",
    "fresh_until": "timestamptz",
}

IDENTITY: Mapping[str, Columns] = {
    "link": {
        "source": "varchar",
        "object": "varchar",
        "record_id": "varchar",
        "customer_id": "varchar",
        "customer_type": "varchar",
        "rule": "varchar",
        "score": "double",
        "evidence": "varchar",
        "decided_by": "varchar",
    },
    "edge": {
        "record_a": "varchar",
        "record_b": "varchar",
        "score": "double",
        "agreed": "varchar",
        "disagreed": "varchar",
        "model_version": "varchar",
        "used": "varchar",
        "reason": "varchar",
    },
    "alias": {"id": "varchar", "status": "varchar", "new_ids": "varchar[]", "publication": "bigint"},
    "confidence": {"customer_id": "varchar", "match_confidence": "double"},
    "contact_point": {
        "kind": "varchar",
        "value": "varchar",
        "class": "varchar",
        "reason": "varchar",
        "records": "bigint",
        "names": "bigint",
    },
}

STATE: Mapping[str, Columns] = {
    "owner_assignment": {"customer_id": "varchar", "owner_employee_id": "varchar", "since": "date"},
}


HISTORIES = ("customer_history", "customer_alias_history")
"""Marts that go on from the newest publication instead of the base."""


def prepare_warehouse(
    warehouse: Path, data: Path, policy: Policy, base: Path | None, newest: Path | None = None
) -> None:
    """Put a fresh warehouse file in the place of `warehouse`; an interrupted call leaves the old one as it was.

    Parquet under `data` and of the publication folder `base` is laid as views, so it is not copied; identity's tables
    are, for the next run changes them in place. A table without a file, or without a base, is empty with the same
    columns. A column that an older base does not have is null. `newest` is the folder of the publication
    made last, which is another than `base` after a rollback only.
    """
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    build = warehouse.with_name(f"{warehouse.name}.build")
    _delete(build)
    with duckdb.connect(build, config=FOR_ONE_RUN) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(UNPACKED)
        for kind, columns in record_columns(connection).items():
            _lay(connection, f"records.{kind}", columns, sorted((data / "records" / kind).glob("*.parquet")))
        _lay(connection, "records.source", SOURCE, _present(data / "sources.parquet"))
        _copy_identity(connection, data)
        for name, columns in STATE.items():
            _lay(connection, f"state.{name}", columns, _present(data / "state" / f"{name}.parquet"))
        told = _present(newest / "publication.parquet") if newest else []
        _lay(connection, "newest.publication", {"number": "bigint", "logical_date": "date"}, told)
        for name, columns in mart_columns().items():
            if name not in PRIVATE:
                files = _present(base / f"{name}.parquet") if base else []
                _lay(connection, f"previous.{name}", columns, files)
            if name in HISTORIES:
                _lay(connection, f"newest.{name}", columns, _present(newest / f"{name}.parquet") if newest else [])
        lay_policy(connection, policy)
        for name, mask in MASKS.items():
            connection.execute(f"create macro policy.{name}(value) as {mask.format(value='value')}")
    _delete(Path(f"{warehouse}.wal"))
    # Marts of the file that is replaced, also half written ones.
    for mart in warehouse.parent.glob(f"*{warehouse.stem}.*.parquet"):
        mart.unlink()
    build.replace(warehouse)


def tell_run(warehouse: Path, as_of: dt.date, publication_number: int, base_number: int | None) -> None:
    """The one row of `run.told`: the logical date, the publication that the run makes, and that one's base."""
    with duckdb.connect(warehouse, config=FOR_ONE_RUN) as connection:
        connection.execute("create schema if not exists run")
        connection.execute(
            "create or replace table run.told as "
            "select $1::date as as_of, $2::bigint as publication_number, $3::bigint as base_number",
            [as_of, publication_number, base_number],
        )


def lay_policy(connection: duckdb.DuckDBPyConnection, policy: Policy) -> None:
    """The tables of schema `policy`."""
    for name, frame in _policy_frames(policy).items():
        _copy(connection, f"policy.{name}", frame)


def record_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, Columns]:
    """DuckDB columns per record kind, derived from `transforms.records`."""
    return {kind: _types(connection, schema.create_empty()) for kind, schema in KINDS.items()}


@cache
def mart_columns() -> Mapping[str, Columns]:
    """Columns per mart, as their dbt contracts state them: published tables and what `PRIVATE` names."""
    models = (
        model
        for path in sorted((DBT / "models" / "marts").glob("*.yml"))
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", ())
    )
    return {model["name"]: {column["name"]: column["data_type"] for column in model["columns"]} for model in models}


def models_at_once(memory: str) -> int:
    """How many models dbt builds side by side: while one is planned or written to its end, another one computes."""
    return 2 if int(memory.removesuffix("MB")) >= ROOMY else 1


def settings_for_dbt(warehouse: Path, threads: int, memory: str) -> dict[str, str]:
    """Environment that dbt's process and macros read: where the warehouse is, and what the run may use."""
    return {"CONCORD_WAREHOUSE": str(warehouse), "CONCORD_THREADS": str(threads), "CONCORD_MEMORY": memory}


def published_tables() -> list[str]:
    """Names of the marts that are published, in the order of their contracts."""
    return [name for name in mart_columns() if name not in PRIVATE]


def _policy_frames(policy: Policy) -> dict[str, pl.DataFrame]:
    support = policy.support
    conditions = [(rule, value) for rule in support.tiers for value in (rule.values or (None,))]
    settings = {
        "reporting_currency": policy.reporting_currency,
        "consent_ai_unknown": support.consent_ai_unknown,
        "people_share_tier_of_organisation": str(support.people_share_tier_of_organisation).lower(),
        "agent_capacity_default": str(support.agent_capacity_default),
    }
    return {
        "tier_rule": pl.DataFrame(
            [
                (position, rule.kind, rule.field, value, rule.at_least, rule.tier, rule.reason)
                for position, (rule, value) in enumerate(conditions, start=1)
            ],
            schema={
                "position": pl.Int32,
                "kind": pl.String,
                "field": pl.String,
                "value": pl.String,
                "at_least": pl.Decimal(18, 2),
                "tier": pl.String,
                "reason": pl.String,
            },
            orient="row",
        ),
        "service_level": pl.DataFrame(
            [(tier, minutes, tier in support.ai_may_serve) for tier, minutes in support.service_levels.items()],
            schema={"tier": pl.String, "sla_minutes": pl.Int32, "ai_may_serve": pl.Boolean},
            orient="row",
        ),
        "setting": pl.DataFrame(list(settings.items()), schema={"name": pl.String, "value": pl.String}, orient="row"),
        "agent": pl.DataFrame(
            [(agent.employee_id, list(agent.languages), list(agent.skills), agent.capacity) for agent in policy.agents],
            schema={
                "employee_id": pl.String,
                "languages": pl.List(pl.String),
                "skills": pl.List(pl.String),
                "capacity": pl.Int32,
            },
            orient="row",
        ),
        "context_field": pl.DataFrame(
            [
                (name, role.contact_points == "masked", field)
                for name, role in policy.roles.root.items()
                for field in role.context
            ],
            schema={"role": pl.String, "is_masked": pl.Boolean, "field": pl.String},
            orient="row",
        ),
        "survivorship": pl.DataFrame(
            [
                (group, position, rule)
                for group, order in policy.survivorship.model_dump().items()
                for position, rule in enumerate(order, start=1)
            ],
            schema={"field_group": pl.String, "position": pl.Int32, "rule": pl.String},
            orient="row",
        ),
        "pin": pl.DataFrame(
            [pin.model_dump() for pin in policy.pins],
            schema={
                "line": pl.Int64,
                "customer_id": pl.String,
                "source": pl.String,
                "object": pl.String,
                "record_id": pl.String,
                "field": pl.String,
                "field_group": pl.String,
                "value": pl.String,
                "who": pl.String,
                "why": pl.String,
                "stated_on": pl.Date,
            },
        ),
    }


def _copy_identity(connection: duckdb.DuckDBPyConnection, data: Path) -> None:
    """What the identity floor came to, or empty tables where it has not run."""
    there = attach_results(connection, data, "kept")
    for name, columns in IDENTITY.items():
        table = f"identity.{name}"
        _make_schema(connection, table)
        _define(connection, table, columns)
        if there:
            connection.execute(f"insert into {table} by name from kept.{name}")
    if there:
        connection.execute("detach kept")


def _present(path: Path) -> list[Path]:
    return [path] if path.exists() else []


def _make_schema(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    schema, _ = table.split(".")
    connection.execute(f"create schema if not exists {schema}")


def _lay(connection: duckdb.DuckDBPyConnection, name: str, columns: Columns, files: list[Path]) -> None:
    """A view over `files`, or an empty table where there are none."""
    _make_schema(connection, name)
    if not files:
        _define(connection, name, columns)
        return
    read = f"read_parquet([{', '.join(quoted(path.resolve()) for path in files)}], union_by_name = true)"
    there = _types(connection, f"select * from {read}")
    chosen = ", ".join(
        f"cast({_quoted(column) if column in there else 'null'} as {kind}) as {_quoted(column)}"
        for column, kind in columns.items()
    )
    connection.execute(f"create view {name} as select {chosen} from {read}")


def _define(connection: duckdb.DuckDBPyConnection, name: str, columns: Columns) -> None:
    definition = ", ".join(f"{_quoted(column)} {kind}" for column, kind in columns.items())
    connection.execute(f"create table {name} ({definition})")


def _copy(connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    _make_schema(connection, name)
    connection.register("frame", frame)
    connection.execute(f"create table {name} as select * from frame")
    connection.unregister("frame")


def _types(connection: duckdb.DuckDBPyConnection, shape: pl.DataFrame | str) -> Columns:
    """Columns of a frame or a query, as DuckDB names their types."""
    relation = connection.from_arrow(shape.to_arrow()) if isinstance(shape, pl.DataFrame) else connection.sql(shape)
    return dict(zip(relation.columns, (str(kind) for kind in relation.types), strict=True))


def _delete(path: Path) -> None:
    """Remove a DuckDB file with its write-ahead log, as a killed run may have left them."""
    for leftover in (path, Path(f"{path}.wal")):
        leftover.unlink(missing_ok=True)


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
