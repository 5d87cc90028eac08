"""Parquet: flat values as text, row group by row group; what is nested, torn or a bomb is refused."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from connectors.readers.gate import Refused, ShapeMismatch
from tests.connectors.reading import read


def packed(frame: pl.DataFrame, **said: object) -> bytes:
    content = io.BytesIO()
    frame.write_parquet(content, **said)  # type: ignore[arg-type]
    return content.getvalue()


def test_values_are_text_as_they_would_be_written(tmp_path: Path) -> None:
    noon = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
    frame = pl.DataFrame(
        {
            "Id": [1, 2],
            "name": ["Änn", None],
            "day": [dt.date(2026, 1, 31), None],
            "at": [noon, None],
            "local": [noon.replace(tzinfo=None), None],
            "sum": [Decimal("1.50"), None],
            "flag": [True, None],
            "kind": pl.Series(["x", "y"], dtype=pl.Categorical),
            "secret": [9, 9],
        }
    )
    columns = ("id", "name", "day", "at", "local", "sum", "flag", "kind")
    reading, landed, _ = read(packed(frame, row_group_size=1), tmp_path, columns, format="parquet")
    assert landed.rows() == [
        (1, "1", "Änn", "2026-01-31", "2026-01-31T12:00:00.000000+00:00", "2026-01-31 12:00:00", "1.50", "true", "x"),
        (2, "2", *[None] * 6, "y"),
    ]
    assert reading.unnamed == ("secret",)


def test_no_rows_are_no_rows_and_another_table_is_another_shape(tmp_path: Path) -> None:
    frame = pl.DataFrame({"id": ["1"], "name": ["Ann"]})
    reading, landed, _ = read(packed(frame.clear()), tmp_path, ("id", "name"), format="parquet")
    assert (reading.rows, landed.columns) == (0, ["_row", "id", "name"])
    with pytest.raises(ShapeMismatch, match="no column 'key'"):
        read(packed(frame), tmp_path, ("key", "name"), format="parquet")


GOOD = packed(pl.DataFrame({"id": [str(i) for i in range(1000)]}))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"id\n1\n", "no Parquet"),
        (GOOD[:-9], "cut off or damaged"),
        (GOOD[:200] + bytes(200) + GOOD[400:], "cut off or damaged"),
        (packed(pl.DataFrame({"id": [["1"]]})), "lists or structures"),
        (packed(pl.DataFrame({"id": ["1"], "ID": ["2"]})), "twice"),
    ],
)
def test_what_is_no_sound_table_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read(content, tmp_path, ("id",), format="parquet")
