"""Landed files of one source to its record, past value, merge, outcome, issue and rejected files: what a run calls per
source.

Writes beside and replaces, so that a run that is killed leaves the old files or the new ones. Does nothing for a source
whose inputs are those of its last run. What the rows become is `transforms.mapping`'s and `transforms.versions`'.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import polars as pl

from connectors.spec import Connector, SourceSettings
from transforms import outcomes, stamps
from transforms.cleaners.phone_answers import ANSWERS
from transforms.collected import collected_rows
from transforms.cutting import record_columns
from transforms.mapping import Plan, accepted, apply, issues, plan
from transforms.merges import each_once, merged_records
from transforms.normalise import BoundConnector, bind
from transforms.outcomes import IssueCount, NormaliseReport, ObjectReport
from transforms.past_values import PastValue, earlier_values, still_past, swallowed_values
from transforms.records import CUSTOMER_KINDS, KINDS
from transforms.sql import quoted
from transforms.versions import Engine, Versions, rest_of, versions

WIDE = "wide-{}.parquet"
"""Pieces of the pass over an object's current rows."""
BY_KIND = ("records", "past_values", "merged")
"""Folders of files per kind and source; the others have files per source and object."""
SOURCES = pl.Schema(
    [
        ("source", pl.String()),
        ("system", pl.String()),
        ("kind", pl.String()),
        ("rank", pl.Int64()),
        ("country", pl.String()),
        ("timezone", pl.String()),
        ("currency", pl.String()),
        ("language", pl.String()),
        ("fresh_at", pl.Datetime("us", "UTC")),
        ("fresh_until", pl.Datetime("us", "UTC")),
        ("duplicate_free", pl.List(pl.String())),
    ]
)
"""One row per source that has deliveries; `fresh_at`: effective time of the newest; `fresh_until` by `fresh_within`;
`duplicate_free`: `<kind>:<object>` of records of which no two are one customer."""


def normalise_source(
    connector: Connector,
    source: str,
    settings: SourceSettings,
    delivery_frame: pl.DataFrame,
    data: Path,
    released: frozenset[str] = frozenset(),
    *,
    memory: str | None = None,
    threads: int | None = None,
    prove: Callable[[pl.DataFrame], None] = lambda _: None,
) -> NormaliseReport:
    """Bring the record, past value, merge, outcome, value issue and rejected files of one source up to date.

    Args:
        delivery_frame: one row per delivery part of this source: delivery, object, effective, order, complete, part,
            export, hash, path (below `data`, or absolute).
        released: ids of deliveries let through the mass-deletion guard.
        memory: what DuckDB may use, as `4GB`; threads: how many.
        prove: looks at the landed files of the frame before they are read; raises where one is not to be trusted.

    Raises:
        ConnectorError: a word of the connector that does not exist.
    """
    bound = bind(connector)
    stamp_path = data / "cache" / "normalise" / f"{source}.json"
    fingerprint = stamps.fingerprint(connector, source, settings, delivery_frame, data, released)
    last = stamps.last(stamp_path)
    if last is not None and last.fingerprint == fingerprint and all((data / name).exists() for name in last.written):
        return last.report.model_copy(update={"unchanged": True})
    prove(delivery_frame)
    stamp_path.unlink(missing_ok=True)
    ANSWERS.load(data / "cache")
    work = data / "cache" / "normalise" / source
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, mode=0o700)
    try:
        report, written = _write_source(
            bound, source, settings, delivery_frame, data, work, released, Engine(memory, threads)
        )
    finally:
        shutil.rmtree(work, ignore_errors=True)
    ANSWERS.save(data / "cache")
    _remove(data, source, {data / name for name in written})
    stamps.leave(stamp_path, stamps.Stamp(fingerprint=fingerprint, written=written, report=report))
    return report


def write_sources(
    connectors: Mapping[str, Connector],
    settings: Mapping[str, SourceSettings],
    delivery_frame: pl.DataFrame,
    data: Path,
) -> pl.DataFrame:
    """Write `sources.parquet`, one row per source that has deliveries; returns it."""
    fresh = delivery_frame.group_by("source").agg(pl.col("effective").max()).sort("source")
    rows = []
    for source, effective in fresh.rows():
        connector = connectors[source.split("@")[0]]
        own = settings.get(source, SourceSettings())
        rank = own.rank if own.rank is not None else connector.rank
        rows.append(
            (
                source,
                connector.name,
                connector.kind,
                rank,
                own.country,
                own.timezone,
                own.currency,
                own.language,
                effective,
                own.fresh_until(connector, effective),
                _duplicate_free(connector),
            )
        )
    frame = pl.DataFrame(rows, SOURCES, orient="row")
    _sink(frame.lazy(), data / "sources.parquet")
    return frame


def _duplicate_free(connector: Connector) -> list[str]:
    return sorted(
        f"{record.kind}:{name}.{record.role}" if record.role else f"{record.kind}:{name}"
        for name, spec in connector.objects.items()
        for record in spec.records
        if record.duplicate_free
    )


def remove_sources_except(data: Path, sources: Collection[str]) -> tuple[str, ...]:
    """Remove what normalise wrote for sources that have no deliveries any more; returns their names."""
    found = {path.stem for folder in BY_KIND for path in data.glob(f"{folder}/*/*.parquet")}
    found |= {path.name for folder in ("outcomes", "value_issues") for path in data.glob(f"{folder}/*")}
    found |= {path.stem for path in data.glob("cache/normalise/*.json")}
    gone = sorted(found - set(sources))
    for source in gone:
        _remove(data, source, set())
        (data / "cache" / "normalise" / f"{source}.json").unlink(missing_ok=True)
    return tuple(gone)


def _write_source(
    bound: BoundConnector,
    source: str,
    settings: SourceSettings,
    delivery_frame: pl.DataFrame,
    data: Path,
    work: Path,
    released: frozenset[str],
    engine: Engine,
) -> tuple[NormaliseReport, tuple[str, ...]]:
    reports: list[ObjectReport] = []
    written: list[Path] = []
    kinds: dict[str, list[pl.LazyFrame]] = {kind: [] for kind in bound.kinds}
    past: dict[str, list[pl.LazyFrame]] = {kind: [] for kind in bound.kinds if kind in CUSTOMER_KINDS}
    merged: dict[str, list[pl.LazyFrame]] = {}
    for (name,), deliveries in sorted(delivery_frame.partition_by("object", as_dict=True).items()):
        if name not in bound.objects:
            unnamed, path = _write_unnamed(str(name), source, deliveries, data)
            reports.append(unnamed)
            written.append(path)
            continue
        one = bound.objects[str(name)]
        folder = work / str(name)
        folder.mkdir(mode=0o700)
        found = versions(one, settings, deliveries, data, folder, released, engine)
        p = plan(one, settings)
        wide = _pass(p, found, folder, engine)
        for number, record in enumerate(one.records):
            kinds[record.kind].append(accepted(wide, number).select(record_columns(p, number, source)))
        earlier = earlier_values(p, source, found, folder / WIDE.format("*"), folder, engine)
        for kind, frames in (*earlier.items(), *swallowed_values(p, source, found, folder).items()):
            past[kind] += frames
        for kind, frame in merged_records(one, source, settings, found, folder):
            merged.setdefault(kind, []).append(frame)
        report, paths = _write_object(p, source, found, wide, data)
        reports.append(report)
        written += paths
    for kind, frames in kinds.items():
        path = data / "records" / kind / f"{source}.parquet"
        _sink_sorted(pl.concat([KINDS[kind].create_empty().lazy(), *frames]), path, work, engine)
        written.append(path)
        if kind in past:
            written.append(_write_past(kind, past[kind], path, data, work, engine))
        if kind in merged:
            written.append(data / "merged" / kind / path.name)
            stated = work / "merged.parquet"
            pl.concat(merged[kind]).sink_parquet(stated, compression="lz4")
            _copy(each_once(stated), written[-1], work, engine)
    whole = NormaliseReport(source=source, objects=tuple(reports))
    return whole, tuple(str(path.relative_to(data)) for path in written)


def _write_unnamed(name: str, source: str, deliveries: pl.DataFrame, data: Path) -> tuple[ObjectReport, Path]:
    """An object that was taken out of the connector: its landed rows stay, and are excluded."""
    path = data / "outcomes" / source / f"{name}.parquet"
    newest = deliveries.sort("effective", "order").unique("hash", keep="last", maintain_order=True)
    frames = [
        pl.scan_parquet(data / landed).select(
            pl.lit(export).alias("export"),
            pl.col("_row").alias("row"),
            pl.lit(None, pl.String).alias("record_id"),
            pl.lit(delivery).alias("delivery"),
            pl.lit(outcomes.EXCLUDED).alias("outcome"),
            pl.lit(outcomes.NO_OBJECT).alias("rule"),
        )
        for export, landed, delivery in newest.select("hash", "path", "delivery").rows()
    ]
    _sink(pl.concat(frames), path)
    rows = pl.scan_parquet(path).select(pl.len()).collect().item()
    return ObjectReport(object=name, landed=rows, excluded={outcomes.NO_OBJECT: rows} if rows else {}), path


def _write_past(kind: str, frames: list[pl.LazyFrame], records: Path, data: Path, work: Path, engine: Engine) -> Path:
    """An empty file, where no earlier version says anything else."""
    path = data / "past_values" / kind / records.name
    if frames:
        candidates = work / "candidates.parquet"
        pl.concat(frames).sink_parquet(candidates, compression="lz4")
        _copy(still_past(kind, candidates, records), path, work, engine)
    else:
        _sink(PastValue.create_empty().lazy(), path)
    return path


def _pass(p: Plan, found: Versions, folder: Path, engine: Engine) -> pl.LazyFrame:
    """The one pass over an object's current rows, kept in `folder` for cutting. Piece by piece, to bound its memory."""
    current = list(collected_rows(p.bound, found, folder, engine)) or [
        (found.files[0], pl.scan_parquet(found.files[0].path).head(0))
    ]
    pieces = []
    for number, (file, rows) in enumerate(current):
        pieces.append(folder / WIDE.format(number))
        wide = apply(p, rows).with_columns(
            pl.lit(file.hash).alias("export"),
            pl.lit(file.export).alias("name"),
            pl.lit(file.delivery).alias("delivery"),
            pl.lit(file.effective, pl.Datetime("us", "UTC")).alias("observed_at"),
        )
        wide.sink_parquet(pieces[-1], compression="lz4")
    return pl.scan_parquet(pieces)


def _write_object(
    p: Plan, source: str, found: Versions, wide: pl.LazyFrame, data: Path
) -> tuple[ObjectReport, list[Path]]:
    name = p.bound.name
    outcome_path = data / "outcomes" / source / f"{name}.parquet"
    issue_path = data / "value_issues" / source / f"{name}.parquet"
    rejected_path = data / "rejected" / source / name / "records.parquet"
    _sink(_outcomes(found, wide), outcome_path)
    _sink(_issues(p, wide, source), issue_path)
    _sink(_rejected(p, wide, source), rejected_path)
    return _report(p, found, wide, outcome_path, issue_path), [outcome_path, issue_path, rejected_path]


def _outcomes(found: Versions, wide: pl.LazyFrame) -> pl.LazyFrame:
    columns = list(outcomes.OUTCOMES)
    current = wide.rename({"_row": "row"}).select(columns)
    passed = [
        rest_of(found, file)
        .with_columns(
            pl.lit(file.hash).alias("export"),
            pl.lit(file.delivery).alias("delivery"),
            pl.when(pl.col("outcome") == outcomes.DELETED).then(pl.lit(outcomes.GONE)).alias("rule"),
        )
        .select(columns)
        for file in (found.files if found.rest is not None else ())
    ]
    return pl.concat([current, *passed])


def _issues(p: Plan, wide: pl.LazyFrame, source: str) -> pl.LazyFrame:
    frames = [
        accepted(wide, number)
        .filter(pl.col(issue.value).is_not_null())
        .select(
            pl.lit(source).alias("source"),
            pl.lit(record.object).alias("object"),
            "record_id",
            pl.lit(issue.field).alias("field"),
            pl.lit(issue.column).alias("column"),
            pl.col(issue.value).alias("value"),
            (pl.lit(issue.reason) if issue.reason else pl.col(f"{issue.value}:why")).alias("reason"),
        )
        for number, record in enumerate(p.bound.records)
        for issue in issues(p, number)
    ]
    empty = pl.LazyFrame(schema=outcomes.VALUE_ISSUES)
    return pl.concat([empty, *frames]).sort("object", "record_id", "field", "column")


def _rejected(p: Plan, wide: pl.LazyFrame, source: str) -> pl.LazyFrame:
    nothing = pl.lit(None, pl.Int64)
    keyless = pl.col("rule") == outcomes.NO_KEY
    return (
        wide.filter(pl.col("outcome") == outcomes.REJECTED)
        .select(
            pl.lit(source).alias("source"),
            pl.lit(p.bound.name).alias("object"),
            pl.col("name").alias("export"),
            pl.col("export").alias("hash"),
            pl.col("_row").alias("row"),
            nothing.alias("line"),
            nothing.alias("byte_start"),
            nothing.alias("byte_end"),
            "column",
            pl.col("rule").alias("reason"),
            pl.when(keyless).then(pl.lit(outcomes.KEY_REMEDY)).otherwise(pl.lit(outcomes.FIELD_REMEDY)).alias("remedy"),
        )
        .sort("hash", "row")
    )


def _report(p: Plan, found: Versions, wide: pl.LazyFrame, outcome_path: Path, issue_path: Path) -> ObjectReport:
    landed = sum(pl.scan_parquet(file.path).select(pl.len()).collect().item() for file in found.files)
    counted = pl.scan_parquet(outcome_path).group_by("outcome", "rule").agg(pl.len()).sort("outcome", "rule").collect()
    by: dict[str, dict[str, int]] = {}
    for outcome, rule, count in counted.rows():
        by.setdefault(outcome, {})[rule or ""] = count
    kinds: dict[str, int] = {}
    for number, record in enumerate(p.bound.records):
        count = accepted(wide, number).select(pl.len()).collect().item()
        kinds[record.kind] = kinds.get(record.kind, 0) + count
    lost = pl.scan_parquet(issue_path).group_by("field", "reason").agg(pl.len()).sort("field", "reason").collect()
    return ObjectReport(
        object=p.bound.name,
        landed=landed,
        accepted=sum(by.get(outcomes.ACCEPTED, {}).values()),
        rejected=by.get(outcomes.REJECTED, {}),
        superseded=sum(by.get(outcomes.SUPERSEDED, {}).values()),
        deleted=sum(by.get(outcomes.DELETED, {}).values()),
        excluded=by.get(outcomes.EXCLUDED, {}),
        records=kinds,
        value_issues=tuple(IssueCount(field=f, reason=r, count=n) for f, r, n in lost.rows()),
        held=found.held,
    )


def _remove(data: Path, source: str, keep: set[Path]) -> None:
    """Remove the files that normalise wrote for a source, but those to keep."""
    mine = [path for folder in BY_KIND for path in data.glob(f"{folder}/*/*.parquet") if path.stem == source]
    mine += [path for folder in ("outcomes", "value_issues") for path in (data / folder / source).glob("*.parquet")]
    mine += (data / "rejected" / source).glob("*/records.parquet")
    for path in mine:
        if path not in keep:
            path.unlink()


def _sink(frame: pl.LazyFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f".{path.name}.writing")
    frame.sink_parquet(beside, compression="zstd", compression_level=1)
    beside.chmod(0o600)
    beside.replace(path)


def _sink_sorted(frame: pl.LazyFrame, path: Path, work: Path, engine: Engine) -> None:
    """Sorted by DuckDB, which spills: a million records cost a second more than in memory."""
    unsorted = work / "unsorted.parquet"
    frame.sink_parquet(unsorted, compression="lz4")
    _copy(f"select * from read_parquet({quoted(unsorted)}) order by object, record_id", path, work, engine)


def _copy(query: str, path: Path, work: Path, engine: Engine) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f".{path.name}.writing")
    with engine.connect(work / "spill") as connection:
        connection.execute(
            f"copy ({query}) to {quoted(beside)} (format parquet, compression zstd, compression_level 1)"
        )
    beside.chmod(0o600)
    beside.replace(path)
