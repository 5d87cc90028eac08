"""Which records a source merged into which others: `merged/<kind>/<source>.parquet`, of people and organisations.

A system that merges two records deletes one, and names the survivor in its row (`merged_into`) or its key in the
survivor's (`swallows`). What that does to customers' ids does not belong here (`transforms.identity`), nor that the row
is gone (`transforms.mapping`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import dataframely as dy
import polars as pl

from connectors.spec import SourceSettings
from transforms.cleaners import Context
from transforms.cleaners.text import cell
from transforms.mapping import CELL, RAW, cells
from transforms.normalise import BoundObject, key_expr, survivor_expr, swallowed_exprs
from transforms.outcomes import SUPERSEDED
from transforms.records import CUSTOMER_KINDS
from transforms.sql import quoted
from transforms.versions import LandedFile, Versions, rest_of


class Merge(dy.Schema):
    """One record that its source merged into another one."""

    source = dy.String(primary_key=True, description="Source of both.")
    object = dy.String(primary_key=True, description="Object of both; also the role that their rows imply.")
    record_id = dy.String(primary_key=True, min_length=1, description="Key of the record that was swallowed.")
    into_record_id = dy.String(primary_key=True, min_length=1, description="Key of the record that survived it.")


def merged_records(
    bound: BoundObject, source: str, settings: SourceSettings, found: Versions, work: Path
) -> Iterator[tuple[str, pl.LazyFrame]]:
    """Kind and merges (columns of `Merge`, some of them twice) per record that rows of the object yield.

    As the newest version of a record says it, also where that is gone: a swallowed row often comes once and never
    again. Nothing where the connector names no column for it.
    """
    objects = dict.fromkeys((record.kind, record.object) for record in bound.records if record.kind in CUSTOMER_KINDS)
    if not objects or (bound.merged_into is None and bound.swallows is None):
        return
    path = work / "merged.parquet"
    stated = [frame for file in found.files for frame in _stated(bound, settings, found, file)]
    pl.concat(stated).sink_parquet(path, compression="lz4")
    for kind, name in objects:
        yield (
            kind,
            pl.scan_parquet(path).select(
                pl.lit(source).alias("source"), pl.lit(name).alias("object"), "record_id", "into_record_id"
            ),
        )


def each_once(merges: Path) -> str:
    """The query for `Merge` from all that an object's rows say."""
    return f"select distinct * from read_parquet({quoted(merges)}) order by all"


def _stated(bound: BoundObject, settings: SourceSettings, found: Versions, file: LandedFile) -> Iterator[pl.LazyFrame]:
    """record_id, into_record_id: what rows of a file say of themselves, and of those that they swallowed."""
    context = Context(settings.country, settings.timezone, settings.currency, settings.language)
    telling = [column for key in (bound.merged_into, bound.swallows) if key is not None for column in key.columns]
    rows = _telling(bound, found, file, telling)
    own = key_expr(bound.key, context, CELL).alias("own")
    rows = _tidied(rows, bound.key.columns, bound.nulls).with_columns(own).filter(pl.col("own").is_not_null())
    if bound.merged_into is not None:
        into = survivor_expr(bound, pl.col("own"), context, CELL)
        said = rows.select(pl.col("own").alias("record_id"), into.alias("into_record_id"))
        yield said.filter(pl.col("into_record_id").is_not_null())
    if bound.swallows is not None:
        _, swallowed = swallowed_exprs(bound.swallows, context, CELL)
        said = rows.select(swallowed.alias("record_id"), pl.col("own").alias("into_record_id")).explode("record_id")
        yield said.filter(pl.col("record_id") != pl.col("into_record_id"))


def swallowed_rows(bound: BoundObject, found: Versions) -> Iterator[tuple[LandedFile, pl.LazyFrame]]:
    """Landed rows that name a record into which theirs was merged, of every file that has some; no superseded ones."""
    if bound.merged_into is None:
        return
    for file in found.files:
        named = _telling(bound, found, file, bound.merged_into.columns).select("_row").collect()
        if not named.is_empty():
            yield file, pl.scan_parquet(file.path).join(named.lazy(), on="_row", how="semi")


def _telling(bound: BoundObject, found: Versions, file: LandedFile, named: Sequence[str]) -> pl.LazyFrame:
    """Cells of a file's rows that hold one of the named columns: few do, and only these are looked at further."""
    rows = cells(pl.scan_parquet(file.path), list(dict.fromkeys((*bound.key.columns, *named))))
    rows = _tidied(rows, named, bound.nulls).filter(pl.any_horizontal(pl.col(CELL + c).is_not_null() for c in named))
    if found.rest is None:
        return rows
    superseded = rest_of(found, file).filter(pl.col("outcome") == SUPERSEDED).select(pl.col("row").alias("_row"))
    return rows.join(superseded, on="_row", how="anti")


def _tidied(rows: pl.LazyFrame, columns: Sequence[str], nulls: tuple[str, ...]) -> pl.LazyFrame:
    return rows.with_columns(cell(pl.col(RAW + column), nulls).alias(CELL + column) for column in columns)
