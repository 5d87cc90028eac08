"""What earlier versions of a record said that it says no more, and what rows said that were merged into it:
`past_values/<kind>/<source>.parquet`.

Of people and organisations that are there now, one row per record, field and value (`PastValue`). Most rows of an
older delivery say what the current ones say: so landed text is compared first, and only rows that differ in a column
that such a field rests on are cleaned; an object of which no row is superseded is not read at all. What a past value is
worth as evidence does not belong here (`transforms.identity`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dataframely as dy
import duckdb
import polars as pl

from transforms.cutting import record_columns
from transforms.mapping import Plan, accepted, apply, made, when_holds
from transforms.merges import swallowed_rows
from transforms.normalise import BoundRecord
from transforms.outcomes import ACCEPTED, SUPERSEDED
from transforms.records import CUSTOMER_KINDS, KINDS
from transforms.sql import quoted
from transforms.versions import PIECE, Engine, LandedFile, Versions

PAST_FIELDS = ("email", "phone", "mobile", "family_name", "customer_number", "domain", "vat_id")
"""What still tells who somebody is when it is no longer true."""


class PastValue(dy.Schema):
    """One value that an earlier version of a record had, or one merged into it, and that it does not have now."""

    source = dy.String(primary_key=True, description="Source of the record.")
    object = dy.String(primary_key=True, description="Object of the record.")
    record_id = dy.String(primary_key=True, min_length=1, description="Key of the record, which is there now.")
    field = dy.String(primary_key=True, description="Field that had the value.")
    value = dy.String(primary_key=True, description="The value, cleaned as the record's field is.")
    last_seen = dy.Datetime(
        time_zone="UTC",
        time_unit="us",
        description="Effective time of the newest delivery whose version of the record had it; "
        "of the first one that holds it, where a delivery brought it together with a newer version.",
    )


def earlier_values(
    p: Plan, source: str, found: Versions, wide: Path, work: Path, engine: Engine
) -> dict[str, list[pl.LazyFrame]]:
    """Kind -> values of the object's superseded rows that differ from the current ones (columns of `PastValue`).

    They are candidates: some clean to what the record has now, and some records are gone (`still_past`).

    Args:
        wide: pattern of the Parquet of the pass over the current rows.
        work: the folder in which versions were told apart.
    """
    numbers = [number for number, record in enumerate(p.bound.records) if _fields(p, number, record)]
    if found.rest is None or not numbers:
        return {}
    with engine.connect(work / "spill") as connection:
        differing = _differing(p, numbers, found, wide, work, connection)
    frames: dict[str, list[pl.LazyFrame]] = {}
    for piece, cleaned in enumerate(_cleaned(p, numbers, differing)):
        path = work / f"past-{piece}.parquet"
        cleaned.sink_parquet(path, compression="lz4")
        for number in numbers:
            record = p.bound.records[number]
            frames.setdefault(record.kind, []).append(_values(p, number, source, pl.scan_parquet(path)))
    return frames


def swallowed_values(p: Plan, source: str, found: Versions, work: Path) -> dict[str, list[pl.LazyFrame]]:
    """Kind -> what rows say that were merged into another record, as values of that one (columns of `PastValue`).

    They are candidates, too: of a survivor that is not there nothing is past.
    """
    numbers = [number for number, record in enumerate(p.bound.records) if _fields(p, number, record)]
    if not numbers:
        return {}
    frames: dict[str, list[pl.LazyFrame]] = {}
    for file, rows in swallowed_rows(p.bound, found):
        path = work / f"swallowed-{file.number}.parquet"
        said = apply(p, rows).filter(pl.col("merged_into").is_not_null())
        said.with_columns(
            pl.col("merged_into").alias("record_id"),
            pl.lit(ACCEPTED).alias("outcome"),
            pl.lit(file.effective, pl.Datetime("us", "UTC")).alias("last_seen"),
        ).sink_parquet(path, compression="lz4")
        for number in numbers:
            values = _values(p, number, source, pl.scan_parquet(path))
            frames.setdefault(p.bound.records[number].kind, []).append(values)
    return frames


def still_past(kind: str, candidates: Path, records: Path) -> str:
    """The query for `PastValue`: candidates whose record is there, and does not have the value now."""
    now = " ".join(f"when '{field}' then record.{field}" for field in PAST_FIELDS if field in KINDS[kind].columns())
    return f"""
        select past.source, past.object, past.record_id, past.field, past.value, max(past.last_seen) as last_seen,
        from read_parquet({quoted(candidates)}) as past
        inner join read_parquet({quoted(records)}) as record using (object, record_id)
        where past.value is distinct from (case past.field {now} end)
        group by past.source, past.object, past.record_id, past.field, past.value
        order by past.source, past.object, past.record_id, past.field, past.value
    """


def _fields(p: Plan, number: int, record: BoundRecord) -> tuple[str, ...]:
    """Fields of the n-th record that may have past values."""
    return tuple(field for field in PAST_FIELDS if record.kind in CUSTOMER_KINDS and (number, field) in p.values)


def _value_names(p: Plan, numbers: list[int]) -> list[str]:
    """Columns of the pass that hold the values of these records' past fields."""
    return [p.values[n, field].name for n in numbers for field in _fields(p, n, p.bound.records[n])]


def _differing(
    p: Plan, numbers: list[int], found: Versions, wide: Path, work: Path, connection: duckdb.DuckDBPyConnection
) -> pl.LazyFrame:
    """Superseded rows that say something else than the current row, each wording once: `_row`, last_seen, columns.

    `_row` only tells them apart.
    """
    told = p.landed(*_value_names(p, numbers), *(when_holds(number) for number in numbers))
    columns = dict.fromkeys((*told, *p.landed("record_id", "outcome")))
    cells = [f"c{place}" for place in range(len(columns))]
    schema = {"_row": pl.Int64(), "last_seen": pl.Datetime("us")} | dict.fromkeys(columns, pl.String())
    rest = quoted(str(found.rest))
    _lay_places(connection, found)
    older = _files(connection, found, f"select file from read_parquet({rest}) where outcome = '{SUPERSEDED}'")
    newest = _files(
        connection,
        found,
        f"select place.file from read_parquet({quoted(wide)}) as passed inner join place on hash = export "
        f"where outcome = '{ACCEPTED}'",
    )
    if not older or not newest or not told:
        return pl.LazyFrame(schema=schema)
    connection.execute(
        f"""
        create temp table differing as
        with
        now as (
            select passed.record_id, {", ".join(f"landed.{cell}" for cell in cells[: len(told)])},
            from read_parquet({quoted(wide)}) as passed
            inner join place on place.hash = passed.export
            inner join ({_landed(newest, list(columns))}) as landed
                on landed.file = place.file and landed.row = passed._row
            where passed.outcome = '{ACCEPTED}'
        ),
        earlier as (
            select rest.record_id, landed.*,
            from read_parquet({rest}) as rest
            inner join ({_landed(older, list(columns))}) as landed
                using (file, row)
            where rest.outcome = '{SUPERSEDED}'
        ),
        final as (
            select earlier.*,
            from earlier
            inner join now using (record_id)
            where {" or ".join(f"earlier.{cell} is distinct from now.{cell}" for cell in cells[: len(told)])}
        )
        select * from final
        """
    )
    path = work / "differing.parquet"
    connection.execute(f"copy ({_dated(found, cells)}) to {quoted(path)} (format parquet)")
    return pl.scan_parquet(path).rename(dict(zip(cells, columns, strict=True)))


def _files(connection: duckdb.DuckDBPyConnection, found: Versions, numbers: str) -> list[LandedFile]:
    """The files whose numbers a query gives."""
    some = {int(number) for (number,) in connection.execute(f"select distinct * from ({numbers})").fetchall()}
    return [file for file in found.files if file.number in some]


def _landed(files: list[LandedFile], columns: list[str]) -> str:
    """file, row and the columns as c0, c1, …; columns go by their place, for DuckDB does not tell `Id` from `ID`."""
    selects = []
    for file in files:
        held = list(pl.read_parquet_schema(file.path))
        names = ", ".join(
            "row" if name == "_row" else f"c{columns.index(name)}" if name in columns else f"other{place}"
            for place, name in enumerate(held)
        )
        cells = ", ".join(
            f"c{place}" if column in held else f"null::text as c{place}" for place, column in enumerate(columns)
        )
        selects.append(
            f"select {file.number} as file, row, {cells} from read_parquet({quoted(file.path)}) as landed ({names})"
        )
    return " union all ".join(selects)


def _lay_places(connection: duckdb.DuckDBPyConnection, found: Versions) -> None:
    """`place`: which file has which content; `delivered`: which delivery holds which file, in which part (UTC)."""
    connection.execute("create temp table place (file integer, hash text)")
    connection.executemany("insert into place values (?, ?)", [[file.number, file.hash] for file in found.files])
    connection.execute("create temp table delivered (position bigint, effective timestamp, file integer, part integer)")
    connection.executemany(
        "insert into delivered values (?, ?, ?, ?)",
        [
            [one.position, one.effective.replace(tzinfo=None), file, part]
            for one in found.delivered
            for part, file in enumerate(one.files)
        ],
    )


def _dated(found: Versions, cells: list[str]) -> str:
    """The query for the differing rows, each wording of a record once, with when it was last the record's version."""
    return f"""
        with
        ranked as (
            select keys.file, keys.row, delivered.effective,
                row_number() over (
                    partition by delivered.position, keys.key
                    order by keys.preference, keys.modified desc nulls last, delivered.part desc, keys.row desc
                ) as age,
            from read_parquet({quoted(found.keys)}) as keys
            inner join delivered using (file)
            where keys.key in (select record_id from differing)
        ),
        seen as (
            select file, row, coalesce(max(effective) filter (where age = 1), min(effective)) as last_seen,
            from ranked
            group by file, row
        ),
        wordings as (
            select max(seen.last_seen) as last_seen, {", ".join(f"differing.{cell}" for cell in cells)},
            from differing
            inner join seen using (file, row)
            group by differing.record_id, {", ".join(f"differing.{cell}" for cell in cells)}
        ),
        final as (
            select row_number() over () as _row, *,
            from wordings
        )
        select * from final
    """


def _cleaned(p: Plan, numbers: list[int], differing: pl.LazyFrame) -> Iterator[pl.LazyFrame]:
    """What the pass hands on of the differing rows, with last_seen, in pieces of `PIECE` rows."""
    handed_on = dict.fromkeys((*_value_names(p, numbers), *(made(number) for number in numbers)))
    count = differing.select(pl.len()).collect().item()
    for start in range(0, count, PIECE):
        piece = differing.slice(start, PIECE)
        dates = piece.select("_row", pl.col("last_seen").dt.replace_time_zone("UTC"))
        yield apply(p, piece).select("_row", "record_id", "outcome", *handed_on).join(dates, on="_row")


def _values(p: Plan, number: int, source: str, cleaned: pl.LazyFrame) -> pl.LazyFrame:
    """The past fields of the n-th record, one value a row."""
    fields = _fields(p, number, p.bound.records[number])
    wanted = {"source", "object", "record_id", *fields}
    columns = [one for one in record_columns(p, number, source) if one.meta.output_name() in wanted]
    return (
        accepted(cleaned, number)
        .select(*columns, "last_seen")
        .unpivot(
            fields,
            index=["source", "object", "record_id", "last_seen"],
            variable_name="field",
            value_name="value",
        )
        .filter(pl.col("value").is_not_null())
        .select(PastValue.column_names())
    )
