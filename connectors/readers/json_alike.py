"""The proven fast path of JSON rows: flat objects with the same keys in the same order, cut into columns unparsed.

Where a run of rows is proven to be such, its cells lie between marks at known places, and are taken from the bytes as
they stand. Of anything else nothing is said here: then `connectors.readers.json` parses the rows one by one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

import numpy as np
import orjson
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from connectors.readers.gate import Bytes
from connectors.readers.json_text import BACKSLASH, COLON, COMMA, QUOTE, Ints, escaped
from connectors.readers.rows import Flags, inside_quotes

BRACE, BRACE_END = b"{}"
SPACE = 0x20
UPPER = 0x20
"""The bit that square brackets lack and curly ones have."""
LITERAL = r"^(?:-?(?:0|[1-9][0-9]{0,299})(?:\.[0-9]{1,300})?|true|false|null)$"
"""Numbers without exponent, of which the digits are kept, and words. What is rarer is parsed."""


class _Unlike(Exception):
    """The rows are not proven to be alike."""


def columns_alike(data: bytes, start: Ints, end: Ints, named: Collection[str]) -> dict[str, pa.Array | None] | None:
    """The cells of rows that are alike, by key: as text where the key is `named`; None where nothing is proven.

    Args:
        data: valid UTF-8 that ends with the last row.
        start: where each row begins, perhaps with a space.
        end: where each row ends; what separates it from the next is one byte.
        named: keys whose cells are wanted; those of the others are checked as well, and not given.
    """
    try:
        keys = _keys(data[int(start[0]) : int(end[0])])
        array = np.frombuffer(data, np.uint8)
        is_quote = array == QUOTE
        slashes = np.flatnonzero(array == BACKSLASH) if b"\\" in data else None
        if slashes is not None:
            is_quote[escaped(array)] = False
        marks = _marks(array, is_quote, start, end, len(keys))
        spaces = int(array[marks[0, 1] + 1] == SPACE)
        first, last = marks[:, 1::2] + 1 + spaces, marks[:, 2::2]
        _prove((first < last).all())
        _same_between(data, marks[:, 0:-1:2], first)
        is_text = array[first] == QUOTE
        _prove(((array[last - 1] == QUOTE) & (last - first > 1))[is_text].all())
        # Each key and each text has two quotes at least: with as many in all, none has more.
        _prove(np.count_nonzero(is_quote) == 2 * (first.size + np.count_nonzero(is_text)))
        return {
            key: _cells(data, first[:, i], last[:, i], is_text[:, i], slashes, wanted=key in named)
            for i, key in enumerate(keys)
        }
    except _Unlike:
        return None


def _prove(holds: object) -> None:
    if not holds:
        raise _Unlike


def _keys(row: bytes) -> list[str]:
    """The keys of a row of plain values."""
    try:
        found = orjson.loads(row)
    except orjson.JSONDecodeError:  # its attributes quote the data
        raise _Unlike from None
    _prove(isinstance(found, dict) and found and not any(isinstance(value, dict | list) for value in found.values()))
    return list(found)


def _marks(array: Bytes, is_quote: Flags, start: Ints, end: Ints, keys: int) -> Ints:
    """Places of the marks outside texts, per row: a brace, then a colon and a comma or the other brace for each key."""
    # JSON has no control characters in texts: so what there is of them separates rows.
    separators = array[end[:-1]]
    begin = int(start[0])
    _prove(np.count_nonzero(array[begin:] < SPACE) == np.count_nonzero(separators < SPACE))
    upper = array | UPPER
    is_mark = (upper == BRACE) | (upper == BRACE_END) | (array == COMMA) | (array == COLON)
    is_mark &= ~inside_quotes(is_quote)
    is_mark[:begin] = False
    is_mark[end[:-1]] = False
    at = np.flatnonzero(is_mark)
    width = 2 * keys + 1
    _prove(len(at) == width * len(end))
    marks = at.reshape(-1, width)
    kinds = np.frombuffer(b"{" + b":," * (keys - 1) + b":}", np.uint8)
    _prove((array[marks] == kinds).all() and (marks[:, -1] == end - 1).all())
    above = marks[:, 0] - start
    _prove(((above == 0) | ((above == 1) & (array[start] == SPACE))).all())
    return marks


def _same_between(data: bytes, begin: Ints, until: Ints) -> None:
    """Proves what stands between the values, keys above all, to be the same in every row."""
    lengths = until - begin
    _prove((lengths == lengths[0]).all())
    for at, first, last in zip(begin.T, begin[0].tolist(), until[0].tolist(), strict=True):
        _prove(_stands(data, at, data[first:last]))


def _stands(data: bytes, at: Ints, text: bytes) -> bool:
    """Whether a text of four bytes or more stands at all these places; compared by words, the last may overlap."""
    size = 8 if len(text) >= 8 else 4
    words = np.ndarray(len(data) - size + 1, f"=u{size}", data, strides=(1,))
    steps = {*range(0, len(text) - size, size), len(text) - size}
    return all((words[at + step] == np.frombuffer(text, words.dtype, 1, step)).all() for step in steps)


def _cells(
    data: bytes, first: Ints, last: Ints, is_text: Flags, slashes: Ints | None, *, wanted: bool
) -> pa.Array | None:
    """The values of one key; None where they are only to be proven."""
    changed: list[tuple[Ints, pl.Series]] = []
    if not is_text.all():
        other = np.flatnonzero(~is_text)
        words = _series(data, first[other], last[other])
        _prove(words.str.contains(LITERAL).all() and not (words == "-0").any())
        changed.append((other, words.replace("null", None)))
    if slashes is not None:
        written = np.flatnonzero(np.searchsorted(slashes, first) < np.searchsorted(slashes, last))
        if len(written):
            changed.append((written, _unescaped(_series(data, first[written], last[written]))))
    if not wanted:
        return None
    cells = _texts(data, first + is_text, last - is_text)
    for places, values in changed:
        mask = np.zeros(len(cells), bool)
        mask[places] = True
        cells = pc.replace_with_mask(cells, mask, values.to_arrow(compat_level=pl.CompatLevel.oldest()))
    return cells


def _texts(data: bytes, begin: Ints, until: Ints) -> pa.Array:
    """Stretches of the data in ascending order, each a cell: every second of those that their borders make."""
    borders = np.empty(2 * len(begin) + 1, np.int64)
    borders[0:-1:2], borders[1::2], borders[-1] = begin, until, len(data)
    every = pa.LargeStringArray.from_buffers(len(borders) - 1, pa.py_buffer(borders), pa.py_buffer(data))
    return every.take(pa.array(np.arange(0, len(borders) - 1, 2)))


def _series(data: bytes, begin: Ints, until: Ints) -> pl.Series:
    return cast(pl.Series, pl.from_arrow(_texts(data, begin, until)))


def _unescaped(written: pl.Series) -> pl.Series:
    """Texts as JSON writes them, with their quotes, as they are meant."""
    try:
        return pl.Series(orjson.loads("[" + written.str.join(",")[0] + "]"), dtype=pl.String)
    except orjson.JSONDecodeError:
        raise _Unlike from None
