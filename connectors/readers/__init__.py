"""Bytes -> text frames: one module per container format, all with the same entry function.

A reader takes an export, the shape it should have, the columns that may be stored and a sink, and gives a `Reading` or
raises `Refused`. Which export is read, and when, does not belong here (`connectors.landing`).
"""

from __future__ import annotations

from typing import Protocol

from connectors.readers import csv, excel, json, parquet, xml
from connectors.readers.reading import Opened, Reading, Wanted
from connectors.readers.sink import Sink
from connectors.spec import ExportShape, Format

READER_VERSION = 2
"""Raised when a reader gives other rows for the same bytes: then landed content is read again."""


class Reader(Protocol):
    """The entry function of a reader."""

    def __call__(self, export: Opened, shape: ExportShape, wanted: Wanted, sink: Sink) -> Reading: ...


READERS: dict[Format, Reader] = {
    "csv": csv.read,
    "excel": excel.read,
    "json": json.read,
    "parquet": parquet.read,
    "xml": xml.read,
}
