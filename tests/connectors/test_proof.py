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
from connectors.readers.gate import Refused
from connectors.readers.proof import proven_rows
from connectors.readers.reading import Reading
from connectors.readers.rows import Dialect
from tests.connectors import reading

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


Read = tuple[Reading, pl.DataFrame, pl.DataFrame]


def landed(content: bytes, folder: Path, *, proven: bool, columns: tuple[str, ...] = COLUMNS) -> Read | str:
    """What lands of a file with the fast path or without it; the reason where it is refused."""
    with pytest.MonkeyPatch.context() as patch:
        if not proven:
            patch.setattr(reader, "proven_rows", lambda *_: None)
        try:
            return reading.read(content, folder, columns)
        except Refused as error:
            return error.reason


def same(content: bytes, folder: Path) -> bool:
    fast, full = (landed(content, folder, proven=proven) for proven in (True, False))
    if isinstance(full, str) or isinstance(fast, str):
        return fast == full
    return fast[0] == full[0] and all(a.equals(b) for a, b in zip(fast[1:], full[1:], strict=True))


@settings(max_examples=400, deadline=None)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=14))
def test_what_is_proven_reads_as_the_full_scan_reads_it(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    assert same(HEADER + b"".join(pieces), tmp_path_factory.mktemp("rows"))


@pytest.mark.parametrize("pieces", [[b'1,"a\nb",3\n'], [b"1,2\n"], [b'1,"open,3\n'], [b"1,2,3"], [b"1,\xff,3\n"], []])
def test_blocks_that_are_proven_and_blocks_that_are_not_stand_beside_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pieces: list[bytes]
) -> None:
    monkeypatch.setattr("connectors.readers.gate.blocks.__defaults__", (300,))
    monkeypatch.setattr(reader, "BLOCK", 250)
    monkeypatch.setattr(reader, "MAX_HEADER", 100)
    sound = [f"{number},näme,note\n".encode() for number in range(60)]
    assert same(HEADER + b"".join([*sound, *pieces, *(sound if pieces != [b"1,2,3"] else [])]), tmp_path)


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
    assert proven_rows(text.getvalue().encode(), dialect) == len(rows)


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
@pytest.mark.parametrize("piece", [100, 1_000_000])
@pytest.mark.parametrize("at", [0, 63, 500])
def test_one_line_that_is_not_plain_keeps_a_block_from_being_proven(
    monkeypatch: pytest.MonkeyPatch, line: bytes, at: int, piece: int
) -> None:
    monkeypatch.setattr("connectors.readers.proof.PIECE", piece)
    lines = [b"%d,name,note\n" % number for number in range(500)]
    lines.insert(at if line.endswith(b"\n") else 500, line)
    dialect = Dialect(ord(","), ord("\n"), HEADER.strip(), 3)
    assert proven_rows(b"".join(lines), dialect) is None


def test_a_short_and_a_long_row_do_not_make_up_for_each_other(tmp_path: Path) -> None:
    rows = [b"1,2,3\n"] * 100
    rows[10], rows[60] = b"1,2\n", b"1,2,3,4\n"
    found = landed(HEADER + b"".join(rows), tmp_path, proven=True, columns=("id",))
    assert not isinstance(found, str)
    assert (found[1].height, found[2].height) == (98, 2)


def test_a_file_of_one_column_is_left_to_the_full_scan() -> None:
    assert proven_rows(b"1\n\n2\n", Dialect(ord(","), ord("\n"), b"id", 1)) is None


def test_rows_are_counted_across_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.readers.proof.PIECE", 50)
    lines = b"".join(b'%d,"n,ame",note\n' % number for number in range(500))
    assert proven_rows(lines, Dialect(ord(","), ord("\n"), HEADER.strip(), 3)) == 500
