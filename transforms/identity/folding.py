"""How names, streets and e-mail addresses are folded before they are compared, as DuckDB macros. Values stay untouched.

Folded text is lower case without accents and punctuation, in Latin letters whatever script it was written in (`Иванов`,
`Ivanov`); `ä`, `ae` and `a` meet, inside a word. Comparison only: what is published comes from the records themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import polars as pl
from duckdb.func import ARROW
from nicknames import NickNamer

from transforms.identity.latin import FOREIGN, in_latin
from transforms.identity.words import (
    DIRECTIONS,
    DWELLINGS,
    GENERATIONS,
    LEADING_FORMS,
    LEGAL_FORMS,
    NICKNAMES,
    NO_NAMES,
    SHORT_FORMS,
    STREET_KINDS,
    STREET_WORDS,
)
from transforms.identity.workbench import keep, quoted_list
from transforms.sql import quoted


def define_folding(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros of this module and the tables `nickname(short, name)`, one for each short form, and
    `given_form(word, forms)`, all given names that a name may stand for.

    folded(text)               words separated by one space, or null where nothing is left
    code_key(text)             upper case without spaces and hyphens: postal codes, customer numbers
    The others take folded text (fold once, then derive):
    real_name(words)           null for placeholders (`unknown`, `n a`)
    own_name(words)            real_name without generation: `obrien jr` -> obrien
    generation(words)          jr, sr, ii, … or null
    organisation_words(words)  name without legal form: `the united oil gas corp` -> united oil gas
    short_street(words)        street with the usual words and directions shortened
    street_core(words)         of a short street its name alone: `7510 n ashland ave 1st floor` -> nashland
    joined(list)               several texts as one: `|a|b|`
    parted(text)               and apart again
    number_key(number)         last nine digits without an extension, however a number is written; null below six digits
    date_digits(text)          eight digits, year first: `1862-81-01` -> 18628101, `31.02.1990` -> 19900231; else null
    mailbox(email)             local part without separators and trailing digits, if anything else is left:
                               `No-Reply2@x.org` -> noreply, `812734659@x.org` -> 812734659
    """
    keep(connection, "nickname", pl.DataFrame({"short": list(NICKNAMES), "name": list(NICKNAMES.values())}))
    forms = pl.DataFrame([*SHORT_FORMS, *NICKNAMES.items(), *_english()], schema=["word", "form"], orient="row")
    keep(connection, "short_form", forms)
    connection.create_function("in_latin", in_latin, ["varchar"], "varchar", type=ARROW)
    for macro in _macros():
        connection.execute(f"create macro {macro}")
    connection.execute(
        """
        create temp table given_form as
        select folded(word) as word, list_sort(list(distinct folded(form))) as forms from short_form group by 1
        """
    )


def _english() -> Iterator[tuple[str, str]]:
    """Short and whole forms of English names, many for many."""
    for name, shorts in NickNamer.default_lookup().items():
        yield from ((short, name) for short in shorts)


_LETTERS = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i"}
"""Letters without an accent to strip."""

_SILENT = ("'", "’", "‘", "`", "´", ".")
"""Marks that stand inside a word and do not part it: O'Brien, G.m.b.H."""


def _macros() -> list[str]:
    forms = "|".join(sorted(LEGAL_FORMS, key=len, reverse=True))
    generations = "|".join(sorted(GENERATIONS, key=len, reverse=True))
    # Most texts have as many bytes as letters, and need no look for other scripts.
    plain = (
        f"lower(case when strlen(value) > length(value) and regexp_matches(value, '{FOREIGN}') "
        "then in_latin(value) else value end)"
    )
    for letter, letters in (*_LETTERS.items(), *((mark, "") for mark in _SILENT)):
        plain = f"replace({plain}, {quoted(letter)}, '{letters}')"
    short_street = "value"
    for long, short in STREET_WORDS:
        short_street = f"replace({short_street}, '{long}', '{short}')"
    for long, short in DIRECTIONS:
        short_street = f"regexp_replace({short_street}, '(^| ){long}( |$)', '\\1{short}\\2')"
    kinds, dwellings = "|".join(STREET_KINDS), "|".join(DWELLINGS)
    return [
        # `ue` is a spelling of `ü` after a consonant and inside a word: mueller, but not bauer, joe, sue.
        rf"folded(value) as nullif(trim(regexp_replace(regexp_replace(strip_accents({plain}), "
        r"'[^\p{L}\p{M}\p{N}]+', ' ', 'g'), "
        r"'(^|[^aeiouqy])([aou])e([a-z])', '\1\2\3', 'g')), '')",
        f"real_name(value) as case when value not in ({quoted_list(NO_NAMES)}) then value end",
        "generation(value) as case when contains(value, ' ') then "
        f"case regexp_extract(value, ' ({generations})$', 1) when '' then null when 'junior' then 'jr' "
        f"when 'senior' then 'sr' else regexp_extract(value, ' ({generations})$', 1) end end",
        "own_name(value) as case when contains(value, ' ') "
        f"then real_name(regexp_replace(value, ' ({generations})$', '')) else real_name(value) end",
        "code_key(value) as nullif(replace(replace(upper(value), ' ', ''), '-', ''), '')",
        "organisation_words(value) as regexp_replace(regexp_replace(regexp_replace("
        f"value, ' (and|und|et|y|e)( |$)', ' ', 'g'), '^(the|{'|'.join(LEADING_FORMS)}) ', ''), "
        f"'( ({forms}))+$', '')",
        f"short_street(value) as {short_street}",
        "street_core(value) as nullif(replace(regexp_replace(regexp_replace(regexp_replace(value, "
        rf"'(^| )([0-9]+(st|nd|rd|th)? )?({dwellings})( [0-9]+[a-z]?| [a-z]|$)( |$)', ' ', 'g'), "
        rf"'(^| )({kinds}|[0-9]+[a-z]?)( ({kinds}|[0-9]+[a-z]?))*( |$)', ' ', 'g'), "
        r"'str( |$)', ' ', 'g'), ' ', ''), '')",
        "joined(words) as '|' || array_to_string(words, '|') || '|'",
        "parted(words) as string_split(words[2:-2], '|')",
        # Most numbers are E.164 and need no look for an extension (`555-0180x4840`).
        "digits(value) as case when translate(value, '+0123456789', '') = '' then ltrim(value, '+') "
        "else regexp_replace(regexp_replace(lower(value), '(x|ext|app|#|durchwahl|poste).*$', ''), '[^0-9]', '', 'g') "
        "end",
        "number_key(value) as case when length(digits(value)) >= 6 "
        "then coalesce(nullif(right(ltrim(digits(value), '0'), 9), ''), '000000000') end",
        r"date_digits(value) as case "
        r"when regexp_matches(value, '^\d{4}\D?\d\d\D?\d\d$') then regexp_replace(value, '\D', '', 'g') "
        r"when regexp_matches(value, '^\d\d\D\d\d\D\d{4}$') "
        r"then value[7:10] || value[4:5] || value[1:2] end",
        r"local_part(value) as regexp_replace(regexp_replace(lower(split_part(value, '@', 1)), '(.)\+.*$', '\1'), "
        r"'[^\p{L}\p{N}]', '', 'g')",
        "mailbox(value) as coalesce(nullif(regexp_replace(local_part(value), '[0-9]+$', ''), ''), local_part(value))",
    ]
