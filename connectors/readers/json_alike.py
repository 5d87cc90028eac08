"""The proven fast path of JSON rows: objects of a few kinds, alike within each, cut into columns unparsed.

Rows are of one kind where all that stands between their values is the same, byte by byte: keys, braces, spaces. Then
their values lie between marks at known places, and are taken as they stand (`connectors.readers.json_taken`). Of
anything else nothing is said here: then `connectors.readers.json` parses the rows one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import count
from typing import Any

import numpy as np

from connectors.readers.gate import Bytes
from connectors.readers.json_cells import NotJson, parse
from connectors.readers.json_taken import Alike, Kind, Unlike, cut, prove
from connectors.readers.json_text import ARRAY, ARRAY_END, BACKSLASH, COLON, COMMA, OBJECT, QUOTE, Ints, escaped
from connectors.readers.rows import Flags, inside_quotes

OBJECT_END = ord("}")
SPACE = 0x20
UPPER = 0x20
"""The bit that square brackets lack and curly ones have."""
MAX_KINDS = 16
"""Kinds of rows in a stretch. Each takes a look at all that is left, and few rows of each are no gain."""
MAX_DEPTH = 32
"""Objects in a row, one in another or not."""
MAX_MARKS = 4096
"""Marks in a row; what holds more is no row of a table."""


def columns_alike(data: bytes, start: Ints, end: Ints, named: Collection[str]) -> list[Alike] | None:
    """Rows of a few kinds, the kinds in the order of their first rows; None where one row is not proven.

    Args:
        data: valid UTF-8 that ends with the last row.
        start: where each row begins, perhaps with spaces.
        end: where each row ends; what separates it from the next is one byte.
        named: paths whose cells are wanted; the others are checked as well, and not given.
    """
    try:
        array, begin = np.frombuffer(data, np.uint8), int(start[0])
        is_quote = array == QUOTE
        slashes = np.flatnonzero(array == BACKSLASH) if b"\\" in data else None
        if slashes is not None:
            is_quote[escaped(slashes, len(array))] = False
        is_quote[:begin] = False
        kinds = list(_kinds(data, array, _marks(data, array, is_quote, start, end), start, end))
        # JSON has no control characters in texts: all there are separate rows, or stand between their values.
        between = sum(kind.controls * len(kind.rows) for kind in kinds)
        prove(_controls(array[begin:]) == between + _controls(array[end[:-1]]))
        # Marks stand outside texts, so each key and each text has two quotes at least; as many in all: none has more.
        begins = [array[kind.first] for kind in kinds]
        quoted = sum(
            kind.keys * len(kind.rows) + np.count_nonzero(one == QUOTE) for kind, one in zip(kinds, begins, strict=True)
        )
        prove(np.count_nonzero(is_quote) - _within_lists(is_quote, kinds, begins) == 2 * quoted)
        return [cut(data, *one, slashes, named) for one in zip(kinds, begins, strict=True)]
    except (Unlike, NotJson):
        return None


def _controls(part: Bytes) -> int:
    return int(np.count_nonzero(part < SPACE))


def _marks(data: bytes, array: Bytes, is_quote: Flags, start: Ints, end: Ints) -> Ints:
    """Places of braces, colons and commas outside texts and lists, but for what separates rows."""
    upper = array | UPPER
    is_mark = (upper == OBJECT) | (upper == OBJECT_END) | (array == COMMA) | (array == COLON)
    is_mark &= ~inside_quotes(is_quote)
    is_mark[: int(start[0])] = False
    is_mark[end[:-1]] = False
    at = np.flatnonzero(is_mark)
    if b"[" not in data:
        return at
    kind = array[at]
    step = (kind == ARRAY).astype(np.int64) - (kind == ARRAY_END)
    return at[(np.cumsum(step) == 0) & (step == 0)]


def _kinds(data: bytes, array: Bytes, at: Ints, start: Ints, end: Ints) -> Iterator[Kind]:
    """The kinds of rows by their marks, until every row is of one."""
    until = np.searchsorted(at, end)
    width = np.diff(until, prepend=0)
    is_left, found = np.ones(len(end), bool), 0
    while is_left.any():
        prove(found < MAX_KINDS)
        most = int(width[np.argmax(is_left)])
        prove(most <= MAX_MARKS)
        same = np.flatnonzero(is_left & (width == most))
        every = len(same) == len(end)
        marks = at.reshape(len(end), most) if every else at[(until[same] - most)[:, None] + np.arange(most)]
        kind, is_alike = _kind(data, array, marks, start[same], end[same])
        yield Kind(same[is_alike], *kind)
        is_left[same[is_alike]] = False
        found += 1


def _kind(
    data: bytes, array: Bytes, marks: Ints, start: Ints, end: Ints
) -> tuple[tuple[dict[str, Any], int, int, Ints, Ints], Flags]:
    """Of rows with as many marks, which are like the first, what that is, and where their values stand."""
    row = parse(data[int(start[0]) : int(end[0])])
    shown = array[marks[0]].tobytes()
    prove(isinstance(row, dict) and row and shown.count(OBJECT) <= MAX_DEPTH)
    # A key that stands twice is one key of the object: then there are more marks than it has.
    prove(shown == _marks_of(row))
    values = np.array([i for i, mark in enumerate(shown) if mark == COLON and shown[i + 1] != OBJECT], np.int64)
    begin, until = np.empty((2, len(values) + 1, len(end)), np.int64)
    first, last = until[:-1], begin[1:]
    np.add(marks.T[values], 1, out=first)
    first += (array[first[:, 0]] == SPACE)[:, None]
    last[:] = marks.T[values + 1]
    begin[0], until[-1] = start, end
    is_alike = _same_between(data, begin, until)
    controls = sum(_controls(array[i:j]) for i, j in zip(begin[:, 0], until[:, 0], strict=True))
    first, last = (first, last) if is_alike.all() else (first[:, is_alike], last[:, is_alike])
    return (_numbered(row, count()), shown.count(COLON), controls, first, last), is_alike


def _marks_of(row: dict[str, Any]) -> bytes:
    """The marks that an object has outside texts and lists."""
    return b"{" + b",".join(b":" + (_marks_of(one) if isinstance(one, dict) else b"") for one in row.values()) + b"}"


def _numbered(value: Any, numbers: Iterator[int]) -> Any:
    """The objects of a row with a number in place of each value."""
    if isinstance(value, dict):
        return {key: _numbered(inner, numbers) for key, inner in value.items()}
    return next(numbers)


def _same_between(data: bytes, begin: Ints, until: Ints) -> Flags:
    """In which rows what stands between the values is the same as in the first; compared by words of eight bytes."""
    lengths = until - begin
    same: Flags = (lengths == lengths[:, :1]).all(axis=0)
    begin = begin if same.all() else begin[:, same]
    found = np.ones(begin.shape[1], bool)
    for stands, first, last in zip(begin, begin[:, 0].tolist(), until[:, 0].tolist(), strict=True):
        for at, expected in _words(data[first:last]):
            size = expected.itemsize
            found &= np.ndarray(len(data) - at - size + 1, expected.dtype, data, at, (1,))[stands] == expected
    same[same] = found
    return same


def _words(text: bytes) -> Iterator[tuple[int, np.unsignedinteger[Any]]]:
    """A text as words and their places; the last may overlap the one before."""
    size = next(size for size in (8, 4, 2, 1) if len(text) >= size or size == 1)
    for at in sorted({*range(0, len(text) - size, size), len(text) - size}) if text else ():
        yield at, np.frombuffer(text, f"=u{size}", 1, at)[0]


def _within_lists(is_quote: Flags, kinds: list[Kind], begins: list[Bytes]) -> int:
    """The quotes within lists."""
    lists = [begin == ARRAY for begin in begins]
    if not any(one.any() for one in lists):
        return 0
    at = np.flatnonzero(is_quote)
    counts = (
        np.searchsorted(at, kind.last[one]) - np.searchsorted(at, kind.first[one])
        for kind, one in zip(kinds, lists, strict=True)
    )
    return int(sum(count.sum() for count in counts))
