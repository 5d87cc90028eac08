"""XML -> text frames: every element of one path is a row, read while the document streams by.

Expat reads it and nothing else: a document type (and with it every entity) is refused, nothing is fetched. Names are
taken without prefixes. An element becomes an object as JSON has them (`connectors.readers.json_cells`): its elements by
name, those of one name as an array, its attributes as `Name@attribute`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

import pyarrow as pa

from connectors.readers.gate import Encoding, Refused, ShapeMismatch, decide, utf8_blocks
from connectors.readers.json_cells import Paths, reading_of, statement
from connectors.readers.reading import Opened, Reading, Reason, Wanted
from connectors.readers.sink import Sink
from connectors.spec import ExportShape

MAX_DEPTH = 100
MAX_ROW = 4 * 1024 * 1024
"""Characters of a row."""
MAX_TOKEN = 16 * 1024 * 1024
"""Bytes of one tag or comment, which Expat has to hold."""
BATCH = 10_000
"""Rows landed together."""
DECLARATION = re.compile(rb"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "windows-1252": "windows-1252",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
"""Names in XML declarations -> the gate's."""
TEXT = "#text"
"""Key of the text that stands beside elements in one element."""
NIL = "nil"
MAX_STATED = 1000
"""Characters at once of text outside rows, of which only a few numbers are of use."""
SELECTED = re.compile(r"[^.\[]+\[[^\]]*\]")
"""`ID[type=Employee_ID]` in a path."""
TOO_LONG = Reason(f"a row of more than {MAX_ROW:,} characters", "check the connector's `root`")


def read(export: Opened, shape: ExportShape, wanted: Wanted, sink: Sink) -> Reading:
    """Read one XML export into `sink`.

    Raises:
        ShapeMismatch: no such element, or no row has the key or a required column.
        Refused: not well-formed to its end, with a document type, or of an encoding that cannot be told.
    """
    encoding = decide(export.facts, _declared(export, shape))
    rows = _Rows(shape, wanted, encoding, sink)
    with export.open() as stream:
        rows.parse(utf8_blocks(stream, encoding))
    if not rows.found:
        raise ShapeMismatch(
            f"the document has no element {shape.root!r}", "check the file, or the connector's `root` (with its parent)"
        )
    return reading_of(rows.paths, wanted, rows.count, sink, statement(rows.around, shape.envelope), encoding.warnings)


def _declared(export: Opened, shape: ExportShape) -> str:
    """The encoding that the connector declares, else the document itself."""
    with export.open() as stream:
        found = DECLARATION.match(stream.read(1024).removeprefix(codecs.BOM_UTF8))
    if shape.encoding != "auto" or not found:
        return shape.encoding if shape.encoding != "auto" or export.facts.nuls else "utf-8"
    name = found[1].decode().lower()
    if name not in ENCODINGS:
        raise Refused(f"it declares the encoding {name}, which is not read", "export it as UTF-8")
    return ENCODINGS[name]


class _Element:
    """An open element within a row."""

    __slots__ = ("attributes", "inner", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name, self.attributes = name, attributes
        self.inner: dict[str, Any] = {}
        self.text: list[str] = []

    def value(self) -> Any:
        text = "".join(self.text)
        if self.inner:
            return self.inner | {TEXT: text} if text.strip() else self.inner
        return None if self.attributes.get(NIL) in ("true", "1") else text

    def put(self, name: str, value: Any) -> None:
        """Add a value by its name; the second of a name makes an array."""
        if name not in self.inner:
            self.inner[name] = value
        elif isinstance(self.inner[name], list):
            self.inner[name].append(value)
        else:
            self.inner[name] = [self.inner[name], value]


class _Rows:
    """What Expat calls: gathers the elements of a row, and lands rows some at a time."""

    def __init__(self, shape: ExportShape, wanted: Wanted, encoding: Encoding, sink: Sink) -> None:
        self.paths = Paths(wanted.called)
        self.count = 0
        self.found = False
        """Whether the row's element was there, or the one around it."""
        self.around: dict[str, str] = {}
        """What the document states beside its rows, by the envelope's paths."""
        self._path = tuple((shape.root or "").split("."))
        said = [path for path in shape.envelope.model_dump().values() if path]
        self._stated = {tuple(path.split(".")): path for path in said}
        self._selected = {name for paths in wanted.called.values() for path in paths for name in SELECTED.findall(path)}
        self._encoding, self._sink = encoding, sink
        self._names: list[str] = []
        """Open elements outside rows, down to a row's."""
        self._open: list[_Element] = []
        """Open elements of a row, itself included."""
        self._text: list[str] = []
        self._size = 0
        self._started = (0, 0)
        self._rows: list[dict[str, Any]] = []
        self._numbers: list[int] = []
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = _refuse_document_type
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def parse(self, pieces: Iterator[bytes]) -> None:
        """Read the document to its end; see `read` for what is raised."""
        fed = 0
        try:
            for piece in pieces:
                self._parser.Parse(piece, False)
                fed += len(piece)
                if fed - self._parser.CurrentByteIndex > MAX_TOKEN:
                    raise Refused(f"a tag of more than {MAX_TOKEN:,} bytes", "export it again")
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise Refused(
                f"the XML is not well-formed in line {error.lineno}: {expat.ErrorString(error.code)}", "export it again"
            ) from None
        self._land()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if len(self._names) + len(self._open) >= MAX_DEPTH:
            raise Refused(f"elements are nested more than {MAX_DEPTH} deep", "export it again")
        if not self._open:
            self._names.append(name)
            self._text = []
            self.found |= len(self._path) > 1 and self._ends_with(self._path[:-1])
            if not self._ends_with(self._path):
                return
            self.found = True
            self._size, self._started = 0, (self._parser.CurrentLineNumber, self._parser.CurrentByteIndex)
        self._size += len(name) + sum(map(len, attributes.values()))
        if self._size <= MAX_ROW:
            own = {key.rpartition(":")[2]: value for key, value in attributes.items() if not key.startswith("xmlns")}
            self._open.append(_Element(name, own))
        else:
            self._open.append(_Element(name, {}))

    def _characters(self, text: str) -> None:
        if not self._open:
            self._text.append(text[:MAX_STATED])
            return
        self._size += len(text)
        if self._size <= MAX_ROW:
            self._open[-1].text.append(text)

    def _end(self, _: str) -> None:
        if not self._open:
            for path, said in self._stated.items():
                if self._ends_with(path):
                    self.around[said] = "".join(self._text).strip()
            self._names.pop()
            self._text = []
            return
        closed = self._open.pop()
        if not self._open:
            self._names.pop()
            self._row(closed)
        elif self._size <= MAX_ROW:
            parent, value = self._open[-1], closed.value()
            parent.put(closed.name, value)
            for key, said in closed.attributes.items():
                parent.put(f"{closed.name}@{key}", said)
                if f"{closed.name}[{key}={said}]" in self._selected:
                    parent.put(f"{closed.name}[{key}={said}]", value)

    def _row(self, row: _Element) -> None:
        self.count += 1
        if self._size > MAX_ROW:
            line, byte = self._started
            start = byte + self._encoding.bom if self._encoding.name == "utf-8" else None
            self._sink.reject(self.count, line, start, None, TOO_LONG)
            return
        for key, said in row.attributes.items():
            row.put(f"@{key}", said)
        value = row.value()
        self._rows.append(value if isinstance(value, dict) else {TEXT: value})
        self._numbers.append(self.count)
        if len(self._rows) >= BATCH:
            self._land()

    def _land(self) -> None:
        if self._rows:
            # Text cells only: no row has to be read again for its digits.
            columns, _ = self.paths.columns_of(self._rows, lambda _: b"")
            rows = pa.table({"_row": pa.array(self._numbers, pa.int64()), **columns})
            self._sink.land(self.paths.found_in(rows))
        self._rows, self._numbers = [], []

    def _ends_with(self, path: tuple[str, ...]) -> bool:
        return self._names[-1] == path[-1] and tuple(self._names[-len(path) :]) == path


def _refuse_document_type(*_: object) -> None:
    raise Refused("it declares a document type (DTD), by which entities could be brought in", "export it without one")
