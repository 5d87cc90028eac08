"""`concord connectors check FILE EXPORT`: an export through a connector, in a folder of its own that is thrown away.

The same landing and the same normalise as in a run; of the data folder only the delivery before is looked at.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from connectors.content import known
from connectors.drift import drift_of
from connectors.landing import land
from connectors.ledger import deliveries, delivery_frame, landed_path
from connectors.naming import system_of
from connectors.spec import Connector, ConnectorError, SourceSettings, load_connector
from connectors.storage import SOURCE, Storage
from connectors.yaml_file import read_yaml
from transforms.normalise import bind
from transforms.record_files import normalise_source
from transforms.records import COMMON

SHOWN = 3
"""Records of each kind that are shown."""


@contextmanager
def laid_out(export: Path, source: str) -> Iterator[Path]:
    """A folder with `exports/<source>/` that holds an export, or a folder of them; it goes afterwards.

    Raises:
        ConnectorError: there is no such file or folder.
    """
    if not export.exists():
        raise ConnectorError(f"{export}: there is no such file or folder")
    with TemporaryDirectory(prefix="concord-") as made:
        folder = Path(made) / "exports" / source
        folder.mkdir(parents=True)
        files = [one for one in export.rglob("*") if one.is_file()] if export.is_dir() else [export]
        for file in files:
            target = folder / (file.relative_to(export) if export.is_dir() else file.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(file.resolve(), target)
            except OSError:
                shutil.copyfile(file, target)
        yield Path(made)


def checked(file: Path) -> Connector:
    """A connector whose every word is known.

    Raises:
        ConnectorError: with file, line and field of what is wrong.
    """
    connector = load_connector(file)
    try:
        bind(connector)
    except ConnectorError as error:
        place, _, said = str(error).removeprefix(f"{connector.name}.yaml: ").partition(": ")
        line = read_yaml(file).line_of(place)
        raise ConnectorError(f"{file}: line {line}: {place}: {said}") from None
    return connector


def source_of(export: Path, connector: Connector) -> str:
    """The source that an export is of, by the folder in which it lies."""
    folder = export if export.is_dir() else export.resolve().parent
    named = SOURCE.fullmatch(folder.name) and system_of(folder.name) == connector.name
    return folder.name if named else connector.name


def trial(connector: Connector, export: Path, data: Path, settings: SourceSettings) -> dict[str, Any]:
    """What a connector makes of an export: per object its rows, drift and issues, and the first records."""
    source = source_of(export, connector)
    with laid_out(export, source) as place:
        report = land(connector, Storage(place / "exports"), place, datetime.now(UTC).date())
        frame = delivery_frame(place)
        outcomes = normalise_source(connector, source, settings, frame, place).objects if frame.height else ()
        before = [one for one in deliveries(data) if one.source == source]
        objects = []
        for line in report.objects:
            found = next(one for one in outcomes if one.object == line.object)
            objects.append(
                {
                    "object": line.object,
                    "rows": line.rows,
                    "landed": line.landed,
                    "accepted": found.accepted,
                    "rejected": dict(line.reasons) | found.rejected,
                    "excluded": found.excluded,
                    "records": found.records,
                    "value_issues": {f"{one.field} {one.reason}": one.count for one in found.value_issues},
                    "not_stored": list(line.unnamed),
                    "drift": _drift(connector, line.object, source, [b for b in before if b.object == line.object],
                                    data, place),
                    "warnings": list(line.warnings),
                }
            )  # fmt: skip
        return {
            "source": source,
            "objects": objects,
            "refused": [f"{one.export}: {one.reason}; {one.remedy}" for one in report.refused],
            "skipped": [one.name for one in report.skipped],
            "patterns": sorted({p for spec in connector.objects.values() for one in spec.exports for p in one.file}),
            "records": _first_records(place, source),
        }


def _drift(connector: Connector, object_: str, source: str, before: list[Any], data: Path, place: Path) -> list[str]:
    """How the columns changed against the newest delivery in the data folder."""
    parts = before[-1].parts if before else ()
    paths = [landed_path(data, source, object_, part.hash) for part in parts]
    now = sorted((place / "landed" / source / object_).glob("*.parquet"))
    drift = drift_of(
        connector.objects[object_],
        [(path, content) for path in paths if (content := known(path))],
        {name for part in parts for name in part.unnamed},
        [(path, content) for path in now if (content := known(path))],
    )
    return list(drift.sentences())


def _first_records(place: Path, source: str) -> dict[str, list[dict[str, Any]]]:
    """Kind -> the first records, only what they say."""
    hidden = COMMON - {"object", "record_id", "modified_at"}
    found = {}
    for path in sorted(place.glob(f"records/*/{source}.parquet")):
        rows = pl.scan_parquet(path).sort("row").head(SHOWN).collect().drop(hidden).to_dicts()
        if rows:
            found[path.parent.name] = [{k: _shown(v) for k, v in row.items() if v is not None} for row in rows]
    return found


def _shown(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | list) else str(value)
