"""JSON objects -> cells as text: the allowed paths and nothing else.

Numbers keep their digits, true and false their words; an array that the connector names stays JSON. An object has no
text of its own: what it holds lies under keys that nobody named.
Finding the objects in a file does not belong here (`connectors.readers.json`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl
import pyarrow as pa

from connectors.readers.gate import ShapeMismatch
from connectors.readers.reading import Reading, Stated, Wanted
from connectors.readers.sink import Sink
from connectors.spec import Envelope

if TYPE_CHECKING:
    from connectors.readers.json_taken import Alike

MAX_UNNAMED = 500
"""Names of unnamed keys that are kept: a map keyed by values is data, not a list of columns."""

MAX_SIGNATURES = 10_000
"""Sets of keys seen before, which need no second look."""


class _Absent:
    """The type of what stands where a path leads nowhere."""


ABSENT = _Absent()
PLAIN = {str, type(None)}
"""Types of values that are cells as they are."""


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
    """A value as text; None for null, an object, nothing at all. Of an array, what is neither an object nor an array.

    Raises:
        Inexact: it is, or holds, a float.
    """
    if value is None or value is ABSENT or isinstance(value, dict):
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
    """The allowed paths of a shape, looked up in many rows at once.

    A path is a key, or keys joined by dots; a key that itself holds dots is found too. Through an array it collects
    the values of its elements, joined by `; `. Of several paths of a column the first that holds a value counts.
    """

    def __init__(self, called: dict[str, tuple[str, ...]]) -> None:
        self.columns = tuple(called)
        self.unnamed: dict[str, None] = {}
        self._called = called
        self.named = {path for paths in called.values() for path in paths}
        self._absent = set(called)
        self._upper = {path[:i] for path in self.named for i, char in enumerate(path) if char == "."}
        self._seen: set[tuple[str, ...]] = set()

    @property
    def present(self) -> set[str]:
        """Columns that a row had so far."""
        return set(self.columns) - self._absent

    def found_in(self, rows: pa.Table) -> pa.Table:
        """`rows` with the columns that a row had so far; most exports lack some that are named."""
        return rows.select(["_row", *(name for name in self.columns if name not in self._absent)])

    def columns_of(
        self, rows: list[dict[str, Any]], written: Callable[[int], bytes]
    ) -> tuple[dict[str, pa.Array], set[int]]:
        """The rows' cells as one text column per allowed column; null where the path is absent or null.

        Also the indices of rows that cannot be read with their digits, for they are nested too deep.

        Args:
            rows: JSON objects as `parse` gives them.
            written: a row's text, by its index, where it has to be read with its digits.
        """
        self._note(rows, "")
        alike = _alike(rows)
        digits: dict[int, dict[str, Any]] = {}
        lost: set[int] = set()

        def exact(index: int, path: str) -> str | None:
            try:
                if index not in digits:
                    digits[index] = parse_exactly(written(index))
            except NotJson:
                lost.add(index)
                return None
            return cell(look_up(digits[index], path))

        found = {}
        for name, paths in self._called.items():
            columns = []
            for path in paths:
                values = list(alike[path]) if path in alike else [row.get(path, ABSENT) for row in rows]
                columns.append(pa.array(self._cells(name, path, rows, values, exact), pa.large_string()))
            found[name] = _first_filled(columns)
        return found, lost

    def columns_of_alike(self, kinds: Sequence[Alike]) -> list[dict[str, pa.Array]]:
        """The same, of rows of a few kinds: for each kind."""
        self._note([kind.template for kind in kinds], "")
        return [self._of_kind(kind) for kind in kinds]

    def _of_kind(self, kind: Alike) -> dict[str, pa.Array]:
        columns = {}
        for name, paths in self._called.items():
            if any(path in kind.cells for path in paths):
                self._absent.discard(name)
            cells = [kind.cells.get(path) for path in paths]
            columns[name] = _first_filled(
                [pa.nulls(len(kind.rows), pa.large_string()) if one is None else one for one in cells]
            )
        return columns

    def _cells(
        self,
        name: str,
        path: str,
        rows: list[dict[str, Any]],
        found: list[Any],
        exact: Callable[[int, str], str | None],
    ) -> list[Any]:
        """What was found at the top of the rows, as cells; the rest of a dotted path is looked up."""
        dotted = "." in path
        if name in self._absent and not all(value is ABSENT for value in found):
            self._absent.discard(name)
        if PLAIN.issuperset(map(type, found)):
            return found
        for index, value in enumerate(found):
            if type(value) in PLAIN:
                continue
            try:
                if dotted and value is ABSENT:
                    value = look_up(rows[index], path)  # noqa: PLW2901
                    if value is not ABSENT:
                        self._absent.discard(name)
                found[index] = value if type(value) is str else cell(value)
            except Inexact:
                self._absent.discard(name)
                found[index] = exact(index, path)
        return found

    def _note(self, rows: list[dict[str, Any]], prefix: str) -> None:
        """Remember the keys that no allowed path names; of a whole unnamed branch its first key."""
        branches: set[str] = set()
        for keys in dict.fromkeys(map(tuple, rows)):
            branches.update(key for key in keys if prefix + key in self._upper)
            if (prefix, *keys) in self._seen:
                continue
            if len(self._seen) < MAX_SIGNATURES:
                self._seen.add((prefix, *keys))
            for path in (prefix + key for key in keys):
                if path not in self._upper and path not in self.named and len(self.unnamed) < MAX_UNNAMED:
                    self.unnamed[path] = None
        for key in sorted(branches):
            self._note([inner for row in rows if key in row for inner in _objects(row[key])], f"{prefix}{key}.")


def _alike(rows: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """The rows by columns where all have the same keys in the same order, as exports mostly do: five times faster."""
    keys = tuple(rows[0]) if rows else ()
    if not all(map(keys.__eq__, map(tuple, rows))):
        return {}
    return dict(zip(keys, zip(*map(dict.values, rows), strict=True), strict=True))


def reading_of(
    paths: Paths, wanted: Wanted, rows: int, sink: Sink, stated: Stated, warnings: tuple[str, ...]
) -> Reading:
    """What was found of an export whose columns are paths.

    Raises:
        ShapeMismatch: no row is an object, or none has the key or a required column.
    """
    if rows and not sink.landed:
        raise ShapeMismatch("no row in it is an object", "check the file, or the connector's `root`")
    present = paths.present if sink.landed else set(wanted.called)
    missing = [name for name in wanted.required if name not in present]
    if missing:
        raise ShapeMismatch(
            f"no row has {', '.join(repr(name) for name in missing)}",
            "export it with these columns, or name this shape in the connector",
        )
    return Reading(
        rows=rows,
        rejected=sink.rejected,
        columns=tuple(name for name in wanted.called if name in present),
        unnamed=tuple(paths.unnamed),
        stated=stated,
        warnings=warnings,
        reasons=dict(sink.reasons),
    )


def _filled(column: pl.Series, other: pl.Series) -> pl.Series:
    """A column, and the other one's cells where it holds none."""
    return column.zip_with(column.is_not_null() & ~column.is_in(["", "[]"]), other)


def _first_filled(cells: list[pa.Array]) -> pa.Array:
    if len(cells) == 1:
        return cells[0]
    return reduce(_filled, map(pl.Series, cells)).to_arrow(compat_level=pl.CompatLevel.oldest())


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    elif isinstance(value, list):
        yield from (inner for inner in value if isinstance(inner, dict))


def look_up(value: Any, path: str) -> Any:
    """The value at a dotted path; a marker of its own where there is none."""
    if isinstance(value, list):
        found = [look_up(inner, path) for inner in value]
        texts = [cell(inner) for inner in found if inner is not ABSENT]
        return "; ".join(text for text in texts if text is not None) if texts else ABSENT
    if not isinstance(value, dict):
        return ABSENT
    if path in value:
        return value[path]
    at = path.find(".")
    while at >= 0:
        head = path[:at]
        if head in value:
            found = look_up(value[head], path[at + 1 :])
            if found is not ABSENT:
                return found
        at = path.find(".", at + 1)
    return ABSENT


def statement(around: Any, envelope: Envelope) -> Stated:
    """What a document says of its own completeness, by the fields that the connector names."""
    end, more = _stated(around, envelope.end), _stated(around, envelope.more)
    ended = None
    if envelope.end:
        ended = end == "true"
    elif envelope.more:
        ended = more in (None, "", "false", "0")
    return Stated(
        total=_number(_stated(around, envelope.total)),
        page=_number(_stated(around, envelope.page)),
        pages=_number(_stated(around, envelope.pages)),
        end=ended,
    )


def _stated(around: Any, path: str | None) -> str | None:
    return cell(look_up(around, path)) if path else None


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
