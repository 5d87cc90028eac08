"""The fast path of JSON rows gives what parsing them one by one gives, or leaves them to that."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.readers import json as reader
from connectors.readers.gate import Refused
from connectors.readers.json_alike import MAX_KINDS, MAX_MARKS, columns_alike
from connectors.readers.json_cells import NotJson
from connectors.readers.json_taken import Alike
from connectors.readers.json_written import Lists, are_numbers, words
from connectors.readers.reading import Reading
from tests.connectors import reading

Read = tuple[Reading, pl.DataFrame, pl.DataFrame]
ALLOWED = ("id", "name", "a.b", "a.other", "a.a.id", "absent")
COLUMNS = {"name": ["name", "alias"]}


def read(content: bytes, folder: Path, root: str | None, *, proven: bool) -> Read | str:
    """What lands of an export with the fast path or without it; the reason where it is refused."""
    with pytest.MonkeyPatch.context() as patch:
        if not proven:
            patch.setattr(reader, "columns_alike", lambda *_: None)
        try:
            return reading.read(content, folder, ALLOWED, format="json", root=root, columns=COLUMNS, require=())
        except Refused as error:
            return error.reason


def same(content: bytes, folder: Path, root: str | None = None) -> bool:
    fast, full = (read(content, folder, root, proven=proven) for proven in (True, False))
    if isinstance(fast, str) or isinstance(full, str):
        return fast == full
    found = [replace(reading, unnamed=tuple(sorted(reading.unnamed))) for reading, *_ in (fast, full)]
    return found[0] == found[1] and all(a.equals(b) for a, b in zip(fast[1:], full[1:], strict=True))


VALUES = st.sampled_from(
    [
        *('"x"', '""', '"ä€😀"', r'"a\"b"', r'"\\"', r'"\u00e4\ud83d\ude00"', r'"\ud800"', r'"\q"', '"{[,:]}"', '" "'),
        *("1", "-1", "0", "-0", "01", "1.50", "-0.0", "1e5", "1.", "9" * 30, "9" * 400, "true", "null", "nul", "NaN"),
        *("[]", '[1,"x"]', "{}", '{"b": 1.10}', "", '"', '"a" "b"', '"a', ' "x"', '"x" ', '"\t"', "1 2", "]", "}"),
    ]
)
PLAIN = st.sampled_from(
    [
        *(
            '"x"',
            '"ä,"',
            r'"\"\\"',
            r'"\u00e4"',
            "17",
            "1.50",
            "true",
            "null",
            '""',
            "[]",
            '["x", "[y"]',
            "[1.50, [2], null]",
        ),
        *(
            r'["\u00e4\""]',
            '[{"id": 1.10, "b": "x"}, {"b": ["y"]}]',
            '[{"other": {"id": 1e2}}]',
            '[{"a": {"id": "z"}}]',
        ),
    ]
)
KEYS = st.sampled_from(['"id"', '"name"', '"alias"', '"a.b"', '"a"', r'"n\u0061me"', r'"x\": "', '"other"', '""', "id"])


@st.composite
def objects(draw: Callable[[Any], Any], depth: int = 2) -> list[tuple[str, Any]]:
    """A kind of object: its keys, each with None for a plain value or the kind of object under it."""
    inner = objects(depth - 1) if depth else st.none()
    return [(draw(KEYS), draw(st.none() | inner)) for _ in range(draw(st.integers(0 if depth < 2 else 1, 4)))]


@st.composite
def exports(draw: Callable[[Any], Any]) -> tuple[bytes, str | None]:
    """Rows of two kinds for the most part, of which some are otherwise, on lines or in a document."""
    kinds = draw(st.lists(objects(), min_size=1, max_size=2))
    in_lines = draw(st.booleans())
    colon, comma = draw(st.sampled_from([":", ": ", " :"])), draw(st.sampled_from([",", ", ", *["\n,\n "][in_lines:]]))

    def written(kind: list[tuple[str, Any]], values: st.SearchStrategy[str]) -> str:
        texts = (draw(values) if inner is None else written(inner, values) for _, inner in kind)
        return "{" + comma.join(key + colon + text for (key, _), text in zip(kind, texts, strict=True)) + "}"

    rows = []
    for _ in range(draw(st.integers(1, 6))):
        odd = draw(st.integers(0, 9)) == 0
        rows.append(written(draw(objects() if odd else st.sampled_from(kinds)), VALUES if odd else PLAIN))
    if in_lines:
        return draw(st.sampled_from(["\n", "\r\n", "\n\n", " \n"])).join(rows).encode(), None
    return ('{"rows": [' + draw(st.sampled_from([",", ", ", ",\n", "\n,\n  "])).join(rows) + "]}").encode(), "rows"


@settings(max_examples=300, deadline=None)
@given(export=exports())
def test_rows_land_the_same_whether_or_not_they_are_proven_alike(
    tmp_path_factory: pytest.TempPathFactory, export: tuple[bytes, str | None]
) -> None:
    content, root = export
    assert same(content, tmp_path_factory.mktemp("rows"), root)


@pytest.mark.parametrize("value", VALUES.elements)  # type: ignore[attr-defined]
@pytest.mark.parametrize("key", ["name", "other"])
def test_one_odd_value_lands_or_is_rejected_as_ever(tmp_path: Path, key: str, value: str) -> None:
    lines = [f'{{"id": "{number}", "{key}": "x"}}' for number in range(40)]
    lines[20] = f'{{"id": "20", "{key}": {value}}}'
    assert same("\n".join(lines).encode(), tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        *('{"id": "1"}', '{"id": "1", "name": "x", "more": 1}', '{"name": "x", "id": "1"}', '{"id": "1", "nome": "x"}'),
        *('{"id": "1", "id": "x"}', '{"id":  "1", "name": "x"}', '{"id":"1","name":"x"}', '{"id": "1", "name": "x"},'),
        *(' {"id": "1", "name": "x"}', '{"id": "1", "name": "x"} ', '{"id": "1" "name", "x"}', "", "[]", '{"id": "1"'),
        '{"id": "1", "name": "x"}{"id": "1", "name": "x"}',
    ],
)
@pytest.mark.parametrize("at", [0, 20, 39])
def test_one_odd_line_lands_or_is_rejected_as_ever(tmp_path: Path, line: str, at: int) -> None:
    lines = [f'{{"id": "{number}", "name": "x"}}' for number in range(40)]
    lines[at] = line
    assert same("\n".join(lines).encode(), tmp_path)


def alike(lines: list[bytes], *named: str) -> list[Alike] | None:
    """What is proven of some lines, each without its end."""
    end = np.cumsum([len(line) + 1 for line in lines]) - 1
    start = np.concatenate((np.zeros(1, np.int64), end[:-1] + 1))
    return columns_alike(b"\n".join(lines), start, end, named)


TEXT = st.text(st.sampled_from('ab "\\\n:,{}ä€😀'), max_size=6)
KEPT = ("id", "salary", "name")
PERSON = st.tuples(
    st.integers(1, 2**64 - 1) | TEXT,
    st.sampled_from([0.5, -1.25, None]),
    TEXT | st.none() | st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(PERSON, min_size=1, max_size=20), ascii_only=st.booleans(), compact=st.booleans())
def test_flat_rows_of_the_same_keys_are_proven_and_only_named_cells_given(
    rows: list[tuple[Any, ...]], ascii_only: bool, compact: bool
) -> None:
    separators = (",", ":") if compact else None
    lines = [
        json.dumps(dict(zip(KEPT, row, strict=True)), ensure_ascii=ascii_only, separators=separators).encode()
        for row in rows
    ]
    found = alike(lines, "id", "name")
    assert found is not None, "rows that are alike were left to the parser"
    (kind,) = found
    assert (kind.template, list(kind.cells)) == ({"id": 0, "salary": 1, "name": 2}, ["id", "name"])
    words = {None: None, True: "true", False: "false"}
    for key, cells in kind.cells.items():
        values = [row[KEPT.index(key)] for row in rows]
        assert cells is not None
        assert cells.to_pylist() == [words[v] if v is None or isinstance(v, bool) else str(v) for v in values]


@pytest.mark.parametrize(
    ("lines", "kinds"),
    [
        (['{"id": 1, "a": {"b": "x"}}', '{"id": "2", "a": {"b": null}}'], 1),
        (['{"id": 1, "a": {"b": "x"}}', '{"id": 2, "a": null}', '{"id": 3}', '{"id": 4, "a": {"b": "y"}}'], 3),
        (['{"id": 1, "a": {"b": {"id": 1.50}}}', '{"id": 1, "a": {"b": {}}}', '{"id": 1, "a": {}}'], 3),
        (['{"id": 1, "a.b": "x", "a": {"b": "y"}}', '{"a": {"b": "y"}, "id": 1, "a.b": "x"}'], 2),
        (['{"id": 1, "name": "x"}\r', '{"id": 2, "name": "y"}\r'], 1),
    ],
)
def test_rows_of_a_few_kinds_with_objects_in_them_are_proven(tmp_path: Path, lines: list[str], kinds: int) -> None:
    found = alike([line.encode() for line in lines] * 3, "id", "a.b")
    assert found is not None, "rows of a few kinds were left to the parser"
    assert len(found) == kinds
    assert sorted(row for kind in found for row in kind.rows) == [*range(3 * len(lines))]
    assert same("\n".join(lines * 3).encode(), tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        *('{"id": 1, "a": {"b": 1, "b": 2}}', '{"id": 1, "a": {"b": 1}, "a": 2}', '{"id": 1, "a": [1}', '{"id": 1e5}'),
        *(
            '{"id": 1, "a": {"b": 01}}',
            '{"id": 1, "a": {"b": "x"}',
            '{"id": 1, "a": {"b": "\\q"}}',
            '{"id": 1, "a": {b: 1}}',
        ),
        *(
            '{"id": 1, "a": {"b": -}}',
            '{"id": 1, "a": {"b": 1.}}',
            '{"id": 1, "a": {"b": .5}}',
            '{"id": 1, "a": {"b": 1.2.3}}',
        ),
        *(
            '{"id": 1, "a": {"b": 1-2}}',
            '{"id": 1, "a": {"b": nulL}}',
            '{"id": 1, "a": {"b": trues}}',
            '{"id": 1, "a": {"b": }}',
        ),
        *('{"id": 1, "a": {"b": -0}}', '{"id": 1, "a": {"b": "x\ty"}}', '{"id": 1, "a": ' * 40 + "1" + "}" * 40, "{}"),
        *(
            '{"id": 1, "a": {"b": "x}}',
            '{"id": 1, "a": {"b": "x"y"}}',
            '{"id": 1, "a": {"b": x"y}}',
            '{"id": 1, "a"; 2}',
        ),
    ],
)
@pytest.mark.parametrize("at", [0, 7])
def test_near_misses_are_left_to_the_parser_and_land_or_are_rejected_as_ever(
    tmp_path: Path, line: str, at: int
) -> None:
    lines = [f'{{"id": {number}, "a": {{"b": "x"}}}}' for number in range(8)]
    lines[at] = line
    assert alike([one.encode() for one in lines], "id", "a.b") is None
    assert same("\n".join(lines).encode(), tmp_path)


@pytest.mark.parametrize(
    "lines",
    [
        ['{"id": [1,\t2], "name": "x"}', '{"id": [1], "name": "x\ty"}'],
        ['{"id": [1] , "name": "x"}', '{"id": [2] , "name": "y"}'],
        ['{"id": 1, "a": [{"a.id": "p"}], "a.a": [{"id": "q"}]}', '{"id": 2, "a": [], "a.a": [{"id": "r"}]}'],
        ['{"id": 1, "a": [{"x": 1}]}', '{"id": 2, "a": [{"x": [2.50]}]}'],
        ['{"id": 1, "a": [{"b": [2.50, {"x": 1}]}, {"b": "y"}]}', '{"id": 2, "a": null}'],
    ],
)
def test_lists_land_as_ever(tmp_path: Path, lines: list[str]) -> None:
    assert same("".join(line + "\n" for line in lines).encode(), tmp_path)


def test_what_is_written_as_two_lists_is_not_one() -> None:
    assert Lists.of(pa.array(["[1]", "[2]", "[1]"], pa.large_string())).values == [[1], [2]]
    with pytest.raises(NotJson):
        Lists.of(pa.array(["[1]", "[2], [3]"], pa.large_string()))


def test_rows_of_too_many_kinds_or_keys_are_left_to_the_parser(tmp_path: Path) -> None:
    broad = json.dumps({"id": "1", **dict.fromkeys(map(str, range(MAX_MARKS // 2)), 1)})
    assert alike([broad.encode()]) is None
    assert same(broad.encode(), tmp_path)
    lines = [f'{{"id": 1, "{"x" * number}": 1}}' for number in range(1, MAX_KINDS + 1)]
    assert len(alike([line.encode() for line in lines]) or []) == MAX_KINDS
    assert alike([line.encode() for line in (*lines, '{"id": 1}')]) is None
    assert same("\n".join((*lines, '{"id": 1}')).encode(), tmp_path)


@settings(max_examples=300, deadline=None)
@given(
    values=st.lists(st.text("0123456789.-+eE", max_size=6) | st.sampled_from(["0", "-0.0", "null", "true"]), min_size=1)
)
def test_what_is_taken_for_a_number_as_it_stands_is_one(values: list[str]) -> None:
    data, last = "".join(values).encode() + b"    ", np.cumsum([len(value) for value in values])
    first = np.concatenate((np.zeros(1, np.int64), last[:-1]))
    null, word = words(data, first, last)
    assert word.tolist() == [value in ("null", "true") for value in values]
    assert null.tolist() == [value == "null" for value in values]
    plain = [bool(re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", value)) and value != "-0" for value in values]
    assert [are_numbers(data, first[[i]], last[[i]]) for i in range(len(values))] == plain
    assert are_numbers(data, first, last) == all(plain)


def test_stretches_that_are_alike_and_others_land_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "STRETCH", 64)
    lines = [f'{{"id": {number}, "name": {"1e5" if 20 < number < 40 else 1.5}}}\n' for number in range(120)]
    assert same("".join(lines).encode(), tmp_path)
    found = read("".join(lines).encode(), tmp_path, None, proven=True)
    assert not isinstance(found, str)
    assert found[1]["_row"].to_list() == [*range(1, 121)]


def test_bytes_that_are_not_utf8_keep_rows_from_being_proven(tmp_path: Path) -> None:
    lines = [f'{{"id": "{number}", "name": "ä"}}'.encode() for number in range(40)]
    lines[20] = b'{"id": "20", "name": "\xff"}'
    assert same(b"\n".join(lines), tmp_path)
    found = read(b"\n".join(lines), tmp_path, None, proven=True)
    assert not isinstance(found, str)
    assert found[2]["row"].to_list() == [21]
