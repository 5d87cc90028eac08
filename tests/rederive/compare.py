"""Which published values of a publication differ from what is derived here, and which are not derived, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.publication import KEYS
from tests.rederive import activity, consent, links, owner, passage, reading, service, survivorship, whole
from tests.rederive.given import Given, lay
from transforms.policy import Policy

SUBJECTS = (
    survivorship.derive, consent.derive, activity.derive, whole.derive, service.derive, owner.derive, links.derive,
    passage.derive, reading.derive,
)  # fmt: skip
"""What leaves the tables `derived_<…>`; one that builds on another stands after it."""
OF_CUSTOMER = ("survivorship", "consent", "activity", "whole", "service", "owner", "confidence")
"""The columns of customer are derived in several tables; every other published table in `derived_<table>`."""
NOT_DERIVED: Mapping[str, Mapping[str, str]] = {
    "identity_link": {
        "rule": "names the best agreement of the pair, which no other column tells; tests/transforms/identity",
    },
    "publication": {
        "checks": "what was found while the run went on; tests/transforms/test_gate.py, tests/orchestration",
    },
}
"""Published table -> column -> why no second derivation is needed, and where it is held instead."""
HANDED_ON = "identity_edge"
"""Compared with what identity left, which is all a mart does to it. That scores, cuts and refusals are right is held by
judged pairs (tests/transforms/identity); that customers follow from the edges is derived (links)."""


@dataclass(frozen=True)
class Mismatch:
    """A value that was published otherwise than it is derived; `key` names the row."""

    table: str
    key: tuple[Any, ...]
    column: str
    published: Any
    derived: Any


@dataclass(frozen=True)
class Verdict:
    """What was compared, and what differed; at most a few per column are named."""

    compared: Mapping[str, frozenset[str]]
    """Table -> its columns that were derived, the key among them."""
    rows: Mapping[str, int]
    mismatches: tuple[Mismatch, ...]

    @property
    def values(self) -> int:
        return sum(self.rows[table] * len(columns) for table, columns in self.compared.items())


def compare(data: Path, policy: Policy, number: int | None = None, shown: int = 3) -> Verdict:
    """Derive and compare the publication (the current one where none is named) that the last run in `data` made."""
    given = lay(data, policy, number)
    for derive in SUBJECTS:
        derive(given)
    found, compared, rows = list[Mismatch](), dict[str, frozenset[str]](), dict[str, int]()
    for table, key in KEYS.items():
        told = set[str](key)
        for derived in OF_CUSTOMER if table == "customer" else (table,):
            columns = _shared(given, table, derived)
            told |= set(columns)
            found += _differences(given, table, derived, columns, shown)
        compared[table] = frozenset(told)
        rows[table] = given.con.execute(f"select count(*) from published_{table}").fetchall()[0][0]
    return Verdict(compared, rows, tuple(found))


def _shared(given: Given, table: str, derived: str) -> list[str]:
    there = set(given.con.table(f"derived_{derived}").columns)
    return [name for name in given.con.table(f"published_{table}").columns if name in there - set(KEYS[table])]


def _differences(given: Given, table: str, derived: str, columns: list[str], shown: int) -> list[Mismatch]:
    """Compared in the type of the published column; a row that only one side has differs everywhere."""
    con, key = given.con, KEYS[table]
    published = con.table(f"published_{table}")
    kinds = dict(zip(published.columns, published.types, strict=True))
    differs = {
        column: f"p.here is null or d.here is null or p.{column} is distinct from cast(d.{column} as {kinds[column]})"
        for column in columns
    }
    pairs = (
        f"(select *, true as here from published_{table}) as p "
        f"full join (select *, true as here from derived_{derived}) as d using ({', '.join(key)})"
    )
    counting = ", ".join(f"count(*) filter (where {wrong})" for wrong in differs.values())
    counts = con.execute(f"select {counting} from {pairs}").fetchall()[0]
    return [
        Mismatch(table, tuple(row[:-2]), column, *row[-2:])
        for (column, wrong), count in zip(differs.items(), counts, strict=True)
        if count
        for row in con.execute(
            f"select {', '.join(key)}, p.{column}, d.{column} from {pairs} where {wrong} order by all limit {shown}"
        ).fetchall()
    ]
