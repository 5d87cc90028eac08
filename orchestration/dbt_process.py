"""dbt as a process that stands beside its warehouse, and ends with the run that started it, however that ends.

Without it, a run worker that is killed leaves a dbt behind that goes on writing beside the next run. What dbt is called
with does not belong here (`orchestration.assets.warehouse`, `orchestration.dbt_project`).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

DBT = Path(sys.executable).parent / "dbt"
PR_SET_PDEATHSIG = 1
"""linux/prctl.h"""


def main() -> None:
    """Go to the warehouse, ask the kernel to kill this process with its parent, then become dbt; both wishes last."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died in between, and nobody would tell us
        sys.exit(1)
    os.chdir(Path(os.environ["CONCORD_WAREHOUSE"]).parent)
    os.execv(DBT, [str(DBT), *sys.argv[1:]])  # noqa: S606


if __name__ == "__main__":
    main()
