"""Landing: states of files become deliveries, content is stored once, and everything can be repeated."""

from __future__ import annotations

import datetime as dt
import json

import polars as pl
import pytest

from connectors.landing import delivery_frame, unknown_sources
from connectors.ledger import landed_path, rejected_path
from connectors.readers.sink import REJECTED, read_metadata
from connectors.storage import Storage
from tests.connectors.house import DAY, MONDAY, House, accounts, connector


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
