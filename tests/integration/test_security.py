"""What others on the machine and in the network may see of us: nothing that we do not give them."""

from __future__ import annotations

import re
import stat
from datetime import date
from pathlib import Path

import pytest

from orchestration.cli import runs
from orchestration.runner import run_job
from orchestration.settings import Settings
from tests.integration.conftest import FIXTURES, Place

ROOT = Path(__file__).parent.parent.parent


def test_the_data_folder_is_for_its_owner_alone(place: Place) -> None:
    for file in (FIXTURES / "salesforce/good").iterdir():
        place.put(f"salesforce/{file.name}", file.read_bytes())
    place.put("salesforce/Broken.csv", b"\x00")
    summary = place.run()
    assert summary["publication"]["outcome"] == "published"
    found = [place.data, *place.data.rglob("*")]
    open_to_others = {
        str(path.relative_to(place.data)): oct(path.stat().st_mode & 0o777)
        for path in found
        if not path.is_symlink() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    }
    assert open_to_others == {}
    assert len(found) > 100


def test_a_run_over_a_place_with_a_password_leaves_it_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("connectors.connection.WAITS", ())
    monkeypatch.setenv("CONCORD_EXPORTS", "sftp://user:s3cr3t-in-url@127.0.0.1:9/exports")
    monkeypatch.setenv("CONCORD_SMTP_PASSWORD", "s3cr3t-for-mail")
    outcome = run_job(Settings(data=tmp_path / "away"), date(2026, 1, 5), lambda _: None)
    assert any("check address and network" in error for error in outcome.errors)
    assert "s3cr3t" not in str(outcome)
    written = [path for path in (tmp_path / "away").rglob("*") if path.is_file() and b"s3cr3t" in path.read_bytes()]
    assert written == []


def test_the_ui_listens_on_loopback_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr("os.execv", lambda _, arguments: called.append(arguments))
    monkeypatch.setenv("CONCORD_DATA", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    runs.ui(tmp_path)
    (arguments,) = called
    assert arguments[arguments.index("-h") + 1] == "127.0.0.1"


def test_every_requirement_is_pinned_and_hashed() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in lock.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    pinned = re.compile(r"[a-z0-9._-]+(\[[a-z0-9,_ -]+\])?==\S+ .*--hash=sha256:")
    loose = [line.split()[0] for line in lines if not pinned.match(line)]
    assert loose == []
    assert len(lines) > 100
    assert "--require-hashes -r requirements.lock" in (ROOT / "Makefile").read_text(encoding="utf-8")
