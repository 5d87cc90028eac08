"""Hostile files of a gigabyte, and small ones that would become some: written in pieces, by name and size.

They take a minute and some gigabytes of disk: `python -m tests.hostile FOLDER --giants` lands them.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

from tests.hostile.cases import Case

MEGABYTE = 1_000_000


def _file(begin: str, piece: str, end: str, megabytes: int = 1000) -> Callable[[Path], None]:
    """Makes a file of so many megabytes out of one piece, between a beginning and an end."""

    def write(path: Path) -> None:
        block = (piece * (MEGABYTE // len(piece) + 1))[:MEGABYTE].encode()
        with path.open("wb") as file:
            file.write(begin.encode())
            for _ in range(megabytes):
                file.write(block)
            file.write(end.encode())

    return write


def _bomb(path: Path) -> None:
    with gzip.open(path, "wb") as file:
        for _ in range(10_000):
            file.write(bytes(MEGABYTE))


HEADER = "Id,Name,Note\n1,Ann,x\n"
CASES = [
    Case("giant-line", "Contact.csv", _file(HEADER, "x", "\n"), refused="a line longer than"),
    Case("giant-header", "Contact.csv", _file("", "x", ""), refused="no header line in the first megabyte"),
    Case("giant-quote", "Contact.csv", _file(HEADER + '2,"', "x", ""), refused="a line longer than"),
    Case("giant-nuls", "Contact.csv", _file(HEADER, "\0", ""), refused="NUL bytes"),
    Case("giant-json-line", "Line.jsonl", _file('{"Id": "', "x", '"}'), refused="a line longer than"),
    Case("giant-json-row", "Page.json", _file('{"data": {"rows": [{"Id": "', "x", '"}]}}'), refused="one row"),
    Case(
        "giant-json-around", "Page.json", _file('{"a": "', "x", '", "data": {"rows": []}}'), refused="around the rows"
    ),
    Case("giant-json-blank", "Page.json", _file("", " ", ""), refused="nothing but spaces"),
    Case(
        "giant-xml-text",
        "Worker.xml",
        _file("<Workers><Worker><Id>", "x", "</Id></Worker></Workers>"),
        refused="no row in it",
    ),
    Case("giant-xml-tag", "Worker.xml", _file('<Workers a="', "x", '"/>'), refused="a tag of more than"),
    Case("giant-workbook", "Book.xlsx", _file("PK\3\4", "x", ""), refused="in one file of this format"),
    Case("gzip-bomb-of-ten-gigabytes", "Contact.csv.gz", _bomb, refused="expands more than"),
]
