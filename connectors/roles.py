"""Role-scoped copies in a publication: `roles/<role>/concord.duckdb`, made of the tables written beside them.

Which role sees which column, and as what, comes from above (`transforms.policy.roles`); opening one is
`connectors.publication.open_publication(data, role=…)`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import duckdb

from connectors.files import private_folder
from connectors.manifest import RoleEntry, TableEntry
from connectors.publication import quoted
from connectors.verification import table_entry

Tables = Mapping[str, Mapping[str, str]]
"""Published table -> column of the role's table -> expression over the published one's columns."""
Roles = Mapping[str, Tables]

OWN_ROWS = "role"
"""A published table with a column of this name is divided by it: a role gets the rows that name it."""


def definition(tables: Tables) -> str:
    """A hash of what the role's database is made by; equal ones make equal databases of equal tables."""
    return hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()


def write_role(con: duckdb.DuckDBPyConnection, role: str, tables: Tables, building: Path) -> RoleEntry:
    """Write the role's database from the Parquet files in `building`, in their order, which `con` must preserve.

    Nothing but the values of the expressions ever stands in it: it is a new file, filled by one statement per table.
    """
    file = private_folder(building / "roles" / role) / "concord.duckdb"
    con.execute(f"attach {quoted(file)} as role_database")
    try:
        entries = {table: _write(con, role, table, columns, building) for table, columns in tables.items()}
    finally:
        con.execute("detach role_database")
    return RoleEntry(definition=definition(tables), tables=entries)


def _write(
    con: duckdb.DuckDBPyConnection, role: str, table: str, columns: Mapping[str, str], building: Path
) -> TableEntry:
    seen = ", ".join(f'{expression} as "{column}"' for column, expression in columns.items())
    own = f"where {OWN_ROWS} = '{role}'" if OWN_ROWS in columns else ""
    source = f"read_parquet({quoted(building / f'{table}.parquet')})"
    con.execute(f"create table role_database.{table} as select {seen} from {source} {own}")
    return table_entry(con, f"role_database.{table}")
