"""Our identity on one data folder, in a process of its own: `python -m tests.bench.identity.ours DATA NUMBER`.

Prints the seconds that linking took, without imports. How the records came into the folder is `sets`' affair.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from orchestration.settings import Settings
from transforms.identity import resolve_identity


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("number", type=int, help="number of the publication that would hold the result")
    given = parser.parse_args()
    settings = Settings(data=given.data)
    started = time.perf_counter()
    resolve_identity(given.data, given.number, None, settings.memory, settings.threads)
    print(time.perf_counter() - started)  # noqa: T201


if __name__ == "__main__":
    main()
