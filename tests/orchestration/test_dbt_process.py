"""dbt begins when its warehouse is there, and does not outlive the run that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import psutil
import pytest

from orchestration import dbt_process
from orchestration.assets import warehouse
from orchestration.dbt_process import held_back
from orchestration.definitions import build_definitions
from orchestration.instance import prepare_instance, recorded
from orchestration.settings import Settings

RUN = """
import subprocess, sys, time
from pathlib import Path
from orchestration.dbt_process import held_back
with held_back(Path(sys.argv[2])):
    child = subprocess.Popen([sys.executable, "-P", sys.argv[1], "--help"])
    print(child.pid, flush=True)
    time.sleep(60)
"""


def test_dbt_is_gone_when_its_run_was_killed(tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, dbt_process.__file__, tmp_path / "warehouse.duckdb"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"CONCORD_WAREHOUSE": str(tmp_path / "warehouse.duckdb")},
    )
    assert run.stdout is not None
    child = psutil.Process(int(run.stdout.readline()))
    wait_until(lambda: waits_for_a_lock(child))
    run.send_signal(signal.SIGKILL)
    run.wait()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_dbt_begins_only_when_the_warehouse_is_laid_out(tmp_path: Path) -> None:
    file = tmp_path / "warehouse.duckdb"
    with held_back(file):
        child = subprocess.Popen(
            [sys.executable, "-P", dbt_process.__file__, "--help"],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"CONCORD_WAREHOUSE": str(file)},
        )
        wait_until(lambda: waits_for_a_lock(psutil.Process(child.pid)))
        assert child.poll() is None
    said, _ = child.communicate()
    assert "build" in said
    assert child.returncode == 0


def test_dbt_is_gone_when_the_warehouse_could_not_be_laid_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside: list[psutil.Process] = []

    def fail(*_: object) -> None:
        beside.extend(child for child in psutil.Process().children() if dbt_process.__file__ in child.cmdline())
        raise RuntimeError("no room")

    monkeypatch.setattr(warehouse, "prepare_warehouse", fail)
    (tmp_path / "exports").mkdir()
    monkeypatch.setenv("CONCORD_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("CONCORD_EXPORTS", str(tmp_path / "exports"))
    settings = Settings()
    prepare_instance(settings)
    job = build_definitions(settings, reports={}).resolve_implicit_global_asset_job_def()
    marts = [key for key in job.asset_layer.executable_asset_keys if key.path[0] == "warehouse"]
    with recorded(settings), dg.DagsterInstance.get() as instance:
        ended = job.execute_in_process(instance=instance, asset_selection=marts, raise_on_error=False)
    assert not ended.success
    assert beside, "dbt did not load while the warehouse was being laid out"
    assert not any(process.is_running() for process in beside)


def waits_for_a_lock(process: psutil.Process) -> bool:
    """Who waits stands in the kernel's list with an arrow."""
    return any("->" in line and f" {process.pid} " in line for line in Path("/proc/locks").read_text().splitlines())


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it never came to be")
