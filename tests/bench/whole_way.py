"""The whole way of a row, measured: seconds and peak memory per floor, as a ratio to a named yardstick in the same run.

The yardstick is DuckDB reading the same export files, all columns as text, and writing them again as Parquet: what
moving these bytes costs at the least on this machine, now. Run with `make bench`, or
`python -m tests.bench.whole_way --records 100000 --folder DIR`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from tests.bench.memory import MemoryWatch, watched

CONCORD = Path(sys.executable).parent / "concord"


def yardstick(exports: Path, target: Path) -> float:
    """Seconds that DuckDB takes to read every export as text and write it as Parquet."""
    files = sorted(path for path in exports.rglob("*") if path.suffix in {".csv", ".json", ".jsonl"})
    started = time.perf_counter()
    with duckdb.connect() as con:
        for number, file in enumerate(files):
            read = (
                f"read_csv('{file}', all_varchar=true, header=true)"
                if file.suffix == ".csv"
                else f"read_json('{file}', maximum_object_size=2000000000)"
            )
            con.execute(f"copy (select * from {read}) to '{target}/{number}.parquet' (compression zstd)")
    return time.perf_counter() - started


def whole_way(exports: Path, data: Path, memory: str) -> tuple[dict[str, Any], float, MemoryWatch]:
    """The summary of one run that may use `memory`, its seconds and the memory of its process tree."""
    command: list[str | Path] = [
        CONCORD,
        "run",
        "--exports",
        exports,
        "--data",
        data,
        "--as-of",
        "2026-07-01",
        "--json",
    ]
    run = watched(command, {"CONCORD_MEMORY": memory})
    return json.loads(run.out), run.seconds, run.watch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the sample lies, or is to lie; kept for the next run")
    parser.add_argument("--memory", default="2GB", help="CONCORD_MEMORY of the run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="concord-bench-") as scratch:
        folder = given.folder or Path(scratch) / "sample"
        if not (folder / "truth.csv").exists():
            subprocess.run([CONCORD, "sample", folder, "--records", str(given.records), "--seed", "1"], check=True)
        exports = folder / "exports"
        size = sum(path.stat().st_size for path in exports.rglob("*") if path.is_file())
        (target := Path(scratch) / "yardstick").mkdir()
        reference = yardstick(exports, target)
        first, seconds, watch = whole_way(exports, Path(scratch) / "data", given.memory)
        _, again, _ = whole_way(exports, Path(scratch) / "data", given.memory)
    print(f"\n{given.records:,} records, {size / 1e6:,.0f} MB of exports, CONCORD_MEMORY={given.memory}")  # noqa: T201
    print(f"{'floor':24}{'seconds':>9}{'peak MB':>9}")  # noqa: T201
    for floor in first["floors"]:
        peak = watch.peak(floor["started"], floor["ended"])
        print(f"{floor['floor']:24}{floor['seconds']:9.1f}{peak / 1e6:9,.0f}")  # noqa: T201
    print(f"{'whole way':24}{seconds:9.1f}{watch.peak() / 1e6:9,.0f}")  # noqa: T201
    print(f"{'again, nothing new':24}{again:9.1f}")  # noqa: T201
    print(f"{'yardstick':24}{reference:9.1f}")  # noqa: T201
    print(f"ratio to the yardstick  {seconds / reference:9.1f}")  # noqa: T201


if __name__ == "__main__":
    main()
