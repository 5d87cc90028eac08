"""roles.yaml: what each role may see, whether the published tables have it, and what its columns become.

The expressions by which values are masked do not belong here (`transforms.masking`), nor does writing the files
(`connectors.publishing`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from transforms.contract import PUBLICATION, TABLES, TEXT, Table
from transforms.masking import CONTACT_POINTS, CONTEXT_FIELDS, MASKS, PLAIN, RAW

TABLES_OF_ROLES: dict[str, Table] = {
    **{name: table for name, table in TABLES.items() if name != "customer_context"},
    "publication": PUBLICATION,
}
"""Tables that roles.yaml can name; a role's documents follow from its `context`."""

Path = tuple[str | int, ...]


class Role(BaseModel):
    """What one role may see."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contact_points: Literal["shown", "masked"]
    context: tuple[str, ...] = ()
    tables: dict[str, tuple[str, ...]]


class Roles(RootModel[dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Role]]):
    """Role name -> what it may see."""

    model_config = ConfigDict(frozen=True)


def mistakes(roles: Roles) -> Iterator[tuple[Path, str]]:
    """What roles.yaml names and the published tables do not have, or may not be given: where it stands, and why."""
    for name, role in roles.root.items():
        yield from _unknown((name, "context"), role.context, CONTEXT_FIELDS, "field of the context")
        for table, columns in role.tables.items():
            place = (name, "tables", table)
            if table not in TABLES_OF_ROLES:
                yield place, _not_known(table, TABLES_OF_ROLES, "table that a role can be given")
                continue
            contract = TABLES_OF_ROLES[table]
            yield from _unknown(place, columns, contract.columns, f"column of {table}")
            if missing := [column for column in contract.key if column not in columns]:
                yield place, f"the key is missing; name {', '.join(missing)} too, so that its rows can be told apart"
            if role.contact_points == "masked" and (raw := RAW.get(table, frozenset()) & set(columns)):
                words = f"{', '.join(sorted(raw))} holds values as records wrote them, which cannot be masked"
                yield place, f"{words}; take it away, or write contact_points: shown"


def role_tables(roles: Roles) -> dict[str, dict[str, dict[str, str]]]:
    """Role -> table -> column -> expression over the published table of that name.

    A role with a context has customer_context, too; only the rows that name it are its own.
    """
    found: dict[str, dict[str, dict[str, str]]] = {}
    for name, role in sorted(roles.root.items()):
        masked = role.contact_points == "masked"
        tables = {
            table: {column: _seen(table, column, masked) for column in columns}
            for table, columns in role.tables.items()
        }
        if role.context:
            tables["customer_context"] = {column: column for column in TABLES["customer_context"].columns}
        found[name] = tables
    return found


def _seen(table: str, column: str, masked: bool) -> str:
    if not masked:
        return column
    if column in CONTACT_POINTS:
        return MASKS[CONTACT_POINTS[column]].format(value=column)
    typed = TABLES_OF_ROLES[table].columns[column] == TEXT and column not in PLAIN
    return MASKS["redacted"].format(value=column) if typed else column


def _unknown(place: Path, names: tuple[str, ...], known: Iterable[str], what: str) -> Iterator[tuple[Path, str]]:
    for position, name in enumerate(names):
        if name not in known:
            yield (*place, position), _not_known(name, known, what)
        elif name in names[:position]:
            yield (*place, position), f"{name!r} stands there twice; name it once"


def _not_known(name: str, known: Iterable[str], what: str) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f"{name!r} is no {what}; " + (f"is {near[0]} meant?" if near else f"expected one of {', '.join(known)}")
