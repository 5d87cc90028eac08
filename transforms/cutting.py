"""What the pass over landed rows hands on, cut into records: a kind's columns, filled from the source's settings.

How a value is cleaned, and which rows yield which records, is `transforms.mapping`'s.
"""

from __future__ import annotations

import polars as pl

from transforms.mapping import Plan, filled_value
from transforms.normalise import BoundRecord
from transforms.records import KINDS

ADDRESS = ("street", "postal_code", "city", "region")
FILLABLE = ("country", "language", "timezone", "currency")
WRITTEN = "_written"
"""Ending of the columns that keep what did not clean: no value, but evidence of who it is."""


def _settings_value(p: Plan, column: str) -> str | None:
    """A source's setting for a column; a time zone only where somebody chose it."""
    if column == "timezone" and "timezone" not in p.settings.model_fields_set:
        return None
    value: str | None = getattr(p.settings, column)
    return value


def _fills(p: Plan, number: int, record: BoundRecord) -> dict[str, tuple[pl.Expr, str]]:
    """Column -> (where it is filled from the source's settings, with what).

    Only where the row says nothing: not where it says something that did not clean. The country of a person or an
    organisation only beside an address, for the source's country alone is no place where a customer lives.
    """
    schema = KINDS[record.kind].columns()
    found = {}
    for column in FILLABLE:
        setting = _settings_value(p, column) if column in schema and record.kind != "exchange_rate" else None
        if setting is None:
            continue
        value = p.values.get((number, column))
        silent = [] if value is None else [pl.col(c).is_null() for c in (value.name, *(i.value for i in value.issues))]
        if column == "country" and record.kind in ("person", "organisation"):
            places = [p.values[number, a].name for a in ADDRESS if (number, a) in p.values]
            silent.append(pl.any_horizontal([pl.lit(False), *(pl.col(a).is_not_null() for a in places)]))
        found[column] = (pl.all_horizontal([pl.lit(True), *silent]), setting)
    return found


def _as_written(p: Plan, number: int, column: str) -> pl.Expr:
    """What the row says of a value that did not clean, as the source writes it; null where it cleaned."""
    value = p.values.get((number, column))
    if value is None or not value.issues:
        return pl.lit(None, pl.String)
    return pl.when(pl.col(value.name).is_null()).then(pl.coalesce(pl.col(issue.value) for issue in value.issues))


def record_columns(p: Plan, number: int, source: str) -> list[pl.Expr]:
    """Exactly the columns of the n-th record, over rows that the pass handed on (with `export`, `observed_at`)."""
    record = p.bound.records[number]
    fills = _fills(p, number, record)
    marks = [pl.when(where).then(pl.lit(column)) for column, (where, _) in fills.items()]
    filled = pl.concat_list(marks).list.drop_nulls() if marks else pl.lit([], pl.List(pl.String))
    objects = {f"{one.name}_object": (one.column, one.object) for one in record.fields if one.object is not None}
    common = {
        "source": pl.lit(source),
        "object": pl.lit(record.object),
        "record_id": pl.col("record_id"),
        "modified_at": pl.col("modified_at"),
        "observed_at": pl.col("observed_at"),
        "export": pl.col("export"),
        "row": pl.col("_row"),
        "filled": filled,
    }
    columns = []
    for name, schema in KINDS[record.kind].columns().items():
        if name in common:
            expr = common[name]
        elif name.endswith(WRITTEN):
            expr = _as_written(p, number, name.removesuffix(WRITTEN))
        elif name in objects:
            column, target = objects[name]
            expr = pl.when(pl.col(p.values[number, column].name).is_not_null()).then(pl.lit(target))
        else:
            expr = filled_value(p, number, record, name)
        if name in fills:
            where, setting = fills[name]
            expr = pl.when(where).then(pl.lit(setting)).otherwise(expr)
        columns.append(expr.cast(schema.dtype).alias(name))
    return columns
