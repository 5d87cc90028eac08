"""Parquet -> text frames: the named columns, row group by row group, their values as text.

What a table holds beside flat values (lists, structures) does not belong here: such columns are read from JSON.
"""

from __future__ import annotations

from typing import BinaryIO

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.readers.gate import Refused, ShapeMismatch
from connectors.readers.reading import Opened, Reading, Wanted, held, stored_columns
from connectors.readers.sink import Sink
from connectors.spec import ExportShape

BATCH = 100_000
"""Rows landed together."""
MAX_RATIO = 1000
"""A page that says it expands further is a bomb: runs of one value come to some hundred."""


def read(export: Opened, shape: ExportShape, wanted: Wanted, sink: Sink) -> Reading:
    """Read one Parquet export into `sink`.

    Raises:
        ShapeMismatch: the key or a required column is missing.
        Refused: no Parquet, cut off or damaged, or a named column is no flat value.
    """
    del shape  # a Parquet file says all of itself
    with held(export) as file:
        try:
            return _read(file, export.facts.size, wanted, sink)
        except (pa.ArrowException, OSError, pl.exceptions.PolarsError):
            # Their messages may quote cells.
            raise Refused("it is no Parquet file, or cut off or damaged", "export it again") from None


def _read(file: BinaryIO, size: int, wanted: Wanted, sink: Sink) -> Reading:
    with pq.ParquetFile(file, page_checksum_verification=True) as table:
        names = table.schema_arrow.names
        stored, unnamed, missing = stored_columns(names, wanted)
        if missing:
            raise ShapeMismatch(
                f"it has no column {', '.join(repr(name) for name in missing)}",
                "export it with these columns, or name this shape in the connector",
            )
        nested = [names[at] for at in stored.values() if pa.types.is_nested(table.schema_arrow.types[at])]
        if nested:
            raise Refused(f"the column {nested[0]!r} holds lists or structures", "export it flat, or as JSON")
        groups = [table.metadata.row_group(number) for number in range(table.num_row_groups)]
        if sum(group.total_byte_size for group in groups) > MAX_RATIO * size:
            raise Refused(f"it expands more than {MAX_RATIO} times", "export it as CSV if it is really so repetitive")
        row = 0
        for batch in table.iter_batches(BATCH, columns=[names[at] for at in dict.fromkeys(stored.values())]):
            frame = pl.DataFrame(pl.from_arrow(batch)).select(
                pl.row_index(
                    "_row",
                ).cast(pl.Int64)
                + row
                + 1,
                *(
                    as_text(names[at], batch.schema.field(names[at]).type).alias(landed)
                    for landed, at in stored.items()
                ),
            )
            sink.land(frame)
            row += frame.height
    return Reading(row, 0, tuple(stored), unnamed)


def as_text(column: str, kind: pa.DataType) -> pl.Expr:
    """A column's values as JSON would write them; an instant with a zone as UTC with `Z`."""
    cell = pl.col(column)
    if pa.types.is_timestamp(kind):
        cell = cell.dt.convert_time_zone("UTC") if kind.tz else cell
        return cell.dt.to_string("iso:strict" if kind.tz else "%Y-%m-%d %H:%M:%S%.f")
    return cell.cast(pl.String)
