"""dbt begins when its warehouse is there, and does not outlive the run that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from orchestration import dbt_process
from orchestration.dbt_process import held_back

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
    warehouse = tmp_path / "warehouse.duckdb"
    with held_back(warehouse):
        child = subprocess.Popen(
            [sys.executable, "-P", dbt_process.__file__, "--help"],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"CONCORD_WAREHOUSE": str(warehouse)},
        )
        wait_until(lambda: waits_for_a_lock(psutil.Process(child.pid)))
        assert child.poll() is None
    said, _ = child.communicate()
    assert "build" in said
    assert child.returncode == 0


def waits_for_a_lock(process: psutil.Process) -> bool:
    """Who waits stands in the kernel's list with an arrow."""
    return any("->" in line and f" {process.pid} " in line for line in Path("/proc/locks").read_text().splitlines())


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it never came to be")
