"""The last floor: the marts, if the gate lets them pass, become the numbered version that the world sees."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from connectors.publication import base_number, next_number
from connectors.publishing import PublicationResult, publish
from connectors.retention import prune
from orchestration import checks
from orchestration.dbt_project import meanings
from orchestration.inputs import inputs_of
from orchestration.metadata import counts_table, report_url, table_metadata
from orchestration.workspace import Workspace
from transforms.contract import CUSTOMER
from transforms.gate import Finding, examine
from transforms.policy.roles import role_tables
from transforms.report import NAME as REPORT
from transforms.report import write_report
from transforms.warehouse import published_tables

KEY = dg.AssetKey(["publication"])
CUSTOMER_MART = dg.AssetKey(["warehouse", "customer"])


def publication_asset() -> dg.AssetsDefinition:
    @dg.asset(
        key=KEY,
        deps=[dg.AssetKey(["warehouse", table]) for table in (*published_tables(), "owner_assignment")],
        group_name="publication",
        kinds={"duckdb", "parquet"},
        owners=["team:data-engineering"],
        description="One complete, numbered, immutable version of the published tables; readers get the current one.",
        check_specs=checks.specs(KEY, checks.GATE, checks.SOURCES_FRESH),
        required_resource_keys={"workspace"},
    )
    def publication(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        workspace: Workspace = context.resources.workspace
        findings = _examined(workspace)
        result = _published(workspace, findings)
        workspace.reports["publication"] = result
        _prune(workspace, context)
        workspace.reports["gate"] = findings
        verdict = checks.result(KEY, checks.GATE, result.failed, **_shown(result, findings))
        stale = [found for found in findings if not found.passed and found.severity == "warn"]
        silent = [row for found in stale for row in found.worst]
        fresh = checks.result(KEY, checks.SOURCES_FRESH, [found.message for found in stale], silent)
        if result.outcome == "held":
            yield verdict
            yield fresh
            raise dg.Failure(
                f"Publication {result.number} is held back in {result.path}; readers keep publication {result.base}. "
                + " ".join(result.failed)
                + f" If it is right all the same: concord publications release {result.number} --who W --why Y.",
                metadata=_linked(result),
                allow_retries=False,
            )
        yield dg.MaterializeResult(asset_key=KEY, metadata=_metadata(result, findings), check_results=[verdict, fresh])

    return publication


def _examined(workspace: Workspace) -> list[Finding]:
    settings = workspace.settings
    return examine(
        settings.warehouse,
        workspace.data,
        workspace.policy.gate,
        as_of=workspace.as_of,
        memory=settings.engine_memory,
        threads=settings.threads,
    )


def _published(workspace: Workspace, findings: list[Finding]) -> PublicationResult:
    settings, data = workspace.settings, workspace.data
    number, base = next_number(data), base_number(data)
    # Marts that break their contract cannot be counted; the gate's words must come through all the same.
    pages = (
        {}
        if not findings[0].passed
        else {
            REPORT: write_report(
                settings.warehouse,
                data,
                findings,
                number=number,
                base=base,
                logical_date=workspace.as_of,
                memory=settings.engine_memory,
                threads=settings.threads,
            )
        }
    )
    return publish(
        settings.warehouse,
        data,
        number=number,
        base=base,
        logical_date=workspace.as_of,
        # Not the run's birth: what landed after it would seem to have been known before it had come. Decides no row.
        created_at=datetime.now(UTC),
        inputs=inputs_of(workspace),
        checks=findings,
        roles=role_tables(workspace.policy.roles),
        pages=pages,
        memory=settings.engine_memory,
        threads=settings.threads,
    )


def _prune(workspace: Workspace, context: dg.AssetExecutionContext) -> None:
    settings = workspace.settings
    for number in prune(
        workspace.data, keep=settings.keep_publications, days=settings.keep_days, now=workspace.started_at
    ):
        context.log.info("Publication %d was old, and nobody read it: removed.", number)


def _linked(result: PublicationResult) -> dict[str, Any]:
    """Where it lies and where its report is shown; marts that broke their contract have none."""
    report = result.path / REPORT
    url = report_url(result.number, held=result.outcome == "held")
    return {
        "path": dg.MetadataValue.path(str(result.path)),
        **({"report": dg.MetadataValue.url(url)} if report.exists() else {}),
    }


def _shown(result: PublicationResult, findings: list[Finding]) -> dict[str, Any]:
    """What a verdict shows: the report, and for each failed finding its worst rows."""
    shown = _linked(result)
    for found in findings:
        if not found.passed and found.severity == "error":
            shown |= counts_table(f"{checks.WORST_ROWS}_{found.name}", found.worst)
    return shown


def _metadata(result: PublicationResult, findings: list[Finding]) -> dict[str, Any]:
    return {
        **table_metadata(result.path / "customer.parquet", meanings=meanings("customer")),
        "dagster/column_lineage": dg.TableColumnLineage(
            {column: [dg.TableColumnDep(CUSTOMER_MART, column)] for column in CUSTOMER.columns}
        ),
        "outcome": result.outcome,
        "number": result.number,
        **_linked(result),
        **{f"rows_{table}": count for table, count in result.rows.items()},
        "gate": dg.MetadataValue.md("\n".join(f"- {'✓' if f.passed else '✗'} {f.message}" for f in findings)),
    }
