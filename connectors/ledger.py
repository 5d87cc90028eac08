"""The delivery ledger: what arrived together, when and in which order. Immutable and append-only.

    <data>/landed/deliveries/00000001.json        one delivery
    <data>/landed/<source>/<object>/<hash>.parquet    its parts' rows, stored once however often they are delivered

What makes a delivery does not belong here (`connectors.landing`).
"""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl
from polars.datatypes import DataType, DataTypeClass

from connectors.files import FILE_MODE, as_json, fsync, private_folder
from connectors.seals import DamagedContent

PolarsDataType = DataType | DataTypeClass
Delivered = Literal["complete", "changes"]

DELIVERY_PARTS: dict[str, PolarsDataType] = {
    "delivery": pl.String,
    "source": pl.String,
    "object": pl.String,
    "effective": pl.Datetime("us", "UTC"),
    "order": pl.Int64,
    "complete": pl.Boolean,
    "part": pl.Int64,
    "export": pl.String,
    "hash": pl.String,
    "path": pl.String,
}


@dataclass(frozen=True)
class Part:
    """One export of a delivery: data rows = landed + rejected."""

    export: str
    hash: str
    rows: int
    landed: int
    rejected: int
    unnamed: tuple[str, ...]


@dataclass(frozen=True)
class Delivery:
    """The exports of one object of one source that arrived together."""

    delivery: str
    source: str
    object: str
    effective: dt.datetime
    dated: bool
    first_seen: dt.date
    order: int
    delivered: Delivered
    adds_up: bool
    """False where rows or parts are, or may be, missing: then it deletes nothing."""
    warnings: tuple[str, ...]
    group: str
    """The date in its name, or "" where there is none: an object's undated files form one."""
    parts: tuple[Part, ...]

    @property
    def state(self) -> frozenset[tuple[str, str]]:
        """What lay there: file names with content."""
        return frozenset((part.export, part.hash) for part in self.parts)


def ledger_folder(data: Path) -> Path:
    return data / "landed" / "deliveries"


def landed_path(data: Path, source: str, object_: str, digest: str) -> Path:
    """Where the landed rows of an export's content are."""
    return data / "landed" / source / object_ / f"{digest}.parquet"


def rejected_path(data: Path, source: str, object_: str, digest: str) -> Path:
    """Where the rows are listed that were rejected at the door; no file where there are none."""
    return data / "rejected" / source / object_ / f"{digest}.parquet"


def deliveries(data: Path) -> list[Delivery]:
    """The whole ledger, in order."""
    folder = ledger_folder(data)
    return [_read(path) for path in sorted(folder.glob("[0-9]*.json"))] if folder.is_dir() else []


def delivery_frame(data: Path) -> pl.DataFrame:
    """One row per part of a delivery, in order (columns `DELIVERY_PARTS`)."""
    rows = [
        {
            **{name: getattr(one, name) for name in ("delivery", "source", "object", "effective", "order")},
            "complete": one.delivered == "complete" and one.adds_up,
            "part": index,
            "export": part.export,
            "hash": part.hash,
            "path": str(landed_path(data, one.source, one.object, part.hash)),
        }
        for one in deliveries(data)
        for index, part in enumerate(one.parts)
    ]
    return pl.DataFrame(rows, schema=DELIVERY_PARTS)


def record(data: Path, new: Delivery) -> Delivery:
    """Append a delivery; its `order` and `delivery` are given here. Safe while other systems land beside it."""
    folder = private_folder(ledger_folder(data))
    # Beside the source's own landed rows, where its next scan finds it if this process is killed here.
    beside = private_folder(data / "landed" / new.source) / f".{secrets.token_hex(8)}"
    taken = [int(path.stem) for path in folder.glob("[0-9]*.json")]
    order = max(taken, default=0) + 1
    try:
        while True:
            numbered = Delivery(**{**vars(new), "order": order, "delivery": f"d{order:08d}"})
            _write(beside, numbered)
            try:
                os.link(beside, folder / f"{order:08d}.json")
            except FileExistsError:
                order += 1
            else:
                fsync(folder)
                return numbered
    finally:
        beside.unlink(missing_ok=True)


def _write(path: Path, delivery: Delivery) -> None:
    content: dict[str, Any] = {
        **asdict(delivery),
        "effective": delivery.effective.isoformat(),
        "first_seen": delivery.first_seen.isoformat(),
    }
    path.touch(mode=FILE_MODE)
    path.write_bytes(as_json(content))
    fsync(path)


def _read(path: Path) -> Delivery:
    """Raises: DamagedContent where it is not as `record` wrote it."""
    try:
        return _delivery(json.loads(path.read_bytes()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedContent(
            f"{path} of the delivery ledger is damaged: {error}. Bring it back from a backup, then run again; of a "
            "source whose exports are all still there, `concord sources remove SOURCE` and a run land it anew"
        ) from error


def _delivery(content: dict[str, Any]) -> Delivery:
    parts = tuple(Part(**{**part, "unnamed": tuple(part["unnamed"])}) for part in content.pop("parts"))
    return Delivery(
        **{
            **content,
            "effective": dt.datetime.fromisoformat(content["effective"]),
            "first_seen": dt.date.fromisoformat(content["first_seen"]),
            "warnings": tuple(content["warnings"]),
            "parts": parts,
        }
    )
