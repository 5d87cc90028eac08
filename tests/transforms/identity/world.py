"""A data folder with a few records, and what became of them."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from connectors.publication import MODEL_FILES
from tests.transforms.identity.crowd import firm, somebody, who
from transforms.identity import IdentityReport, resolve_identity
from transforms.identity.kept import attach_results
from transforms.merges import Merge
from transforms.past_values import PastValue
from transforms.records import KINDS

OBJECTS = {"person": "Contact", "organisation": "Account", "employee": "Worker", "crm_user": "User"}
DECISION = ("decision", "source_a", "object_a", "record_a", "source_b", "object_b", "record_b", "who", "why", "when")
STATE = ("registry", "member")
NOW = datetime(2026, 1, 1, tzinfo=UTC)

Pairs = Mapping[str, tuple[dict[str, Any], dict[str, Any]]]
"""Case -> what `crm` and what `erp` say; both records are called as the case."""


def cases(pairs: Pairs, shortfalls: Mapping[str, str] = {}) -> list[Any]:
    """The cases to test, those marked that are known to fall short, with the reason."""
    return [
        pytest.param(case, marks=pytest.mark.xfail(strict=True, reason=shortfalls[case]))
        if case in shortfalls
        else case
        for case in pairs
    ]


class World:
    """Records by kind, written as record files; after `resolve`, the tables that identity wrote."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in OBJECTS}
        self.past: dict[str, list[dict[str, Any]]] = {"person": [], "organisation": []}
        self.merged: dict[str, list[dict[str, str]]] = {"person": [], "organisation": []}
        self.decisions: list[tuple[str, ...]] = []
        self.duplicate_free: dict[str, list[str]] = {}

    def add(self, kind: str, record: str, **fields: Any) -> None:
        """A record `source:id` (source `crm` where none is said) of the kind's usual object."""
        row = _reference(record, kind)
        employer = fields.pop("organisation", None)
        if employer:
            fields |= {"organisation_object": OBJECTS["organisation"], "organisation_record_id": employer}
        self.rows[kind].append(row | {"observed_at": NOW} | fields)

    def person(self, record: str, name: str | None = None, **fields: Any) -> None:
        self.add("person", record, **(who(name) | fields))

    def organisation(self, record: str, name: str, **fields: Any) -> None:
        self.add("organisation", record, name=name, **fields)

    def crowd(self, people: int, first: int = 0, **fields: Any) -> None:
        """So many people who have nothing to do with each other, `x<number>`; `fields` are the same for all."""
        for number in range(first, first + people):
            self.add("person", f"x{number:04}", **(somebody(number) | fields))

    def firms(self, organisations: int, **fields: Any) -> None:
        """So many organisations that have nothing to do with each other, `f<number>`."""
        for number in range(organisations):
            self.add("organisation", f"f{number:04}", **(firm(number) | fields))

    def pairs(self, cases: Pairs, kind: str = "person") -> None:
        for case, (one, other) in cases.items():
            self.add(kind, f"crm:{case}", **one)
            self.add(kind, f"erp:{case}", **other)

    def formerly(self, record: str, field: str, value: str, kind: str = "person") -> None:
        """An earlier version of the record said so."""
        self.past[kind].append(_reference(record, kind) | {"field": field, "value": value, "last_seen": NOW})

    def remove(self, record: str) -> None:
        for kind, rows in self.rows.items():
            gone = _reference(record, kind)
            rows[:] = [row for row in rows if (row["source"], row["record_id"]) != (gone["source"], gone["record_id"])]

    def merge(self, record: str, into: str, kind: str = "person") -> None:
        """The source says that it merged one of its records into another one; that does not remove it."""
        swallowed, survivor = _reference(record, kind), _reference(into, kind)
        self.merged[kind].append(swallowed | {"into_record_id": survivor["record_id"]})

    def decide(self, decision: str, one: str, other: str, kind: str = "person", when: str = "2026-01-01") -> None:
        sides = (part for record in (one, other) for part in _reference(record, kind).values())
        self.decisions.append((decision, *sides, "Ada", "we called them", when))

    def shuffle(self, seed: int) -> None:
        for rows in (*self.rows.values(), *self.past.values(), *self.merged.values()):
            random.Random(seed).shuffle(rows)  # noqa: S311

    def resolve(self, publication: int = 1) -> IdentityReport:
        """Resolve, and carry the state as a publication does."""
        self.write()
        decisions = self.data / "decisions.csv"
        decisions.write_text("\n".join(",".join(line) for line in (DECISION, *self.decisions)), encoding="utf-8")
        report = resolve_identity(self.data, publication, decisions, "500MB", 2)
        (self.data / "state").mkdir(exist_ok=True)
        for name in STATE:
            self.table(name).write_parquet(self.data / "state" / f"{name}.parquet")
        for name in MODEL_FILES:
            shutil.copy(self.data / "identity" / name, self.data / "state")
        return report

    def write(self) -> None:
        for folder, by_kind, schemas in (
            ("records", self.rows, {kind: KINDS[kind].create_empty().schema for kind in self.rows}),
            ("past_values", self.past, dict.fromkeys(self.past, PastValue.create_empty().schema)),
            ("merged", self.merged, dict.fromkeys(self.merged, Merge.create_empty().schema)),
        ):
            for kind, rows in by_kind.items():
                place = self.data / folder / kind
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir(parents=True)
                frame = pl.DataFrame(rows, schema=schemas[kind])
                for (source,), part in frame.group_by("source"):
                    part.write_parquet(place / f"{source}.parquet")
        declared = {"source": list(self.duplicate_free), "duplicate_free": list(self.duplicate_free.values())}
        schema = {"source": pl.String, "duplicate_free": pl.List(pl.String)}
        pl.DataFrame(declared, schema=schema).write_parquet(self.data / "sources.parquet")

    def table(self, name: str) -> pl.DataFrame:
        """What identity came to or measured, in the order of its first columns."""
        if (measured := self.data / "identity" / f"{name}.parquet").exists():
            return pl.read_parquet(measured)
        with duckdb.connect() as connection:
            attach_results(connection, self.data)
            return pl.DataFrame(connection.sql(f"from identity.{name} order by all").to_arrow_table())

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
        return len({links[_whole(record)] for record in records}) == 1

    def apart(self, *records: str) -> bool:
        """Each is a customer of its own."""
        links = self.links()
        return len({links[_whole(record)] for record in records}) == len(records)

    def link(self, record: str) -> Mapping[str, Any]:
        source, _, record_id = _whole(record).partition(":")
        one = (pl.col("source") == source) & (pl.col("record_id") == record_id)
        return self.table("link").filter(one).row(0, named=True)

    def edge(self, one: str, other: str) -> Mapping[str, Any] | None:
        """What was found between two records; nothing where they were not compared or are too unlike."""
        return self.edges().get(frozenset({_whole(one), _whole(other)}))

    def edges(self, *used: str) -> dict[frozenset[str], Mapping[str, Any]]:
        """Pair of `source:id` -> edge."""
        rows = self.table("edge").iter_rows(named=True)
        return {
            frozenset(f"{key.split(':')[0]}:{key.split(':')[-1]}" for key in (row["record_a"], row["record_b"])): row
            for row in rows
            if not used or row["used"] in used
        }

    def contact_class(self, value: str) -> str:
        return str(self.contact_point(value)["class"])

    def contact_point(self, value: str) -> Mapping[str, Any]:
        return self.table("contact_point").filter(pl.col("value") == value).row(0, named=True)

    def aliases(self) -> dict[str, tuple[str, list[str], int]]:
        """Id -> status, new ids, publication."""
        rows = self.table("alias").iter_rows(named=True)
        return {row["id"]: (row["status"], row["new_ids"], row["publication"]) for row in rows}


def _whole(record: str) -> str:
    return record if ":" in record else f"crm:{record}"


def _reference(record: str, kind: str) -> dict[str, str]:
    source, _, record_id = _whole(record).partition(":")
    return {"source": source, "object": OBJECTS[kind], "record_id": record_id}
