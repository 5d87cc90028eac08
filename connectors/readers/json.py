"""JSON -> text frames: an array under a root key, a bare array, or one object per line; every row accounted for.

Where the rows stand in a document is found by `connectors.readers.json_text`, what is taken from a row is decided by
`connectors.readers.json_cells`. Runs of rows that are alike are taken unparsed (`connectors.readers.json_alike`).
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from connectors.readers.gate import Encoding, Refused, ShapeMismatch, decide, utf8_blocks
from connectors.readers.json_alike import columns_alike
from connectors.readers.json_cells import NotJson, Paths, parse, reading_of, statement
from connectors.readers.json_text import Document, Ints
from connectors.readers.reading import Opened, Reading, Reason, Stated, Wanted
from connectors.readers.rows import LF
from connectors.readers.sink import Sink
from connectors.spec import ExportShape

MAX_LINE = 64 * 1024 * 1024
STRETCH = 1024 * 1024
"""Bytes read together, of rows that may turn out to be alike as a whole: the processor's cache holds them."""
BATCH = 256 * 1024
"""Bytes of rows parsed together: so few that their objects stay in the processor's cache, which is twice as fast."""
PART = 16 * 1024 * 1024
"""Bytes of rows landed together."""
SHORTEST_OBJECT = 8
MAX_UNLIKE = 4
"""Stretches not alike, each of which doubles those parsed without a look: where rows differ, looking costs a fifth."""
NOT_AN_OBJECT = Reason("not a JSON object in UTF-8", "export it again")


def read(export: Opened, shape: ExportShape, wanted: Wanted, sink: Sink) -> Reading:
    """Read one JSON export into `sink`.

    Raises:
        ShapeMismatch: no such array, or no row has the key or a required column.
        Refused: not text, cut off, or too large for one document.
    """
    encoding = decide(export.facts, shape.encoding)
    damaged = encoding.name == "utf-8" and (export.facts.invalid > 0 or export.facts.cut_character)
    rows = _Rows(Paths(wanted.called), encoding, sink, damaged=damaged)
    facts = Stated()
    with export.open() as stream, _uncollected():
        pieces = utf8_blocks(stream, encoding, STRETCH)
        beginning = b""
        while not beginning.strip() and (piece := next(pieces, b"")):
            beginning += piece
            if len(beginning) > MAX_LINE:
                raise Refused("it begins with nothing but spaces", "export it again")
        if beginning.lstrip()[:1] not in (b"{", b"["):
            raise ShapeMismatch("the file is not JSON", "check that this is what the system exports")
        pieces = chain((beginning,), pieces)
        if shape.root is None and beginning.lstrip()[:1] == b"{":
            _read_lines(pieces, rows)
        else:
            facts = _read_document(pieces, shape, rows)
    rows.land()
    return reading_of(rows.paths, wanted, rows.count, sink, facts, encoding.warnings)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for cycles: parsed JSON has none, and to look at each of its objects takes as long as making them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Rows:
    """Parses stretches of rows into the sink, and knows where in the export it stands."""

    def __init__(self, paths: Paths, encoding: Encoding, sink: Sink, *, damaged: bool) -> None:
        self.paths = paths
        self.count = 0
        self._damaged = damaged
        """There are bytes that are not UTF-8: then nothing is proven."""
        self._encoding, self._sink = encoding, sink
        self._byte, self._line = encoding.bom, 1
        self._tables: list[pa.Table] = []
        self._held = 0
        self._unlike = self._unseen = 0
        """Stretches in a row that were not alike; how many more are parsed before another is looked at."""

    def land(self) -> None:
        """Land what was taken."""
        found = [table for table in self._tables if table.num_rows]
        if found:
            self._sink.land(self.paths.found_in(pa.concat_tables(found)))
        self._tables, self._held = [], 0

    def take(self, data: bytes, start: Ints, end: Ints) -> None:
        """Take the rows between `start` and `end` in `data`, the next bytes of the export, some at a time."""
        begin = 0
        for some in _runs(start, end, 2 * STRETCH):  # a piece, and what was left of the one before
            until = int(end[some][-1])
            self._take(data[begin:until], start[some] - begin, end[some] - begin)
            begin = until
        self._skip(data[begin:])

    def _take(self, data: bytes, start: Ints, end: Ints) -> None:
        """Take some rows as they stand where they are proven to be alike; `data` ends with the last of them."""
        alike = None
        if self._unseen:
            self._unseen -= 1
        elif not self._damaged:
            alike = columns_alike(data, start, end, self.paths.named)
            self._unlike = 0 if alike is not None else min(self._unlike + 1, MAX_UNLIKE)
            self._unseen = 2**self._unlike - 1
        if alike is not None:
            columns = self.paths.columns_of_alike(alike)
            rows = zip((pa.array(kind.rows + self.count + 1) for kind in alike), columns, strict=True)
            table = pa.concat_tables(pa.table({"_row": numbers, **cells}) for numbers, cells in rows)
            self._hold(table.sort_by("_row") if len(alike) > 1 else table, data)
            self._skip(data)
            self.count += len(end)
            return
        begin = 0
        for some in _runs(start, end, BATCH):
            until = int(end[some][-1])
            self._parse(data[begin:until], start[some] - begin, end[some] - begin)
            begin = until

    def _hold(self, rows: pa.Table, data: bytes) -> None:
        self._tables.append(rows)
        self._held += len(data)
        if self._held >= PART:
            self.land()

    def _parse(self, data: bytes, start: Ints, end: Ints) -> None:
        """Take some rows; `data` ends with the last of them."""
        values = _values(data, start, end)
        sound = [index for index, value in enumerate(values) if isinstance(value, dict)]
        columns, lost = self.paths.columns_of(
            values if len(sound) == len(values) else [values[index] for index in sound],
            lambda index: data[int(start[sound[index]]) : int(end[sound[index]])],
        )
        table = pa.table({"_row": np.array(sound, np.int64) + self.count + 1, **columns})
        if lost:
            kept = [index not in lost for index in range(len(sound))]
            table, sound = table.filter(kept), [one for one, keep in zip(sound, kept, strict=True) if keep]
        self._hold(table, data)
        if len(sound) < len(values):
            self._reject(data, start, end, np.setdiff1d(np.arange(len(values)), sound))
        else:
            self._skip(data)
        self.count += len(values)

    def _reject(self, data: bytes, start: Ints, end: Ints, rows: Ints) -> None:
        at = 0
        for row in rows.tolist():
            first, last = int(start[row]), int(end[row])
            first += len(data[first:last]) - len(data[first:last].lstrip())
            self._skip(data[at:first])
            at = first
            width = self._encoding.width(np.frombuffer(data[first:last], np.uint8))
            self._sink.reject(self.count + row + 1, self._line, self._byte, self._byte + width, NOT_AN_OBJECT)
        self._skip(data[at:])

    def _skip(self, data: bytes) -> None:
        """Pass over bytes."""
        array = np.frombuffer(data, np.uint8)
        self._line += int(np.count_nonzero(array == LF))
        self._byte += self._encoding.width(array)


def _runs(start: Ints, end: Ints, size: int) -> Iterator[slice]:
    """The rows in runs of about so many bytes."""
    position = 0
    while position < len(end):
        stop = max(position + 1, int(np.searchsorted(end, int(start[position]) + size, side="right")))
        yield slice(position, stop)
        position = stop


def _values(data: bytes, start: Ints, end: Ints) -> list[Any]:
    """The JSON values between the positions, in one go where all are objects; None for what is none.

    What separates them, a comma or a line end, becomes a comma. A line end cannot stand in a JSON string, so no string
    runs from one row into the next.
    """
    between = np.array(np.frombuffer(data, np.uint8))
    between[end[:-1]] = ord(",")
    try:
        values = parse(b"[" + between[int(start[0]) :].tobytes() + b"]")
        if len(values) == len(end) and all(type(value) is dict for value in values):
            return list(values)
    except NotJson:
        pass
    return [_value(data[a:b]) for a, b in zip(start.tolist(), end.tolist(), strict=True)]


def _value(piece: bytes) -> Any:
    try:
        return parse(piece)
    except NotJson:
        return None


def _read_lines(pieces: Iterator[bytes], rows: _Rows) -> None:
    rest = b""
    for piece in pieces:
        whole = piece.rfind(b"\n") + 1
        if whole:
            _take_lines(b"".join((rest, memoryview(piece)[:whole])), rows)
            rest = b""
        rest += piece[whole:]
        if len(rest) > MAX_LINE:
            raise Refused(f"a line longer than {MAX_LINE:,} bytes", "export it with one object per line")
    _take_lines(rest, rows)


def _take_lines(data: bytes, rows: _Rows) -> None:
    if not data:
        return
    end = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    end = end if data.endswith(b"\n") else np.append(end, len(data))
    start = np.concatenate((np.zeros(1, np.int64), end[:-1] + 1))
    # Few lines are so short that nothing but spaces may stand in them.
    filled = np.ones(len(end), bool)
    for line in np.flatnonzero(end - start < SHORTEST_OBJECT):
        filled[line] = bool(data[start[line] : end[line]].strip())
    rows.take(data, start[filled], end[filled])


def _read_document(pieces: Iterator[bytes], shape: ExportShape, rows: _Rows) -> Stated:
    document = Document(shape.root)
    for piece in pieces:
        found = document.feed(piece)
        rows.take(found.data, found.start, found.end)
    document.close()
    try:
        around = parse(bytes(document.around))
    except NotJson:
        raise Refused("around its rows the document is not JSON", "export it again") from None
    if document.path and _says_twice(bytes(document.around), document.path[-1]):
        raise Refused(
            f"the key {document.path[-1]!r} stands twice in the document", "export it again, with all rows in one array"
        )
    return statement(around, shape.envelope)


def _says_twice(around: bytes, key: str) -> bool:
    """Whether one object around the rows has the key of their array twice: rows would be lost with the other."""
    twice = False

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal twice
        twice |= sum(name == key for name, _ in pairs) > 1

    json.loads(around, object_pairs_hook=look)
    return twice
