"""Text of any script in Latin letters, for comparison only. What else is folded, and what for, is `folding`'s affair.

DuckDB measures how near two texts are by their bytes. In another script, where each letter is two or three bytes of
which the first hardly differ, all of them would be near.
"""

from __future__ import annotations

import re

import polars as pl
import pyarrow as pa
from anyascii import anyascii

from transforms.identity.words import ATTACHED_FORMS

FOREIGN = r"[^\x{0}-\x{24f}\x{300}-\x{36f}\x{1e00}-\x{1eff}\x{2000}-\x{206f}]"
"""What is neither a Latin letter, nor an accent or a mark beside one: texts with it are worth a look."""

_SIGN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]")
"""Han and Hangul. In Latin letters, names of them would differ by a letter or by none (Li, Liu; Wei, Wei)."""

_ALPHABET = "bcdfghjklmnpqrstvwxyz"
"""Without vowels: no word of another script looks like these, and no spelling of an umlaut is in them."""


class _Latin(dict[int, str]):
    """Code point -> Latin letters, as `str.translate` asks for it; each is worked out once."""

    def __missing__(self, code: int) -> str:
        self[code] = _four_letters(code) if _SIGN.match(chr(code)) else anyascii(chr(code))
        return self[code]


def _four_letters(sign: int) -> str:
    """Letters of no meaning: two signs have no more of them in common than chance will have it."""
    place, letters = sign * 98_765 % len(_ALPHABET) ** 4, ""
    for _ in range(4):
        place, letter = divmod(place, len(_ALPHABET))
        letters += _ALPHABET[letter]
    return letters


_LATIN = _Latin()
_WORDS = {form: f" {word} " for form, word in ATTACHED_FORMS.items()}


def in_latin(texts: pa.ChunkedArray) -> pa.Array:
    """Texts in Latin letters: a syllable or a letter for each of theirs, four letters for each sign of Han and Hangul,
    legal forms that are one word with a name as words of their own."""
    parted = pl.Series(texts).str.replace_many(_WORDS, leftmost=True)
    return pa.array([text.translate(_LATIN) for text in parted], pa.string())
