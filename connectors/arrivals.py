"""What lies there and has not landed yet: told by content against the ledger, and only of files that stand still.

Nothing lands here (`connectors.landing`), and when one looks does not belong here (`orchestration.automation`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from connectors.content import Moving, facts_of
from connectors.files import as_json, written
from connectors.ledger import Delivery, deliveries
from connectors.naming import matches, stem_of, system_of
from connectors.readers.gate import Refused
from connectors.spec import Connector
from connectors.storage import Storage

Stamps = Mapping[str, Mapping[str, tuple[Hashable, ...]]]
"""Source -> file name -> what is another one once the file is."""


@dataclass(frozen=True)
class Memory:
    """What one look leaves to the next: the state it saw, and the state that it is done with."""

    seen: str = ""
    done: str = ""

    @classmethod
    def of(cls, text: str | None) -> Memory:
        return cls(**json.loads(text)) if text else cls()

    def __str__(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Look:
    """What one look finds: a `key` where something is to land, the same for the same content; else why not."""

    memory: Memory
    reason: str
    key: str | None = None


def look(exports: Storage, connectors: Mapping[str, Connector], data: Path, memory: Memory, *, busy: bool) -> Look:
    """Whether a delivery is complete that has not landed.

    Complete means: no file has changed since the last look, and every ZIP closes. `busy`: a run is under way, so
    nothing is decided.

    Raises:
        StorageError: the place of the exports cannot be reached.
    """
    stamps = {source: exports.stamps(source) for source in exports.sources() if system_of(source) in connectors}
    state = _hash(repr(sorted((source, sorted(files.items())) for source, files in stamps.items())))
    seen = Memory(state, memory.done)
    if state == memory.done:
        return Look(seen, "nothing has changed since the last look")
    if state != memory.seen:
        return Look(seen, "files have come or changed; they must stand still until the next look")
    if busy:
        return Look(seen, "a run is under way")
    ledger = deliveries(data)
    with exports:
        new, waiting = _new(exports, stamps, connectors, data, ledger)
    if waiting:
        return Look(seen, f"not complete yet: {', '.join(waiting)}")
    done = Memory(state, state)
    if not new:
        return Look(done, "all that lies there has landed")
    # With the ledger's end: content that comes back after another was delivered is a delivery again.
    key = _hash(repr((sorted(new), ledger[-1].delivery if ledger else None)))
    return Look(done, f"{len(new)} new: {', '.join(f'{source}/{name}' for source, name, _ in sorted(new)[:5])}", key)


def _new(
    exports: Storage, stamps: Stamps, connectors: Mapping[str, Connector], data: Path, ledger: list[Delivery]
) -> tuple[set[tuple[str, str, str]], list[str]]:
    """Source, name and content of what no newest delivery holds; and the files that are not complete."""
    if exports.remote:
        return {
            (source, name, repr(stamp))
            for source, files in stamps.items()
            for name, stamp in files.items()
            if _wanted(connectors[system_of(source)], name) and not exports.known(source, name)
        }, []
    newest = {(one.source, one.object, one.group): one for one in ledger}
    landed = {(one.source, part.export, part.hash) for one in newest.values() for part in one.parts}
    found, waiting = set(), []
    with _hashes(data) as hashes:
        for source in stamps:
            listing = exports.listing(source)
            waiting += [f"{source}/{problem.name}" for problem in listing.waiting]
            for export in listing.exports:
                if not _wanted(connectors[system_of(source)], export.name):
                    continue
                mark = repr((source, export.name, exports.stamp(export)))
                try:
                    digest = hashes.get(mark) or facts_of(exports, export).sha256
                except Moving:
                    waiting.append(f"{source}/{export.name}")
                except Refused:
                    # Landing says what is wrong with it; this may be the only thing that has come.
                    found.add((source, export.name, mark))
                else:
                    hashes[mark] = digest
                    found.add((source, export.name, digest))
    return found - landed, waiting


def _wanted(connector: Connector, name: str) -> bool:
    """Whether some object's exports may be called so; of a ZIP on another machine only the ZIP's name is known."""
    shapes = (shape for spec in connector.objects.values() for shape in spec.exports)
    return name.lower().endswith(".zip") or any(matches(stem_of(name), shape.file) for shape in shapes)


@contextmanager
def _hashes(data: Path) -> Iterator[dict[str, str]]:
    """Content hashes by source, name and stamp, so that a file that stands still is read once, not at every look."""
    path = data / "incoming" / "hashes.json"
    before: dict[str, str] = json.loads(path.read_bytes()) if path.exists() else {}
    now = dict(before)
    yield now
    if now != before:
        with written(path) as beside:
            beside.write_bytes(as_json(now))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
