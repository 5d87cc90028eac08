"""Runs the Dagster job in this process and records it in the same instance that the UI shows.

How a run is told to a person does not belong here (`orchestration.console`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg

from orchestration.automation import JOB
from orchestration.causes import Causes, causes_of
from orchestration.definitions import build_definitions
from orchestration.instance import InstanceError, prepare_instance, recorded
from orchestration.notices import notify
from orchestration.settings import Settings
from orchestration.workspace import AS_OF_TAG

CONSOLE = "console"


@dataclass(frozen=True)
class StepEvent:
    """A step that has started, ended or failed; `seconds` is known of ended steps only."""

    step: str
    state: str
    seconds: float | None = None
    timestamp: float = 0.0


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended: `errors` are the innermost causes in words, `failed_checks` what must hold and does not."""

    run_id: str
    success: bool
    reports: dict[str, Any]
    steps: tuple[StepEvent, ...]
    errors: tuple[str, ...] = ()
    failed_checks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class _Listener(logging.Handler):
    """Turns Dagster's event log into step events for the caller."""

    def __init__(self, tell: Callable[[StepEvent], None]) -> None:
        super().__init__()
        self._tell = tell
        self.steps: list[StepEvent] = []

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "dagster_event", None)
        if event is None or event.step_key is None:
            return
        state = {"STEP_START": "started", "STEP_SUCCESS": "ended", "STEP_FAILURE": "failed"}.get(event.event_type_value)
        if state is None:
            return
        seconds = event.event_specific_data.duration_ms / 1000 if state == "ended" else None
        step = StepEvent(event.step_key, state, seconds, record.created)
        self.steps.append(step)
        self._tell(step)


@contextmanager
def told_if_it_breaks_off(settings: Settings) -> Iterator[None]:
    """A run that could not be recorded to its end has no events to hear of, but people hear of it all the same."""
    try:
        yield
    except InstanceError as error:
        with suppress(OSError):  # the disk that does not take the run does not take who was told, either
            notify(settings, Causes((str(error),), (), (), ()), "", success=False)
        raise


def run_job(settings: Settings, as_of: date | None, tell: Callable[[StepEvent], None]) -> RunOutcome:
    """Run the job once. Everything that fails is in the outcome.

    Raises:
        InstanceError: the run could not be recorded, or not to its end.
    """
    # What Dagster says beside its events stands in its own log; what matters of it is in the outcome.
    logging.getLogger("dagster").addHandler(logging.NullHandler())
    mended = prepare_instance(settings)
    reports: dict[str, Any] = {}
    listener = _Listener(tell)

    @dg.logger(config_schema={}, description="Tells the console about steps.")
    def console(_: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("concord")
        logger.addHandler(listener)
        return logger

    definitions = build_definitions(settings, reports=reports, loggers={CONSOLE: console})
    with told_if_it_breaks_off(settings), recorded(settings), dg.DagsterInstance.get() as instance:
        result = definitions.resolve_job_def(JOB).execute_in_process(
            instance=instance,
            raise_on_error=False,
            tags={AS_OF_TAG: as_of.isoformat()} if as_of else None,
            run_config={"loggers": {CONSOLE: {}}},
        )
    causes = causes_of(result.all_events)
    notify(settings, causes, result.run_id, success=result.success)
    return RunOutcome(
        run_id=result.run_id,
        success=result.success,
        reports=reports,
        steps=tuple(listener.steps),
        errors=causes.errors,
        failed_checks=causes.failed_checks,
        warnings=(*mended, *causes.warnings),
    )
