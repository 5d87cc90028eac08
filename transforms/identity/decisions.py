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
    line: int

    @property
    def at(self) -> dt.datetime:
        """`when`, an ISO 8601 day or instant, in UTC unless it says otherwise; before all others where it is not said.

        Raises ValueError for what is neither.
        """
        at = dt.datetime.fromisoformat(self.when) if self.when else dt.datetime.min
        return at if at.tzinfo else at.replace(tzinfo=dt.UTC)

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
    column, on a decision that is neither `same` nor `different`, on an empty record reference, on a record
    beside itself and on a `when` that is no day or instant.
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
    decision = Decision(verdict == "same", record_a, record_b, cell["who"], cell["why"], cell["when"], line)
    try:
        _ = decision.at
    except ValueError:
        expected = "Expected a day such as 2026-03-31, or nothing."
        raise DecisionError(f"{place}, column when: {decision.when!r}. {expected}") from None
    return decision
