"""History as training jobs meet it: any past publication exactly, and what was known when an event happened.

Random lives of customers — changes, merges, splits, deletions, rollbacks — are published one after the other; what the
newest publication tells of the past is compared with what was kept of it at the time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.history import SPAN, customers_in, customers_known_at
from connectors.publication import base_number, next_number, open_publication, publications
from connectors.publishing import publish
from connectors.switching import rollback
from tests.conftest import write_identity, write_marts
from transforms.warehouse import HISTORIES, tell_run

START = datetime(2026, 1, 1, tzinfo=UTC)
IDS = tuple(f"c_{letter}" for letter in "abcdef")

Fate = tuple[str, tuple[str, ...]]


@pytest.fixture(scope="session")
def models(dbt: Any, empty_warehouse: Path) -> dict[str, str]:
    """The SQL of the histories, as dbt runs it."""
    compiled = dbt.invoke(empty_warehouse, "compile", "--select", *HISTORIES)
    assert compiled.success, compiled.exception
    return {result.node.name: result.node.compiled_code for result in compiled.result if result.node.name in HISTORIES}


@dataclass
class Life:
    """Publishes customers step by step, as runs do, and keeps what each publication said at the time."""

    data: Path
    models: dict[str, str]
    fates: dict[str, Fate] = field(default_factory=dict)
    """What the registry says of ids; no rollback takes it back."""
    days: dict[int, date] = field(default_factory=dict)
    seen: dict[int, dict[str, tuple[Any, ...]]] = field(default_factory=dict)
    told: dict[int, dict[str, Fate]] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)
    """The publication that first said what the registry says of an id."""

    @property
    def living(self) -> list[str]:
        return [one for one, (status, _) in self.fates.items() if status == "live"]

    def publish(self, changed: dict[str, str], day: date, checks: Sequence[Any] = ()) -> None:
        number, base = next_number(self.data), base_number(self.data)
        before = self.seen.get(base or 0, {})
        columns = list(open_publication(self.data).manifest.tables["customer"].columns) if base else []
        rows = []
        for one in self.living:
            was = dict(zip(columns, before.get(one, ()), strict=False))
            city = changed.get(one, was.get("city"))
            as_before = bool(was) and was["city"] == city
            rows.append({"customer_id": one, "city": city, "publication": was["publication"] if as_before else number})
        links = [
            {"source": "crm", "object": "Contact", "record_id": c, "customer_id": c, "rule": "alone"}
            for c in self.living
        ]
        known = self.told[max(self.told)] if self.told else {}
        since = {one: self.since[one] if known.get(one) == fate else number for one, fate in self.fates.items()}
        aliases = [
            {"id": one, "status": status, "new_ids": list(new_ids), "publication": since[one]}
            for one, (status, new_ids) in self.fates.items()
        ]
        write_identity(self.data, links)
        pl.DataFrame({"source": ["crm"], "fresh_at": [START]}).write_parquet(self.data / "sources.parquet")
        warehouse = self.data / "warehouse.duckdb"
        write_marts(warehouse, {"customer": rows, "identity_link": links, "customer_alias": aliases})
        self._go_on(warehouse, number, day)
        result = publish(
            warehouse,
            self.data,
            number=number,
            base=base,
            logical_date=day,
            created_at=self.made_at(number),
            inputs={},
            checks=checks,
            threads=1,
            memory="200MB",
        )
        if result.outcome == "published":
            self.days[number] = day
            self.seen[number] = {row[0]: row for row in open_publication(self.data).table("customer").rows()}
            self.told[number] = dict(self.fates)
            self.since = since

    def _go_on(self, warehouse: Path, number: int, day: date) -> None:
        """The histories of this publication, by the models and the newest publication's."""
        newest = [publication.path for publication in publications(self.data)[-1:]]
        tell_run(warehouse, day, number, base_number(self.data))
        with duckdb.connect(warehouse) as con:
            con.execute("set TimeZone = 'UTC'")
            con.execute("create schema newest")
            days = (
                f"from '{newest[0] / 'publication.parquet'}'" if newest else "select date '0001-01-01' as logical_date"
            )
            con.execute(f"create table newest.publication as {days}")
            for name, sql in self.models.items():
                rows = f"from '{newest[0] / name}.parquet'" if newest else f"from marts.{name}"
                con.execute(f"create table newest.{name} as {rows}")
                con.execute(f"create or replace table marts.{name} as {sql}")

    @staticmethod
    def made_at(number: int) -> datetime:
        return START + timedelta(hours=number)

    def merge(self, lost: str, survivor: str) -> None:
        self.fates[lost] = ("merged", (survivor,))
        for one, (status, new_ids) in self.fates.items():
            if lost in new_ids:
                heirs = tuple(dict.fromkeys(survivor if new == lost else new for new in new_ids))
                self.fates[one] = ("merged" if len(heirs) == 1 and status != "live" else status, heirs)


# What happens to the living before a publication: (what, who, whom, a city), and the day of the run; a day may repeat,
# or be an older one. A rollback to a publication, 0 for none, comes first.
HAPPENING = st.tuples(
    st.sampled_from(["move", "found", "delete", "return", "merge", "split", "part"]),
    st.integers(0, 5),
    st.integers(0, 5),
    st.sampled_from(["Bonn", "Köln", "Wien"]),
)
STEP = st.tuples(st.integers(0, 5), st.lists(HAPPENING, max_size=3), st.integers(0, 4))


def happen(life: Life, what: str, who: int, whom: int, city: str) -> dict[str, str]:
    """Let it happen where it can; gives the cities that customers moved to."""
    unborn = [one for one in IDS if one not in life.fates]
    gone = [one for one, (status, _) in life.fates.items() if status == "gone"]
    living = life.living
    if what == "found" and unborn:
        life.fates[unborn[0]] = ("live", ())
        return {}
    if what == "return" and gone:
        life.fates[gone[who % len(gone)]] = ("live", ())
        return {}
    if not living:
        return {}
    one, other = living[who % len(living)], living[whom % len(living)]
    if what == "move":
        return {one: city}
    if what == "delete":
        life.fates[one] = ("gone", ())
    elif what == "merge" and one != other:
        life.merge(one, other)
    elif what == "split" and unborn:  # the larger part keeps the id
        life.fates[one] = ("live", (unborn[0],))
        life.fates[unborn[0]] = ("live", ())
    elif what == "part" and unborn and one != other:  # the larger part went to another customer
        life.fates[one] = ("split", (other, unborn[0]))
        life.fates[unborn[0]] = ("live", ())
    return {}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEP, min_size=2, max_size=6))
def test_the_past_is_told_as_it_was_and_no_event_sees_the_future(models: dict[str, str], steps: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        life = Life(Path(folder) / "data", models, fates={"c_a": ("live", ()), "c_b": ("live", ())})
        life.publish({"c_a": "Bonn", "c_b": "Köln"}, date(2026, 1, 3))
        for back_to, happenings, day in steps:
            if back_to in life.seen:
                rollback(life.data, back_to)
            moved = [happen(life, *happening) for happening in happenings]
            life.publish({one: city for cities in moved for one, city in cities.items()}, date(2026, 1, 1 + day))
        newest = publications(life.data)[-1]
        with newest.connect() as con:
            every_publication_is_reproduced(life, newest, con)
            every_day_is_told_as_it_was(life, con)
            every_event_knows_what_was_known(life, newest, con)


def every_publication_is_reproduced(life: Life, newest: Any, con: duckdb.DuckDBPyConnection) -> None:
    for number, rows in life.seen.items():
        assert customers_in(newest, number).collect().rows() == list(rows.values())
        assert con.execute("from customer_in(?)", [number]).fetchall() == list(rows.values())


def every_day_is_told_as_it_was(life: Life, con: duckdb.DuckDBPyConnection) -> None:
    reached = START.date()
    by_day = {}
    for number, day in life.days.items():
        reached = max(reached, day)
        by_day[reached] = life.seen[number]
    for day, rows in by_day.items():
        told = con.execute(
            f"select * exclude ({', '.join(SPAN)}) from customer_history "
            "where valid_from <= $1 and (valid_to is null or $1 < valid_to) order by customer_id",
            [datetime.combine(day, datetime.min.time(), UTC)],
        ).fetchall()
        assert told == list(rows.values())


def every_event_knows_what_was_known(life: Life, newest: Any, con: duckdb.DuckDBPyConnection) -> None:
    times = [START] + [life.made_at(n) + timedelta(minutes=m) for n in life.seen for m in (-1, 0, 30)]
    events = pl.DataFrame(
        [{"customer_id": one, "event_time": at} for at in times for one in (*IDS, "c_never")],
        schema_overrides={"event_time": pl.Datetime("us", "UTC")},
    ).with_row_index("event")
    expected = [(*event, *known(life, *event[1:])) for event in events.rows()]
    polars = customers_known_at(newest, events.lazy()).sort("event").collect()
    assert polars.rows() == expected
    con.register("events", events.to_arrow())
    assert con.execute("from customer_known_at('events') order by event").fetchall() == expected


def known(life: Life, one: str, at: datetime) -> tuple[Any, ...]:
    """By going through what was kept: the newest publication made by then, the id's fate in it, the row of its heir."""
    width = len(next(iter(life.seen[1].values())))
    made = [number for number in life.seen if life.made_at(number) <= at]
    if not made:
        return None, None, "unknown", None, *[None] * (width - 1)
    status, new_ids = life.told[made[-1]].get(one, ("unknown", ()))
    heir = one if status == "live" else new_ids[0] if new_ids else None
    row = life.seen[made[-1]].get(heir or "")
    rest = row[1:] if row else [None] * (width - 1)
    return made[-1], row[0] if row else None, status, life.days[made[-1]], *rest
