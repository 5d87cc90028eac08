"""Places: country, region, street. Only the country is turned into a code; the rest is kept as people write it."""

from __future__ import annotations

from functools import lru_cache

import polars as pl

from transforms.cleaners.batches import by_distinct
from transforms.cleaners.locales import countries, folded
from transforms.cleaners.registry import Context, cleaner, joiner
from transforms.cleaners.text import lines
from transforms.records import COUNTRY

ALIASES = {
    "uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB", "great britain": "GB",
    "britain": "GB", "united kingdom of great britain and northern ireland": "GB", "gb-eng": "GB",
    "usa": "US", "us of a": "US", "america": "US", "united states of america": "US", "united states (usa)": "US",
    "brd": "DE", "federal republic of germany": "DE", "bundesrepublik deutschland": "DE",
    "holland": "NL", "the netherlands": "NL", "republic of ireland": "IE", "eire": "IE", "czech republic": "CZ",
    "russian federation": "RU", "korea": "KR", "republic of korea": "KR", "korea, republic of": "KR",
    "viet nam": "VN", "uae": "AE", "ksa": "SA", "prc": "CN", "pr china": "CN", "people's republic of china": "CN",
    "china (mainland)": "CN", "hong kong": "HK", "macau": "MO", "taiwan, province of china": "TW", "burma": "MM",
    "ivory coast": "CI", "swaziland": "SZ", "macedonia": "MK", "turkey": "TR", "palestine": "PS", "brasil": "BR",
    "iran, islamic republic of": "IR", "venezuela, bolivarian republic of": "VE", "tanzania": "TZ",
    "bolivia, plurinational state of": "BO", "moldova, republic of": "MD", "el": "GR",
}  # fmt: skip
"""What people write and CLDR does not list; folded."""


@lru_cache(maxsize=100_000)
def country_code(name: str) -> str | None:
    """Alpha-2 of a country's name or code in any of the known languages; None where there is none."""
    key = folded(name)
    known = countries()
    return ALIASES.get(key) or known.get(key) or known.get(key.removeprefix("the "))


@cleaner("country", reason="is not a country known by name or ISO 3166-1 code", yields=COUNTRY)
def country(cell: pl.Expr, _: Context) -> pl.Expr:
    """ISO 3166-1 alpha-2."""
    return by_distinct(cell, country_code)


@cleaner("region")
def region(cell: pl.Expr, _: Context) -> pl.Expr:
    """State, province or county as written."""
    return cell


@joiner("street", raw=True)
def street(cells: tuple[pl.Expr, ...], context: Context) -> pl.Expr:
    """All lines of an address above its city, joined by a comma."""
    return lines(cells, context)
