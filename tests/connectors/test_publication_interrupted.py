"""A run that dies while it publishes, wherever that is, and readers that never notice a publication being made."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.files import remove
from connectors.publication import KEYS, base_number, next_number, open_publication, publications
from connectors.publishing import PublicationResult, publish
from connectors.switching import recover, rollback
from connectors.verification import verify

ROOT = Path(__file__).parent.parent.parent
CHANGES_TO_DISK = ("fsync", "replace", "rename", "symlink", "unlink", "chmod", "mkdir", "rmdir")
WHEN = datetime(2026, 1, 3, 4, tzinfo=UTC)


class Died(BaseException):
    """The process is gone: nothing it would have done after this reaches the disk."""


def publish_next(warehouse: Path, data: Path) -> PublicationResult:
    return publish(
        warehouse,
        data,
        number=next_number(data),
        base=base_number(data),
        logical_date=date(2026, 1, 3),
        created_at=WHEN,
        inputs={},
        checks=[],
        threads=1,
    )


def on_disk(data: Path) -> dict[str, Any]:
    """Everything that a reader or the next run can see, but for the bytes of concord.duckdb."""
    names = {
        str(path.relative_to(data)): str(path.readlink()) if path.is_symlink() else path.is_dir()
        for folder in ("published", "state")
        for path in (data / folder).rglob("*")
    }
    state = {path.name: path.read_bytes() for path in (data / "state").iterdir()}
    tables = {table: open_publication(data).table(table).rows() for table in KEYS}
    return {"names": names, "state": state, "tables": tables, "problems": verify(data)}


def dying_at(monkeypatch: pytest.MonkeyPatch, step: int | None) -> list[tuple[str, str]]:
    """Count the changes to the disk; from number `step` on, each one raises, as if the process were gone."""
    done: list[tuple[str, str]] = []

    def counted(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            done.append((name, str(arguments[0])))
            if step is not None and len(done) > step:
                raise Died
            return original(*arguments, **options)

        return call

    for name in CHANGES_TO_DISK:
        monkeypatch.setattr(os, name, counted(name, getattr(os, name)))
    return done


def telling_steps(done: list[tuple[str, str]]) -> list[int]:
    """Every change outside the folder that is being built, and the first, middle and last one in it."""
    inside = [step for step, (_, path) in enumerate(done) if ".building-" in path or path.isdigit()]
    return sorted({*range(len(done))} - {*inside} | {inside[0], inside[len(inside) // 2], inside[-1]})


def test_a_run_that_dies_anywhere_leaves_what_the_next_one_completes(
    lay_marts: Any, people: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.publishing.VIEW_FROM", 2)
    warehouse, data = lay_marts(people("ann"))
    publish_next(warehouse, data)
    warehouse, data = lay_marts(people("ann", "max"))
    before = tmp_path / "before"
    shutil.copytree(data, before, symlinks=True)

    with monkeypatch.context() as patched:
        done = dying_at(patched, None)
        publish_next(warehouse, data)
    whole = on_disk(data)
    assert whole["problems"] == []

    ends = set()
    for step in telling_steps(done):
        remove(data)
        shutil.copytree(before, data, symlinks=True)
        with monkeypatch.context() as patched:
            dying_at(patched, step)
            with pytest.raises(Died):
                publish_next(warehouse, data)
        number = open_publication(data).number
        assert verify(data) == []
        assert open_publication(data).table("customer").height == number
        recover(data)
        assert recover(data) == []
        ends.add(publish_next(warehouse, data).outcome)
        assert on_disk(data) == whole, done[step]
    assert ends == {"published", "unchanged"}


def test_a_rollback_is_not_taken_for_an_interrupted_switch(lay_marts: Any, people: Any) -> None:
    for names in (("ann",), ("ann", "max")):
        warehouse, data = lay_marts(people(*names))
        publish_next(warehouse, data)
    rollback(data, 1)
    assert recover(data) == []
    shutil.rmtree(data / "state")
    assert recover(data) == ["brought state/ to publication 2"]
    assert base_number(data) == 1


def test_a_damaged_publication_is_named_and_stops_nobody(lay_marts: Any, people: Any) -> None:
    for names in (("ann",), ("ann", "max")):
        warehouse, data = lay_marts(people(*names))
        publish_next(warehouse, data)
    manifest = data / "published" / "v000001" / "manifest.json"
    manifest.chmod(0o600)
    manifest.write_text("{")
    (told,) = recover(data)
    assert "v000001/manifest.json cannot be read" in told
    assert [publication.number for publication in publications(data)] == [2]


PUBLISHER = """
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from connectors.publication import base_number, next_number
from connectors.switching import recover
from connectors.publishing import publish

data = Path(sys.argv[1])
while True:
    recover(data)
    number = next_number(data)
    # The one warehouse for even numbers, the other for odd ones: there is always something new.
    print("begun", flush=True)
    result = publish(Path(sys.argv[2 + number % 2]), data, number=number, base=base_number(data), threads=1,
                     logical_date=date(2026, 1, 3), created_at=datetime(2026, 1, 3, tzinfo=UTC), inputs={}, checks=[])
    print(result.outcome, flush=True)
"""


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def test_killing_the_publisher_again_and_again_loses_nothing(lay_marts: Any, people: Any) -> None:
    warehouse, data = lay_marts(people("ann"))
    one, two = (data / f"{name}.duckdb" for name in ("one", "two"))
    warehouse.rename(one)
    lay_marts(people("ann", "max"))[0].rename(two)
    when = random.Random(7)  # noqa: S311
    numbers: list[int] = []
    for _ in range(6):
        publisher = start(PUBLISHER, data, one, two)
        begun = time.monotonic()
        # It lives for one round and is killed at some point of the next, however slow the machine is.
        for line in ("begun", "published", "begun"):
            assert told(publisher) == line
            if line == "begun":
                begun, before = time.monotonic(), begun
        time.sleep(when.uniform(0.0, begun - before))
        publisher.send_signal(signal.SIGKILL)
        announced = 1 + publisher.communicate()[0].count("published")
        recover(data)
        earlier, numbers = numbers, [publication.number for publication in publications(data)]
        assert numbers == list(range(1, len(numbers) + 1))
        # What was announced is there; the one that was killed is there whole, or not at all.
        assert len(numbers) - len(earlier) in {announced, announced + 1}
        for number in numbers[-2:]:
            assert verify(data, number) == []
        assert base_number(data) == numbers[-1]
    assert open_publication(data).table("publication")["number"].to_list() == numbers


def told(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


READER = """
import sys
from pathlib import Path
from connectors.publication import open_publication

data, reads, mixed = Path(sys.argv[1]), 0, 0
print("ready", flush=True)
while not (data / "stop").exists():
    publication = open_publication(data)
    con = publication.connect(threads=1)
    said = {publication.number, publication.table("publication")["number"].max()}
    said |= {publication.scan("customer").collect()["publication"].max()}
    for query in ("max(publication) from customer", "min(publication) from customer", "count(*) from identity_link"):
        said |= {con.execute(f"select {query}").fetchone()[0]}
    con.close()
    reads, mixed = reads + 1, mixed + (len(said) > 1)
print(reads, mixed)
"""


def test_readers_see_whole_publications_while_ten_are_made(lay_marts: Any, people: Any) -> None:
    def marts(number: int) -> dict[str, Any]:
        return people(*(f"n{i}" for i in range(number)), publication=number)

    warehouse, data = lay_marts(marts(1))
    publish_next(warehouse, data)
    readers = [start(READER, data) for _ in range(3)]
    for reader in readers:
        assert told(reader) == "ready"
    for number in range(2, 12):
        warehouse, data = lay_marts(marts(number))
        assert publish_next(warehouse, data).number == number
    (data / "stop").touch()
    for reader in readers:
        counted, _ = reader.communicate(timeout=60)
        reads, mixed = map(int, counted.split())
        assert (reader.returncode, mixed) == (0, 0)
        assert reads > 3
    assert pl.Series(p.number for p in publications(data)).to_list() == list(range(1, 12))
