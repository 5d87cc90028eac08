"""Settings: from the environment, from `.env`, from arguments; the later wins."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from orchestration.settings import Settings


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("EXPORTS", "DATA", "MEMORY", "CURRENCY", "CONNECTORS"):
        monkeypatch.delenv(f"CONCORD_{name}", raising=False)


def test_defaults_lie_beside_us(tmp_path: Path) -> None:
    settings = Settings()
    assert settings.exports == "./exports"
    assert settings.data == tmp_path / "data"
    assert settings.policy == tmp_path / "policy"
    assert settings.currency == "EUR"


def test_arguments_win_over_the_environment_and_that_over_env_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("CONCORD_CURRENCY=CHF\nCONCORD_DATA=from-file\n")
    monkeypatch.setenv("CONCORD_DATA", "from-environment")
    assert Settings().currency == "CHF"
    assert Settings().data.name == "from-environment"
    assert Settings(data=Path("from-argument")).data.name == "from-argument"


@pytest.mark.parametrize(("said", "meant"), [("4GB", "4000MB"), ("512MiB", "536MB"), ("1.5 gb", "1500MB")])
def test_memory_is_a_size(said: str, meant: str) -> None:
    assert Settings(memory=said).memory == meant


@pytest.mark.parametrize(("said", "meant"), [("8GB", "7400MB"), ("2GB", "1400MB"), ("0.8GB", "400MB")])
def test_duckdb_leaves_some_of_it_to_the_others(said: str, meant: str) -> None:
    assert Settings(memory=said).engine_memory == meant


def test_a_memory_that_is_no_size_is_refused() -> None:
    with pytest.raises(ValidationError, match="expected a size such as 4GB"):
        Settings(memory="plenty")


def test_connector_folders_are_separated_like_a_path(tmp_path: Path) -> None:
    assert Settings(connectors=f"{tmp_path / 'a'}:{tmp_path / 'b'}").connector_folders == (
        tmp_path / "a",
        tmp_path / "b",
    )


def test_no_secret_is_shown_with_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "CONCORD_SFTP_PASSWORD": "s3cr3t",
        "CONCORD_SMTP_PASSWORD": "s3cr3t",
        "CONCORD_NOTIFY": "https://hooks.example.org/s3cr3t",
    }.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert "s3cr3t" not in f"{settings!r}{settings.channels!r}{settings.model_dump_json()}"
    monkeypatch.setenv("CONCORD_NOTIFY", "ftp://s3cr3t")
    with pytest.raises(ValidationError, match="CONCORD_NOTIFY") as told:
        Settings()
    assert "s3cr3t" not in str(told.value)


def test_publications_are_copied_to_buckets_and_to_nothing_else() -> None:
    assert not Settings().copied
    assert Settings(publish_to="s3://bucket/tables/").publish_to == "s3://bucket/tables"
    assert Settings(delta=Path("delta")).delta == Path("delta").resolve()
    with pytest.raises(ValidationError, match="expected s3://bucket/prefix"):
        Settings(publish_to="gs://bucket/tables")


@pytest.mark.parametrize(
    ("said", "in_file", "expected"),
    [
        ({"CONCORD_THREADS": "3"}, "", 3),
        ({}, "CONCORD_THREADS=3", 3),
        ({"CONCORD_THREADS": "3", "POLARS_MAX_THREADS": "5"}, "", 5),
        ({"CONCORD_THREADS": "no number", "POLARS_MAX_THREADS": "5"}, "", 5),
    ],
)
def test_polars_has_as_many_threads_as_a_run_may_use(
    tmp_path: Path, said: dict[str, str], in_file: str, expected: int
) -> None:
    (tmp_path / ".env").write_text(in_file)
    others = {name: value for name, value in os.environ.items() if not name.endswith("_THREADS")}
    shown = "import orchestration.settings, polars; print(polars.thread_pool_size())"
    ended = subprocess.run(
        [sys.executable, "-c", shown], env=others | said, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert int(ended.stdout) == expected
