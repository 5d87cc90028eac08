"""JSON in its containers: rows under a root, in an array, on lines; cells as text with their digits."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.readers import json as reader
from connectors.readers.gate import Refused, ShapeMismatch
from connectors.readers.json_text import Document
from connectors.readers.reading import Reading
from tests.connectors import reading


def read(
    content: bytes, folder: Path, allowed: tuple[str, ...] = ("id", "name"), **shape: object
) -> tuple[Reading, pl.DataFrame, pl.DataFrame]:
    return reading.read(content, folder, allowed, format="json", **shape)


def test_rows_stand_under_a_root_in_an_array_or_on_lines(tmp_path: Path) -> None:
    rows = [{"id": "1", "name": "Ann"}, {"id": "2", "name": None}, {"id": "3"}]
    expected = [("1", "Ann"), ("2", None), ("3", None)]
    for content, root in [
        (json.dumps({"meta": {"d": [1]}, "d": {"results": rows}, "z": ["]"]}).encode(), "d.results"),
        (json.dumps({"people": rows}, indent=2).encode("utf-8-sig"), "people"),
        (json.dumps(rows).encode("utf-16"), None),
        (b"\n".join(json.dumps(row).encode() for row in rows) + b"\n\n", None),
        (b"\r\n".join(json.dumps(row).encode() for row in rows), None),
    ]:
        _, landed, _ = read(content, tmp_path, root=root)
        assert landed.select("id", "name").rows() == expected
        assert landed["_row"].to_list() == [1, 2, 3]


def test_nested_paths_are_flattened_and_what_is_not_named_stays_out(tmp_path: Path) -> None:
    content = json.dumps(
        {
            "results": [
                {
                    "id": "1",
                    "properties": {"email": "a@b.c", "salary": "9"},
                    "via": {"channel": "web"},
                    "photo": {"u": 1},
                }
            ]
        }
    ).encode()
    found, landed, _ = read(content, tmp_path, ("id", "properties.email", "via.channel"), root="results")
    assert landed.row(0) == (1, "1", "a@b.c", "web")
    assert set(found.unnamed) == {"properties.salary", "photo"}


def test_a_shape_may_call_a_column_otherwise_and_a_key_may_hold_dots(tmp_path: Path) -> None:
    content = b'[{"id": 1, "a": {"value": "x"}, "owner@OData.Community.Name": "Ann"}]'
    _, landed, _ = read(
        content, tmp_path, ("id", "name", "owner"), columns={"name": "a.value", "owner": "owner@OData.Community.Name"}
    )
    assert landed.row(0) == (1, "1", "x", "Ann")


def test_a_path_through_an_array_collects_its_values(tmp_path: Path) -> None:
    content = (
        b'[{"id": 1, "emails": [{"value": "a@b.c"}, {"value": null}, {"value": "d@e.f"}], "tags": ["x", {"y": 1.50}]}]'
    )
    _, landed, _ = read(content, tmp_path, ("id", "emails.value", "tags"))
    assert landed.row(0) == (1, "1", "a@b.c; d@e.f", '["x"]')


@pytest.mark.parametrize(
    ("written", "cell"),
    [
        ("22883624375167", "22883624375167"),
        ("6493490000001291001", "6493490000001291001"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("1.10", "1.10"),
        ("1e5", "1e5"),
        ('[9223372036854775808, 1E2, "1.5"]', '[9223372036854775808,1E2,"1.5"]'),
        ("true", "true"),
        ("false", "false"),
        ("null", None),
        ('""', ""),
        ('"5.0"', "5.0"),
        ("[]", "[]"),
        ("{}", None),
        ('[1.0, "ü", null, true]', '[1.0,"ü",null,true]'),
    ],
)
def test_a_cell_is_text_exactly_as_written(tmp_path: Path, written: str, cell: str | None) -> None:
    _, landed, _ = read(f'{{"rows": [{{"id": {written}}}, {{"id": "x"}}]}}'.encode(), tmp_path, ("id",), root="rows")
    assert landed["id"].to_list() == [cell, "x"]


def test_a_bad_line_is_rejected_by_its_place(tmp_path: Path) -> None:
    content = '{"id":1}\n{"id":2,"näme"\n\n[3]\n{"id":4}\n{"id":5},{"id":6}\n{"id":7'.encode()
    _, landed, rejected = read(content, tmp_path)
    assert landed["id"].to_list() == ["1", "4"]
    assert landed["_row"].to_list() == [1, 4]
    assert rejected.select("row", "line").rows() == [(2, 2), (3, 4), (5, 6), (6, 7)]
    places = rejected.select("byte_start", "byte_end").rows()
    assert [content[start:end] for start, end in places] == [
        '{"id":2,"näme"'.encode(),
        b"[3]",
        b'{"id":5},{"id":6}',
        b'{"id":7',
    ]


def test_a_row_that_is_no_object_is_rejected_within_a_document(tmp_path: Path) -> None:
    content = b'{"rows": [{"id": 1},\n {"id" 2}, 3, {"id": 4}]}'
    _, landed, rejected = read(content, tmp_path, root="rows")
    assert landed["id"].to_list() == ["1", "4"]
    assert [content[a:b] for a, b in rejected.select("byte_start", "byte_end").rows()] == [b'{"id" 2}', b"3"]
    assert rejected["line"].to_list() == [2, 2]


@pytest.mark.parametrize("end", [5, 20, 28, 36])
def test_a_document_that_is_cut_off_is_refused_with_its_place(tmp_path: Path, end: int) -> None:
    content = b'{"rows": [{"id": "1"}, {"id": "2"}]}'
    with pytest.raises(Refused, match=f"cut off: at byte {end - 1}"):
        read(content[: end - 1], tmp_path, root="rows")


def test_a_document_without_the_root_is_another_shape(tmp_path: Path) -> None:
    for content in (
        b'{"fields": [{"id": 1}]}',
        b'{"rows": {"id": 1}}',
        b'{"a": {"rows": []}}',
        b'[{"id": 1}]',
        b'"rows"',
    ):
        with pytest.raises(ShapeMismatch):
            read(content, tmp_path, root="rows")


def test_rows_without_the_key_are_another_shape(tmp_path: Path) -> None:
    with pytest.raises(ShapeMismatch, match="'id'"):
        read(b'[{"name": "Ann"}]', tmp_path)
    found, landed, _ = read(b"[]", tmp_path)
    assert (found.rows, landed.columns) == (0, ["_row", "id", "name"])


def test_a_pretty_printed_document_without_root_is_not_taken_for_lines(tmp_path: Path) -> None:
    with pytest.raises(ShapeMismatch):
        read(json.dumps({"id": 1, "name": "Ann"}, indent=1).encode(), tmp_path)


def test_what_an_object_holds_is_not_stored_for_its_keys_are_not_named(tmp_path: Path) -> None:
    content = b'[{"id": 1, "name": {"value": "Ann", "birth_date": "1970-01-01"}}, {"id": 2, "name": "Bo"}]'
    _, landed, _ = read(content, tmp_path)
    assert landed["name"].to_list() == [None, "Bo"]


def test_nesting_beyond_measure_stops_at_its_first_level(tmp_path: Path) -> None:
    deep = b"[" * 900 + b"1.5" + b"]" * 900
    _, landed, rejected = read(b'[{"id": 1, "name": ' + deep + b'}, {"id": 2, "name": "Bo"}]', tmp_path)
    assert (landed["name"].to_list(), rejected.height) == (["[]", "Bo"], 0)


def test_the_container_says_what_is_complete(tmp_path: Path) -> None:
    content = b'{"meta": {"total": 7, "page": 0, "pages": 3}, "rows": [], "end": false}'
    envelope = {"total": "meta.total", "page": "meta.page", "pages": "meta.pages", "end": "end"}
    found, _, _ = read(content, tmp_path, root="rows", envelope=envelope)
    assert found.stated.__dict__ == {"total": 7, "page": 0, "pages": 3, "end": False}


@pytest.mark.parametrize(
    ("said", "end"), [("true", False), ("false", True), ('"/next?page=2"', False), ('""', True), ("null", True)]
)
def test_a_part_after_which_more_follows_is_not_the_last(tmp_path: Path, said: str, end: bool) -> None:
    content = f'{{"rows": [], "info": {{"more": {said}}}}}'.encode()
    found, _, _ = read(content, tmp_path, root="rows", envelope={"more": "info.more"})
    assert found.stated.end is end


def test_of_several_paths_the_first_with_a_value_counts_row_by_row(tmp_path: Path) -> None:
    rows = [b'{"id": 1, "org": %s}' % org for org in (b'{"value": 7}', b"8", b"[]", b'{"value": 1.50}')]
    content = b"[" + b",".join(rows) + b"]"
    found, landed, _ = read(content, tmp_path, columns={"name": ["org.value", "org"]})
    assert landed["name"].to_list() == ["7", "8", "[]", "1.50"]
    assert found.unnamed == ()


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
    | st.sampled_from(['"', "\\", '\\"', "{", "]", ",", "\\\\"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(VALUES, max_size=6),
    before=VALUES,
    after=VALUES,
    indent=st.sampled_from([None, 1]),
    size=st.integers(1, 50),
)
def test_the_elements_of_a_document_are_found_whatever_stands_in_them(
    rows: list[object], before: object, after: object, indent: int | None, size: int
) -> None:
    content = json.dumps({"a": before, "x": {"y": rows, "b": after}, "c": after}, indent=indent, ensure_ascii=False)
    data = content.encode("utf-8", "surrogatepass")
    found, around = in_pieces(data, "x.y", size)
    assert [json.loads(row) for row in found] == rows
    assert json.loads(around)["x"]["y"] == []


def in_pieces(data: bytes, root: str, size: int) -> tuple[list[bytes], bytes]:
    """A document fed in pieces of some bytes: its rows as they are written, and what is around them."""
    document, rows, passed = Document(root), [], b""
    for at in range(0, len(data), size):
        found = document.feed(data[at : at + size])
        passed += found.data
        rows += [found.data[a:b] for a, b in zip(found.start, found.end, strict=True)]
    document.close()
    assert data.startswith(passed), "a byte was passed over that was not given out"
    return rows, bytes(document.around)


def test_a_document_is_read_across_pieces() -> None:
    rows = [{"id": i, "text": '\\"],[{' * (i % 5)} for i in range(50)]
    found, _ = in_pieces(json.dumps({"rows": rows}).encode(), "rows", 7)
    assert [json.loads(row) for row in found] == rows


def test_rows_that_stand_under_the_same_key_twice_are_not_lost_silently(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="'rows' stands twice"):
        read(b'{"rows": [{"id": 1}], "rows": [{"id": 2}]}', tmp_path, root="rows")


def test_lines_are_read_across_blocks_and_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.readers.gate.blocks.__defaults__", (50,))
    monkeypatch.setattr("connectors.readers.json.BATCH", 80)
    lines = [json.dumps({"id": i, "name": "ä" * (i % 40)}, ensure_ascii=False) for i in range(200)]
    lines[77] = "{"
    content = "\n".join(lines).encode()
    _, landed, rejected = read(content, tmp_path)
    assert landed["id"].to_list() == [str(i) for i in range(200) if i != 77]
    assert [content[a:b] for a, b in rejected.select("byte_start", "byte_end").rows()] == [b"{"]
    assert rejected["line"].to_list() == [78]


def test_a_column_that_turns_up_late_lands_with_all_rows_and_one_that_does_not_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "STRETCH", 64)
    monkeypatch.setattr(reader, "PART", 64)
    rows: list[dict[str, object]] = [{"id": str(number)} for number in range(20)]
    rows[8] |= {"name": None}
    rows[12] |= {"note": "late"}
    content = b"\n".join(json.dumps(row).encode() for row in rows)
    found, landed, _ = read(content, tmp_path, ("id", "name", "absent", "note"))
    assert found.columns == ("id", "name", "note")
    assert landed.columns == ["_row", *found.columns]
    assert landed.rows() == [(i + 1, row["id"], None, row.get("note")) for i, row in enumerate(rows)]
