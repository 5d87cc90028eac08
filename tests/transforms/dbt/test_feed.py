"""Who has the customers of one publication and is told of the changes has those of another, exactly.

The lives of `test_history`, with erasures and with publications that the gate holds back.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.difference import diff
from connectors.feed import LOST, applied, changes
from connectors.manifest import PublicationError
from connectors.publication import base_number, open_publication
from connectors.retention import prune
from connectors.switching import rollback
from tests.transforms.dbt.test_history import STEP, Life, happen
from transforms.warehouse import HISTORIES

HELD = SimpleNamespace(name="id_churn", passed=False, severity="error", message="too many")


@pytest.fixture(scope="session")
def models(dbt: Any, empty_warehouse: Path) -> dict[str, str]:
    """The SQL of the histories and of customer_change, as dbt runs it."""
    names = (*HISTORIES, "customer_change")
    compiled = dbt.invoke(empty_warehouse, "compile", "--select", *names)
    assert compiled.success, compiled.exception
    return {result.node.name: result.node.compiled_code for result in compiled.result if result.node.name in names}


@dataclass
class ToldLife(Life):
    """A life whose publications also bear what changed against their base."""

    change: str = ""

    def _go_on(self, warehouse: Path, number: int, day: date) -> None:
        super()._go_on(warehouse, number, day)
        base = base_number(self.data)
        before = f"'{open_publication(self.data, base).path}/customer.parquet'" if base else "marts.customer limit 0"
        with duckdb.connect(warehouse) as con:
            con.execute("set TimeZone = 'UTC'")
            con.execute("create schema intermediate")
            con.execute(f"create table intermediate.int_previous_customer as from {before}")
            con.execute(f"create or replace table marts.customer_change as {self.change}")

    def frame(self, number: int) -> pl.DataFrame:
        """The customers that a reader of this publication took home, whatever became of it since."""
        schema = open_publication(self.data).table("customer").schema
        return pl.DataFrame(list(self.seen.get(number, {}).values()), schema=schema, orient="row")


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.tuples(STEP, st.sampled_from(["", "", "erase", "hold"])), min_size=2, max_size=5))
def test_the_changes_lead_from_any_publication_to_any_other(models: dict[str, str], steps: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        histories = {name: models[name] for name in HISTORIES}
        life = ToldLife(
            Path(folder) / "data",
            histories,
            fates={"c_a": ("live", ()), "c_b": ("live", ())},
            change=models["customer_change"],
        )
        life.publish({"c_a": "Bonn", "c_b": "Köln"}, date(2026, 1, 3))
        for (back_to, happenings, day), also in steps:
            if back_to in life.seen:
                rollback(life.data, back_to)
            moved = [happen(life, *happening) for happening in happenings]
            if also == "erase" and len(life.living) > 1:
                life.fates[life.living[-1]] = ("erased", ())
            cities = {one: city for cities in moved for one, city in cities.items()}
            if also == "hold":
                life.publish(dict.fromkeys(life.living, "Graz"), date(2026, 1, 1 + day), checks=[HELD])
            life.publish(cities, date(2026, 1, 1 + day))
        for first in (0, *life.seen):
            for second in life.seen:
                leads_exactly(life, first, second)
        for number in life.seen:
            is_told_by_the_publication_itself(life, number)
        prune(life.data, keep=1, days=1, now=datetime(2030, 1, 1, tzinfo=UTC))
        for first in life.seen:
            leads_exactly(life, first, base_number(life.data) or 0)


def leads_exactly(life: ToldLife, first: int, second: int) -> None:
    told = changes(life.data, first, second)
    assert applied(life.frame(first).lazy(), told.lazy()).collect().equals(life.frame(second))
    assert applied(life.frame(second).lazy(), told.lazy()).collect().equals(life.frame(second))
    if first in life.seen and (life.data / "published" / f"v{first:06d}").exists():
        assert diff(life.data, first, second).operations == dict(Counter(told["op"].to_list()))


def is_told_by_the_publication_itself(life: ToldLife, number: int) -> None:
    publication = open_publication(life.data, number)
    base = publication.manifest.base or 0
    rows = publication.table("customer_change").sort("customer_id").to_dicts()
    told = changes(life.data, base, number)
    customers = {row["customer_id"]: row for row in life.frame(base).to_dicts()}
    # Whoever was erased and is not in the base may have been in another: `changes` cannot know.
    known = [(one, op) for one, op in told.select("customer_id", "op").rows() if op != "erase" or one in customers]
    assert [(row["customer_id"], row["op"]) for row in rows] == known
    for row in rows:
        fields = json.loads(row["fields"])
        if row["op"] in LOST:
            customers.pop(row["customer_id"], None)
        else:
            customers.setdefault(row["customer_id"], {"customer_id": row["customer_id"]}).update(fields)
    then = life.frame(number).to_dicts()
    told_of = ("customer_id", "display_name", "city", "publication")
    assert {one: [row.get(name) for name in told_of] for one, row in customers.items()} == {
        row["customer_id"]: [row[name] for name in told_of] for row in then
    }


def test_a_publication_that_never_was_leads_nowhere(models: dict[str, str], tmp_path: Path) -> None:
    life = ToldLife(
        tmp_path / "data",
        {name: models[name] for name in HISTORIES},
        fates={"c_a": ("live", ())},
        change=models["customer_change"],
    )
    life.publish({}, date(2026, 1, 3))
    with pytest.raises(PublicationError, match="there never was a publication 7; the newest is 1"):
        changes(life.data, 7, 1)
