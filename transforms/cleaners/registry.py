"""The registry of cleaners: what a cleaner is and how a module enters one. No cleaning is done here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

INSTANT = pl.Datetime("us", "UTC")
TEXTS = pl.List(pl.String)


@dataclass(frozen=True)
class Context:
    """What is known of the source beside the cell itself, from its settings.

    `region` is the country of the row for what depends on it (phones): an expression of alpha-2 codes that already
    falls back on the source's country.
    """

    country: str | None = None
    timezone: str = "UTC"
    currency: str | None = None
    language: str | None = None
    region: pl.Expr | None = field(default=None, compare=False)

    @property
    def row_country(self) -> pl.Expr:
        return pl.lit(self.country, pl.String) if self.region is None else self.region


One = Callable[[pl.Expr, Context], pl.Expr]
Many = Callable[[tuple[pl.Expr, ...], Context], pl.Expr]
Why = Callable[[pl.Expr, Context], pl.Expr]


@dataclass(frozen=True)
class Cleaner:
    """One named cleaner.

    A cell that is tidied text and not empty goes in. Where null comes out, that is a value issue with `reason`; a
    cleaner without a reason never loses a value. `absent` tells the cells that say "nothing" in this cleaner's
    language (`0000-00-00`): they become null without an issue.
    """

    name: str
    apply: Many
    dtype: pl.DataType
    reason: str | None = None
    why: Why | None = None
    """A reason that depends on the value, instead of `reason`."""
    absent: Callable[[pl.Expr], pl.Expr] | None = None
    takes_all: bool = False
    """Takes all of a field's columns at once; otherwise each is cleaned and the first that holds a value wins."""
    raw: bool = False
    """Wants the cell as it was delivered, line breaks included."""
    regional: bool = False
    """Depends on the row's country."""
    yields: str | None = None
    """The regex that every value it gives satisfies, where a record's column asks for one."""


CLEANERS: dict[str, Cleaner] = {}
"""Every cleaner by name; filled by the modules of this package."""


def cleaner(
    name: str,
    dtype: pl.DataType | type[pl.DataType] = pl.String,
    *,
    reason: str | None = None,
    why: Why | None = None,
    absent: Callable[[pl.Expr], pl.Expr] | None = None,
    regional: bool = False,
    yields: str | None = None,
) -> Callable[[One], One]:
    """Enter a cleaner of one cell."""

    def enter(function: One) -> One:
        def apply(cells: tuple[pl.Expr, ...], context: Context) -> pl.Expr:
            return function(cells[0], context)

        _enter(Cleaner(name, apply, _instance(dtype), reason, why, absent, regional=regional, yields=yields))
        return function

    return enter


def joiner(
    name: str,
    dtype: pl.DataType | type[pl.DataType] = pl.String,
    *,
    reason: str | None = None,
    raw: bool = False,
    yields: str | None = None,
) -> Callable[[Many], Many]:
    """Enter a cleaner that takes all columns of its field at once."""

    def enter(function: Many) -> Many:
        _enter(Cleaner(name, function, _instance(dtype), reason, takes_all=True, raw=raw, yields=yields))
        return function

    return enter


def _instance(dtype: pl.DataType | type[pl.DataType]) -> pl.DataType:
    return dtype() if isinstance(dtype, type) else dtype


def _enter(one: Cleaner) -> None:
    if one.name in CLEANERS:
        raise ValueError(f"two cleaners are called {one.name!r}; rename one")
    CLEANERS[one.name] = one
