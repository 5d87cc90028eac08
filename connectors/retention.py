"""Which old publications go: those beyond a number and an age that nothing rests on and nobody reads.

History needs none of them: it stands in the newest (`connectors.history`). How a reader holds one is `connectors.pins`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from connectors.files import fsync, remove
from connectors.pins import nobody_reads
from connectors.publication import Publication, base_number, publications, published
from connectors.switching import publishing_lock


def prune(data: Path, *, keep: int, days: int, now: datetime) -> list[int]:
    """Remove old publications; gives their numbers.

    Stays: the newest `keep`; what was replaced by the next less than `days` days ago, for readers may have resolved it
    until then; the current one, the newest (the registry, history and the next number rest on it) and their bases,
    which `customer_change` starts from; what a reader has open; and what cannot be read, for an engineer to look at.
    A clock that was set back makes publications younger, never older.
    """
    with publishing_lock(data):
        there = publications(data)
        removed = [
            one.number
            for one in _old(there, base_number(data), keep, now - timedelta(days=days))
            if _set_aside(data, one)
        ]
        for number in removed:
            remove(_aside(data, number))
        return removed


def _old(there: Sequence[Publication], current: int | None, keep: int, before: datetime) -> list[Publication]:
    rested_on = {current, *(one.number for one in there[-1:])}
    rested_on |= {one.manifest.base for one in there if one.number in rested_on}
    replaced = {one.number: following.manifest.created_at for one, following in pairwise(there)}
    return [one for one in there[: -max(keep, 1)] if one.number not in rested_on and replaced[one.number] < before]


def _aside(data: Path, number: int) -> Path:
    return published(data) / f".removing-{number}"


def _set_aside(data: Path, publication: Publication) -> bool:
    """Take its name away in one step, if nobody reads it: whoever comes now finds none, or resolves `current` again."""
    with nobody_reads(publication.path) as free:
        if free:
            publication.path.rename(_aside(data, publication.number))
            fsync(published(data))
        return free
