"""Readers that never stop while publications are made, removed and rolled forward: `python -m tests.recovery.readers`.

Each opens the current publication again and again, with DuckDB, with Polars, or with a plain client that resolves the
link itself and reads Parquet (pandas where it is installed, else Arrow), and looks that everything is of one
publication and that it never goes back to an older one.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from connectors.publication import base_number, next_number, open_publication
from connectors.publishing import publish
from connectors.retention import prune
from connectors.switching import recover
from connectors.verification import verify_all
from tests.conftest import marts_of_people, write_identity, write_marts, write_sources

ROOT = Path(__file__).parent.parent.parent
KINDS = ("duckdb", "polars", "plain")
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Seen:
    """What one reader saw."""

    kind: str
    reads: int
    mixed: int
    backwards: int


def duckdb_reader(data: Path) -> set[int]:
    with open_publication(data).connect(threads=1) as con:
        tables = ("min(publication) from customer", "max(number) from publication", "count(*) from identity_link")
        return {con.execute(f"select {table}").fetchall()[0][0] for table in tables}


def polars_reader(data: Path) -> set[int]:
    publication = open_publication(data)
    customers = publication.table("customer")
    return {publication.number, customers.height, customers["publication"].min()}  # type: ignore[arg-type]


def plain_reader(data: Path) -> set[int]:
    folder = (data / "published" / "current").resolve()
    if importlib.util.find_spec("pandas"):
        import pandas as pd  # noqa: PLC0415 - not among our dependencies

        customers = pd.read_parquet(folder / "customer.parquet")
        return {len(customers), int(customers["publication"].min())}
    customers = pq.read_table(folder / "customer.parquet", columns=["publication"])
    return {customers.num_rows, customers["publication"][0].as_py()}


READERS: dict[str, Callable[[Path], set[int]]] = dict(
    zip(KINDS, (duckdb_reader, polars_reader, plain_reader), strict=True)
)


def read(kind: str, data: Path) -> None:
    """Until there is a file `stop`; what was seen goes to the standard output."""
    reads = mixed = backwards = newest = 0
    print("ready", flush=True)  # noqa: T201
    while not (data / "stop").exists():
        said = READERS[kind](data)
        reads, mixed, backwards = reads + 1, mixed + (len(said) > 1), backwards + (max(said) < newest)
        newest = max(said)
    print(reads, mixed, backwards)  # noqa: T201


def rehearse(data: Path, publications: int, readers: int, keep: int = 14) -> list[Seen]:
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
    for day in range(1, publications):
        now = START + timedelta(days=day)
        recover(data)
        make(data, now)
        prune(data, keep=keep, days=1, now=now)
    (data / "stop").touch()
    seen = []
    for kind, reader in zip(kinds, there, strict=True):
        counted, _ = reader.communicate(timeout=120)
        assert reader.returncode == 0, f"a reader with {kind} ended with {reader.returncode}"
        seen.append(Seen(kind, *map(int, counted.split())))
    assert not any(verify_all(data).values())
    return seen


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
        seen = rehearse(Path(folder) / "data", asked.publications, asked.readers)
        seconds = time.monotonic() - begun
    for one in seen:
        print(f"{one.kind:8} {one.reads:6} reads, {one.mixed} mixed, {one.backwards} backwards")  # noqa: T201
    reads = sum(one.reads for one in seen)
    print(f"{asked.publications} publications in {seconds:.0f} s, {reads} reads, no reader failed")  # noqa: T201


if __name__ == "__main__":
    main()
