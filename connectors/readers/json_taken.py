"""Rows that are proven alike -> cells, cut out of the data where the marks say; lists and escapes by what they mean.

What is cut is proven to be JSON in passing. Which rows are alike, and where their values stand, does not belong here
(`connectors.readers.json_alike`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.readers.gate import Bytes
from connectors.readers.json_text import ARRAY, QUOTE, Ints
from connectors.readers.json_written import Lists, are_numbers, meant, stretches, words
from connectors.readers.rows import Flags


class Unlike(Exception):
    """The rows are not proven to be alike."""


def prove(holds: object) -> None:
    if not holds:
        raise Unlike


@dataclass(frozen=True)
class Alike:
    """Rows of one kind, by index, and their cells."""

    rows: Ints
    template: dict[str, Any]
    """The keys of each as they are nested: under a key an object, or what the lists there hold; else a number."""
    cells: dict[str, pa.Array | None]
    """Text, by path: of the wanted paths that lead somewhere. None where that is an object."""


@dataclass(frozen=True)
class Kind:
    """Rows of one kind and where their values stand, key by key."""

    rows: Ints
    template: dict[str, Any]
    keys: int
    controls: int
    """Control characters between the values of each row."""
    first: Ints
    last: Ints


def cut(data: bytes, kind: Kind, begin: Bytes, slashes: Ints | None, named: Collection[str]) -> Alike:
    """The cells of the named paths; those of all keys are proven.

    Args:
        begin: the first byte of each value.
        slashes: where backslashes stand in the data; None where there is none.

    Raises:
        Unlike: a value is none, or is not sure to be what stands there; a path leads to several places.
        NotJson: a list or a text is not JSON.
    """
    is_text, is_list = begin == QUOTE, begin == ARRAY
    prove((np.frombuffer(data, np.uint8)[kind.last - 1] == QUOTE)[is_text].all())
    is_plain = ~(is_text | is_list)
    absent = _absent(data, kind, is_plain) if is_plain.any() else None
    lists = {
        one: Lists.of(stretches(data, kind.first[one][is_list[one]], kind.last[one][is_list[one]]))
        for one in np.flatnonzero(is_list.any(axis=1)).tolist()
    }
    leads = {path: lead for path in named if (lead := _lead(kind.template, path, lists))}
    wanted = sorted({one for one, rest in leads.values() if isinstance(one, int) and not rest})
    columns = _columns(data, kind, is_text, absent, wanted)
    if slashes is not None:
        _mean(columns, data, kind, is_text, slashes)
    cells: dict[str, pa.Array | None] = {}
    for path, (one, rest) in leads.items():
        if one is None:
            cells[path] = None
            continue
        column = pa.nulls(len(kind.rows), pa.large_string()) if rest else columns[one]
        if one in lists:
            found, leads_somewhere = lists[one].cells(rest)
            if not leads_somewhere:
                continue
            column = pc.replace_with_mask(column, is_list[one], found)
        cells[path] = column
    return Alike(kind.rows, _filled_in(kind.template, lists), cells)


def _lead(template: dict[str, Any], path: str, lists: Collection[int]) -> tuple[int | None, str] | None:
    """The number that a path leads to, and what is left of the path within lists there; an object has no number."""
    leads = [(one, rest) for one, rest in _leads(template, path) if not rest or one in lists]
    prove(len(leads) < 2)
    return next(((None if isinstance(one, dict) else one, rest) for one, rest in leads), None)


def _leads(template: dict[str, Any], path: str) -> Iterator[tuple[Any, str]]:
    """Where a path may lead, in the order of `look_up`, and what is left of it there."""
    if path in template:
        yield template[path], ""
        return
    for at in (at for at, letter in enumerate(path) if letter == "." and path[:at] in template):
        inner, rest = template[path[:at]], path[at + 1 :]
        yield from _leads(inner, rest) if isinstance(inner, dict) else ((inner, rest),)


def _filled_in(value: Any, lists: dict[int, Lists]) -> Any:
    """A template with what lists hold in place of their numbers."""
    if isinstance(value, dict):
        return {key: _filled_in(inner, lists) for key, inner in value.items()}
    return lists[value].inner if value in lists else value


def _absent(data: bytes, kind: Kind, is_plain: Flags) -> Flags:
    """Which values are `null`; those that are no texts are words, or numbers that are their digits."""
    first, last = kind.first[is_plain], kind.last[is_plain]
    null, word = words(data, first, last)
    prove(are_numbers(data, first[~word], last[~word]))
    found = np.zeros(is_plain.shape, bool)
    found[is_plain] = null
    return found


def _columns(data: bytes, kind: Kind, is_text: Flags, absent: Flags | None, wanted: list[int]) -> dict[int, pa.Array]:
    """The cells of some keys as they are written, but for the quotes around texts: taken together, which is faster."""
    quote, rows = is_text[wanted], len(kind.rows)
    null = None if absent is None else absent[wanted].ravel()
    every = stretches(data, (kind.first[wanted] + quote).ravel(), (kind.last[wanted] - quote).ravel(), null)
    return {one: every.slice(at * rows, rows) for at, one in enumerate(wanted)}


def _mean(columns: dict[int, pa.Array], data: bytes, kind: Kind, is_text: Flags, slashes: Ints) -> None:
    """Put what is meant in the place of texts that hold escapes; those of all keys are proven."""
    first, last = kind.first.T.ravel(), kind.last.T.ravel()
    value = np.searchsorted(first, slashes, side="right") - 1
    slashes, value = slashes[value >= 0], value[value >= 0]
    found = value[slashes < last[value]]
    found = found[np.diff(found, prepend=-1) > 0]
    found = found[is_text.T.ravel()[found]]
    if not len(found):
        return
    texts = meant(stretches(data, first[found], last[found]))
    row, key = np.divmod(found, len(is_text))
    for one in {*np.unique(key).tolist()} & {*columns}:
        mask = np.zeros(len(kind.rows), bool)
        mask[row[key == one]] = True
        columns[one] = pc.replace_with_mask(columns[one], mask, texts.filter(pa.array(key == one)))
