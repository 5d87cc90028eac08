"""The hand-written exports of all systems, landed and made into records; the tests tell what they must come to."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from connectors.landing import delivery_frame, land
from connectors.landing_report import Refusal
from connectors.spec import Connector, SourceSettings, load_connectors
from connectors.storage import Storage
from transforms.outcomes import ObjectReport
from transforms.record_files import normalise_source

FIXTURES = Path(__file__).parents[1] / "fixtures"
SYSTEMS = tuple(sorted(load_connectors()))
DAMAGED = ("ragged", "cut")
"""Folders of fixtures that are not as a system exports them."""


def source_of(system: str, folder: Path) -> str:
    return system if folder.name == "good" else f"{system}@{folder.name}"


@dataclass(frozen=True)
class Run:
    """Fixture exports, landed and made into records."""

    data: Path
    reports: dict[str, dict[str, ObjectReport]]
    refused: tuple[Refusal, ...]

    def records(self, kind: str, source: str) -> pl.DataFrame:
        return pl.read_parquet(self.data / "records" / kind / f"{source}.parquet")

    def one(self, kind: str, source: str, record_id: str) -> dict[str, Any]:
        return self.records(kind, source).filter(pl.col("record_id") == record_id).row(0, named=True)


def run_of(connectors: Mapping[str, Connector], root: Path) -> Run:
    """Every folder of fixtures as a source of its own: `good` is `<system>`, the others `<system>@<folder>`."""
    exports, data = root / "exports", root / "data"
    for system in SYSTEMS:
        for folder in sorted((FIXTURES / system).iterdir()):
            shutil.copytree(folder, exports / source_of(system, folder))
    landed = [land(connectors[system], Storage(exports), data, dt.date(2026, 7, 1)) for system in SYSTEMS]
    parts = delivery_frame(data)
    reports = {}
    for source in parts["source"].unique().sort():
        mine = parts.filter(pl.col("source") == source)
        made = normalise_source(connectors[source.partition("@")[0]], source, SourceSettings(), mine, data)
        reports[source] = {report.object: report for report in made.objects}
    return Run(data, reports, tuple(one for report in landed for one in report.refused))
