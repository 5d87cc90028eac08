"""What an Excel workbook's package tells before its sheets are loaded: which there are, how large, how numbers show.

A workbook is a ZIP of XML parts. Its sheets are loaded by calamine (`connectors.readers.excel`), which takes the memory
that a sheet's corners ask for and gives numbers without their format: so the corners are looked at first, and the cells
whose format shows leading zeros, or whose number has lost digits, are noted.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, cast
from xml.parsers import expat

from connectors.readers.archive import expands
from connectors.readers.gate import Refused, blocks

MAX_CELLS = 20_000_000
"""Cells of the rectangle that a sheet's cells span; calamine holds some 32 bytes for each."""
MAX_PART = 16 * 1024 * 1024
MAX_COLUMNS = 16_384
_AGAIN = "save it again as .xlsx, without a password"

CELL = re.compile(rb"""<(?:\w+:)?c\s+r=["']([A-Za-z]{1,3})(\d{1,7})["']([^>]*)>(?:<(?:\w+:)?v>([^<]*)<)?""")
ANY_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
ROW = re.compile(rb"""<(?:\w+:)?row\s[^>]*?\br=["'](\d{1,9})["']""")
STYLE = re.compile(rb"""\ss=["'](\d+)["']""")
KIND = re.compile(rb"""\st=["'](?!n["'])""")
ROUNDED = re.compile(rb"-?(?:\d{16,}|\d(?:\.\d+)?[Ee]\+(?:1[5-9]|[2-9]\d))$")
ZEROS = re.compile(r"0{2,}$")


@dataclass(frozen=True)
class Sheet:
    """A sheet of the workbook, and the part that holds its cells."""

    name: str
    hidden: bool
    part: str


@dataclass
class Cells:
    """What a pass over a sheet's cells tells; rows and columns from 0."""

    first_column: int = MAX_COLUMNS
    padded: list[tuple[int, int, int]] = field(default_factory=list)
    """Row, column and width of numbers that show leading zeros."""
    rounded: set[int] = field(default_factory=set)
    """Columns with numbers of more than the 15 digits that Excel keeps."""


def opened(file: BinaryIO) -> zipfile.ZipFile:
    """The workbook's package.

    Raises:
        Refused: no workbook, damaged, or one that expands beyond measure.
    """
    try:
        package = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError):
        raise Refused("it is no Excel workbook (.xlsx), or cut off or damaged", _AGAIN) from None
    if any(expands(info) for info in package.infolist()):
        raise Refused("a part of it expands beyond measure", _AGAIN)
    return package


def sheets(package: zipfile.ZipFile) -> list[Sheet]:
    """The sheets of a workbook, in its order."""
    book = _part(package, "xl/workbook.xml")
    targets = {
        said.get("Id"): said.get("Target", "") for _, said in _elements(_part(package, "xl/_rels/workbook.xml.rels"))
    }
    found = [said for name, said in _elements(book) if name == "sheet"]
    return [
        Sheet(
            said.get("name", ""),
            said.get("state", "visible") != "visible",
            posixpath.normpath(posixpath.join("/xl", targets.get(said.get("id"), "")))[1:],
        )
        for said in found
    ]


def zero_formats(package: zipfile.ZipFile) -> dict[int, int]:
    """Cell style -> width, of the styles that show whole numbers with leading zeros (`00000`)."""
    if "xl/styles.xml" not in package.namelist():
        return {}
    widths: dict[str, int] = {}
    styles: list[int] = []
    inside = False
    for name, said in _elements(_part(package, "xl/styles.xml")):
        if name == "numFmt" and ZEROS.match(said.get("formatCode", "")):
            widths[said.get("numFmtId", "")] = len(said["formatCode"])
        elif name in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
            inside = name == "cellXfs"
        elif name == "xf" and inside:
            styles.append(widths.get(said.get("numFmtId", ""), 0))
    return {style: width for style, width in enumerate(styles) if width}


def look_through(package: zipfile.ZipFile, part: str, zeros: dict[int, int]) -> Cells:
    """One pass over a sheet's cells.

    Raises:
        Refused: damaged, or its cells span more than can be held.
    """
    cells, last_row, last_column, unplaced = Cells(), 0, 0, 0
    for text in _cell_texts(package, part):
        unplaced += len(ANY_CELL.findall(text))
        last_row = max([last_row, *map(int, ROW.findall(text))])
        for letters, row, said, value in CELL.findall(text):
            unplaced -= 1
            column = _column(letters)
            last_row, last_column = max(last_row, int(row)), max(last_column, column + 1)
            if said.endswith(b"/"):
                continue
            cells.first_column = min(cells.first_column, column)
            if value and not KIND.search(said):
                style = STYLE.search(said) if zeros else None
                width = zeros.get(int(style[1]), 0) if style else 0
                if width and value.isdigit() and len(value) < width:
                    cells.padded.append((int(row) - 1, column, width))
                if ROUNDED.match(value):
                    cells.rounded.add(column)
    last_column = max(last_column, min(unplaced, MAX_COLUMNS))
    if last_row * last_column > MAX_CELLS:
        raise Refused(
            f"its cells span {last_row:,} rows and {last_column:,} columns, more than {MAX_CELLS:,} cells",
            "remove what stands far from the table, or export it as CSV",
        )
    return cells


def _cell_texts(package: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """A sheet's XML in pieces that end where a cell or a row ends."""
    rest = b""
    try:
        with package.open(part) as stream:
            for block in blocks(cast(BinaryIO, stream)):
                text = rest + block
                begun = max(text.rfind(tag) for tag in (b"<c ", b":c ", b"<row ", b":row "))
                cut = text.rfind(b"<", 0, begun + 1) if begun >= 0 else 0
                if not cut and len(text) > MAX_PART:
                    raise Refused(f"a cell of more than {MAX_PART:,} bytes", _AGAIN)
                yield text[:cut]
                rest = text[cut:]
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, KeyError):
        raise Refused("a sheet of it is damaged or missing", _AGAIN) from None
    yield rest


def _column(letters: bytes) -> int:
    found = 0
    for letter in letters.upper():
        found = found * 26 + letter - 64
    return found - 1


def _part(package: zipfile.ZipFile, name: str) -> bytes:
    try:
        if package.getinfo(name).file_size > MAX_PART:
            raise Refused(f"its part {name} is larger than {MAX_PART:,} bytes", _AGAIN)
        return package.read(name)
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, KeyError):
        raise Refused("it is no Excel workbook (.xlsx), or cut off or damaged", _AGAIN) from None


def _elements(part: bytes) -> list[tuple[str, dict[str, str]]]:
    """Every element of a small part with its attributes, names without prefixes."""
    found: list[tuple[str, dict[str, str]]] = []

    def start(name: str, said: dict[str, str]) -> None:
        found.append((name.rpartition(":")[2], {key.rpartition(":")[2]: value for key, value in said.items()}))

    def refuse(*_: object) -> None:
        raise Refused("it declares a document type (DTD), which no workbook has", _AGAIN)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(part, True)
    except expat.ExpatError:
        raise Refused("its XML is not well-formed", _AGAIN) from None
    return found
