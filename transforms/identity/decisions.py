"""What people decided: rows of decisions.csv, read and checked. They always win and are applied on every run anew.

How a decision is carried out among the edges does not belong here (`clusters`).
"""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from pathlib import Path

COLUMNS = (
    "decision", "source_a", "object_a", "record_a", "source_b", "object_b", "record_b", "who", "why", "when",
)  # fmt: skip


class DecisionError(ValueError):
    """A decisions file that cannot be obeyed; the message names the file, the row and what was expected."""


@dataclass(frozen=True)
class Decision:
    """Two records, by record key in order, and whether they are the same customer."""

    same: bool
    record_a: str
    record_b: str
    who: str
    why: str
    when: str
    at: dt.datetime
    """`when` as an instant; before all others where it is not said."""
    line: int

    @property
    def words(self) -> str:
        verdict = "the same" if self.same else "different"
        told = " ".join(
            part for part in (f"by {self.who}" if self.who else "", f"on {self.when}" if self.when else "") if part
        )
        return f"decided {verdict}{' ' + told if told else ''}{': ' + self.why if self.why else ''}"


def read_decisions(file: Path | None) -> tuple[Decision, ...]:
    """The decisions in force, one per pair of records, ordered by pair; no file, no decisions.

    Of several about one pair the latest `when` holds, among equals the last row. Raises DecisionError on a missing
    column, on a decision that is neither `same` nor `different`, on an empty record reference and on a record
    beside itself.
    """
    if file is None or not file.exists():
        return ()
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
        if missing:
            raise DecisionError(f"{file}: columns missing: {', '.join(missing)}. Expected: {','.join(COLUMNS)}.")
        decided = [_decision(file, rows.line_num, row) for row in rows]
    in_force: dict[tuple[str, str], Decision] = {}
    for decision in sorted(decided, key=lambda each: (each.at, each.line)):
        in_force[decision.record_a, decision.record_b] = decision
    return tuple(in_force[pair] for pair in sorted(in_force))


def _decision(file: Path, line: int, row: dict[str, str]) -> Decision:
    cell = {column: (row[column] or "").strip() for column in COLUMNS}
    place = f"{file}, line {line}"
    verdict = cell["decision"].lower()
    if verdict not in ("same", "different"):
        raise DecisionError(f"{place}, column decision: {cell['decision']!r}. Expected same or different.")
    keys = []
    for side in ("a", "b"):
        parts = [cell[f"source_{side}"], cell[f"object_{side}"], cell[f"record_{side}"]]
        if not all(parts):
            raise DecisionError(f"{place}: source_{side}, object_{side} and record_{side} must all be given.")
        keys.append(":".join(parts))
    record_a, record_b = sorted(keys)
    if record_a == record_b:
        raise DecisionError(f"{place}: {record_a} stands on both sides. Name two records, or delete the row.")
    return Decision(
        verdict == "same",
        record_a,
        record_b,
        cell["who"],
        cell["why"],
        cell["when"],
        _instant(place, cell["when"]),
        line,
    )


def _instant(place: str, when: str) -> dt.datetime:
    """A day or an instant of ISO 8601, in UTC unless it says otherwise."""
    try:
        at = dt.datetime.fromisoformat(when) if when else dt.datetime.min
    except ValueError:
        raise DecisionError(f"{place}, column when: {when!r}. Expected a day such as 2026-03-31, or nothing.") from None
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)
