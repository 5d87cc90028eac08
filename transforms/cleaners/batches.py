"""Ways to run a function over a column that stay batch-independent. What is cleaned does not belong here.

All of them map a value to a value: the same result for any split of the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl


def by_batch(
    text: pl.Expr, function: Callable[[pl.Series], pl.Series], dtype: pl.DataType | type[pl.DataType] = pl.String
) -> pl.Expr:
    """`function` over whole columns, for what needs to look first and then do only the work there is."""
    return text.map_batches(function, return_dtype=dtype, is_elementwise=True)


def repaired(values: pl.Series, broken: pl.Series, repair: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """`values` with only the broken ones sent through `repair`: clean columns cost one look."""
    places = broken.fill_null(False).arg_true()
    if not len(places):
        return values
    if len(places) == len(values):
        return repair(values)
    return values.clone().scatter(places, repair(values.gather(places)))


def by_distinct(text: pl.Expr, function: Callable[[str], str | None]) -> pl.Expr:
    """A Python function, called once for every distinct value of a batch; give it a cache."""

    def over(values: pl.Series) -> pl.Series:
        distinct = values.drop_nulls().unique()
        found = pl.Series(values=[function(value) for value in distinct], dtype=pl.String)
        return values.replace_strict(distinct, found, default=None, return_dtype=pl.String)

    return by_batch(text, over)


def by_vocabulary(text: pl.Expr, words: Mapping[str, str | bool]) -> pl.Expr:
    """The meaning of a word in any case; null for a word that is not in `words` (whose keys are lower case)."""
    first = next(iter(words.values()))
    dtype = pl.Boolean() if isinstance(first, bool) else pl.String()
    return text.str.to_lowercase().replace_strict(dict(words), default=None, return_dtype=dtype)
