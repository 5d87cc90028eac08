"""What a file name says of an export: its date, and the stem by which connectors know it.

Reading the file does not belong here (`connectors.readers`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

DATE = re.compile(r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<by>[-_]?)(?P<month>0[1-9]|1[0-2])(?P=by)(?P<day>[0-3]\d)(?!\d)")
"""YYYY-MM-DD, YYYY_MM_DD or YYYYMMDD, not inside a longer number."""


PACKINGS = (".gz", ".zst")


def packing_of(name: str) -> str:
    """The ending that says how a file's bytes are packed; "" where they are not."""
    return next((ending for ending in PACKINGS if name.lower().endswith(ending)), "")


def date_of(name: str) -> dt.date | None:
    """The date in an export's path: its file's, else that of the nearest folder or ZIP around it."""
    for part in reversed(PurePosixPath(name).parts):
        found = _dated(part)
        if found:
            return found[1]
    return None


def stem_of(name: str) -> str:
    """The file name without extension, date and the separators around the date, in lower case: `Account`."""
    stem = PurePosixPath(name).name
    stem = stem[: len(stem) - len(packing_of(stem))]
    found = _dated(stem)
    if found:
        left, right = stem[: found[0].start()], stem[found[0].end() :]
        kept = left.rstrip("-_. ")
        right = right if right.startswith(".") else right.lstrip("-_ ")
        joint = left[len(kept) :][:1] if kept and right and not right.startswith(".") else ""
        stem = kept + joint + right
    return (stem.rpartition(".")[0] or stem).casefold()


def matches(stem: str, patterns: Iterable[str]) -> bool:
    """Whether the whole stem is one of the patterns (`*`, `?`, `[0-9]`), any case."""
    return any(fnmatchcase(stem, pattern.casefold()) for pattern in patterns)


def system_of(source: str) -> str:
    """The system whose connector reads a source: `salesforce` for `salesforce@emea`."""
    return source.partition("@")[0]


def _dated(text: str) -> tuple[re.Match[str], dt.date] | None:
    for token in DATE.finditer(text):
        try:
            return token, dt.date(int(token["year"]), int(token["month"]), int(token["day"]))
        except ValueError:  # 2024-02-31 is a number, not a date
            continue
    return None
