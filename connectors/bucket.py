"""Publications in an S3 bucket: `s3://bucket/prefix/v000012/…` as they lie here, and `current.json` that names one.

The pointer is replaced last, by one put, so a reader gets one whole publication or the other. A version is there once
its manifest is, which is sent after everything else in it was read back. When copies are made does not belong here
(`connectors.copies`).
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath

from fsspec import AbstractFileSystem

from connectors.connection import Connection
from connectors.copies import Copy, missing
from connectors.files import as_json, private_folder, remove, sha256_of, written
from connectors.manifest import NAME, FileEntry, PublicationError, read_manifest
from connectors.publication import VERSION, Publication, next_number, open_publication, published, version, versions
from connectors.storage import Access
from connectors.verification import file_entry

POINTER = "current.json"
BLOCK = 8 * 1024 * 1024
"""Bytes read back at once."""


@dataclass(frozen=True)
class Pointer:
    """What `current.json` says: a publication, and the SHA-256 of its manifest.json, which names all its bytes."""

    number: int
    manifest: str


class Bucket(Copy):
    """One place in object storage, to write and to read."""

    def __init__(self, place: str) -> None:
        self._connection = Connection(place, Access())

    def __str__(self) -> str:
        return str(self._connection)

    def behind(self, data: Path) -> bool:
        return self.pointer() != _pointer(open_publication(data))

    def follow(self, data: Path) -> list[str]:
        done, there, pointer = [], self.manifests(), self.pointer()
        if pointer and pointer.number >= next_number(data):
            raise PublicationError(
                f"{self} holds publication {pointer.number}, which {data} never made: another data folder publishes "
                "there; name another place in CONCORD_PUBLISH_TO, or empty this one"
            )
        here, current = versions(published(data)), open_publication(data)
        whole = {number: digest for number, digest in there.items() if digest}
        rewritten = [number for number, digest in whole.items() if number in here and digest != _sum(here[number])]
        for publication in (
            *(open_publication(data, one) for one in rewritten),
            *missing(data, max(whole, default=None), current=current.number in whole),
        ):
            self._send(publication)
            done.append(f"copied publication {publication.number} to {self}")
        if pointer != _pointer(current):
            self._put(POINTER, as_json({"number": current.number, "manifest": _pointer(current).manifest}))
            done.append(f"made publication {current.number} current in {self}")
        for number in there.keys() - here.keys() - {current.number}:
            self._remove(number)
            done.append(f"removed publication {number} from {self}")
        return done

    def pointer(self) -> Pointer | None:
        """What readers get; None before the first publication was copied."""
        try:
            return Pointer(**json.loads(self.read(POINTER)))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise PublicationError(f"{self}/{POINTER} cannot be read: {error}; remove it and run again") from error

    def manifests(self) -> dict[int, str | None]:
        """Number -> SHA-256 of the manifest; None where a copy, or a removal, was stopped half way."""
        folders = {PurePosixPath(name).parts[0] for name in self._sizes("")}
        found = sorted(int(match[1]) for folder in folders if (match := VERSION.fullmatch(folder)))
        return {number: self._manifest_sum(number) for number in found}

    def read(self, name: str) -> bytes:
        """Raises: FileNotFoundError."""
        path = self._path(name)
        return bytes(self._connection.patiently("read a file", lambda fs: fs.cat_file(path)))

    def bring(self, name: str, target: Path) -> None:
        """The file's bytes to `target`, which is whole or not there. Raises: FileNotFoundError."""
        path = self._path(name)
        with written(target) as beside:
            self._connection.patiently("read a file", lambda fs: fs.get_file(path, str(beside)))

    def _manifest_sum(self, number: int) -> str | None:
        try:
            return hashlib.sha256(self.read(f"{version(number)}/{NAME}")).hexdigest()
        except FileNotFoundError:
            return None

    def _send(self, publication: Publication) -> None:
        """Everything that is not there as it must be, the manifest last; each file is read back."""
        folder = version(publication.number)
        sizes, files = self._sizes(folder), publication.manifest.files
        for name, entry in files.items():
            there = f"{folder}/{name}"
            if sizes.get(name) == entry.bytes and self._read_back(there) == entry.sha256:
                continue  # an earlier copy came that far
            self._connection.patiently("send a file", _sending(publication.path / name, self._path(there)))
            self._expect(there, entry)
        for name in sizes.keys() - files.keys() - {NAME}:
            self._drop(f"{folder}/{name}")
        manifest = publication.path / NAME
        self._put(f"{folder}/{NAME}", manifest.read_bytes())
        self._expect(f"{folder}/{NAME}", file_entry(manifest))

    def _expect(self, name: str, entry: FileEntry) -> None:
        if (found := self._read_back(name)) != entry.sha256:
            raise PublicationError(
                f"{self}/{name} does not read back as what was sent: SHA-256 {found[:12]}…, the publication has "
                f"{entry.sha256[:12]}…; readers there keep what they had: `concord publications verify`, then run again"
            )

    def _read_back(self, name: str) -> str:
        path, digest = self._path(name), hashlib.sha256()
        size = int(self._connection.patiently("look at a file", lambda fs: fs.info(path))["size"])
        for start in range(0, size, BLOCK):
            block = _reading(path, start, min(start + BLOCK, size))
            digest.update(self._connection.patiently("read a file back", block))
        return digest.hexdigest()

    def _remove(self, number: int) -> None:
        """The manifest first: from then on the publication is not there."""
        folder = version(number)
        for name in sorted(self._sizes(folder), key=lambda name: (name != NAME, name)):
            self._drop(f"{folder}/{name}")

    def _put(self, name: str, content: bytes) -> None:
        path = self._path(name)
        self._connection.patiently("send a file", lambda fs: fs.pipe_file(path, content))

    def _drop(self, name: str) -> None:
        path = self._path(name)
        self._connection.patiently("remove a file", lambda fs: fs.rm_file(path))

    def _sizes(self, folder: str) -> dict[str, int]:
        """File -> its bytes, by its path below the folder."""
        path = self._path(folder)
        try:
            found = self._connection.patiently("list the files", lambda fs: fs.find(path, detail=True))
        except FileNotFoundError:
            raise PublicationError(f"{self}: there is no such bucket; make it, or name another place") from None
        return {str(PurePosixPath(name).relative_to(path)): entry["size"] for name, entry in sorted(found.items())}

    def _path(self, name: str) -> str:
        return f"{self._connection.root}/{name}".rstrip("/")


@dataclass(frozen=True)
class BucketPublication(Publication):
    """A publication in a bucket: each file comes here when it is first asked for, and is held against the manifest."""

    bucket: Bucket = field(kw_only=True)

    def file(self, name: str) -> Path:
        path = self.path / name
        if path.exists():
            return path
        try:
            self.bucket.bring(f"{version(self.number)}/{name}", path)
        except FileNotFoundError:
            raise PublicationError(
                f"publication {self.number} was removed from {self.bucket} while it was read; open the current one"
            ) from None
        if file_entry(path).sha256 != self.manifest.files[name].sha256:
            remove(path)
            raise PublicationError(
                f"{name} of publication {self.number} in {self.bucket} is not as its manifest says: it was rewritten "
                "meanwhile, or is damaged; open it again"
            )
        return path


def open_in_bucket(place: str, number: int | None, role: str | None) -> Publication:
    """`connectors.publication.open_publication` for a bucket.

    What is read comes to a folder of this process, which goes when the process ends; the files of a publication that
    nobody holds any more go when the next one is opened.
    """
    bucket, before = Bucket(place), None
    while True:
        pointer = bucket.pointer() if number is None else None
        wanted = pointer.number if pointer else number
        if wanted is None:
            raise PublicationError(f"{bucket}: there is no publication yet; a run with CONCORD_PUBLISH_TO makes one")
        try:
            content = bucket.read(f"{version(wanted)}/{NAME}")
        except FileNotFoundError:
            if pointer != before:  # replaced and removed in that moment
                before = pointer
                continue
            there = ", ".join(str(one) for one, digest in bucket.manifests().items() if digest) or "none"
            raise PublicationError(f"{bucket}: there is no publication {wanted}; there are: {there}") from None
        return _opened(bucket, content, role)


_held: weakref.WeakValueDictionary[Path, Publication] = weakref.WeakValueDictionary()
"""Folder of this process -> the publication that was opened into it last, while anybody holds it."""


def _opened(bucket: Bucket, manifest: bytes, role: str | None) -> Publication:
    path = Path(_folder().name) / hashlib.sha256(str(bucket).encode() + manifest).hexdigest()[:32]
    for other in path.parent.iterdir():
        if other != path and other not in _held:
            remove(other)
    with written(private_folder(path) / NAME) as beside:
        beside.write_bytes(manifest)
    publication = BucketPublication(path, read_manifest(path), role, bucket=bucket)
    _held[path] = publication
    return publication


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="concord-")


def _pointer(publication: Publication) -> Pointer:
    return Pointer(publication.number, _sum(publication.path))


def _sum(folder: Path) -> str:
    return sha256_of(folder / NAME)


def _sending(file: Path, path: str) -> Callable[[AbstractFileSystem], None]:
    return lambda fs: fs.put_file(str(file), path)


def _reading(path: str, start: int, end: int) -> Callable[[AbstractFileSystem], bytes]:
    return lambda fs: fs.cat_file(path, start=start, end=end)
