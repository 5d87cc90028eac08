"""Arrivals and notices through Dagster: when a run is started, when not, and who hears how it ended."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr

from connectors.landing import land
from connectors.spec import Connector, load_connectors
from orchestration.assets.exports import exports_asset, late_sources
from orchestration.automation import arrivals_sensor
from orchestration.notices import notice_sensors
from orchestration.runner import run_job
from orchestration.settings import Settings
from orchestration.workspace import Workspace, data_folder_lock

CONTACTS = "Id,LastName,AccountId,OwnerId,Email\n003000000000001AAA,Lovelace,,,ada@example.org\n"


class House:
    """Exports, a data folder, and the sensor that looks at them again and again."""

    def __init__(self, root: Path) -> None:
        self.settings = Settings(exports=str(root / "exports"), data=root / "data", policy=root / "policy")
        self.sensor, self.cursor = arrivals_sensor(self.settings), ""
        self.instance = dg.DagsterInstance.ephemeral()

    def put(self, name: str, content: str | bytes) -> Path:
        path = Path(self.settings.exports) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def look(self) -> str | None:
        """The key of the run that one look asks for."""
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        result = self.sensor.evaluate_tick(context)
        self.cursor = result.cursor or ""
        return result.run_requests[0].run_key if result.run_requests else None

    def looks(self, count: int = 4) -> list[str]:
        return [key for key in (self.look() for _ in range(count)) if key]

    def land(self) -> None:
        salesforce = load_connectors()["salesforce"]
        land(salesforce, self.settings.storage, self.settings.data, date(2026, 1, 5))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_delivery_starts_one_run(house: House) -> None:
    assert house.looks() == []
    house.put("salesforce/Contact.csv", CONTACTS)
    assert len(house.looks()) == 1
    house.land()
    assert house.looks() == []


def test_a_file_that_is_still_growing_starts_nothing(house: House) -> None:
    for length in range(10, len(CONTACTS), 7):
        house.put("salesforce/Contact.csv", CONTACTS[:length])
        assert house.look() is None
    house.put("salesforce/Contact.csv", CONTACTS)
    assert len(house.looks()) == 1


def test_a_zip_starts_a_run_once_it_closes(house: House, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("Contact.csv", CONTACTS)
    whole = (tmp_path / "all.zip").read_bytes()
    house.put("salesforce/all.zip", whole[:-30])
    assert house.looks() == []
    house.put("salesforce/all.zip", whole)
    assert len(house.looks()) == 1


def test_content_counts_not_names_and_times(house: House) -> None:
    path = house.put("salesforce/Contact.csv", CONTACTS)
    house.land()
    path.touch()
    assert house.looks() == [], "what landed in another run is not new, nor is a file that was touched"
    house.put("salesforce/Contact.csv", CONTACTS.replace("ada@", "countess@"))
    (changed,) = house.looks()
    house.land()
    house.put("salesforce/Contact.csv", CONTACTS)
    (back,) = house.looks()
    assert changed != back, "old content that comes back is a delivery again"


def test_files_that_no_connector_names_start_nothing(house: House) -> None:
    house.put("salesforce/readme.txt", "hello")
    house.put("unheard_of/Contact.csv", CONTACTS)
    assert house.looks() == []


def test_nothing_is_started_while_a_run_is_under_way(house: House) -> None:
    house.put("salesforce/Contact.csv", CONTACTS)
    run = dg.DagsterRun(job_name="concord", status=dg.DagsterRunStatus.STARTED)
    house.instance.add_run(run)
    assert house.looks() == []
    house.instance.delete_run(run.run_id)
    assert len(house.looks()) == 1


@pytest.mark.parametrize(
    ("as_of", "said", "late"),
    [
        (date(2026, 1, 7), "", False),
        (date(2026, 1, 8), "", True),
        (date(2026, 1, 8), "salesforce: {fresh_within: 72 hours}", False),
    ],
)
def test_a_source_that_has_gone_silent_is_told(house: House, as_of: date, said: str, late: bool) -> None:
    assert bool(silent(house, as_of, said, load_connectors()["salesforce"])) is late


def test_a_system_that_says_nothing_of_its_freshness_is_told_by_the_gates_days(house: House) -> None:
    unsaid = load_connectors()["salesforce"].model_copy(update={"fresh_within": None})
    assert silent(house, date(2026, 1, 12), "", unsaid) == []
    assert len(silent(house, date(2026, 1, 13), "", unsaid)) == 1


def silent(house: House, as_of: date, said: str, connector: Connector) -> list[dict[str, Any]]:
    house.put("salesforce/2026-01-05/Contact.csv", CONTACTS)
    house.land()
    house.settings.policy.mkdir(exist_ok=True)
    (house.settings.policy / "sources.yaml").write_text(said)
    workspace = Workspace(house.settings, as_of, datetime(2026, 1, 8, tzinfo=UTC), "run")
    found = late_sources(workspace, connector)
    assert all((row["source"], row["newest_delivery"]) == ("salesforce", "2026-01-05") for row in found)
    return found


def test_a_system_that_says_how_fresh_it_is_bears_a_freshness_policy() -> None:
    salesforce = load_connectors()["salesforce"]
    (spec,) = exports_asset(salesforce).specs
    assert spec.freshness_policy == dg.FreshnessPolicy.time_window(salesforce.fresh_within)
    (unsaid,) = exports_asset(salesforce.model_copy(update={"fresh_within": None})).specs
    assert unsaid.freshness_policy is None


def test_a_place_that_cannot_be_reached_is_a_reason_not_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.connection.WAITS", ())
    settings = Settings(exports="sftp://user:s3cr3t@127.0.0.1:9/exports", data=tmp_path / "data")
    with dg.DagsterInstance.ephemeral() as instance:
        result = arrivals_sensor(settings).evaluate_tick(dg.build_sensor_context(instance=instance))
    assert "check address and network" in (result.skip_message or "")
    assert "s3cr3t" not in (result.skip_message or "")


@pytest.fixture
def heard() -> Iterator[tuple[str, list[dict[str, str]]]]:
    said: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", said
    server.shutdown()
    server.server_close()


def test_a_failed_run_is_told_once_by_the_command_and_the_sensor_together(
    tmp_path: Path, heard: tuple[str, list[dict[str, str]]]
) -> None:
    address, said = heard
    (tmp_path / "exports/salesforce").mkdir(parents=True)
    settings = Settings(
        exports=str(tmp_path / "exports"), data=tmp_path / "data", policy=tmp_path, notify=SecretStr(address)
    )
    with data_folder_lock(settings.data):
        failed = [run_job(settings, date(2026, 1, 5), lambda _: None) for _ in range(3)]
    (told,) = said
    assert told["subject"] == "Concord: a run failed"
    assert "is in use by another run" in told["causes"][0]
    on_failure, _ = notice_sensors(settings)
    with dg.DagsterInstance.get() as instance:
        run = instance.get_run_by_id(failed[0].run_id)
        events = [entry.dagster_event for entry in instance.all_logs(failed[0].run_id)]
        (event,) = [event for event in events if event is not None and event.is_run_failure]
        assert run is not None
        context = dg.build_run_status_sensor_context(
            sensor_name="notices_of_failures",
            dagster_event=event,
            dagster_instance=instance,
            dagster_run=run,
        ).for_run_failure()
        on_failure(context)
    assert len(said) == 1
