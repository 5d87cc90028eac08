"""Where the rows of delimited text begin and end, and which of them are sound: positions only, no cells.

Quote parity over a whole chunk tells line ends inside cells from row ends. Where the quoting of a chunk contradicts
itself, the line at fault is condemned alone and the scan starts again behind it. Turning rows into columns does not
belong here (`connectors.readers.csv`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connectors.readers.gate import Bytes, invalid_utf8
from connectors.readers.reading import Reason

TAB, LF, CR = 9, 10, 13
MAX_ROW_LINES = 10_000
MAX_ROW_BYTES = 4 * 1024 * 1024
"""A quote that is still open after so much text is taken for a stray one. Long texts of real systems end at 131,072
characters."""
WINDOW = 2 * 1024
"""Bytes looked at after a condemned line; fourfold as long as all is well."""
SWALLOWED = 8
"""Separators at exactly the places of a row's, in lines within one cell, from which the cell is taken for rows."""

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

CLEAN, BLANK, FEW, MANY, QUOTING, UNCLOSED, STRAY_END, NULS, NOT_UTF8, HEADER, CUT, LONG = range(12)

_MEND = "mend the file or export it again"
REASONS: dict[int, Reason] = {
    FEW: Reason("fewer cells than the header", _MEND),
    MANY: Reason(
        "more cells than the header", "check that cells holding the separator are quoted, and export it again"
    ),
    QUOTING: Reason("a quote stands inside a cell or after its end", "check that quotes in cells are doubled"),
    UNCLOSED: Reason("a quote is opened and not closed", _MEND),
    STRAY_END: Reason("a line end of another kind inside the line", "export it again with one kind of line end"),
    NULS: Reason("NUL bytes in the row", _MEND),
    NOT_UTF8: Reason("bytes that are not UTF-8", "set `encoding` in the connector, or export it as UTF-8"),
    HEADER: Reason("the header line again", "nothing, if the file was put together from several"),
    CUT: Reason("the last line is cut off", "export it again"),
    LONG: Reason(f"longer than {MAX_ROW_BYTES:,} bytes", _MEND),
}


@dataclass(frozen=True)
class Dialect:
    """How the cells of a file are told apart, and what its header line is."""

    separator: int
    line_end: int
    header: bytes
    """The header line as it stands, without its line end."""
    fields: int
    quote: int = ord('"')

    @property
    def quotes_all(self) -> bool:
        quote = bytes([self.quote])
        return self.header.startswith(quote) and self.header.count(quote) >= 2 * self.fields


@dataclass(frozen=True)
class Rows:
    """The rows of a chunk: byte positions with line ends included, physical line (from 0), and status."""

    start: Ints
    end: Ints
    line: Ints
    status: Ints
    consumed: int
    """Where the first row begins that is not complete yet."""


@dataclass(frozen=True)
class _Segment:
    start: Ints
    end: Ints
    fields: Ints
    lines: Ints
    suspect: Flags
    """Rows whose cell seems to have swallowed other rows."""
    broken: int
    """Position of the first quote that contradicts the others; -1 if none."""


def scan(data: bytes, dialect: Dialect, *, final: bool, nuls: bool = False, not_utf8: bool = False) -> Rows:
    """Find the rows of a chunk that begins where a row begins.

    The last chunk (`final`) must end in a line end; the caller adds one where the file has none. `nuls` and `not_utf8`
    say that the export has such bytes somewhere, so that they are looked for only then.
    """
    array = np.frombuffer(data, np.uint8)
    parts: list[tuple[Ints, Ints, Ints]] = []
    # A line at fault that is not complete yet is left to the next chunk.
    complete = len(data) if final else data.rfind(bytes([dialect.line_end])) + 1
    position, window, after_fault = 0, len(data), False
    while position < complete:
        if after_fault and dialect.quotes_all and array[position] not in (dialect.quote, LF, CR):
            position = _condemn(data, position, QUOTING, dialect, parts)
            continue
        stop = min(len(data), position + window)
        found = _segment(array, position, stop, dialect)
        sound = _sound(found)
        if sound:
            parts.append((found.start[:sound], found.end[:sound], _counted(found, sound, dialect)))
            position, after_fault = int(found.end[sound - 1]), False
        if sound < len(found.end) or (found.broken >= 0 and found.broken >= position):
            # The row at `position` is at fault: either its quoting or what its cells would hold.
            status = UNCLOSED if sound < len(found.end) and found.suspect[sound] else QUOTING
            position, window, after_fault = _condemn(data, position, status, dialect, parts), WINDOW, True
            continue
        endless = not sound and _endless(data, position, stop, dialect)
        if sound or (stop < len(data) and not endless):
            window *= 4
        elif final or endless:
            position, window, after_fault = _condemn(data, position, UNCLOSED, dialect, parts), WINDOW, True
        else:
            break
    return _with_lines(data, array, parts, position, dialect, nuls, not_utf8)


def is_blank(line: bytes, dialect: Dialect) -> bool:
    """Nothing but spaces; a tab is one unless it separates cells."""
    return not line.strip(b" \r\n" if dialect.separator == TAB else b" \t\r\n")


def _sound(found: _Segment) -> int:
    """How many rows from the beginning of the segment can be trusted."""
    sound = len(found.end)
    if found.broken >= 0:
        sound = int(np.searchsorted(found.end, found.broken, side="right"))
    if found.suspect[:sound].any():
        sound = int(np.argmax(found.suspect[:sound]))
    return sound


def _endless(data: bytes, start: int, stop: int, dialect: Dialect) -> bool:
    if stop - start > MAX_ROW_BYTES:
        return True
    return data.count(bytes([dialect.line_end]), start, stop) > MAX_ROW_LINES


def _condemn(data: bytes, start: int, status: int, dialect: Dialect, parts: list[tuple[Ints, Ints, Ints]]) -> int:
    """Give up the physical line at `start`; the position behind it."""
    at = data.find(bytes([dialect.line_end]), start)
    end = len(data) if at < 0 else at + 1
    blank = is_blank(data[start:end], dialect)
    parts.append((np.array([start]), np.array([end]), np.array([BLANK if blank else status])))
    return end


def _segment(array: Bytes, start: int, stop: int, dialect: Dialect) -> _Segment:
    """Rows that end within a stretch of the chunk, by quote parity from its beginning."""
    part = array[start:stop]
    is_end = part == dialect.line_end
    marks = is_end | (part == dialect.separator)
    is_quote = part == dialect.quote
    broken = -1
    if is_quote.any():
        inside = inside_quotes(is_quote)
        broken = _first_broken(part, is_quote, inside, marks | is_quote, dialect)
        broken += start if broken >= 0 else 0
        marks &= ~inside
    at = np.flatnonzero(marks)
    row_ends = np.flatnonzero(part[at] == dialect.line_end)
    end = at[row_ends] + 1
    fields = np.diff(row_ends, prepend=-1)
    begin = np.concatenate((np.zeros(min(1, len(end)), np.int64), end[:-1]))
    lines, suspect = _lines(part, is_end, end, dialect)
    return _Segment(begin + start, end + start, fields, lines, suspect, broken)


def inside_quotes(is_quote: Flags) -> Flags:
    """Whether each byte stands behind an odd number of quotes, itself included."""
    return np.unpackbits(parity(words_of(is_quote)).view(np.uint8), count=len(is_quote), bitorder="little").view(bool)


def words_of(flags: Flags) -> NDArray[np.uint64]:
    """One bit for every byte, 64 to a word; those behind the end are 0."""
    bits = np.packbits(flags, bitorder="little")
    return np.pad(bits, (0, -len(bits) % 8)).view(np.uint64)


def parity(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """For every bit, whether the number of bits up to it, itself included, is odd.

    A running parity, 64 bytes at a step: within a word by shifts, from word to word by what was left over. On 8 MB this
    takes 1.5 ms, `np.logical_xor.accumulate` 22.
    """
    for shift in (1, 2, 4, 8, 16, 32):
        words = words ^ (words << np.uint64(shift))
    odd = np.bitwise_xor.accumulate((words >> np.uint64(63)).astype(np.uint8))
    before = np.concatenate((np.zeros(1, np.uint8), odd[:-1])).astype(np.uint64)
    return words ^ (np.uint64(0) - before)


def _first_broken(part: Bytes, is_quote: Flags, inside: Flags, edge: Flags, dialect: Dialect) -> int:
    """The first quote that neither begins nor ends a cell nor is one of a doubled pair; -1 if there is none.

    A quote that opens follows a cell's edge (or the quote it is doubled with), one that closes is followed by one.
    """
    opens, closes = is_quote & inside, is_quote & ~inside
    before = np.flatnonzero(opens[1:] & ~edge[:-1]) + 1
    after = np.flatnonzero(closes[:-1] & ~edge[1:])
    if dialect.line_end == LF:
        # "…"\r\n is a cell's end; "…"\r within a line is not.
        returns = part[after + 1] == CR
        last = after + 2 >= len(part)
        after = after[~(returns & (last | (part[np.minimum(after + 2, len(part) - 1)] == LF)))]
    return min((int(bad[0]) for bad in (before, after) if len(bad)), default=-1)


def _lines(part: Bytes, is_end: Flags, end: Ints, dialect: Dialect) -> tuple[Ints, Flags]:
    """Physical lines per row, and which rows seem to have swallowed others.

    Lines within a cell that all have exactly a row's number of separators are rows behind a quote that should not be
    open. One or two short lines can look so by chance, so it takes `SWALLOWED` separators.
    """
    line_ends = np.flatnonzero(is_end)
    lines = np.ones(len(end), np.int64)
    suspect = np.zeros(len(end), bool)
    if len(line_ends) == len(end) or not len(end):
        return lines, suspect
    last = np.searchsorted(line_ends, end - 1)
    first = np.concatenate((np.zeros(1, np.int64), last[:-1] + 1))
    lines = last - first + 1
    inner = lines - 2
    candidates = (inner >= 2) & (inner * (dialect.fields - 1) >= SWALLOWED)
    if candidates.any():
        separators = np.flatnonzero(part == dialect.separator)
        per_line = np.diff(np.searchsorted(separators, line_ends), prepend=0)
        alike = np.concatenate((np.zeros(1, np.int64), np.cumsum(per_line == dialect.fields - 1)))
        suspect = candidates & (alike[last] - alike[np.minimum(first + 1, last)] == inner)
    return lines, suspect


def _counted(found: _Segment, sound: int, dialect: Dialect) -> Ints:
    """Status by number of cells and by length."""
    fields = found.fields[:sound]
    status = np.zeros(sound, np.int64)
    status[fields < dialect.fields] = FEW
    status[fields > dialect.fields] = MANY
    status[found.end[:sound] - found.start[:sound] > MAX_ROW_BYTES] = LONG
    return status


def _with_lines(
    data: bytes,
    array: Bytes,
    parts: list[tuple[Ints, Ints, Ints]],
    consumed: int,
    dialect: Dialect,
    nuls: bool,
    not_utf8: bool,
) -> Rows:
    empty = np.zeros(0, np.int64)
    start, end, status = (np.concatenate([empty, *(part[i] for part in parts)]) for i in range(3))
    length = end - start
    blank = (length == 1) | ((length == 2) & (array[start] == CR)) if len(start) else np.zeros(0, bool)
    status[blank] = BLANK
    for row in np.flatnonzero((status == FEW) & (length <= 200)):
        # Spaces alone are no row either; few rows come here, for few are short of cells.
        if is_blank(data[start[row] : end[row]], dialect):
            status[row] = BLANK
    header = dialect.header.rstrip(b"\r\n")
    for row in np.flatnonzero((length >= len(header) + 1) & (length <= len(header) + 2) & (status == CLEAN)):
        if data.startswith(header, start[row]) and not data[start[row] + len(header) : end[row]].strip():
            status[row] = HEADER
    view = data[:consumed]
    _mark(status, end, _stray_ends(view, array[:consumed], dialect, start, end), STRAY_END)
    if nuls:
        _mark(status, end, np.flatnonzero(array[:consumed] == 0), NULS)
    if not_utf8:
        _mark(status, end, np.array(invalid_utf8(view), np.int64), NOT_UTF8)
    line_ends = np.flatnonzero(array[:consumed] == dialect.line_end) if len(start) else empty
    line = np.arange(len(start)) if len(line_ends) == len(start) else np.searchsorted(line_ends, start)
    return Rows(start, end, line, status, consumed)


def _mark(status: Ints, end: Ints, positions: Ints, reason: int) -> None:
    rows = np.unique(np.searchsorted(end, positions, side="right"))
    rows = rows[rows < len(status)]
    status[rows[status[rows] == CLEAN]] = reason


def _stray_ends(view: bytes, array: Bytes, dialect: Dialect, start: Ints, end: Ints) -> Ints:
    """Line ends of the other kind that stand outside quoted cells: a lone CR in an LF file, an LF in a CR file."""
    other = CR if dialect.line_end == LF else LF
    if other not in view:
        return np.zeros(0, np.int64)
    at = np.flatnonzero(array == other)
    if other == CR:
        following = array[np.minimum(at + 1, len(array) - 1)]
        at = at[following != LF]
    if not len(at):
        return at
    # Quote parity counts from the row's own beginning, for condemned lines before it may hold odd quotes.
    row = np.searchsorted(end, at, side="right")
    at, row = at[row < len(end)], row[row < len(end)]
    quotes = np.flatnonzero(array == dialect.quote)
    before = np.searchsorted(quotes, at) - np.searchsorted(quotes, start[row])
    return at[before % 2 == 0]
