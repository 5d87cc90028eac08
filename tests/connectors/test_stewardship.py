"""What an engineer says about deliveries: it stands on record, and it is refused where it means nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from connectors.landing import land
from connectors.ledger import deliveries
from connectors.listings import (
    delivery_rows,
    rejected_at_the_door,
    rejected_rows,
    source_rows,
    unaccounted,
    worst_rejected,
)
from connectors.spec import load_connectors
from connectors.stewardship import StewardshipError, release, releases, remove_source
from connectors.storage import Storage

DAY = dt.date(2026, 7, 1)
WORKERS = "Employee_ID,First_Name,Last_Name,Worker_Status\n1,Ada,Byron,Active\n2,Bo,Berg,Active\n3,ragged\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "exports" / "workday").mkdir(parents=True)
    (tmp_path / "exports" / "workday" / "workers.csv").write_text(WORKERS)
    land(load_connectors()["workday"], Storage(tmp_path / "exports"), tmp_path / "data", DAY)
    return tmp_path / "data"


def test_a_release_stands_on_record_once(data: Path) -> None:
    for why in ("they left", "they really left"):
        release(data, "d00000001", who="ada", why=why, when=DAY)
    assert releases(data) == {"d00000001"}
    assert '"they really left"' in (data / "state" / "releases.json").read_text()


def test_nothing_is_released_that_is_not_there_or_that_nobody_stands_for(data: Path) -> None:
    with pytest.raises(StewardshipError, match="no delivery 'd00000009'"):
        release(data, "d00000009", who="ada", why="they left", when=DAY)
    with pytest.raises(StewardshipError, match="needs --who and --why"):
        release(data, "d00000001", who=" ", why="they left", when=DAY)


def test_a_removed_source_leaves_nothing_behind_not_even_its_releases(data: Path) -> None:
    release(data, "d00000001", who="ada", why="they left", when=DAY)
    assert remove_source(data, "workday") == 1
    assert deliveries(data) == []
    assert releases(data) == frozenset()
    assert not (data / "landed" / "workday").exists()
    with pytest.raises(StewardshipError, match="has delivered nothing"):
        remove_source(data, "workday")


def test_listings_say_what_came_in_and_what_was_refused(data: Path) -> None:
    assert [(row["source"], row["rows"]) for row in source_rows(data)] == [("workday", 2)]
    (delivery,) = delivery_rows(data)
    assert (delivery["rows"], delivery["rejected"], delivery["delivered"]) == (3, 1, "complete, does not add up")
    assert rejected_rows(data, "workday")["row"].to_list() == [3]
    assert rejected_rows(data, "hubspot").is_empty()


def test_a_landed_file_that_lost_rows_is_noticed(data: Path) -> None:
    assert unaccounted(data, deliveries(data)) == []
    next((data / "landed" / "workday").rglob("*.parquet")).unlink()
    (problem,) = unaccounted(data, deliveries(data))
    assert (problem["rows"], problem["landed"], problem["rejected"]) == (3, 0, 1)


def test_the_worst_rejected_rows_are_a_first_one_of_each_trouble_the_commonest_first(tmp_path: Path) -> None:
    folder = tmp_path / "exports" / "workday"
    folder.mkdir(parents=True)
    ragged = "".join(f"{number},too few\n" for number in range(30))
    (folder / "workers.csv").write_text(WORKERS + ragged + '9,"Ed"x,Stone,Active\n')
    land(load_connectors()["workday"], Storage(tmp_path / "exports"), tmp_path / "data", DAY)
    worst = worst_rejected(rejected_at_the_door(tmp_path / "data", "workday"), 10)
    assert [(row["row"], row["rows_like_it"]) for row in worst[:3]] == [(3, 31), (34, 1), (4, 31)]
    assert len(worst) == 10
    assert rejected_at_the_door(tmp_path / "data", "work") == []
