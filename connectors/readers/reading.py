"""What every reader takes and gives, whatever the container: the words shared by landing and readers.

How a container is taken apart does not belong here (one module per container format beside this one).
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from connectors.readers.gate import Facts, Refused
from connectors.spec import ExportShape, ObjectSpec

MAX_HELD = 256 * 1024 * 1024


class Reason(NamedTuple):
    """Why a row was rejected and what to do; never quotes the row."""

    text: str
    remedy: str


@dataclass(frozen=True)
class Opened:
    """One export, ready to be read from its beginning as often as a reader needs; `facts` come from the gate."""

    name: str
    open: Callable[[], BinaryIO]
    facts: Facts


@dataclass(frozen=True)
class Wanted:
    """The columns that may be stored, by their landed names, and how this shape calls them."""

    allowed: tuple[str, ...]
    required: tuple[str, ...]
    called: dict[str, tuple[str, ...]]
    """Landed name -> its names in this shape; the first that is there counts."""

    @classmethod
    def of(cls, spec: ObjectSpec, shape: ExportShape) -> Wanted:
        required = tuple(dict.fromkeys((*spec.key_columns, *shape.require)))
        return cls(spec.allowed, required, {name: shape.columns.get(name, (name,)) for name in spec.allowed})


@dataclass(frozen=True)
class Stated:
    """What the container says of its own completeness; None where it says nothing."""

    total: int | None = None
    page: int | None = None
    pages: int | None = None
    end: bool | None = None


@dataclass(frozen=True)
class Reading:
    """What a reader found: data rows = landed + rejected; the rows themselves went to the sink."""

    rows: int
    rejected: int
    columns: tuple[str, ...]
    """Landed names of the allowed columns that the export has."""
    unnamed: tuple[str, ...]
    """Columns of the export that the connector does not name: their names only."""
    stated: Stated = Stated()
    warnings: tuple[str, ...] = ()
    whole: bool = True
    """False where the reader cannot be sure that the export is complete."""
    reasons: dict[str, int] = field(default_factory=dict)
    """Rejected rows by reason."""


def folded(name: str) -> str:
    """The form in which column names are compared: any case, no space around, one Unicode form."""
    return unicodedata.normalize("NFC", name).strip().casefold()


def stored_columns(cells: Sequence[str], wanted: Wanted) -> tuple[dict[str, int], tuple[str, ...], tuple[str, ...]]:
    """Of a header: stored columns by position, names that are not stored, and required columns that are missing.

    Where a required column is missing the first line may be no header at all: then nothing of it is repeated.

    Raises:
        Refused: columns stand twice; names them.
    """
    positions: dict[str, int] = {}
    twins: dict[str, None] = {}
    for position, cell in enumerate(cells):
        name = folded(cell)
        if name in positions:
            twins[name] = None
        elif name:
            positions[name] = position
    own = {
        landed: [positions[name] for name in map(folded, names) if name in positions]
        for landed, names in wanted.called.items()
    }
    stored = {landed: found[0] for landed, found in own.items() if found}
    missing = tuple(name for name in wanted.required if name not in stored)
    if twins and not missing:
        names = ", ".join(repr(cells[positions[name]].strip()) for name in twins)
        raise Refused(
            f"{len(twins)} columns stand twice in the header (capitals do not tell them apart): {names}",
            "rename or remove the twins and export it again",
        )
    used = set(stored.values())
    unnamed = tuple(cell.strip() or f"column {i + 1}" for i, cell in enumerate(cells) if i not in used)
    return stored, unnamed, missing


@contextmanager
def held(export: Opened) -> Iterator[BinaryIO]:
    """An export as a file that can be read from any place, for containers whose directory stands at the end.

    It is held in memory: what is larger than `MAX_HELD` belongs into a format that streams.

    Raises:
        Refused: it is empty or too large.
    """
    if not export.facts.size:
        raise Refused("the file is empty", "export it again")
    if export.facts.size > MAX_HELD:
        raise Refused(f"more than {MAX_HELD:,} bytes in one file of this format", "export it in parts, or as CSV")
    with export.open() as stream, io.BytesIO(stream.read()) as file:
        yield file
