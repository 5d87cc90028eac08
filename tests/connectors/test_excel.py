"""Excel workbooks: cells as the text that a person would see, and sheets that would break a reader."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.readers.gate import Refused, ShapeMismatch
from tests.connectors.reading import PEOPLE, read

CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=12)


def workbook(fill: Callable[[Any], None]) -> bytes:
    """The bytes of a workbook that `fill` fills."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_numbers": False}) as book:
        fill(book)
    return content.getvalue()


def table(*rows: tuple[Any, ...], at: int = 0) -> bytes:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows, at):
            for column, cell in enumerate(row):
                if cell is not None:
                    sheet.write(number, column, cell)

    return workbook(fill)


def changed(content: bytes, part: str, right: bytes, wrong: bytes) -> bytes:
    """A workbook with other bytes in one of its parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            said = old.read(info)
            if info.filename == part:
                assert right in said
                said = said.replace(right, wrong, 1)
            new.writestr(info.filename, said)
    return target.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS).filter(lambda row: any(cell.strip() for cell in row)), max_size=6))
def test_a_table_reads_back_cell_for_cell(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]
) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        for number, row in enumerate([PEOPLE, *rows]):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell)

    _, landed, rejected = read(workbook(fill), tmp_path_factory.mktemp("rows"), format="excel")
    empty = [tuple(cell or "" for cell in row) for row in landed.select(PEOPLE).rows()]
    assert (empty, rejected.height) == (rows, 0)
    assert landed["_row"].to_list() == list(range(1, len(rows) + 1))


def test_cells_are_the_text_that_a_person_sees(tmp_path: Path) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "day", "number", "flag", "sum", "fault", "text"])
        sheet.write_number(1, 0, 123, book.add_format({"num_format": "00000"}))
        sheet.write_datetime(1, 1, dt.date(2026, 1, 31), book.add_format({"num_format": "dd/mm/yyyy"}))
        sheet.write_number(1, 2, 1.5)
        sheet.write_boolean(1, 3, True)
        sheet.write_formula(1, 4, "=1+2", None, 3)
        sheet.write_formula(1, 5, "=1/0", None, "#DIV/0!")
        sheet.write_string(1, 6, " 007 ")
        sheet.write_string(2, 0, "00042")
        sheet.write_number(2, 2, 40)

    columns = ("id", "day", "number", "flag", "sum", "fault", "text")
    _, landed, _ = read(workbook(fill), tmp_path, columns, format="excel")
    assert landed.select(columns).rows() == [
        ("00123", "2026-01-31 00:00:00", "1.5", "true", "3", "#DIV/0!", " 007 "),
        ("00042", None, "40", None, None, None, None),
    ]


def test_leading_zeros_are_those_of_their_own_cell_wherever_the_table_stands(tmp_path: Path) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        zeros = book.add_format({"num_format": "0000"})
        sheet.write_row(4, 2, ["name", "id"])
        sheet.write(5, 2, "Ann")
        sheet.write_number(5, 3, 7, zeros)
        sheet.write_string(7, 3, "7")
        sheet.write_number(8, 3, 77, zeros)

    _, landed, _ = read(workbook(fill), tmp_path, ("id", "name"), format="excel")
    assert landed.rows() == [(1, "0007", "Ann"), (2, "7", None), (3, "0077", None)]


def test_cells_are_found_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.readers.gate.blocks.__defaults__", (50,))

    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        zeros = book.add_format({"num_format": "0000"})
        sheet.write_row(0, 0, ["id", "name"])
        for row in range(1, 60):
            sheet.write_number(row, 0, row, zeros)
            sheet.write_string(row, 1, "x" * (row % 20))

    _, landed, _ = read(workbook(fill), tmp_path, ("id", "name"), format="excel")
    assert landed["id"].to_list() == [f"{row:04}" for row in range(1, 60)]


def test_numbers_beyond_what_excel_keeps_are_warned_about(tmp_path: Path) -> None:
    reading, _, _ = read(table(("id", "name"), (1234567890123456789, "Ann")), tmp_path, ("id", "name"), format="excel")
    assert "'id' holds numbers of more than 15 digits" in reading.warnings[0]
    reading, _, _ = read(table(("id", "name"), ("1234567890123456789", "A")), tmp_path, ("id", "name"), format="excel")
    assert reading.warnings == ()


def test_rows_above_and_below_the_header_and_blank_ones_are_no_rows(tmp_path: Path) -> None:
    content = table(
        ("Report",),
        ("made today",),
        (),
        ("Id", "Name"),
        ("number", "full name"),
        ("1", "Ann"),
        (" ",),
        ("Id", "Name"),
        ("2",),
    )
    reading, landed, rejected = read(content, tmp_path, ("id", "name"), format="excel", above=2, below=1)
    assert landed.rows() == [(1, "1", "Ann"), (3, "2", None)]
    assert rejected.select("row", "line", "reason").row(0) == (2, 8, "the header line again")
    assert reading.rows == 3


def test_hidden_columns_are_columns_and_the_first_sheet_that_is_not_hidden_is_read(tmp_path: Path) -> None:
    def fill(book: Any) -> None:
        book.add_worksheet("hiddenSheet").write(0, 0, "id")
        sheet = book.add_worksheet("People")
        sheet.write_row(0, 0, ["(Do Not Modify) Contact", "id"])
        sheet.write_row(1, 0, ["4711", "1"])
        sheet.set_column(0, 0, None, None, {"hidden": True})
        book.worksheets()[0].hide()
        sheet.activate()

    content = workbook(fill)
    key = "(Do Not Modify) Contact"
    _, landed, _ = read(content, tmp_path, (key, "id"), format="excel")
    assert landed.rows() == [(1, "4711", "1")]
    _, landed, _ = read(content, tmp_path, ("id",), format="excel", sheet="People")
    assert landed.rows() == [(1, "1")]
    with pytest.raises(ShapeMismatch, match="none of the 2 sheets is called 'Workers'"):
        read(content, tmp_path, ("id",), format="excel", sheet="Workers")


GOOD = table(("id", "name"), ("1", "Ann"), ("2", "Bob"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"id,name\n1,Ann\n", "no Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "no Excel workbook"),
        (GOOD[:-40], "no Excel workbook"),
        (changed(GOOD, "xl/workbook.xml", b"<workbook", b"<workbock"), "not well-formed"),
        (changed(GOOD, "xl/workbook.xml", b"<workbook", b'<!DOCTYPE a [<!ENTITY b "c">]><workbook'), "document type"),
        (changed(GOOD, SHEET, b'r="B3"', b'r="XFD1048576"'), "its cells span 1,048,576 rows and 16,384 columns"),
        (changed(GOOD, SHEET, b'<row r="3"', b'<row r="99999999"'), "its cells span 99,999,999 rows"),
        (changed(GOOD, SHEET, b"</sheetData>", b"</sheetDatum>"), "damaged"),
        (changed(GOOD, SHEET, b"<sheetData>", b" " * 40_000_000 + b"<sheetData>"), "expands beyond measure"),
        (table(), "the sheet is empty"),
    ],
)
def test_what_is_no_sound_workbook_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read(content, tmp_path, ("id", "name"), format="excel")


def test_a_header_alone_is_no_rows_and_twins_are_named(tmp_path: Path) -> None:
    reading, _, _ = read(table(("id", "name")), tmp_path, ("id", "name"), format="excel")
    assert reading.rows == 0
    with pytest.raises(Refused, match=r"twice .* 'Name'"):
        read(table(("id", "Name", "NAME"), ("1", "a", "b")), tmp_path, ("id", "name"), format="excel")
