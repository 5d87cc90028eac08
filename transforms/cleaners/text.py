"""Text as such: tidying, joining and splitting cells. Text that means something in particular has its own module."""

from __future__ import annotations

import polars as pl

from transforms.cleaners.batches import by_batch, repaired
from transforms.cleaners.registry import TEXTS, Context, cleaner, joiner

UNTIDY = r"^\s|\s$|\s\s|[^\x20-\x7e]"
"""Anything but single spaces between printable ASCII: the cells that need more than a look."""
INVISIBLE = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\x00-\x08\x0e-\x1f\x7f]"
"""Zero-width, direction and control characters; tabs and line breaks are white space and stay out of it."""
SPACE = r"[\s\u0085\u3164]+"
NOTHING = ("[]", "{}")
"""How JSON says that there is nothing."""


def tidy(text: pl.Expr) -> pl.Expr:
    """NFC, without invisible characters, single spaces, trimmed; empty becomes null."""
    return by_batch(text, tidy_values)


def tidy_values(values: pl.Series) -> pl.Series:
    """What `tidy` does, over a series."""
    tidied = repaired(values, values.str.contains(UNTIDY), _tidy_all)
    return repaired(tidied, tidied == "", lambda empty: pl.Series(values=[None] * len(empty), dtype=pl.String))


def _tidy_all(values: pl.Series) -> pl.Series:
    composed = values.str.normalize("NFC").str.replace_all(INVISIBLE, "")
    return composed.str.replace_all(SPACE, " ").str.strip_chars(" ")


def cell(text: pl.Expr, nulls: tuple[str, ...]) -> pl.Expr:
    """A landed cell as every cleaner wants it: tidied, and null where it is empty or one of the system's `nulls`."""
    tidied = tidy(text)
    known = tidy_values(pl.Series(values=(*NOTHING, *nulls), dtype=pl.String)).drop_nulls().unique()
    return pl.when(~tidied.is_in(known.to_list())).then(tidied)


def replaced(text: pl.Expr, pattern: str, by: str = "") -> pl.Expr:
    """`text` with `pattern` replaced, at the cost of one look where it does not occur; tidied again where it does."""
    return by_batch(text, lambda values: replaced_values(values, pattern, by))


def replaced_values(values: pl.Series, pattern: str, by: str = "") -> pl.Series:
    """What `replaced` does, over a series."""
    return repaired(values, values.str.contains(pattern), lambda hits: tidy_values(hits.str.replace_all(pattern, by)))


@cleaner("text")
def text(cell: pl.Expr, _: Context) -> pl.Expr:
    """Text as it stands (cells are tidied before)."""
    return cell


@cleaner("lower")
def lower(cell: pl.Expr, _: Context) -> pl.Expr:
    """Text in lower case."""
    return cell.str.to_lowercase()


@joiner("lines", raw=True)
def lines(cells: tuple[pl.Expr, ...], _: Context) -> pl.Expr:
    """The lines of all cells, joined by a comma; a line break within a cell is a line's end too."""
    separate = [tidy(replaced_lines(cell)) for cell in cells]
    joined = pl.concat_str(separate, separator=", ", ignore_nulls=True) if len(separate) > 1 else separate[0]
    return pl.when(joined != "").then(joined)


def replaced_lines(cell: pl.Expr) -> pl.Expr:
    """A cell of several lines on one line, its lines joined by a comma."""

    def over(values: pl.Series) -> pl.Series:
        def repair(hits: pl.Series) -> pl.Series:
            joined = hits.str.replace_all(r"[\s,]*[\r\n]+[\s,]*", ", ")
            return joined.str.strip_chars(", ")

        return repaired(values, values.str.contains(r"[\r\n]"), repair)

    return by_batch(cell, over)


@joiner("full_name")
def full_name(cells: tuple[pl.Expr, ...], _: Context) -> pl.Expr:
    """All cells in their order, joined by a space."""
    joined = pl.concat_str(cells, separator=" ", ignore_nulls=True)
    return pl.when(joined != "").then(joined)


@cleaner("first", absent=lambda cell: ~cell.str.contains(r"[^\[\]\";,\s]"))
def first(cell: pl.Expr, _: Context) -> pl.Expr:
    """The first of several values joined by `;`, or of a JSON array of texts or numbers."""
    of_array = cell.str.extract(r'^\[\s*"?([^",\]]+)')
    return pl.coalesce(of_array, replaced(cell, r"^[;\s]+").str.split(";").list.first()).str.strip_chars()


@cleaner("list", TEXTS, absent=lambda cell: ~cell.str.contains(r"[^\[\]\";,|\s]"))
def several(cell: pl.Expr, _: Context) -> pl.Expr:
    """Several values joined by `;`, `,` or `|`, or a JSON array of texts; in order of first mention."""
    parts = cell.str.replace_all(r'[\[\]"]', "").str.replace_all(r"[,|]", ";").str.split(";")
    trimmed = parts.list.eval(pl.element().str.strip_chars())
    return trimmed.list.eval(pl.element().filter(pl.element() != "")).list.unique(maintain_order=True)
