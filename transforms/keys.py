"""Record ids: from a key column, or for objects without one, from the cells that tell their rows apart."""

from __future__ import annotations

import hashlib

import polars as pl

from transforms.cleaners.batches import by_distinct
from transforms.cleaners.registry import Cleaner, Context

SEPARATOR = "\x1f"
"""ASCII's unit separator: tidied cells do not hold it."""


def cleaned(cell: pl.Expr, cleaners: tuple[Cleaner, ...], context: Context) -> pl.Expr:
    """A tidied cell through a chain of cleaners, in one expression."""
    for cleaner in cleaners:
        usable = cell if cleaner.absent is None else pl.when(~cleaner.absent(cell)).then(cell)
        cell = cleaner.apply((usable,), context)
    return cell


def record_id(cells: tuple[pl.Expr, ...], cleaners: tuple[Cleaner, ...], natural: bool, context: Context) -> pl.Expr:
    """The record id that tidied key cells make; null where there is none.

    A natural key is the hash of its cells, compared without case; null only where all of them are empty. A cleaner that
    takes all cells makes one of them, so that a column that holds the same text elsewhere refers to it.
    """
    if cleaners and cleaners[0].takes_all:
        cells, cleaners = (cleaners[0].apply(cells, context),), cleaners[1:]
    keys = [cleaned(cell, cleaners, context) for cell in cells]
    if not natural:
        return pl.coalesce(keys)
    joined = pl.concat_str([key.str.to_lowercase().fill_null("") for key in keys], separator=SEPARATOR)
    some = pl.any_horizontal(key.is_not_null() for key in keys)
    return by_distinct(pl.when(some).then(joined), _hashed)


def _hashed(cells: str) -> str:
    return "n_" + hashlib.sha256(cells.encode()).hexdigest()[:24]
