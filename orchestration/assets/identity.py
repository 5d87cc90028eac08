"""The third floor: one asset that links every person and organisation record to a customer."""

import logging
from base64 import b64encode
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from connectors.publication import base_number, next_number
from orchestration import checks
from orchestration.dbt_project import meanings
from orchestration.inputs import nothing_new
from orchestration.metadata import counts_table, frame_metadata
from orchestration.workspace import Workspace
from transforms.masking import masked_key

if TYPE_CHECKING:
    from transforms.identity import IdentityReport

KEY = dg.AssetKey(["identity"])
CHECKS = (checks.ONE_LINK, checks.DECISIONS_KNOWN, checks.BLOCKS_BOUNDED)
SHARED = (
    "{records:,} {kind} records share {shared} and were not all compared with each other by it, such as {one_of_them}"
)
LINES = 12
"""Of a table of counts; what comes after is one line more."""
KINDS = ("person", "organisation", "employee", "crm_user")
"""Record kinds that bear on who is who; workers' own contact points tell nothing about customers."""


def identity_asset() -> dg.AssetsDefinition:
    @dg.asset(
        key=KEY,
        deps=[dg.AssetKey(["records", kind]) for kind in KINDS],
        group_name="identity",
        kinds={"duckdb", "parquet"},
        owners=["team:data-engineering"],
        description="Links, edges, contact points and lasting customer ids: who is who, and on what evidence.",
        check_specs=checks.specs(KEY, *CHECKS),
        required_resource_keys={"workspace"},
        output_required=False,
    )
    def identity(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        workspace: Workspace = context.resources.workspace
        if nothing_new(workspace):
            # Same inputs, same rows: what is downstream is skipped, and the current publication stands.
            context.log.info("Nothing new since publication %s.", base_number(workspace.data))
            for name in CHECKS:
                yield checks.result(KEY, name, [])
            return
        # scipy takes 0.2 s to load: the code location need not, only the run
        from transforms.identity import resolve_identity  # noqa: PLC0415

        settings = workspace.settings
        report = resolve_identity(
            workspace.data, next_number(workspace.data), settings.decisions, settings.engine_memory, settings.threads
        )
        workspace.reports["identity"] = report
        yield dg.MaterializeResult(
            asset_key=KEY,
            metadata={**pictures(workspace, context.log), **_metadata(workspace, report)},
            check_results=_checked(report),
        )

    return identity


def _checked(report: "IdentityReport") -> list[dg.AssetCheckResult]:
    linked, records = sum(report.links.values()), sum(report.records.values())
    blocks = [(kind, block) for kind, found in report.oversized.items() for block in found.largest]
    oversized = [
        {"kind": kind, "shared": block.shares, "records": block.records, "one_of_them": masked_key(block.example)}
        for kind, block in sorted(blocks, key=lambda one: -one[1].records)
    ]
    disobeyed = [{"decision": line} for line in (*report.unknown_decisions, *report.overruled_decisions)]
    return [
        checks.rows_result(
            KEY,
            checks.ONE_LINK,
            [{"records": records, "links": linked}] if linked != records else [],
            "{records:,} records have {links:,} links; delete the folder identity in the data folder and run again",
        ),
        checks.rows_result(KEY, checks.DECISIONS_KNOWN, disobeyed, "{decision}"),
        checks.rows_result(KEY, checks.BLOCKS_BOUNDED, oversized, SHARED),
    ]


def _metadata(workspace: Workspace, report: "IdentityReport") -> dict[str, Any]:
    from transforms.identity import first_rows  # noqa: PLC0415 - see above

    meant = {"customer_type": meanings("customer")["customer_type"], **meanings("identity_link")}
    return {
        **frame_metadata(first_rows(workspace.data, "link"), sum(report.links.values()), meant),
        "worked_out": "anew" if report.anew else "what changed since the last run",
        "rows_in": sum(report.records.values()),
        "rows_out": sum(report.links.values()),
        "customers": sum(report.customers.values()),
        **{f"customers_{kind}": count for kind, count in report.customers.items()},
        "birth_dates_doubted_between": ", ".join(report.doubtful_birth_dates) or "no sources",
        **counts_table("links_by_rule", _rows("rule", report.links)),
        **counts_table("compared_pairs", _rows("used", report.edges)),
        **{f"model_{party}": model.version for party, model in report.models.items()},
        **counts_table("contact_points", _rows("class", report.contact_points)),
    }


def pictures(workspace: Workspace, log: logging.Logger) -> dict[str, dg.MarkdownMetadataValue]:
    """What identity did, drawn. A run does not fail for want of a picture."""
    try:
        from transforms.identity_pictures import draw  # noqa: PLC0415

        drawn = draw(workspace.data, workspace.settings.engine_memory, workspace.settings.threads)
    except Exception as error:
        log.warning("No pictures of identity: %s", error)
        return {}
    return {
        name: dg.MetadataValue.md(f"![{name.replace('_', ' ')}](data:image/png;base64,{b64encode(png).decode()})")
        for name, png in drawn.items()
    }


def _rows(name: str, counts: dict[str, int]) -> list[dict[str, str | int]]:
    """The most first; the name of a rule in words that wrap, for the column of the counts stands beside it."""
    largest = sorted(counts.items(), key=lambda item: -item[1])
    rows: list[dict[str, str | int]] = [
        {name: key.replace("+", " + "), "count": count} for key, count in largest[:LINES]
    ]
    if others := largest[LINES:]:
        rows.append({name: f"{len(others)} others", "count": sum(count for _, count in others)})
    return rows
