"""A connector's conditions (`when`, `exclude`, `deleted`) as expressions over tidied cells."""

from __future__ import annotations

import re

import polars as pl

from connectors.spec import Condition


def holds(condition: Condition, prefix: str) -> pl.Expr:
    """Every column of the condition holds one of its values; true for an empty condition. Never null."""
    return pl.all_horizontal([pl.lit(True), *(_one_of(column, values, prefix) for column, values in condition.items())])


def holds_any(condition: Condition, prefix: str) -> pl.Expr:
    """At least one column of the condition holds one of its values; false for an empty condition. Never null."""
    return pl.any_horizontal(
        [pl.lit(False), *(_one_of(column, values, prefix) for column, values in condition.items())]
    )


def preference(condition: Condition, prefix: str) -> pl.Expr:
    """How early in the condition a value stands that the row holds, 0 for the first; the number of values for none."""
    places = [(column, value) for column, values in condition.items() for value in values]
    found = [
        pl.when(_one_of(column, (value,), prefix)).then(pl.lit(place, pl.Int32))
        for place, (column, value) in enumerate(places)
    ]
    return pl.coalesce(*found, pl.lit(len(places), pl.Int32))


def _one_of(column: str, values: tuple[str, ...], prefix: str) -> pl.Expr:
    """The cell is one of `values`, in any case: `*` is any text, "*" alone a filled cell, "" an empty one."""
    cell = pl.col(prefix + column)
    lower = cell.str.to_lowercase()
    exact = [value.lower() for value in values if value and "*" not in value]
    tests = [lower.is_in(exact).fill_null(False)] if exact else []
    if "" in values:
        tests.append(cell.is_null())
    if "*" in values:
        tests.append(cell.is_not_null())
    patterns = [_pattern(value) for value in values if "*" in value and value != "*"]
    if patterns:
        tests.append(cell.str.contains(f"(?is)^(?:{'|'.join(patterns)})$").fill_null(False))
    return pl.any_horizontal(tests)


def _pattern(value: str) -> str:
    return ".*".join(re.escape(part) for part in value.split("*"))
