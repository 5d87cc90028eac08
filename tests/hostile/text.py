"""Hostile delimited text: every file is a small export of contacts with one thing wrong, or merely strange."""

from __future__ import annotations

import gzip
import io
import zipfile

from tests.hostile.cases import Case

HEADER = "Id,Name,Note\n"
ROWS = [f"{i:04},Name {i},note {i}\n" for i in range(1, 21)]
GOOD = HEADER + "".join(ROWS)
QUOTED = "".join('"' + line.strip().replace(",", '","') + '"\n' for line in GOOD.splitlines())


def _with(line: str | bytes, at: int = 10) -> bytes:
    """The good file with a line more."""
    added = line.encode() if isinstance(line, str) else line
    return (HEADER + "".join(ROWS[:at])).encode() + added + "".join(ROWS[at:]).encode()


def _workbook() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return content.getvalue()


ENCODINGS = [
    Case(f"csv-{encoding}", "Contact.csv", GOOD.replace("Name 1", "Jörg €").encode(encoding), landed=20)
    for encoding in ("utf-8-sig", "utf-16", "utf-32", "windows-1252")
]
LINE_ENDS = [
    Case("csv-good", "Contact.csv", GOOD, landed=20),
    Case("csv-crlf", "Contact.csv", GOOD.replace("\n", "\r\n"), landed=20),
    Case("csv-lone-cr", "Contact.csv", GOOD.replace("\n", "\r"), landed=20),
    Case("csv-mixed-line-ends", "Contact.csv", GOOD.replace("5\n", "5\r\n"), landed=20),
    Case("csv-lone-cr-in-a-line", "Contact.csv", _with("99,lone\rreturn,x\n"), landed=20, rejected=1),
    Case("csv-blank-lines", "Contact.csv", "\n\n" + GOOD.replace("5\n", "5\n\n  \n") + "\n\n", landed=20),
    Case("csv-blank-only", "Contact.csv", "\n \n\r\n", refused="blank lines only"),
    Case("csv-dos-end-of-file", "Contact.csv", GOOD + "\x1a", landed=20, rejected=1),
    Case("csv-unicode-line-ends-in-cells", "Contact.csv", _with("99,a\u2028b\u0085c,x\n"), landed=21),
    Case("csv-line-ends-in-quoted-cells", "Contact.csv", _with('99,"two\nlines\r\nthree",x\n'), landed=21),
]
DIALECTS = [
    Case("csv-all-quoted", "Contact.csv", QUOTED, landed=20),
    Case("csv-semicolons", "Contact.csv", GOOD.replace(",", ";"), landed=20),
    Case("csv-tabs", "Contact.csv", GOOD.replace(",", "\t"), landed=20),
    Case("csv-resaved-in-excel", "Contact.csv", "Id;Name;Note\r\n1;Ann;09-06-26 16:14\r\n2;Bob;1,5E+12\r\n", landed=2),
    Case("csv-formulas-are-text", "Contact.csv", _with("99,=cmd|' /C calc'!A0,@x\n"), landed=21),
    Case("csv-report-tail", "Report.csv", QUOTED + '\n\n"My Report"\n"Copyright (c) 2026"\n"Acme"', landed=20),
    Case("csv-report-cut", "Report.csv", QUOTED + '"0099","cu', landed=20, rejected=1),
    Case(
        "csv-wide",
        "Contact.csv",
        "Id,Name," + ",".join(f"c{i}" for i in range(9998)) + "\n1,a" + "," * 9998 + "\n",
        landed=1,
    ),
]
ROWS_AT_FAULT = [
    Case("csv-too-many-cells", "Contact.csv", _with("99,a,b,c\n"), landed=20, rejected=1),
    Case("csv-too-few-cells", "Contact.csv", _with("99,a\n"), landed=20, rejected=1),
    Case("csv-many-short-rows", "Contact.csv", GOOD + "99\n" * 1000, landed=20, rejected=1000),
    Case("csv-a-hundred-thousand-separators", "Contact.csv", _with("99" + "," * 100_000 + "\n"), landed=20, rejected=1),
    Case("csv-stray-quote", "Contact.csv", _with('99,a"b,c\n'), landed=20, rejected=1),
    Case("csv-text-behind-a-quote", "Contact.csv", _with('99,"a"b,c\n'), landed=20, rejected=1),
    Case("csv-quote-not-closed", "Contact.csv", _with('99,"a,c\n'), landed=20, rejected=1),
    Case(
        "csv-two-quotes-not-closed",
        "Contact.csv",
        HEADER + '98,"a,b\n' + "".join(ROWS) + '99,a",b\n',
        landed=20,
        rejected=2,
    ),
    Case("csv-quote-not-closed-at-the-end", "Contact.csv", GOOD + '99,"a,c', landed=20, rejected=1),
    Case("csv-only-quotes", "Contact.csv", _with('"' * 9999 + "\n"), landed=20, rejected=1),
    Case("csv-cut-in-a-line", "Contact.csv", GOOD + "99,cu", landed=20, rejected=1),
    Case("csv-cut-in-the-last-cell", "Contact.csv", GOOD + "99,cut,o", landed=21),
    Case("csv-nul-in-a-cell", "Contact.csv", _with(b"99,a\0b,c\n"), landed=20, rejected=1),
    Case(
        "csv-latin-row-in-utf-8",
        "Contact.csv",
        _with("98,Ä,ö\n97,ß,ü\n".encode() + b"99,J\xf6rg,x\n"),
        landed=22,
        rejected=1,
    ),
    Case(
        "csv-overlong-utf-8",
        "Contact.csv",
        _with("98,Ä,ö\n97,ß,ü\n".encode() + b"99,\xc0\xaf,x\n"),
        landed=22,
        rejected=1,
    ),
    Case(
        "csv-cut-in-a-character",
        "Contact.csv",
        GOOD.encode() + "98,Ä,ö\n99,ß,".encode() + b"\xc3",
        landed=21,
        rejected=1,
    ),
    Case("csv-header-repeated", "Contact.csv", GOOD + GOOD, landed=40, rejected=1),
    Case("csv-row-of-five-megabytes", "Contact.csv", _with("99," + "x" * 5_000_000 + ",c\n"), landed=20, rejected=1),
]
FILES_AT_FAULT = [
    Case("csv-empty", "Contact.csv", b"", refused="the file is empty"),
    Case("csv-mark-only", "Contact.csv", b"\xef\xbb\xbf", refused="the file is empty"),
    Case("csv-header-only", "Contact.csv", HEADER),
    Case("csv-header-only-without-line-end", "Contact.csv", HEADER.strip()),
    Case("csv-nul-tail", "Contact.csv", GOOD.encode() + bytes(4096), refused="NUL bytes"),
    Case("csv-nuls-only", "Contact.csv", bytes(4096), refused="NUL bytes"),
    Case("csv-utf-16-without-mark", "Contact.csv", GOOD.encode("utf-16-le"), refused="without a byte order mark"),
    Case("csv-utf-16-cut", "Contact.csv", GOOD.encode("utf-16")[:-1], refused="utf-16-le throughout"),
    Case("csv-marked-twice", "Contact.csv", b"\xef\xbb\xbf\xef\xbb\xbf" + GOOD.encode(), refused="no column 'Id'"),
    Case("csv-random-bytes", "Contact.csv", bytes(range(128, 256)) * 50 + b"\1\2\3", refused="neither UTF-8 nor"),
    Case("csv-no-header", "Contact.csv", "".join(ROWS), refused="no column 'Id'"),
    Case("csv-twin-columns", "Contact.csv", "Id,Name,Name\n1,a,b\n", refused="stand twice in the header"),
    Case("csv-case-twins", "Contact.csv", "Id,Name,NAME\n1,a,b\n", refused="'Name'"),
    Case("csv-quoting-of-the-header", "Contact.csv", '"Id"x,"Name\n1,a\n', refused="the header line"),
    Case("csv-endless-header", "Contact.csv", "x" * 3_000_000, refused="no header line in the first megabyte"),
    Case("csv-is-html", "Contact.csv", "<!DOCTYPE html><title>Sign in</title>\n", refused="no column"),
    Case("csv-is-json", "Contact.csv", '{"data": {"rows": []}}', refused="no column"),
    Case("csv-is-a-workbook", "Contact.csv", _workbook(), refused="a ZIP archive or an Excel workbook"),
    Case("csv-is-packed", "Contact.csv", gzip.compress(GOOD.encode()), refused="packed with gzip"),
]
CASES = [*ENCODINGS, *LINE_ENDS, *DIALECTS, *ROWS_AT_FAULT, *FILES_AT_FAULT]
