"""What one run has to work with: its settings, its one clock, its lock on the data folder, its floors' reports.

A Dagster resource, opened once per run. What a floor does with it does not belong here (`orchestration.assets`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg

from connectors.publication import publications
from connectors.spec import Connector, SourceSettings, load_connectors, load_sources
from connectors.storage import Storage
from connectors.switching import recover
from connectors.verification import expect_whole_publication
from orchestration.settings import Settings
from transforms.policy import Policy, load_policy

AS_OF_TAG = "concord/as_of"
ASTRAY = timedelta(hours=1)
"""How far clocks may differ; it is days that matter."""


class DataFolderBusy(RuntimeError):
    """Another run holds the data folder; the message names it and says to wait."""


class ClockSetBack(RuntimeError):
    """The clock is behind the newest publication; the message names both, and what to do."""


@dataclass
class Workspace:
    """One run's means. `reports` gathers what each floor has to say, for the summary at the end."""

    settings: Settings
    as_of: date
    started_at: datetime
    run_id: str
    reports: dict[str, Any] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.settings.data

    @property
    def exports(self) -> Storage:
        return self.settings.storage

    @cached_property
    def connectors(self) -> dict[str, Connector]:
        return load_connectors(self.settings.connector_folders)

    @cached_property
    def policy(self) -> Policy:
        return load_policy(self.settings.policy, self.settings.currency)

    @cached_property
    def source_settings(self) -> dict[str, SourceSettings]:
        return load_sources(*self.settings.connector_folders, self.settings.policy)


@contextmanager
def data_folder_lock(data: Path) -> Iterator[None]:
    """Hold the data folder for one run; the lock ends with the process, however that ends.

    Raises:
        DataFolderBusy: another process holds it.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(data / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            holder = os.read(handle, 32).decode(errors="replace").strip() or "unknown"
            raise DataFolderBusy(
                f"{data} is in use by another run (process {holder}); wait until it has ended and run again"
            ) from busy
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        os.close(handle)


def expect_time_to_go_on(data: Path, now: datetime) -> None:
    """A day that only the clock says is no day before what was published: owners and hires since would be undone.

    Raises:
        ClockSetBack: the newest publication was made later than now.
    """
    for newest in publications(data)[-1:]:
        made = newest.manifest.created_at
        if now < made - ASTRAY:
            raise ClockSetBack(
                f"the clock says {now:%Y-%m-%d %H:%M}, but publication {newest.number} was made on "
                f"{made:%Y-%m-%d %H:%M} (UTC); nothing was done. Set the clock right, or name the day: "
                "concord run --as-of DATE"
            )


def workspace_resource(settings: Settings, reports: dict[str, Any] | None = None) -> dg.ResourceDefinition:
    """The `workspace` resource over `settings`; `reports`, where given, is filled for the caller to read."""

    @dg.resource(description="Settings, logical date and lock of one run.")
    def workspace(context: dg.InitResourceContext) -> Iterator[Workspace]:
        if context.run is None or context.instance is None:
            raise dg.DagsterInvariantViolationError("the workspace exists within a run only")
        os.umask(0o077)
        record = context.instance.get_run_record_by_id(context.run.run_id)
        # The run's own birth is the one look at the clock: a run across midnight has one date.
        started_at = (record.create_timestamp if record else datetime.now(UTC)).astimezone(UTC)
        tag = context.run.tags.get(AS_OF_TAG)
        gathered: dict[str, Any] = {} if reports is None else reports
        with data_folder_lock(settings.data):
            gathered["recovered"] = recover(settings.data)
            for sentence in gathered["recovered"]:
                dg.get_dagster_logger().warning("Put right: %s", sentence)
            expect_whole_publication(settings.data)
            if not tag:
                expect_time_to_go_on(settings.data, started_at)
            yield Workspace(
                settings=settings,
                as_of=date.fromisoformat(tag) if tag else started_at.date(),
                started_at=started_at,
                run_id=context.run.run_id,
                reports=gathered,
            )

    return workspace
