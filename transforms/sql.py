"""Values written into SQL text, where DuckDB takes no parameters. Queries themselves stand with what they are about."""

from __future__ import annotations

from pathlib import Path


def quoted(value: str | Path) -> str:
    """A text or a path as an SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"
