"""A publication that the gate held back, let out by an engineer who stands for it: as it was built, and on record.

The record stands in the manifest and in the table `publication` (in `checks`). What the gate looks at does not belong
here (`transforms.gate`).
"""

from __future__ import annotations

import json
import os
import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from connectors.files import remove
from connectors.manifest import FileEntry, PublicationError, Release, TableEntry, write_manifest
from connectors.publication import (
    Publication,
    base_number,
    engine,
    next_number,
    open_publication,
    published,
    quoted,
    version,
)
from connectors.publishing import copy, lay_view, place, seal, take
from connectors.switching import adopt_state, publishing_lock, switch
from connectors.verification import file_entry, problems_of, table_entry

TABLE = "publication"
CHANGED = ("concord.duckdb", f"{TABLE}.parquet")
"""Files of a held publication that tell of it, and so change when it is released; all others are taken as they are."""


def release_publication(data: Path, number: int, *, who: str, why: str, when: datetime) -> Publication:
    """Make the held publication `number` current, as if the gate had let it pass; its failed checks stay on record.

    Killed anywhere, it is held as before, or `connectors.switching.recover` finishes it.

    Raises:
        PublicationError: nobody stands for it, it is not there or damaged, or another was published, or a rollback
            made, since it was built.
    """
    if not who.strip() or not why.strip():
        raise PublicationError("a release needs --who and --why: it stands on record")
    with publishing_lock(data):
        held = open_publication(data, number, held=True)
        if (number, held.manifest.base) != (next_number(data), base_number(data)):
            raise PublicationError(
                f"publication {number} was built on {held.manifest.base} and would now stand as {next_number(data)} on "
                f"{base_number(data)}: something was published or rolled back since; run again"
            )
        if problems := problems_of(held):
            raise PublicationError(f"publication {number} is damaged and stays held: " + "; ".join(problems))
        release = Release(who=who, why=why, when=when)
        building, target = published(data) / f".building-{number}-{os.getpid()}", published(data) / version(number)
        remove(building)
        try:
            shutil.copytree(held.path, building, copy_function=_take)
            for folder in (building, *(path for path in building.rglob("*") if path.is_dir())):
                folder.chmod(0o700)
            entry = _put_on_record(building, target, release)
            manifest = held.manifest.model_copy(
                update={
                    "held": False,
                    "released": release,
                    "tables": dict(held.manifest.tables) | {TABLE: entry},
                    "files": dict(held.manifest.files) | {name: _entry(building / name) for name in CHANGED},
                }
            )
            remove(building / "manifest.json")
            write_manifest(building, manifest)
            seal(building)
            publication = place(building, target, manifest)
        finally:
            remove(building)
        switch(data, number)
        adopt_state(data, publication)
        remove(held.path)
        return publication


def _take(source: str, target: str) -> None:
    """A second name for what stays as it is; a copy of what changes."""
    if Path(source).name in CHANGED:
        shutil.copyfile(source, target)
    else:
        take(Path(source), Path(target))


def _entry(path: Path) -> FileEntry:
    return file_entry(path, pq.read_metadata(path).num_rows if path.suffix == ".parquet" else None)


def _put_on_record(building: Path, target: Path, release: Release) -> TableEntry:
    """The release as one more check in the row of the publication, and views that look for their files in `target`."""
    told = {
        "name": "released",
        "passed": True,
        "severity": "error",
        "message": f"released by {release.who}: {release.why}",
    }
    con = engine(None, None)
    try:
        con.execute(f"attach {quoted(building / 'concord.duckdb')} as concord")
        number = "(select max(number) from concord.publication)"
        [(checks,)] = con.execute(f"select checks from concord.publication where number = {number}").fetchall()
        text = json.dumps([*json.loads(checks), told], ensure_ascii=False, sort_keys=True)
        con.execute(f"update concord.publication set checks = ? where number = {number}", [text])
        remove(building / f"{TABLE}.parquet")
        copy(con, f"concord.{TABLE}", building / f"{TABLE}.parquet")
        _relay_views(con, building, target)
        entry = table_entry(con, f"concord.{TABLE}")
        con.execute("detach concord")
        return entry
    finally:
        con.close()


def _relay_views(con: duckdb.DuckDBPyConnection, building: Path, target: Path) -> None:
    views = con.execute(
        "select view_name from duckdb_views() where database_name = 'concord' and not internal"
    ).fetchall()
    # As when it was built: for that moment the final name leads to this folder.
    target.symlink_to(building.name)
    try:
        for (view,) in views:
            lay_view(con, view, target)
    finally:
        remove(target)
