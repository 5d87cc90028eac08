"""What `deploy/` starts is there: its commands are ours, its settings known, its ports on loopback, its units hardened.

Neither containers nor units are started here; that takes an engine and a machine of one's own.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.settings import Settings

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted(path for path in DEPLOY.iterdir() if path.suffix in (".service", ".timer"))
CONCORD = Path(sys.executable).parent / "concord"
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze here")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    said: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return said


def started(command: list[str], monkeypatch: pytest.MonkeyPatch, data: Path) -> list[str]:
    """What `concord …` turns itself into."""
    called: list[list[str]] = []
    monkeypatch.setattr("os.execv", lambda _, words: called.append(words))
    monkeypatch.setenv("CONCORD_DATA", str(data))
    monkeypatch.setenv("DAGSTER_HOME", "")
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    (words,) = called
    return words


@pytest.mark.parametrize("service", ["code", "webserver", "daemon"])
def test_every_service_starts_a_command_that_there_is(
    compose: dict[str, Any], service: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = started(compose["services"][service]["command"], monkeypatch, tmp_path)
    assert Path(words[0]).is_file()
    tool = words[: {"code": 3, "daemon": 2, "webserver": 4}[service]]
    told = subprocess.run([*tool, "--help"], capture_output=True, text=True, check=True).stdout
    for option in (word for word in words[len(tool) :] if word.startswith("-")):
        assert re.search(rf"{option}\b", told), f"{tool} knows no {option}"


def test_services_meet_at_the_code(compose: dict[str, Any]) -> None:
    services = compose["services"]
    port = services["code"]["command"][-1]
    for service in ("webserver", "daemon"):
        assert services[service]["command"][-2:] == ["--code", f"code:{port}"]
        assert services[service]["depends_on"] == {"code": {"condition": "service_healthy"}}


def test_only_loopback_reaches_in(compose: dict[str, Any]) -> None:
    published = {name: said.get("ports", []) for name, said in compose["services"].items()}
    assert published["webserver"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_our_services_may_do_little(compose: dict[str, Any]) -> None:
    for name in ("code", "webserver", "daemon"):
        said = compose["services"][name]
        assert said["read_only"], name
        assert said["cap_drop"] == ["ALL"], name
        assert said["security_opt"] == ["no-new-privileges:true"], name
    lines = (DEPLOY / "Containerfile").read_text(encoding="utf-8").splitlines()
    assert lines.index("USER concord") < next(n for n, line in enumerate(lines) if line.startswith("ENTRYPOINT"))


def test_every_setting_is_one_that_concord_knows() -> None:
    known = {f"CONCORD_{name.upper()}" for name in Settings.model_fields}
    for path in DEPLOY.iterdir():
        said = set(re.findall(r"\bCONCORD_[A-Z_]+\b", path.read_text(encoding="utf-8")))
        assert said <= known, f"{path.name}: {said - known}"


def test_no_secret_stands_in_a_file() -> None:
    for path in DEPLOY.iterdir():
        for value in re.findall(r"(?:PASSWORD\w*|:)[:=] *\"?(\S+)@", path.read_text(encoding="utf-8")):
            assert "${" in value, f"{path.name}: {value}"


@needs_systemd
def test_units_are_right_and_hardened(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/concord/.venv/bin/concord", str(CONCORD))
        (tmp_path / unit.name).write_text(text)
    found = [str(tmp_path / unit.name.replace("@.", "@webserver.")) for unit in UNITS]
    verify = ["systemd-analyze", "verify", "--man=no", *found]
    said = subprocess.run(verify, capture_output=True, text=True, check=False).stderr
    assert not any(unit.stem in line for line in said.splitlines() for unit in UNITS), said
    for unit in (path for path in UNITS if path.suffix == ".service"):
        exposed = subprocess.run(
            ["systemd-analyze", "security", "--offline=yes", "--threshold=25", str(tmp_path / unit.name)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert exposed.returncode == 0, [*exposed.stdout.splitlines()[-1:], exposed.stderr]


def test_a_code_location_elsewhere_is_named_by_host_and_port() -> None:
    result = CliRunner().invoke(app, ["serve", "daemon", "--code", "code"])
    assert result.exit_code == 2
    assert "expected host:port" in result.output
