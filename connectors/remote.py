"""Exports on another machine: `s3://` and `sftp://`, brought over file by file while they land, and kept nowhere.

A file that is new comes to `<data>/incoming/<source>/`, is held against the size and the checksum that its place tells,
lands, and is removed. Of what landed only the facts stay, under the file's stamp, so that it is not brought again. A
connection that is cut is taken up where it was. How the other side is spoken to does not belong here
(`connectors.connection`), nor what an export means (`connectors.landing`).
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Hashable
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from fsspec import AbstractFileSystem
from fsspec.implementations.sftp import SFTPFileSystem

from connectors.connection import Connection
from connectors.files import FILE_MODE, as_json, private_folder, written
from connectors.naming import packing_of
from connectors.readers.archive import Member
from connectors.readers.gate import Facts, Refused
from connectors.storage import SOURCE, Access, Export, Listing, Problem, Storage, _Found, hidden

BLOCK = 8 * 1024 * 1024
"""Bytes asked for at once: what a cut connection costs at most."""
SETTLED = 60.0
"""SFTP tells times in whole seconds, so a file younger than this may change again and bear the same stamp."""
CHECKSUM = ".sha256"
"""`Account.csv.sha256` beside `Account.csv` says what its bytes hash to, as `sha256sum` writes it."""


@dataclass(frozen=True)
class RemoteFile:
    """A file where it lies; `stamp` is another one once its bytes are."""

    path: str
    size: int
    stamp: tuple[str, ...]
    md5: str | None
    """What S3 says its bytes hash to; None where it does not say."""
    modified: float
    link: bool = False
    checksum: str | None = None
    """Path of the file beside it that says what its bytes hash to."""


class RemoteStorage(Storage):
    """An exports root on another machine. Used as a context: what was brought over is removed at its end."""

    remote = True

    def __init__(self, place: str, data: Path, access: Access) -> None:
        self._connection = Connection(place, access)
        self._incoming = data / "incoming"
        self._seen: dict[str, dict[str, RemoteFile]] = {}
        """Per source, by name: the files as they were last looked at."""
        self._files: dict[Path, RemoteFile] = {}
        """By where each comes to lie here."""
        self._memory: dict[str, dict[str, Any]] = {}
        """Per source, by where each comes to lie here: what is known of a file's bytes, or of a ZIP's members."""

    def __str__(self) -> str:
        return str(self._connection)

    def __exit__(self, *_: object) -> None:
        """Remove what was brought over; a piece of a file stays, for the next run goes on with it."""
        for path in self._files:
            path.unlink(missing_ok=True)
        for source, remembered in self._memory.items():
            with written(self._memory_file(source)) as beside:
                beside.write_bytes(as_json(remembered))
        self._connection.close()

    def there(self) -> bool:
        return bool(self._connection.patiently("look for the folder", lambda fs: fs.exists(self._connection.root)))

    def sources(self) -> list[str]:
        try:
            found = self._connection.patiently("list the sources", lambda fs: fs.ls(self._connection.root, detail=True))
        except FileNotFoundError:
            return []
        names = [PurePosixPath(entry["name"]).name for entry in found if entry["type"] == "directory"]
        return sorted(name for name in names if SOURCE.fullmatch(name))

    def listing(self, source: str) -> Listing:
        found = _Found()
        self._memory[source] = known = self._remembered(source)
        names: dict[str, RemoteFile] = self.files(source)
        self._files |= {self._lands_at(source, name, file): file for name, file in names.items() if not file.link}
        self._remove_strangers(source)
        for name, file in names.items():
            path = self._lands_at(source, name, file)
            if file.link:
                found.refused.append(Problem(name, "it is a link", "put the file itself into the source's folder"))
            elif name.lower().endswith(".zip"):
                try:
                    self._list_zip(source, name, path, found)
                except FileNotFoundError:
                    found.waiting.append(Problem(name, "the file is still being written", "wait"))
            else:
                found.exports.append(Export(source, name, path, None, file.size))
        here = {self._lands_at(source, name, file).name for name, file in names.items()}
        self._memory[source] = {key: value for key, value in known.items() if key.partition("|")[0] in here}
        return Listing(tuple(found.exports), tuple(found.refused), tuple(found.waiting))

    def files(self, source: str) -> dict[str, RemoteFile]:
        """Every file of a source by its name below the source's folder; nothing is brought over for that."""
        folder = f"{self._connection.root.rstrip('/')}/{source}"
        entries = self._connection.patiently("list the exports", lambda fs: fs.find(folder, detail=True)).values()
        names = {str(PurePosixPath(entry["name"]).relative_to(folder)): entry for entry in entries}
        kept = {name: _file(names[name]) for name in sorted(names, key=lambda name: PurePosixPath(name).parts)}
        return {
            name: replace(file, checksum=names[name + CHECKSUM]["name"]) if name + CHECKSUM in names else file
            for name, file in kept.items()
            if not hidden(name) and name.removesuffix(CHECKSUM) not in names.keys() - {name}
        }

    def members(self, path: Path) -> list[Member]:
        source, key = path.parent.name, path.name
        told = self._memory[source].get(key)
        if told is None:
            self._bring(path)
            told = [asdict(member) for member in super().members(path)]
            self._remember(path, key, told)
        return [Member(**member) for member in told]

    def open(self, export: Export) -> BinaryIO:
        self._bring(export.path)
        return super().open(export)

    def stamp(self, export: Export) -> tuple[Hashable, ...]:
        return self._now(self._files[export.path]).stamp

    def facts(self, export: Export) -> Facts | None:
        told = self._memory[export.source].get(_key(export))
        return None if told is None else Facts(**{**told, "start": bytes.fromhex(told["start"])})

    def remember(self, export: Export, facts: Facts) -> None:
        self._remember(export.path, _key(export), {**asdict(facts), "start": facts.start.hex()})

    def stamps(self, source: str) -> dict[str, tuple[Hashable, ...]]:
        self._seen[source] = self.files(source)
        return {name: file.stamp for name, file in self._seen[source].items()}

    def known(self, source: str, name: str) -> bool:
        here = self._lands_at(source, name, self._seen[source][name]).name
        return any(key.partition("|")[0] == here for key in self._remembered(source))

    def _remember(self, path: Path, key: str, told: Any) -> None:
        file = self._files[path]
        # The one look at a clock here: it decides whether something is brought over again, never what lands.
        if file.md5 or self._connection.s3 or time.time() - file.modified > SETTLED:
            self._memory[path.parent.name][key] = told

    def _remembered(self, source: str) -> dict[str, Any]:
        path = self._memory_file(source)
        return json.loads(path.read_bytes()) if path.exists() else {}

    def _memory_file(self, source: str) -> Path:
        return self._incoming / f"{source}.json"

    def _lands_at(self, source: str, name: str, file: RemoteFile) -> Path:
        """A name of our own for this state of the file, with the ending that says how it is packed."""
        digest = hashlib.sha256("\n".join((str(self), file.path, *file.stamp)).encode()).hexdigest()
        return self._incoming / source / f"{digest}{'.zip' if name.lower().endswith('.zip') else packing_of(name)}"

    def _remove_strangers(self, source: str) -> None:
        """Remove what an earlier run brought over, unless this one can go on with it."""
        for path in private_folder(self._incoming / source).iterdir():
            if path.with_suffix(path.suffix.removesuffix(".part")) not in self._files:
                path.unlink()

    def _bring(self, path: Path) -> None:
        """Have the file here, whole and as its place says it is.

        Raises:
            FileNotFoundError: it is gone, or is another one than was listed.
            Refused: its bytes are not those that were sent.
        """
        if path.exists():
            return
        file = self._files[path]
        for (
            other
        ) in self._files:  # a loose file has been read when the next is asked for; ZIPs are read member by member
            if other.suffix != ".zip":
                other.unlink(missing_ok=True)
        part = path.with_name(f"{path.name}.part")
        part.touch(mode=FILE_MODE)
        with part.open("ab") as out:
            while (have := out.tell()) < file.size:
                block = self._connection.patiently("read an export", lambda fs: _block(fs, file.path, have, file.size))
                if not block:
                    break
                out.write(block)
        if part.stat().st_size != file.size or self._now(file).stamp != file.stamp:
            part.unlink()
            raise FileNotFoundError(file.path)
        try:
            self._verify(file, part)
        except Refused:
            part.unlink()
            raise
        part.rename(path)

    def _verify(self, file: RemoteFile, part: Path) -> None:
        if file.checksum:
            told = self._connection.patiently("read a checksum", lambda fs: fs.cat_file(file.checksum)).split()[:1]
            if told != [_digest(part, "sha256").encode()]:
                raise Refused(f"its SHA-256 is not the one in the {CHECKSUM} file beside it", "send both again")
        if (
            file.md5
            and file.md5 != _digest(part, "md5")
            and not self._connection.patiently("ask for a checksum", _sealed(file))
        ):
            raise Refused("what was received is not what the bucket says it holds", "run again; else send it again")

    def _now(self, file: RemoteFile) -> RemoteFile:
        return _file(self._connection.patiently("look at an export", lambda fs: fs.info(file.path)))


def _key(export: Export) -> str:
    return f"{export.path.name}|{export.member or ''}"


def _file(entry: dict[str, Any]) -> RemoteFile:
    """A file as its place tells it, in a listing or asked alone."""
    modified = entry.get("LastModified") or entry["mtime"]
    etag = str(entry.get("ETag", "")).strip('"')
    # An upload in several parts has an ETag with a dash, which is no hash of its bytes.
    md5 = etag if len(etag) == 32 and "-" not in etag else None
    stamp = (str(entry["size"]), etag or modified.isoformat())
    return RemoteFile(entry["name"], entry["size"], stamp, md5, modified.timestamp(), entry["type"] == "link")


def _block(fs: AbstractFileSystem, path: str, start: int, size: int) -> bytes:
    end = min(start + BLOCK, size)
    if isinstance(fs, SFTPFileSystem):
        with fs.open(path) as file:  # `readv` asks for all of it at once, `read` would wait for every 32 KB
            return b"".join(file.readv([(start, end - start)]))
    return bytes(fs.cat_file(path, start=start, end=end))


def _sealed(file: RemoteFile) -> Callable[[AbstractFileSystem], bool]:
    """Whether S3 encrypts the file under a key of its own, so that its ETag is no hash of the bytes."""
    bucket, _, key = file.path.partition("/")
    return lambda fs: "kms" in str(fs.call_s3("head_object", Bucket=bucket, Key=key).get("ServerSideEncryption"))


def _digest(path: Path, name: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(name, usedforsecurity=False)).hexdigest()
