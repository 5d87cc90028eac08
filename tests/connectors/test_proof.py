"""The fast path of delimited text gives what the full scan gives, or leaves the file to it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.readers import csv as reader
from connectors.readers.gate import Refused, inspect
from connectors.readers.proof import proven_rows
from connectors.readers.reading import Opened, Wanted
from connectors.readers.rows import Dialect
from connectors.readers.sink import Sink
from connectors.spec import ExportShape

COLUMNS = ("id", "name", "note")
HEADER = b"id,name,note\n"
PIECES = [
    b"a",
    "ä".encode(),
    b",",
    b",",
    b'"',
    b'""',
    b'"x"',
    b"\n",
    b"\r\n",
    b"\r",
    b"1,2,3\n",
    b'"1","2","3"\n',
    HEADER,
]


def landed(content: bytes, folder: Path, *, on_disk: bool, columns: tuple[str, ...] = COLUMNS) -> pl.DataFrame | str:
    """The rows that land of a file that lies on the disk or comes as a stream; the reason where it is refused."""
    file, target = folder / "people.csv", folder / f"{on_disk}.parquet"
    file.write_bytes(content)
    export = Opened("people.csv", lambda: file.open("rb"), inspect(io.BytesIO(content)), file if on_disk else None)
    shape = ExportShape(file=("people",), require=columns[:1])
    try:
        with Sink(target) as sink:
            found = reader.read(export, shape, Wanted(columns, columns[:1], {name: (name,) for name in columns}), sink)
            sink.close(found.columns, {})
    except Refused as error:
        return error.reason
    return pl.read_parquet(target)


@settings(max_examples=400, deadline=None)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=14))
def test_what_is_proven_reads_as_the_full_scan_reads_it(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    content, folder = HEADER + b"".join(pieces), tmp_path_factory.mktemp("rows")
    fast, full = (landed(content, folder, on_disk=on_disk) for on_disk in (True, False))
    if isinstance(full, str) or isinstance(fast, str):
        assert fast == full
    else:
        assert fast.equals(full)


CELL = st.text(st.sampled_from('ab,; "äß€'), max_size=9)


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=40),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_tables_without_line_ends_in_cells_are_proven(
    rows: list[tuple[str, str, str]], quoting: int, line_end: str
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=quoting, lineterminator=line_end).writerows(rows)  # type: ignore[call-overload]
    dialect = Dialect(ord(","), ord("\n"), HEADER.strip(), 3)
    assert proven_rows(io.BytesIO(text.getvalue().encode()), dialect) == len(rows)


@pytest.mark.parametrize(
    "line",
    [
        b"1,2\n",
        b"1,2,3,4\n",
        b"\n",
        b'1,a"b,3\n',
        b'1,"a"b,3\n',
        b'1,"a,3\n',
        b'1,"a\nb",3\n',
        b"1,a\rb,3\n",
        HEADER,
        b"1,2,3",
    ],
)
@pytest.mark.parametrize("at", [0, 63, 500])
def test_one_line_that_is_not_plain_keeps_a_file_from_being_proven(line: bytes, at: int) -> None:
    lines = [b"%d,name,note\n" % number for number in range(500)]
    lines.insert(at if line.endswith(b"\n") else 500, line)
    dialect = Dialect(ord(","), ord("\n"), HEADER.strip(), 3)
    assert proven_rows(io.BytesIO(b"".join(lines)), dialect) is None


def test_a_short_and_a_long_row_do_not_make_up_for_each_other(tmp_path: Path) -> None:
    rows = [b"1,2,3\n"] * 100
    rows[10], rows[60] = b"1,2\n", b"1,2,3,4\n"
    found = landed(HEADER + b"".join(rows), tmp_path, on_disk=True, columns=("id",))
    assert isinstance(found, pl.DataFrame)
    assert found.height == 98


def test_a_file_of_one_column_is_left_to_the_full_scan() -> None:
    assert proven_rows(io.BytesIO(b"1\n\n2\n"), Dialect(ord(","), ord("\n"), b"id", 1)) is None


def test_rows_are_counted_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.readers.gate.blocks.__defaults__", (50,))
    lines = b"".join(b'%d,"n,ame",note\n' % number for number in range(500))
    assert proven_rows(io.BytesIO(lines), Dialect(ord(","), ord("\n"), HEADER.strip(), 3)) == 500
