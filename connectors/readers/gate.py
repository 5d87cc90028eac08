"""The gate: bytes are looked at as a whole before anything is read from them.

Decides that an export is text, and in which encoding; gives it out as UTF-8. Rows do not belong here.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

BLOCK = 8 * 1024 * 1024
Bytes = NDArray[np.uint8]

BOMS = {
    # The mark of UTF-16 LE begins that of UTF-32 LE: the longer ones come first.
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
MAGIC = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\x1f\x8b": "packed with gzip",
    b"\x28\xb5\x2f\xfd": "packed with Zstandard",
    b"PAR1": "a Parquet file",
    b"\xd0\xcf\x11\xe0": "an old or password-protected Office document",
    b"%PDF": "a PDF",
}

NUL = 0
FIRST_LEAD = 0xC2
"""From here on a byte begins a character of several bytes in UTF-8."""
CONTROLS = np.isin(np.arange(256), [c for c in range(1, 32) if c not in b"\t\n\r\v\f\x1a"])
UNDEFINED_1252 = np.isin(np.arange(256), [0x81, 0x8D, 0x8F, 0x90, 0x9D])


class Refused(ValueError):
    """An export that is not landed; says why and what to do, and never quotes a cell."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}; {remedy}")
        self.reason = reason
        self.remedy = remedy


class ShapeMismatch(Refused):
    """The export is readable, but not of this shape; another shape of the object may fit."""


@dataclass(frozen=True)
class Facts:
    """What one pass over an export's bytes tells."""

    sha256: str
    size: int
    start: bytes
    """The first four bytes."""
    invalid: int
    """Byte sequences that are not UTF-8."""
    multibyte: int
    """Characters beyond ASCII that are."""
    cut_character: bool
    """The bytes end in the middle of a UTF-8 character."""
    nuls: int
    nul_tail: int
    controls: int
    undefined_1252: int


@dataclass(frozen=True)
class Encoding:
    """The encoding decided for a whole export."""

    name: str
    bom: int = 0
    warnings: tuple[str, ...] = ()

    def width(self, utf8: Bytes) -> int:
        """How many bytes of the export the given UTF-8 bytes stand for."""
        if self.name == "utf-8":
            return len(utf8)
        characters = int(np.count_nonzero((utf8 & 0xC0) != 0x80))
        if self.name.startswith("utf-16"):
            return 2 * (characters + int(np.count_nonzero(utf8 >= 0xF0)))
        return 4 * characters if self.name.startswith("utf-32") else characters


def blocks(stream: BinaryIO, size: int = BLOCK) -> Iterator[bytes]:
    """The stream in blocks of `size` bytes, the last one shorter."""
    while block := stream.read(size):
        yield block


def inspect(stream: BinaryIO) -> Facts:
    """Read a stream to its end once: its hash, and what its encoding can be."""
    digest = hashlib.sha256()
    size = nuls = nul_tail = invalid = multibyte = controls = undefined = 0
    start = pending = b""
    for block in blocks(stream):
        digest.update(block)
        start = start or block[:4]
        size += len(block)
        if NUL in block:
            nuls += block.count(NUL)
            kept = block.rstrip(b"\0")
            nul_tail = len(block) - len(kept) + (0 if kept else nul_tail)
        else:
            nul_tail = 0
        if pending or not block.isascii():
            data = pending + block
            bad, good, pending = _utf8(data)
            invalid, multibyte = invalid + bad, multibyte + good
        if invalid:
            counts = np.bincount(np.frombuffer(block, np.uint8), minlength=256)
            controls += int(counts[CONTROLS].sum())
            undefined += int(counts[UNDEFINED_1252].sum())
    return Facts(
        digest.hexdigest(), size, start, invalid, multibyte, bool(pending), nuls, nul_tail, controls, undefined
    )


def _utf8(data: bytes) -> tuple[int, int, bytes]:
    """Invalid sequences, valid characters beyond ASCII, and an incomplete character at the end."""
    whole = len(data) - _incomplete(data)
    seen, rest = data[:whole], data[whole:]
    array = np.frombuffer(seen, np.uint8)
    if _is_utf8(seen):
        return 0, int(np.count_nonzero(array >= FIRST_LEAD)), rest
    text = seen.decode("utf-8", "replace")
    invalid = text.count("\ufffd") - seen.count(b"\xef\xbf\xbd")
    return invalid, len(text) - int(np.count_nonzero(array < 0x80)) - invalid, rest


def _is_utf8(data: bytes) -> bool:
    """Whether it is UTF-8 throughout; Arrow tells seven times as fast as Python, for it makes no text."""
    borders = np.array([0, len(data)], np.int64)
    try:
        pa.LargeStringArray.from_buffers(1, pa.py_buffer(borders), pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _incomplete(data: bytes) -> int:
    """How many bytes at the end begin a character that goes on beyond it."""
    for length in (1, 2, 3):
        byte = data[-length] if length <= len(data) else 0
        if byte >= FIRST_LEAD:
            needed = 2 + (byte >= 0xE0) + (byte >= 0xF0)
            return length if needed > length else 0
        if byte < 0x80:
            return 0
    return 0


def decide(facts: Facts, declared: str) -> Encoding:
    """The encoding of the whole export.

    A byte order mark wins over what the shape declares. `auto` is UTF-8 where the bytes are; where most of what is
    beyond ASCII is not UTF-8 it is windows-1252 (which holds ISO-8859-1's letters), with a warning.

    Raises:
        ShapeMismatch: of another format.
        Refused: empty, binary, unfinished, or of an encoding that cannot be told.
    """
    if facts.size == 0:
        raise Refused("the file is empty", "export it again; an object without rows still has its header")
    found = next((what for magic, what in MAGIC.items() if facts.start.startswith(magic)), None)
    if found:
        raise ShapeMismatch(f"the file is {found}, not text", "name it by what it is, or set `format` in the connector")
    bom = next((mark for mark in BOMS if facts.start.startswith(mark)), b"")
    if bom:
        if facts.size == len(bom):
            raise Refused("the file is empty", "export it again; an object without rows still has its header")
        return _not_torn(facts, Encoding(BOMS[bom], len(bom), _damage(facts) if bom == codecs.BOM_UTF8 else ()))
    if declared in ("utf-16-le", "utf-16-be"):
        return _not_torn(facts, Encoding(declared))
    if facts.nuls - facts.nul_tail > facts.size // 4 or declared == "utf-16":
        raise Refused(
            "the file looks like UTF-16 without a byte order mark",
            "export it as UTF-8, or set `encoding: utf-16-le` (or utf-16-be) in the connector",
        )
    if declared in ("iso-8859-1", "windows-1252"):
        if declared == "windows-1252" and facts.undefined_1252:
            raise Refused("the file is not windows-1252", "set `encoding` in the connector to what the system writes")
        return _not_torn(facts, Encoding(declared))
    if declared == "utf-8" or facts.multibyte >= facts.invalid:
        return _not_torn(facts, Encoding("utf-8", 0, _damage(facts)))
    if facts.undefined_1252 or facts.controls:
        raise Refused("the file is neither UTF-8 nor windows-1252 text", "export it as UTF-8")
    warning = f"not UTF-8 ({facts.invalid} byte sequences); read as windows-1252"
    return Encoding("windows-1252", 0, (warning,))


def _damage(facts: Facts) -> tuple[str, ...]:
    return (f"{facts.invalid} byte sequences are not UTF-8; their rows are rejected",) if facts.invalid else ()


def _not_torn(facts: Facts, encoding: Encoding) -> Encoding:
    # A UTF-16 file of ASCII letters ends in one NUL (big end first: none), so only longer tails count there.
    if facts.nul_tail > {"utf-16": 1, "utf-32": 3}.get(encoding.name[:6], 0):
        raise Refused(f"the file ends in {facts.nul_tail} NUL bytes: it was not written to its end", "export it again")
    return encoding


def utf8_blocks(stream: BinaryIO, encoding: Encoding, size: int = BLOCK) -> Iterator[bytes]:
    """The stream as blocks of UTF-8 without byte order mark. Blocks may end anywhere.

    In a UTF-8 export, sequences that are not UTF-8 come through as they are: `invalid_utf8` finds them.

    Raises:
        Refused: bytes that the decided encoding does not have.
    """
    stream.read(encoding.bom)
    if encoding.name == "utf-8":
        yield from blocks(stream, size)
        return
    decoder = codecs.getincrementaldecoder(encoding.name)()
    try:
        for block in blocks(stream, size):
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", True).encode()
    except UnicodeError:
        raise Refused(f"the file is not {encoding.name} throughout", "export it as UTF-8") from None


def invalid_utf8(data: bytes) -> list[int]:
    """Positions at which `data` is not UTF-8."""
    view, found, at = memoryview(data), [], 0
    while True:
        try:
            codecs.utf_8_decode(view[at:], "strict", True)
        except UnicodeDecodeError as error:
            found.append(at + error.start)
            at += max(error.end, error.start + 1)
        else:
            return found
