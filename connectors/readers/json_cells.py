"""One JSON object -> cells as text: the allowed paths and nothing else.

Numbers keep their digits, true and false their words; an array that the connector names stays JSON. An object has no
text of its own: what it holds lies under keys that nobody named.
Finding the objects in a file does not belong here (`connectors.readers.json`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson

MAX_UNNAMED = 500
"""Names of unnamed keys that are kept: a map keyed by values is data, not a list of columns."""

MAX_SIGNATURES = 10_000
"""Sets of keys seen before, which need no second look."""

_ABSENT = object()


class Number(str):
    """A number by its digits."""

    __slots__ = ()


class NotJson(ValueError):
    """Bytes that are not one JSON value; says nothing of what they are."""


class Inexact(Exception):
    """A number that was read as a float: the row has to be read with its digits."""


def parse(data: bytes) -> Any:
    """A JSON value; decimals, and integers beyond 64 bits, are floats.

    Raises:
        NotJson: it is not one JSON value in UTF-8.
    """
    try:
        return orjson.loads(data)
    except ValueError:  # its attributes quote the data
        raise NotJson from None


def parse_exactly(data: bytes) -> Any:
    """A JSON value that `parse` accepts, its numbers by their digits; takes six times as long."""
    try:
        return json.loads(data, parse_float=Number, parse_int=Number)
    except (ValueError, RecursionError):
        raise NotJson from None


def cell(value: Any) -> str | None:
    """A value as text; None for null and for an object. Of an array, what is neither an object nor an array.

    Raises:
        Inexact: it is, or holds, a float.
    """
    if value is None or isinstance(value, dict):
        return None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        raise Inexact
    if isinstance(value, list):
        return "[" + ",".join(_element(inner) for inner in value if not isinstance(inner, dict | list)) + "]"
    return str(value)


def _element(value: Any) -> str:
    if isinstance(value, float):
        raise Inexact
    return str(value) if isinstance(value, Number) else orjson.dumps(value).decode()


class Paths:
    """The allowed paths of a shape, looked up in one row after the other.

    A path is a key, or keys joined by dots; a key that itself holds dots is found too. Through an array it collects
    the values of its elements, joined by `; `.
    """

    def __init__(self, called: dict[str, str]) -> None:
        self.columns = tuple(called)
        self.unnamed: dict[str, None] = {}
        self._plan = tuple((landed, path, "." in path) for landed, path in called.items())
        self._named = set(called.values())
        self._absent = set(called)
        self._upper = {path[:i] for path in self._named for i, char in enumerate(path) if char == "."}
        self._seen: dict[tuple[str, ...], tuple[str, ...]] = {}

    @property
    def present(self) -> set[str]:
        """Columns that a row had so far."""
        return set(self.columns) - self._absent

    def cells(self, row: dict[str, Any], written: bytes) -> list[str | None]:
        """The row's cells, in the order of the allowed columns; None where the path is absent or null.

        Raises:
            NotJson: nested deeper than can be followed.
        """
        try:
            self._note(row, "")
            try:
                return self._cells(row)
            except Inexact:
                return self._cells(parse_exactly(written))
        except RecursionError:
            raise NotJson from None

    def _cells(self, row: dict[str, Any]) -> list[str | None]:
        found: list[str | None] = []
        for landed, path, dotted in self._plan:
            value = row.get(path, _ABSENT)
            if value is _ABSENT and dotted:
                value = look_up(row, path)
            if value is _ABSENT:
                found.append(None)
                continue
            if landed in self._absent:
                self._absent.discard(landed)
            found.append(value if type(value) is str else cell(value))
        return found

    def _note(self, row: dict[str, Any], prefix: str) -> None:
        """Remember the keys that no allowed path names; of a whole unnamed branch its first key."""
        signature = (prefix, *row)
        branches = self._seen.get(signature)
        if branches is None:
            branches = tuple(key for key in row if prefix + key in self._upper)
            if len(self._seen) < MAX_SIGNATURES:
                self._seen[signature] = branches
            for key in row:
                path = prefix + key
                if path not in self._upper and path not in self._named and len(self.unnamed) < MAX_UNNAMED:
                    self.unnamed[path] = None
        for key in branches:
            for inner in _objects(row[key]):
                self._note(inner, prefix + key + ".")


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    elif isinstance(value, list):
        yield from (inner for inner in value if isinstance(inner, dict))


def look_up(value: Any, path: str) -> Any:
    """The value at a dotted path; a marker of its own where there is none."""
    if isinstance(value, list):
        found = [look_up(inner, path) for inner in value]
        texts = [cell(inner) for inner in found if inner is not _ABSENT]
        return "; ".join(text for text in texts if text is not None) if texts else _ABSENT
    if not isinstance(value, dict):
        return _ABSENT
    if path in value:
        return value[path]
    at = path.find(".")
    while at >= 0:
        head = path[:at]
        if head in value:
            found = look_up(value[head], path[at + 1 :])
            if found is not _ABSENT:
                return found
        at = path.find(".", at + 1)
    return _ABSENT


def stated(value: Any, path: str | None) -> str | None:
    """The text at a path of the document around the rows."""
    found = look_up(value, path) if path else _ABSENT
    return None if found is _ABSENT else cell(found)
