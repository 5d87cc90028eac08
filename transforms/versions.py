"""Which landed row is the current version of its record, which are superseded, which records are gone.

Works on keys alone, in DuckDB where there is anything to compare. What a row says of itself (`deleted:`) and what its
values mean is `transforms.mapping`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from connectors.spec import SourceSettings
from transforms.cleaners import Context
from transforms.cleaners.text import cell
from transforms.conditions import holds_any, preference
from transforms.keys import cleaned
from transforms.mapping import CELL, RAW, cells
from transforms.normalise import BoundObject, key_expr, survivor_expr
from transforms.outcomes import DELETED, SUPERSEDED, Held
from transforms.sql import quoted

GUARD = 0.20
"""Share of an object's living records that one complete delivery may delete unasked."""
IN_MEMORY = 2_000_000
"""Rows whose keys Polars may compare in memory (some 300 MB); DuckDB, which spills, takes more."""
PLAUSIBLE = 2
"""Days after a delivery's date that a record may say it changed: zones and undated files. Beyond, it cannot know."""
PIECE = 250_000
"""Landed rows that are cleaned at once: with 20 fields some 400 MB."""


class Engine:
    """DuckDB for one source's work, opened when it is first needed; None leaves its own defaults."""

    def __init__(self, memory: str | None = None, threads: int | None = None) -> None:
        self._limits = {"memory_limit": memory, "threads": threads}
        self._database: duckdb.DuckDBPyConnection | None = None

    @contextmanager
    def connect(self, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        """A session of its own: what it makes is gone after it. The first says where to spill."""
        if self._database is None:
            limits = {name: limit for name, limit in self._limits.items() if limit is not None}
            self._database = duckdb.connect(config={"temp_directory": str(spill), **limits})
        with self._database.cursor() as session:
            yield session


@dataclass(frozen=True)
class LandedFile:
    """Landed content with the newest delivery that refers to it."""

    number: int
    export: str
    hash: str
    path: Path
    delivery: str
    effective: datetime
    position: int
    """Place of that delivery in the order of (effective, order), from 1."""
    part: int


@dataclass(frozen=True)
class Delivered:
    """One delivery of the object, by the numbers of the files it holds."""

    delivery: str
    effective: datetime
    position: int
    complete: bool
    files: tuple[int, ...]
    """In the order of its parts."""


@dataclass(frozen=True)
class Versions:
    """`rest`: Parquet of the rows that are not current (file, row, record_id, outcome), None where all are."""

    files: tuple[LandedFile, ...]
    delivered: tuple[Delivered, ...]
    held: tuple[Held, ...] = ()
    rest: Path | None = None
    keys: str = ""
    """Where there is a rest, the pattern of the Parquet of all keys: file, row, key, modified, preference, gone."""


def versions(
    bound: BoundObject,
    settings: SourceSettings,
    deliveries: pl.DataFrame,
    data: Path,
    work: Path,
    released: frozenset[str] = frozenset(),
    engine: Engine | None = None,
) -> Versions:
    """Tell the versions of one object's records apart.

    Args:
        deliveries: rows of the delivery frame of this object of one source: delivery, effective, order, complete,
            part, export, hash, path.
        work: an empty folder for key files and spill.
        released: ids of deliveries that an engineer let through the guard.
    """
    engine = engine or Engine()
    files, delivered = _files(deliveries, data)
    keys = [_keys(bound, settings, file) for file in files]
    all_count = not any(one.complete for one in delivered[1:])
    if all_count and _rows(files) <= IN_MEMORY and _all_distinct(keys):
        return Versions(files, delivered)
    for number, frame in enumerate(keys):
        frame.sink_parquet(work / f"keys-{number}.parquet", compression="lz4")
    with engine.connect(work / "spill") as connection:
        if all_count and _all_distinct_on_disk(connection, work):
            return Versions(files, delivered)
        newest, held = _newest_complete(
            connection, work, delivered, released, bool(bound.spec.deleted or bound.spec.merged_into)
        )
        late = bool(bound.spec.modified) and any(one.position > max(newest, 1) for one in delivered)
        rest = _rest(connection, work, files, newest, late=late)
    return Versions(files, delivered, held, rest, str(work / "keys-*.parquet"))


def _rows(files: tuple[LandedFile, ...]) -> int:
    return sum(pl.scan_parquet(file.path).select(pl.len()).collect().item() for file in files)


def _files(deliveries: pl.DataFrame, data: Path) -> tuple[tuple[LandedFile, ...], tuple[Delivered, ...]]:
    ordered = deliveries.sort("effective", "order", "part").with_columns(
        pl.struct("effective", "order").rank("dense").cast(pl.Int64).alias("position")
    )
    newest = ordered.unique("hash", keep="last", maintain_order=True)
    files = tuple(
        LandedFile(
            number,
            row["export"],
            row["hash"],
            data / row["path"],
            row["delivery"],
            row["effective"],
            row["position"],
            row["part"],
        )
        for number, row in enumerate(newest.to_dicts())
    )
    numbers = {file.hash: file.number for file in files}
    delivered = tuple(
        Delivered(
            str(group["delivery"][0]),
            group["effective"][0],
            int(position),
            bool(group["complete"][0]),
            tuple(numbers[h] for h in group["hash"].unique(maintain_order=True)),
        )
        for (position,), group in ordered.partition_by("position", as_dict=True, maintain_order=True).items()
    )
    return files, delivered


def _keys(bound: BoundObject, settings: SourceSettings, file: LandedFile) -> pl.LazyFrame:
    """file, row, key, modified, preference, gone of every landed row that has a key."""
    spec = bound.spec
    context = Context(settings.country, settings.timezone, settings.currency, settings.language)
    prefer = spec.several.prefer if spec.several else {}
    named = [column for column in (spec.modified, spec.merged_into) if column]
    wanted = dict.fromkeys((*spec.key_columns, *spec.deleted, *prefer, *named))
    frame = cells(pl.scan_parquet(file.path), list(wanted))
    frame = frame.with_columns(cell(pl.col(RAW + column), bound.nulls).alias(CELL + column) for column in wanted)
    modified = pl.lit(None, pl.Datetime("us", "UTC"))
    if spec.modified:
        modified = cleaned(pl.col(CELL + spec.modified), bound.modified, context)
    key = key_expr(bound.key, context, CELL)
    return frame.select(
        pl.lit(file.number, pl.Int32).alias("file"),
        pl.col("_row").alias("row"),
        key.alias("key"),
        modified.dt.replace_time_zone(None).alias("modified"),
        preference(prefer, CELL).alias("preference"),
        (holds_any(spec.deleted, CELL) | survivor_expr(bound, key, context, CELL).is_not_null()).alias("gone"),
    ).filter(pl.col("key").is_not_null())


def _all_distinct(keys: list[pl.LazyFrame]) -> bool:
    """No two landed rows share a key: every row is current, and there is nothing to compare."""
    counts = pl.concat(keys).select(pl.len().alias("rows"), pl.col("key").n_unique().alias("keys"))
    rows, distinct = counts.collect().row(0)
    return bool(rows == distinct)


def _all_distinct_on_disk(connection: duckdb.DuckDBPyConnection, work: Path) -> bool:
    counts = f"select count(*) = count(distinct key) from read_parquet({quoted(work / 'keys-*.parquet')})"
    [(distinct,)] = connection.execute(counts).fetchall()
    return bool(distinct)


def _newest_complete(
    connection: duckdb.DuckDBPyConnection,
    work: Path,
    delivered: tuple[Delivered, ...],
    released: frozenset[str],
    says_deleted: bool,
) -> tuple[int, tuple[Held, ...]]:
    """Position of the newest complete delivery that is applied as such (0: none), and those held after it."""
    newest, held = 0, list[Held]()
    if not any(one.complete for one in delivered[1:]):
        return (delivered[0].position if delivered[0].complete else 0), ()
    connection.execute("create temp table living (key text)")
    for one in delivered:
        paths = [str(work / f"keys-{number}.parquet") for number in one.files]
        state = "last(gone order by preference desc, modified nulls first, file, row)" if says_deleted else "false"
        connection.execute(
            f"create or replace temp table present as select key, {state} as gone from read_parquet(?) group by key",
            [paths],
        )
        living, lost = _loss(connection) if one.complete else (0, 0)
        if one.complete and (lost <= GUARD * living or one.delivery in released):
            newest, held = one.position, []
            connection.execute("create or replace temp table living as select key from present where not gone")
            continue
        if one.complete:
            held.append(Held(delivery=one.delivery, living=living, lost=lost))
        connection.execute(
            "create or replace temp table living as "
            "select key from living anti join present using (key) union all select key from present where not gone"
        )
    return newest, tuple(held)


def _loss(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Living records before a complete delivery, and how many of them it does not hold."""
    counts = "select (select count(*) from living), (select count(*) from living anti join present using (key))"
    [(living, lost)] = connection.execute(counts).fetchall()
    return int(living), int(lost)


def _rest(
    connection: duckdb.DuckDBPyConnection, work: Path, files: tuple[LandedFile, ...], newest: int, *, late: bool
) -> Path | None:
    """Write the rows that are not current: superseded ones, and the last versions of records that are gone.

    Args:
        newest: position of the delivery that counts as a whole; what came before it is past.
        late: whether changes that came after it may be older than what they would change.
    """
    rest = work / "rest.parquet"
    connection.execute("create temp table places (file integer, position bigint, part bigint, effective timestamp)")
    connection.executemany(
        "insert into places values (?, ?, ?, ?)",
        [[f.number, f.position, f.part, f.effective.replace(tzinfo=None)] for f in files],
    )
    keys = f"read_parquet({quoted(work / 'keys-*.parquet')})"
    # A change that arrives late does not undo a newer one: by the time at which its record changed, where the delivery
    # can know it. A record without that time counts as changed last, when it came.
    ordered = f"""
        changed as (
            select
                keys.key, places.position,
                max(keys.modified) filter (where keys.modified <= places.effective + interval '{PLAUSIBLE} days')
                    as latest,
            from {keys} as keys inner join places using (file)
            where places.position >= {newest}
            group by all
        ),
        said as (
            select key, position, coalesce(latest, max(latest) over (partition by key order by position)) as latest
            from changed
        ),
        """
    copied = f"""
        copy (
            with
            {ordered if late else ""}
            ranked as (
                select
                    keys.file, keys.row, keys.key as record_id, places.position,
                    row_number() over (
                        partition by keys.key
                        order by
                            {f"places.position >= {newest} desc, said.latest desc nulls last," if late else ""}
                            places.position desc, keys.preference, keys.modified desc nulls last,
                            places.part desc, keys.row desc
                    ) as age,
                from {keys} as keys
                inner join places using (file)
                {"left join said on said.key = keys.key and said.position = places.position" if late else ""}
            ),
            final as (
                select file, row, record_id, if(age > 1, '{SUPERSEDED}', '{DELETED}') as outcome,
                from ranked
                where age > 1 or position < {newest}
                order by file, row
            )
            select * from final
        ) to {quoted(rest)} (format parquet)
        """
    connection.execute(copied)
    return rest if pl.scan_parquet(rest).select(pl.len()).collect().item() else None


def rest_of(found: Versions, file: LandedFile) -> pl.LazyFrame:
    """row, record_id, outcome of the file's rows that are not current."""
    if found.rest is None:
        empty = {"row": pl.Int64, "record_id": pl.String, "outcome": pl.String}
        return pl.LazyFrame(schema=empty)
    return pl.scan_parquet(found.rest).filter(pl.col("file") == file.number).drop("file")


def current_rows(found: Versions) -> Iterator[tuple[LandedFile, pl.LazyFrame]]:
    """The current rows of every file that has some, in their order and in pieces of `PIECE` landed rows."""
    for file in found.files:
        rows = pl.scan_parquet(file.path)
        count = _rows((file,))
        passed = rest_of(found, file).select(pl.col("row").alias("_row"))
        if found.rest is not None and passed.select(pl.len()).collect().item() == count:
            continue
        for start in range(0, count, PIECE):
            piece = rows.slice(start, PIECE)
            yield (
                file,
                piece if found.rest is None else piece.join(passed, on="_row", how="anti", maintain_order="left"),
            )
