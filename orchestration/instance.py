"""Dagster's records of runs: where they lie (SQLite under the data folder, or PostgreSQL), and whether they are sound.

What a run does does not belong here (`orchestration.runner`), nor what is kept of customers: none of it is in them.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import yaml
from sqlalchemy.exc import DBAPIError

from connectors.files import locked, private_folder, written
from orchestration.event_log import EventLog
from orchestration.remedies import with_remedy
from orchestration.settings import PROJECT, Settings

FOR_DAGSTER = "DAGSTER_POSTGRES_URL"
IN_POSTGRES = {"storage": {"postgres": {"postgres_url": {"env": FOR_DAGSTER}}}}
"""Section of dagster.yaml. It names the variable: the URL, with its password, is in no file."""
DRIVER = ("postgresql://", "postgresql+psycopg2://")
"""SQLAlchemy 2.1 takes another driver where none is named; dagster-postgres is written for this one."""
RECORDS = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
"""Databases that every run and the UI need; one of a single past run is needed by whoever looks at that run only."""
DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
CONNECT_SECONDS = 10
LITTLE = 2**20
"""Bytes free on a disk that is as good as full."""


class InstanceError(RuntimeError):
    """Dagster's records cannot be reached; the message says where they are and what to do."""


def prepare_instance(settings: Settings) -> tuple[str, ...]:
    """Make `<data>/dagster` the Dagster instance of this process and its children, configured by our dagster.yaml.

    From here on, what they write is for their owner only. Returns in words what had to be put right.

    Raises:
        InstanceError: PostgreSQL is asked for and does not answer.
    """
    os.umask(0o077)
    home = private_folder(settings.dagster_home)
    said = (PROJECT / "dagster.yaml").read_text(encoding="utf-8")
    mended: tuple[str, ...] = ()
    if settings.postgres_url is not None:
        url = settings.postgres_url.get_secret_value()
        _reach_postgres(url)
        os.environ[FOR_DAGSTER] = url.replace(*DRIVER, 1)
        said += "\n" + yaml.safe_dump(IN_POSTGRES)
    else:
        mended = tuple(_set_damaged_aside(home))
        said += "\n" + yaml.safe_dump({"event_log_storage": _event_log(home)})
    with written(home / "dagster.yaml") as beside:
        beside.write_text(said, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    return mended


def _event_log(home: Path) -> dict[str, object]:
    """Section of dagster.yaml: Dagster's SQLite, in its own place, by our class."""
    config = {"base_dir": str((home / RECORDS[1]).parent)}
    return {"module": EventLog.__module__, "class": EventLog.__name__, "config": config}


@contextmanager
def recorded(settings: Settings) -> Iterator[None]:
    """For as long as a run is recorded.

    Raises:
        InstanceError: what keeps the records takes no more of them.
    """
    try:
        yield
    except (DBAPIError, OSError) as error:
        where = settings.dagster_home if settings.postgres_url is None else "PostgreSQL (CONCORD_POSTGRES_URL)"
        said = " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
        if shutil.disk_usage(settings.dagster_home).free < LITTLE:  # of which SQLite may say "disk I/O error", no more
            said += " (No space left on device)"
        raise InstanceError(with_remedy(f"the run cannot be recorded in {where}: {said}")) from error


def _reach_postgres(url: str) -> None:
    """Asked once in plain words, before Dagster asks again and again and ends in a traceback."""
    import psycopg2  # noqa: PLC0415 - most instances are SQLite

    try:
        psycopg2.connect(url, connect_timeout=CONNECT_SECONDS).close()
    except psycopg2.Error as error:
        raise InstanceError(
            f"PostgreSQL, where CONCORD_POSTGRES_URL says that Dagster keeps its records, does not let us in: "
            f"{' '.join(str(error).split())}; start it, or correct the variable, then run again"
        ) from None


def _set_damaged_aside(home: Path) -> Iterator[str]:
    """Dagster makes a missing database anew, and fails with a damaged one for good."""
    with locked(home / ".lock"):
        for name in RECORDS:
            if problem := _problem(home / name):
                kept = _set_aside(home, home / name)
                yield (
                    f"{home / name} is damaged ({problem}): set aside as {kept}, and begun anew. The UI shows none "
                    "of the runs that it told of; no published table rests on it. Restart the UI if it is open"
                )


def _problem(database: Path) -> str | None:
    """What SQLite finds wrong with a file; a database that is merely busy is sound."""
    if not database.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True)) as connection:
            (said,) = connection.execute("pragma quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error) if error.sqlite_errorcode in DAMAGE else None
    return None if said == "ok" else str(said).splitlines()[-1]


def _set_aside(home: Path, database: Path) -> Path:
    aside = private_folder(home / "damaged")
    number = sum(1 for _ in aside.glob(f"{database.name}.*")) + 1
    for ending in ("-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
    return database.rename(aside / f"{database.name}.{number}")
