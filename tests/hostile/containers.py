"""Hostile containers: archives that lead out or expand, links, and broken JSON, XML, workbooks and Parquet."""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import xlsxwriter

from tests.hostile.cases import Case
from tests.hostile.text import GOOD

ZEROS = bytes(40_000_000)
TEXT = GOOD.encode()


def _zip(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of names that stand twice
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def _twice() -> bytes:
    content = io.BytesIO(_zip(**{"Contact.csv": TEXT}))
    with zipfile.ZipFile(content, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("Contact.csv", TEXT)
    return content.getvalue()


def _link_in_zip() -> bytes:
    content = io.BytesIO()
    info = zipfile.ZipInfo("Contact.csv")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    return content.getvalue()


def _encrypted() -> bytes:
    packed = bytearray(_zip(**{"Contact.csv": TEXT}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(mark) + at] |= 1
    return bytes(packed)


def _damaged() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("Contact.csv", TEXT)
    return content.getvalue().replace(b"Name 7", b"Name 8", 1)


def _link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


PACKED = [
    Case("gzip-good", "Contact.csv.gz", gzip.compress(TEXT), landed=20),
    Case("gzip-cut", "Contact.csv.gz", gzip.compress(TEXT)[:-9], refused="cut off or damaged"),
    Case("gzip-checksum", "Contact.csv.gz", gzip.compress(TEXT)[:-8] + bytes(8), refused="cut off or damaged"),
    Case("gzip-junk-behind", "Contact.csv.gz", gzip.compress(TEXT) + b"junk", refused="cut off or damaged"),
    Case("gzip-bomb", "Contact.csv.gz", gzip.compress(ZEROS), refused="expands more than"),
    Case("gzip-twice", "Contact.csv.gz", gzip.compress(gzip.compress(TEXT)), refused="packed with gzip"),
    Case("gzip-is-text", "Contact.csv.gz", TEXT, refused="cut off or damaged"),
    Case("zstd-good", "Contact.csv.zst", pa.compress(TEXT, "zstd", asbytes=True), landed=20),
    Case("zstd-cut", "Contact.csv.zst", pa.compress(TEXT, "zstd", asbytes=True)[:-3], refused="cut off or damaged"),
    Case("zstd-bomb", "Contact.csv.zst", pa.compress(ZEROS, "zstd", asbytes=True), refused="expands more than"),
    Case("zip-good", "a.zip", _zip(**{"Contact.csv": TEXT}), landed=20),
    Case("zip-cut", "a.zip", _zip(**{"Contact.csv": TEXT})[:-20], waiting=True),
    Case("zip-empty", "a.zip", b"", waiting=True),
    Case("zip-is-text", "a.zip", TEXT, refused="it is not a ZIP"),
    Case("zip-leads-up", "a.zip", _zip(**{"../../Contact.csv": TEXT}), refused="leads out"),
    Case("zip-leads-up-backwards", "a.zip", _zip(**{"..\\..\\Contact.csv": TEXT}), refused="leads out"),
    Case("zip-absolute", "a.zip", _zip(**{"/etc/Contact.csv": TEXT}), refused="leads out"),
    Case("zip-link", "a.zip", _link_in_zip(), refused="a link or a special file"),
    Case("zip-encrypted", "a.zip", _encrypted(), refused="encrypted"),
    Case("zip-name-twice", "a.zip", _twice(), refused="stands twice"),
    Case("zip-in-a-zip", "a.zip", _zip(**{"b.zip": _zip(**{"Contact.csv": TEXT})}), refused="a ZIP within a ZIP"),
    Case("zip-bomb", "a.zip", _zip(**{"Contact.csv": ZEROS}), refused="expands more than"),
    Case("zip-gzip-bomb", "a.zip", _zip(**{"Contact.csv.gz": gzip.compress(ZEROS)}), refused="expands more than"),
    Case("zip-checksum", "a.zip", _damaged(), refused="checksum"),
    Case("link-out-of-the-folder", "Contact.csv", _link("/etc/passwd"), refused="a link out of the exports folder"),
    Case("link-to-nothing", "Contact.csv", _link("nowhere.csv"), refused="a link out of the exports folder"),
    Case("link-to-itself", "Contact.csv", _link("Contact.csv"), refused="a link out of the exports folder"),
    Case("pipe", "Contact.csv", os.mkfifo, refused="not a regular file"),
]


def _page(rows: str) -> str:
    return f'{{"meta": {{"n": [1]}}, "data": {{"rows": [{rows}]}}, "end": true}}'


ROW = '{"Id": 1, "Name": "Ann"}'
PAGES = [
    Case("json-good", "Page.json", _page(f"{ROW}, {ROW}"), landed=2),
    Case("json-utf-16", "Page.json", _page(ROW).encode("utf-16"), landed=1),
    Case("json-no-rows", "Page.json", _page("")),
    Case("json-empty", "Page.json", b"", refused="the file is empty"),
    Case("json-blank", "Page.json", b" \n ", refused="not JSON"),
    Case("json-cut", "Page.json", _page(f"{ROW}, {ROW}")[:-40], refused="cut off"),
    Case("json-cut-in-a-string", "Page.json", _page(ROW)[:60], refused="cut off"),
    Case("json-junk-behind", "Page.json", _page(ROW) + "x", refused="around its rows the document is not JSON"),
    Case("json-two-documents", "Page.json", _page(ROW) * 2, refused="around its rows the document is not JSON"),
    Case("json-bracket-too-many", "Page.json", _page(ROW) + "}", refused="a bracket too many"),
    Case("json-other-root", "Page.json", '{"rows": []}', refused="no array 'data.rows'"),
    Case("json-rows-twice", "Page.json", f'{{"data": {{"rows": [{ROW}], "rows": [{ROW}]}}}}', refused="stands twice"),
    Case("json-row-at-fault", "Page.json", _page(f'{ROW}, {{"Id" 2}}, 3, null, {ROW}'), landed=2, rejected=3),
    Case("json-comma-too-many", "Page.json", _page(f"{ROW},"), landed=1, rejected=1),
    Case("json-not-a-number", "Page.json", _page(f'{ROW}, {{"Id": NaN}}'), landed=1, rejected=1),
    Case("json-half-a-surrogate", "Page.json", _page(f'{ROW}, {{"Id": "\\ud800"}}'), landed=1, rejected=1),
    Case(
        "json-not-utf-8",
        "Page.json",
        _page(f'{ROW}, {{"Id": "Ä"}}, {{"Id": "?"}}').encode().replace(b"?", b"\xe4"),
        landed=2,
        rejected=1,
    ),
    Case(
        "json-nested-beyond-measure",
        "Page.json",
        _page(f'{ROW}, {{"Id": {"[" * 99_999}{"]" * 99_999}}}'),
        landed=1,
        rejected=1,
    ),
    Case(
        "json-nested-around",
        "Page.json",
        f'{{"a": {"[" * 99_999}{"]" * 99_999}, {_page(ROW)[1:]}',
        refused="around its rows",
    ),
    Case("json-open-brackets", "Page.json", "[" * 2_000_000, refused="cut off"),
    Case("json-is-html", "Page.json", "<html></html>", refused="not JSON"),
    Case("lines-good", "Line.jsonl", f"{ROW}\n\n{ROW}\r\n", landed=2),
    Case("lines-at-fault", "Line.jsonl", f'{ROW}\n{{"Id"\n[1]\n{ROW},{ROW}\n{ROW}\n', landed=2, rejected=3),
    Case("lines-cut", "Line.jsonl", f"{ROW}\n{ROW[:10]}", landed=1, rejected=1),
    Case("lines-nul", "Line.jsonl", f"{ROW}\n\0{ROW}\n{ROW}\n", landed=2, rejected=1),
    Case("lines-nul-tail", "Line.jsonl", f"{ROW}\n".encode() + bytes(512), refused="NUL bytes"),
    Case("lines-of-kinds", "Line.jsonl", f'{ROW}\n{{"Id": 2, "Name": {{"x": [1, {{}}]}}}}\n' * 40, landed=80),
    Case("lines-list-open", "Line.jsonl", f'{ROW}\n{{"Id": "2", "Name": ["x"}}\n' * 40, landed=40, rejected=40),
    Case("lines-list-over-two", "Line.jsonl", f'{ROW}\n{{"Id": [1\n2], "Name": "x"}}\n', landed=1, rejected=2),
    Case("lines-tab-in-a-list", "Line.jsonl", f'{ROW}\n{{"Id": "2", "Name": ["x\ty"]}}\n', landed=1, rejected=1),
    Case("lines-text-over-two", "Line.jsonl", '{"Id": "1", "Name": "x\ny"}\n' * 2, refused="no row in it is an object"),
    Case("lines-digits", "Line.jsonl", '{"Id": 123456789012345678901234567890, "Name": 1.10}\n', landed=1),
]


def _workers(rows: str, begin: str = "", end: str = "</Workers>") -> str:
    return f'<?xml version="1.0"?>{begin}<Workers>{rows}{end}'


WORKER = "<Worker><Id>1</Id><Name>Ann</Name></Worker>"
LAUGHS = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12))
DOCUMENTS = [
    Case("xml-good", "Worker.xml", _workers(WORKER * 3), landed=3),
    Case("xml-no-rows", "Worker.xml", _workers("")),
    Case("xml-cut", "Worker.xml", _workers(WORKER * 3, end=""), refused="not well-formed"),
    Case("xml-mismatched", "Worker.xml", _workers("<Worker><Id></Worker></Id>"), refused="not well-formed"),
    Case(
        "xml-laughs",
        "Worker.xml",
        _workers("<Worker><Id>&a11;</Id></Worker>", f"<!DOCTYPE x [{LAUGHS}]>"),
        refused="document type",
    ),
    Case(
        "xml-fetches",
        "Worker.xml",
        _workers(WORKER, '<!DOCTYPE x SYSTEM "file:///etc/passwd">'),
        refused="document type",
    ),
    Case("xml-deep", "Worker.xml", _workers("<a>" * 99_999), refused="nested more than"),
    Case("xml-not-utf-8", "Worker.xml", _workers(WORKER).encode().replace(b"Ann", b"\xe4"), refused="not well-formed"),
    Case(
        "xml-long-row",
        "Worker.xml",
        _workers(WORKER + f"<Worker><Id>{'x' * 5_000_000}</Id></Worker>"),
        landed=1,
        rejected=1,
    ),
    Case("xml-other-root", "Worker.xml", "<People/>", refused="no element 'Workers.Worker'"),
    Case("xml-is-json", "Worker.xml", _page(ROW), refused="not well-formed"),
]


def _book() -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([("Id", "Name"), ("001", "Ann"), ("002", "Bob")]):
            sheet.write_row(number, 0, row)
    return content.getvalue()


def _changed(part: str, right: bytes, wrong: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(_book())) as old:
        members = {info.filename: old.read(info) for info in old.infolist()}
    return _zip(**{name: data.replace(right, wrong) if name == part else data for name, data in members.items()})


SHEET = "xl/worksheets/sheet1.xml"
BOOKS = [
    Case("excel-good", "Book.xlsx", _book(), landed=2),
    Case("excel-cut", "Book.xlsx", _book()[:-99], refused="no Excel workbook"),
    Case(
        "excel-old-or-protected",
        "Book.xlsx",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096),
        refused="no Excel workbook",
    ),
    Case("excel-is-text", "Book.xlsx", TEXT, refused="no Excel workbook"),
    Case("excel-is-a-zip", "Book.xlsx", _zip(**{"Contact.csv": TEXT}), refused="no Excel workbook"),
    Case("excel-far-corner", "Book.xlsx", _changed(SHEET, b'r="B3"', b'r="XFD1048576"'), refused="its cells span"),
    Case(
        "excel-bomb",
        "Book.xlsx",
        _changed(SHEET, b"<sheetData>", b" " * 40_000_000 + b"<sheetData>"),
        refused="expands",
    ),
    Case(
        "excel-laughs",
        "Book.xlsx",
        _changed("xl/workbook.xml", b"<workbook", f"<!DOCTYPE x [{LAUGHS}]><workbook".encode()),
        refused="document type",
    ),
    Case(
        "excel-no-sheet",
        "Book.xlsx",
        _changed("xl/_rels/workbook.xml.rels", b"sheet1.xml", b"sheet9.xml"),
        refused="damaged or missing",
    ),
]


def _table() -> bytes:
    content = io.BytesIO()
    pl.DataFrame({"Id": [str(i) for i in range(500)], "Name": ["Ann"] * 500}).write_parquet(content)
    return content.getvalue()


TABLES = [
    Case("parquet-good", "Table.parquet", _table(), landed=500),
    Case("parquet-cut", "Table.parquet", _table()[:-20], refused="no Parquet file"),
    Case("parquet-damaged", "Table.parquet", _table()[:50] + bytes(300) + _table()[350:], refused="no Parquet file"),
    Case("parquet-is-text", "Table.parquet", TEXT, refused="no Parquet file"),
    Case("parquet-is-json", "Table.parquet", json.dumps({"a": 1}), refused="no Parquet file"),
]
CASES = [*PACKED, *PAGES, *DOCUMENTS, *BOOKS, *TABLES]
