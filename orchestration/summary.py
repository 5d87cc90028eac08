"""What a run did, gathered from its floors' reports into one value that a person or a program can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from connectors.landing import LandingReport
from connectors.publication import Publication, base_number, open_publication
from connectors.publishing import PublicationResult
from orchestration.runner import RunOutcome, StepEvent
from orchestration.settings import Settings
from transforms.outcomes import NormaliseReport

TOP_REASONS = 5


def summarise(outcome: RunOutcome, settings: Settings) -> dict[str, Any]:
    """JSON-ready: sources, rejected, skipped, customers, sources_met, publication, held, warnings, errors, floors."""
    landing: dict[str, LandingReport] = outcome.reports.get("landing", {})
    records: list[NormaliseReport] = outcome.reports.get("records", [])
    published: PublicationResult | None = outcome.reports.get("publication")
    current = open_publication(settings.data) if base_number(settings.data) is not None else None
    return {
        "sources": list(_sources(landing.values(), records)),
        "skipped_sources": outcome.reports.get("unknown_sources", []),
        "refused_files": [
            f"{r.source}/{r.export}: {r.reason}; {r.remedy}" for report in landing.values() for r in report.refused
        ],
        "waiting_files": [f"{w.source}/{w.export}: {w.reason}" for report in landing.values() for w in report.waiting],
        "skipped_files": {f"{s.source}/{s.name}": s.files for report in landing.values() for s in report.skipped},
        "rejected": _rejected(landing.values(), records),
        "value_issues": _value_issues(records),
        "customers": _customers(current) if current else {},
        "sources_met": _sources_met(current) if current else {},
        "publication": _publication(published, current if outcome.success else None),
        "held": bool(published and published.outcome == "held") or bool(outcome.failed_checks and not outcome.success),
        "failed_checks": list(outcome.failed_checks),
        "warnings": [*outcome.reports.get("recovered", ()), *outcome.warnings],
        "errors": list(outcome.errors),
        "floors": _floors(outcome.steps),
        "run_id": outcome.run_id,
    }


def _sources(landing: Iterable[LandingReport], records: Iterable[NormaliseReport]) -> Iterable[dict[str, Any]]:
    new = Counter[tuple[str, str]]()
    at_the_door = Counter[tuple[str, str]]()
    for report in landing:
        for line in report.objects:
            new[line.source, line.object] += line.rows
            at_the_door[line.source, line.object] += line.rejected
    for source in records:
        for found in source.objects:
            where = (source.source, found.object)
            yield {
                "source": source.source,
                "object": found.object,
                "new_rows": new[where],
                "landed": found.landed,
                "rejected": at_the_door[where] + sum(found.rejected.values()),
                "superseded": found.superseded,
                "deleted": found.deleted,
                "excluded": sum(found.excluded.values()),
                "accepted": found.accepted,
            }


def _rejected(landing: Iterable[LandingReport], records: Iterable[NormaliseReport]) -> dict[str, int]:
    reasons = Counter[str]()
    for report in landing:
        for line in report.objects:
            reasons.update(dict(line.reasons))
    for source in records:
        for found in source.objects:
            reasons.update(found.rejected)
    return dict(reasons.most_common(TOP_REASONS))


def _value_issues(records: Iterable[NormaliseReport]) -> dict[str, int]:
    issues = Counter[str]()
    for source in records:
        for found in source.objects:
            for issue in found.value_issues:
                issues[f"{issue.field} {issue.reason}"] += issue.count
    return dict(issues.most_common(TOP_REASONS))


def _customers(publication: Publication) -> dict[str, int]:
    with publication.connect() as con:
        counted = con.execute("select customer_type, count(*) from customer group by 1 order by 1").fetchall()
    return dict(counted)


def _sources_met(publication: Publication) -> dict[str, int]:
    """How many customers stand in one source, in two, in three …"""
    with publication.connect() as con:
        counted = con.execute("select source_count, count(*) from customer group by 1 order by 1").fetchall()
    return {str(sources): customers for sources, customers in counted}


def _publication(published: PublicationResult | None, current: Publication | None) -> dict[str, Any] | None:
    """What became of it; a run that ended well before the last floor found nothing new."""
    if published is not None:
        return {"outcome": published.outcome, "number": published.number, "path": str(published.path)}
    if current is not None:
        return {"outcome": "unchanged", "number": current.number, "path": str(current.path)}
    return None


def _floors(steps: Sequence[StepEvent]) -> list[dict[str, Any]]:
    started = {event.step: event.timestamp for event in steps if event.state == "started"}
    return [
        {
            "floor": event.step.replace("__", "/"),
            "seconds": round(event.timestamp - started[event.step], 3),
            "started": started[event.step],
            "ended": event.timestamp,
        }
        for event in steps
        if event.state in ("ended", "failed") and event.step in started
    ]
