"""What to do when the machine is in the way: a disk that is full, or may not be written to.

These come up anywhere, in the words of whatever library was writing. Errors of our own bring their remedy with them.
"""

from __future__ import annotations

FULL = "the disk is full: free some of it, or give CONCORD_DATA a larger one"
CLOSED = "it may not be written to: give the user that runs Concord the right to write there, or mount it writable"
REMEDIES = {
    "No space left on device": FULL,
    "disk is full": FULL,
    "max_temp_directory_size": FULL,
    "Disk quota exceeded": FULL,
    "Read-only file system": CLOSED,
    "readonly database": CLOSED,
    "Permission denied": CLOSED,
}
"""What the system, DuckDB, Polars and SQLite say -> what to do."""


def with_remedy(said: str) -> str:
    """The message, followed by what to do where it tells of one of these and does not say so yet."""
    remedy = next((remedy for words, remedy in REMEDIES.items() if words in said), None)
    if remedy is None or remedy in said:
        return said
    return f"{said}; {remedy}. Then run again: what is published stands, and nothing is to be tidied up"
