"""Delimited text (CSV, TSV, …) -> text frames, every row of the file accounted for.

The scan (`connectors.readers.rows`) says which rows are sound; only they are parsed, with an explicit dialect and all
text, and the parser must find exactly as many. Lines that are proven sound (`connectors.readers.proof`)
need no scan. Encodings do not belong here (`connectors.readers.gate`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from connectors.readers.gate import BLOCK, Encoding, Refused, ShapeMismatch, decide, utf8_blocks
from connectors.readers.proof import proven_rows
from connectors.readers.reading import Opened, Reading, Wanted, folded, stored_columns
from connectors.readers.rows import (
    BLANK,
    CLEAN,
    CR,
    CUT,
    FEW,
    LF,
    QUOTING,
    REASONS,
    UNCLOSED,
    Dialect,
    Ints,
    Rows,
    is_blank,
    scan,
)
from connectors.readers.sink import Sink
from connectors.spec import ExportShape

SEPARATORS = ",;\t|^`!"
"""What stands between cells, the likeliest first; the last three in Salesforce's Bulk API and Data Loader."""
MAX_HEADER = 1024 * 1024
MAX_REST = 4 * BLOCK
MAX_TAIL = 40
"""Lines that may end a report; Salesforce writes seven."""


@dataclass(frozen=True)
class Header:
    """The header line: the dialect it shows, and which of its columns are stored."""

    dialect: Dialect
    stored: dict[str, int]
    """Landed name -> position."""
    unnamed: tuple[str, ...]
    bytes: int
    """Length with its line end and the blank lines above it."""
    lines: int


def read(export: Opened, shape: ExportShape, wanted: Wanted, sink: Sink) -> Reading:
    """Read one delimited text export into `sink`.

    Raises:
        ShapeMismatch: the header lacks the key or a required column.
        Refused: the bytes are not text, the header cannot be trusted, or the parser contradicts the scan.
    """
    encoding = decide(export.facts, shape.encoding)
    with export.open() as stream:
        pieces = utf8_blocks(stream, encoding)
        beginning = _beginning(pieces)
        header = _header(beginning, shape, wanted)
        state = _State(encoding, header, sink, line=header.lines + 1)
        state.report = shape.tail == "report"
        state.byte = encoding.bom + encoding.width(np.frombuffer(beginning[: header.bytes], np.uint8))
        nuls = export.facts.nuls > 0
        not_utf8 = encoding.name == "utf-8" and (export.facts.invalid > 0 or export.facts.cut_character)
        rest = beginning[header.bytes :]
        for piece in pieces:
            # Cut behind a line, so that a block that is sound is copied once.
            cut = piece.rfind(b"\n") + 1
            if len(rest) + cut >= BLOCK // 2:
                lines = b"".join((rest, memoryview(piece)[:cut]))
                rest = state.take(lines, final=False, nuls=nuls, not_utf8=not_utf8) + piece[cut:]
            else:
                rest += piece
            if len(rest) > MAX_REST:
                raise Refused(f"a line longer than {MAX_REST:,} bytes", "check that this is a delimited text file")
        state.finish(rest, nuls=nuls, not_utf8=not_utf8)
    warnings = (*encoding.warnings, *state.warnings)
    return Reading(
        state.rows,
        sink.rejected,
        tuple(header.stored),
        header.unnamed,
        warnings=warnings,
        whole=not state.open_end,
        reasons=dict(sink.reasons),
    )


class _State:
    """Where in the export the reading stands, as numbers for the next chunk."""

    def __init__(self, encoding: Encoding, header: Header, sink: Sink, line: int) -> None:
        self.encoding, self.header, self.sink = encoding, header, sink
        self.rows = 0
        self.line = line
        self.byte = 0
        self.warnings: list[str] = []
        self.open_end = False
        self.report = False
        self._behind = np.zeros(0, np.int64)
        """Status of what stands behind the last sound row."""

    def take(self, data: bytes, *, final: bool, nuls: bool, not_utf8: bool, cut: bool = False) -> bytes:
        """Land and reject the complete rows of a chunk; what is left of it."""
        lines = data.rfind(b"\n") + 1
        proven = None if nuls or not_utf8 else proven_rows(data[:lines], self.header.dialect)
        if proven:
            return self._take_proven(data, lines, proven)
        found = scan(data, self.header.dialect, final=final, nuls=nuls, not_utf8=not_utf8)
        if cut and len(found.status) and found.status[-1] in (FEW, QUOTING, UNCLOSED):
            found.status[-1] = CUT
        counted = found.status != BLANK
        numbers = self.rows + np.cumsum(counted)
        self._land(data, found, numbers)
        self._reject(data, found, numbers)
        self.rows += int(counted.sum())
        sound = np.flatnonzero(found.status == CLEAN)
        behind = found.status[sound[-1] + 1 :] if len(sound) else np.append(self._behind, found.status)
        self._behind = behind[: MAX_TAIL + 1]
        taken = np.frombuffer(data, np.uint8)[: found.consumed]
        self.line += int(np.count_nonzero(taken == self.header.dialect.line_end))
        self.byte += self.encoding.width(taken)
        return data[found.consumed :]

    def _take_proven(self, data: bytes, until: int, rows: int) -> bytes:
        numbers = np.arange(self.rows + 1, self.rows + rows + 1, dtype=np.int64)
        self._land_rows(data[:until], numbers)
        self.rows += rows
        self._behind = np.zeros(0, np.int64)
        self.line += rows
        self.byte += self.encoding.width(np.frombuffer(data, np.uint8)[:until])
        return data[until:]

    def finish(self, data: bytes, *, nuls: bool, not_utf8: bool) -> None:
        """The last chunk; a last line without line end gets one, and is looked at twice."""
        if not is_blank(data, self.header.dialect):
            self._take_last(data, nuls=nuls, not_utf8=not_utf8)
        if self.report:
            self._take_back_tail()

    def _take_back_tail(self) -> None:
        """A blank line and, behind it, lines of fewer cells than the header that end the file are no rows."""
        behind = self._behind
        lines = int(np.count_nonzero(behind != BLANK))
        if lines and len(behind) <= MAX_TAIL and behind[0] == BLANK and np.isin(behind, (BLANK, FEW, CUT)).all():
            self.sink.take_back(lines)
            self.rows -= lines

    def _take_last(self, data: bytes, *, nuls: bool, not_utf8: bool) -> None:
        end = self.header.dialect.line_end
        cut = data[-1] not in (LF, CR)
        before = self.sink.rejected
        self.take(data if data[-1] == end else data + bytes([end]), final=True, nuls=nuls, not_utf8=not_utf8, cut=cut)
        closed = data[-1] == self.header.dialect.quote
        if cut and not closed and self.sink.rejected == before:
            self.open_end = True
            self.warnings.append(
                "the last line has no line end: its last cell may be cut off, and rows after it missing"
            )

    def _land(self, data: bytes, found: Rows, numbers: np.ndarray) -> None:
        clean = found.status == CLEAN
        if not clean.any():
            return
        self._land_rows(data[: found.consumed] if clean.all() else _only(data, found, clean), numbers[clean])

    def _land_rows(self, text: bytes, numbers: Ints) -> None:
        frame = _parse(text, self.header)
        if frame.height != len(numbers):
            raise Refused(
                f"near line {self.line}: {len(numbers)} rows by their line ends, {frame.height} by the parser",
                "export it again, with line ends of one kind and quotes doubled",
            )
        self.sink.land(frame.insert_column(0, pl.Series("_row", numbers, dtype=pl.Int64)))

    def _reject(self, data: bytes, found: Rows, numbers: np.ndarray) -> None:
        array, at, byte = np.frombuffer(data, np.uint8), 0, self.byte
        for row in np.flatnonzero((found.status != CLEAN) & (found.status != BLANK)):
            start, end = int(found.start[row]), int(found.end[row])
            byte += self.encoding.width(array[at:start])
            at = start
            size = self.encoding.width(array[start:end])
            reason = REASONS[int(found.status[row])]
            self.sink.reject(int(numbers[row]), self.line + int(found.line[row]), byte, byte + size, reason)


def _only(data: bytes, found: Rows, clean: np.ndarray) -> bytes:
    """The clean rows, run by run."""
    edges = np.flatnonzero(np.diff(clean.astype(np.int8), prepend=0, append=0))
    view = memoryview(data)
    runs = zip(found.start[edges[::2]], found.end[edges[1::2] - 1], strict=True)
    return b"".join(view[start:end] for start, end in runs)


def _parse(text: bytes, header: Header) -> pl.DataFrame:
    dialect = header.dialect
    names = [f"column_{i + 1}" for i in range(dialect.fields)]
    stored = {landed: names[position] for landed, position in header.stored.items()}
    try:
        frame = pl.read_csv(
            text,
            has_header=False,
            schema=dict.fromkeys(names, pl.String),
            columns=list(dict.fromkeys(stored.values())),
            separator=chr(dialect.separator),
            eol_char=chr(dialect.line_end),
            quote_char=chr(dialect.quote) if bytes([dialect.quote]) in text else None,
            empty_string_is_null=False,
            extra_columns="raise",
            missing_columns="raise",
            infer_schema=False,
        )
    except pl.exceptions.PolarsError:
        # Its message may quote a cell.
        raise Refused("the parser does not accept rows that are sound by their line ends", "export it again") from None
    return frame.select(pl.col(name).alias(landed) for landed, name in stored.items())


def _beginning(pieces: Iterator[bytes]) -> bytes:
    """The first block, or more where blocks are small: enough to hold any header."""
    beginning = b""
    for piece in pieces:
        beginning += piece
        if len(beginning) >= MAX_HEADER:
            break
    return beginning


def _header(data: bytes, shape: ExportShape, wanted: Wanted) -> Header:
    """Find the header line, the separator and the columns; see `read` for what is raised."""
    quote = shape.quote.encode()
    above = _behind_lines(data, shape.above)
    above += len(data) - above - len(data[above:].lstrip(b"\r\n"))
    end, line_end = _first_row(data, above, quote)
    line = data[above:end].rstrip(b"\r\n")
    if not line.strip():
        raise Refused("the file holds blank lines only", "export it again; an object without rows still has its header")
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise Refused("the header line is not text", "export it as UTF-8") from None
    separator, cells = _split(text, shape, wanted)
    stored, unnamed, missing = stored_columns(cells, wanted)
    if missing:
        raise ShapeMismatch(
            f"the header has no column {', '.join(repr(name) for name in missing)}",
            "export it with these columns, or name this shape in the connector",
        )
    for _ in range(shape.below):
        if end < len(data):
            end, _ = _first_row(data, end, quote)
    lines = data[:end].count(line_end)
    dialect = Dialect(ord(separator), line_end, line, len(cells), quote[0])
    return Header(dialect, stored, unnamed, end, lines)


def _behind_lines(data: bytes, lines: int) -> int:
    """Where the line after so many lines begins, whatever stands in them."""
    at = 0
    for _ in range(lines):
        found = data.find(b"\n", at)
        found = found if found >= 0 else data.find(b"\r", at)
        if found < 0:
            raise ShapeMismatch(f"the file has no line below the first {lines}", "mend `above` in the connector")
        at = found + 1
    return at


def _first_row(data: bytes, start: int, quote: bytes) -> tuple[int, int]:
    """Where the header row ends, and the byte that ends rows: LF, or CR in files without LF after it."""
    at = start
    while True:
        ends = [found for found in (data.find(b"\n", at), data.find(b"\r", at)) if found >= 0]
        if not ends or min(ends) > start + MAX_HEADER:
            if len(data) > start + MAX_HEADER:
                raise Refused("no header line in the first megabyte", "check that this is a delimited text file")
            return len(data), LF
        first = min(ends)
        if data.count(quote, start, first) % 2 == 0:
            break
        at = first + 1
    if data[first] == CR and data[first + 1 : first + 2] == b"\n":
        return first + 2, LF
    return first + 1, data[first]


def _split(line: str, shape: ExportShape, wanted: Wanted) -> tuple[str, list[str]]:
    """The separator and the header's cells: the separator that shows most required columns, then most cells."""
    found = []
    for separator in (shape.delimiter,) if shape.delimiter else SEPARATORS:
        text = io.StringIO(line, newline="")
        try:
            rows = list(csv.reader(text, delimiter=separator, quotechar=shape.quote, strict=True))
        except csv.Error:  # its quotes fit another separator
            continue
        named = {folded(cell) for cell in rows[0]}
        hits = sum(not named.isdisjoint(map(folded, wanted.called[name])) for name in wanted.required)
        found.append((hits, len(rows[0]), separator, rows[0]))
    if not found:
        raise Refused("the quoting of the header line is broken", "export it again")
    _, _, separator, cells = max(found, key=lambda one: one[:2])
    return separator, cells
