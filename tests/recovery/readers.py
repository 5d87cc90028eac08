"""Readers that never stop while publications are made, removed and rolled forward: `python -m tests.recovery.readers`.

Each opens the current publication again and again, with DuckDB, with Polars, or with pandas as a plain client that
resolves the link itself, and looks that everything is of one publication and that it never goes back to an older one.
How long each read took is told apart for reads that met a publication in the making, and for the others.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import quantiles

import pandas as pd

from connectors.publication import base_number, next_number, open_publication
from connectors.publishing import publish
from connectors.retention import prune
from connectors.switching import recover
from connectors.verification import verify_all
from tests.conftest import marts_of_people, write_identity, write_marts, write_sources

ROOT = Path(__file__).parent.parent.parent
KINDS = ("duckdb", "polars", "pandas")
START = datetime(2026, 1, 1, tzinfo=UTC)
PAUSE = 0.5
"""Seconds between two publications, so that some reads meet none."""

Span = tuple[float, float]
"""From when to when, by the machine's monotonic clock, which all processes share."""


@dataclass(frozen=True)
class Seen:
    """What one reader saw."""

    kind: str
    reads: tuple[Span, ...]
    mixed: int
    backwards: int
    again: int
    """Reads begun anew because what `current` had led to was gone: a plain client holds nothing, and days pass here in
    seconds."""


@dataclass(frozen=True)
class Rehearsal:
    """All that was seen, and when publications were being made, switched to and removed."""

    seen: tuple[Seen, ...]
    publishing: tuple[Span, ...]

    def seconds(self, kind: str, *, publishing: bool) -> list[float]:
        """How long the reads of one kind took: those that met a publication in the making, or the others."""
        spans = [span for one in self.seen if one.kind == kind for span in one.reads]
        return [end - begin for begin, end in spans if self._met(begin, end) == publishing]

    def _met(self, begin: float, end: float) -> bool:
        return any(begin < ended and begun < end for begun, ended in self.publishing)


def duckdb_reader(data: Path) -> set[int]:
    with open_publication(data).connect(threads=1) as con:
        tables = ("min(publication) from customer", "max(number) from publication", "count(*) from identity_link")
        return {con.execute(f"select {table}").fetchall()[0][0] for table in tables}


def polars_reader(data: Path) -> set[int]:
    publication = open_publication(data)
    customers = publication.table("customer")
    return {publication.number, customers.height, customers["publication"].min()}  # type: ignore[arg-type]


def pandas_reader(data: Path) -> set[int]:
    customers = pd.read_parquet((data / "published" / "current").resolve() / "customer.parquet")
    return {len(customers), int(customers["publication"].min())}


READERS: dict[str, Callable[[Path], set[int]]] = dict(
    zip(KINDS, (duckdb_reader, polars_reader, pandas_reader), strict=True)
)


def read(kind: str, data: Path) -> None:
    """Until there is a file `stop`; what was seen goes to the standard output."""
    spans: list[Span] = []
    mixed = backwards = again = newest = 0
    print("ready", flush=True)  # noqa: T201
    while not (data / "stop").exists():
        begun = time.monotonic()
        try:
            said = READERS[kind](data)
        except FileNotFoundError:
            if kind != "pandas":  # the others hold what they open
                raise
            again += 1
            continue
        spans.append((begun, time.monotonic()))
        mixed, backwards = mixed + (len(said) > 1), backwards + (max(said) < newest)
        newest = max(said)
    print(json.dumps({"reads": spans, "mixed": mixed, "backwards": backwards, "again": again}))  # noqa: T201


def rehearse(data: Path, publications: int, readers: int, keep: int = 14) -> Rehearsal:
    """Make so many publications while so many processes read; old ones go as they do in a run.

    The one of number n has n customers, who all say n.
    """
    make(data, START)
    program = "import sys; from pathlib import Path; from tests.recovery.readers import read; "
    program += "read(sys.argv[1], Path(sys.argv[2]))"
    kinds = [KINDS[place % len(KINDS)] for place in range(readers)]
    there = [
        subprocess.Popen([sys.executable, "-c", program, kind, data], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for kind in kinds
    ]
    for reader in there:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
    publishing = []
    for day in range(1, publications):
        time.sleep(PAUSE)
        now = START + timedelta(days=day)
        begun = time.monotonic()
        recover(data)
        make(data, now)
        prune(data, keep=keep, days=1, now=now)
        publishing.append((begun, time.monotonic()))
    (data / "stop").touch()
    seen = []
    for kind, reader in zip(kinds, there, strict=True):
        told, _ = reader.communicate(timeout=120)
        assert reader.returncode == 0, f"a reader with {kind} ended with {reader.returncode}"
        seen.append(Seen(kind, **json.loads(told)))
    assert not any(verify_all(data).values())
    return Rehearsal(tuple(seen), tuple(publishing))


def make(data: Path, now: datetime) -> None:
    number, warehouse = next_number(data), data / "warehouse.duckdb"
    data.mkdir(parents=True, exist_ok=True)
    marts = marts_of_people(*(f"n{place}" for place in range(number)), publication=number)
    write_marts(warehouse, marts)
    write_identity(data, marts["identity_link"])
    write_sources(data)
    publish(
        warehouse, data, number=number, base=base_number(data), logical_date=date(2026, 1, 3), created_at=now,
        inputs={}, checks=[], threads=1,
    )  # fmt: skip


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--publications", type=int, default=100)
    given.add_argument("--readers", type=int, default=8)
    asked = given.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        found = rehearse(Path(folder) / "data", asked.publications, asked.readers)
        seconds = time.monotonic() - begun
    for one in found.seen:
        print(  # noqa: T201
            f"{one.kind:8} {len(one.reads):6} reads, {one.mixed} mixed, {one.backwards} backwards, {one.again} again"
        )
    for kind in KINDS:
        print(f"{kind:8} {_told(found, kind, True)} while publishing; {_told(found, kind, False)} between")  # noqa: T201
    reads = sum(len(one.reads) for one in found.seen)
    print(f"{asked.publications} publications in {seconds:.0f} s, {reads} reads, no reader failed")  # noqa: T201


def _told(found: Rehearsal, kind: str, publishing: bool) -> str:
    seconds = found.seconds(kind, publishing=publishing)
    if len(seconds) < 2:
        return "too few reads"
    cuts = quantiles(seconds, n=100)
    return f"p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms ({len(seconds)} reads)"


if __name__ == "__main__":
    main()
