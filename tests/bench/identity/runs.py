"""One run of a linker on records that lie ready: its links, seconds and peak memory. Each run is a child process."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bench.identity.ours import links_of
from tests.bench.identity.sets import SAMPLE, LabelledSet
from tests.bench.memory import Watched, watched

MODULE = "tests.bench.identity"


@dataclass(frozen=True)
class Run:
    links: Path
    """Parquet: record_id, customer_id; source and object too, except stock Splink's of a labelled set."""
    seconds: float
    """Of linking alone: reading the records, scoring, clustering, writing; without Python's imports."""
    peak: int
    """Bytes resident, of the whole process tree."""


def ours(data: Path, number: int = 1) -> Run:
    """Our identity over the records in `data`, with the ids of its `state/` where there are any."""
    return _run(links_of(data), "ours", data, str(number))


def stock(one: LabelledSet, links: Path, threshold: float | None = None) -> Run:
    """Stock Splink over the same set; `threshold` (a probability) instead of the model's own."""
    which = SAMPLE if one.table is None else one.name
    more = [] if threshold is None else ["--threshold", str(threshold)]
    return _run(links, "stock", which, one.table or one.data, links, *more)


def _run(links: Path, module: str, *arguments: str | Path) -> Run:
    done: Watched = watched([sys.executable, "-m", f"{MODULE}.{module}", *arguments])
    return Run(links, float(done.out.splitlines()[-1]), done.watch.peak())
