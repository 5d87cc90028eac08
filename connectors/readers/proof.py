"""The proven fast path of delimited text: which lines the parser reads exactly as the full scan would, row by row.

Proven are whole physical lines, all of them rows with as many separators as the header, with sound quoting and no line
end within quotes. They are parsed as they stand. Of anything else nothing is said here: then `connectors.readers.csv`
goes through it row by row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from connectors.readers.rows import CR, LF, MAX_ROW_BYTES, Dialect, parity, words_of

Words = NDArray[np.uint64]
ONE, TOP = np.uint64(1), np.uint64(63)
PIECE = 512 * 1024
"""Bytes looked at together: so few that what is made of them stays in the processor's cache, which is twice as fast."""


def proven_rows(data: bytes, dialect: Dialect) -> int | None:
    """The number of rows in some whole lines, the first of which begins a row; None where one is not proven."""
    if dialect.line_end != LF or dialect.fields < 2:  # in one column a blank line has as many separators as a row
        return None
    rows = at = 0
    while at < len(data):
        end = data.rfind(b"\n", at, at + PIECE) + 1 or data.find(b"\n", at + PIECE) + 1
        found = _rows(data[at:end], dialect) if end else None
        if found is None:
            return None
        rows, at = rows + found, end
    return rows


def _rows(data: bytes, dialect: Dialect) -> int | None:
    """The same of a piece.

    Each byte is a bit, so that what stands before or behind a quote is a shift of 64 bytes at a step.
    """
    header = dialect.header.rstrip(b"\r\n") + b"\n"
    if data.startswith(header) or b"\n" + header in data:
        return None
    array = np.frombuffer(data, np.uint8)
    is_end = array == LF
    ends, separators = words_of(is_end), words_of(array == dialect.separator)
    returns = words_of(array == CR) if b"\r" in data else np.zeros_like(ends)
    if (returns & ~_next(ends)).any():
        return None
    if bytes([dialect.quote]) in data:
        quotes = words_of(array == dialect.quote)
        inside = parity(quotes)
        edge = ends | separators | quotes
        opens, closes = quotes & inside, quotes & ~inside
        if (ends & inside).any() or (opens & ~_before(edge)).any() or (closes & ~_next(edge | returns)).any():
            return None
        separators &= ~inside
    return _alike(np.flatnonzero(is_end), separators, dialect.fields - 1)


def _alike(end: NDArray[np.int64], separators: Words, wanted: int) -> int | None:
    """The number of lines, where each has the wanted number of separators and none is over-long."""
    word, bit = end >> 6, (end & 63).astype(np.uint64)
    counts = np.bitwise_count(separators)
    before = np.cumsum(counts, dtype=np.int64) - counts
    until = before[word] + np.bitwise_count(separators[word] & ((ONE << bit) - ONE))
    per_line, length = np.diff(until, prepend=0), np.diff(end, prepend=-1)
    return len(end) if (per_line == wanted).all() and int(length.max()) <= MAX_ROW_BYTES else None


def _before(words: Words) -> Words:
    """For every byte, the bit of the byte before it; before the first one stands an edge."""
    carried = np.concatenate((np.ones(1, np.uint64), words[:-1] >> TOP))
    return (words << ONE) | carried


def _next(words: Words) -> Words:
    """For every byte, the bit of the byte behind it."""
    carried = np.concatenate((words[1:] << TOP, np.zeros(1, np.uint64)))
    return (words >> ONE) | carried
