"""What a publication says of itself: its files by SHA-256, its tables, what it rests on, and a sum over all that.

Where publications lie and how they are opened does not belong here (`connectors.publication`).
"""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.files import as_json

NAME = "manifest.json"
CHECKSUM = "sha256"
"""Key of manifest.json: SHA-256 over all its other keys, as compact JSON in the order of their names."""


class PublicationError(RuntimeError):
    """A publication that is not there, damaged, or may not be made; the message says which and what to do."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileEntry(_Frozen):
    """One file of a publication, by its path within it."""

    sha256: str
    bytes: int
    rows: int | None = None


class TableEntry(_Frozen):
    """One table: its columns with their DuckDB types, and a hash of its rows in any order."""

    rows: int
    columns: dict[str, str]
    content: str


class RoleEntry(_Frozen):
    """One role's database: what it was made by (a hash of its columns and masks), and its tables."""

    definition: str
    tables: dict[str, TableEntry]


class Release(_Frozen):
    """Who let out what the gate had held back, why and when."""

    who: str
    why: str
    when: datetime


class Manifest(_Frozen):
    """What a publication says of itself."""

    number: int
    base: int | None
    schema_version: int
    created_at: datetime
    logical_date: date
    engine: str
    """`duckdb <version>`: hashes in `TableEntry.content` compare only within one."""
    held: bool = False
    files: dict[str, FileEntry]
    tables: dict[str, TableEntry]
    roles: dict[str, RoleEntry] = {}
    inputs: dict[str, Any]
    checks: list[dict[str, Any]]
    released: Release | None = None
    """Where the gate had held it back and an engineer let it out."""


def write_manifest(folder: Path, manifest: Manifest) -> None:
    content = manifest.model_dump(mode="json")
    (folder / NAME).write_bytes(as_json(content | {CHECKSUM: _checksum(content)}))


def read_manifest(folder: Path) -> Manifest:
    """Raises: PublicationError where it is missing, not readable, or not as it was written."""
    path = folder / NAME
    try:
        content = json.loads(path.read_bytes())
        said = content.pop(CHECKSUM, None)
        if said != (found := _checksum(content)):
            raise ValueError(f"its content has the SHA-256 {found[:12]}…, it says {str(said)[:12]}…")
        return Manifest.model_validate(content)
    except (OSError, ValueError, AttributeError, ValidationError) as error:
        raise PublicationError(
            f"{path} cannot be read: {error}; take another publication: `concord publications list`, `… rollback N`"
        ) from error


def _checksum(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
