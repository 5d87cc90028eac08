"""Damage to what Concord keeps: found before anything rests on it, told by file and remedy, mended where it can be."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from connectors.files import remove
from connectors.landing import land
from connectors.ledger import delivery_frame, ledger_folder
from connectors.manifest import PublicationError
from connectors.publication import base_number, next_number, open_publication
from connectors.seals import DamagedContent, expect_whole, is_broken
from connectors.spec import load_connectors
from connectors.storage import storage_at
from connectors.switching import recover, rollback
from connectors.verification import expect_whole_publication, verify_all
from tests.integration.conftest import FIXTURES
from tests.recovery.harm import cut, flip
from tests.recovery.readers import make


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with three publications, and what landed of one export of Zendesk."""
    made = tmp_path / "data"
    for day in range(1, 4):
        make(made, datetime(2026, 1, day, tzinfo=UTC))
    return made


def land_zendesk(data: Path, exports: Path) -> list[str]:
    (exports / "zendesk").mkdir(parents=True, exist_ok=True)
    with storage_at(str(exports), data) as storage:
        report = land(load_connectors()["zendesk"], storage, data, date(2026, 1, 5))
    return [warning for line in report.objects for warning in line.warnings]


def test_landed_rows_that_are_damaged_are_landed_anew_from_their_export(data: Path, tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "zendesk" / "good", tmp_path / "exports" / "zendesk")
    land_zendesk(data, tmp_path / "exports")
    landed = sorted((data / "landed" / "zendesk").rglob("*.parquet"))
    before = [path.read_bytes() for path in landed]
    flip(landed[0])
    cut(landed[-1])
    told = land_zendesk(data, tmp_path / "exports")
    assert len([sentence for sentence in told if "was damaged, and was landed anew" in sentence]) == 2
    assert [path.read_bytes() for path in landed] == before
    assert land_zendesk(data, tmp_path / "exports") == []


@pytest.mark.parametrize("harm", [flip, cut, remove])
def test_landed_rows_that_are_damaged_and_whose_export_is_gone_stop_the_run_by_name(
    data: Path, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    shutil.copytree(FIXTURES / "zendesk" / "good", tmp_path / "exports" / "zendesk")
    land_zendesk(data, tmp_path / "exports")
    expect_whole(delivery_frame(data))
    part = delivery_frame(data).row(0, named=True)
    shutil.rmtree(tmp_path / "exports" / "zendesk")
    harm(Path(part["path"]))
    assert land_zendesk(data, tmp_path / "exports") == []
    with pytest.raises(DamagedContent) as told:
        expect_whole(delivery_frame(data))
    for said in (part["path"], f"zendesk/{part['export']}", part["hash"][:12], "from a backup, then run again"):
        assert said in str(told.value)


def test_what_a_kill_leaves_between_seal_and_landed_rows_is_no_damage(data: Path, tmp_path: Path) -> None:
    """An older file under a newer seal: where its export is gone, nobody could land it anew."""
    shutil.copytree(FIXTURES / "zendesk" / "good", tmp_path / "exports" / "zendesk")
    land_zendesk(data, tmp_path / "exports")
    landed = Path(delivery_frame(data)["path"][0])
    seal = landed.with_name(f"{landed.name}.sha256")
    seal.write_text(seal.read_text() + f"{'0' * 64}  {landed.name}\n")
    assert not is_broken(landed)


def test_a_damaged_line_of_the_ledger_is_told_by_its_file(data: Path, tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "zendesk" / "good", tmp_path / "exports" / "zendesk")
    land_zendesk(data, tmp_path / "exports")
    entry = min(ledger_folder(data).iterdir())
    cut(entry)
    with pytest.raises(DamagedContent, match=f"{entry} of the delivery ledger is damaged.*from a backup"):
        delivery_frame(data)


@pytest.mark.parametrize("harm", [flip, cut])
def test_damaged_state_is_brought_back_from_the_newest_publication(data: Path, harm: Callable[[Path], None]) -> None:
    before = {path.name: path.read_bytes() for path in (data / "state").iterdir()}
    harm(data / "state" / "registry.parquet")
    (told,) = recover(data)
    assert "registry.parquet of state/ back from publication 3" in told
    assert {path.name: path.read_bytes() for path in (data / "state").iterdir()} == before
    assert recover(data) == []


def test_no_publication_is_made_upon_a_damaged_one_and_a_rollback_sets_it_aside(data: Path) -> None:
    flip(data / "published" / "v000003" / "customer.parquet")
    with pytest.raises(PublicationError, match=r"customer.parquet has changed.*`concord publications rollback 2`"):
        expect_whole_publication(data)
    rollback(data, 2)
    expect_whole_publication(data)
    assert (data / "published" / "damaged" / "v000003" / "manifest.json").exists()
    assert (base_number(data), next_number(data)) == (2, 4)
    shutil.rmtree(data / "state")
    assert next_number(data) == 4, "a number that was given out is given out again"
    make(data, datetime(2026, 1, 4, tzinfo=UTC))
    assert open_publication(data).number == 4
    assert not any(verify_all(data).values())


def test_where_no_publication_is_whole_the_way_on_is_told(data: Path) -> None:
    for folder in sorted((data / "published").glob("v*")):
        cut(folder / "manifest.json")
    with pytest.raises(PublicationError, match=f"move {data}/published/v000003 away: ids stay"):
        expect_whole_publication(data)
