"""The first floor: one asset per system, which lands what its sources have delivered."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import dagster as dg

from connectors.landing import LandingReport, land, unknown_sources
from connectors.ledger import Delivery, deliveries, landed_path
from connectors.listings import rejected_at_the_door, unaccounted, worst_rejected
from connectors.naming import system_of
from connectors.spec import Connector, SourceSettings
from orchestration import checks
from orchestration.metadata import counts_table, table_metadata
from orchestration.workspace import Workspace

UNACCOUNTED = "{source} {object} {export}: {rows:,} rows in the file, {landed:,} landed and {rejected:,} rejected"
LATE = "{source}: its newest delivery is of {newest_delivery}; ask {ask} where the next is"


def key(system: str) -> dg.AssetKey:
    return dg.AssetKey(["exports", system])


def exports_asset(connector: Connector) -> dg.AssetsDefinition:
    """The asset of one system: landed rows and rejected rows of all its sources."""
    asset_key = key(connector.name)

    @dg.asset(
        key=asset_key,
        group_name="exports",
        kinds={"file", "parquet"},
        owners=[f"team:{connector.owner}"],
        description=f"Landed rows of every {connector.name} source: {', '.join(connector.objects)}. "
        "Only columns that the connector names; what could not be read for certain is among the rejected.",
        check_specs=checks.specs(
            asset_key,
            checks.ROWS_ACCOUNTED,
            checks.NOTHING_REFUSED,
            checks.NO_ROW_REJECTED,
            checks.DELIVERIES_ADD_UP,
            checks.COLUMNS_STAND,
            checks.SOURCES_FRESH,
        ),
        freshness_policy=dg.FreshnessPolicy.time_window(connector.fresh_within) if connector.fresh_within else None,
        required_resource_keys={"workspace"},
    )
    def landed(context: dg.AssetExecutionContext) -> Iterable[dg.MaterializeResult]:
        workspace: Workspace = context.resources.workspace
        with workspace.exports as exports:
            report = land(connector, exports, workspace.data, workspace.as_of)
            workspace.reports["unknown_sources"] = unknown_sources(exports, workspace.connectors)
        workspace.reports.setdefault("landing", {})[connector.name] = report
        new = _new(workspace, report)
        yield dg.MaterializeResult(
            asset_key=asset_key,
            metadata=_metadata(workspace, report, new),
            check_results=_checked(workspace, connector, report, new),
        )

    return landed


def _new(workspace: Workspace, report: LandingReport) -> list[Delivery]:
    recorded = {delivery for line in report.objects for delivery in line.deliveries}
    return [one for one in deliveries(workspace.data) if one.delivery in recorded]


def _checked(
    workspace: Workspace, connector: Connector, report: LandingReport, new: Sequence[Delivery]
) -> list[dg.AssetCheckResult]:
    """Each check in words, with the rows that it is about."""
    asset_key, data = key(connector.name), workspace.data
    refused = [
        {"source": r.source, "export": r.export, "object": r.object, "reason": r.reason, "remedy": r.remedy}
        for r in report.refused
    ]
    warned = [
        {"source": line.source, "object": line.object, "warning": warning}
        for line in report.objects
        for warning in line.warnings
    ]
    drifted = [
        {"source": line.source, "object": line.object, "change": sentence}
        for line in report.objects
        for drift in line.drift
        for sentence in drift.sentences()
    ]
    said: list[tuple[str, Sequence[Mapping[str, Any]], str]] = [
        (checks.ROWS_ACCOUNTED, unaccounted(data, new), UNACCOUNTED),
        (checks.NOTHING_REFUSED, refused, "{source}/{export}: {reason}; {remedy}"),
        (checks.DELIVERIES_ADD_UP, warned, "{source} {object}: {warning}"),
        (checks.COLUMNS_STAND, drifted, "{source} {object}: {change}"),
        (checks.SOURCES_FRESH, late_sources(workspace, connector), LATE),
    ]
    rejected = worst_rejected(rejected_at_the_door(data, connector.name), checks.WORST)
    return [
        *(checks.rows_result(asset_key, name, rows, sentence) for name, rows, sentence in said),
        checks.result(asset_key, checks.NO_ROW_REJECTED, checks.rejected_in_words(rejected), rejected),
    ]


def _stale(report: LandingReport) -> dict[tuple[str, str | None], str]:
    """Objects of which an export was refused: what they last said well stands."""
    return {(one.source, one.object): "an export was refused; what it last delivered stands" for one in report.refused}


def late_sources(workspace: Workspace, connector: Connector) -> list[dict[str, Any]]:
    """Sources of which nothing new has come for longer than is usual, the longest silent first.

    source, newest_delivery, expected_until, days_silent, ask.
    """
    newest: dict[str, datetime] = {}
    for one in deliveries(workspace.data):
        if system_of(one.source) == connector.name:
            newest[one.source] = max(one.effective, newest.get(one.source, one.effective))
    late = []
    for source, effective in sorted(newest.items(), key=lambda item: (item[1], item[0])):
        settings = workspace.source_settings.get(source, SourceSettings())
        until = settings.fresh_until(connector, effective, workspace.policy.gate.fresh_within)
        if until and until.date() < workspace.as_of:
            late.append(
                {
                    "source": source,
                    "newest_delivery": effective.date().isoformat(),
                    "expected_until": until.date().isoformat(),
                    "days_silent": (workspace.as_of - effective.date()).days,
                    "ask": connector.owner,
                }
            )
    return late


def _metadata(workspace: Workspace, report: LandingReport, new: Sequence[Delivery]) -> Mapping[str, Any]:
    stale = _stale(report)
    rows = [
        {
            "source": line.source,
            "object": line.object,
            "exports": line.exports,
            "read_now": line.read,
            "new_deliveries": len(line.deliveries),
            "rows": line.rows,
            "landed": line.landed,
            "rejected": line.rejected,
            "columns_not_stored": len(line.unnamed),
            "drift": "; ".join(sentence for drift in line.drift for sentence in drift.sentences()),
            "stale": stale.get((line.source, line.object), ""),
        }
        for line in report.objects
    ]
    landed = [landed_path(workspace.data, one.source, one.object, part.hash) for one in new for part in one.parts]
    return {
        **table_metadata(*landed[:1], rows=sum(line.landed for line in report.objects)),
        "rows_in": sum(line.rows for line in report.objects),
        "rows_out": sum(line.landed for line in report.objects),
        "rows_rejected": sum(line.rejected for line in report.objects),
        "files_skipped_by_name": sum(skipped.files for skipped in report.skipped),
        **counts_table("by_object", rows),
    }
