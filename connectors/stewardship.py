"""What an engineer says about deliveries: that a held mass deletion is real, that a source is to be forgotten.

Releases are state: they cannot be derived, so they survive every rebuild. The ledger itself is `connectors.ledger`.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

from connectors.files import as_json, written
from connectors.ledger import deliveries, ledger_folder

FORMAT = 1


class StewardshipError(ValueError):
    """Something was said about a delivery or a source that is not there; the message names what is."""


def releases(data: Path) -> frozenset[str]:
    """Ids of the deliveries whose deletions were let through."""
    return frozenset(entry["delivery"] for entry in _read(data))


def release(data: Path, delivery: str, *, who: str, why: str, when: dt.date) -> dict[str, str]:
    """Let the deletions of `delivery` through from the next run on; returns what was put on record.

    Raises:
        StewardshipError: no such delivery, or nobody stands for it.
    """
    if delivery not in {known.delivery for known in deliveries(data)}:
        raise StewardshipError(f"there is no delivery {delivery!r}; `concord deliveries list` names them")
    if not who.strip() or not why.strip():
        raise StewardshipError("a release needs --who and --why: it stands on record")
    entry = {"delivery": delivery, "who": who, "why": why, "when": when.isoformat()}
    _write(data, [*(known for known in _read(data) if known["delivery"] != delivery), entry])
    return entry


def remove_source(data: Path, source: str) -> int:
    """Take a source out of the ledger, with all that it delivered; the next run is as if it had never been.

    Returns the number of deliveries removed. The ledger goes first: killed in between, the next call finishes.

    Raises:
        StewardshipError: the source never delivered anything.
    """
    of_source = [delivery for delivery in deliveries(data) if delivery.source == source]
    folders = [data / floor / source for floor in ("landed", "rejected", "outcomes", "value_issues")]
    if not of_source and not any(folder.exists() for folder in folders):
        raise StewardshipError(f"source {source!r} has delivered nothing; `concord sources list` names those that have")
    # A later delivery may get a removed one's number; it must not find a release waiting for it.
    removed = {delivery.delivery for delivery in of_source}
    if removed & releases(data):
        _write(data, [known for known in _read(data) if known["delivery"] not in removed])
    for delivery in of_source:
        (ledger_folder(data) / f"{delivery.order:08d}.json").unlink()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return len(of_source)


def _file(data: Path) -> Path:
    return data / "state" / "releases.json"


def _read(data: Path) -> list[dict[str, str]]:
    file = _file(data)
    return list(json.loads(file.read_bytes())["releases"]) if file.exists() else []


def _write(data: Path, entries: list[dict[str, str]]) -> None:
    with written(_file(data)) as beside:
        beside.write_bytes(as_json({"format": FORMAT, "releases": entries}))
