"""Publications as they lie on disk: what stands where, and how one is opened and read.

    <data>/published/v000012/            one publication: concord.duckdb, <table>.parquet, state/, manifest.json
    <data>/published/v000012/roles/      <role>/concord.duckdb: what that role may see, and nothing else
    <data>/published/current             symbolic link to the one that readers get, switched by one rename
    <data>/published/held/v000013/       what the gate held back, for the engineer; its number is not consumed
    <data>/published/damaged/v000012/    what a rollback left behind because its bytes are not its manifest's
    <data>/state/                        a copy of the newest publication's state/, and what engineers add to it

Writing a publication does not belong here (`connectors.publishing`), nor does making one current
(`connectors.switching`), checking its bytes (`connectors.verification`), comparing two (`connectors.difference`), what
one says of itself (`connectors.manifest`), or which old ones go (`connectors.retention`).
"""

from __future__ import annotations

import json
import os
import re
import weakref
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from connectors.manifest import Manifest, PublicationError, read_manifest
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

    def __post_init__(self) -> None:
        if self.role is not None and self.role not in self.manifest.roles:
            there = ", ".join(self.manifest.roles) or "none"
            raise PublicationError(f"publication {self.number} has no role {self.role!r}; roles.yaml gave it: {there}")

    @property
    def number(self) -> int:
        return self.manifest.number

    @property
    def database(self) -> Path:
        return self.file("concord.duckdb" if self.role is None else f"roles/{self.role}/concord.duckdb")

    def file(self, name: str) -> Path:
        """Where one of its files can be read, by its path within the publication."""
        return self.path / name

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
        files = [self.file(f"{view}.parquet") for view in views]
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
        return pl.scan_parquet(self.file(f"{table}.parquet"))

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


def versions(folder: Path) -> dict[int, Path]:
    """Number -> folder. A link of such a name is a publication being written, not one that is there."""
    if not folder.is_dir():
        return {}
    found = {int(match[1]): path for path in folder.iterdir() if (match := VERSION.fullmatch(path.name))}
    return {number: path for number, path in sorted(found.items()) if path.is_dir() and not path.is_symlink()}


def open_publication(
    data: Path | str, number: int | None = None, role: str | None = None, *, held: bool = False
) -> Publication:
    """The current publication, or the one called `number`; `held` opens what the gate held back, `role` what that role
    may see of it. `data` is the data folder, or the `s3://bucket/prefix` that publications are copied to.

    `current` is resolved to its numbered folder first, so a switch during the reading changes nothing for the reader;
    and the folder is pinned: retention leaves it alone while the publication, or a connection to it, is held. A lazy
    frame alone pins nothing. Where the folder is removed in the moment of opening, `current` is resolved again.

    Raises:
        PublicationError: there is none, it has no such role, or its manifest is damaged.
    """
    if isinstance(data, str) and data.startswith("s3://"):
        from connectors.bucket import open_in_bucket  # noqa: PLC0415 - s3fs loads slowly, few need it

        return open_in_bucket(data, number, role)
    data = Path(data)
    folder = published(data) / "held" if held else published(data)
    while True:
        # Asked first: a publication that becomes current between the two looks would not be among the folders.
        current = base_number(data)
        found = versions(folder)
        wanted = number if number is not None else (max(found, default=None) if held else current)
        if wanted is None:
            raise PublicationError(f"{folder}: there is no publication yet; `concord run` makes one")
        if wanted not in found:
            if wanted == current != base_number(data):
                continue  # replaced and removed in that moment
            there = ", ".join(map(str, found)) or "none"
            raise PublicationError(f"{folder}: there is no publication {wanted}; there are: {there}")
        try:
            return opened(found[wanted].resolve(), role)
        except Gone:  # the next look finds another current one, or says that this number is not there
            continue


def opened(path: Path, role: str | None) -> Publication:
    """Pinned from before the manifest is read until the publication is no longer held."""
    with pinned(path / "manifest.json") as pin:
        publication = Publication(path, read_manifest(path), role)
        if pin is not None:
            weakref.finalize(publication, os.close, os.dup(pin))
        return publication


def publications(data: Path, *, held: bool = False) -> list[Publication]:
    """All publications that can be opened, by number; `held`: those held back. `recover` names the damaged ones."""
    return examined(published(data) / "held" if held else published(data))[0]


def examined(folder: Path) -> tuple[list[Publication], list[str]]:
    """Those that can be opened, and what is wrong with the others."""
    whole, problems = [], []
    for path in versions(folder).values():
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
    ever = (*versions(published(data)), *versions(published(data) / DAMAGED))
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
