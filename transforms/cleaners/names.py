"""Names of people and organisations. Whose name it is, and whether two names are alike, does not belong here."""

from __future__ import annotations

import polars as pl

from transforms.cleaners.eastern_names import eastern_family, eastern_given
from transforms.cleaners.registry import Context, cleaner
from transforms.cleaners.text import replaced

MARKS = (
    r"(?i)\s*[(\[](?:sample(?: contact| company| account)?|terminated|on leave|leave|inactive|deactivated|contingent"
    r"|test|demo)[)\]]"
)
"""What systems write behind a name: HubSpot's `(Sample Contact)`, Workday's `(Terminated)`, `(On Leave)`."""
TITLES = (
    r"(?i)^(?:(?:mr|mrs|ms|miss|mx|dr|prof|professor|sir|dame|rev|herr|frau|hr|fr|mme|mlle|sr|sra|srta|sig|dott|dhr|mevr"
    r"|dipl\.?-?\s?ing|ing|mag)(?:\.\s*|\s+))+"
)
SUFFIXES = r"(?i),?\s+(?:jr|sr|ii|iii|iv|ph\.?\s?d|m\.?d|mba|esq)\.?$"
WITH_PARTICLES = (
    r"(?i)^(.*?)\s((?:(?:van|von|vom|zu|zum|zur|de|del|della|di|da|dos|das|du|der|den|la|le|el|al|bin|ibn|ter|ten"
    r"|st\.?)\s)+\S+)$"
)
"""Given and family name, the latter opened by particles: `Vincent van Gogh`."""
NAMELESS = r"(?i)^(?:\[not provided\]|\(?not provided\)?|n/?a|none|unknown|no name|not available|[-._?]+)$"
"""What people and systems write where a name is demanded and none is known."""


def _nameless(cell: pl.Expr) -> pl.Expr:
    return cell.str.contains(NAMELESS)


def _bare(cell: pl.Expr) -> pl.Expr:
    return replaced(cell, MARKS)


def _untitled(cell: pl.Expr) -> pl.Expr:
    """Without titles, unless the whole name is one (`Sir`, `Fr`)."""
    bare = _bare(cell)
    untitled = replaced(bare, TITLES)
    return pl.coalesce(untitled, bare)


@cleaner("given_name", absent=_nameless)
def given_name(cell: pl.Expr, _: Context) -> pl.Expr:
    """A given name without sample marks and titles."""
    return pl.coalesce(_untitled(cell), cell)


@cleaner("family_name", absent=_nameless)
def family_name(cell: pl.Expr, _: Context) -> pl.Expr:
    """A family name without sample marks and academic suffixes."""
    return pl.coalesce(replaced(_bare(cell), SUFFIXES), cell)


def _one_word(cell: pl.Expr) -> pl.Expr:
    """A full name of one word has no given name, unless it is an eastern one: that is no issue."""
    person = _person(cell)
    return _nameless(cell) | ~person.str.contains(r"[\s,]") & eastern_given(person).is_null()


def _person(cell: pl.Expr) -> pl.Expr:
    return pl.coalesce(replaced(_untitled(cell), SUFFIXES), cell)


def _family(person: pl.Expr) -> pl.Expr:
    """`Last, First` -> Last; `First van Last` -> van Last; an eastern name's beginning; else the last word."""
    before_comma = person.str.extract(r"^([^,]+),\s*\S")
    with_particle = person.str.extract(WITH_PARTICLES, 2)
    return pl.coalesce(before_comma, with_particle, eastern_family(person), person.str.extract(r"(\S+)$"))


@cleaner("family_of_full_name", absent=_nameless)
def family_of_full_name(cell: pl.Expr, _: Context) -> pl.Expr:
    """The family name in a full name, written `First Last` or `Last, First`; a single word is a family name, and one in
    Han, kana or Hangul begins with it."""
    return _family(_person(cell)).str.strip_chars(" ,")


@cleaner("given_of_full_name", absent=_one_word)
def given_of_full_name(cell: pl.Expr, _: Context) -> pl.Expr:
    """What stands before the family name in a full name, or behind its comma, without titles."""
    person = _person(cell)
    after_comma = person.str.extract(r"^[^,]+,\s*(\S.*)$")
    before_particle = person.str.extract(WITH_PARTICLES, 1)
    before_last = person.str.extract(r"^(.*\S)\s+\S+$")
    return pl.coalesce(_untitled(after_comma), before_particle, eastern_given(person), before_last, person)


@cleaner("before_brackets")
def before_brackets(cell: pl.Expr, _: Context) -> pl.Expr:
    """What stands before the brackets that end a text: `Ann Lee (On Leave)`."""
    return pl.coalesce(replaced(cell, r"\s*\([^()]*\)$"), cell)


@cleaner("organisation_name", absent=_nameless)
def organisation_name(cell: pl.Expr, _: Context) -> pl.Expr:
    """An organisation's name as written, without sample marks."""
    return pl.coalesce(_bare(cell), cell)
