"""`concord rejected --replay`: rejected rows once more, with connectors that were mended since.

First in a copy that is thrown away: where a record that was accepted would change, nothing is done and the first of
them are named. Else the whole job runs, as ever, and what is new is published.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from connectors.landing import land
from connectors.ledger import deliveries, delivery_frame, ledger_folder
from connectors.listings import rejected_rows
from connectors.naming import system_of
from connectors.spec import ConnectorError, SourceSettings, load_connectors, load_sources
from connectors.stewardship import releases
from orchestration.settings import Settings
from orchestration.workspace import data_folder_lock
from transforms.record_files import normalise_source

SHOWN = 5
KEY = ("object", "record_id")


def replay(settings: Settings, source: str | None) -> dict[str, Any]:
    """Replay what was rejected, of one source or of all; says what became of it.

    Raises:
        ConnectorError: a connector is gone or wrong, or the run that would publish it failed.
    """
    sources = sorted(set(rejected_rows(settings.data, source)["source"]))
    before = sum(_rejected(settings.data, one) for one in sources)
    touched: list[str] = []
    with data_folder_lock(settings.data):
        for one in sources:
            touched += _touched(settings, one)
    found: dict[str, Any] = {"sources": sources, "rejected_before": before, "held": bool(touched)}
    if touched:
        more = f" and {len(touched) - SHOWN} more" if len(touched) > SHOWN else ""
        found["would_change"] = ", ".join(touched[:SHOWN]) + more
        found["remedy"] = "these were accepted and would change: to take the change, `concord run`"
        return found
    if sources:
        from orchestration.runner import run_job  # noqa: PLC0415

        # On the day of the last delivery: no clock may move what was accepted.
        day = max((one.first_seen for one in deliveries(settings.data)), default=None)
        outcome = run_job(settings, day, lambda _: None)
        if not outcome.success:
            raise ConnectorError("the replay ended early: " + "; ".join([*outcome.errors, *outcome.failed_checks]))
    after = sum(_rejected(settings.data, one) for one in sources)
    return found | {"rejected_now": after}


def _rejected(data: Path, source: str) -> int:
    rows = rejected_rows(data, source)
    return rows.filter(pl.col("row").is_not_null()).height


def _touched(settings: Settings, source: str) -> list[str]:
    """Accepted records of a source that would not be what they are, as `source:object:id`."""
    connectors = load_connectors(settings.connector_folders)
    connector = connectors.get(system_of(source))
    if connector is None:
        raise ConnectorError(f"there is no connector for {source}; nothing of it can be replayed")
    said = load_sources(*settings.connector_folders, settings.policy).get(source, SourceSettings())
    with TemporaryDirectory(prefix=".replay-", dir=settings.data) as made:
        copy = Path(made)
        _linked(settings.data / "landed" / source, copy / "landed" / source)
        _linked(ledger_folder(settings.data), ledger_folder(copy))
        day = max(one.first_seen for one in deliveries(settings.data)) if deliveries(settings.data) else None
        if day is not None and settings.storage.there():
            land(connector, settings.storage, copy, day)
        frame = delivery_frame(copy).filter(pl.col("source") == source)
        if frame.height:
            normalise_source(connector, source, said, frame, copy, releases(settings.data),
                             memory=settings.engine_memory, threads=settings.threads)  # fmt: skip
        return [
            f"{source}:{object_}:{record}"
            for kind in sorted(settings.data.glob(f"records/*/{source}.parquet"))
            for object_, record in _changed(kind, copy / "records" / kind.parent.name / kind.name)
        ]


def _linked(folder: Path, to: Path) -> None:
    """The files of a folder under another name; a new one replaces the link, never what it leads to."""
    for file in folder.rglob("*") if folder.is_dir() else []:
        if file.is_file():
            target = to / file.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, target)


def _changed(was: Path, now: Path) -> list[tuple[str, str]]:
    """Records that were there and are not there in the same words."""
    if not now.exists():
        return list(pl.read_parquet(was, columns=list(KEY)).rows())
    old = pl.scan_parquet(was)
    names = old.collect_schema().names()
    same = old.join(pl.scan_parquet(now).select(names), on=names, how="anti", nulls_equal=True)
    return list(same.select(KEY).sort(KEY).collect().rows())
