"""Dagster's records: damaged ones are set aside and begun anew, and PostgreSQL keeps them where one is named."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from pydantic import SecretStr, ValidationError

from orchestration.assets.exports import key
from orchestration.automation import JOB
from orchestration.definitions import build_definitions
from orchestration.instance import RECORDS, InstanceError, prepare_instance
from orchestration.settings import Settings
from tests.integration.conftest import FIXTURES

PASSWORD = "s3cr3t@/of:the#base"  # noqa: S105 - of a database that lives as long as its test
IN_URL = "s3cr3t%40%2Fof%3Athe%23base"
TOOLS = next((path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
needs_postgres = pytest.mark.skipif(TOOLS is None, reason="PostgreSQL is not installed (apt-get install postgresql)")


@pytest.fixture(autouse=True)
def _environment_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DAGSTER_HOME", "DAGSTER_POSTGRES_URL", "CONCORD_POSTGRES_URL"):
        monkeypatch.setenv(name, "")  # so that what the code sets is taken back after the test


def runs_known(settings: Settings) -> int:
    prepare_instance(settings)
    with dg.DagsterInstance.get() as instance:
        instance.get_run_records()
        return instance.get_runs_count()


def make_run_known(settings: Settings) -> None:
    prepare_instance(settings)

    @dg.asset
    def something() -> None: ...

    with dg.DagsterInstance.get() as instance:
        assert dg.materialize([something], instance=instance).success


def damage_by_other_bytes(database: Path) -> None:
    database.write_bytes(b"this was a database" * 100)


def damage_by_a_cut(database: Path) -> None:
    os.truncate(database, database.stat().st_size // 3)


@pytest.mark.parametrize("damage", [damage_by_other_bytes, damage_by_a_cut])
def test_damaged_records_of_runs_are_set_aside_and_begun_anew(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    settings, home = Settings(data=tmp_path), tmp_path / "dagster"
    make_run_known(settings)
    for name in RECORDS:
        damage(home / name)
    told = prepare_instance(settings)
    assert len(told) == len(RECORDS)
    for name, sentence in zip(RECORDS, told, strict=True):
        assert sentence.startswith(f"{home / name} is damaged")
    make_run_known(settings)
    assert prepare_instance(settings) == ()
    assert len(list((home / "damaged").iterdir())) == len(RECORDS)


def test_records_that_another_process_is_writing_are_sound(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    make_run_known(settings)
    with sqlite3.connect(tmp_path / "dagster" / RECORDS[0]) as writer:
        writer.execute("begin exclusive")
        assert prepare_instance(settings) == ()
    assert runs_known(settings) == 1


@dataclass(frozen=True)
class Server:
    """A PostgreSQL cluster of our own on loopback."""

    folder: Path
    port: int
    user: str | None

    @property
    def url(self) -> str:
        return f"postgresql://concord:{IN_URL}@127.0.0.1:{self.port}/postgres"

    def call(self, tool: str, *arguments: object) -> None:
        assert TOOLS is not None
        command = [TOOLS / tool, *map(str, arguments)]
        subprocess.run(command, check=True, user=self.user, cwd=self.folder, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self.call("pg_ctl", "-D", self.folder / "cluster", "-l", self.folder / "log", "-w", "-o", options, "start")

    def stop(self) -> None:
        self.call("pg_ctl", "-D", self.folder / "cluster", "-w", "-m", "fast", "stop")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Not below pytest's folder: PostgreSQL refuses to run as root, and its own user may not look in there.
    folder = Path(tempfile.mkdtemp(prefix="concord-postgres-"))
    made = Server(folder, port, "postgres" if os.getuid() == 0 else None)
    (folder / "password").write_text(PASSWORD)
    if made.user:
        for path in (folder, folder / "password"):
            shutil.chown(path, made.user)
    secret = ("-A", "scram-sha-256", f"--pwfile={folder / 'password'}")
    made.call("initdb", "-D", folder / "cluster", "-U", "concord", *secret, "--no-sync")
    made.start()
    yield made
    made.stop()
    shutil.rmtree(folder)


@needs_postgres
def test_runs_are_recorded_in_postgres_and_its_password_in_no_file(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONCORD_POSTGRES_URL", server.url)
    shutil.copytree(FIXTURES / "zendesk" / "good", tmp_path / "exports" / "zendesk")
    settings, landed = Settings(exports=str(tmp_path / "exports"), data=tmp_path / "data"), key("zendesk")
    prepare_instance(settings)
    with dg.DagsterInstance.get() as instance:
        job = build_definitions(settings).resolve_job_def(JOB)
        result = job.execute_in_process(instance=instance, asset_selection=[landed])
        assert result.success
        assert result.run_id in {run.run_id for run in instance.get_runs()}
        assert instance.get_latest_materialization_event(landed) is not None
    assert [name for name in RECORDS if (settings.dagster_home / name).exists()] == []
    files = [path for path in settings.data.rglob("*") if path.is_file()]
    assert settings.dagster_home / "dagster.yaml" in files
    assert [path for path in files if any(word in path.read_bytes() for word in (b"s3cr3t", b"of:the"))] == []


@needs_postgres
def test_a_postgres_that_is_away_is_told_in_words_and_met_again_when_it_is_back(server: Server, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, postgres_url=SecretStr(server.url))
    before = runs_known(settings)
    server.stop()
    try:
        with pytest.raises(InstanceError, match=rf"{server.port} failed.*start it, or correct") as told:
            prepare_instance(settings)
    finally:
        server.start()
    assert "s3cr3t" not in str(told.value)
    assert runs_known(settings) == before


@pytest.mark.parametrize(
    "url", ["mysql://u:s3cr3t@h/d", "postgresql://u:s3cr3t@x@h/d", "postgresql://u:s3/cr3t@h/d", "s3cr3t"]
)
def test_a_postgres_url_that_cannot_be_meant_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ValidationError, match="postgresql://user:password@host:5432/database") as told:
        Settings(postgres_url=SecretStr(url))
    assert "s3" not in str(told.value)


def test_a_postgres_url_that_is_empty_is_none() -> None:
    assert Settings(postgres_url=SecretStr("")).postgres_url is None
