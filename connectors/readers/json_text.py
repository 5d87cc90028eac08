"""Where things stand in a JSON document: the array of rows and its elements, as byte positions.

Found by quote parity and bracket depth over the bytes, so that a document larger than its rows' Python objects would
allow is read element by element. The meaning of the elements does not belong here (`connectors.readers.json`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connectors.readers.gate import BLOCK, Bytes, Refused, ShapeMismatch

QUOTE, BACKSLASH = 34, 92
OPENERS, CLOSERS = b"{[", b"}]"
IS_MARK = np.isin(np.arange(256), list(b'{}[],:"'))
STEP = np.zeros(256, np.int64)
STEP[list(OPENERS)] = 1
STEP[list(CLOSERS)] = -1

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """The elements of the array of rows, by position, and the document without them."""

    start: Ints
    end: Ints
    around: bytes


@dataclass(frozen=True)
class _Marks:
    """Brackets, commas and colons outside strings, down to the depth of the rows' array."""

    at: Ints
    kind: Bytes
    level: Ints
    """Depth within the bracket that the mark belongs to; 1 is the outermost."""


def find_rows(data: bytes, root: str | None) -> Rows:
    """The rows of a document `{root: [...]}` (`root` may be a dotted path), or of a bare array.

    Raises:
        ShapeMismatch: there is no such array.
        Refused: the document is cut off or its brackets do not match, with the position.
    """
    path = root.split(".") if root else []
    marks = _marks(data, len(path) + 1)
    opened = _array(data, marks, path)
    level = len(path) + 1
    here = marks.level == level
    after = np.arange(len(marks.at)) > opened
    closed = int(np.argmax(after & here & (marks.kind == ord("]"))))
    if marks.kind[closed] != ord("]") or closed <= opened:
        raise Refused(f"the array of rows, opened at byte {marks.at[opened]}, is not closed", "export it again")
    begin, end = int(marks.at[opened]) + 1, int(marks.at[closed])
    around = data[:begin] + data[end:]
    if not data[begin:end].strip():
        return Rows(np.zeros(0, np.int64), np.zeros(0, np.int64), around)
    between = np.zeros(len(marks.at), bool)
    between[opened + 1 : closed] = True
    commas = marks.at[between & here & (marks.kind == ord(","))]
    return Rows(np.concatenate(([begin], commas + 1)), np.concatenate((commas, [end])), around)


def _array(data: bytes, marks: _Marks, path: list[str]) -> int:
    """Index of the mark that opens the array of rows."""
    index, name = 0, "/".join(path)
    for depth, key in enumerate(path, start=1):
        if not len(marks.at) or marks.kind[index] != ord("{"):
            raise ShapeMismatch(f"the document has no array {name!r}", "check the file, or the connector's `root`")
        behind = np.arange(len(marks.at)) > index
        at_depth = behind & (marks.level == depth)
        closer = int(np.argmax(at_depth & (marks.kind == ord("}"))))
        colons = np.flatnonzero(at_depth & (marks.kind == ord(":")))
        index = next((int(c) + 1 for c in colons[colons < closer] if _key(data, marks, int(c)) == key), -1)
        if index < 0 or data[marks.at[index - 1] + 1 : marks.at[index]].strip():
            raise ShapeMismatch(f"the document has no array {name!r}", "check the file, or the connector's `root`")
    if not len(marks.at) or marks.kind[index] != ord("["):
        raise ShapeMismatch(f"the document has no array {name or 'of rows'!r}", "check the connector's `root`")
    return index


def _key(data: bytes, marks: _Marks, colon: int) -> str | None:
    try:
        found = json.loads(data[marks.at[colon - 1] + 1 : marks.at[colon]])
    except ValueError:
        return None
    return found if isinstance(found, str) else None


def _marks(data: bytes, deepest: int) -> _Marks:
    array = np.frombuffer(data, np.uint8)
    found: list[tuple[Ints, Bytes, Ints]] = []
    start, depth, in_string = 0, 0, False
    while start < len(data):
        stop = min(len(data), start + BLOCK)
        while stop < len(data) and data[stop - 1] == BACKSLASH:
            stop += 1
        part = array[start:stop]
        is_mark = IS_MARK[part]
        is_mark[_escaped(part)] = False
        at = np.flatnonzero(is_mark)
        kind = part[at]
        quote = kind == QUOTE
        inside = np.logical_xor.accumulate(np.concatenate(([in_string], quote)))[1:]
        in_string = bool(inside[-1]) if len(inside) else in_string
        outside = ~(inside | quote)
        at, kind = at[outside], kind[outside]
        step = STEP[kind]
        after = depth + np.cumsum(step)
        if len(after) and after.min() < 0:
            raise Refused(f"a bracket too many at byte {start + at[np.argmax(after < 0)]}", "export it again")
        depth = int(after[-1]) if len(after) else depth
        level = after + (step < 0)
        kept = level <= deepest
        found.append((at[kept] + start, kind[kept], level[kept]))
        start = stop
    if in_string or depth:
        raise Refused(f"the JSON is cut off: at byte {len(data)} it is not complete", "export it again")
    empty = np.zeros(0, np.int64)
    return _Marks(
        np.concatenate([empty, *(part[0] for part in found)]),
        np.concatenate([empty.astype(np.uint8), *(part[1] for part in found)]),
        np.concatenate([empty, *(part[2] for part in found)]),
    )


def _escaped(part: Bytes) -> Ints:
    """Quotes that a backslash makes part of their string: those behind an odd number of backslashes."""
    slashes = np.flatnonzero(part == BACKSLASH)
    if not len(slashes):
        return slashes
    begins = np.flatnonzero(np.diff(slashes, prepend=-2) != 1)
    ends = np.append(begins[1:], len(slashes)) - 1
    odd = (ends - begins) % 2 == 0
    after = slashes[ends[odd]] + 1
    return after[after < len(part)]
