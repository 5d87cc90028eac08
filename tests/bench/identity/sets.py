"""Labelled sets: where they lie, and how their records come into a data folder, through landing and normalise.

What is measured on them does not belong here (`ours`, `stock`).
"""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from connectors.landing import land
from connectors.ledger import delivery_frame
from connectors.spec import SourceSettings, load_connectors
from connectors.storage import Storage

CONCORD = Path(sys.executable).parent / "concord"
CONNECTORS = Path(__file__).parent / "connectors"
LABELLED = ("febrl3", "febrl4", "fake_1000", "historical_50k", "chicago_orgs")
SAMPLE = "sample"
DAY = dt.date(2026, 7, 1)
"""The logical date of every run."""


@dataclass(frozen=True)
class LabelledSet:
    """Records with a known truth."""

    name: str
    truth: Path
    """CSV: record_id, entity_id; for the sample source and object too."""
    data: Path
    """A data folder that holds the set's `records/`."""
    table: Path | None
    """The set as one CSV file of text (the sample has none)."""


class SetMissing(FileNotFoundError):
    """The folder of sets lacks one; the message says how to name another folder."""


def labelled_set(name: str, sets: Path, work: Path) -> LabelledSet:
    """The set of that name below the folder `sets`, laid out in the empty folder `work`."""
    table = sets / name / "records.csv"
    if not table.exists():
        raise SetMissing(f"{table} does not exist; name the folder of labelled sets with --data or CONCORD_BENCH_SETS")
    source = work / "exports" / name
    source.mkdir(parents=True)
    shutil.copy(table, source / table.name)
    lay_records(work / "exports", work / "data")
    return LabelledSet(name, sets / name / "truth.csv", work / "data", table)


def sample_set(records: int, work: Path, seed: int = 1) -> LabelledSet:
    """`concord sample` of so many records, laid out in the empty folder `work`."""
    command: list[str | Path] = [CONCORD, "sample", work / "made", "--records", str(records), "--seed", str(seed)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    lay_records(work / "made" / "exports", work / "data")
    return LabelledSet(f"{SAMPLE} {records:,}", work / "made" / "truth.csv", work / "data", None)


def lay_records(exports: Path, data: Path) -> None:
    """Land every source below `exports` and normalise it into `data/records`, as a run does."""
    from transforms.record_files import normalise_source  # noqa: PLC0415 - the phone metadata takes 0.2 s to load

    connectors = load_connectors([CONNECTORS])
    data.mkdir(parents=True, exist_ok=True)
    for connector in connectors.values():
        land(connector, Storage(exports), data, DAY)
    for (source,), deliveries in delivery_frame(data).partition_by("source", as_dict=True).items():
        normalise_source(connectors[str(source).split("@")[0]], str(source), SourceSettings(), deliveries, data)
