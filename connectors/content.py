"""One export's content -> landed rows and rejected rows, stored once under its hash.

Content that landed already under the same fingerprint (shapes, columns, reader version) is not read again. Which
exports make a delivery does not belong here (`connectors.landing`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import cast

import polars as pl
import pyarrow.parquet as pq

from connectors.files import written
from connectors.ledger import Part, landed_path, rejected_path
from connectors.readers import READER_VERSION, READERS
from connectors.readers.gate import Facts, Refused, ShapeMismatch, inspect
from connectors.readers.reading import Opened, Stated, Wanted
from connectors.readers.sink import Sink, read_metadata
from connectors.seals import seal
from connectors.spec import ExportShape, ObjectSpec
from connectors.storage import Export, Storage


class Moving(Exception):
    """The file changed or went while it was read."""


@dataclass(frozen=True)
class Content:
    """What is known of an export's landed content without reading it again."""

    fingerprint: str
    object: str
    rows: int
    rejected: int
    columns: tuple[str, ...]
    unnamed: tuple[str, ...]
    stated: Stated
    warnings: tuple[str, ...]
    whole: bool
    delivered: str | None
    """`changes` where the export's form never holds a whole object."""
    reasons: dict[str, int]

    def part(self, export: str, digest: str) -> Part:
        return Part(export, digest, self.rows, self.rows - self.rejected, self.rejected, self.unnamed)


def fingerprint(spec: ObjectSpec) -> str:
    """Changes when the same bytes could land differently."""
    said = {
        "reader": READER_VERSION,
        "exports": [shape.model_dump(mode="json") for shape in spec.exports],
        "allowed": spec.allowed,
        "key": spec.key_columns,
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def known(path: Path) -> Content | None:
    """What a landed file says of itself; None where there is none, or one of another Concord."""
    found = read_metadata(path)
    if found is None or found.keys() != Content.__dataclass_fields__.keys():
        return None
    texts = {name: tuple(found[name]) for name in ("columns", "unnamed", "warnings")}
    return Content(**{**found, **texts, "stated": Stated(**found["stated"])})


@contextmanager
def steady(exports: Storage, export: Export) -> Iterator[None]:
    """Raises `Moving` where the file is another one after the block than before it."""
    try:
        before = exports.stamp(export)
        yield
        after = exports.stamp(export)
    except FileNotFoundError:
        raise Moving from None
    except PermissionError:
        raise Refused("it may not be read", "give the user that runs Concord the right to read it") from None
    if before != after:
        raise Moving


def facts_of(exports: Storage, export: Export) -> Facts:
    """Hash and encoding facts, from one pass over the export; raises `Moving` or `Refused`."""
    facts = exports.facts(export)
    if facts is None:
        with steady(exports, export), exports.open(export) as stream:
            facts = inspect(stream)
        exports.remember(export, facts)
    return facts


def land_content(
    exports: Storage,
    export: Export,
    facts: Facts,
    object_: str,
    spec: ObjectSpec,
    shapes: list[ExportShape],
    data: Path,
    *,
    anew: bool = False,
) -> tuple[Content, bool]:
    """Land an export as `object_` in the first of `shapes` that fits; also whether it was read for that.

    `anew`: also where it landed already.

    Raises:
        ShapeMismatch: it is none of the shapes.
        Refused: it cannot be read.
        Moving: it changes under the reader.
    """
    path = landed_path(data, export.source, object_, facts.sha256)
    mark = fingerprint(spec)
    content = known(path)
    if content and content.fingerprint == mark and not anew:
        return content, False
    misfits: list[ShapeMismatch] = []
    for shape in shapes:
        try:
            return _read(exports, export, facts, object_, spec, shape, mark, data), True
        except ShapeMismatch as error:
            misfits.append(error)
    reasons = dict.fromkeys(error.reason for error in misfits)
    raise ShapeMismatch("; or ".join(reasons), misfits[0].remedy)


def forget_columns(path: Path, allowed: Collection[str]) -> bool:
    """Take out of a landed file what its connector names no more; whether there was anything.

    For content whose export is gone: what is still there is read again as the connector says now.
    """
    content = known(path)
    if content is None or {*content.columns} <= {*allowed}:
        return False
    kept = tuple(name for name in content.columns if name in allowed)
    with written(path) as beside, Sink(beside) as sink, pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=["_row", *kept]):
            sink.land(cast(pl.DataFrame, pl.from_arrow(batch)))
        sink.close(kept, asdict(replace(content, columns=kept)))
        seal(beside, path)
    return True


def _read(
    exports: Storage,
    export: Export,
    facts: Facts,
    object_: str,
    spec: ObjectSpec,
    shape: ExportShape,
    mark: str,
    data: Path,
) -> Content:
    opened = Opened(export.name, lambda: exports.open(export), facts)
    path = landed_path(data, export.source, object_, facts.sha256)
    with written(path) as beside:
        with Sink(beside) as sink, steady(exports, export):
            reading = READERS[shape.format](opened, shape, Wanted.of(spec, shape), sink)
            content = Content(
                fingerprint=mark,
                object=object_,
                rows=reading.rows,
                rejected=reading.rejected,
                columns=reading.columns,
                unnamed=reading.unnamed,
                stated=reading.stated,
                warnings=reading.warnings,
                whole=reading.whole,
                delivered=shape.delivered,
                reasons=reading.reasons,
            )
            sink.close(reading.columns, asdict(content))
        if sink.landed + reading.rejected != reading.rows:
            raise Refused("the rows do not add up after reading", "report this export's form to the connector's owner")
        # Rejected rows first: landed content under its name says that both are there.
        _write_rejected(sink, export, object_, facts.sha256, data)
        seal(beside, path)
    return content


def _write_rejected(sink: Sink, export: Export, object_: str, digest: str, data: Path) -> None:
    path = rejected_path(data, export.source, object_, digest)
    if sink.rejected:
        with written(path) as beside:
            sink.rejected_rows(export.source, object_, export.name, digest).write_parquet(beside)
    else:
        path.unlink(missing_ok=True)
