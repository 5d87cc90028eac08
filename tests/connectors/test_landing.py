"""Landing: states of files become deliveries, content is stored once, and everything can be repeated."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import polars as pl
import pytest

from connectors.landing import LandingReport, deliveries, delivery_frame, land, unknown_sources
from connectors.ledger import Delivery, landed_path, rejected_path
from connectors.readers.sink import REJECTED, read_metadata
from connectors.spec import Connector
from connectors.storage import Storage

MONDAY = dt.date(2026, 1, 5)
DAY = dt.timedelta(days=1)


def connector(**account: object) -> Connector:
    """A system with accounts (complete), contacts (two shapes) and tickets (JSON pages)."""
    organisation = [{"kind": "organisation", "fields": {"name": "Name"}}]
    person = [{"kind": "person", "fields": {"family_name": "Name", "email": "Email"}}]
    return Connector.model_validate(
        {
            "name": "crm",
            "kind": "crm",
            "owner": "sales",
            "rank": 10,
            "objects": {
                "Account": {
                    "exports": [{"file": ["Account", "Account_[0-9]"], "require": ["Name"]}],
                    "key": "Id",
                    "records": organisation,
                    **account,
                },
                "Contact": {
                    "exports": [
                        {"file": "Contact", "require": ["Email"]},
                        {"file": "Contact", "require": ["Email"], "columns": {"Id": "Record ID", "Email": "E-Mail"}},
                    ],
                    "key": "Id",
                    "records": person,
                },
                "Ticket": {
                    "exports": [
                        {
                            "file": "tickets*",
                            "format": "json",
                            "root": "rows",
                            "require": ["Id"],
                            "envelope": {"total": "total", "page": "page", "pages": "pages", "end": "end"},
                        }
                    ],
                    "key": "Id",
                    "records": person,
                },
            },
        }
    )


class House:
    """An exports folder and a data folder."""

    def __init__(self, root: Path) -> None:
        self.exports, self.data = root / "exports", root / "data"
        self.connector = connector()

    def put(self, name: str, text: str | bytes, source: str = "crm") -> Path:
        path = self.exports / source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def put_zip(self, name: str, **files: str) -> Path:
        path = self.exports / "crm" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            for member, text in files.items():
                archive.writestr(f"{member}.csv", text)
        return path

    def land(self, day: dt.date = MONDAY) -> LandingReport:
        return land(self.connector, Storage(self.exports), self.data, day)

    def ledger(self, object_: str = "Account") -> list[Delivery]:
        return [one for one in deliveries(self.data) if one.object == object_]

    def landed(self, delivery: Delivery) -> list[tuple[object, ...]]:
        frames = [
            pl.read_parquet(landed_path(self.data, delivery.source, delivery.object, part.hash))
            for part in delivery.parts
        ]
        return pl.concat(frames, how="diagonal").rows()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def accounts(*names: str) -> str:
    return "Id,Name,Secret\n" + "".join(f"{i},{name},s\n" for i, name in enumerate(names, 1))


def test_an_export_becomes_a_delivery(house: House) -> None:
    house.put("account.csv", accounts("Acme", "Bolt"))
    report = house.land()
    (delivery,) = house.ledger()
    assert (delivery.source, delivery.object, delivery.order, delivery.delivery) == ("crm", "Account", 1, "d00000001")
    assert delivery.effective == dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    assert (delivery.dated, delivery.group, delivery.adds_up, delivery.delivered) == (False, "", True, "complete")
    (part,) = delivery.parts
    assert (part.export, part.rows, part.landed, part.rejected, part.unnamed) == ("account.csv", 2, 2, 0, ("Secret",))
    assert house.landed(delivery) == [(1, "1", "Acme"), (2, "2", "Bolt")]
    (line,) = report.objects
    assert (line.exports, line.read, line.rows, line.landed, line.unnamed) == (1, 1, 2, 2, ("Secret",))
    note = read_metadata(landed_path(house.data, "crm", "Account", part.hash))
    assert note is not None
    assert (note["object"], note["rows"], note["rejected"], note["unnamed"]) == ("Account", 2, 0, ["Secret"])


def test_the_same_state_again_is_nothing_new(house: House) -> None:
    house.put("Account.csv", accounts("Acme"))
    house.land()
    before = {path: path.stat().st_mtime_ns for path in house.data.rglob("*")}
    report = house.land(MONDAY + DAY)
    assert {path: path.stat().st_mtime_ns for path in house.data.rglob("*")} == before
    assert (report.objects[0].read, report.objects[0].deliveries) == (0, ())


def test_content_that_returns_is_a_new_delivery_and_is_stored_once(house: House) -> None:
    for day, name in enumerate(("A", "B", "A")):
        house.put("Account.csv", accounts(name))
        report = house.land(MONDAY + day * DAY)
    first, second, third = house.ledger()
    assert first.parts == third.parts != second.parts
    assert [one.effective.day for one in (first, second, third)] == [5, 6, 7]
    assert report.objects[0].read == 0, "content A was read a second time"
    assert len(list((house.data / "landed/crm/Account").glob("*.parquet"))) == 2


def test_a_second_file_makes_a_delivery_of_both(house: House) -> None:
    house.put("Account_1.csv", accounts("Acme"))
    house.land()
    house.put("Account_2.csv", accounts("Bolt"))
    house.land(MONDAY + DAY)
    assert [[part.export for part in one.parts] for one in house.ledger()] == [
        ["Account_1.csv"],
        ["Account_1.csv", "Account_2.csv"],
    ]


def test_a_file_that_vanished_is_no_delivery(house: House) -> None:
    house.put("Account_1.csv", accounts("Acme"))
    house.put("Account_2.csv", accounts("Bolt"))
    house.land()
    (house.exports / "crm/Account_2.csv").unlink()
    house.land(MONDAY + DAY)
    (house.exports / "crm/Account_1.csv").unlink()
    house.land(MONDAY + 2 * DAY)
    assert len(house.ledger()) == 1


def test_a_date_in_a_name_is_the_effective_time_and_keeps_deliveries_apart(house: House) -> None:
    house.put("2025-12-02/Account.csv", accounts("C"))
    house.put("Account_20251201.csv", accounts("B"))
    house.put_zip("WE_2025-11-30_1.ZIP", Account=accounts("A"))
    house.put_zip("WE_2025-11-30_2.ZIP", Account=accounts("A", "D"))
    house.put("Account.csv", accounts("E"))
    house.land()
    assert [(one.effective.date().isoformat(), one.dated, len(one.parts)) for one in house.ledger()] == [
        ("2025-11-30", True, 2),
        ("2025-12-01", True, 1),
        ("2025-12-02", True, 1),
        ("2026-01-05", False, 1),
    ]
    house.put("2025-12-01/Account_2.csv", accounts("F"))
    house.land(MONDAY + DAY)
    assert [part.export for part in house.ledger()[-1].parts] == ["2025-12-01/Account_2.csv", "Account_20251201.csv"]


def test_sources_of_one_system_are_kept_apart(house: House) -> None:
    house.put("Account.csv", accounts("A"), source="crm")
    house.put("Account.csv", accounts("A"), source="crm@emea")
    house.put("x.csv", "x", source="other")
    house.land()
    assert [one.source for one in house.ledger()] == ["crm", "crm@emea"]
    assert unknown_sources(Storage(house.exports), {"crm": house.connector}) == ["other"]


def test_a_name_without_the_shape_is_refused_and_a_strange_name_is_skipped(house: House) -> None:
    house.put("Account.csv", "Ann,1980-02-03\n")
    house.put("AccountHistory.csv", accounts("A"))
    house.put("ContentVersion/068x", "x")
    house.put("ContentVersion/068y", "y")
    report = house.land()
    assert house.ledger() == []
    (refusal,) = report.refused
    assert (refusal.export, refusal.object) == ("Account.csv", "Account")
    assert "'Id'" in refusal.reason
    assert [(one.name, one.files) for one in report.skipped] == [("AccountHistory.csv", 1), ("ContentVersion/", 2)]
    kept = pl.read_parquet(house.data / "rejected/crm/refused.parquet")
    assert kept.schema == pl.Schema(REJECTED)
    assert kept["export"].to_list() == ["Account.csv"]
    house.put("Account.csv", accounts("A"))
    house.land()
    assert not (house.data / "rejected/crm/refused.parquet").exists()


def test_another_shape_of_the_object_is_tried_before_refusing(house: House) -> None:
    house.put("Contact.csv", "Record ID;E-Mail\n7;a@b.c\n")
    house.land()
    assert house.landed(house.ledger("Contact")[0]) == [(1, "7", "a@b.c")]


def test_a_refused_part_keeps_its_delivery_from_being_complete(house: House) -> None:
    house.put("Account_1.csv", accounts("Acme"))
    house.put("Account_2.csv", "")
    house.land()
    (delivery,) = house.ledger()
    assert not delivery.adds_up
    assert "Account_2.csv was refused: the file is empty" in delivery.warnings
    assert delivery_frame(house.data)["complete"].to_list() == [False]
    house.put("Account_2.csv", accounts("Bolt"))
    house.land(MONDAY + DAY)
    assert house.ledger()[-1].adds_up
    assert len(house.ledger()[-1].parts) == 2


def test_an_unchanged_state_that_adds_up_at_last_is_delivered_once_more(house: House) -> None:
    house.put("Account_1.csv", accounts("Acme"))
    bad = house.put("Account_2.csv", "")
    house.land()
    bad.unlink()
    house.land(MONDAY + DAY)
    house.land(MONDAY + DAY)
    assert [one.adds_up for one in house.ledger()] == [False, True]


def test_a_rejected_row_keeps_its_delivery_from_being_complete(house: House) -> None:
    house.put("Account.csv", accounts("Acme") + "9,cut\n")
    report = house.land()
    (delivery,) = house.ledger()
    assert (delivery.adds_up, delivery.parts[0].rejected) == (False, 1)
    assert report.objects[0].reasons == (("fewer cells than the header", 1),)
    rejected = pl.read_parquet(rejected_path(house.data, "crm", "Account", delivery.parts[0].hash))
    assert rejected.schema == pl.Schema(REJECTED)
    assert rejected.select("source", "object", "export", "row", "line").row(0) == (
        "crm",
        "Account",
        "Account.csv",
        2,
        3,
    )


def test_a_repeated_header_line_is_no_missing_row(house: House) -> None:
    house.put("Account.csv", accounts("Acme") + accounts("Bolt"))
    house.land()
    assert (house.ledger()[0].adds_up, house.ledger()[0].parts[0].rejected) == (True, 1)


@pytest.mark.parametrize(
    ("pages", "adds_up"),
    [
        ([{"page": 0, "pages": 2}, {"page": 1, "pages": 2}], True),
        ([{"page": 1, "pages": 2}, {"page": 2, "pages": 2}], True),
        ([{"page": 0, "pages": 3}], False),
        ([{"page": 2, "pages": 2}, {"page": 3, "pages": 2}], False),
        ([{"total": 2, "end": False}, {"total": 2, "end": True}], True),
        ([{"total": 3, "end": True}], False),
        ([{"end": False}], False),
        ([{"end": True}, {"end": True}], False),
    ],
)
def test_a_delivery_adds_up_to_what_its_parts_state(
    house: House, pages: list[dict[str, object]], adds_up: bool
) -> None:
    for number, said in enumerate(pages):
        # `end` is named by the connector, so a part that does not say it is the last is not.
        end = {"end": number == len(pages) - 1}
        house.put(f"tickets-{number}.json", json.dumps({"rows": [{"Id": number}], **end, **said}))
    house.land()
    assert house.ledger("Ticket")[0].adds_up is adds_up


def test_a_zip_that_does_not_close_waits_and_leaves_its_date_open(house: House) -> None:
    house.put_zip("WE_2026-01-04_1.zip", Account=accounts("A"), Contact="Id,Email\n1,a@b.c\n")
    second = house.put_zip("WE_2026-01-04_2.zip", Account=accounts("A", "B"))
    whole = second.read_bytes()
    second.write_bytes(whole[:-10])
    report = house.land()
    assert [waiting.export for waiting in report.waiting] == ["WE_2026-01-04_2.zip"]
    assert not house.ledger()[0].adds_up
    second.write_bytes(whole)
    house.land(MONDAY + DAY)
    assert [(one.adds_up, len(one.parts)) for one in house.ledger()] == [(False, 1), (True, 2)]
    assert [one.adds_up for one in house.ledger("Contact")] == [False, True]


def test_a_file_that_grows_under_the_reader_waits(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    path = house.put("Account.csv", accounts("A"))
    opened = Storage.open

    def growing(self: Storage, export: object) -> object:
        with path.open("a") as file:
            file.write("9,Late,s\n")
        return opened(self, export)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Storage, "open", growing)
        report = house.land()
    assert [waiting.export for waiting in report.waiting] == ["Account.csv"]
    assert house.ledger() == []
    house.land()
    assert house.ledger()[0].parts[0].landed == 2


def test_a_changed_connector_lands_again_under_the_same_name_and_is_no_delivery(house: House) -> None:
    house.put("Account.csv", accounts("A"))
    house.land()
    house.connector = connector(modified="Secret")
    report = house.land(MONDAY + DAY)
    (delivery,) = house.ledger()
    assert house.landed(delivery) == [(1, "1", "s", "A")]
    assert report.objects[0].read == 1


def test_new_and_missing_columns_are_reported(house: House) -> None:
    house.connector = connector(modified="Changed")
    house.put("Account.csv", "Id,Name,Changed,Old\n1,A,x,y\n")
    house.land()
    house.put("Account.csv", "Id,Name,Old,New\n1,A,x,y\n")
    (line,) = house.land(MONDAY + DAY).objects
    (drift,) = line.drift
    assert (drift.new, drift.missing) == (("New",), ("Changed",))


def test_everything_under_data_is_private(house: House) -> None:
    house.put("Account.csv", accounts("A") + "x\n")
    house.put("Contact.csv", "")
    house.land()
    for path in house.data.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


KILLED = """
import datetime, os, sys
from pathlib import Path
sys.path[:0] = sys.argv[4].split(os.pathsep)
from connectors.landing import land
from connectors.spec import Connector
from connectors.storage import Storage
left = int(sys.argv[3])
def hook(event, _):
    global left
    if event in ("os.rename", "os.link", "os.remove"):
        left -= 1
        if left < 0:
            os._exit(9)
connector = Connector.model_validate_json(sys.stdin.read())
sys.addaudithook(hook)
land(connector, Storage(Path(sys.argv[1])), Path(sys.argv[2]), datetime.date(2026, 1, 5))
"""


def test_killed_at_any_step_and_run_again_gives_the_same(house: House, tmp_path: Path) -> None:
    house.put_zip("a.zip", Account=accounts("A") + "x\n", Contact="Id,Email\n1,a@b.c\n")
    house.put("Account_1.csv", "")
    house.land()
    expected = _contents(house.data)
    said = house.connector.model_dump_json(by_alias=True)
    for step in range(30):
        data = tmp_path / f"data{step}"
        arguments = [str(house.exports), str(data), str(step), os.pathsep.join(sys.path)]
        run = subprocess.run([sys.executable, "-c", KILLED, *arguments], input=said, text=True, check=False)
        land(house.connector, Storage(house.exports), data, MONDAY)
        assert _contents(data) == expected, f"killed at step {step}"
        if run.returncode == 0:
            break
    else:
        raise AssertionError("the run never came to its end")
    assert step > 4


def _contents(data: Path) -> dict[str, object]:
    return {
        str(path.relative_to(data)): pl.read_parquet(path).rows() if path.suffix == ".parquet" else path.read_bytes()
        for path in data.rglob("*")
        if path.is_file()
    }


SENTINEL = "Zx9Sentinel"


@pytest.mark.parametrize(
    "content",
    [
        f"Id,Name,Secret\n1,A,{SENTINEL}\n",
        f"Id,Name,Secret\n1,A,x\n2,B,{SENTINEL},{SENTINEL}\n",
        f"Id,Name,Secret\n1,A,x\n2,{SENTINEL}\n",
        f'Id,Name,Secret\n1,A,"{SENTINEL}\n2,B,x\n',
        f'Id,Name,Secret\n1,A,"{SENTINEL} "quoted" {SENTINEL}"\n2,B,x\n',
        f'"Id","Name","Secret"\n"1","A","x "y"\n{SENTINEL},{SENTINEL},{SENTINEL}\nz"\n"2","B","x"\n',
        f"Id,Name,Secret\n1,A,x\n2,B,{SENTINEL}",
        f'Id,Name,Secret\n1,A,x\n2,B,"{SENTINEL}',
        f"Id,Name,Secret\n1,A,\0{SENTINEL}\n",
        f"1,{SENTINEL},{SENTINEL}\n2,B,x\n",
        f"Id,Secret\n1,{SENTINEL}\n",
        b"Id,Name,Secret\n1,A,\xff" + SENTINEL.encode() + b"\n2,\xc3\xa4,x\n",
        b"Id,Name,Secret\n1,A,\x81\xff\xff" + SENTINEL.encode(),
        f"Id,Name,Secret\n1,A,{SENTINEL}\n" + "\0" * 9,
    ],
)
def test_nothing_of_an_unnamed_column_is_stored_or_said(
    house: House, content: str | bytes, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    house.put("Account.csv", content)
    report = house.land()
    _assert_no_trace(house, report, capfd.readouterr(), caplog.text)


@pytest.mark.parametrize(
    "content",
    [
        f'{{"rows": [{{"Id": 1, "Name": "A", "Secret": "{SENTINEL}"}}]}}',
        f'{{"rows": [{{"Id": 1, "Secret" "{SENTINEL}"}}, {{"Id": 2}}]}}',
        f'{{"rows": [{{"Id": 1, "Secret": "{SENTINEL}"',
        f'{{"rows": [{{"Id": 1, "Secret": {{"{SENTINEL}": "{SENTINEL}"}}}}]}}',
        f'{{"rows": [{{"Secret": "{SENTINEL}"}}]}}',
        f'{{"rows": [], "other": {SENTINEL}}}',
    ],
)
def test_nothing_of_an_unnamed_key_is_stored_or_said(
    house: House, content: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    house.put("tickets.json", content)
    report = house.land()
    _assert_no_trace(house, report, capfd.readouterr(), caplog.text)


def _assert_no_trace(house: House, *said: object) -> None:
    assert SENTINEL not in repr(said)
    for path in (path for path in house.data.rglob("*") if path.is_file()):
        assert SENTINEL not in str(path)
        assert SENTINEL.encode() not in path.read_bytes()
        if path.suffix == ".parquet":
            assert SENTINEL not in repr(pl.read_parquet(path).rows())
            assert SENTINEL not in repr(read_metadata(path))
