"""Our identity beside stock Splink on labelled sets: F1, precision, recall, seconds and peak memory of both.

`python -m tests.bench.identity [--sets febrl3 sample] [--ids] [--day]`; run with `make bench-identity`. Splink gets
each set as its documentation has it; on the sample it gets the same records as we do. Its F1 is that of its
documentation's threshold; beside it stands the best over THRESHOLDS, chosen on the truth, which no user can know.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.bench.identity import lasting, runs
from tests.bench.identity.score import Score, score
from tests.bench.identity.sets import LABELLED, SAMPLE, LabelledSet, SetMissing, labelled_set, sample_set
from tests.bench.identity.stock_models import MODELS, SAMPLE_MODELS

SETS = "../shared/data/identity"
THRESHOLDS = (0.5, 0.9, 0.95, 0.99, 0.999)
HEAD = f"{'set':18}{'who':9}{'F1':>7}{'precision':>11}{'recall':>8}{'seconds':>9}{'peak MB':>9}  "


def main() -> None:
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="concord-bench-") as scratch:
        work = Path(scratch)
        sample: LabelledSet | None = None
        if SAMPLE in given.sets or given.ids or given.day:
            sample = sample_set(given.sample_records, work / SAMPLE)
        if given.sets:
            _say(HEAD)
        for name in given.sets:
            one = sample if name == SAMPLE else labelled_set(name, given.data, work / name)
            assert one is not None
            _compare(one, work)
        if sample is not None and given.ids:
            for moved in lasting.stability(sample.data, work / "ids"):
                _say(f"ids, {moved.before}: {moved.changed:,} of {moved.records:,} changed, {moved.share:.3%}")
        if sample is not None and given.day:
            day = lasting.day(sample.data, work)
            _say(
                f"a day, {lasting.CHANGED_SHARE} % changed: {day.second:.1f} s of {day.full:.1f} s, "
                f"{day.share:.1%} of the full run"
            )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="*", choices=(*LABELLED, SAMPLE), default=[*LABELLED, SAMPLE])
    parser.add_argument("--sample-records", type=int, default=1_000_000)
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get("CONCORD_BENCH_SETS", SETS)),
        help=f"folder of labelled sets (CONCORD_BENCH_SETS; default {SETS})",
    )
    parser.add_argument("--ids", action="store_true", help="how many customer ids change as records come and go")
    parser.add_argument("--day", action="store_true", help="what a run costs after one record in a hundred changed")
    return parser.parse_args()


def _compare(one: LabelledSet, work: Path) -> None:
    ours = runs.ours(one.data)
    _row(one.name, "Concord", score(ours.links, one.truth), ours)
    stock = runs.stock(one, work / "stock.parquet")
    _row(one.name, "Splink", score(stock.links, one.truth), stock, f"at {_threshold(one)}")
    best, at = max(_at_thresholds(one, work))
    ratio = ours.seconds / stock.seconds
    _say(f"{one.name:18}Splink's best F1 {best:.4f}, at {at}; seconds, ours to Splink's {ratio:.2f}")


def _at_thresholds(one: LabelledSet, work: Path) -> list[tuple[float, float]]:
    """F1 of stock Splink and the threshold, for each of THRESHOLDS."""
    found = ((runs.stock(one, work / "stock.parquet", threshold), threshold) for threshold in THRESHOLDS)
    return [(score(run.links, one.truth).f1, threshold) for run, threshold in found]


def _threshold(one: LabelledSet) -> str:
    models = SAMPLE_MODELS.values() if one.table is None else [MODELS[one.name]]
    return ", ".join(f"{model.threshold} ({model.page})" for model in models)


def _row(name: str, who: str, how_well: Score, run: runs.Run, remark: str = "") -> None:
    _say(
        f"{name:18}{who:9}{how_well.f1:7.4f}{how_well.precision:11.4f}{how_well.recall:8.4f}{run.seconds:9.1f}"
        f"{run.peak / 1e6:9,.0f}  {remark}".rstrip()
    )


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    try:
        main()
    except SetMissing as missing:
        sys.exit(str(missing))
