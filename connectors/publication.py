"""Publications as they lie on disk: what stands where, how one is opened, checked, made current and recovered.

    <data>/published/v000012/            one publication: concord.duckdb, <table>.parquet, state/, manifest.json
    <data>/published/v000012/roles/      <role>/concord.duckdb: what that role may see, and nothing else
    <data>/published/current             symbolic link to the one that readers get, switched by one rename
    <data>/published/held/v000013/       what the gate held back, for the engineer; its number is not consumed
    <data>/published/damaged/v000012/    what a rollback left behind because its bytes are not its manifest's
    <data>/state/                        a copy of the newest publication's state/, and what engineers add to it

Writing a publication does not belong here (`connectors.publishing`), nor does comparing two (`connectors.difference`),
what one says of itself (`connectors.manifest`), or which old ones go (`connectors.retention`).
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from connectors.files import FILE_MODE, FOLDER_MODE, fsync, private_folder, sha256_of, written
from connectors.manifest import FileEntry, Manifest, PublicationError, TableEntry, read_manifest
from connectors.pins import Gone, pinned

SCHEMA_VERSION = 1
"""Of the published tables; a change of a column's name, type or meaning raises it and stands in the changelog."""

KEYS: dict[str, tuple[str, ...]] = {
    "customer": ("customer_id",),
    "customer_sla": ("customer_id",),
    "identity_link": ("source", "object", "record_id"),
    "identity_edge": ("record_a", "record_b"),
    "customer_alias": ("id",),
    "customer_alias_history": ("id", "from_publication"),
    "field_provenance": ("customer_id", "field"),
    "customer_history": ("customer_id", "from_publication"),
    "customer_change": ("publication", "customer_id"),
    "customer_context": ("customer_id", "role"),
    "customer_feature": ("customer_id",),
    "support_agent": ("employee_id",),
    "publication": ("number",),
}
"""Published table -> the columns it is ordered by, which name one row."""

STATE_FORMAT = 1
STATE_FILES = ("registry.parquet", "member.parquet", "owner_assignment.parquet", "format.json")
"""What a publication moves forward; `format.json` last, for it says that the others are there."""
MODEL_FILES = ("person_model.json", "person_share.parquet", "organisation_model.json", "organisation_share.parquet")
"""Identity's models as they were frozen on the data; moved forward too, where there are any."""

DAMAGED = "damaged"
"""Folder beside the publications: newer ones that were found damaged when an older one was made current."""

VERSION = re.compile(r"v(\d{6,})")


@dataclass(frozen=True)
class Publication:
    """One publication, opened by its numbered path: what is read from it stays the same while `current` moves on."""

    path: Path
    manifest: Manifest
    role: str | None = None
    """Where given, everything is read from that role's database alone."""

    @property
    def number(self) -> int:
        return self.manifest.number

    @property
    def database(self) -> Path:
        return self.path / "concord.duckdb" if self.role is None else self.path / "roles" / self.role / "concord.duckdb"

    def connect(self, *, memory: str | None = None, threads: int | None = None) -> duckdb.DuckDBPyConnection:
        """A connection that reads this publication's tables and nothing else on this machine.

        The database is attached read-only to a connection of its own, so any number of readers in one process do not
        meet. Tables that stand as Parquet are laid over by temporary views on the files beside the database, so that
        they are found wherever the data folder lies now; reading other files and changing settings is locked. Times
        show in UTC. As long as the connection is there, so is the publication (`connectors.pins`).
        """
        con = engine(memory, threads)
        weakref.finalize(con, _let_go, self)
        con.execute(f"attach {quoted(self.database)} as concord (read_only)")
        con.execute("use concord")
        views = [name for (name,) in con.execute("select view_name from duckdb_views() where not internal").fetchall()]
        files = [self.path / f"{view}.parquet" for view in views]
        for view, file in zip(views, files, strict=True):
            con.execute(f"create temporary view {view} as select * from read_parquet({quoted(file)})")
        con.execute(f"set allowed_paths = [{', '.join(quoted(file) for file in files)}]")
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")
        return con

    def scan(self, table: str) -> pl.LazyFrame:
        """The table as a lazy frame over its Parquet file; a role's, over rows that are read from its database now."""
        if table not in self.tables:
            whose = f" for the role {self.role}" if self.role else ""
            raise PublicationError(
                f"publication {self.number} has no table {table!r}{whose}; it has {', '.join(self.tables)}"
            )
        if self.role is not None:
            with self.connect() as con:
                return con.table(table).pl().lazy()
        return pl.scan_parquet(self.path / f"{table}.parquet")

    def table(self, table: str) -> pl.DataFrame:
        """The whole table in memory."""
        return self.scan(table).collect()

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(self.manifest.tables if self.role is None else self.manifest.roles[self.role].tables)


def _let_go(_: Publication) -> None:
    """Called when a connection is gone: until then its publication was held here, and with it the pin."""


def engine(memory: str | None, threads: int | None, spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A connection to no database, within its limits, its times in UTC; it writes nowhere but into `spill`."""
    settings = {"temp_directory": str(spill or ""), "memory_limit": memory, "threads": threads}
    con = duckdb.connect(config={name: value for name, value in settings.items() if value is not None})
    con.execute("set TimeZone = 'UTC'")
    return con


def quoted(path: Path) -> str:
    """A path as an SQL literal."""
    return "'" + str(path).replace("'", "''") + "'"


def published(data: Path) -> Path:
    return data / "published"


def version(number: int) -> str:
    return f"v{number:06d}"


def _versions(folder: Path) -> dict[int, Path]:
    """Number -> folder. A link of such a name is a publication being written, not one that is there."""
    if not folder.is_dir():
        return {}
    found = {int(match[1]): path for path in folder.iterdir() if (match := VERSION.fullmatch(path.name))}
    return {number: path for number, path in sorted(found.items()) if path.is_dir() and not path.is_symlink()}


def open_publication(
    data: Path, number: int | None = None, role: str | None = None, *, held: bool = False
) -> Publication:
    """The current publication, or the one called `number`; `held` opens what the gate held back, `role` what that role
    may see of it.

    `current` is resolved to its numbered folder first, so a switch during the reading changes nothing for the reader;
    and the folder is pinned: retention leaves it alone while the publication, or a connection to it, is held. A lazy
    frame alone pins nothing. Where the folder is removed in the moment of opening, `current` is resolved again.

    Raises:
        PublicationError: there is none, it has no such role, or its manifest is damaged.
    """
    folder = published(data) / "held" if held else published(data)
    while True:
        # Asked first: a publication that becomes current between the two looks would not be among the folders.
        current = base_number(data)
        found = _versions(folder)
        wanted = number if number is not None else (max(found, default=None) if held else current)
        if wanted is None:
            raise PublicationError(f"{folder}: there is no publication yet; `concord run` makes one")
        if wanted not in found:
            if wanted == current != base_number(data):
                continue  # replaced and removed in that moment
            there = ", ".join(map(str, found)) or "none"
            raise PublicationError(f"{folder}: there is no publication {wanted}; there are: {there}")
        try:
            return _opened(found[wanted].resolve(), role)
        except Gone:  # the next look finds another current one, or says that this number is not there
            continue


def _opened(path: Path, role: str | None) -> Publication:
    """Pinned from before the manifest is read until the publication is no longer held."""
    with pinned(path / "manifest.json") as pin:
        manifest = read_manifest(path)
        if role is not None and role not in manifest.roles:
            there = ", ".join(manifest.roles) or "none"
            raise PublicationError(f"publication {manifest.number} has no role {role!r}; roles.yaml gave it: {there}")
        publication = Publication(path, manifest, role)
        if pin is not None:
            weakref.finalize(publication, os.close, os.dup(pin))
        return publication


def publications(data: Path, *, held: bool = False) -> list[Publication]:
    """All publications that can be opened, by number; `held`: those held back. `recover` names the damaged ones."""
    return _publications(published(data) / "held" if held else published(data))[0]


def _publications(folder: Path) -> tuple[list[Publication], list[str]]:
    """Those that can be opened, and what is wrong with the others."""
    whole, problems = [], []
    for path in _versions(folder).values():
        try:
            whole.append(Publication(path.resolve(), read_manifest(path)))
        except PublicationError as error:
            problems.append(str(error))
    return whole, problems


def base_number(data: Path) -> int | None:
    """The number that `current` points to; None before the first publication."""
    try:
        match = VERSION.fullmatch(Path(os.readlink(published(data) / "current")).name)  # noqa: PTH115
    except FileNotFoundError:
        return None
    return int(match[1]) if match and (published(data) / match[0]).is_dir() else None


def next_number(data: Path) -> int:
    """One more than any number ever given; a rollback or a lost folder gives none out again."""
    ever = (*_versions(published(data)), *_versions(published(data) / DAMAGED))
    return max([0, *ever, state_number(data) or 0]) + 1


def state_number(data: Path) -> int | None:
    """The publication that `state/` was copied from; None where the state is missing or not whole.

    Raises:
        PublicationError: it was written by a newer Concord.
    """
    state = data / "state"
    if not all((state / name).exists() for name in STATE_FILES):
        return None
    try:
        content = json.loads((state / "format.json").read_bytes())
        number, form = content["publication"], content["format"]
    except (ValueError, KeyError, TypeError):
        return None
    if form > STATE_FORMAT:
        raise PublicationError(f"{state} has format {form}, this Concord knows {STATE_FORMAT}: run the newer one")
    return int(number)


@contextmanager
def publishing_lock(data: Path) -> Iterator[None]:
    """One process at a time changes `published/` and `state/`; the lock ends with the process, however that ends."""
    handle = os.open(private_folder(published(data)) / ".lock", os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def switch(data: Path, number: int) -> None:
    """Make `number` the current publication, by one rename. The caller holds the lock."""
    folder = published(data)
    beside = folder / f".current-{os.getpid()}"
    beside.unlink(missing_ok=True)
    beside.symlink_to(version(number))
    os.replace(beside, folder / "current")  # noqa: PTH105
    fsync(folder)


def adopt_state(data: Path, publication: Publication) -> None:
    """Bring `state/` to what `publication` carries. Doing it twice, or after half of it, gives the same.

    What engineers add between publications (releases) is newer than any copy and is brought back only where it is gone.
    """
    carried = {path.name: path for path in (publication.path / "state").iterdir()}
    for name in sorted(carried, key=lambda name: (name == "format.json", name)):
        target = data / "state" / name
        if name in (*STATE_FILES, *MODEL_FILES) or not target.exists():
            with written(target) as beside:
                shutil.copyfile(carried[name], beside)


def recover(data: Path) -> list[str]:
    """Undo or finish what a killed process left; says in words what was done. For the start of every run.

    A publication that stands under its number passed its checks: if the state is older, its process died between
    placing and switching, and that is finished now. Once the state has followed, `current` is left where it is, for
    then an older one is current because someone rolled back.
    """
    with publishing_lock(data):
        return _recover(data)


def _recover(data: Path) -> list[str]:
    leftovers = _leftovers(data)
    for path in leftovers:
        remove(path)
    done = [f"removed {path.name}, left by a run that was stopped" for path in leftovers]
    whole, problems = _publications(published(data))
    done += problems
    if not whole:
        return done
    newest, state, current = whole[-1], state_number(data), base_number(data)
    if current is None or (state is not None and state < newest.number and current != newest.number):
        switch(data, newest.number)
        done.append(f"made publication {newest.number} current, which a stopped run had finished but not switched to")
    if state is None or state < newest.number:
        adopt_state(data, newest)
        done.append(f"brought state/ to publication {newest.number}")
    elif state == newest.number and (names := _damaged_state(data, newest)):
        adopt_state(data, newest)
        done.append(f"brought {', '.join(names)} of state/ back from publication {newest.number}: damaged")
    return done


def _damaged_state(data: Path, newest: Publication) -> list[str]:
    """Files of the state that are not what the newest publication carries, where that carries them whole."""
    names = [name for name in STATE_FILES if name != "format.json"]
    said = {name: newest.manifest.files[f"state/{name}"].sha256 for name in names}
    other = [name for name in names if sha256_of(data / "state" / name) != said[name]]
    return other if all(sha256_of(newest.path / "state" / name) == said[name] for name in other) else []


def _leftovers(data: Path) -> list[Path]:
    """What only a process that still writes may have, and none does, for we hold the lock."""
    folders = (published(data), published(data) / "held")
    building = [path for folder in folders for path in folder.glob(".building-*")]
    links = [path for folder in folders for path in folder.glob("v*") if path.is_symlink()]
    halves = [path for name in (*STATE_FILES, *MODEL_FILES) for path in (data / "state").glob(f".{name}*")]
    removing = published(data).glob(".removing-*")
    there = _versions(published(data))
    released = [path for number, path in _versions(published(data) / "held").items() if number in there]
    return [*building, *removing, *released, *links, *published(data).glob(".current-*"), *halves]


def remove(path: Path) -> None:
    """Delete a file, a link, or a folder that may be read-only; what is not there is fine."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for folder, _, _ in os.walk(path):
        os.chmod(folder, FOLDER_MODE)  # noqa: PTH101
    shutil.rmtree(path)


def rollback(data: Path, number: int) -> Publication:
    """Make an older (or again a newer) publication current; the next one's base is then `number`. State stays.

    Newer ones that are damaged are set aside, for what is told of the past would go on from the newest.

    Raises:
        PublicationError: there is no such publication, or its files are not what its manifest says.
    """
    with publishing_lock(data):
        _recover(data)
        publication = open_publication(data, number)
        if problems := verify(data, number):
            raise PublicationError(f"publication {number} is damaged and stays out: " + "; ".join(problems))
        switch(data, number)
        for newer, path in _versions(published(data)).items():
            if newer > number and _problems_in(path):
                path.chmod(FOLDER_MODE)  # a folder that moves elsewhere is written to
                path.rename(private_folder(published(data) / DAMAGED) / path.name)
        return publication


def expect_whole(data: Path) -> None:
    """Look at every byte of what the next publication rests on: the current one, and the newest.

    Raises:
        PublicationError: one is damaged; the message says which others are whole.
    """
    there = _versions(published(data))
    rested_on = {base_number(data), max(there, default=None)} & there.keys()
    damaged = {number: problems for number in rested_on if number and (problems := _problems_in(there[number]))}
    if damaged:
        number, problems = max(damaged.items())
        whole = next((one for one in reversed(there) if one not in damaged and not _problems_in(there[one])), None)
        back = (
            f"`concord publications rollback {whole}`, which is whole, sets it aside"
            if whole
            else f"without one move {there[number]} away: ids stay as state/ has them, history begins anew"
        )
        raise PublicationError(
            f"publication {number} is damaged, and nothing is published upon it: {'; '.join(problems)}. Bring "
            f"{there[number]} back from a backup; {back}. Then run again"
        )


def verify(data: Path, number: int | None = None, *, held: bool = False) -> list[str]:
    """Compare every file of a publication with its manifest, byte by byte (SHA-256); one sentence per problem."""
    return problems_of(open_publication(data, number, held=held))


def verify_all(data: Path, number: int | None = None) -> dict[int, list[str]]:
    """`verify` per publication, or of one; a manifest that cannot be read is a problem like others.

    Raises:
        PublicationError: there is none, or none of this number.
    """
    there = _versions(published(data))
    if number not in (None, *there) or not there:
        open_publication(data, number)
    return {one: _problems_in(path) for one, path in there.items() if number in (None, one)}


def _problems_in(path: Path) -> list[str]:
    try:
        return problems_of(_opened(path.resolve(), None))
    except PublicationError as error:
        return [str(error)]


def problems_of(publication: Publication) -> list[str]:
    """`verify` for a publication in hand."""
    path, manifest = publication.path, publication.manifest
    there = {str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()} - {"manifest.json"}
    problems = [f"{name} is missing" for name in sorted(manifest.files.keys() - there)]
    problems += [f"{name} is not in the manifest" for name in sorted(there - manifest.files.keys())]
    for name in sorted(manifest.files.keys() & there):
        entry, found = manifest.files[name], file_entry(path / name)
        if (found.sha256, found.bytes) != (entry.sha256, entry.bytes):
            problems.append(
                f"{name} has changed: {found.bytes} bytes, SHA-256 {found.sha256[:12]}…; "
                f"the manifest says {entry.bytes} bytes, {entry.sha256[:12]}…"
            )
    return problems


def file_entry(path: Path, rows: int | None = None) -> FileEntry:
    return FileEntry(sha256=sha256_of(path), bytes=path.stat().st_size, rows=rows)


def table_entry(con: duckdb.DuckDBPyConnection, relation: str) -> TableEntry:
    """Rows, columns and content of a table, a view or a file."""
    columns = {name: str(kind) for name, kind, *_ in con.execute(f"describe from {relation}").fetchall()}
    listing = ", ".join(f'"{column}"' for column in columns)
    # A sum does not know the order of its terms; equal rows count as often as they stand there.
    rows, content = con.execute(f"select count(*), sum(hash({listing})::hugeint) from {relation}").fetchall()[0]
    return TableEntry(rows=rows, columns=columns, content=f"{content or 0:x}")
