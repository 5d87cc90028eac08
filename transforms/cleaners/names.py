"""Names of people and organisations. Whose name it is, and whether two names are alike, does not belong here."""

from __future__ import annotations

import polars as pl

from transforms.cleaners.batches import by_batch
from transforms.cleaners.eastern_names import eastern_parts
from transforms.cleaners.registry import Context, cleaner
from transforms.cleaners.text import replaced_values

MARKS = (
    r"(?i)\s*[(\[](?:sample(?: contact| company| account)?|terminated|on leave|leave|inactive|deactivated|contingent"
    r"|test|demo)[)\]]"
)
"""What systems write behind a name: HubSpot's `(Sample Contact)`, Workday's `(Terminated)`, `(On Leave)`."""
TITLES = (
    r"(?i)^(?:(?:mr|mrs|ms|miss|mx|dr|prof|professor|sir|dame|rev|herr|frau|hr|fr|mme|mlle|sr|sra|srta|sig|dott|dhr|mevr"
    r"|dipl\.?-?\s?ing|ing|mag)(?:\.\s*|\s+))+"
)
DEGREES = r"(?:,?\s+(?:(?i:ph\.?\s?d|m\.d|esq|dds|dvm)|MD|MBA)\.?)+$"
"""Academic ones; `Mba` is a family name."""
_SHORT_GENERATION = r"(?:jr|sr|ii|iii|iv)\.?"
GENERATION = (
    rf"(?i)^(.*[^\s,]),?\s+({_SHORT_GENERATION})$"
    r"|^(\S+\s.*[^\s,]),?\s+(junior|senior)$"
)
"""A name, and what at its end tells father and son apart; written out, it is a family name itself behind a single word
(`Peter Senior`)."""
WITH_PARTICLES = (
    r"(?i)^(.*?)\s((?:(?:van|von|vom|zu|zum|zur|de|del|della|di|da|dos|das|du|der|den|la|le|el|al|bin|ibn|ter|ten"
    r"|st\.?)\s)+\S+)$"
)
"""Given and family name, the latter opened by particles: `Vincent van Gogh`."""
LAST_FIRST = rf"(?i)^([^,]+(?:,\s*{_SHORT_GENERATION})?),\s*(\S.*)$"
"""Family and given name, parted by a comma: `Lee, Jr., Ann`."""
NAMELESS = r"(?i)^(?:\[not provided\]|\(?not provided\)?|n/?a|none|unknown|no name|not available|[-._?]+)$"
"""What people and systems write where a name is demanded and none is known."""


def _nameless(cell: pl.Expr) -> pl.Expr:
    return cell.str.contains(NAMELESS)


def _without(names: pl.Series, pattern: str) -> pl.Series:
    """What `pattern` leaves of names, or all of a name of which it leaves nothing."""
    rest = replaced_values(names, pattern)
    return rest.zip_with(rest.is_not_null(), names)


def _untitled(names: pl.Series) -> pl.Series:
    """Without sample marks and titles, unless the whole name is one (`Sir`, `Fr`)."""
    return _without(_without(names, MARKS), TITLES)


@cleaner("given_name", absent=_nameless)
def given_name(cell: pl.Expr, _: Context) -> pl.Expr:
    """A given name without sample marks and titles."""
    return by_batch(cell, _untitled)


@cleaner("family_name", absent=_nameless)
def family_name(cell: pl.Expr, _: Context) -> pl.Expr:
    """A family name without sample marks and degrees; `Jr.` stays, for it says who it is."""
    return by_batch(cell, lambda names: _without(_without(names, MARKS), DEGREES))


def _parts(names: pl.Series) -> pl.DataFrame:
    """given, family: the parts of full names, `First Last`, `First van Last` or `Last, First`, or in eastern order; a
    `Jr.` ends the family name. A single word is a family name."""
    person = _without(_untitled(names), DEGREES)
    bare = replaced_values(person, GENERATION, "${1}${3}")
    behind_comma = _untitled(bare.str.extract(LAST_FIRST, 2))
    told = pl.DataFrame({"person": person, "bare": bare, "behind_comma": behind_comma, "eastern": eastern_parts(bare)})
    bare_name, eastern = pl.col("bare").str, pl.col("eastern").struct
    family = pl.coalesce(
        bare_name.extract(LAST_FIRST, 1),
        eastern.field("family"),
        bare_name.extract(WITH_PARTICLES, 2),
        bare_name.extract(r"(\S+)$"),
    )
    generation = pl.coalesce(pl.col("person").str.extract(GENERATION, group) for group in (2, 4))
    return told.select(
        given=pl.coalesce(
            "behind_comma",
            eastern.field("given"),
            bare_name.extract(WITH_PARTICLES, 1),
            bare_name.extract(r"^(.*\S)\s+\S+$"),
        ),
        family=family.str.strip_chars(" ,") + pl.concat_str(pl.lit(" "), generation).fill_null(""),
    )


def _one_word(cell: pl.Expr) -> pl.Expr:
    """A full name of one word has no given name, unless it is an eastern one: that is no issue."""
    return _nameless(cell) | by_batch(cell, lambda names: _parts(names)["given"].is_null(), pl.Boolean)


@cleaner("family_of_full_name", absent=_nameless)
def family_of_full_name(cell: pl.Expr, _: Context) -> pl.Expr:
    """The family name in a full name, written `First Last` or `Last, First`, with a `Jr.` that ends it; a single word
    is a family name, and one in Han, kana or Hangul begins with it."""
    return by_batch(cell, lambda names: _parts(names)["family"])


@cleaner("given_of_full_name", absent=_one_word)
def given_of_full_name(cell: pl.Expr, _: Context) -> pl.Expr:
    """What stands before the family name in a full name, or behind its comma, without titles."""
    return by_batch(cell, lambda names: _parts(names)["given"])


@cleaner("before_brackets")
def before_brackets(cell: pl.Expr, _: Context) -> pl.Expr:
    """What stands before the brackets that end a text: `Ann Lee (On Leave)`."""
    return by_batch(cell, lambda names: _without(names, r"\s*\([^()]*\)$"))


@cleaner("organisation_name", absent=_nameless)
def organisation_name(cell: pl.Expr, _: Context) -> pl.Expr:
    """An organisation's name as written, without sample marks."""
    return by_batch(cell, lambda names: _without(names, MARKS))
