"""Marts -> a publication: compared with the current one, written aside, checked, sealed, placed and made current.

Every step may be the last one of its process; `connectors.switching.recover` then undoes or finishes it. Where things
lie and how they are read does not belong here (`connectors.publication`), nor does judging rows (`transforms.gate`).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Protocol

import duckdb
import polars as pl
import pyarrow.parquet as pq

from connectors.files import as_json, fsync, private_folder, remove
from connectors.history import write_macros
from connectors.manifest import FileEntry, Manifest, PublicationError, TableEntry, write_manifest
from connectors.publication import (
    KEYS,
    MODEL_FILES,
    SCHEMA_VERSION,
    STATE_FILES,
    STATE_FORMAT,
    Publication,
    base_number,
    engine,
    next_number,
    open_publication,
    publications,
    published,
    quoted,
    version,
)
from connectors.roles import Roles, definition, write_role
from connectors.switching import adopt_state, publishing_lock, switch
from connectors.verification import file_entry, table_entry

ENGINE = f"duckdb {duckdb.__version__}"
TELLING = ("customer_history", "customer_alias_history", "customer_change", "customer_feature", "publication")
COMPARED = tuple(table for table in KEYS if table not in TELLING)
"""Tables whose rows decide whether there is anything new; the others only tell of it."""
LOOKED_UP = ("customer", "identity_link", "publication")
"""Tables that are asked for single rows all day: real tables of concord.duckdb at any size."""
VIEW_FROM = 1_000_000
"""Rows from which a table that is not looked up stands in concord.duckdb as a view on its Parquet file: 10 million rows
of provenance cost 2.4 s and 130 MB a second time, and a row of theirs is found in the sorted file in 0.03 s."""


class Check(Protocol):
    """What a publication records of a check: `transforms.gate.Finding` is one."""

    @property
    def name(self) -> str: ...
    @property
    def passed(self) -> bool: ...
    @property
    def severity(self) -> str: ...
    @property
    def message(self) -> str: ...


@dataclass(frozen=True)
class PublicationResult:
    """What became of a publication: made; not made, for nothing is new; or held back by a failed check."""

    outcome: Literal["published", "unchanged", "held"]
    number: int
    """The publication made, the current one where nothing is new, or the number that was held back."""
    base: int | None
    path: Path
    rows: dict[str, int]
    failed: tuple[str, ...] = ()
    """Messages of the checks that held it back."""


def publish(
    warehouse: Path,
    data: Path,
    *,
    number: int,
    base: int | None,
    logical_date: date,
    created_at: datetime,
    inputs: Mapping[str, Any],
    checks: Sequence[Check],
    roles: Roles = MappingProxyType({}),
    pages: Mapping[str, bytes] = MappingProxyType({}),
    schema: str = "marts",
    memory: str | None = None,
    threads: int | None = None,
) -> PublicationResult:
    """Publish the tables of `schema` in the warehouse file as `number`, resting on publication `base`.

    `inputs` are what the run rested on (delivery ids, hashes of connectors and policy, code version), fit for JSON.
    A failed check of severity `error` holds the publication back: it is written to `published/held/` and nothing else
    changes. `roles` get a database each beside, `pages` are files to lie there for people. `memory` (a DuckDB
    size) and `threads` bound the writing; rows beyond the memory spill into the new folder.

    Raises:
        PublicationError: `number` is not the next, `base` not the current publication, a table or a file of the state
            is missing, or what was written does not read back as the rows of the warehouse.
    """
    failed = tuple(check.message for check in checks if not check.passed and check.severity == "error")
    with publishing_lock(data):
        _expect(data, number, base)
        parent = published(data) / "held" if failed else published(data)
        building = private_folder(parent) / f".building-{number}-{os.getpid()}"
        remove(building)
        try:
            with _workbench(warehouse, private_folder(building), memory, threads) as con:
                marts = _measure(con, schema)
                current = open_publication(data, base) if base is not None else None
                if current and not failed and _says_the_same(con, marts, roles, current):
                    rows = {table: entry.rows for table, entry in current.manifest.tables.items()}
                    return PublicationResult("unchanged", current.number, base, current.path, rows)
                target = parent / version(number)
                row = _row(
                    data,
                    marts,
                    number=number,
                    base=base,
                    created_at=created_at,
                    logical_date=logical_date,
                    checks=checks,
                )
                tables = marts | {"publication": _lay_publications(con, data, row)}
                _write_tables(con, tables, warehouse, schema, building, target)
                _write_state(con, data, schema, building, number)
                _read_back(con, tables, building)
                told = {role: write_role(con, role, columns, building) for role, columns in roles.items()}
            for name, content in pages.items():
                (building / name).write_bytes(content)
            manifest = Manifest(
                number=number,
                base=base,
                schema_version=SCHEMA_VERSION,
                created_at=created_at,
                logical_date=logical_date,
                engine=ENGINE,
                held=bool(failed),
                files=_files(building),
                tables=tables,
                roles=told,
                inputs=dict(inputs),
                checks=[_told(check) for check in checks],
            )
            write_manifest(building, manifest)
            seal(building)
            publication = place(building, target, manifest)
        finally:
            remove(building)
        if not failed:
            switch(data, number)
            adopt_state(data, publication)
            remove(published(data) / "held" / version(number))
    rows = {table: entry.rows for table, entry in tables.items()}
    return PublicationResult("held" if failed else "published", number, base, publication.path, rows, failed)


def _expect(data: Path, number: int, base: int | None) -> None:
    """Another run, or someone rolling back, may have been quicker than the run that wants to publish."""
    if number != next_number(data) or base != base_number(data):
        raise PublicationError(
            f"publication {number} on base {base} came too late: the next is {next_number(data)} and the current one "
            f"{base_number(data)}, changed by another run or a rollback meanwhile; run again"
        )


@contextmanager
def _workbench(
    warehouse: Path, building: Path, memory: str | None, threads: int | None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the warehouse attached read-only as `warehouse`, and the new database as `concord`."""
    spill = building / ".spill"
    con = engine(memory, threads, spill)
    try:
        con.execute(f"attach {quoted(warehouse)} as warehouse (read_only)")
        con.execute(f"attach {quoted(building / 'concord.duckdb')} as concord")
        yield con
        con.execute("detach concord")
    except duckdb.CatalogException as error:
        raise PublicationError(
            f"{warehouse} lacks a table that is published: {error}; run the warehouse floor"
        ) from error
    finally:
        con.close()
        remove(spill)


def _measure(con: duckdb.DuckDBPyConnection, schema: str) -> dict[str, TableEntry]:
    """Rows, columns and content of every table that the warehouse gives."""
    return {table: table_entry(con, f"warehouse.{schema}.{table}") for table in KEYS if table != "publication"}


def _says_the_same(
    con: duckdb.DuckDBPyConnection, marts: dict[str, TableEntry], roles: Roles, current: Publication
) -> bool:
    """Whether the compared tables hold the rows of the current publication, and roles see the same of them."""
    if current.manifest.schema_version != SCHEMA_VERSION:
        return False
    seen = {role: entry.definition for role, entry in current.manifest.roles.items()}
    if seen != {role: definition(tables) for role, tables in roles.items()}:
        return False
    known = current.manifest.tables
    if current.manifest.engine != ENGINE:  # another version may hash otherwise: read the rows again
        known = {
            table: table_entry(con, quoted(current.path / f"{table}.parquet")) for table in COMPARED if table in known
        }
    return all(known.get(table) == marts[table] for table in COMPARED)


def _row(
    data: Path,
    marts: dict[str, TableEntry],
    *,
    number: int,
    base: int | None,
    created_at: datetime,
    logical_date: date,
    checks: Sequence[Check],
) -> tuple[object, ...]:
    """What the table `publication` says of the new one."""
    sources = pl.read_parquet(data / "sources.parquet", columns=["source", "fresh_at"]).sort("source")
    fresh = {source: at.isoformat() if at else None for source, at in sources.iter_rows()}
    rows = {table: entry.rows for table, entry in marts.items()}
    told = [_told(check) for check in checks]
    texts = [json.dumps(value, ensure_ascii=False, sort_keys=True, default=str) for value in (rows, told, fresh)]
    return (number, base, created_at, logical_date, *texts)


def _told(check: Check) -> dict[str, Any]:
    return {"name": check.name, "passed": check.passed, "severity": check.severity, "message": check.message}


def _lay_publications(con: duckdb.DuckDBPyConnection, data: Path, row: tuple[object, ...]) -> TableEntry:
    """The table `publication`: all so far, as the newest one knows them, and the new row."""
    con.execute(
        "create temporary table publication (number bigint, base bigint, created_at timestamptz, logical_date date, "
        '"rows" varchar, checks varchar, freshness varchar)'
    )
    if so_far := publications(data):
        con.execute(f"insert into publication by name from {quoted(so_far[-1].path / 'publication.parquet')}")
    con.execute("insert into publication values (?, ?, ?, ?, ?, ?, ?)", row)
    return table_entry(con, "publication")


def _write_tables(
    con: duckdb.DuckDBPyConnection,
    tables: Mapping[str, TableEntry],
    warehouse: Path,
    schema: str,
    building: Path,
    target: Path,
) -> None:
    """Every table as Parquet and in concord.duckdb, ordered by its key, and the macros that readers call there.

    Views name their file by the path at which the publication will stand, so that a plain DuckDB client can open
    `published/v000012/concord.duckdb` from any folder; `Publication.connect` also finds them after the data moved.
    """
    # DuckDB wants to see a view's file when the view is made: for that moment the final name leads to this folder.
    remove(target)
    target.symlink_to(building.name)
    try:
        for table, entry in tables.items():
            file = building / f"{table}.parquet"
            mart = table if table == "publication" else f"warehouse.{schema}.{table}"
            relation, written = _by_key(con, mart, KEYS[table]), mart_file(warehouse, table)
            if there := written.exists() and relation == mart:
                take(written, file)
            if entry.rows < VIEW_FROM or table in LOOKED_UP:
                con.execute(f"create table concord.{table} as from {relation}")
                if not there:
                    copy(con, f"concord.{table}", file)
            else:
                if not there:
                    copy(con, relation, file)
                lay_view(con, table, target)
        write_macros(con, schema)
    finally:
        remove(target)


def lay_view(con: duckdb.DuckDBPyConnection, table: str, target: Path) -> None:
    file = quoted(target.absolute() / f"{table}.parquet")
    con.execute(f"create or replace view concord.{table} as select * from read_parquet({file})")


def mart_file(warehouse: Path, table: str) -> Path:
    """Where a mart lies that is no table of the warehouse but Parquet beside it (dbt's macros/parquet.sql)."""
    return warehouse.with_name(f"{warehouse.stem}.{table}.parquet")


def take(written: Path, file: Path) -> None:
    """The file under a second name. Whoever writes the first anew puts another file in its place."""
    try:
        os.link(written, file)
    except OSError:  # a file system without links, or another one
        shutil.copyfile(written, file)


def _by_key(con: duckdb.DuckDBPyConnection, relation: str, key: Sequence[str]) -> str:
    """The rows in the order of their key; most marts lie so; looking (0.4 s for 10 million rows) spares a sort."""
    ahead = ", ".join(f"lag({column}, 1, {column}) over ()" for column in key)
    back = f"select ({', '.join(key)}) < ({ahead}) as back from {relation}"
    (count,) = con.execute(f"select count(*) from ({back}) where back is not false").fetchall()[0]
    return f"{relation} order by {', '.join(key)}" if count else relation


def copy(con: duckdb.DuckDBPyConnection, relation: str, file: Path) -> None:
    con.execute(f"copy (from {relation}) to {quoted(file)} (format parquet, compression zstd)")


def _write_state(con: duckdb.DuckDBPyConnection, data: Path, schema: str, building: Path, number: int) -> None:
    """The state that this publication moves forward, beside what engineers keep there (releases)."""
    state, identity = private_folder(building / "state"), data / "identity"
    if not (identity / "identity.duckdb").exists():
        raise PublicationError(
            f"{identity / 'identity.duckdb'} is missing: a publication carries its registry; run again"
        )
    con.execute(f"attach {quoted(identity / 'identity.duckdb')} as identity (read_only)")
    # The registry leaves open the publication of what it says for the first time: it is this one.
    said = f"(select * replace (coalesce(publication, {number}) as publication) from identity.registry)"
    assigned = f"warehouse.{schema}.owner_assignment"
    copy(con, _by_key(con, said, ("customer_id",)), state / "registry.parquet")
    copy(con, _by_key(con, "identity.member", ("record_key",)), state / "member.parquet")
    con.execute("detach identity")
    copy(con, _by_key(con, assigned, ("customer_id",)), state / "owner_assignment.parquet")
    (state / "format.json").write_bytes(as_json({"format": STATE_FORMAT, "publication": number}))
    frozen = [identity / name for name in MODEL_FILES if (identity / name).exists()]
    moved = {*STATE_FILES, *(path.name for path in frozen)}
    for path in (*frozen, *sorted((data / "state").glob("[!.]*"))):
        if path in frozen or path.name not in moved:
            shutil.copyfile(path, state / path.name)


def _read_back(con: duckdb.DuckDBPyConnection, tables: Mapping[str, TableEntry], building: Path) -> None:
    """What was written must read as what was measured, row by row."""
    for table, entry in tables.items():
        found = table_entry(con, quoted(building / f"{table}.parquet"))
        if found != entry:
            raise PublicationError(
                f"{table}.parquet does not read back as the table it was written from: {found.rows} rows of "
                f"{entry.rows}, types {found.columns} of {entry.columns}; nothing was published, run again"
            )


def _files(building: Path) -> dict[str, FileEntry]:
    names = sorted(str(path.relative_to(building)) for path in building.rglob("*") if path.is_file())
    rows = {name: pq.read_metadata(building / name).num_rows for name in names if name.endswith(".parquet")}
    return {name: file_entry(building / name, rows.get(name)) for name in names}


def seal(folder: Path) -> None:
    """Bring everything in `folder` to the disk and take away the right to write it."""
    for parent, _, names in os.walk(folder, topdown=False):
        for path in (*(Path(parent) / name for name in names), Path(parent)):
            fsync(path)
            path.chmod(0o500 if path.is_dir() else 0o400)


def place(building: Path, target: Path, manifest: Manifest) -> Publication:
    """Give the finished folder its name: from here on the publication is there."""
    building.rename(target)
    fsync(target.parent)
    return Publication(target.resolve(), manifest)
