"""What a disk does to a file."""

from __future__ import annotations

import os
from pathlib import Path


def flip(path: Path) -> None:
    """One bit in the middle of a file turns over."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.chmod(0o600)
    path.write_bytes(content)


def cut(path: Path) -> None:
    """The second half of a file is gone."""
    path.chmod(0o600)
    os.truncate(path, path.stat().st_size // 2)
