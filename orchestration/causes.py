"""Why a run failed and what it warns of, in words, out of its events. Whom that is told does not belong here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from orchestration import checks
from orchestration.remedies import with_remedy

OURS = (
    *("ConnectorError", "PolicyError", "PublicationError", "DecisionError", "IdentityError"),
    *("ClockSetBack", "DataFolderBusy", "DamagedContent", "StorageError"),
)
"""Errors whose message is part of our interface; what they were raised from is for the log."""

NOTABLE = (checks.NO_DELETIONS_HELD, checks.SOURCES_FRESH)
"""Checks that stop nothing, but wait for a person."""


@dataclass(frozen=True)
class Causes:
    """`errors` are the innermost causes, `failed_checks` what must hold and does not; `notable`: some of `warnings`."""

    errors: tuple[str, ...]
    failed_checks: tuple[str, ...]
    warnings: tuple[str, ...]
    notable: tuple[str, ...]


def causes_of(events: Iterable[dg.DagsterEvent]) -> Causes:
    """What the events of a run say of what went wrong, each thing once."""
    errors, failed = [], []
    for event in events:
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            check: Any = event.event_specific_data
            failed += [] if check.passed else [check]
        errors.append(_error_of(event))
    blocking = [check for check in failed if check.severity == dg.AssetCheckSeverity.ERROR]
    warning = _told_once([check for check in failed if check.severity == dg.AssetCheckSeverity.WARN])
    return Causes(
        errors=tuple(dict.fromkeys(filter(None, errors))),
        failed_checks=tuple(map(_in_words, blocking)),
        warnings=tuple(map(_in_words, warning)),
        notable=tuple(_in_words(check) for check in warning if check.check_name in NOTABLE),
    )


def _told_once(failed: Sequence[Any]) -> list[Any]:
    """What several floors check (whether sources are fresh) is told by the first of them that found something."""
    first: dict[str, str] = {}
    for check in failed:
        first.setdefault(check.check_name, check.asset_key.path[0])
    return [check for check in failed if check.asset_key.path[0] == first[check.check_name]]


def _error_of(event: dg.DagsterEvent) -> str | None:
    """Why a step, or the run before its first step, failed: our own words, or else the innermost cause."""
    if event.is_step_failure:
        error = event.step_failure_data.error
    elif event.is_resource_init_failure:
        error = event.engine_event_data.error
    else:
        return None
    chain = []
    while error is not None:
        chain.append(error)
        error = error.cause
    told = [one for one in chain if one.cls_name in OURS]
    said = told[0] if told else chain[-1] if chain else None
    return with_remedy(said.message.split(": ", 1)[-1].strip()) if said else None


def _in_words(check: Any) -> str:
    described = check.description or "failed"
    return f"{check.asset_key.to_user_string()} · {check.check_name}: {described}"
