"""Where things stand in a JSON document: the array of rows and its elements, found while the document streams by.

Found by quote parity and bracket depth over the bytes: memory holds a piece and what stands around the rows, whatever
the document's size. The meaning of the elements does not belong here (`connectors.readers.json`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from connectors.readers.gate import Bytes, Refused, ShapeMismatch
from connectors.readers.rows import inside_quotes

QUOTE, BACKSLASH, OBJECT, ARRAY, ARRAY_END, COMMA, COLON = b'"\\{[],:'
OPENERS, CLOSERS = b"{[", b"}]"
IS_MARK = np.isin(np.arange(256), list(b'{}[],:"'))
STEP = np.zeros(256, np.int64)
STEP[list(OPENERS)] = 1
STEP[list(CLOSERS)] = -1
MAX_HELD = 64 * 1024 * 1024
"""Bytes before the rows, after them, or of one of them; a page of a real system is smaller as a whole."""

Ints = NDArray[np.int64]
NONE: Ints = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Stretch:
    """The next bytes of a document, and the rows among them by position."""

    data: bytes
    start: Ints
    end: Ints


@dataclass(frozen=True)
class _Marks:
    """Brackets, commas and colons outside strings, down to the depth of the rows' array."""

    at: Ints
    kind: Bytes
    level: Ints
    """Depth within the bracket that the mark belongs to; 1 is the outermost."""


class _Phase(Enum):
    BEFORE = "before the array of rows"
    WITHIN = "within it"
    AFTER = "after it"


class Document:
    """A document `{root: [...]}` (`root` may be a dotted path), or a bare array, that comes piece by piece."""

    def __init__(self, root: str | None) -> None:
        self.around = bytearray()
        """The document without its rows, so far."""
        self.path = root.split(".") if root else []
        self._phase = _Phase.BEFORE
        self._rest, self._looked, self._passed = b"", 0, 0
        self._depth, self._in_string, self._rows = 0, False, 0
        self._finder = _Finder(self.path)

    def feed(self, piece: bytes) -> Stretch:
        """Take the next piece; what is complete with it.

        Raises:
            Refused: a bracket too many, or something beyond measure that has to be held.
        """
        data = self._rest + piece
        marks = self._marks(data)
        start, end, done = NONE, NONE, 0
        if self._phase is _Phase.BEFORE:
            done = self._finder.look(data, marks)
            if done:
                self._phase = _Phase.WITHIN
                self.around += data[:done]
        if self._phase is _Phase.WITHIN:
            start, end, done = self._elements(data, marks, done)
        if self._phase is _Phase.AFTER:
            self.around += data[done : self._looked]
            done = self._looked
        self._rest, self._looked, self._passed = data[done:], self._looked - done, self._passed + done
        if max(len(self._rest), len(self.around)) > MAX_HELD:
            raise Refused(
                f"more than {MAX_HELD:,} bytes that are one row, or stand around the rows, at byte {self._passed}",
                "check that it is the right file, and the connector's `root`; export it in pages",
            )
        return Stretch(data[:done], start, end)

    def close(self) -> None:
        """The document has ended.

        Raises:
            Refused: it is cut off, with the position.
            ShapeMismatch: it has no array of rows.
        """
        self.around += self._rest if self._phase is _Phase.AFTER else b""
        if self._in_string or self._depth:
            at = self._passed + len(self._rest)
            raise Refused(f"the JSON is cut off: at byte {at} it is not complete", "export it again")
        if self._phase is _Phase.BEFORE:
            name = repr(".".join(self.path)) if self.path else "of rows"
            raise ShapeMismatch(f"the document has no array {name}", "check the file, or the connector's `root`")

    def _elements(self, data: bytes, marks: _Marks, begin: int) -> tuple[Ints, Ints, int]:
        """Rows that end in `data`, the first of which begins at `begin`, and where what is left of it begins."""
        here = (marks.level == len(self.path) + 1) & (marks.at >= begin)
        end = marks.at[here & (marks.kind == COMMA)]
        closers = marks.at[here & (marks.kind == ARRAY_END)]
        if len(closers):
            end = np.append(end[end < closers[0]], closers[0])
            self._phase = _Phase.AFTER
        start = np.concatenate((np.full(min(1, len(end)), begin), end[:-1] + 1))
        done = int(end[-1]) + (self._phase is _Phase.WITHIN) if len(end) else begin
        if self._phase is _Phase.AFTER and not self._rows and len(end) == 1 and not data[begin : end[0]].strip():
            start, end = NONE, NONE
        self._rows += len(end)
        return start, end, done

    def _marks(self, data: bytes) -> _Marks:
        """Marks in what was not looked at before. A backslash at the end waits for what it stands before."""
        start, stop = self._looked, len(data)
        while stop > start and data[stop - 1] == BACKSLASH:
            stop -= 1
        self._looked = stop
        part = np.frombuffer(data, np.uint8)[start:stop]
        is_mark = IS_MARK[part]
        is_mark[escaped(np.flatnonzero(part == BACKSLASH), len(part))] = False
        at = np.flatnonzero(is_mark)
        kind = part[at]
        quote = kind == QUOTE
        inside = inside_quotes(quote) ^ self._in_string
        self._in_string = bool(inside[-1]) if len(inside) else self._in_string
        outside = ~(inside | quote)
        at, kind = at[outside], kind[outside]
        step = STEP[kind]
        after = self._depth + np.cumsum(step)
        if len(after) and after.min() < 0:
            at_fault = self._passed + start + int(at[np.argmax(after < 0)])
            raise Refused(f"a bracket too many at byte {at_fault}", "export it again")
        self._depth = int(after[-1]) if len(after) else self._depth
        level = after + (step < 0)
        kept = level <= len(self.path) + 1
        return _Marks(at[kept] + start, kind[kept], level[kept])


class _Finder:
    """Looks for the bracket that opens the array of rows, mark by mark."""

    def __init__(self, path: list[str]) -> None:
        self._path = path
        self._on_path: list[bool] = []
        """For every open bracket, whether the rows may stand in it."""
        self._key: str | None = None
        self._last = -1

    def look(self, data: bytes, marks: _Marks) -> int:
        """The position behind that bracket; 0 where it is not among the marks."""
        for at, kind, level in zip(marks.at.tolist(), marks.kind.tolist(), marks.level.tolist(), strict=True):
            if kind == COLON:
                self._key = _text(data[self._last + 1 : at])
            elif kind in OPENERS:
                del self._on_path[level - 1 :]
                above = level == 1 or (self._on_path[-1] and self._key == self._path[level - 2])
                self._on_path.append(above)
                if above and kind == ARRAY and level == len(self._path) + 1:
                    return int(at) + 1
            if kind != COLON:
                self._key = None
            self._last = at
        return 0


def _text(written: bytes) -> str | None:
    try:
        found = json.loads(written)
    except ValueError:
        return None
    return found if isinstance(found, str) else None


def escaped(slashes: Ints, length: int) -> Ints:
    """What a backslash makes part of its string, a quote perhaps: what stands behind an odd number of backslashes."""
    if not len(slashes):
        return slashes
    begins = np.flatnonzero(np.diff(slashes, prepend=-2) != 1)
    ends = np.append(begins[1:], len(slashes)) - 1
    odd = (ends - begins) % 2 == 0
    after = slashes[ends[odd]] + 1
    return after[after < length]
