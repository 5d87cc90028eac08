"""What came in and what was refused, as rows for a listing: per source, per delivery, per rejected row.

Reads the ledger and the rejected rows; writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from connectors.ledger import Delivery, deliveries, landed_path, rejected_path
from connectors.naming import system_of
from connectors.readers.sink import REJECTED
from connectors.stewardship import releases
from connectors.storage import SOURCE


def rejected_rows(data: Path, source: str | None = None) -> pl.DataFrame:
    """Every rejected row and refused file, by source, object, export and row (columns `REJECTED`)."""
    files = sorted((data / "rejected").glob(f"{source or '*'}/**/*.parquet"))
    if not files:
        return pl.DataFrame(schema=REJECTED)
    return pl.concat([pl.read_parquet(file) for file in files]).sort("source", "object", "export", "row")


def sources_seen(data: Path) -> set[str]:
    """Sources of which anything came in, also if all of it was refused."""
    folders = (path for floor in ("landed", "rejected") for path in (data / floor).glob("*") if path.is_dir())
    return {path.name for path in folders if SOURCE.fullmatch(path.name) and path.name != "deliveries"}


def value_issue_rows(data: Path, source: str | None, limit: int) -> pl.DataFrame:
    """Values that did not clean, as the last run left them, by source, object and record."""
    files = sorted((data / "value_issues").glob(f"{source or '*'}/*.parquet"))
    return pl.scan_parquet(files).head(limit).collect() if files else pl.DataFrame()


def excluded_rows(data: Path, source: str | None, limit: int) -> pl.DataFrame:
    """Rows that a rule of the connector left out: source, object, record_id, rule, export (its hash), row."""
    frames = [
        pl.scan_parquet(file)
        .filter(pl.col("outcome") == "excluded")
        .select(
            pl.lit(file.parent.name).alias("source"), pl.lit(file.stem).alias("object"),
            "record_id", "rule", "export", "row",
        )
        for file in sorted((data / "outcomes").glob(f"{source or '*'}/*.parquet"))
    ]  # fmt: skip
    return pl.concat(frames).head(limit).collect() if frames else pl.DataFrame()


def source_rows(data: Path) -> list[dict[str, Any]]:
    """One row per source: its objects, deliveries, when the newest took effect, and whether a newer one was refused."""
    found: dict[str, list[Delivery]] = {}
    for delivery in deliveries(data):
        found.setdefault(delivery.source, []).append(delivery)
    return [
        {
            "source": source,
            "objects": ", ".join(sorted({one.object for one in of_source})),
            "deliveries": len(of_source),
            "rows": sum(part.landed for one in of_source for part in one.parts),
            "fresh_at": max(one.effective for one in of_source).isoformat(),
            "stale": "an export was refused" if (data / "rejected" / source / "refused.parquet").exists() else "",
        }
        for source, of_source in sorted(found.items())
    ]


def delivery_rows(data: Path, source: str | None = None) -> list[dict[str, Any]]:
    """One row per delivery, oldest first."""
    released = releases(data)
    return [
        {
            "delivery": one.delivery,
            "source": one.source,
            "object": one.object,
            "effective": one.effective.isoformat(),
            "parts": len(one.parts),
            "rows": sum(part.rows for part in one.parts),
            "rejected": sum(part.rejected for part in one.parts),
            "delivered": one.delivered if one.adds_up else f"{one.delivered}, does not add up",
            "released": one.delivery in released,
            "warnings": "; ".join(one.warnings),
        }
        for one in deliveries(data)
        if source in (None, one.source)
    ]


def unaccounted(data: Path, chosen: Iterable[Delivery]) -> list[dict[str, Any]]:
    """Parts of deliveries whose files do not hold what the ledger says: rows = landed + rejected. The widest gap first.

    source, object, export, rows (of the file), landed, rejected.
    """
    found = []
    for one in chosen:
        for part in one.parts:
            landed = _rows(landed_path(data, one.source, one.object, part.hash))
            rejected = _rows(rejected_path(data, one.source, one.object, part.hash))
            if (landed, rejected, landed + rejected) != (part.landed, part.rejected, part.rows):
                where = {"source": one.source, "object": one.object, "export": part.export}
                found.append({**where, "rows": part.rows, "landed": landed, "rejected": rejected})
    return sorted(found, key=lambda row: -abs(row["rows"] - row["landed"] - row["rejected"]))


def rejected_at_the_door(data: Path, system: str) -> list[Path]:
    """Files of rows of a system's sources that could not be read for certain; beside them lie those that are no
    records (`records.parquet`)."""
    return [
        file
        for folder in (data / "rejected").glob("*")
        if system_of(folder.name) == system
        for file in folder.glob("*/[0-9a-f]*.parquet")
    ]


def worst_rejected(files: Iterable[Path], limit: int) -> list[dict[str, Any]]:
    """Rejected rows by their trouble: a first row of each, the commonest trouble first, then second rows, and so on.

    source, object, export, row, line, column, reason, rows_like_it, remedy. Whole files that were refused are no rows.
    """
    present = sorted(file for file in files if file.exists())
    if not present:
        return []
    trouble, place = ["source", "object", "export", "column", "reason"], pl.struct("row", "line").sort_by("row")
    return (
        pl.scan_parquet(present)
        .filter(pl.col("row").is_not_null())
        .group_by(trouble)
        .agg(place.head(limit).alias("place"), pl.len().alias("rows_like_it"), pl.col("remedy").first())
        .sort("rows_like_it", *trouble, descending=[True, *(False for _ in trouble)], nulls_last=True)
        .head(limit)
        .with_row_index("trouble")
        .with_columns(pl.int_ranges(pl.col("place").list.len()).alias("nth"))
        .explode("place", "nth")
        .unnest("place")
        .sort("nth", "trouble")
        .select("source", "object", "export", "row", "line", "column", "reason", "rows_like_it", "remedy")
        .head(limit)
        .collect()
        .to_dicts()
    )


def _rows(path: Path) -> int:
    return pq.read_metadata(path).num_rows if path.exists() else 0
