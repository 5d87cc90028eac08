"""What SQL texts of several parts have in common. Queries themselves stand with what they are about."""

from __future__ import annotations

from pathlib import Path

UNPACKED = "set disabled_compression_methods = 'dict_fsst'"
"""SQL: texts are stored as they are. Packing them would cost a tenth of identity's run and a fifth of dbt's build, for
files that are read a few times; these are three times as large for it. DuckDB takes this once a database is open."""

OWN_BLOCKS = "set block_allocator_memory = '40%'"
"""SQL: of its memory (once the limit is set) the database keeps this share as its own blocks, instead of asking the
kernel for fresh pages again and again. Large joins and sorts take an eighth less time for it."""


def quoted(value: str | Path) -> str:
    """A text or a path as an SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"
