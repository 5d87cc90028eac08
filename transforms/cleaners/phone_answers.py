"""What the phonenumbers library said of the texts it was asked about, kept within the process and between runs."""

from __future__ import annotations

import re
from pathlib import Path
from threading import Lock

import phonenumbers
import polars as pl

_DIALLED = re.compile(r"^\W*00\s*(?=[1-9])")
"""The international prefix of most countries; written where it is none, it still means one."""
_SEVERAL = re.compile(r"\s*(?:[;,|\n]|\s/\s|\bor\b|\boder\b|\bou\b)\s*", re.IGNORECASE)
SCHEMA = {"text": pl.String, "region": pl.String, "number": pl.String}
LIMIT = 2_000_000
"""Answers kept in memory, some 400 MB at most; beyond it the oldest are forgotten."""


def ask(text: str, region: str | None) -> str | None:
    """E.164 of a text read in `region`; of several numbers in it the first valid one; None where none is valid."""
    for part in (text, *_SEVERAL.split(text), _DIALLED.sub("+", text)):
        try:
            number = phonenumbers.parse(part, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


class Answers:
    """A cache of `ask` that can be saved to, and loaded from, a Parquet file named after the library's version."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str | None], str | None] = {}
        self._new = 0
        self._lock = Lock()

    def lookup(self, texts: pl.Series, regions: pl.Series) -> pl.Series:
        """The number of every text in its region; asks the library about distinct ones that are new."""
        pairs = pl.DataFrame({"text": texts, "region": regions})
        distinct = pairs.unique()
        with self._lock:
            numbers = [self._answer(text, region) for text, region in distinct.rows()]
        answered = distinct.with_columns(pl.Series("number", numbers, dtype=pl.String))
        joined = pairs.join(answered, on=["text", "region"], how="left", nulls_equal=True, maintain_order="left")
        return joined["number"]

    def _answer(self, text: str, region: str | None) -> str | None:
        pair = (text, region)
        if pair not in self._known:
            if len(self._known) >= LIMIT:
                self._known.pop(next(iter(self._known)))
            self._known[pair] = ask(text, region)
            self._new += 1
        return self._known[pair]

    def load(self, folder: Path) -> None:
        """Take over what an earlier run saved in `folder`; a file that cannot be read is no loss."""
        path = self._path(folder)
        if self._known or not path.exists():
            return
        try:
            saved = pl.read_parquet(path, columns=list(SCHEMA))
        except (pl.exceptions.PolarsError, OSError):
            return
        with self._lock:
            self._known = {(text, region): number for text, region, number in saved.head(LIMIT).rows()}

    def save(self, folder: Path) -> None:
        """Write all answers to `folder`, atomically, if there are new ones."""
        if not self._new:
            return
        path = self._path(folder)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._lock:
            rows = [(text, region, number) for (text, region), number in self._known.items()]
            self._new = 0
        beside = path.with_suffix(".writing")
        pl.DataFrame(rows, SCHEMA, orient="row").write_parquet(beside)
        beside.chmod(0o600)
        beside.replace(path)

    @staticmethod
    def _path(folder: Path) -> Path:
        return folder / f"phone-{phonenumbers.__version__}.parquet"


ANSWERS = Answers()
"""The one cache of this process."""
