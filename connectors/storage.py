"""Where exports lie: which there are in each source's folder, and their bytes as streams.

Only regular files inside the exports root, also in dated folders below a source's and in ZIPs. What an export means
does not belong here (`connectors.landing`), nor do containers (`connectors.readers.archive`), nor places on another
machine (`connectors.remote`).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self
from urllib.parse import urlsplit

from connectors.readers.archive import Member, NotClosed, members, open_file, open_member
from connectors.readers.gate import Facts, Refused

SOURCE = re.compile(r"[a-z][a-z0-9_]*(@[A-Za-z0-9_.-]+)?")

REMOTE = ("s3", "sftp")
"""Schemes of places on another machine."""

_NOT_FOLLOWED = "put the file itself into the source's folder"


class StorageError(RuntimeError):
    """The place where the exports lie cannot be reached or read; says which, why and what to do, without secrets."""


@dataclass(frozen=True)
class Access:
    """What opens `sftp://` beside its URL; `s3://` takes its credentials from the variables that AWS names."""

    password: str | None = field(default=None, repr=False)
    key: Path | None = None
    """A private key's file; without one, the agent's keys and those in `~/.ssh`."""
    known_hosts: Path = Path("~/.ssh/known_hosts")
    """The host keys that are believed; a host that is not in it is not spoken to."""


def storage_at(place: str, data: Path, access: Access = Access()) -> Storage:
    """The exports root that `place` names: a folder, `s3://bucket/prefix` or `sftp://user@host:port/path`.

    Raises:
        StorageError: a scheme that nobody here speaks.
    """
    scheme = urlsplit(place).scheme if "://" in place else ""
    if scheme in REMOTE:
        from connectors.remote import RemoteStorage  # noqa: PLC0415 - s3fs and paramiko load slowly, few need them

        return RemoteStorage(place, data, access)
    if scheme:
        raise StorageError(f"{redacted(place)}: exports lie in a folder, s3:// or sftp://, not {scheme}://")
    return Storage(Path(place).expanduser())


def redacted(text: str) -> str:
    """The text with the password of every URL in it hidden."""
    return re.sub(r"(?<=://)([^/\s:@]*):[^/\s]*@", r"\1:•••@", text)


@dataclass(frozen=True)
class Export:
    """One file that a source delivered; `name` is its path below the source's folder, `x.ZIP/Account.csv` in a ZIP."""

    source: str
    name: str
    path: Path
    member: str | None
    size: int


@dataclass(frozen=True)
class Problem:
    """A file that is not read, and why."""

    name: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class Listing:
    """What lies in a source's folder."""

    exports: tuple[Export, ...] = ()
    refused: tuple[Problem, ...] = ()
    waiting: tuple[Problem, ...] = ()
    """ZIPs that do not close: still being written, or cut off."""


@dataclass
class _Found:
    exports: list[Export] = field(default_factory=list)
    refused: list[Problem] = field(default_factory=list)
    waiting: list[Problem] = field(default_factory=list)


class Storage:
    """The exports root. Names of files are those of the sources; the root itself may be a link."""

    remote = False
    """Whether reading costs so much that only what is new is read."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing more is read."""

    def __str__(self) -> str:
        """The place as it may be shown."""
        return str(self.root)

    def there(self) -> bool:
        """Whether the exports root exists."""
        return self.root.is_dir()

    def sources(self) -> list[str]:
        """Folders that are named as sources are: `<system>` or `<system>@<name>`."""
        if not self.root.is_dir():
            return []
        return sorted(path.name for path in self.root.iterdir() if SOURCE.fullmatch(path.name) and path.is_dir())

    def listing(self, source: str) -> Listing:
        """Every export of a source by name, and what cannot be read."""
        found = _Found()
        folder = self.root / source
        if folder.is_symlink() and not self._inside(folder):
            return Listing(
                refused=(Problem("", "the source's folder is a link out of the exports folder", _NOT_FOLLOWED),)
            )
        for path in _files(folder):
            # A name that is not UTF-8 could be written nowhere.
            name = os.fsencode(path.relative_to(folder)).decode(errors="replace")
            if path.is_symlink() and not (self._inside(path) and path.is_file()):
                found.refused.append(
                    Problem(name, "it is a link out of the exports folder, or to a folder", _NOT_FOLLOWED)
                )
            elif not stat.S_ISREG(path.stat().st_mode):
                found.refused.append(Problem(name, "it is not a regular file", _NOT_FOLLOWED))
            elif name.lower().endswith(".zip"):
                self._list_zip(source, name, path, found)
            else:
                found.exports.append(Export(source, name, path, None, path.stat().st_size))
        return Listing(tuple(found.exports), tuple(found.refused), tuple(found.waiting))

    def members(self, path: Path) -> list[Member]:
        """The files in a ZIP, as `readers.archive.members` tells them."""
        return members(path)

    def _list_zip(self, source: str, name: str, path: Path, found: _Found) -> None:
        try:
            inside = self.members(path)
        except NotClosed:
            found.waiting.append(
                Problem(name, "the ZIP does not close: it is still being written, or cut off", "wait, or send it again")
            )
            return
        except Refused as error:
            found.refused.append(Problem(name, error.reason, error.remedy))
            return
        for member in inside:
            full = f"{name}/{member.name}"
            if member.problem:
                found.refused.append(Problem(full, member.problem, "pack it again as a plain file"))
            elif not hidden(member.name):
                found.exports.append(Export(source, full, path, member.name, member.size))

    def open(self, export: Export) -> BinaryIO:
        """The export's bytes, unpacked.

        Raises:
            Refused: while it is opened or read, when its packing is damaged or expands beyond measure.
        """
        if export.member is not None:
            return open_member(export.path, export.member)
        # Resolved before, so a link that appears in between is not followed.
        handle = os.open(export.path.resolve(), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        return open_file(export.path, os.fdopen(handle, "rb"))

    def stamps(self, source: str) -> dict[str, tuple[Hashable, ...]]:
        """What moves while files are being written, per file of a source; nothing is read for that."""
        folder = self.root / source
        found: dict[str, tuple[Hashable, ...]] = {}
        for path in _files(folder):
            try:
                state = path.stat()
            except OSError:  # gone meanwhile, or a link that leads nowhere
                continue
            name = os.fsencode(path.relative_to(folder)).decode(errors="replace")
            found[name] = (state.st_size, state.st_mtime_ns, state.st_ino)
        return found

    def known(self, source: str, name: str) -> bool:  # noqa: ARG002
        """Whether the file, as it is now, has been read before; here it is asked for its content instead."""
        return False

    def stamp(self, export: Export) -> tuple[Hashable, ...]:
        """What moves while a file is being written: its size, time and identity on the disk."""
        state = export.path.stat()
        return state.st_size, state.st_mtime_ns, state.st_ino

    def facts(self, export: Export) -> Facts | None:  # noqa: ARG002
        """What is known of the export's bytes without reading them; here nothing, for reading costs little."""
        return None

    def remember(self, export: Export, facts: Facts) -> None:
        """Keep what reading the export's bytes told, where reading them again would cost much."""

    def _inside(self, path: Path) -> bool:
        try:
            return path.resolve().is_relative_to(self.root)
        except RuntimeError:  # a link that leads to itself
            return False


def _files(folder: Path) -> Iterator[Path]:
    """Everything below a folder that is not a folder, by name; hidden names are left out."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if hidden(path.name):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _files(path)
        else:
            yield path


def hidden(name: str) -> bool:
    """Names by which systems mark what is not content: `.DS_Store`, `__MACOSX/…`, `~$Account.xlsx`."""
    return any(part.startswith((".", "~$", "__MACOSX")) for part in Path(name).parts)
