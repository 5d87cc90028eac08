"""Stamps: what the files of a source rest on, so that an unchanged source costs milliseconds.

A stamp is a cache: without it the same files are made again.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

import babel
import phonenumbers
import polars as pl
from pydantic import BaseModel, ValidationError

from connectors.spec import Connector, SourceSettings
from transforms.outcomes import NormaliseReport

HERE = Path(__file__).parent
MODULES = (
    "collected", "conditions", "cutting", "keys", "mapping", "merges", "normalise", "outcomes", "past_values",
    "record_files", "records", "versions",
)  # fmt: skip
"""Beside the cleaners, the code that the files rest on."""


class Stamp(BaseModel):
    """What the last run of a source rested on, wrote (below the data folder), and said."""

    fingerprint: str
    written: tuple[str, ...]
    report: NormaliseReport


def fingerprint(
    connector: Connector,
    source: str,
    settings: SourceSettings,
    delivery_frame: pl.DataFrame,
    data: Path,
    released: frozenset[str],
) -> str:
    """Everything that the files of a source rest on.

    Landed content is named by its export's hash, but an erasure rewrites it in place, and a wider connector lands it
    again: so its size and time count too.
    """
    columns = ["delivery", "object", "effective", "order", "complete", "part", "export", "hash"]
    landed = [(data / path).stat() for path in delivery_frame["path"]]
    parts = [
        _code_version(),
        connector.model_dump_json(),
        source,
        json.dumps([settings.model_dump(), sorted(settings.model_fields_set)]),
        json.dumps(sorted(released & set(delivery_frame["delivery"]))),
        delivery_frame.select(columns).write_ndjson(),
        json.dumps([(stat.st_size, stat.st_mtime_ns) for stat in landed]),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def last(path: Path) -> Stamp | None:
    """The stamp of the last run; None where there is none that can be read."""
    try:
        return Stamp.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def leave(path: Path, stamp: Stamp) -> None:
    """Write the stamp, atomically."""
    beside = path.with_name(f".{path.name}.writing")
    beside.write_text(stamp.model_dump_json(), encoding="utf-8")
    beside.chmod(0o600)
    beside.replace(path)


@lru_cache(maxsize=1)
def _code_version() -> str:
    """The code that cleans, and the versions of what it is built from."""
    code = hashlib.sha256()
    for path in (*(HERE / f"{name}.py" for name in MODULES), *sorted((HERE / "cleaners").glob("*.py"))):
        code.update(path.read_bytes())
    versions = (module.__version__ for module in (pl, phonenumbers, babel))
    return " ".join((code.hexdigest(), *versions))
