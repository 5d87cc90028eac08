"""What must hold on each floor: the checks' names, whether they stop the run, and how they say what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

ROWS_ACCOUNTED = "every_file_row_is_landed_or_rejected"
NOTHING_REFUSED = "no_export_is_refused"
DELIVERIES_ADD_UP = "every_delivery_adds_up"
OUTCOMES_ACCOUNTED = "every_landed_row_has_one_outcome"
COLUMNS_STAND = "no_column_changed"
NO_DELETIONS_HELD = "no_mass_deletion_is_held"
ONE_LINK = "every_record_has_one_link"
DECISIONS_KNOWN = "every_decision_names_known_records"
BLOCKS_BOUNDED = "no_candidate_block_is_oversized"
GATE = "the_gate_is_passed"
SOURCES_FRESH = "every_source_is_fresh"

BLOCKING: Mapping[str, str] = {
    ROWS_ACCOUNTED: "Rows of the files read = rows landed + rows rejected at the door, per export.",
    OUTCOMES_ACCOUNTED: "Every landed row is accepted, rejected, superseded, deleted or excluded: exactly one of them.",
    ONE_LINK: "Every person and organisation record is linked to exactly one customer.",
    GATE: "Contract, uniqueness, accounting, counts, fill rates and ids are as the gate demands.",
}
WARNING: Mapping[str, str] = {
    NOTHING_REFUSED: "No file was refused whole: name and shape fit, and it could be read for certain.",
    DELIVERIES_ADD_UP: "Totals, pages and end marks add up; else a delivery is applied as changes and deletes nothing.",
    COLUMNS_STAND: "No column is new, missing, renamed or written in another form since the delivery before.",
    NO_DELETIONS_HELD: "No complete delivery would delete more than 20 % of an object.",
    SOURCES_FRESH: "No source has been silent for longer than its `fresh_within`, or gate.yaml, allows.",
    DECISIONS_KNOWN: "Every line of decisions.csv names two records that exist.",
    BLOCKS_BOUNDED: "No contact point or name is shared by so many records that pairs were left out.",
}


def specs(asset: dg.AssetKey | str | Sequence[str], *names: str) -> list[dg.AssetCheckSpec]:
    """Check specs for an asset; those of `BLOCKING` stop what is downstream."""
    return [
        dg.AssetCheckSpec(name, asset=asset, description=BLOCKING.get(name) or WARNING[name], blocking=name in BLOCKING)
        for name in names
    ]


def result(
    asset: dg.AssetKey | Sequence[str], name: str, problems: Iterable[str], shown: int = 10
) -> dg.AssetCheckResult:
    """Passed where there are no problems; else it says the first of them in words."""
    found = list(problems)
    return dg.AssetCheckResult(
        asset_key=asset if isinstance(asset, dg.AssetKey) else dg.AssetKey(list(asset)),
        check_name=name,
        passed=not found,
        severity=dg.AssetCheckSeverity.ERROR if name in BLOCKING else dg.AssetCheckSeverity.WARN,
        description=in_words(found, shown),
        metadata={"problems": len(found)},
    )


def in_words(problems: Sequence[str], shown: int = 10) -> str | None:
    """The first problems and the number of the others; nothing where there are none."""
    more = f" (and {len(problems) - shown} more)" if len(problems) > shown else ""
    return "; ".join(problems[:shown]) + more if problems else None
