"""The proven fast path of JSON rows: objects of a few kinds, alike within each, cut into columns unparsed.

Rows are of one kind where all that stands between their plain values is the same, byte by byte: keys, brackets, spaces.
Then their cells lie between marks at known places, and are taken from the bytes as they stand. Of anything else nothing
is said here: then `connectors.readers.json` parses the rows one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from connectors.readers.gate import Bytes
from connectors.readers.json_cells import look_up
from connectors.readers.json_text import BACKSLASH, COLON, COMMA, NONE, OBJECT, QUOTE, Ints, escaped
from connectors.readers.json_written import are_numbers, meant, stretches, words
from connectors.readers.rows import Flags, inside_quotes

OBJECT_END = ord("}")
SPACE = 0x20
UPPER = 0x20
"""The bit that square brackets lack and curly ones have."""
MAX_KINDS = 16
"""Kinds of rows in a stretch. Each takes a look at all that is left, and few rows of each are no gain."""
MAX_DEPTH = 32
"""Objects in a row, one in another or not."""


@dataclass(frozen=True)
class Alike:
    """Rows of one kind, by index, and their cells."""

    rows: Ints
    template: dict[str, Any]
    """The keys of each, as they are nested, with the number of its cells in place of each plain value."""
    cells: dict[int, pa.Array]
    """Text, by number: of the wanted keys only."""


@dataclass(frozen=True)
class _Kind:
    """Rows of one kind and where their values stand, key by key."""

    rows: Ints
    template: dict[str, Any]
    keys: int
    first: Ints
    last: Ints


class _Unlike(Exception):
    """The rows are not proven to be alike."""


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
        kinds = list(_kinds(data, array, _marks(array, is_quote, start, end), start, end))
        # JSON has no control characters in texts: all there are separate rows, or stand between their values.
        between = sum(_controls(array[start[kind.rows[0]] : end[kind.rows[0]]]) * len(kind.rows) for kind in kinds)
        _prove(_controls(array[begin:]) == between + _controls(array[end[:-1]]))
        is_text = [array[kind.first] == QUOTE for kind in kinds]
        # Marks stand outside texts, so each key and each text has two quotes at least; as many in all: none has more.
        quoted = sum(kind.keys * len(kind.rows) for kind in kinds) + sum(map(np.count_nonzero, is_text))
        _prove(np.count_nonzero(is_quote) == 2 * quoted)
        return [_cut(data, array, kind, text, slashes, named) for kind, text in zip(kinds, is_text, strict=True)]
    except _Unlike:
        return None


def _prove(holds: object) -> None:
    if not holds:
        raise _Unlike


def _controls(part: Bytes) -> int:
    return int(np.count_nonzero(part < SPACE))


def _marks(array: Bytes, is_quote: Flags, start: Ints, end: Ints) -> Ints:
    """Places of brackets, colons and commas outside texts, but for what separates rows."""
    upper = array | UPPER
    is_mark = (upper == OBJECT) | (upper == OBJECT_END) | (array == COMMA) | (array == COLON)
    is_mark &= ~inside_quotes(is_quote)
    is_mark[: int(start[0])] = False
    is_mark[end[:-1]] = False
    return np.flatnonzero(is_mark)


def _kinds(data: bytes, array: Bytes, at: Ints, start: Ints, end: Ints) -> Iterator[_Kind]:
    """The kinds of rows by their marks, until every row is of one."""
    until = np.searchsorted(at, end)
    width = np.diff(until, prepend=0)
    left, found = np.arange(len(end)), 0
    while len(left):
        _prove(found < MAX_KINDS)
        most = int(width[left[0]])
        same = left[width[left] == most]
        marks = at.reshape(-1, most) if len(same) == len(end) else at[(until[same] - most)[:, None] + np.arange(most)]
        kind, is_alike = _kind(data, array, marks, start[same], end[same])
        yield _Kind(same[is_alike], *kind)
        left, found = np.setdiff1d(left, same[is_alike], assume_unique=True), found + 1


def _kind(
    data: bytes, array: Bytes, marks: Ints, start: Ints, end: Ints
) -> tuple[tuple[dict[str, Any], int, Ints, Ints], Flags]:
    """Of rows with as many marks, which are like the first, what that is, and where their values stand."""
    try:
        row = orjson.loads(data[int(start[0]) : int(end[0])])
    except orjson.JSONDecodeError:  # its attributes quote the data
        raise _Unlike from None
    shown = array[marks[0]].tobytes()
    _prove(isinstance(row, dict) and row and shown.count(OBJECT) <= MAX_DEPTH)
    # A key that stands twice is one key of the object: then there are more marks than it has.
    _prove(shown == _marks_of(row))
    values = np.array([i for i, mark in enumerate(shown) if mark == COLON and shown[i + 1] != OBJECT], np.int64)
    first, last = marks.T[values] + 1, marks.T[values + 1]
    first += (array[first[:, 0]] == SPACE)[:, None]
    is_alike = _same_between(data, np.vstack((start, last)), np.vstack((first, end)))
    first, last = (first, last) if is_alike.all() else (first[:, is_alike], last[:, is_alike])
    return (_numbered(row, count()), shown.count(COLON), first, last), is_alike


def _marks_of(row: dict[str, Any]) -> bytes:
    """The marks that an object has, where none of its values is an array."""
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


def _cut(data: bytes, array: Bytes, kind: _Kind, is_text: Flags, slashes: Ints | None, named: Collection[str]) -> Alike:
    """The cells of the named keys; those of all keys are proven."""
    _prove((array[kind.last - 1] == QUOTE)[is_text].all())
    absent = _absent(data, kind, ~is_text) if not is_text.all() else None
    written, texts = _written(data, kind, slashes) if slashes is not None else (NONE, None)
    row, key = np.divmod(written, len(is_text))
    cells = {}
    for one in sorted({found for path in named if isinstance(found := look_up(kind.template, path), int)}):
        quote = is_text[one]
        null = absent[one] if absent is not None and absent[one].any() else None
        column = stretches(data, kind.first[one] + quote, kind.last[one] - quote, null)
        own = key == one
        if texts is not None and own.any():
            mask = np.zeros(len(column), bool)
            mask[row[own]] = True
            column = pc.replace_with_mask(column, mask, texts.filter(pa.array(own)))
        cells[one] = column
    return Alike(kind.rows, kind.template, cells)


def _absent(data: bytes, kind: _Kind, is_plain: Flags) -> Flags:
    """Which values are `null`; those that are no texts are words, or numbers that are their digits."""
    first, last = kind.first[is_plain], kind.last[is_plain]
    null, word = words(data, first, last)
    _prove(are_numbers(data, first[~word], last[~word]))
    found = np.zeros(is_plain.shape, bool)
    found[is_plain] = null
    return found


def _written(data: bytes, kind: _Kind, slashes: Ints) -> tuple[Ints, pa.Array | None]:
    """The values that hold escapes, counted row by row, and the texts that they mean."""
    first, last = kind.first.T.ravel(), kind.last.T.ravel()
    value = np.searchsorted(first, slashes, side="right") - 1
    slashes, value = slashes[value >= 0], value[value >= 0]
    found = value[slashes < last[value]]
    found = found[np.diff(found, prepend=-1) > 0]
    if not len(found):
        return NONE, None
    texts = meant(stretches(data, first[found], last[found]))
    _prove(texts is not None)
    return found, texts
