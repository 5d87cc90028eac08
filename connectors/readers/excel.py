"""Excel workbooks (.xlsx) -> text frames: one sheet, its cells as the text that a person would see.

Dates become `2026-01-31 00:00:00`, numbers plain digits (`5`, `1.5`), with the leading zeros that their format shows;
formulas their last value. What a workbook's package tells without its cells does not belong here
(`connectors.readers.excel_package`).
"""

from __future__ import annotations

from typing import BinaryIO

import fastexcel
import polars as pl

from connectors.readers.excel_package import Cells, Sheet, look_through, opened, sheets, zero_formats
from connectors.readers.gate import Refused, ShapeMismatch
from connectors.readers.reading import Opened, Reading, Wanted, held, stored_columns
from connectors.readers.rows import HEADER, REASONS
from connectors.readers.sink import Sink
from connectors.spec import ExportShape

PACKAGE = b"PK"
"""How a workbook's bytes begin."""
ERRORS = {
    "Div0": "#DIV/0!",
    "NA": "#N/A",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
    "GettingData": "#GETTING_DATA",
}
"""calamine's names of errors -> what the cell shows."""


def read(export: Opened, shape: ExportShape, wanted: Wanted, sink: Sink) -> Reading:
    """Read one sheet of a workbook into `sink`.

    Raises:
        ShapeMismatch: no workbook at all, no such sheet, or its header lacks the key or a required column.
        Refused: damaged, protected, or larger than can be held.
    """
    if export.facts.size and not export.facts.start.startswith(PACKAGE):
        # An object may also come as text: then another of its shapes fits.
        raise ShapeMismatch("it is no Excel workbook (.xlsx)", "save it as .xlsx, without a password")
    with held(export) as file, opened(file) as package:
        sheet = _chosen(sheets(package), shape.sheet)
        cells = look_through(package, sheet.part, zero_formats(package))
        table = _load(file, sheet, cells)
    table, names = _below_header(table, shape)
    stored, unnamed, missing = stored_columns(names, wanted)
    if missing:
        raise ShapeMismatch(
            f"the header of sheet {sheet.name!r} has no column {', '.join(repr(name) for name in missing)}",
            "export it with these columns, or name this shape in the connector",
        )
    repeated = table.select(
        pl.all_horizontal(pl.nth(at + 1).fill_null("").str.strip_chars() == name for at, name in enumerate(names))
    ).to_series()
    for row, line in table.filter(repeated).select("_row", "_line").iter_rows():
        sink.reject(row, line, None, None, REASONS[HEADER])
    sink.land(table.filter(~repeated).select("_row", *(pl.nth(at + 1).alias(landed) for landed, at in stored.items())))
    warnings = tuple(
        f"the column {names[at]!r} holds numbers of more than 15 digits, which Excel has rounded: export ids as text"
        for at in sorted(set(stored.values()))
        if at + cells.first_column in cells.rounded
    )
    return Reading(table.height, sink.rejected, tuple(stored), unnamed, warnings=warnings, reasons=dict(sink.reasons))


def _chosen(found: list[Sheet], name: str | None) -> Sheet:
    """The sheet of that name, or the first that is not hidden."""
    for sheet in found:
        if sheet.name == name or (name is None and not sheet.hidden):
            return sheet
    if name is None:
        raise ShapeMismatch("the workbook has no sheet that is not hidden", "name it with `sheet` in the connector")
    # What a sheet is called may tell of people: only their number is said.
    raise ShapeMismatch(f"none of the {len(found)} sheets is called {name!r}", "mend `sheet` in the connector")


def _load(file: BinaryIO, sheet: Sheet, cells: Cells) -> pl.DataFrame:
    """The sheet's cells from its first row on, all text; null where a cell is empty."""
    file.seek(0)
    try:
        reader = fastexcel.read_excel(file.read())
        loaded = reader.load_sheet(sheet.name, header_row=None, skip_rows=0, dtypes="string")
        batch, faults = loaded.to_arrow_with_errors()
    except fastexcel.FastExcelError:
        # Its message may quote a cell.
        raise Refused("the workbook is damaged", "save it again as .xlsx, without a password") from None
    table = pl.DataFrame(pl.from_arrow(batch))
    table.columns = [str(position) for position in range(table.width)]
    seen = {
        (row, column): ERRORS.get(fault.detail.partition("Error(")[2].partition(")")[0], "#ERROR")
        for fault in (faults.errors if faults else ())
        for row, column in (fault.offset_position,)
    }
    for row, column, width in cells.padded:
        shown = table[row, column - cells.first_column]
        seen[row, column - cells.first_column] = (shown or "").zfill(width)
    for column in {column for _, column in seen}:
        places = {row: text for (row, at), text in seen.items() if at == column}
        table = table.with_columns(table.to_series(column).scatter(list(places), list(places.values())))
    return table


def _below_header(table: pl.DataFrame, shape: ExportShape) -> tuple[pl.DataFrame, list[str]]:
    """The data rows between their number (`_row`) and their row in the sheet (`_line`), and the header's cells.

    Blank rows are no rows.
    """
    filled = pl.any_horizontal(pl.all().str.strip_chars() != "").fill_null(False)
    table = table.with_columns(pl.int_range(1, pl.len() + 1).alias("_line")).filter(
        table.select(filled).to_series() if table.width else pl.lit(False)
    )
    table = table.filter(pl.col("_line") > shape.above)
    if table.is_empty():
        raise Refused("the sheet is empty", "export it again; an object without rows still has its header")
    names = [(cell or "").strip() for cell in table.drop("_line").row(0)]
    return table.slice(1 + shape.below).with_row_index("_row", 1).with_columns(pl.col("_row").cast(pl.Int64)), names
