"""Re-derive the published tables of a data folder, or of a sample made for it: `make bench-rederive`.

`python -m tests.rederive --records 100000`, or `--data DIR` for the current publication of a data folder.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from orchestration.settings import Settings
from tests.rederive.compare import compare
from transforms.policy import load_policy

CONCORD = Path(sys.executable).parent / "concord"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--data", type=Path, help="a data folder with a publication; else a sample is made and run")
    given = parser.parse_args()
    settings = Settings()
    with tempfile.TemporaryDirectory(prefix="concord-rederive-") as scratch:
        data = given.data or Path(scratch) / "data"
        if given.data is None:
            sample = Path(scratch) / "sample"
            subprocess.run([CONCORD, "sample", sample, "--records", str(given.records), "--seed", "1"], check=True)
            run = [CONCORD, "run", "--exports", sample / "exports", "--data", data, "--as-of", "2026-07-01"]
            subprocess.run(run, check=True)
        started = time.perf_counter()
        verdict = compare(data, load_policy(settings.policy, settings.currency))
    for one in verdict.mismatches:
        row = ":".join(str(part) for part in one.key)
        print(f"{one.table} {row} {one.column}: published {one.published!r}, derived {one.derived!r}")  # noqa: T201
    took, differences = time.perf_counter() - started, len(verdict.mismatches) or "no"
    print(  # noqa: T201
        f"{verdict.values:,} values in {sum(verdict.rows.values()):,} rows of {len(verdict.rows)} tables about "
        f"{verdict.rows['customer']:,} customers derived in {took:.1f} s: {differences} differences"
    )
    return 1 if verdict.mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
