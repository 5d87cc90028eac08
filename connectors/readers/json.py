"""JSON -> text frames: an array under a root key, a bare array, or one object per line; every row accounted for.

Where the rows stand in a document is found by `connectors.readers.json_text`, what is taken from a row is decided by
`connectors.readers.json_cells`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from connectors.readers.gate import Encoding, Refused, ShapeMismatch, decide, utf8_blocks
from connectors.readers.json_cells import NotJson, Paths, parse, stated
from connectors.readers.json_text import Ints, find_rows
from connectors.readers.reading import Opened, Reading, Reason, Stated, Wanted
from connectors.readers.sink import Sink
from connectors.spec import Envelope, ExportShape

MAX_DOCUMENT = 2 * 1024**3
"""A document is held as bytes while its rows are read; one object per line has no such limit."""
MAX_LINE = 64 * 1024 * 1024
BATCH = 4 * 1024 * 1024
"""Bytes of rows parsed and landed together."""
NOT_AN_OBJECT = Reason("not a JSON object in UTF-8", "export it again")


def read(export: Opened, shape: ExportShape, wanted: Wanted, sink: Sink) -> Reading:
    """Read one JSON export into `sink`.

    Raises:
        ShapeMismatch: no such array, or no row has the key or a required column.
        Refused: not text, cut off, or too large for one document.
    """
    encoding = decide(export.facts, shape.encoding)
    rows = _Rows(Paths(wanted.called), encoding, sink)
    facts = Stated()
    with export.open() as stream:
        pieces = utf8_blocks(stream, encoding)
        beginning = next((piece for piece in pieces if piece.strip()), b"")
        if shape.root is None and beginning.lstrip()[:1] == b"{":
            _read_lines(beginning, pieces, rows)
        else:
            facts = _read_document(beginning, pieces, export.facts.size, shape, rows)
    if rows.count and not sink.landed:
        raise ShapeMismatch("no row in it is a JSON object", "check the file, or the connector's `root`")
    present = rows.paths.present if sink.landed else set(wanted.called)
    missing = [name for name in wanted.required if name not in present]
    if missing:
        raise ShapeMismatch(
            f"no row has {', '.join(repr(name) for name in missing)}",
            "export it with these columns, or name this shape in the connector",
        )
    return Reading(
        rows=rows.count,
        rejected=sink.rejected,
        columns=tuple(name for name in wanted.called if name in present),
        unnamed=tuple(rows.paths.unnamed),
        stated=facts,
        warnings=encoding.warnings,
        reasons=dict(sink.reasons),
    )


class _Rows:
    """Parses stretches of rows into the sink, and knows where in the export it stands."""

    def __init__(self, paths: Paths, encoding: Encoding, sink: Sink) -> None:
        self.paths = paths
        self.count = 0
        self._encoding, self._sink = encoding, sink
        self._byte, self._line = encoding.bom, 1

    def skip(self, data: bytes) -> None:
        """Pass over bytes that hold no row."""
        self._line += data.count(b"\n")
        self._byte += self._encoding.width(np.frombuffer(data, np.uint8))

    def take(self, data: bytes, start: Ints, end: Ints) -> None:
        """Land the rows that stand between `start` and `end` in `data`, the next bytes of the export."""
        numbers, cells, at = [], [], 0
        pieces = [data[a:b] for a, b in zip(start.tolist(), end.tolist(), strict=True)]
        for index, value in enumerate(_values(pieces)):
            self.count += 1
            found = self._cells(value, pieces[index])
            if found is not None:
                numbers.append(self.count)
                cells.append(found)
                continue
            first, last = int(start[index]), int(end[index])
            first += len(data[first:last]) - len(data[first:last].lstrip())
            self.skip(data[at:first])
            at = first
            width = self._encoding.width(np.frombuffer(data[first:last], np.uint8))
            self._sink.reject(self.count, self._line, self._byte, self._byte + width, NOT_AN_OBJECT)
        self.skip(data[at:])
        if cells:
            columns = dict(zip(self.paths.columns, zip(*cells, strict=True), strict=True))
            frame = pl.DataFrame(columns, schema=dict.fromkeys(self.paths.columns, pl.String))
            self._sink.land(frame.insert_column(0, pl.Series("_row", numbers, dtype=pl.Int64)))

    def _cells(self, value: Any, written: bytes) -> list[str | None] | None:
        try:
            return self.paths.cells(value, written) if isinstance(value, dict) else None
        except NotJson:
            return None


def _values(pieces: list[bytes]) -> list[Any]:
    """The JSON values of the pieces, in one go where all are sound; None for what is none."""
    try:
        values = parse(b"[" + b"\n,".join(pieces) + b"]")
        # A line end cannot stand in a JSON string, so no string runs from one piece into the next.
        if len(values) == len(pieces) and all(isinstance(value, dict) for value in values):
            return values
    except NotJson:
        pass
    return [_value(piece) for piece in pieces]


def _value(piece: bytes) -> Any:
    try:
        return parse(piece)
    except NotJson:
        return None


def _read_lines(beginning: bytes, pieces: Iterator[bytes], rows: _Rows) -> None:
    rest = beginning
    for piece in pieces:
        whole = rest.rfind(b"\n") + 1
        _take_lines(rest[:whole], rows)
        rest = rest[whole:] + piece
        if len(rest) - len(piece) > MAX_LINE:
            raise Refused(f"a line longer than {MAX_LINE:,} bytes", "export it with one object per line")
    _take_lines(rest, rows)


def _take_lines(data: bytes, rows: _Rows) -> None:
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    ends = ends if data.endswith(b"\n") else np.append(ends, len(data))
    begin, position = 0, 0
    starts = np.concatenate((np.zeros(min(1, len(ends)), np.int64), ends[:-1] + 1))
    while position < len(ends):
        stop = max(position + 1, int(np.searchsorted(ends, begin + BATCH, side="right")))
        end = min(len(data), int(ends[stop - 1]) + 1)
        part = data[begin:end]
        filled = np.array([bool(part[a - begin : b - begin].strip()) for a, b in _pairs(starts, ends, position, stop)])
        rows.take(part, starts[position:stop][filled] - begin, ends[position:stop][filled] - begin)
        begin, position = end, stop


def _pairs(starts: Ints, ends: Ints, position: int, stop: int) -> Iterator[tuple[int, int]]:
    return zip(starts[position:stop].tolist(), ends[position:stop].tolist(), strict=True)


def _read_document(beginning: bytes, pieces: Iterator[bytes], size: int, shape: ExportShape, rows: _Rows) -> Stated:
    if size > MAX_DOCUMENT:
        raise Refused(f"a JSON document of more than {MAX_DOCUMENT:,} bytes", "export one object per line, or pages")
    data = b"".join((beginning, *pieces))
    if data.lstrip()[:1] not in (b"{", b"["):
        raise ShapeMismatch("the file is not JSON", "check that this is what the system exports")
    found = find_rows(data, shape.root)
    try:
        around = parse(found.around)
    except NotJson:
        raise Refused("around its rows the document is not JSON", "export it again") from None
    begin, position = 0, 0
    while position < len(found.end):
        stop = max(position + 1, int(np.searchsorted(found.end, int(found.start[position]) + BATCH, side="right")))
        end = int(found.end[stop - 1])
        rows.take(data[begin:end], found.start[position:stop] - begin, found.end[position:stop] - begin)
        begin, position = end, stop
    return _stated(around, shape.envelope)


def _stated(around: Any, envelope: Envelope) -> Stated:
    """What the document says of its own completeness, by the fields that the connector names."""
    end = stated(around, envelope.end)
    return Stated(
        total=_number(stated(around, envelope.total)),
        page=_number(stated(around, envelope.page)),
        pages=_number(stated(around, envelope.pages)),
        end=(end == "true") if envelope.end else None,
    )


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
