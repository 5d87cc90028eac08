"""Delimited text in many dialects and many kinds of damage: every row lands whole or is rejected by its place."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.readers.gate import Refused, ShapeMismatch, inspect
from tests.connectors.reading import PEOPLE, read

CELLS = st.text(
    st.one_of(
        st.sampled_from("\",;|\t\n\r'#\\ äß€😀"), st.characters(exclude_categories=("Cs",), exclude_characters="\0")
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8),
    separator=st.sampled_from([",", ";", "\t", "|", "^", "`", "!"]),
    quote=st.sampled_from(['"', "'"]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]),
)
def test_a_table_reads_back_cell_for_cell_whatever_the_dialect(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str]],
    separator: str,
    quote: str,
    line_end: str,
    quoting: int,
    encoding: str,
) -> None:
    if quoting != csv.QUOTE_ALL:
        # Python's writer leaves a line end of another kind than its own unquoted: nobody can read that back.
        rows = [tuple(re.sub("[\r\n]", "\r\n", cell) for cell in row) for row in rows]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, quotechar=quote, lineterminator=line_end, quoting=quoting)
    writer.writerows([PEOPLE, *rows])
    said = {"delimiter": separator, "quote": quote, "encoding": encoding if encoding[-3:] in ("-le", "-be") else "auto"}
    _, landed, rejected = read(text.getvalue().encode(encoding), tmp_path_factory.mktemp("rows"), **said)
    assert rejected.is_empty()
    assert landed.select(PEOPLE).rows() == rows
    assert landed["_row"].to_list() == list(range(1, len(rows) + 1))


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(
        st.tuples(*[st.sampled_from(["a", "b,c", 'say "hi"', "two\nlines", ""])] * 3), min_size=1, max_size=30
    ),
    damage=st.lists(st.sampled_from([b'1,"open,x\n', b"1,2\n", b"1,2,3,4\n", b'1,a"b,3\n', b"1,\x00,3\n"]), max_size=3),
    data=st.data(),
)
def test_damaged_lines_never_take_sound_rows_with_them(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]], damage: list[bytes], data: st.DataObject
) -> None:
    lines = [_line(row) for row in rows]
    for line in damage:
        lines.insert(data.draw(st.integers(0, len(lines))), line)
    _, landed, rejected = read(b"id,name,note\n" + b"".join(lines), tmp_path_factory.mktemp("rows"))
    sound = [row for row in rows if not any("\n" in cell for cell in row)]
    found = landed.select(PEOPLE).rows()
    assert [row for row in found if row in sound] == sound if len(sound) == len(rows) else set(sound) <= set(found)
    assert set(found) <= set(rows), "a row was invented"
    assert rejected.height >= len(damage)


def _line(row: tuple[str, ...]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(row)
    return text.getvalue().encode()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"2,Bob", "fewer cells"),
        (b"2,Bob,x,y", "more cells"),
        (b'2,Bo"b,x', "quote stands inside"),
        (b'2,"Bob"by,x', "quote stands inside"),
        (b'2,"Bob,x', "quote"),
        (b"2,B\x00b,x", "NUL"),
        (b"2,B\rb,x", "line end of another kind"),
        (b"id,name,note", "header line again"),
    ],
)
def test_a_damaged_row_is_rejected_by_its_place_and_the_others_land(tmp_path: Path, line: bytes, reason: str) -> None:
    content = b"id,name,note\n1,Ann,x\n" + line + b"\n3,Cyd,x\n4,Dan,x\n"
    _, landed, rejected = read(content, tmp_path)
    assert landed["id"].to_list() == ["1", "3", "4"]
    assert landed["_row"].to_list() == [1, 3, 4]
    assert rejected.select("row", "line", "byte_start", "byte_end").rows() == [(2, 3, 21, 22 + len(line))]
    assert reason in rejected["reason"][0]
    assert content[21 : 22 + len(line)].strip() == line


def test_places_are_bytes_of_the_export_in_any_encoding(tmp_path: Path) -> None:
    text = "id,name,note\n1,Änn😀,x\n2,Ö\n3,Cyd,x\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        content = text.encode(encoding)
        _, landed, rejected = read(content, tmp_path)
        start, end = rejected.select("byte_start", "byte_end").row(0)
        assert content[start:end].decode(encoding.replace("16", "16-le").replace("32", "32-le")) == "2,Ö\n"
        assert landed["name"].to_list() == ["Änn😀", "Cyd"]


def test_an_open_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    rows = [f"{i},name {i},x" for i in range(20_000)]
    rows[5_000] = '5000,"name,x'
    _, landed, rejected = read(("id,name,note\n" + "\n".join(rows) + "\n").encode(), tmp_path)
    assert landed.height == 19_999
    assert rejected["row"].to_list() == [5_001]


def test_two_open_quotes_do_not_hide_the_rows_between_them(tmp_path: Path) -> None:
    rows = [f"{i},name {i},x" for i in range(100)]
    rows[10], rows[50] = '10,"name,x', '50,name",x'
    _, landed, rejected = read(("id,name,note\n" + "\n".join(rows) + "\n").encode(), tmp_path)
    assert rejected["row"].to_list() == [11, 51]
    assert landed.height == 98


def test_a_long_text_of_many_lines_is_one_cell(tmp_path: Path) -> None:
    text = "\r\n".join(f"line {i}, with a comma" for i in range(900))
    content = f'id,name,note\n1,Ann,"{text}"\n2,Bob,x\n'.encode()
    _, landed, _ = read(content, tmp_path)
    assert landed["note"].to_list() == [text, "x"]


def test_rows_are_found_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.readers.gate.BLOCK", 64)
    monkeypatch.setattr("connectors.readers.csv.BLOCK", 64)
    monkeypatch.setattr("connectors.readers.csv.MAX_HEADER", 64)
    monkeypatch.setattr("connectors.readers.gate.blocks.__defaults__", (64,))
    rows = [(str(i), f"ä {i}", "two\nlines" if i % 7 == 0 else "x" * (i % 90)) for i in range(300)]
    content = b"id,name,note\n" + b"".join(b"9,9\n" if row[0] == "150" else _line(row) for row in rows)
    _, landed, rejected = read(content, tmp_path)
    assert landed.select(PEOPLE).rows() == [row for row in rows if row[0] != "150"]
    start, end = rejected.select("byte_start", "byte_end").row(0)
    assert content[start:end] == b"9,9\n"


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    reading, landed, _ = read(b"\r\n\r\nid,name,note\r\n\r\n1,Ann,x\r\n   \r\n2,Bob,y\r\n\r\n\r\n", tmp_path)
    assert reading.rows == 2
    assert landed["id"].to_list() == ["1", "2"]


def test_mixed_line_ends_lose_nothing(tmp_path: Path) -> None:
    _, landed, _ = read(b"id,name,note\n1,Ann,x\r\n2,Bob,y\n3,Cyd,z\r\n", tmp_path)
    assert landed["note"].to_list() == ["x", "y", "z"]


def test_a_header_alone_is_no_rows(tmp_path: Path) -> None:
    reading, landed, _ = read(b'"id","name","note"\n', tmp_path)
    assert (reading.rows, landed.columns, reading.whole) == (0, ["_row", *PEOPLE], True)


def test_a_cut_last_line_is_rejected(tmp_path: Path) -> None:
    for tail in (b"2,Bo", b'2,"Bo', b'2,"Bob","x'):
        _, landed, rejected = read(b"id,name,note\n1,Ann,x\n" + tail, tmp_path)
        assert landed["id"].to_list() == ["1"]
        assert "cut off" in rejected["reason"][0]


def test_a_last_line_without_line_end_lands_but_is_doubted(tmp_path: Path) -> None:
    reading, landed, _ = read(b"id,name,note\n1,Ann,x\n2,Bob,ye", tmp_path)
    assert landed.height == 2
    assert not reading.whole
    assert "no line end" in reading.warnings[0]
    reading, landed, _ = read(b'id,name,note\n1,Ann,x\n2,Bob,"yes"', tmp_path)
    assert (landed.height, reading.whole) == (2, True)


def test_unnamed_columns_are_named_and_not_stored(tmp_path: Path) -> None:
    reading, landed, _ = read(b"Salary,ID , name,\n1,2,3,4\n", tmp_path)
    assert landed.to_dicts() == [{"_row": 1, "id": "2", "name": "3"}]
    assert reading.unnamed == ("Salary", "column 4")


def test_a_header_without_the_key_is_another_shape_and_is_not_quoted(tmp_path: Path) -> None:
    with pytest.raises(ShapeMismatch, match="no column 'id'") as refusal:
        read(b"Ann,1980-02-03\nBob,1990-01-01\n", tmp_path)
    assert "1980" not in str(refusal.value)


@pytest.mark.parametrize("header", [b"id,name,name\n", b"id,Name,NAME\n", b"id,salary,Salary \n"])
def test_twin_columns_refuse_the_file(tmp_path: Path, header: bytes) -> None:
    with pytest.raises(Refused, match=r"(?i)twice .*: '(name|salary)'"):
        read(header + b"1,2,3\n", tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\n\n", "blank"),
        (b"id,name,note\n1,Ann,x\n" + bytes(500), "NUL bytes"),
        ("id,name,note\n1,Ann,x\n".encode("utf-16-le"), "UTF-16"),
        ("id,name,note\n1,Ann,x\n".encode("utf-32")[:-2], "utf-32"),
        ("id,name,note\n1,Änn,x\n".encode("utf-16")[:-1], "utf-16"),
        (b"id\x81\x8d\x01\x02\xff\xfe\x00", "neither"),
        (b"PK\x03\x04\x81\x8d\x01", "ZIP archive or an Excel workbook, not text"),
        (gzip.compress(b"id\n1\n", mtime=0), "packed with gzip"),
    ],
)
def test_what_is_not_text_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read(content, tmp_path)


def test_an_export_in_windows_1252_is_read_so_with_a_warning(tmp_path: Path) -> None:
    text = "id,name,note\n1,Jörg,10 € – “x”\n2,Ãœber,y\n"
    reading, landed, _ = read(text.encode("windows-1252"), tmp_path)
    assert landed["name"].to_list() == ["Jörg", "Ãœber"]
    assert landed["note"][0] == "10 € – “x”"
    assert "windows-1252" in reading.warnings[0]


def test_a_nul_in_a_latin_export_costs_its_row_only(tmp_path: Path) -> None:
    _, landed, rejected = read("id,name,note\n1,Jörg,x\n2,Zo\0é,y\n3,Ann,z\n".encode("iso-8859-1"), tmp_path)
    assert landed["name"].to_list() == ["Jörg", "Ann"]
    assert rejected["reason"].to_list() == ["NUL bytes in the row"]


def test_one_broken_character_does_not_turn_utf_8_into_another_encoding(tmp_path: Path) -> None:
    content = "id,name,note\n1,Jörg,ä\n2,Bäb,x\n3,Zoë,x\n".encode().replace("Bäb".encode(), b"B\xe4b")
    _, landed, rejected = read(content, tmp_path)
    assert landed["name"].to_list() == ["Jörg", "Zoë"]
    assert "not UTF-8" in rejected["reason"][0]


def test_a_separator_can_be_told(tmp_path: Path) -> None:
    _, landed, _ = read(b"id^name^note\n1^An,n^x\n", tmp_path, delimiter="^")
    assert landed["name"].to_list() == ["An,n"]


def test_of_several_names_of_a_column_the_first_that_the_header_has_is_taken(tmp_path: Path) -> None:
    content = b"ID;Vorname;Kurzname\n1;Anna;Ann\n"
    found, landed, _ = read(content, tmp_path, columns={"name": ["First name", "Vorname", "Kurzname"]})
    assert landed["name"].to_list() == ["Anna"]
    assert found.unnamed == ("Kurzname",)


@pytest.mark.parametrize("separator", ["^", "`", "!"])
def test_the_separators_of_the_bulk_api_need_no_word(tmp_path: Path, separator: str) -> None:
    _, landed, _ = read(b"id^name^note\n1^An,n^x;y\n".replace(b"^", separator.encode()), tmp_path)
    assert landed.rows() == [(1, "1", "An,n", "x;y")]


def test_the_separator_is_the_one_that_shows_the_required_columns(tmp_path: Path) -> None:
    _, landed, _ = read(b'id;name;"a,b,c,d,e"\n1;2;3\n', tmp_path)
    assert landed["id"].to_list() == ["1"]


def test_pages_put_together_keep_their_rows_and_lose_the_repeated_header(tmp_path: Path) -> None:
    page = b'"id","name","note"\n"1","Ann","x"\n'
    reading, landed, _ = read(page + page, tmp_path)
    assert landed.height == 2
    assert reading.reasons == {"the header line again": 1}


def test_the_tail_of_a_report_is_rejected_line_by_line(tmp_path: Path) -> None:
    tail = b'\n\n"My Report"\n"Confidential Information - Do Not Distribute"\n'
    _, landed, rejected = read(b'"id","name","note"\n"1","Ann","x"\n' + tail, tmp_path)
    assert (landed.height, rejected.height) == (1, 2)


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.tuples(*[st.text(st.sampled_from("abcÄßé§ \",;\n'"), max_size=8)] * 3), min_size=1, max_size=8),
    encoding=st.sampled_from(["iso-8859-1", "windows-1252"]),
)
def test_a_table_reads_back_cell_for_cell_in_an_encoding_that_is_declared(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]], encoding: str
) -> None:
    content = b"id,name,note\n" + b"".join(_line(row) for row in rows).decode().encode(encoding)
    _, landed, rejected = read(content, tmp_path_factory.mktemp("rows"), encoding=encoding)
    assert (landed.select(PEOPLE).rows(), rejected.height) == (rows, 0)


REPORT = '"id","name","note"\n"1","Ann","x"\n"2","Bob","y"\n'
TAIL = '\n\n"My Report"\n"Copyright (c) 2000-2026"\n"Confidential"\n"Generated By: Ann 01.02.2026"\n"Acme"'


@pytest.mark.parametrize("end", ["", "\n", "\r\n\r\n"])
def test_the_tail_that_is_declared_of_a_report_is_no_rows(tmp_path: Path, end: str) -> None:
    reading, landed, rejected = read((REPORT + TAIL + end).encode("iso-8859-1"), tmp_path, tail="report")
    assert (reading.rows, landed.height, rejected.height, reading.whole) == (2, 2, 0, True)
    assert reading.reasons == {}


@pytest.mark.parametrize(
    ("text", "rejected_rows"),
    [
        (REPORT + '"3","cut"\n', 1),
        (REPORT + '"My Report"\n"Acme"\n', 2),
        (REPORT + '\n"3"\n' + '"4","Dan","z"\n', 1),
        (REPORT + "\n" + '"a"\n' * 60, 60),
        (REPORT + '\n"a","b","c","d"\n', 1),
    ],
)
def test_a_damaged_row_is_not_taken_for_the_tail_of_a_report(tmp_path: Path, text: str, rejected_rows: int) -> None:
    _, _, rejected = read(text.encode(), tmp_path, tail="report")
    assert rejected.height == rejected_rows


def test_lines_above_and_below_the_header_are_no_rows(tmp_path: Path) -> None:
    content = 'Export of "users"\n\nid,name,note\n"Number","Full\nname","Remark"\n1,Ann,x\n2,Bob\n'
    reading, landed, rejected = read(content.encode(), tmp_path, above=2, below=1)
    assert (reading.rows, landed["name"].to_list()) == (2, ["Ann"])
    assert rejected.select("row", "line").row(0) == (2, 7)
    start, end = rejected.select("byte_start", "byte_end").row(0)
    assert content[start:end] == "2,Bob\n"
    with pytest.raises(ShapeMismatch, match="no line below the first 9"):
        read(content.encode(), tmp_path, above=9)


def test_lines_of_a_condemned_row_are_not_taken_for_rows_where_all_cells_are_quoted(tmp_path: Path) -> None:
    content = b'"id","name","note"\n"1","A"nn","secret line\n7,8,9\nend"\n"2","Bob","x"\n'
    _, landed, _ = read(content, tmp_path)
    assert landed["id"].to_list() == ["2"]


def test_a_compressed_export_reads_as_its_content(tmp_path: Path) -> None:
    with gzip.open(io.BytesIO(gzip.compress(b"id\n1\n"))) as stream:
        assert inspect(stream).sha256 == hashlib.sha256(b"id\n1\n").hexdigest()  # type: ignore[arg-type]
