"""dbt as a process that stands beside its warehouse, and ends with the run that started it, however that ends.

It loads, which takes 2 s, while the run still lays out the warehouse, and begins when that is done. Without its tie to
the run, a run worker that is killed leaves a dbt behind that goes on writing beside the next run. What dbt is called
with does not belong here (`orchestration.assets.warehouse`, `orchestration.dbt_project`).
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.files import locked, private_folder

PR_SET_PDEATHSIG = 1
"""linux/prctl.h"""


@contextmanager
def held_back(warehouse: Path) -> Iterator[None]:
    """No dbt that is started in here touches the warehouse before the end of it."""
    private_folder(warehouse.parent)
    with locked(_lock(warehouse)):
        yield


def main() -> None:
    """Ask the kernel to kill this process with its parent, load dbt, wait until the warehouse is there, be dbt in its
    folder."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died in between, and nobody would tell us
        sys.exit(1)
    from dbt.cli.main import cli  # noqa: PLC0415 - what takes long comes when nothing can be left behind

    warehouse = Path(os.environ["CONCORD_WAREHOUSE"])
    with locked(_lock(warehouse)):
        pass
    os.chdir(warehouse.parent)
    gc.disable()  # what dbt leaves behind in its minute is less than looking for it costs
    try:
        cli()
    except SystemExit as end:
        # What was to be said and left behind; but no gigabytes of committed tables, taken down piece by piece.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(end.code or 0))


def _lock(warehouse: Path) -> Path:
    return warehouse.with_name(f"{warehouse.name}.lock")


if __name__ == "__main__":
    main()
