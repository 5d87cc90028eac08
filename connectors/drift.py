"""What changed in the columns of an object's exports from one delivery to the next: new, missing, renamed, retyped.

Compares names, and the forms in which named columns are written; never quotes a value. What a drift does to a delivery
is `connectors.landing`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import polars as pl

from connectors.content import Content
from connectors.spec import ObjectSpec

SAMPLE = 20_000
"""Rows of each part that are looked at for the form of its values."""
FORM_SHARE, FORM_VALUES = 0.95, 3
"""A column has a form where so many of its values share it, and there are so many of them."""
LIKELY, CERTAIN = 0.6, 0.8
"""Likeness of names from which a new column may be a missing one; without a delivery to compare with, more is asked."""

FORMS = {
    r"(?i)^(true|false|yes|no)$": "true or false",
    r"^[+-]?\d+([.,]\d+)*$": "numbers",
    r"^\d{4}-\d\d-\d\d$": "dates such as YYYY-MM-DD",
    r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d": "times such as YYYY-MM-DD HH:MM",
    r"^\d{1,2}/\d{1,2}/\d{2,4}\b": "dates with slashes",
    r"^\d{1,2}\.\d{1,2}\.\d{2,4}\b": "dates with dots",
    r"^\d{1,2}-\d{1,2}-\d{2,4}\b": "dates such as DD-MM-YYYY",
    r"^/Date\(": "dates such as /Date(…)/",
    r"^[^@\s]+@[^@\s]+\.[^@\s]+$": "e-mail addresses",
}
TEXT = "other text"


@dataclass(frozen=True)
class Renamed:
    column: str
    """As the connector names it."""
    now: str
    """An unnamed column that is likely to hold it now."""


@dataclass(frozen=True)
class Retyped:
    column: str
    was: str
    now: str


@dataclass(frozen=True)
class Drift:
    """`new`: unnamed columns that the delivery before did not have; `missing`: named ones that it had."""

    new: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    """Also in a first delivery, where nothing came for a column that the connector names and an unnamed one is near."""
    retyped: tuple[Retyped, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.missing or self.renamed or self.retyped)

    def sentences(self) -> tuple[str, ...]:
        """What changed and what to do, one sentence each: the gravest first."""
        renamed = {one.column: one.now for one in self.renamed}
        fresh = [name for name in self.new if name not in renamed.values()]
        said = [
            f"the column {column!r} is missing; {now!r} looks like its new name. If it is, add it to the connector: "
            f"beside {column!r} in `from`, or under `columns`"
            for column, now in renamed.items()
        ]
        said += [
            f"the column {column!r} is missing, which the delivery before had: its values are now empty. "
            "Export it again with the column, or take it out of the connector"
            for column in self.missing
            if column not in renamed
        ]
        said += [
            f"the column {one.column!r} held {one.was} and now holds {one.now}; look whether its cleaner still fits"
            for one in self.retyped
        ]
        if fresh:
            named = ", ".join(map(repr, fresh))
            one = len(fresh) == 1
            which, them = ("a new column is", "it") if one else (f"{len(fresh)} new columns are", "them")
            said.append(f"{which} not stored, for the connector does not name {them}: {named}")
        return tuple(said)


def drift_of(
    spec: ObjectSpec,
    before: Sequence[tuple[Path, Content]],
    unnamed_before: Iterable[str],
    now: Sequence[tuple[Path, Content]],
) -> Drift:
    """From the delivery before (none: a first one) to this one; parts are landed files and what they say."""
    if not now:
        return Drift()
    have = {name for _, content in now for name in content.columns}
    unnamed = list(dict.fromkeys(name for _, content in now for name in content.unnamed))
    if not before:
        return Drift(renamed=_renamed(_unserved(spec, have), unnamed, CERTAIN))
    had = {name for _, content in before for name in content.columns}
    known = {*unnamed_before, *had}
    new = tuple(name for name in unnamed if name not in known)
    missing = tuple(sorted(had - have))
    return Drift(new, missing, _renamed(missing, new, LIKELY), _retyped(sorted(had & have), before, now))


def _unserved(spec: ObjectSpec, have: set[str]) -> list[str]:
    """Columns of fields for which none of their columns came."""
    fields = [field.columns for record in spec.records for field in record.fields.values()]
    return list(dict.fromkeys(name for columns in fields if columns and not have & {*columns} for name in columns))


def _renamed(missing: Iterable[str], candidates: Sequence[str], least: float) -> tuple[Renamed, ...]:
    """Each missing column with the candidate that is most alike, best pairs first, each candidate once."""
    pairs = sorted(
        (-likeness, column, now)
        for column in missing
        for now in candidates
        if (likeness := _likeness(column, now)) >= least
    )
    found: dict[str, str] = {}
    for _, column, now in pairs:
        if column not in found and now not in found.values():
            found[column] = now
    return tuple(Renamed(column, now) for column, now in sorted(found.items()))


def _likeness(one: str, other: str) -> float:
    """1 for names of the same words; words may stand in another order, and one name may say more than the other."""
    first, second = _words(one), _words(other)
    if not first or not second:
        return 0.0
    if "".join(first) == "".join(second) or sorted(first) == sorted(second):
        return 1.0
    within = {*first} <= {*second} or {*second} <= {*first}
    alike = SequenceMatcher(None, "".join(first), "".join(second), autojunk=False).ratio()
    return max(alike, 0.7 if within else 0.0)


def _words(name: str) -> list[str]:
    """The words of a column's name, whatever their case and what joins them: `BillingCity`, `billing_city__c`."""
    name = re.sub(r"(?i)__c$", "", name)
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.findall(r"[^\W_]+", apart.casefold())


def _retyped(
    names: Sequence[str], before: Sequence[tuple[Path, Content]], now: Sequence[tuple[Path, Content]]
) -> tuple[Retyped, ...]:
    was, is_ = _forms(names, before), _forms(names, now)
    return tuple(
        Retyped(name, was[name], is_[name]) for name in names if name in was and name in is_ and was[name] != is_[name]
    )


def _forms(names: Sequence[str], parts: Sequence[tuple[Path, Content]]) -> dict[str, str]:
    """The form in which each column is written, where nearly all its values share one."""
    forms = [*FORMS.values(), TEXT]
    counts = dict.fromkeys(names, dict.fromkeys(forms, 0))
    for path, content in parts:
        present = [name for name in names if name in content.columns]
        if not present:
            continue
        rows = pl.scan_parquet(path).select(present).head(SAMPLE)
        counted = rows.select(
            ((_form(name) == form).sum()).alias(f"{number}:{place}")
            for number, name in enumerate(present)
            for place, form in enumerate(forms)
        ).collect()
        for number, name in enumerate(present):
            found = [counted[f"{number}:{place}"].item() for place in range(len(forms))]
            counts[name] = {form: counts[name][form] + count for form, count in zip(forms, found, strict=True)}
    chosen = {}
    for name, of_column in counts.items():
        values = sum(of_column.values())
        form = max(of_column, key=lambda one: of_column[one])
        if values >= FORM_VALUES and of_column[form] >= FORM_SHARE * values:
            chosen[name] = form
    return chosen


def _form(name: str) -> pl.Expr:
    cell = pl.col(name).str.strip_chars()
    expr: pl.Expr = pl.when(cell.is_not_null() & (cell != "")).then(pl.lit(TEXT))
    for pattern, form in reversed(FORMS.items()):
        expr = pl.when(cell.str.contains(pattern)).then(pl.lit(form)).otherwise(expr)
    return expr
