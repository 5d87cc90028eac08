"""How names, streets and e-mail addresses are folded before they are compared, as DuckDB macros. Values stay untouched.

Folded text is lower case without accents and punctuation; `ä`, `ae` and `a` meet, inside a word. Comparison only:
what is published comes from the records themselves.
"""

from __future__ import annotations

import duckdb
import polars as pl

from transforms.identity.words import GENERATIONS, LEGAL_FORMS, NICKNAMES, NO_NAMES, STREET_WORDS
from transforms.identity.workbench import keep, quoted_list
from transforms.sql import quoted


def define_folding(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros of this module and the table `nickname(short, name)`.

    folded(text)               words separated by one space, or null where nothing is left
    code_key(text)             upper case without spaces and hyphens: postal codes, customer numbers
    The others take folded text (fold once, then derive):
    real_name(words)           null for placeholders (`unknown`, `n a`)
    family_key(words)          family name without generation and spaces: `obrien jr` -> obrien
    generation(words)          jr, sr, ii, … or null
    organisation_words(words)  name without legal form: `the united oil gas corp` -> united oil gas
    street_key(words)          street with the usual words shortened, without spaces
    mailbox(email)             local part without separators and trailing digits: `No-Reply2@x.org` -> noreply
    """
    keep(connection, "nickname", pl.DataFrame({"short": list(NICKNAMES), "name": list(NICKNAMES.values())}))
    for macro in _macros():
        connection.execute(f"create macro {macro}")


_LETTERS = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i"}
"""Letters without an accent to strip."""

_SILENT = ("'", "’", "‘", "`", "´", ".")
"""Marks that stand inside a word and do not part it: O'Brien, G.m.b.H."""


def _macros() -> list[str]:
    forms = "|".join(sorted(LEGAL_FORMS, key=len, reverse=True))
    generations = "|".join(sorted(GENERATIONS, key=len, reverse=True))
    plain = "lower(value)"
    for letter, letters in (*_LETTERS.items(), *((mark, "") for mark in _SILENT)):
        plain = f"replace({plain}, {quoted(letter)}, '{letters}')"
    short_street = "value"
    for long, short in STREET_WORDS:
        short_street = f"replace({short_street}, '{long}', '{short}')"
    return [
        # `ue` is a spelling of `ü` after a consonant and inside a word: mueller, but not bauer, joe, sue.
        rf"folded(value) as nullif(trim(regexp_replace(regexp_replace(strip_accents({plain}), "
        r"'[^\p{L}\p{M}\p{N}]+', ' ', 'g'), "
        r"'(^|[^aeiouqy])([aou])e([a-z])', '\1\2\3', 'g')), '')",
        f"real_name(value) as case when value not in ({quoted_list(NO_NAMES)}) then value end",
        "generation(value) as case when contains(value, ' ') "
        f"then nullif(regexp_extract(value, ' ({generations})$', 1), '') end",
        "family_key(value) as case when contains(value, ' ') "
        f"then replace(regexp_replace(real_name(value), ' ({generations})$', ''), ' ', '') else real_name(value) end",
        "code_key(value) as nullif(replace(replace(upper(value), ' ', ''), '-', ''), '')",
        "organisation_words(value) as regexp_replace(regexp_replace(regexp_replace("
        "value, ' (and|und|et|y|e)( |$)', ' ', 'g'), '^the ', ''), "
        f"'( ({forms}))+$', '')",
        f"street_key(value) as replace({short_street}, ' ', '')",
        "mailbox(value) as regexp_replace(regexp_replace(lower(split_part(split_part(value, '@', 1), '+', 1)), "
        "'[^a-z0-9]', '', 'g'), '[0-9]+$', '')",
    ]
