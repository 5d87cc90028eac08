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


def unaccounted(data: Path, chosen: Iterable[Delivery]) -> list[str]:
    """Parts of deliveries whose files do not hold what the ledger says: rows = landed + rejected. In words."""
    problems = []
    for one in chosen:
        for part in one.parts:
            landed = _rows(landed_path(data, one.source, one.object, part.hash))
            rejected = _rows(rejected_path(data, one.source, one.object, part.hash))
            if (landed, rejected, landed + rejected) != (part.landed, part.rejected, part.rows):
                problems.append(
                    f"{one.source} {one.object} {part.export}: {part.rows:,} rows in the file, {landed:,} landed and "
                    f"{rejected:,} rejected"
                )
    return problems


def _rows(path: Path) -> int:
    return pq.read_metadata(path).num_rows if path.exists() else 0
