"""Dates and instants, from the forms that systems write. What a date means to a record does not belong here."""

from __future__ import annotations

import re
from collections.abc import Callable

import polars as pl
from babel import Locale

from transforms.cleaners.batches import by_batch
from transforms.cleaners.locales import source_locale
from transforms.cleaners.registry import INSTANT, Context, cleaner

NEVER = r"^(?:0000-|0001-01-01|1900-01-01|2154-|9999-)|^[0-9]{1,2}[/.-][0-9]{1,2}[/.-](?:0000|0001|2154|9999)(?: |$)"
"""What systems write for "no date": BambooHR's zeros, Dynamics' 2154, SAP's 9999, .NET's year one."""

PLAIN = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$"
ZULU = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$"
ISO = (
    r"(?i)^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?([.,]\d{1,9})? ?"
    r"(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?$"
)
DAY = r"^\d{4}-\d{2}-\d{2}$"
COMPACT = r"^(?:19|20)\d{6}$"
ODATA = r"^/Date\((-?\d+)(?:[+-]\d{4})?\)/$"
EPOCH = r"^1\d{9}(?:\d{3})?$"
WRITTEN = (
    r"(?i)^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})"
    r"(?:,? (\d{1,2}):(\d{2})(?::(\d{2}))?(?: ?([ap])\.?m\.?)?)?$"
)
ISO_DAY = r"^\d{4}-\d{2}-\d{2}(?:$|[T +-]|Z$)"

Parse = Callable[[pl.Series, str, str], pl.Series]


def _never(cell: pl.Expr) -> pl.Expr:
    return cell.str.contains(NEVER)


def _day_order(context: Context) -> str:
    """How the source's country writes days: "dm", "md", or "" where it is not known or writes the year first."""
    locale = source_locale(context.country, context.language)
    return _order_of(locale) if locale is not None else ""


def _order_of(locale: Locale) -> str:
    pattern = re.sub(r"'[^']*'", "", locale.date_formats["short"].pattern)
    letters = "".join(dict.fromkeys(re.sub(r"[^dMy]", "", pattern.replace("L", "M"))))
    return {"dMy": "dm", "Mdy": "md"}.get(letters, "")


def _localised(naive: pl.Series, zone: str) -> pl.Series:
    """Wall-clock time in `zone` as UTC.

    At the end of summer time an hour that stands twice is the first one; at its start one left out is an hour on.
    """
    if zone == "UTC":
        return naive.dt.replace_time_zone("UTC")
    there = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    if there.null_count() > naive.null_count():
        later = naive.dt.offset_by("1h").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        there = there.fill_null(later)
    return there.dt.convert_time_zone("UTC")


def _naive(texts: pl.Series, form: str) -> pl.Series:
    return texts.str.to_datetime(form, time_unit="us", strict=False)


def _plain(texts: pl.Series, zone: str, _: str) -> pl.Series:
    return _localised(_naive(texts, "%Y-%m-%d %H:%M:%S"), zone)


def _zulu(texts: pl.Series, *_: str) -> pl.Series:
    return _naive(texts.str.strip_suffix("Z"), "%Y-%m-%dT%H:%M:%S%.f").dt.replace_time_zone("UTC")


def _iso(texts: pl.Series, zone: str, _: str) -> pl.Series:
    part = texts.str.extract_groups(ISO).struct.unnest()
    day, minute, second, fraction, offset = (part.to_series(i) for i in range(5))
    clock = day + "T" + minute + second.fill_null(":00") + fraction.fill_null("").str.replace(",", ".")
    naive = _naive(clock, "%Y-%m-%dT%H:%M:%S%.f")
    sign = offset.str.slice(0, 1)
    hours = offset.str.extract(r"^[+-](\d{2})").cast(pl.Int32).fill_null(0)
    minutes = offset.str.extract(r"^[+-]\d{2}:?(\d{2})").cast(pl.Int32).fill_null(0)
    away = pl.DataFrame({"naive": naive, "minutes": hours * 60 + minutes, "sign": sign}).select(
        (
            pl.col("naive")
            - pl.duration(minutes=pl.when(pl.col("sign") == "-").then(-pl.col("minutes")).otherwise(pl.col("minutes")))
        ).dt.replace_time_zone("UTC")
    )
    stated = pl.DataFrame({"away": away.to_series(), "here": _localised(naive, zone), "offset": offset})
    return stated.select(pl.when(pl.col("offset").is_null()).then("here").otherwise("away")).to_series()


def _day(texts: pl.Series, zone: str, _: str) -> pl.Series:
    return _localised(texts.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")), zone)


def _compact(texts: pl.Series, zone: str, _: str) -> pl.Series:
    return _localised(texts.str.to_date("%Y%m%d", strict=False).cast(pl.Datetime("us")), zone)


def _milliseconds(texts: pl.Series, *_: str) -> pl.Series:
    counted = texts.str.extract(r"(-?\d+)").cast(pl.Int64, strict=False)
    return counted.cast(pl.Datetime("ms")).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _epoch(texts: pl.Series, *_: str) -> pl.Series:
    return _milliseconds((texts + "000").str.slice(0, 13))


def _written(texts: pl.Series, zone: str, order: str) -> pl.Series:
    """`8/25/2020 1:03 PM`, `09.06.26 16:14`: day before month or after where only one is possible, else as `order`."""
    parts = texts.str.extract_groups(WRITTEN).struct.unnest()
    parts.columns = ["first", "second", "year", "hour", "minute", "sec", "half"]
    frame = parts.with_columns(
        *(pl.col(name).cast(pl.Int32) for name in ("first", "second", "year", "hour", "minute", "sec")),
        pl.col("half").str.to_lowercase(),
        dotted=texts.str.contains(r"^\d{1,2}\.\d{1,2}\."),
    )
    first, second, year, hour = (pl.col(name) for name in ("first", "second", "year", "hour"))
    day_first = (
        pl.when((first > 12) | (first == second) | pl.col("dotted")).then(True)
        .when(second > 12).then(False)
        .otherwise(pl.lit({"dm": True, "md": False}.get(order), pl.Boolean))
    )  # fmt: skip
    in_half = hour + pl.when((pl.col("half") == "p") & (hour < 12)).then(12).when(
        (pl.col("half") == "a") & (hour == 12)
    ).then(-12).otherwise(0)
    full_year = year + pl.when(year < 69).then(2000).when(year < 100).then(1900).otherwise(0)
    text = pl.format(
        "{}-{}-{} {}:{}:{}",
        full_year,
        pl.when(day_first).then(second).when(~day_first).then(first),
        pl.when(day_first).then(first).when(~day_first).then(second),
        in_half.fill_null(0),
        pl.col("minute").fill_null(0),
        pl.col("sec").fill_null(0),
    )
    return _localised(_naive(frame.select(text.alias("at")).to_series(), "%Y-%m-%d %H:%M:%S"), zone)


FORMS: tuple[tuple[str, Parse], ...] = (
    (PLAIN, _plain),
    (ZULU, _zulu),
    (ISO, _iso),
    (DAY, _day),
    (WRITTEN, _written),
    (ODATA, _milliseconds),
    (EPOCH, _epoch),
    (COMPACT, _compact),
)
"""Regex of a form, and how it is read; no text has two of them. The commonest first: a column usually has one form."""


def _instants(texts: pl.Series, zone: str, order: str, forms: tuple[tuple[str, Parse], ...] = FORMS) -> pl.Series:
    """Every text by the form it has; a column of one form costs one regex and one parse."""
    found: list[pl.DataFrame] = []
    left = pl.DataFrame({"text": texts}).with_row_index("place").filter(pl.col("text").is_not_null())
    for form, parse in forms:
        if left.is_empty():
            break
        has_form = left["text"].str.contains(form)
        if has_form.any():
            these = left.filter(has_form)
            found.append(these.select("place", parse(these["text"], zone, order).alias("at")))
            left = left.filter(~has_form)
    if len(found) == 1 and found[0].height == len(texts):
        return found[0]["at"]
    result = pl.Series(values=[None] * len(texts), dtype=INSTANT)
    for part in found:
        result = result.scatter(part["place"], part["at"])
    return result


def _timestamp(cell: pl.Expr, zone: str, order: str) -> pl.Expr:
    at = by_batch(cell, lambda texts: _instants(texts, zone, order), INSTANT)
    return pl.when(at.dt.year().is_between(1800, 2200)).then(at)


TIMESTAMP_REASON = "is not a date and time in a form we know, or its day and month could be exchanged"


@cleaner("timestamp", INSTANT, reason=TIMESTAMP_REASON, absent=_never)
def timestamp(cell: pl.Expr, context: Context) -> pl.Expr:
    """An instant in UTC; one without a zone is in the source's zone, a day alone is its midnight there."""
    return _timestamp(cell, context.timezone, _day_order(context))


@cleaner("timestamp_utc", INSTANT, reason=TIMESTAMP_REASON, absent=_never)
def timestamp_utc(cell: pl.Expr, context: Context) -> pl.Expr:
    """As `timestamp`, but one without a zone is in UTC: Salesforce's Data Export."""
    return _timestamp(cell, "UTC", _day_order(context))


def _days(texts: pl.Series, order: str) -> pl.Series:
    """The day that each text states, whatever its zone: `1983-09-01T00:00:00+02:00` is 1983-09-01."""
    iso = texts.str.contains(ISO_DAY)
    days = texts.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    if iso.fill_null(True).all():
        return days
    others = _instants(texts.filter(~iso.fill_null(True)), "UTC", order, FORMS[4:]).dt.date()
    odd = (~iso.fill_null(True)).arg_true()
    return days.scatter(odd, others)


DATE_REASON = "is not a date in a form we know, or its day and month could be exchanged"


@cleaner("date", pl.Date, reason=DATE_REASON, absent=_never)
def date(cell: pl.Expr, context: Context) -> pl.Expr:
    """The day as stated, never through UTC."""
    return _date(cell, _day_order(context))


@cleaner("date_month_first", pl.Date, reason=DATE_REASON, absent=_never)
def date_month_first(cell: pl.Expr, _: Context) -> pl.Expr:
    """As `date`, but `03/04/2026` is in March, whatever the source's country: a system that always writes so."""
    return _date(cell, "md")


def _date(cell: pl.Expr, order: str) -> pl.Expr:
    day = by_batch(cell, lambda texts: _days(texts, order), pl.Date)
    return pl.when(day.dt.year().is_between(1800, 2200)).then(day)
