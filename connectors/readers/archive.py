"""Containers of exports (ZIP members, gzip, Zstandard) as plain streams, checked while they are read.

Nothing is ever extracted to a name that an archive chooses. What stands in the members does not belong here.
"""

from __future__ import annotations

import gzip
import io
import stat
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

import pyarrow as pa

from connectors.naming import packing_of
from connectors.readers.gate import Refused

MAX_RATIO = 250
"""Expansion beyond which a stream is refused; repetitive CSV stays below 100, a bomb comes near 1,000."""
RATIO_FROM = 16 * 1024 * 1024
"""Expanded bytes below which the ratio says nothing."""
ENCRYPTED = 0x1

_REPACK = "pack the exports again, as plain files in one ZIP"


class NotClosed(Exception):
    """A ZIP whose directory is not there (yet): still being written, or cut off."""


@dataclass(frozen=True)
class Member:
    """A file in a ZIP; `problem` says why it is not read."""

    name: str
    size: int
    problem: str | None = None


class _Bounded(io.RawIOBase):
    """A stream out of a container: its errors in our words, its expansion bounded."""

    def __init__(self, inner: BinaryIO, packed: int, owner: BinaryIO | zipfile.ZipFile) -> None:
        self._inner, self._packed, self._owner = inner, packed, owner
        self._read = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            return b"".join(iter(lambda: self.read(1024 * 1024), b""))
        try:
            data = self._inner.read(size)
        except zipfile.BadZipFile:
            raise Refused("its checksum in the ZIP does not match", "send the ZIP again") from None
        except (EOFError, zlib.error, OSError, RuntimeError, NotImplementedError, pa.ArrowException):
            raise Refused("its packing is cut off or damaged", "send the file again") from None
        self._read += len(data)
        if self._read > RATIO_FROM and self._read > MAX_RATIO * self._packed:
            raise Refused(f"it expands more than {MAX_RATIO} times", "send it unpacked if it is really so repetitive")
        return data

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
            self._owner.close()
        super().close()


def members(path: Path) -> list[Member]:
    """The files in a ZIP, each with the problem that keeps it from being read, if any.

    Raises:
        NotClosed: the ZIP has no directory.
        Refused: it is no ZIP, or its members lie over one another.
    """
    with path.open("rb") as file:
        beginning = file.read(2)
    if beginning and beginning != b"PK":
        raise Refused("it is not a ZIP", _REPACK)
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError):
        raise NotClosed from None
    if sum(info.compress_size for info in infos) > path.stat().st_size:
        raise Refused("its members lie over one another", _REPACK)
    names = Counter(_plain(info.filename) for info in infos)
    return [Member(info.filename, info.file_size, _problem(info, names)) for info in infos]


def _plain(name: str) -> str:
    return str(PurePosixPath(name.replace("\\", "/"))).casefold()


def expands(info: zipfile.ZipInfo) -> bool:
    """Whether a member says of itself that it expands beyond measure."""
    return info.file_size > RATIO_FROM and info.file_size > MAX_RATIO * max(1, info.compress_size)


def _problem(info: zipfile.ZipInfo, names: Counter[str]) -> str | None:
    name = info.filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    mode = info.external_attr >> 16
    leads_out = name.startswith("/") or ".." in parts or (parts and parts[0].endswith(":"))
    checks = (
        (leads_out or info.orig_filename != info.filename, "its name leads out of the ZIP"),
        (stat.S_IFMT(mode) not in (0, stat.S_IFREG), "it is a link or a special file"),
        (info.flag_bits & ENCRYPTED, "it is encrypted"),
        (names[_plain(info.filename)] > 1, "its name stands twice in the ZIP"),
        (name.lower().endswith(".zip"), "it is a ZIP within a ZIP"),
        (expands(info), f"it expands more than {MAX_RATIO} times"),
    )
    return next((problem for found, problem in checks if found), None)


def open_member(path: Path, name: str) -> BinaryIO:
    """A member of a ZIP as a stream; reading it to the end checks its checksum (`Refused` when it does not match)."""
    archive = zipfile.ZipFile(path)
    try:
        info = archive.getinfo(name)
        inner = archive.open(info)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, KeyError):
        archive.close()
        raise Refused("its packing is damaged or of an unknown kind", _REPACK) from None
    return _unpacked(_bounded(cast(BinaryIO, inner), info.compress_size, archive), name, info.file_size)


def open_file(path: Path, file: BinaryIO) -> BinaryIO:
    """A file's bytes, unpacked where it is called `….gz` or `….zst`."""
    return _unpacked(file, path.name, path.stat().st_size)


def _unpacked(stream: BinaryIO, name: str, packed: int) -> BinaryIO:
    match packing_of(name):
        case ".gz":
            return _bounded(cast(BinaryIO, gzip.GzipFile(fileobj=stream, mode="rb")), packed, stream)
        case ".zst":
            return _bounded(pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd"), packed, stream)
        case _:
            return stream


def _bounded(inner: BinaryIO, packed: int, owner: BinaryIO | zipfile.ZipFile) -> BinaryIO:
    return cast(BinaryIO, _Bounded(inner, max(1, packed), owner))
