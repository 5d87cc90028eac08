"""What a hostile file is here: a name, what makes it, and what must become of it.

The files themselves are in the modules beside this one; they are written and landed by `tests.hostile.__main__`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Content = bytes | str | Callable[[Path], None]
"""Bytes, text in UTF-8, or a function that makes the file at a path."""


@dataclass(frozen=True)
class Case:
    """One file in a source of its own, and its fate: rows landed and rejected, or a reason why it is not read."""

    name: str
    file: str
    """Its name in the source's folder; it chooses the object, and so the reader."""
    content: Content
    landed: int = 0
    rejected: int = 0
    refused: str | None = None
    """A part of the reason for which the file, or its only member, is refused."""
    waiting: bool = False

    def write(self, folder: Path) -> None:
        path = folder / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(self.content, bytes | str):
            path.write_bytes(self.content.encode() if isinstance(self.content, str) else self.content)
        else:
            self.content(path)


CONNECTOR = """\
name: crm
kind: crm
owner: sales
rank: 10
objects:
  Contact:
    exports: [{file: Contact, require: [Name]}]
    key: Id
    records: &person [{kind: person, fields: {family_name: Name, email: Note}}]
  Report:
    exports: [{file: Report, require: [Name], tail: report}]
    key: Id
    records: *person
  Book:
    exports: [{file: Book, format: excel, require: [Name]}]
    key: Id
    records: *person
  Page:
    exports: [{file: Page, format: json, root: data.rows, require: [Name]}]
    key: Id
    records: *person
  Line:
    exports: [{file: Line, format: json, require: [Name]}]
    key: Id
    records: *person
  Worker:
    exports: [{file: Worker, format: xml, root: Workers.Worker, require: [Name]}]
    key: Id
    records: *person
  Table:
    exports: [{file: Table, format: parquet, require: [Name]}]
    key: Id
    records: *person
"""
"""One object per container: `Contact.csv`, `Book.xlsx`, `Page.json`, `Line.jsonl`, `Worker.xml`, `Table.parquet`."""
