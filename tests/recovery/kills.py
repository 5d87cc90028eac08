"""Whole runs, killed at a random moment and run again: the tables must be those of runs that nobody disturbed.

Two days of exports: on the first one system has not delivered yet. Every round starts before the first day or after it,
kills that day's run with SIGKILL, up to three more in a row, and lets one end.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from connectors.files import remove
from connectors.publication import KEYS, base_number, open_publication
from connectors.sample import write_sample
from connectors.verification import verify_all

ROOT = Path(__file__).parent.parent.parent
DAYS = ("2026-07-01", "2026-07-02")
LATE = "zendesk"
COMPARED = tuple(table for table in KEYS if table != "publication")
"""All but the one that tells when a publication was made."""


@dataclass(frozen=True)
class Round:
    """What one round came to: `damage` says what is not as it must be, and is empty where all is well."""

    day: int
    killed_after: tuple[float, ...]
    recovered_in: float
    damage: tuple[str, ...]


@dataclass(frozen=True)
class Stage:
    """Exports of both days, the data folders that undisturbed runs leave after each, and how long those took."""

    folder: Path
    seconds: tuple[float, float]

    def exports(self, day: int) -> Path:
        return self.folder / f"exports-{day}"

    def undisturbed(self, day: int) -> Path:
        return self.folder / f"undisturbed-{day}"


def set_stage(folder: Path, records: int) -> Stage:
    write_sample(folder, records, 1)
    (folder / "exports").rename(folder / "exports-1")
    shutil.copytree(folder / "exports-1", folder / "exports-0")
    shutil.rmtree(folder / "exports-0" / LATE)
    # What a system that joins does to the ids is not what is looked at here.
    (folder / "policy" / "gate.yaml").parent.mkdir(exist_ok=True)
    gate = (ROOT / "transforms" / "policy" / "gate.yaml").read_text()
    (folder / "policy" / "gate.yaml").write_text(re.sub(r"(id_churn|_drop): [0-9.]+", r"\1: 1.0", gate))
    stage, seconds, data = Stage(folder, (0, 0)), [], folder / "data"
    for day in (0, 1):
        begun = time.monotonic()
        ended = start(stage, day, data).wait()
        seconds.append(time.monotonic() - begun)
        assert ended == 0, f"the undisturbed run of day {day} ended with {ended}"
        shutil.copytree(data, stage.undisturbed(day), symlinks=True)
    remove(data)
    return Stage(folder, (seconds[0], seconds[1]))


def start(stage: Stage, day: int, data: Path) -> subprocess.Popen[bytes]:
    command = Path(sys.executable).parent / "concord"
    with (stage.folder / "run.log").open("ab") as log:
        return subprocess.Popen(
            [command, "run", "--exports", stage.exports(day), "--data", data, "--as-of", DAYS[day]],
            cwd=stage.folder,
            env=os.environ | {"CONCORD_POLICY": str(stage.folder / "policy")},
            stdout=log,
            stderr=log,
        )


def play(stage: Stage, kills: int, seed: int) -> Iterator[Round]:
    """Rounds until so many runs were killed."""
    chance, data = random.Random(seed), stage.folder / "data"  # noqa: S311
    killed, day = 0, 1
    while killed < kills:
        day = 1 - day
        if data.exists():
            remove(data)
        if day:
            # Views in a publication name their files by path, so every round works where the first runs did.
            shutil.copytree(stage.undisturbed(0), data, symlinks=True)
        moments = [chance.uniform(0, stage.seconds[day]) for _ in range(chance.choice((1, 2, 3, 4)))]
        killed_after = tuple(moment for moment in moments if _kill(start(stage, day, data), moment))
        killed += len(killed_after)
        begun = time.monotonic()
        ended = start(stage, day, data).wait()
        yield Round(day, killed_after, time.monotonic() - begun, tuple(damage(stage, day, data, ended)))


def _kill(run: subprocess.Popen[bytes], moment: float) -> bool:
    """Whether it was still running so many seconds after its start."""
    try:
        run.wait(moment)
    except subprocess.TimeoutExpired:
        run.send_signal(signal.SIGKILL)
        run.wait()
        return True
    return False


def damage(stage: Stage, day: int, data: Path, ended: int) -> Iterator[str]:
    if ended:
        yield f"the run after the kill ended with {ended}"
        return
    if base_number(data) != day + 1:
        yield f"publication {base_number(data)} is current, not {day + 1}"
    for number, problems in verify_all(data).items():
        yield from (f"publication {number}: {problem}" for problem in problems)
    found, meant = open_publication(data).manifest, open_publication(stage.undisturbed(day)).manifest
    yield from (f"{table} has other rows" for table in COMPARED if found.tables[table] != meant.tables[table])
    left = [*(data / "published").glob(".building-*"), *(data / "published").glob(".removing-*")]
    yield from (f"{path.name} was left" for path in left)
