"""Exports on another machine: `s3://` and `sftp://`, brought over file by file while they land, and kept nowhere.

A file that is new comes to `<data>/incoming/<source>/`, is held against the size and the checksum that its place tells,
lands, and is removed. Of what landed only the facts stay, under the file's stamp, so that it is not brought again. A
connection that is cut is taken up where it was. What an export means does not belong here (`connectors.landing`).
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Hashable
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, TypeVar
from urllib.parse import unquote, urlsplit

import paramiko
import s3fs
from aiohttp import ClientError as HttpError
from botocore.exceptions import BotoCoreError, ClientError
from fsspec import AbstractFileSystem
from fsspec.implementations.sftp import SFTPFileSystem

from connectors.files import FILE_MODE, as_json, private_folder, written
from connectors.naming import packing_of
from connectors.readers.archive import Member
from connectors.readers.gate import Facts, Refused
from connectors.storage import SOURCE, Access, Export, Listing, Problem, Storage, StorageError, _Found, hidden, redacted

BLOCK = 8 * 1024 * 1024
"""Bytes asked for at once: what a cut connection costs at most."""
WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each further attempt: a restart of the other side is outlived, a wrong address is told in time."""
TIMEOUT = 30.0
"""Seconds of silence after which a connection counts as cut."""
SETTLED = 60.0
"""SFTP tells times in whole seconds, so a file younger than this may change again and bear the same stamp."""
CHECKSUM = ".sha256"
"""`Account.csv.sha256` beside `Account.csv` says what its bytes hash to, as `sha256sum` writes it."""

BROKEN = (OSError, EOFError, paramiko.SSHException, HttpError, BotoCoreError, ClientError)
"""What a connection that is cut, or a server that has no time for us, ends in."""

log = logging.getLogger(__name__)
Result = TypeVar("Result")


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


class KnownHosts(paramiko.MissingHostKeyPolicy):
    """Believes the hosts in a `known_hosts` file, and nobody else."""

    def __init__(self, path: Path) -> None:
        self._path = path.expanduser()

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:  # noqa: ARG002
        known = paramiko.HostKeys(str(self._path)) if self._path.exists() else paramiko.HostKeys()
        if not known.check(hostname, key):
            raise paramiko.AuthenticationException(
                f"its host key is not in {self._path}: compare it with what its operator says, then add it"
            )


class RemoteStorage(Storage):
    """An exports root on another machine. Used as a context: what was brought over is removed at its end."""

    remote = True

    def __init__(self, place: str, data: Path, access: Access) -> None:
        self._place, self._access, self._url = place, access, urlsplit(place)
        self._incoming = data / "incoming"
        self._filesystem: AbstractFileSystem | None = None
        self._seen: dict[str, dict[str, RemoteFile]] = {}
        """Per source, by name: the files as they were last looked at."""
        self._files: dict[Path, RemoteFile] = {}
        """By where each comes to lie here."""
        self._memory: dict[str, dict[str, Any]] = {}
        """Per source, by where each comes to lie here: what is known of a file's bytes, or of a ZIP's members."""

    def __str__(self) -> str:
        return redacted(self._place)

    def __exit__(self, *_: object) -> None:
        """Remove what was brought over; a piece of a file stays, for the next run goes on with it."""
        for path in self._files:
            path.unlink(missing_ok=True)
        for source, remembered in self._memory.items():
            with written(self._memory_file(source)) as beside:
                beside.write_bytes(as_json(remembered))
        self._disconnect()

    @property
    def _root(self) -> str:
        path = unquote(self._url.path).rstrip("/")
        return f"{self._url.netloc}{path}" if self._url.scheme == "s3" else path or "/"

    def there(self) -> bool:
        return bool(self._patiently("look for the folder", lambda fs: fs.exists(self._root)))

    def sources(self) -> list[str]:
        try:
            found = self._patiently("list the sources", lambda fs: fs.ls(self._root, detail=True))
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
        folder = f"{self._root.rstrip('/')}/{source}"
        entries = self._patiently("list the exports", lambda fs: fs.find(folder, detail=True)).values()
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
        if file.md5 or self._url.scheme == "s3" or time.time() - file.modified > SETTLED:
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
                block = self._patiently("read an export", lambda fs: _block(fs, file.path, have, file.size))
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
            told = self._patiently("read a checksum", lambda fs: fs.cat_file(file.checksum)).split()[:1]
            if told != [_digest(part, "sha256").encode()]:
                raise Refused(f"its SHA-256 is not the one in the {CHECKSUM} file beside it", "send both again")
        if file.md5 and file.md5 != _digest(part, "md5") and not self._patiently("ask for a checksum", _sealed(file)):
            raise Refused("what was received is not what the bucket says it holds", "run again; else send it again")

    def _now(self, file: RemoteFile) -> RemoteFile:
        return _file(self._patiently("look at an export", lambda fs: fs.info(file.path)))

    def _patiently(self, doing: str, ask: Callable[[AbstractFileSystem], Result]) -> Result:
        """Ask, and ask again over a new connection where the old one broke.

        Raises:
            FileNotFoundError: as the other side said.
            StorageError: it let us not in, or was not to be reached in all attempts.
        """
        for wait in (*WAITS, None):
            try:
                return ask(self._connected())
            except FileNotFoundError:
                raise
            except (PermissionError, paramiko.AuthenticationException) as error:
                raise StorageError(self._said(doing, error, "check user, key and rights there")) from None
            except BROKEN as error:
                self._disconnect()
                if wait is None:
                    raise StorageError(
                        self._said(doing, error, f"tried {len(WAITS) + 1} times; check address and network, run again")
                    ) from None
                log.warning("%s", self._said(doing, error, f"trying again in {wait:g} s"))
                time.sleep(wait)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _said(self, doing: str, error: BaseException, remedy: str) -> str:
        reason = redacted(str(error) or type(error).__name__)
        for secret in (self._access.password, self._url.password and unquote(self._url.password)):
            reason = reason.replace(secret, "•••") if secret else reason
        return f"{self}: could not {doing}: {reason}; {remedy}"

    def _connected(self) -> AbstractFileSystem:
        if self._filesystem is None:
            if self._url.scheme == "s3":
                timeouts = {"connect_timeout": TIMEOUT, "read_timeout": TIMEOUT, "retries": {"total_max_attempts": 1}}
                self._filesystem = s3fs.S3FileSystem(
                    config_kwargs=timeouts, use_listings_cache=False, skip_instance_cache=True
                )
                self._filesystem.retries = 1  # ours are the only ones
            else:
                self._filesystem = SFTPFileSystem(self._url.hostname, **self._ssh(), skip_instance_cache=True)
                self._filesystem.ftp.get_channel().settimeout(TIMEOUT)
        return self._filesystem

    def _ssh(self) -> dict[str, Any]:
        password = unquote(self._url.password) if self._url.password else self._access.password
        said = {
            "port": self._url.port or 22,
            "username": unquote(self._url.username) if self._url.username else None,
            "password": password,
            "key_filename": str(self._access.key.expanduser()) if self._access.key else None,
            "allow_agent": not (password or self._access.key),
            "look_for_keys": not (password or self._access.key),
            "host_key_policy": KnownHosts(self._access.known_hosts),
        }
        return said | dict.fromkeys(("timeout", "banner_timeout", "auth_timeout", "channel_timeout"), TIMEOUT)

    def _disconnect(self) -> None:
        if isinstance(self._filesystem, SFTPFileSystem):
            self._filesystem.client.close()
        self._filesystem = None


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
