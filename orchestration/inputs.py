"""What a run rests on: with the inputs of the current publication, a run has nothing to add to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from connectors.copies import behind
from connectors.ledger import deliveries
from connectors.publication import base_number, next_number, open_publication
from connectors.stewardship import releases
from orchestration.settings import PROJECT
from orchestration.workspace import Workspace

CODE = ("connectors", "transforms")
"""Packages whose text decides what rows come out; orchestration decides only when."""
IGNORED = {"target", "logs", "__pycache__", "sample"}


def inputs_of(workspace: Workspace) -> dict[str, Any]:
    """Deliveries, and hashes of connectors, source settings, policy, decisions, what identity was trained to, and code;
    stands in the manifest."""
    settings, ledger = workspace.source_settings, deliveries(workspace.data)
    return {
        "deliveries": _hash(repr(delivery).encode() for delivery in ledger),
        "newest_delivery": max((delivery.delivery for delivery in ledger), default=None),
        "releases": sorted(releases(workspace.data)),
        "connectors": {name: _hash([c.model_dump_json().encode()]) for name, c in sorted(workspace.connectors.items())},
        "sources": _hash(f"{name}{settings[name].model_dump_json()}".encode() for name in sorted(settings)),
        "policy": _hash([workspace.policy.model_dump_json().encode()]),
        "decisions": _hash([workspace.settings.decisions.read_bytes()])
        if workspace.settings.decisions.exists()
        else None,
        "learned": _learned(workspace.data / "state"),
        "code": _hash(_code()),
    }


def nothing_new(workspace: Workspace) -> bool:
    """Whether the current publication is the newest, of this logical date, rests on these very inputs, and is read by
    everybody who is to read it."""
    current = base_number(workspace.data)
    if current is None or current + 1 != next_number(workspace.data):
        return False
    manifest = open_publication(workspace.data, current).manifest
    if manifest.logical_date != workspace.as_of or manifest.inputs != inputs_of(workspace):
        return False
    return not behind(workspace.data, workspace.settings.copies)


def _learned(state: Path) -> str | None:
    """What `concord identity train` wrote: the measures that no run takes by itself."""
    models = (json.loads(file.read_bytes()) for file in sorted(state.glob("*_model.json")))
    learned = [json.dumps(model["m"], sort_keys=True).encode() for model in models if model.get("m")]
    return _hash(learned) if learned else None


def _code() -> Iterable[bytes]:
    for package in CODE:
        for path in sorted((PROJECT / package).rglob("*")):
            if path.is_file() and not IGNORED & set(path.relative_to(PROJECT).parts):
                yield str(path.relative_to(PROJECT)).encode()
                yield path.read_bytes()


def _hash(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()
