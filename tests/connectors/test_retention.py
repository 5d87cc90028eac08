"""What retention takes away and what it never does, and an engineer who overrules the gate."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.manifest import PublicationError
from connectors.publication import base_number, next_number, open_publication, publications
from connectors.publishing import PublicationResult, publish
from connectors.releasing import release_publication
from connectors.retention import prune
from connectors.switching import recover, rollback
from connectors.verification import verify_all

ROOT = Path(__file__).parent.parent.parent
START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=100)


@dataclass(frozen=True)
class Failed:
    name: str = "id_churn"
    passed: bool = False
    severity: str = "error"
    message: str = "half of the ids are gone"


@pytest.fixture
def publish_day(lay_marts: Callable[..., tuple[Path, Path]], people: Any) -> Callable[..., PublicationResult]:
    """One publication a day, each with one person more than its number says before."""

    def run(*checks: Any, day: int | None = None) -> PublicationResult:
        number = next_number(lay_marts({})[1])
        warehouse, data = lay_marts(people(*(f"n{i}" for i in range(number))))
        return publish(
            warehouse,
            data,
            number=number,
            base=base_number(data),
            logical_date=date(2026, 1, 1),
            created_at=START + timedelta(days=number if day is None else day),
            inputs={},
            checks=checks,
            threads=1,
        )

    return run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def numbers(data: Path) -> list[int]:
    return [publication.number for publication in publications(data)]


def test_only_what_is_beyond_both_the_number_and_the_age_goes(publish_day: Any, data: Path) -> None:
    for _ in range(6):
        publish_day()
    assert prune(data, keep=6, days=1, now=NOW) == []
    # 2 was replaced on day 3, so at the end of day 4 somebody may have resolved it a day and a half ago.
    assert prune(data, keep=2, days=2, now=START + timedelta(days=4.5)) == [1]
    assert prune(data, keep=2, days=2, now=NOW) == [2, 3, 4]
    assert numbers(data) == [5, 6]
    assert verify_all(data) == {5: [], 6: []}
    assert publish_day().number == 7


def test_after_a_rollback_the_current_one_its_base_and_the_newest_stay(publish_day: Any, data: Path) -> None:
    for _ in range(6):
        publish_day()
    rollback(data, 3)
    assert prune(data, keep=1, days=1, now=NOW) == [1, 4]
    assert numbers(data) == [2, 3, 5, 6]
    assert publish_day().base == 3


def test_a_clock_that_was_set_back_removes_nothing(publish_day: Any, data: Path) -> None:
    for day in (50, 40, 30, 20):
        publish_day(day=day)
    assert prune(data, keep=1, days=1, now=START) == []


def test_what_is_held_open_stays_until_it_is_let_go(publish_day: Any, data: Path) -> None:
    for _ in range(4):
        publish_day()
    held = open_publication(data, 1)
    con = open_publication(data, 2).connect()
    assert prune(data, keep=1, days=1, now=NOW) == []
    del held
    assert prune(data, keep=1, days=1, now=NOW) == [1]
    assert con.execute("select count(*) from customer").fetchall() == [(2,)]
    con.close()
    del con
    assert prune(data, keep=1, days=1, now=NOW) == [2]


def test_a_client_that_knows_nothing_of_pins_is_seen(publish_day: Any, data: Path) -> None:
    for _ in range(3):
        publish_day()
    program = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); input()"
    )
    database = str(open_publication(data, 1).database)
    client = subprocess.Popen(
        [sys.executable, "-c", program, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert client.stdout is not None
    assert client.stdout.readline() == "open\n"
    assert prune(data, keep=1, days=1, now=NOW) == []
    client.communicate("\n")
    assert prune(data, keep=1, days=1, now=NOW) == [1]


def test_a_removal_that_was_stopped_is_finished(publish_day: Any, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        publish_day()

    def die(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr("connectors.retention.remove", die)
        with pytest.raises(KeyboardInterrupt):
            prune(data, keep=1, days=1, now=NOW)
    assert recover(data) == ["removed .removing-1, left by a run that was stopped"]
    with pytest.raises(PublicationError, match="no publication 1; there are: 2, 3"):
        open_publication(data, 1)


def test_a_changed_manifest_is_damage(publish_day: Any, data: Path) -> None:
    publish_day()
    manifest = data / "published" / "v000001" / "manifest.json"
    manifest.chmod(0o600)
    manifest.write_text(manifest.read_text().replace('"schema_version": 1', '"schema_version": 3'))
    ((problem,),) = verify_all(data).values()
    assert "cannot be read: its content has the SHA-256" in problem
    with pytest.raises(PublicationError, match="take another publication"):
        open_publication(data)


def test_an_engineer_lets_out_what_was_held_and_stands_for_it(
    publish_day: Any, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.publishing.VIEW_FROM", 1)
    publish_day()
    assert publish_day(Failed()).outcome == "held"
    released = release_publication(data, 2, who="ann", why="a merger of two firms", when=NOW)
    assert (base_number(data), released.manifest.held) == (2, False)
    assert released.manifest.released is not None
    assert released.manifest.released.who == "ann"
    assert verify_all(data) == {1: [], 2: []}
    checks = open_publication(data).table("publication")["checks"][1]
    assert "half of the ids are gone" in checks
    assert "released by ann: a merger of two firms" in checks
    # A plain client finds every table where the publication now stands.
    with duckdb.connect(str(released.database), read_only=True) as con:
        assert con.execute("select count(*) from customer").fetchall() == [(2,)]
        assert con.execute("select count(*) from customer_alias").fetchall() == [(2,)]
        assert con.execute("select checks from publication where number = 2").fetchall() == [(checks,)]
    assert publications(data, held=True) == []
    assert publish_day().number == 3


def test_a_held_publication_is_released_only_where_it_was_built(publish_day: Any, data: Path) -> None:
    publish_day()
    publish_day()
    publish_day(Failed())
    with pytest.raises(PublicationError, match="needs --who and --why"):
        release_publication(data, 3, who=" ", why="x", when=NOW)
    with pytest.raises(PublicationError, match="there is no publication 9"):
        release_publication(data, 9, who="ann", why="x", when=NOW)
    rollback(data, 1)
    with pytest.raises(PublicationError, match="built on 2 and would now stand as 3 on 1"):
        release_publication(data, 3, who="ann", why="x", when=NOW)
    assert base_number(data) == 1
