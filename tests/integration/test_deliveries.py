"""What arrives, arrives once; what comes again, what goes, and what is missing is treated as the ledger says."""

from __future__ import annotations

import hashlib
import shutil
from datetime import date
from pathlib import Path

import pytest

from connectors.ledger import deliveries
from connectors.stewardship import release
from tests.integration.conftest import Place

HEADER = "Id,IsDeleted,AccountId,FirstName,LastName,Email,OwnerId,LastModifiedDate,SystemModstamp,CreatedDate"
STAMP = "2026-01-01 00:00:00"


def contacts(*people: tuple[str, str, str]) -> str:
    """A Data Export of contacts: number, family name, e-mail."""
    rows = [
        f"003E000000{number:>05}IAA"[:15] + f",0,,Ada,{name},{email},,{STAMP},{STAMP},{STAMP}" for number, name, email in people
    ]
    return "\n".join([HEADER, *rows]) + "\n"


def crowd(count: int, start: int = 0) -> list[tuple[str, str, str]]:
    return [(str(n), f"Family{n}", f"ada.{n}@example.com") for n in range(start, start + count)]


def content(folder: Path) -> dict[str, str]:
    """Hash of every published Parquet file, by name."""
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.glob("*.parquet"))
        if file.name != "publication.parquet"
    }


def landed(place: Place) -> dict[str, int]:
    return {str(f.relative_to(place.data)): f.stat().st_mtime_ns for f in (place.data / "landed").rglob("*.parquet")}


def test_running_again_without_new_files_publishes_nothing_and_a_new_file_lands_alone(place: Place) -> None:
    place.put("salesforce/Contact.csv", contacts(*crowd(10)))
    assert place.run("2026-07-01")["publication"] == {
        "outcome": "published",
        "number": 1,
        "path": str(place.data / "published" / "v000001"),
    }
    before = landed(place)
    assert place.run("2026-07-01")["publication"]["outcome"] == "unchanged"

    place.put("salesforce/Contact_2.csv", contacts(*crowd(3, start=10)))
    summary = place.run("2026-07-02")
    assert summary["publication"]["number"] == 2
    after = landed(place)
    assert len(after) == len(before) + 1
    assert {name: after[name] for name in before} == before
    assert place.table("customer").height == 13


def test_a_b_a_is_three_deliveries_and_content_is_stored_once(place: Place) -> None:
    first, second = contacts(*crowd(10)), contacts(*crowd(9), ("9", "Newname", "ada.9@example.com"))
    for day, drop in enumerate((first, second, first, first), start=1):
        place.put("salesforce/Contact.csv", drop)
        place.run(f"2026-07-0{day}")
    assert [d.effective.day for d in deliveries(place.data)] == [1, 2, 3]
    assert len(landed(place)) == 2
    assert "Newname" not in place.table("customer")["family_name"].to_list()
    assert place.publication.number == 3


def test_a_row_missing_from_the_next_complete_delivery_is_a_deleted_record(place: Place) -> None:
    place.put("salesforce/2026-07-01/Contact.csv", contacts(*crowd(10)))
    place.run("2026-07-01")
    gone = set(place.table("customer").filter(family_name="Family9")["customer_id"])
    place.put("salesforce/2026-07-02/Contact.csv", contacts(*crowd(9)))
    summary = place.run("2026-07-02")
    assert summary["sources"][0]["deleted"] == 1
    assert place.table("customer").height == 9
    aliases = dict(place.table("customer_alias").select("id", "status").rows())
    assert {aliases[customer] for customer in gone} == {"gone"}


def test_a_file_that_vanished_is_not_a_deletion(place: Place) -> None:
    file = place.put("salesforce/Contact.csv", contacts(*crowd(10)))
    place.run("2026-07-01")
    file.unlink()
    assert place.run("2026-07-02")["publication"]["outcome"] == "unchanged"


def test_a_mass_deletion_is_held_until_an_engineer_lets_it_through(place: Place) -> None:
    place.put("salesforce/Contact.csv", contacts(*crowd(10)))
    place.run("2026-07-01")
    place.put("salesforce/Contact.csv", contacts(*crowd(5)))
    summary = place.run("2026-07-02")
    assert place.table("customer").height == 10
    (warning,) = [w for w in summary["warnings"] if "would delete 5 of 10" in w]
    delivery = deliveries(place.data)[-1].delivery
    assert f"concord deliveries release {delivery}" in warning

    release(place.data, delivery, who="ada", why="they left", when=date(2026, 7, 2))
    summary = place.run("2026-07-03")
    assert summary["sources"][0]["deleted"] == 5


def test_a_cut_off_file_deletes_nothing(place: Place) -> None:
    place.put("salesforce/Contact.csv", contacts(*crowd(10)))
    place.run("2026-07-01")
    place.put("salesforce/Contact.csv", contacts(*crowd(10))[:-30])
    summary = place.run("2026-07-02")
    assert summary["sources"][0]["rejected"] == 1
    assert place.table("customer").height == 10


def test_what_is_kept_is_enough_to_rebuild_everything(place: Place) -> None:
    place.put("salesforce/2026-07-01/Contact.csv", contacts(*crowd(10)))
    place.run("2026-07-01")
    place.put("salesforce/2026-07-02/Contact.csv", contacts(*crowd(10), ("77", "Late", "late@example.com")))
    place.run("2026-07-02")
    before = content(place.publication.path)
    for kept in place.data.iterdir():
        if kept.name not in {"landed", "state", "published"}:
            shutil.rmtree(kept) if kept.is_dir() else kept.unlink()
    assert place.run("2026-07-02")["publication"]["outcome"] == "unchanged"
    assert content(place.publication.path) == before


@pytest.mark.parametrize("folder", ["salesforce", "salesforce@emea"])
def test_the_same_exports_give_the_same_tables_wherever_they_lie(place: Place, folder: str, tmp_path: Path) -> None:
    place.put(f"{folder}/Contact.csv", contacts(*crowd(4)))
    place.run()
    again = Place(place.exports, tmp_path / "elsewhere")
    again.run()
    assert content(again.publication.path) == content(place.publication.path)
