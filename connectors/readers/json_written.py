"""JSON values as they are written -> cells: numbers and words proven by their bytes, texts meant by what they escape.

Values are stretches of the data, of many rows and keys at once. Where they stand does not belong here
(`connectors.readers.json_alike`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from connectors.readers.gate import Bytes
from connectors.readers.json_cells import ABSENT, Inexact, NotJson, cell, look_up, parse, parse_exactly
from connectors.readers.json_text import Ints
from connectors.readers.rows import Flags

ZERO, MINUS, DOT = b"0-."
LONGEST = 300
"""Characters of a number that is no more than its digits; a longer one may be beyond what parsers take."""


def words(data: bytes, first: Ints, last: Ints) -> tuple[Flags, Flags]:
    """Which values are `null`, and which are `true`, `false` or `null`."""
    array, length = np.frombuffer(data, np.uint8), last - first
    fours = np.ndarray(max(len(data) - 3, 0), "=u4", data, strides=(1,))[np.minimum(first, len(data) - 4)]
    null = (length == 4) & (fours == _four(b"null"))
    true = (length == 4) & (fours == _four(b"true"))
    false = (length == 5) & (fours == _four(b"fals")) & (array[np.minimum(first + 4, len(data) - 1)] == ord("e"))
    return null, null | true | false


def _four(word: bytes) -> np.uint32:
    return np.frombuffer(word, "=u4")[0]


def are_numbers(data: bytes, first: Ints, last: Ints) -> bool:
    """Whether all are numbers that are their digits: without exponent, and not -0. What is rarer is parsed."""
    digits, border = bytes_of(stretches(data, first, last))
    begin, end = border[:-1], border[1:]
    if not len(begin):
        return True
    length = end - begin
    if length.min() < 1 or length.max() > LONGEST:
        return False
    minus = digits[begin] == MINUS
    if (length == minus).any():
        return False
    begin = begin + minus
    other = np.flatnonzero(digits - np.uint8(ZERO) > 9)
    dots = other[digits[other] == DOT]
    row = np.searchsorted(end, dots, side="right")
    leads = digits[begin] == ZERO
    second = digits[np.minimum(begin + 1, len(digits) - 1)]
    whole = np.ones(len(begin), bool)
    whole[row] = False
    return bool(
        len(other) == len(dots) + np.count_nonzero(minus)
        and (row[1:] != row[:-1]).all()
        and (dots > begin[row]).all()
        and (dots < end[row] - 1).all()
        and (~leads | (end - begin == 1) | (second == DOT)).all()
        and not (leads & minus & whole).any()
    )


def stretches(data: bytes, begin: Ints, until: Ints, absent: Flags | None = None) -> pa.Array:
    """Stretches of the data, each a cell, some of them absent: every second of those that their borders make."""
    borders = np.empty(2 * len(begin) + 1, np.int64)
    borders[0:-1:2], borders[1::2], borders[-1] = begin, until, len(data)
    every = pa.LargeStringArray.from_buffers(len(borders) - 1, pa.py_buffer(borders), pa.py_buffer(data))
    return every.take(pa.array(np.arange(0, len(borders) - 1, 2), mask=absent))


def bytes_of(cells: pa.Array) -> tuple[Bytes, Ints]:
    """The bytes of texts, none of them null, one after another, and their borders."""
    _, offsets, held = cells.buffers()
    border = np.frombuffer(offsets, np.int64, len(cells) + 1, cells.offset * 8)
    return np.frombuffer(held or b"", np.uint8), border


def meant(written: pa.Array) -> pa.Array:
    """Texts as JSON writes them, with their quotes, as they are meant.

    Raises:
        NotJson: one is none.
    """
    different = written.dictionary_encode()
    return pa.array(_parsed(different.dictionary), pa.large_string()).take(different.indices)


def _parsed(written: pa.Array) -> list[Any]:
    return list(parse(f"[{','.join(written.to_pylist())}]".encode()))


@dataclass(frozen=True)
class Lists:
    """Lists as they are written; what is made of them is made once of each that differs."""

    written: pa.Array
    values: list[list[Any]]
    """The different ones, parsed."""
    which: pa.Array
    """Of the different ones, by index, for each row."""

    @classmethod
    def of(cls, written: pa.Array) -> Lists:
        """Raises `NotJson` where one is none, or several."""
        different = written.dictionary_encode()
        values = _parsed(different.dictionary)
        if len(values) != len(different.dictionary):
            raise NotJson
        return cls(different.dictionary, values, different.indices)

    @property
    def inner(self) -> list[Any]:
        """What all of them hold."""
        return [one for value in self.values for one in value]

    def cells(self, path: str) -> tuple[pa.Array, bool]:
        """The cells at a path within each, or of each itself; whether the path leads somewhere in any."""
        found = [self._cell(index, path) for index in range(len(self.values))]
        texts = pa.array([None if one is ABSENT else one for one in found], pa.large_string())
        return texts.take(self.which), any(one is not ABSENT for one in found)

    def _cell(self, index: int, path: str) -> Any:
        value: Any = self.values[index]
        try:
            found = look_up(value, path) if path else value
            return ABSENT if found is ABSENT else cell(found)
        except Inexact:
            value = parse_exactly(self.written[index].as_py().encode())
            return cell(look_up(value, path) if path else value)
