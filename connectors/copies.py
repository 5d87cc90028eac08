"""Publications copied to where else they are read; a copy follows `current`, also back, and keeps what is kept here.

What a copy looks like does not belong here (`connectors.bucket`, `connectors.delta`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from connectors.files import locked, private_folder
from connectors.publication import Publication, base_number, open_publication, published, versions


class Copy(ABC):
    """One place that publications are copied to."""

    @abstractmethod
    def behind(self, data: Path) -> bool:
        """Whether readers there get another publication than readers here, or other bytes of it."""

    @abstractmethod
    def follow(self, data: Path) -> list[str]:
        """Bring the place to what stands here; says in words what was done. Stopped anywhere, the next goes on."""


def copies_at(place: str, delta: Path | None) -> tuple[Copy, ...]:
    """The copies that are asked for: a bucket (`s3://bucket/prefix`), a folder of Delta tables, both or none."""
    copies: list[Copy] = []
    if place:
        from connectors.bucket import Bucket  # noqa: PLC0415 - s3fs loads slowly, few need it

        copies.append(Bucket(place))
    if delta:
        from connectors.delta import DeltaTables  # noqa: PLC0415 - as above

        copies.append(DeltaTables(delta))
    return tuple(copies)


def behind(data: Path, copies: Iterable[Copy]) -> bool:
    return base_number(data) is not None and any(copy.behind(data) for copy in copies)


def follow(data: Path, copies: Sequence[Copy]) -> list[str]:
    """Bring every copy to what stands here; says in words what was done.

    Raises:
        StorageError: a place was not to be reached.
        PublicationError: it did not take what was sent, or holds publications of another data folder.
    """
    if not copies or base_number(data) is None:
        return []
    with _copying(data):
        return [sentence for copy in copies for sentence in copy.follow(data)]


def missing(data: Path, newest: int | None, *, current: bool) -> list[Publication]:
    """What a place lacks, in the order in which it is to come: what was missed since the newest that it ever had, then
    the current publication, unless it has that (`current`).

    One that was rolled back before it was copied is left out: no reader there has seen it.
    """
    now = open_publication(data)
    missed = [one for one in versions(published(data)) if newest is not None and newest < one < now.number]
    return [*(open_publication(data, number) for number in missed), *([] if current else [now])]


@contextmanager
def _copying(data: Path) -> Iterator[None]:
    """One process at a time copies; runs publish, and engineers roll back, meanwhile."""
    with locked(private_folder(published(data)) / ".copying"):
        yield
