"""Faults of the machine: told in a sentence, no published table harmed, and over with the next run.

One stage for all: a data folder on a small disk of its own that fills up, turns read-only, and loses or garbles files;
and a backup that is taken while the next run gets over that.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.publication import base_number
from connectors.verification import verify_all
from orchestration.instance import RECORDS
from tests.recovery.harm import cut, flip
from tests.recovery.kills import Stage, damage, set_stage, start

pytestmark = pytest.mark.long

FUTURE = time.time() + 400 * 86_400
KEPT = ("landed/deliveries",), ("landed", "state", "published")
"""What a backup holds, in the order of docs/operate.md: the ledger first, for what stands in it has landed."""


@dataclass(frozen=True)
class Ended:
    """How a run ended, and what stood on the screen."""

    code: int
    said: str


@dataclass(frozen=True)
class Story:
    """What runs said while the disk was full, while it was read-only, and after files had been damaged."""

    stage: Stage
    data: Path
    full: Ended
    closed: Ended
    readers: list[str]
    """What was wrong with the published tables after those two."""
    healed: Ended
    restored: Path


def run(stage: Stage, data: Path) -> Ended:
    (stage.folder / "run.log").unlink(missing_ok=True)
    code = start(stage, 1, data).wait()
    return Ended(code, " ".join((stage.folder / "run.log").read_text().split()))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("stage")
    data, restored = folder / "disk", folder / "restored"
    data.mkdir(mode=0o700)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g,mode=700", "none", data], check=False).returncode:
        pytest.skip("this machine lets us mount no small disk")
    try:
        stage = set_stage(folder, 400)
        shutil.copytree(stage.undisturbed(0), data, symlinks=True, dirs_exist_ok=True)
        used = shutil.disk_usage(data).used
        mounted(data, f"size={used // 1024 + 900}k")
        full = run(stage, data)
        mounted(data, "size=1g,ro")
        closed = run(stage, data)
        mounted(data, "rw")
        readers = [*verify_all(data)[1], *(["not 1 is current"] if base_number(data) != 1 else [])]
        harm(stage, data)
        (stage.folder / "run.log").unlink()
        going = start(stage, 1, data)
        back_up_during(going, data, restored)
        healed = Ended(going.wait(), " ".join((stage.folder / "run.log").read_text().split()))
        yield Story(stage, data, full, closed, readers, healed, restored)
    finally:
        subprocess.run(["umount", "--lazy", data], check=True)


def mounted(data: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", data], check=True)


def harm(stage: Stage, data: Path) -> None:
    """Everything at once that a run must get over by itself."""
    for file in ("warehouse.duckdb", "identity/identity.duckdb", "state/owner_assignment.parquet"):
        cut(data / file)
    for file in RECORDS:
        (data / "dagster" / file).write_bytes(b"garbage " * 1000)
    for file in sorted((data / "landed" / "hubspot").rglob("*.parquet")):
        flip(file)
    # The clock was ahead when these were written.
    for file in [path for path in (*stage.exports(1).rglob("*"), *data.rglob("*")) if path.is_file()]:
        os.utime(file, (FUTURE, FUTURE))


def back_up_during(going: subprocess.Popen[bytes], data: Path, restored: Path) -> None:
    """As docs/operate.md says, from when deliveries have landed and the warehouse is at work."""
    while (data / "warehouse.duckdb").stat().st_mtime >= FUTURE:
        assert going.poll() is None, "the run had ended before the backup began"
        time.sleep(0.1)
    restored.mkdir(mode=0o700)
    for number, folders in enumerate(KEPT):
        archive = restored.with_name(f"backup-{number}.tar")
        but = [f"--exclude={kept}" for kept in KEPT[0]] if number else []
        copied = subprocess.run(["tar", "-C", data, "-cf", archive, *but, *folders], check=False)
        assert copied.returncode in (0, 1), "1 is tar's word for files that changed or went meanwhile"
    for number in range(len(KEPT)):
        subprocess.run(
            ["tar", "--warning=no-timestamp", "-C", restored, "-xpf", restored.with_name(f"backup-{number}.tar")],
            check=True,
        )


def test_a_full_disk_ends_the_run_with_a_sentence(story: Story) -> None:
    assert story.full.code == 2
    assert "the disk is full: free some of it" in story.full.said
    assert "Then run again" in story.full.said
    assert "Traceback" not in story.full.said


def test_a_read_only_data_folder_ends_the_run_with_a_sentence(story: Story) -> None:
    assert story.closed.code == 2
    assert "Read-only file system" in story.closed.said
    assert "it may not be written to: give the user that runs Concord the right" in story.closed.said
    assert "Traceback" not in story.closed.said


def test_neither_harms_what_is_published(story: Story) -> None:
    assert story.readers == []


def test_the_next_run_mends_what_was_damaged_and_publishes_what_it_would_have(story: Story) -> None:
    assert list(damage(story.stage, 1, story.data, story.healed.code)) == []
    for said in (
        *(f"{name} is damaged" for name in RECORDS),
        "brought owner_assignment.parquet of state/ back from publication 1",
        "was damaged, and was landed anew",
    ):
        assert said in story.healed.said


def test_a_backup_taken_during_a_run_comes_to_the_same_tables_elsewhere(story: Story) -> None:
    again = run(story.stage, story.restored)
    assert list(damage(story.stage, 1, story.restored, again.code)) == []
