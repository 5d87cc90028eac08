"""What one scan of a system's sources found and did, for runs, listings and the UI to show.

Finding it out does not belong here (`connectors.landing`).
"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.drift import Drift


@dataclass(frozen=True)
class Refusal:
    """A file that was not landed; `object` and `hash` where they are known."""

    source: str
    object: str | None
    export: str
    hash: str | None
    reason: str
    remedy: str


@dataclass(frozen=True)
class Waiting:
    """A file that is still being written; the next scan looks again."""

    source: str
    export: str
    reason: str


@dataclass(frozen=True)
class Skipped:
    """Files that no object of the connector names, counted by name (by folder where they lie in one)."""

    source: str
    name: str
    files: int


@dataclass(frozen=True)
class ObjectReport:
    """What came in for one object of one source. Row counts are those of the new deliveries."""

    source: str
    object: str
    exports: int
    """Files of this object that are there now and could be read."""
    read: int
    """Of these, read in this scan: their content was new, or the connector is."""
    deliveries: tuple[str, ...]
    rows: int
    landed: int
    rejected: int
    reasons: tuple[tuple[str, int], ...]
    """The commonest reasons for rejected rows."""
    unnamed: tuple[str, ...]
    """Columns that are not stored, for the connector does not name them."""
    drift: tuple[Drift, ...]
    """How the columns changed, of each new or refused delivery whose columns did."""
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class LandingReport:
    """One scan of all sources of a system."""

    objects: tuple[ObjectReport, ...] = ()
    refused: tuple[Refusal, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    skipped: tuple[Skipped, ...] = ()
