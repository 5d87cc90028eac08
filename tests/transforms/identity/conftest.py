"""For tests of identity: a data folder with a few records, and what became of them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from transforms.identity import IdentityReport, resolve_identity
from transforms.records import KINDS

OBJECTS = {"person": "Contact", "organisation": "Account", "employee": "Worker", "crm_user": "User"}
DECISION = ("decision", "source_a", "object_a", "record_a", "source_b", "object_b", "record_b", "who", "why", "when")


class World:
    """Records by kind, written as record files; after `resolve`, the tables that identity wrote."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in OBJECTS}
        self.decisions: list[tuple[str, ...]] = []

    def add(self, kind: str, record: str, **fields: Any) -> None:
        """A record `source:id` (source `crm` where none is said) of the kind's usual object."""
        source, _, record_id = record.rpartition(":")
        row = {"source": source or "crm", "object": OBJECTS[kind], "record_id": record_id}
        employer = fields.pop("organisation", None)
        if employer:
            fields |= {"organisation_object": OBJECTS["organisation"], "organisation_record_id": employer}
        self.rows[kind].append(row | {"observed_at": datetime(2026, 1, 1, tzinfo=UTC)} | fields)

    def person(self, record: str, name: str | None = None, **fields: Any) -> None:
        given, _, family = (name or "").rpartition(" ")
        self.add("person", record, given_name=given or None, family_name=family or None, **fields)

    def organisation(self, record: str, name: str, **fields: Any) -> None:
        self.add("organisation", record, name=name, **fields)

    def remove(self, record: str) -> None:
        source, _, record_id = record.rpartition(":")
        for rows in self.rows.values():
            rows[:] = [row for row in rows if (row["source"], row["record_id"]) != (source or "crm", record_id)]

    def decide(self, decision: str, one: str, other: str, kind: str = "person", when: str = "2026-01-01") -> None:
        sides = (part for record in (one, other) for part in _reference(record, kind))
        self.decisions.append((decision, *sides, "Ada", "we called them", when))

    def resolve(self, publication: int = 1) -> IdentityReport:
        """Resolve, and carry the state as a publication does."""
        self.write()
        decisions = self.data / "decisions.csv"
        decisions.write_text("\n".join(",".join(line) for line in (DECISION, *self.decisions)), encoding="utf-8")
        report = resolve_identity(self.data, publication, decisions, "500MB", 2)
        (self.data / "state").mkdir(exist_ok=True)
        for name in ("registry", "member"):
            shutil.copy(self.data / "identity" / f"{name}.parquet", self.data / "state")
        return report

    def write(self) -> None:
        for kind, rows in self.rows.items():
            folder = self.data / "records" / kind
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            frame = pl.DataFrame(rows, schema=KINDS[kind].create_empty().schema)
            for (source,), part in frame.group_by("source"):
                part.write_parquet(folder / f"{source}.parquet")

    def table(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.data / "identity" / f"{name}.parquet")

    def links(self) -> dict[str, str]:
        """`source:id` -> customer id."""
        return {
            f"{row['source']}:{row['record_id']}": row["customer_id"]
            for row in self.table("link").iter_rows(named=True)
        }

    def customers(self) -> set[frozenset[str]]:
        """Which records stand together, by `source:id`."""
        together: dict[str, set[str]] = {}
        for record, customer in self.links().items():
            together.setdefault(customer, set()).add(record)
        return {frozenset(records) for records in together.values()}

    def together(self, *records: str) -> bool:
        links = self.links()
        return len({links[record if ":" in record else f"crm:{record}"] for record in records}) == 1

    def link(self, record: str) -> Mapping[str, Any]:
        return self.table("link").filter(pl.col("record_id") == record).row(0, named=True)

    def edges(self, used: str) -> dict[tuple[str, str], Mapping[str, Any]]:
        """Pair of record ids -> edge."""
        rows = self.table("edge").filter(pl.col("used") == used).iter_rows(named=True)
        return {(row["record_a"].split(":")[-1], row["record_b"].split(":")[-1]): row for row in rows}

    def contact_class(self, value: str) -> str:
        return self.table("contact_point").filter(pl.col("value") == value)["class"][0]

    def aliases(self) -> dict[str, tuple[str, list[str], int]]:
        """Id -> status, new ids, publication."""
        rows = self.table("alias").iter_rows(named=True)
        return {row["id"]: (row["status"], row["new_ids"], row["publication"]) for row in rows}


def _reference(record: str, kind: str) -> tuple[str, str, str]:
    source, _, record_id = record.rpartition(":")
    return source or "crm", OBJECTS[kind], record_id


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def worlds(tmp_path: Path) -> Any:
    """Makes as many worlds as a property test asks for."""
    made = iter(range(1_000_000))
    return lambda: World(tmp_path / str(next(made)))
