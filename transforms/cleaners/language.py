"""Languages and time zones, from the codes and names that systems use."""

from __future__ import annotations

import re
import zoneinfo
from functools import lru_cache

import polars as pl
from babel.core import get_global

from transforms.cleaners.batches import by_distinct
from transforms.cleaners.locales import folded, languages
from transforms.cleaners.registry import TEXTS, Context, cleaner

_TAG = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|[0-9]{3}))?(?:[.@].*)?", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\(([A-Za-z]+/[A-Za-z_/+-]+)\)")
_OFFSET = re.compile(r"^\((?:GMT|UTC)[^)]*\)\s*")
NAMED_ZONES = {
    "pacific time (us & canada)": "America/Los_Angeles", "mountain time (us & canada)": "America/Denver",
    "central time (us & canada)": "America/Chicago", "eastern time (us & canada)": "America/New_York",
    "atlantic time (canada)": "America/Halifax", "alaska": "America/Juneau", "hawaii": "Pacific/Honolulu",
    "arizona": "America/Phoenix", "indiana (east)": "America/Indiana/Indianapolis", "newfoundland": "America/St_Johns",
    "edinburgh": "Europe/London", "bern": "Europe/Zurich", "kyiv": "Europe/Kyiv", "st petersburg": "Europe/Moscow",
    "mumbai": "Asia/Kolkata", "new delhi": "Asia/Kolkata", "chennai": "Asia/Kolkata", "beijing": "Asia/Shanghai",
    "osaka": "Asia/Tokyo", "sapporo": "Asia/Tokyo", "abu dhabi": "Asia/Dubai", "brasilia": "America/Sao_Paulo",
    "cet": "Europe/Brussels", "est": "America/New_York", "pst": "America/Los_Angeles", "utc": "UTC", "gmt": "UTC",
    "z": "UTC",
}  # fmt: skip
"""Names of Rails applications (Zendesk among them) and abbreviations; Windows' names come from CLDR. Folded."""


def _parts(value: str) -> list[str]:
    """Several languages in one cell, also as a JSON array."""
    return [part.strip() for part in re.split(r"[;,|/\n]", re.sub(r'[\[\]"]', "", value))]


@lru_cache(maxsize=10_000)
def _first_tag(value: str) -> str | None:
    return language_tag(value) or next(filter(None, map(language_tag, _parts(value))), None)


def language_tag(value: str) -> str | None:
    """BCP 47 tag of a code (`en_US`, `pt-br`, `zh-Hant-TW`) or a name (`Deutsch`, `English (US)`)."""
    known = languages()
    tag = _TAG.fullmatch(value)
    if tag and tag[1].lower() in known:
        script, region = tag[2], tag[3]
        return "-".join(filter(None, (known[tag[1].lower()], script and script.title(), region and region.upper())))
    return known.get(folded(value)) or known.get(folded(re.sub(r"\s*\(.*\)$", "", value)))


@cleaner("language", reason="is not a language known by name or code")
def language(cell: pl.Expr, _: Context) -> pl.Expr:
    """BCP 47 tag; of several languages the first one known."""
    return by_distinct(cell, _first_tag)


@lru_cache(maxsize=10_000)
def _language_tags(value: str) -> str | None:
    tags = dict.fromkeys(filter(None, map(language_tag, _parts(value))))
    return ";".join(tags) or None


@cleaner("languages", TEXTS, reason="holds no language known by name or code")
def several_languages(cell: pl.Expr, _: Context) -> pl.Expr:
    """BCP 47 tags of several languages joined by `;`, `,`, `|` or `/`; words that are no language are left out."""
    return by_distinct(cell, _language_tags).str.split(";")


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    """Folded name -> IANA zone: the zones themselves, Windows' names, named zones, and cities that are unique."""
    iana = sorted(zoneinfo.available_timezones())
    cities: dict[str, set[str]] = {}
    for zone in iana:
        area, _, city = zone.rpartition("/")
        if area and area.split("/")[0] not in ("Etc", "US", "posix", "right", "SystemV"):
            cities.setdefault(folded(city.replace("_", " ")), set()).add(zone)
    unique = {city: next(iter(zones)) for city, zones in cities.items() if len(zones) == 1}
    windows = {folded(name): zone for name, zone in get_global("windows_zone_mapping").items()}
    return unique | windows | NAMED_ZONES | {zone.lower(): zone for zone in iana if "/" in zone or zone == "UTC"}


@lru_cache(maxsize=10_000)
def zone_name(value: str) -> str | None:
    """IANA zone of a zone's, city's, Windows' or Rails' name, also behind an offset: `(GMT+01:00) Berlin`."""
    known = _zones()
    named = _IN_BRACKETS.search(value)
    bare = named[1] if named else _OFFSET.sub("", value)
    return known.get(bare.lower()) or known.get(folded(bare)) or known.get(folded(bare.split(",")[0]))


@cleaner("timezone", reason="is not a time zone known by its IANA, Windows or city name")
def timezone(cell: pl.Expr, _: Context) -> pl.Expr:
    """IANA time zone."""
    return by_distinct(cell, zone_name)
