"""dbt does not outlive the run that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from orchestration import dbt_process

RUN = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, sys.argv[1], "sleep"])
print(child.pid, flush=True)
time.sleep(60)
"""


def test_dbt_is_gone_when_its_run_was_killed(tmp_path: Path) -> None:
    # The program as it is, with something in dbt's place that would never end by itself.
    sleeping = tmp_path / "dbt"
    sleeping.write_text("#!/bin/sh\nexec sleep 60\n")
    sleeping.chmod(0o700)
    program = tmp_path / "dbt_process.py"
    text = Path(dbt_process.__file__).read_text()
    program.write_text(text.replace('Path(sys.executable).parent / "dbt"', f"Path({str(sleeping)!r})"))
    place = os.environ | {"CONCORD_WAREHOUSE": str(tmp_path / "warehouse.duckdb")}
    run = subprocess.Popen([sys.executable, "-c", RUN, str(program)], stdout=subprocess.PIPE, text=True, env=place)
    assert run.stdout is not None
    child = psutil.Process(int(run.stdout.readline()))
    wait_until(lambda: child.name() == "sleep")
    run.send_signal(signal.SIGKILL)
    run.wait()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def wait_until(holds: object) -> None:
    assert callable(holds)
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it never came to be")
