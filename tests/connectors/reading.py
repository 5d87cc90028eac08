"""One way for the readers' tests to read bytes as an export. What readers promise does not belong here."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import polars as pl

from connectors.readers import READERS
from connectors.readers.gate import inspect
from connectors.readers.reading import Opened, Reading, Wanted
from connectors.readers.sink import Sink
from connectors.spec import ExportShape

PEOPLE = ("id", "name", "note")


def read(
    content: bytes, folder: Path, allowed: tuple[str, ...] = PEOPLE, **shape: object
) -> tuple[Reading, pl.DataFrame, pl.DataFrame]:
    """Read an export; what was found, the landed rows, and the places of the rejected ones."""
    export = Opened("people", lambda: io.BytesIO(content), inspect(io.BytesIO(content)))
    said = ExportShape.model_validate({"file": "people", "require": [allowed[0]], **shape})
    wanted = Wanted(allowed, allowed[:1], {name: said.columns.get(name, (name,)) for name in allowed})
    path = folder / f"{hashlib.sha256(content).hexdigest()}.parquet"
    with Sink(path) as sink:
        reading = READERS[said.format](export, said, wanted, sink)
        sink.close(reading.columns, {})
    rejected = sink.rejected_rows("crm", "people", "people", "hash")
    landed = pl.read_parquet(path)
    assert reading.rows == landed.height + rejected.height
    return reading, landed, rejected
