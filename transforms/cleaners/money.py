"""Amounts, rates and currency codes. Conversion between currencies does not belong here (dbt)."""

from __future__ import annotations

from functools import lru_cache

import polars as pl
from babel.numbers import list_currencies

from transforms.cleaners.batches import by_batch, by_distinct, repaired
from transforms.cleaners.locales import source_locale
from transforms.cleaners.registry import Context, cleaner
from transforms.records import CURRENCY

MONEY = pl.Decimal(18, 2)
RATE = pl.Decimal(18, 6)
PLAIN = r"^[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,2})?$"
"""A number as machines write it."""
SYMBOLS = {
    "€": "EUR",
    "$": "USD",
    "us$": "USD",
    "£": "GBP",
    "¥": "JPY",
    "chf": "CHF",
    "₹": "INR",
    "zł": "PLN",
    "kč": "CZK",
}


def _as_plain(values: pl.Series, decimal_comma: bool) -> pl.Series:
    """Numbers as people write them, as machines do: `€ 1.234,56`, `1'234.56`, `(12.00)`, `12,50-`, `USD 5`.

    With both separators the last one is the decimal one; a separator that stands twice groups thousands; one before
    exactly three digits follows the habit of the source's country; before any other number of digits it is decimal.
    """
    bare = values.str.replace_all(r"[\s'’\u00a0\u202f]|\p{Sc}|[A-Za-z]{2,3}", "")
    negative = bare.str.contains(r"^\(.*\)$|-$|^-")
    digits = bare.str.strip_chars("()+-")
    frame = pl.DataFrame({"digits": digits, "negative": negative})
    text = pl.col("digits")
    dot, comma = r"\.", ","
    comma_is_decimal = text.str.contains(r"^[0-9.]*,[0-9]*$") & ~(
        text.str.contains(r"^[0-9]{1,3},[0-9]{3}$") & pl.lit(not decimal_comma)
    )
    dot_groups = text.str.contains(r"^[0-9]{1,3}(?:\.[0-9]{3}){2,}$") | (
        text.str.contains(r"^[1-9][0-9]{0,2}\.[0-9]{3}$") & pl.lit(decimal_comma)
    )
    written = (
        pl.when(comma_is_decimal)
        .then(text.str.replace_all(dot, "").str.replace(comma, "."))
        .when(dot_groups)
        .then(text.str.replace_all(dot, ""))
        .when(text.str.contains(r"^[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]*)?$"))
        .then(text.str.replace_all(comma, ""))
        .otherwise(text)
    )
    return frame.select(pl.when(pl.col("negative")).then("-" + written).otherwise(written)).to_series()


def _decimal(cell: pl.Expr, context: Context, dtype: pl.Decimal) -> pl.Expr:
    habit = source_locale(context.country, context.language)
    decimal_comma = habit is not None and habit.number_symbols["latn"]["decimal"] == ","

    def over(values: pl.Series) -> pl.Series:
        # `1.234` of a source with decimal commas is a thousand: it is not plain there.
        grouped = values.str.contains(r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$") if decimal_comma else None
        plain = values.str.contains(PLAIN)
        broken = ~plain if grouped is None else ~plain | grouped
        return repaired(values, broken, lambda odd: _as_plain(odd, decimal_comma)).cast(dtype, strict=False)

    return by_batch(cell, over, dtype)


def _triple_zero(cell: pl.Expr) -> pl.Expr:
    """Salesforce writes a null currency field as `000`."""
    return cell == "000"


@cleaner("money", MONEY, reason="is not an amount of at most 16 digits", absent=_triple_zero)
def money(cell: pl.Expr, context: Context) -> pl.Expr:
    """An amount with two decimals, rounded half to even; see `_as_plain` for what is understood."""
    return _decimal(cell, context, MONEY)


@cleaner("rate", RATE, reason="is not a rate of at most 12 digits")
def rate(cell: pl.Expr, _: Context) -> pl.Expr:
    """A rate with six decimals."""
    return _decimal(cell, Context(), RATE)


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


@lru_cache(maxsize=10_000)
def _currency(value: str) -> str | None:
    code = SYMBOLS.get(value.lower(), value.upper()[:3] if " " in value else value.upper())
    return code if code in _currencies() else None


@cleaner("currency", reason="is not an ISO 4217 currency", yields=CURRENCY)
def currency(cell: pl.Expr, _: Context) -> pl.Expr:
    """ISO 4217 code, from a code, a code with its name (`USD - U.S. Dollar`) or a common symbol."""
    return by_distinct(cell, _currency)
