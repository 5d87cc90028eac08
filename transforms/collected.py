"""Lists that stand over several rows of one record, joined in the row that counts (`several: {collect: …}`).

Which row counts is `transforms.versions`'; what the joined text means, the cleaners'.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from transforms.cleaners.text import cell
from transforms.mapping import RAW, cells
from transforms.normalise import BoundObject
from transforms.sql import quoted
from transforms.versions import Engine, LandedFile, Versions, current_rows

JOINED = "; "
"""As readers join the values of an array."""


def collected_rows(
    bound: BoundObject, found: Versions, work: Path, engine: Engine
) -> Iterator[tuple[LandedFile, pl.LazyFrame]]:
    """`current_rows`, which hold of the columns that the connector collects what all rows of their record hold.

    All rows in the delivery of the row that counts, in their order, but those that say that the record is gone. Values
    that stand in several rows are joined as often as they do; what cleans lists takes each once.

    Args:
        work: the folder in which versions were told apart.
    """
    columns = bound.spec.several.collect if bound.spec.several else ()
    if not columns or found.rest is None:
        yield from current_rows(found)
        return
    path = _joined(bound, found, found.rest, columns, work, engine)
    for file, rows in current_rows(found):
        joined = pl.scan_parquet(path).filter(pl.col("file") == file.number).drop("file")
        held = rows.collect_schema().names()
        own = {column: pl.col(column) if column in held else pl.lit(None, pl.String) for column in columns}
        filled = {column: pl.coalesce(f"c{place}", own[column]) for place, column in enumerate(columns)}
        yield file, rows.join(joined, on="_row", how="left", maintain_order="left").with_columns(**filled)


def _joined(
    bound: BoundObject, found: Versions, rest: Path, columns: tuple[str, ...], work: Path, engine: Engine
) -> Path:
    """Parquet of file, _row, c0…: per row that counts, of a record that has several, its values of the columns."""
    for file in found.files:
        said = cells(pl.scan_parquet(file.path), columns).select(
            pl.lit(file.number, pl.Int32).alias("file"),
            pl.col("_row").alias("row"),
            *(cell(pl.col(RAW + column), bound.nulls).alias(f"c{place}") for place, column in enumerate(columns)),
        )
        said.sink_parquet(work / f"said-{file.number}.parquet", compression="lz4")
    places = ", ".join(f"({file.number}, {file.position}, {file.part})" for file in found.files)
    joined = ", ".join(
        f"string_agg(c{place}, '{JOINED}' order by told.part, told.file, told.row) as c{place}"
        for place in range(len(columns))
    )
    path = work / "collected.parquet"
    with engine.connect(work / "spill") as connection:
        connection.execute(
            f"""
            copy (
                with
                place (file, position, part) as (values {places}),
                keyed as (select * from read_parquet({quoted(found.keys)}) inner join place using (file)),
                current as (
                    select * from keyed anti join read_parquet({quoted(rest)}) as rest using (file, row)
                ),
                final as (
                    select current.file, current.row as _row, {joined},
                    from current
                    inner join keyed as told
                        on told.key = current.key and told.position = current.position and not told.gone
                    inner join read_parquet({quoted(work / "said-*.parquet")}) as said
                        on said.file = told.file and said.row = told.row
                    group by current.file, current.row
                    having count(*) > 1
                )
                select * from final order by file, _row
            ) to {quoted(path)} (format parquet)
            """
        )
    return path
