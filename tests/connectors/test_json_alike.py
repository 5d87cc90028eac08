"""The fast path of JSON rows gives what parsing them one by one gives, or leaves them to that."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.readers import json as reader
from connectors.readers.gate import Refused
from connectors.readers.json_alike import Alike, columns_alike
from connectors.readers.reading import Reading
from tests.connectors import reading

Read = tuple[Reading, pl.DataFrame, pl.DataFrame]
ALLOWED = ("id", "name", "a.b", "absent")
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
    return fast[0] == full[0] and all(a.equals(b) for a, b in zip(fast[1:], full[1:], strict=True))


VALUES = st.sampled_from(
    [
        *('"x"', '""', '"ä€😀"', r'"a\"b"', r'"\\"', r'"\u00e4\ud83d\ude00"', r'"\ud800"', r'"\q"', '"{[,:]}"', '" "'),
        *("1", "-1", "0", "-0", "01", "1.50", "-0.0", "1e5", "1.", "9" * 30, "9" * 400, "true", "null", "nul", "NaN"),
        *("[]", '[1,"x"]', "{}", '{"b": 1.10}', "", '"', '"a" "b"', '"a', ' "x"', '"x" ', '"\t"', "1 2", "]", "}"),
    ]
)
PLAIN = st.sampled_from(['"x"', '"ä,"', r'"\"\\"', r'"\u00e4"', "17", "1.50", "true", "null", '""'])
KEYS = st.sampled_from(['"id"', '"name"', '"alias"', '"a.b"', '"a"', r'"n\u0061me"', r'"x\": "', '"other"', '""', "id"])


@st.composite
def exports(draw: Callable[[Any], Any]) -> tuple[bytes, str | None]:
    """Rows of the same keys for the most part, of which some are otherwise, on lines or in a document."""
    keys = draw(st.lists(KEYS, min_size=1, max_size=4))
    colon, comma = draw(st.sampled_from([":", ": ", " :"])), draw(st.sampled_from([",", ", "]))
    rows = []
    for _ in range(draw(st.integers(1, 6))):
        odd = draw(st.integers(0, 9)) == 0
        own = draw(st.lists(KEYS, max_size=4)) if odd else keys
        rows.append("{" + comma.join(key + colon + draw(VALUES if odd else PLAIN) for key in own) + "}")
    if draw(st.booleans()):
        return draw(st.sampled_from(["\n", "\r\n", "\n\n", " \n"])).join(rows).encode(), None
    return ('{"rows": [' + draw(st.sampled_from([",", ", ", ",\n"])).join(rows) + "]}").encode(), "rows"


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
    assert (kind.template, list(kind.cells)) == ({"id": 0, "salary": 1, "name": 2}, [0, 2])
    words = {None: None, True: "true", False: "false"}
    for number, cells in kind.cells.items():
        values = [row[number] for row in rows]
        assert cells.to_pylist() == [words[v] if v is None or isinstance(v, bool) else str(v) for v in values]


def test_bytes_that_are_not_utf8_keep_rows_from_being_proven(tmp_path: Path) -> None:
    lines = [f'{{"id": "{number}", "name": "ä"}}'.encode() for number in range(40)]
    lines[20] = b'{"id": "20", "name": "\xff"}'
    assert same(b"\n".join(lines), tmp_path)
    found = read(b"\n".join(lines), tmp_path, None, proven=True)
    assert not isinstance(found, str)
    assert found[2]["row"].to_list() == [21]
