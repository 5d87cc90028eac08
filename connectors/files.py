"""Files under the data folder: private, and either whole or not there.

What stands in them does not belong here.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def private_folder(path: Path) -> Path:
    """Make `path` and its missing parents, for their owner only; gives `path` back."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    return path


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to; when the block ends well it takes that name in one step, else it is removed."""
    beside = private_folder(path.parent) / f".{path.name}-{secrets.token_hex(6)}"
    try:
        yield beside
        beside.chmod(FILE_MODE)
        fsync(beside)
        beside.replace(path)
        fsync(path.parent)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait until nobody else holds the lock `path`, and hold it; it ends with the process, however that ends."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def fsync(path: Path) -> None:
    """Bring a file's bytes, or a folder's names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def as_json(value: object) -> bytes:
    """A value as readable JSON: UTF-8, indented, one line end after it."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def remove(path: Path) -> None:
    """Delete a file, a link, or a folder that may be read-only; what is not there is fine."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for folder, _, _ in os.walk(path):
        os.chmod(folder, FOLDER_MODE)  # noqa: PTH101
    shutil.rmtree(path)
