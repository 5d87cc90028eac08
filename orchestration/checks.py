"""What must hold on each floor: the checks' names, whether they stop the run, and how they say what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from orchestration.metadata import counts_table

ROWS_ACCOUNTED = "every_file_row_is_landed_or_rejected"
NOTHING_REFUSED = "no_export_is_refused"
NO_ROW_REJECTED = "no_row_is_rejected"
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
    NO_ROW_REJECTED: "No row stands among the rejected (`concord rejected` lists them all; mend, then replay).",
    DELIVERIES_ADD_UP: "Totals, pages and end marks add up; else a delivery is applied as changes and deletes nothing.",
    COLUMNS_STAND: "No column is new, missing, renamed or written in another form since the delivery before.",
    NO_DELETIONS_HELD: "No complete delivery would delete more than 20 % of an object.",
    SOURCES_FRESH: "No source has been silent for longer than its `fresh_within`, or gate.yaml, allows.",
    DECISIONS_KNOWN: "Every line of decisions.csv names two records that exist.",
    BLOCKS_BOUNDED: "No contact point or name is shared by so many records that pairs were left out.",
}

WORST = 10
"""Rows that a failed check shows."""
WORST_ROWS = "worst_rows"


def specs(asset: dg.AssetKey | str | Sequence[str], *names: str) -> list[dg.AssetCheckSpec]:
    """Check specs for an asset; those of `BLOCKING` stop what is downstream."""
    return [
        dg.AssetCheckSpec(name, asset=asset, description=BLOCKING.get(name) or WARNING[name], blocking=name in BLOCKING)
        for name in names
    ]


def rows_result(
    asset: dg.AssetKey | Sequence[str], name: str, rows: Sequence[Mapping[str, Any]], sentence: str
) -> dg.AssetCheckResult:
    """Passed where there are no rows; else `sentence` tells of each, and the first of them are the worst."""
    return result(asset, name, [sentence.format(**row) for row in rows], rows)


def result(
    asset: dg.AssetKey | Sequence[str],
    name: str,
    problems: Iterable[str],
    worst: Sequence[Mapping[str, Any]] = (),
    shown: int = 10,
    **more: Any,
) -> dg.AssetCheckResult:
    """Passed where there are no problems; else it says the first of them in words, and shows the `worst` rows.

    `worst` are rows of one shape, the worst first, in which nobody is recognised; `more` is further metadata.
    """
    found = list(problems)
    return dg.AssetCheckResult(
        asset_key=asset if isinstance(asset, dg.AssetKey) else dg.AssetKey(list(asset)),
        check_name=name,
        passed=not found,
        severity=dg.AssetCheckSeverity.ERROR if name in BLOCKING else dg.AssetCheckSeverity.WARN,
        description=in_words(found, shown),
        metadata={"problems": len(found), **counts_table(WORST_ROWS, _told(worst[:WORST])), **more},
    )


def _told(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Without what a narrow table can do without: columns that are empty, and remedies, which are told in words."""
    told = (
        [name for name in rows[0] if name != "remedy" and any(row[name] not in (None, "") for row in rows)]
        if rows
        else []
    )
    return [{name: row[name] for name in told} for row in rows]


def rejected_in_words(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Each trouble once, of rejected rows as `connectors.listings.worst_rejected` gives them."""
    first: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for row in rows:
        first.setdefault(tuple(row[name] for name in ("source", "object", "export", "column", "reason")), row)
    told = "{source} {export}: {rows_like_it:,} of its rows rejected, the first is row {row}: {where}{reason}; {remedy}"
    return [told.format(where=f"column {row['column']}: " if row["column"] else "", **row) for row in first.values()]


def in_words(problems: Sequence[str], shown: int = 10) -> str | None:
    """The first problems and the number of the others; nothing where there are none."""
    more = f" (and {len(problems) - shown} more)" if len(problems) > shown else ""
    return "; ".join(problems[:shown]) + more if problems else None
