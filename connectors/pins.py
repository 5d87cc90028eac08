"""Who reads which publication: readers hold a shared lock on its manifest; what nobody holds may be removed.

Locks are the kernel's and end with their process, however that ends: no file to clean up, nothing that goes stale.
Which publications are to go does not belong here (`connectors.retention`).
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FLOCK = "hhqqi"
"""struct flock on 64-bit Linux: type, whence, start, length, process."""


class Gone(FileNotFoundError):
    """The publication was removed while it was being opened."""


@contextmanager
def pinned(manifest: Path) -> Iterator[int | None]:
    """Hold the publication of this manifest; a duplicate of the handle given holds on after the block.

    None where the manifest is there but cannot be opened, or the file system knows no locks: then only age protects.

    Raises:
        Gone: its folder is not there, or not any more.
    """
    try:
        handle = os.open(manifest, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        if not manifest.parent.is_dir():
            raise Gone(str(manifest)) from None
        yield None
        return
    try:
        locked = _locked(handle, fcntl.LOCK_SH)
        if not _is(handle, manifest):
            raise Gone(str(manifest))
        yield handle if locked else None
    finally:
        os.close(handle)


@contextmanager
def nobody_reads(folder: Path) -> Iterator[bool]:
    """Whether the publication in `folder` is free; within the block nobody new can pin it.

    Clients that do not pin are seen as long as they have one of its databases open: DuckDB then holds a lock on it.
    """
    handle = os.open(folder / "manifest.json", os.O_RDONLY | os.O_CLOEXEC)
    try:
        free = _locked(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield free and not any(_open_elsewhere(database) for database in sorted(folder.rglob("*.duckdb")))
    finally:
        os.close(handle)


def _locked(handle: int, how: int) -> bool:
    try:
        fcntl.flock(handle, how)
    except OSError:  # held by another, or a file system without locks
        return False
    return True


def _is(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _open_elsewhere(database: Path) -> bool:
    """Whether another process has a lock that would hinder a writer; asking for it takes none."""
    handle = os.open(database, os.O_RDONLY | os.O_CLOEXEC)
    try:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, *_ = struct.unpack(_FLOCK, fcntl.fcntl(handle, fcntl.F_GETLK, asked)[: struct.calcsize(_FLOCK)])
    finally:
        os.close(handle)
    return bool(kind != fcntl.F_UNLCK)
