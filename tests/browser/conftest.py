"""A browser, and Dagster's UI over exports of which some rows cannot be accepted."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright

from connectors.sample import write_sample
from tests.acme import acme

CHROMIUM = shutil.which("chromium")
PATIENCE, A_RUN = 120_000, 600_000
"""Milliseconds for a page and for a run, which take seconds: the tests may share their machine."""
NAMED, UNNAMED = 5, 12


@dataclass(frozen=True)
class Morning:
    """What an engineer has before them: the UI in a browser, a data folder, and the connector that is to blame."""

    page: Page
    url: str
    data: Path
    connector: Path
    environment: dict[str, str]

    def go(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def write_connector(self, names: str) -> None:
        self.connector.write_text(acme(names))

    def concord(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "orchestration.cli", *arguments, "--data", str(self.data)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def morning(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    place = tmp_path_factory.mktemp("morning")
    write_sample(place, 200, 1)
    accounts = [f"{number},Acme {number},,Rome" for number in range(NAMED)]
    accounts += [f"{number},,Beta {number},Oslo" for number in range(NAMED, NAMED + UNNAMED)]
    (place / "exports" / "acme").mkdir()
    (place / "exports" / "acme" / "accounts.csv").write_text("\n".join(["Id,Name,Old Name,City", *accounts, ""]))
    (place / "connectors").mkdir()
    environment = os.environ | {
        "CONCORD_DATA": str(place / "data"),
        "CONCORD_EXPORTS": str(place / "exports"),
        "CONCORD_CONNECTORS": str(place / "connectors"),
        "CONCORD_POLICY": str(place / "policy"),
        "CONCORD_MEMORY": "2GB",
    }
    port = _free_port()
    expect.set_options(timeout=PATIENCE)
    page = browser.new_context(viewport={"width": 1500, "height": 1000}).new_page()
    page.set_default_timeout(PATIENCE)
    found = Morning(page, f"http://127.0.0.1:{port}", place / "data", place / "connectors" / "acme.yaml", environment)
    found.write_connector("Name")
    command = [sys.executable, "-m", "orchestration.cli", "ui", "--port", str(port)]
    with (place / "ui.log").open("w") as log, subprocess.Popen(command, env=environment, stdout=log, stderr=log) as ui:
        try:
            _wait_until_it_answers(found.url, ui)
            yield found
        finally:
            ui.terminate()
            ui.wait()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_until_it_answers(url: str, ui: subprocess.Popen[bytes]) -> None:
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(max_retries=_every_second()))
    session.get(f"{url}/server_info", timeout=PATIENCE / 1000)
    assert ui.poll() is None


def _every_second() -> requests.adapters.Retry:
    return requests.adapters.Retry(total=None, connect=200, backoff_factor=1, backoff_max=1)
