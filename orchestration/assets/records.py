"""The second floor: landed rows become records of our own typed shape, one asset per record kind."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from connectors.ledger import delivery_frame
from connectors.listings import worst_rejected
from connectors.naming import system_of
from connectors.seals import expect_whole
from connectors.spec import Connector, SourceSettings
from connectors.stewardship import releases
from orchestration import checks
from orchestration.assets import exports
from orchestration.metadata import counts_table, table_metadata
from orchestration.workspace import Workspace
from transforms.outcomes import NormaliseReport, ObjectReport
from transforms.records import KINDS

GROUP = "records"
CHECKS = (checks.OUTCOMES_ACCOUNTED, checks.NO_ROW_REJECTED, checks.NO_DELETIONS_HELD)
UNACCOUNTED = "{source} {object}: {landed:,} landed rows, {outcomes:,} outcomes"
HELD = (
    "{source} {object}: delivery {delivery} would delete {would_delete:,} of {of:,} records; none was deleted. "
    "Look at the export; if it is right: concord deliveries release {delivery}"
)
SOURCES = dg.AssetKey(["records", "source"])


def key(kind: str) -> dg.AssetKey:
    return dg.AssetKey(["records", kind])


def records_assets(connectors: Sequence[Connector]) -> dg.AssetsDefinition:
    """All record kinds in one pass over the landed rows: a row may yield several kinds, and is read once."""
    kinds = {kind: [c for c in connectors if kind in _yielded(c)] for kind in KINDS}
    specs = [
        dg.AssetSpec(
            key(kind),
            deps=[exports.key(connector.name) for connector in makers],
            group_name=GROUP,
            kinds={"polars", "parquet"},
            owners=["team:data-engineering"],
            description=_meaning(kind),
        )
        for kind, makers in kinds.items()
    ]
    specs.append(
        dg.AssetSpec(
            SOURCES,
            deps=[exports.key(connector.name) for connector in connectors],
            group_name=GROUP,
            kinds={"polars", "parquet"},
            owners=["team:data-engineering"],
            description="Every source with its rank, its settings, and how fresh it is.",
        )
    )

    @dg.multi_asset(
        name="records",
        specs=specs,
        check_specs=[spec for kind, makers in kinds.items() if makers for spec in checks.specs(key(kind), *CHECKS)],
        required_resource_keys={"workspace"},
    )
    def records(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        workspace: Workspace = context.resources.workspace
        reports = _normalise(workspace)
        workspace.reports["records"] = reports
        yield dg.MaterializeResult(asset_key=SOURCES, metadata=table_metadata(workspace.data / "sources.parquet"))
        for kind, makers in kinds.items():
            yielding = list(_yielding(reports, kind, makers))
            yield dg.MaterializeResult(
                asset_key=key(kind),
                metadata=_metadata(workspace, kind, yielding),
                check_results=_checked(workspace, kind, yielding) if makers else [],
            )

    return records


Yielding = tuple[str, ObjectReport]
"""A source, and what became of one of its objects."""


def _normalise(workspace: Workspace) -> list[NormaliseReport]:
    # The phone metadata takes 0.2 s to load: the code location need not, only the run
    from transforms.record_files import normalise_source, remove_sources_except, write_sources  # noqa: PLC0415

    connectors, settings = workspace.connectors, workspace.source_settings
    deliveries = delivery_frame(workspace.data)
    # A source whose connector was taken away keeps its landed rows, but nobody can say any more what they mean.
    deliveries = deliveries.filter(deliveries["source"].str.split("@").list.first().is_in(list(connectors)))
    expect_whole(deliveries, there=True)
    reports = [
        normalise_source(
            connectors[source.split("@")[0]],
            source,
            settings.get(source, SourceSettings()),
            frame,
            workspace.data,
            releases(workspace.data),
            memory=workspace.settings.engine_memory,
            threads=workspace.settings.threads,
            prove=expect_whole,
        )
        for (source,), frame in sorted(deliveries.partition_by("source", as_dict=True).items())
    ]
    remove_sources_except(workspace.data, [report.source for report in reports])
    write_sources(connectors, settings, deliveries, workspace.data)
    return reports


def _yielded(connector: Connector) -> set[str]:
    return {record.kind for spec in connector.objects.values() for record in spec.records}


def _meaning(kind: str) -> str:
    return f"{(KINDS[kind].__doc__ or kind).strip()} From every source, accepted rows only."


def _meanings(kind: str) -> dict[str, str]:
    return {name: column.description or "" for name, column in KINDS[kind].columns().items()}


def _yielding(reports: Iterable[NormaliseReport], kind: str, makers: Sequence[Connector]) -> Iterator[Yielding]:
    objects = {
        c.name: {name for name, spec in c.objects.items() if kind in {r.kind for r in spec.records}} for c in makers
    }
    for report in reports:
        for found in report.objects:
            if found.object in objects.get(report.source.split("@")[0], set()):
                yield report.source, found


def _checked(workspace: Workspace, kind: str, yielding: Sequence[Yielding]) -> list[dg.AssetCheckResult]:
    lost = [
        {"source": source, "object": found.object, "landed": found.landed, "outcomes": found.accounted}
        for source, found in yielding
        if not found.adds_up
    ]
    held = [
        {
            "source": source,
            "object": found.object,
            "delivery": one.delivery,
            "would_delete": one.lost,
            "of": one.living,
            "share": f"{one.lost / one.living:.1%}",
        }
        for source, found in yielding
        for one in found.held
    ]
    rejected = worst_rejected(_rejecting(workspace, kind, yielding), checks.WORST)
    return [
        checks.rows_result(
            key(kind),
            checks.OUTCOMES_ACCOUNTED,
            sorted(lost, key=lambda row: row["outcomes"] - row["landed"]),
            UNACCOUNTED,
        ),
        checks.result(key(kind), checks.NO_ROW_REJECTED, checks.rejected_in_words(rejected), rejected),
        checks.rows_result(
            key(kind), checks.NO_DELETIONS_HELD, sorted(held, key=lambda row: -row["would_delete"]), HELD
        ),
    ]


def _rejecting(workspace: Workspace, kind: str, yielding: Iterable[Yielding]) -> list[Path]:
    """Where the rejected rows of objects are that yield this kind first: each row is told of once."""
    return [
        workspace.data / "rejected" / source / found.object / "records.parquet"
        for source, found in yielding
        if found.rejected and workspace.connectors[system_of(source)].objects[found.object].records[0].kind == kind
    ]


def _metadata(workspace: Workspace, kind: str, yielding: Sequence[Yielding]) -> Mapping[str, Any]:
    rows = [
        {
            "source": source,
            "object": found.object,
            "landed": found.landed,
            "accepted": found.accepted,
            "rejected": sum(found.rejected.values()),
            "superseded": found.superseded,
            "deleted": found.deleted,
            "excluded": sum(found.excluded.values()),
            "value_issues": sum(issue.count for issue in found.value_issues),
        }
        for source, found in yielding
    ]
    past, merged = (sorted((workspace.data / floor / kind).glob("*.parquet")) for floor in ("past_values", "merged"))
    return {
        **table_metadata(*sorted((workspace.data / "records" / kind).glob("*.parquet")), meanings=_meanings(kind)),
        "rows_in": sum(found.landed for _, found in yielding),
        "rows_out": sum(found.records.get(kind, 0) for _, found in yielding),
        "rows_rejected": sum(sum(found.rejected.values()) for _, found in yielding),
        **({"past_values": table_metadata(*past)["dagster/row_count"]} if past else {}),
        **({"merged": table_metadata(*merged)["dagster/row_count"]} if merged else {}),
        **counts_table("by_object", rows),
    }
