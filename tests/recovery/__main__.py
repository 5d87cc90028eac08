"""`python -m tests.recovery [--kills N] [--records N] [--seed S]`: kill runs at random moments, compare."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import quantiles

from tests.recovery.kills import play, set_stage


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--kills", type=int, default=200, help="runs to kill, one to four in a row")
    given.add_argument("--records", type=int, default=2000)
    given.add_argument("--seed", type=int, default=1)
    asked = given.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        stage = set_stage(Path(folder), asked.records)
        print("undisturbed:", ", ".join(f"{seconds:.1f} s" for seconds in stage.seconds), flush=True)  # noqa: T201
        rounds = []
        for number, one in enumerate(play(stage, asked.kills, asked.seed), 1):
            rounds.append(one)
            moments = ", ".join(f"{moment:.1f} s" for moment in one.killed_after)
            verdict = "; ".join(one.damage) or "whole"
            print(f"{number:4}  day {one.day}  killed after {moments}: {verdict}, {one.recovered_in:.1f} s", flush=True)  # noqa: T201
    seconds, damaged = [one.recovered_in for one in rounds], [one for one in rounds if one.damage]
    middle = quantiles(seconds, n=20) if len(seconds) > 1 else seconds * 20
    print(  # noqa: T201
        f"{sum(len(one.killed_after) for one in rounds)} kills in {len(rounds)} rounds, {len(damaged)} damaged; "
        f"the next run took {middle[9]:.1f} s in the middle, {middle[-1]:.1f} s at the 95th percentile"
    )
    return 1 if damaged else 0


if __name__ == "__main__":
    sys.exit(main())
