"""The proven fast path of delimited text: which files Polars reads exactly as the full scan would, row by row.

Proven is a file of whole physical lines, all of them rows with as many separators as the header, with sound quoting and
no line end within quotes. It is handed to Polars as it lies on the disk. Of anything else nothing is said here: then
`connectors.readers.csv` goes through it row by row.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from connectors.readers.gate import blocks
from connectors.readers.rows import CR, LF, MAX_ROW_BYTES, Dialect, parity, words_of

Words = NDArray[np.uint64]
ONE, TOP = np.uint64(1), np.uint64(63)
THREADS = 2
"""Blocks looked at side by side: NumPy lets go of the interpreter, and memory holds one block more than this."""


def proven_rows(stream: BinaryIO, dialect: Dialect) -> int | None:
    """The number of rows in a stream that stands behind the header; None where there is none, or it is not proven."""
    if dialect.line_end != LF or dialect.fields < 2:  # in one column a blank line has as many separators as a row
        return None
    rows = 0
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: deque[Future[int | None]] = deque()
        for lines in _whole_lines(stream):
            waiting.append(pool.submit(_rows, lines, dialect))
            while len(waiting) > THREADS:
                found = waiting.popleft().result()
                if found is None:
                    return None
                rows += found
        for one in waiting:
            found = one.result()
            if found is None:
                return None
            rows += found
    return rows or None


def _whole_lines(stream: BinaryIO) -> Iterator[bytes]:
    """The stream in blocks that end with a line end, the last one perhaps not."""
    rest = b""
    for block in blocks(stream):
        data = rest + block
        cut = data.rfind(b"\n") + 1
        rest = data[cut:]
        if cut:
            yield data[:cut]
        elif len(rest) > MAX_ROW_BYTES:
            break
    if rest:
        yield rest


def _rows(data: bytes, dialect: Dialect) -> int | None:
    """The rows of some lines; None where one of them is not proven.

    Each byte is a bit, so that what stands before or behind a quote is a shift of 64 bytes at a step.
    """
    header = dialect.header.rstrip(b"\r\n") + b"\n"
    if not data.endswith(b"\n") or data.startswith(header) or b"\n" + header in data:
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
