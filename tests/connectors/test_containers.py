"""Any table lands cell for cell, in whatever container it is written and however that is packed."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import polars as pl
import pyarrow as pa
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.landing import deliveries, land
from connectors.ledger import landed_path
from connectors.spec import Connector
from connectors.storage import Storage

COLUMNS = ("Id", "Name", "Note")
SHAPES = {
    "Line": {"format": "csv"},
    "Text": {"format": "json"},
    "List": {"format": "json"},
    "Page": {"format": "json", "root": "data.rows", "envelope": {"total": "total"}},
    "Book": {"format": "excel"},
    "Tree": {"format": "xml", "root": "Rows.Row"},
    "Table": {"format": "parquet"},
}
"""Objects of one system, each in a container of its own; files are called by them, or by them and a number."""
CONNECTOR = Connector.model_validate(
    {
        "name": "crm",
        "kind": "crm",
        "owner": "sales",
        "rank": 1,
        "objects": {
            name: {
                "exports": [{"file": [name, f"{name}_[0-9]"], "require": COLUMNS, **shape}],
                "key": "Id",
                "records": [{"kind": "person", "fields": {"family_name": "Name", "email": "Note"}}],
            }
            for name, shape in SHAPES.items()
        },
    }
)
Row = tuple[str, str, str]


def _csv(rows: list[Row]) -> dict[str, bytes]:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([COLUMNS, *rows])
    return {"Line.csv": text.getvalue().encode()}


def _objects(rows: list[Row]) -> list[dict[str, str]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def _lines(rows: list[Row]) -> dict[str, bytes]:
    return {"Text.jsonl": "".join(json.dumps(row) + "\n" for row in _objects(rows)).encode()}


def _list(rows: list[Row]) -> dict[str, bytes]:
    return {"List.json": json.dumps(_objects(rows), ensure_ascii=False).encode("utf-16")}


def _pages(rows: list[Row]) -> dict[str, bytes]:
    pages = [_objects(rows[: len(rows) // 2]), _objects(rows[len(rows) // 2 :])]
    return {
        f"Page_{number}.json": json.dumps({"total": len(rows), "data": {"rows": page}}, indent=number).encode()
        for number, page in enumerate(pages, 1)
    }


def _book(rows: list[Row]) -> dict[str, bytes]:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate([COLUMNS, *rows]):
            for column, cell in enumerate(row):
                sheet.write_string(at, column, cell)
    return {"Book.xlsx": content.getvalue()}


def _tree(rows: list[Row]) -> dict[str, bytes]:
    written = [
        "".join(f"<{name}>{escape(cell)}</{name}>" for name, cell in zip(COLUMNS, row, strict=True)) for row in rows
    ]
    return {"Tree.xml": ("<Rows>" + "".join(f"<Row>{row}</Row>" for row in written) + "</Rows>").encode()}


def _table(rows: list[Row]) -> dict[str, bytes]:
    content = io.BytesIO()
    pl.DataFrame(rows, dict.fromkeys(COLUMNS, pl.String), orient="row").write_parquet(content)
    return {"Table.parquet": content.getvalue()}


def _plain(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _gzip(folder: Path, files: dict[str, bytes]) -> None:
    _plain(folder, {f"{name}.gz": gzip.compress(content) for name, content in files.items()})


def _zstd(folder: Path, files: dict[str, bytes]) -> None:
    packed = {name: pa.compress(content, "zstd", asbytes=True) for name, content in files.items()}
    _plain(folder, {f"{name}.zst": content for name, content in packed.items()})


def _zip(folder: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(folder / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"folder/{name}", content)


CELLS = st.text(st.sampled_from("aZ07 ,;:\"'\\/<&>[]{}=\nß€😀\u0301"), max_size=7)


@pytest.mark.parametrize("pack", [_plain, _gzip, _zstd, _zip])
@settings(max_examples=12, deadline=None)
@given(table=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6))
def test_a_table_lands_cell_for_cell_in_every_container(
    tmp_path_factory: pytest.TempPathFactory,
    pack: Callable[[Path, dict[str, bytes]], None],
    table: list[tuple[str, str]],
) -> None:
    rows: list[Row] = [(f"{number:03}", *cells) for number, cells in enumerate(table)]
    root = tmp_path_factory.mktemp("table")
    folder = root / "exports" / "crm"
    folder.mkdir(parents=True)
    writers = (_csv, _lines, _list, _pages, _book, _tree, _table)
    pack(folder, {name: content for write in writers for name, content in write(rows).items()})

    report = land(CONNECTOR, Storage(root / "exports"), root / "data", dt.date(2026, 1, 5))

    assert not report.refused
    assert {line.object: line.warnings for line in report.objects} == dict.fromkeys(SHAPES, ())
    for one in deliveries(root / "data"):
        paths = [landed_path(root / "data", one.source, one.object, part.hash) for part in one.parts]
        landed = pl.concat([pl.read_parquet(path) for path in paths]).select(COLUMNS).sort("Id").rows()
        assert [tuple(cell or "" for cell in row) for row in landed] == rows, one.object
