"""How people write things wrongly or differently: slips of the keyboard, spellings, phone and date formats.

Works on whole columns and a random generator; knows nothing of records or systems.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from connectors.sample.material import COUNTRIES, Rng

_OCR = (("rn", "m"), ("l", "1"), ("o", "0"), ("cl", "d"), ("e", "c"))
_UMLAUTS = ("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue"), ("ß", "ss")
_STREETS = ("straße", "str."), ("Street", "St"), ("Avenue", "Ave"), ("Road", "Rd"), ("Drive", "Dr"), ("Lane", "Ln"), (
    "boulevard",
    "bd",
), ("Calle", "C/"), ("Avenida", "Avda."), ("Via ", "V. "), ("straat", "str.")  # fmt: skip


def chance(rng: Rng, size: int, share: float) -> np.ndarray:
    """True for about `share` of the rows."""
    return rng.random(size) < share


def where(mask: np.ndarray, yes: pl.Series | str | None, no: pl.Series) -> pl.Series:
    """`yes` where the mask holds, `no` elsewhere."""
    frame = pl.DataFrame({"no": no, "mask": mask})
    other = yes if isinstance(yes, pl.Series) else pl.lit(yes, dtype=pl.String)
    return frame.select(pl.when("mask").then(other).otherwise("no").alias(no.name))["" + no.name]


def plain(text: pl.Expr) -> pl.Expr:
    """Lower-case ASCII letters and digits, umlauts written out: for e-mail addresses and domains."""
    for umlaut, letters in _UMLAUTS:
        text = text.str.replace_all(umlaut, letters, literal=True)
    return text.str.normalize("NFKD").str.to_lowercase().str.replace_all(r"[^a-z0-9]", "")


def slips(text: pl.Series, rng: Rng, share: float) -> pl.Series:
    """Swaps, drops, doubles or replaces a letter, or misreads one as a scanner would, in about `share` of the rows."""
    mask = chance(rng, len(text), share) & (text.str.len_chars().fill_null(0) >= 4).to_numpy()
    rows = np.flatnonzero(mask)
    if not len(rows):
        return text
    some = text.gather(rows)
    at = 1 + np.floor(rng.random(len(rows)) * (some.str.len_chars().to_numpy() - 2)).astype(np.int64)
    letters = pl.Series(list("abcdefghiklmnoprstuw")).gather(rng.integers(0, 20, len(rows)))
    frame = pl.DataFrame({"s": some, "p": at, "kind": rng.integers(0, 5, len(rows)), "x": letters})
    s, p, kind = pl.col("s"), pl.col("p"), pl.col("kind")
    head, one, two, rest = s.str.slice(0, p), s.str.slice(p, 1), s.str.slice(p + 1, 1), s.str.slice(p + 2)
    misread = s
    for seen, read in _OCR:
        misread = pl.when(misread == s).then(misread.str.replace(seen, read, literal=True)).otherwise(misread)
    wrong = frame.select(
        pl.when(kind == 0).then(head + two + one + rest)
        .when(kind == 1).then(head + two + rest)
        .when(kind == 2).then(head + one + one + two + rest)
        .when(kind == 3).then(head + pl.col("x") + two + rest)
        .otherwise(misread)
        .alias("s")
    )["s"]  # fmt: skip
    return text.scatter(rows, wrong)


def spell_umlauts(text: pl.Series, rng: Rng) -> pl.Series:
    """Umlauts and accents as written (half), written out or dropped."""
    how = rng.random(len(text))
    written_out = text
    for umlaut, letters in _UMLAUTS:
        written_out = written_out.str.replace_all(umlaut, letters, literal=True)
    dropped = text.str.replace_all("ß", "s", literal=True).str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    return where(how < 0.25, written_out, where(how > 0.8, dropped, text))


def shorten_streets(text: pl.Series, rng: Rng) -> pl.Series:
    """`Hafenstraße 1` as `Hafenstr. 1` or `Hafenstrasse 1`, `Street` as `St`, in half the rows."""
    how = rng.random(len(text))
    short = text
    for long, abbreviated in _STREETS:
        short = short.str.replace(long, abbreviated, literal=True)
    return where(how < 0.35, short, where(how > 0.85, text.str.replace("straße", "strasse", literal=True), text))


def written_phones(number: pl.Series, area: pl.Series, country: pl.Series, rng: Rng, national: float) -> pl.Series:
    """National significant numbers as people write them; about `national` of them without the country's prefix.

    `area` is the length of the area code or mobile prefix, `country` the index into COUNTRIES.
    """
    size = len(number)
    dial = pl.Series([c.dial for c in COUNTRIES]).gather(country)
    trunk = pl.Series([c.trunk for c in COUNTRIES]).gather(country)
    frame = pl.DataFrame({"n": number, "a": area, "c": country, "d": dial, "t": trunk}).with_columns(
        style=pl.Series(rng.integers(0, 3, size)), home=pl.Series(chance(rng, size, national))
    )
    n, a, style = pl.col("n"), pl.col("a"), pl.col("style")
    front, rest = n.str.slice(0, a), n.str.slice(a)
    grouped = rest.str.slice(0, 3) + " " + rest.str.slice(3)
    american = pl.col("c") == 0
    in_america = (
        pl.when(style == 0).then("(" + front + ") " + rest.str.slice(0, 3) + "-" + rest.str.slice(3))
        .when(style == 1).then(front + "-" + rest.str.slice(0, 3) + "-" + rest.str.slice(3))
        .otherwise(front + "." + rest.str.slice(0, 3) + "." + rest.str.slice(3))
    )  # fmt: skip
    at_home = (
        pl.when(style == 0).then(pl.col("t") + n)
        .when(style == 1).then(pl.col("t") + front + " " + grouped)
        .otherwise(pl.col("t") + front + "/" + rest)
    )  # fmt: skip
    abroad = (
        pl.when(style == 0).then("+" + pl.col("d") + n)
        .when(style == 1).then("+" + pl.col("d") + " " + front + " " + grouped)
        .when(american).then("+1 (" + front + ") " + rest.str.slice(0, 3) + "-" + rest.str.slice(3))
        .otherwise("00" + pl.col("d") + " " + front + " " + rest)
    )  # fmt: skip
    return frame.select(
        phone=pl.when("home").then(pl.when(american).then(in_america).otherwise(at_home)).otherwise(abroad)
    )["phone"]


def mistaken_dates(born: pl.Series, rng: Rng) -> pl.Series:
    """Dates with day and month changed places in 3 % of the rows where both readings exist, and a wrong year in 1 %."""
    size = len(born)
    frame = pl.DataFrame({"d": born, "u": rng.random(size)})
    day, month, year = pl.col("d").dt.day(), pl.col("d").dt.month(), pl.col("d").dt.year()
    return frame.select(
        d=pl.when((pl.col("u") < 0.03) & (day <= 12)).then(pl.date(year, day, month))
        .when(pl.col("u") > 0.99).then(pl.date(year - 10, month, pl.min_horizontal(day, pl.lit(28, dtype=pl.Int8))))
        .otherwise("d")
    )["d"]  # fmt: skip
