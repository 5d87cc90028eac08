"""What CLDR knows of countries and languages: names, habits of writing. Cleaners turn it into values."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.languages import get_official_languages

NAMED_IN = (
    "en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "nb", "fi", "cs", "sk", "hu", "ro", "tr", "ca", "hr",
    "el", "uk", "ru", "ja", "ko", "zh", "ar",
)  # fmt: skip
"""Languages whose names for countries and languages are understood; an earlier one wins where two disagree."""


NO_COUNTRIES = {"ZZ", "XA", "XB", "EU", "EZ", "UN", "QO"}
NO_LANGUAGES = {"und", "mul", "zxx", "mis", "root"}
"""CLDR's codes for groups and for the unknown."""


@lru_cache(maxsize=1_000)
def source_locale(country: str | None, language: str | None) -> Locale | None:
    """How dates and numbers are written in `country` (in `language`, else its official one); None: not known."""
    if country is None:
        return None
    spoken = [language.split("-")[0]] if language else []
    for tongue in (*spoken, *get_official_languages(country, de_facto=True)):
        try:
            return Locale(tongue, country)
        except (UnknownLocaleError, ValueError):
            continue
    return None


def folded(name: str) -> str:
    """A name without case, accents, dots and doubled spaces, to look it up by."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(c))
    return " ".join(plain.replace(".", "").replace("’", "'").split())


def _names(language: str, of: str) -> dict[str, str]:
    """Code -> name in `language`, of `territories` or `languages`."""
    return {str(code): str(name) for code, name in getattr(Locale(language), of).items()}


@lru_cache(maxsize=1)
def countries() -> dict[str, str]:
    """Folded country name, alpha-2 or alpha-3 -> alpha-2, in all languages of `NAMED_IN`."""
    codes = {code for code in _names("en", "territories") if len(code) == 2 and code.isalpha()} - NO_COUNTRIES
    found = {code.lower(): code for code in codes}
    for language in NAMED_IN:
        for code, name in _names(language, "territories").items():
            if code in codes:
                found.setdefault(folded(name), code)
    for alias, actual in get_global("territory_aliases").items():
        if len(actual) == 1 and actual[0] in codes:
            found.setdefault(alias.lower(), actual[0])
    return found


@lru_cache(maxsize=1)
def languages() -> dict[str, str]:
    """Folded language name or code -> primary subtag."""
    codes = {code for code in _names("en", "languages") if code.isalpha() and len(code) in (2, 3)} - NO_LANGUAGES
    found = {code: code for code in codes}
    for language in NAMED_IN:
        for code, name in _names(language, "languages").items():
            if code in codes:
                found.setdefault(folded(name), code)
    for alias, actual in get_global("language_aliases").items():
        if actual in codes:
            found.setdefault(alias.lower(), actual)
    return found
