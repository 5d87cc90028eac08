"""What an asset shows of itself in the UI: row counts, its columns, and a preview in which nobody is recognised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

PREVIEW_ROWS = 10
PREVIEW_COLUMNS = 12
PLAIN = frozenset(
    {"source", "object", "system", "kind", "status", "tier", "route", "country", "language", "customer_type"}
)
"""Text columns of a closed vocabulary: they name nobody, and a preview without them tells nothing."""


def table_metadata(*files: Path, rows: int | None = None, meanings: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Row count, table schema and masked preview of Parquet files of one shape; files may be absent.

    `meanings` says what columns mean, where somebody has written it down.
    """
    present = [file for file in files if file.exists()]
    if not present:
        return {"dagster/row_count": 0}
    frame = pl.scan_parquet(present)
    return frame_metadata(frame, frame.select(pl.len()).collect().item() if rows is None else rows, meanings)


def frame_metadata(frame: pl.LazyFrame, rows: int, meanings: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The same of a table of so many rows, by its first ones."""
    return {
        "dagster/row_count": rows,
        "dagster/column_schema": table_schema(frame.collect_schema(), meanings or {}),
        "preview": dg.MetadataValue.md(masked_preview(frame)),
    }


def table_schema(schema: pl.Schema, meanings: Mapping[str, str]) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(name, type=str(dtype), description=meanings.get(name)) for name, dtype in schema.items()
        ]
    )


def masked(frame: pl.LazyFrame, plain: frozenset[str] = PLAIN) -> pl.LazyFrame:
    """Every free text reduced to its first character; lists to their length; numbers, dates and flags stay."""
    shown = []
    for name, dtype in frame.collect_schema().items():
        column = pl.col(name)
        if dtype == pl.String and name not in plain:
            shown.append(pl.when(column.is_not_null()).then(column.str.slice(0, 1) + "•••").alias(name))
        elif isinstance(dtype, pl.List):
            shown.append(column.list.len().alias(name))
        else:
            shown.append(column)
    return frame.select(shown)


def masked_preview(frame: pl.LazyFrame) -> str:
    """The first rows, masked, as a Markdown table."""
    rows = masked(frame.select(frame.collect_schema().names()[:PREVIEW_COLUMNS]).head(PREVIEW_ROWS)).collect()
    header = "| " + " | ".join(rows.columns) + " |"
    line = "|" + "---|" * len(rows.columns)
    body = ["| " + " | ".join("" if cell is None else str(cell) for cell in row) + " |" for row in rows.rows()]
    return "\n".join([header, line, *body])


def counts_table(title: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A small table as metadata; nothing where there is nothing to show."""
    if not rows:
        return {}
    return {
        title: dg.MetadataValue.table(
            [dg.TableRecord({name: _cell(cell) for name, cell in row.items()}) for row in rows]
        )
    }


def _cell(value: Any) -> str | int | float | bool:
    """What a cell of Dagster's tables may hold; no value is an empty one."""
    return value if isinstance(value, (str, int, float, bool)) else "" if value is None else str(value)


def report_url(number: int | str, *, held: bool) -> str:
    """Where our webserver shows the report of a publication (`orchestration.webserver`)."""
    return f"/report/held/{number}" if held else f"/report/{number}"
