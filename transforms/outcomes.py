"""What becomes of landed rows: the words, the file shapes and the report that accounts for every one of them.

Deciding an outcome does not belong here (`transforms.versions`, `transforms.mapping`).
"""

from __future__ import annotations

import polars as pl
from pydantic import BaseModel, ConfigDict

ACCEPTED, REJECTED, SUPERSEDED, DELETED, EXCLUDED = "accepted", "rejected", "superseded", "deleted", "excluded"
NO_KIND = "no record kind applies"
NO_OBJECT = "the connector no longer names this object"
GONE = "missing from a newer complete delivery"
SAYS_DELETED = "the row says so"
MERGED = "merged into another record"
NO_KEY = "has no usable key"
KEY_REMEDY = "mend the key in the source, or the connector's `key` or `clean_key`"
FIELD_REMEDY = "fill the column in the source, or exclude such rows by a rule of the connector"

OUTCOMES = pl.Schema(
    {
        "export": pl.String,
        "row": pl.Int64,
        "record_id": pl.String,
        "delivery": pl.String,
        "outcome": pl.String,
        "rule": pl.String,
    }
)
"""One row per landed row; `export` is the export's SHA-256 as in records, `delivery` the newest that holds it."""
VALUE_ISSUES = pl.Schema(
    dict.fromkeys(("source", "object", "record_id", "field", "column", "value", "reason"), pl.String)
)
"""One row per value of an accepted row that did not clean."""
REJECTED_ROWS = pl.Schema(
    {
        "source": pl.String,
        "object": pl.String,
        "export": pl.String,
        "hash": pl.String,
        "row": pl.Int64,
        "line": pl.Int64,
        "byte_start": pl.Int64,
        "byte_end": pl.Int64,
        "column": pl.String,
        "reason": pl.String,
        "remedy": pl.String,
    }
)
"""Rows that could not become records; no content of theirs."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Held(_Frozen):
    """A complete delivery that would delete more than the guard allows; applied as changes until it is released."""

    delivery: str
    living: int
    lost: int


class IssueCount(_Frozen):
    """How many values of a field did not clean, and why."""

    field: str
    reason: str
    count: int


class ObjectReport(_Frozen):
    """One object of one source: every landed row, by outcome, and the records that came of the accepted ones."""

    object: str
    landed: int
    accepted: int = 0
    rejected: dict[str, int] = {}
    """Reason -> rows."""
    superseded: int = 0
    deleted: int = 0
    excluded: dict[str, int] = {}
    """Rule -> rows."""
    records: dict[str, int] = {}
    """Kind -> records."""
    value_issues: tuple[IssueCount, ...] = ()
    held: tuple[Held, ...] = ()

    @property
    def accounted(self) -> int:
        """Rows with an outcome; equal to `landed`, or something is lost."""
        lost_to_rules = sum(self.rejected.values()) + sum(self.excluded.values())
        return self.accepted + self.superseded + self.deleted + lost_to_rules

    @property
    def adds_up(self) -> bool:
        return self.accounted == self.landed


class NormaliseReport(_Frozen):
    """What normalise made of one source; `unchanged`: its inputs were those of the last run, nothing was done."""

    source: str
    objects: tuple[ObjectReport, ...]
    unchanged: bool = False

    @property
    def adds_up(self) -> bool:
        return all(one.adds_up for one in self.objects)
