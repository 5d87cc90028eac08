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
        f"003E000000{number:>05}IAA"[:15] + f",0,,Ada,{name},{email},,{STAMP},{STAMP},{STAMP}"
        for number, name, email in people
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


def test_a_week_of_deliveries(place: Place) -> None:
    """One run a day, each resting on the one before; what each must and must not do stands beside it."""
    place.put("salesforce/Contact.csv", contacts(*crowd(10)))
    first = place.run("2026-07-01")
    assert first["publication"]["outcome"] == "published"
    assert place.table("customer").height == 10
    landed_first, tables_first = landed(place), content(place.publication.path)

    # The same files again: no delivery, no publication.
    assert place.run("2026-07-01")["publication"] == {**first["publication"], "outcome": "unchanged"}
    assert landed(place) == landed_first

    # All that can be derived is gone: the same tables come out of what is kept.
    for folder in place.data.iterdir():
        if folder.name not in {"landed", "state", "published"}:
            shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
    assert place.run("2026-07-01")["publication"]["outcome"] == "unchanged"
    assert content(place.publication.path) == tables_first

    # A second file of the same object the next day lands alone; one record of the first is not in it.
    changed = contacts(*crowd(8), ("8", "Newname", "ada.8@example.com"))
    place.put("salesforce/2026-07-02/Contact.csv", changed)
    summary = place.run("2026-07-02")
    assert summary["publication"]["number"] == 2
    assert landed(place).items() > landed_first.items()
    assert len(landed(place)) == 2
    assert summary["sources"][0]["deleted"] == 1
    assert "Newname" in place.table("customer")["family_name"].to_list()
    statuses = place.table("customer_alias")["status"].to_list()
    assert (statuses.count("live"), statuses.count("gone")) == (9, 1)

    # A–B–A: old content again is a new delivery, stored once; the customer that was gone returns with its id.
    ids = set(place.table("customer_alias")["id"])
    place.put("salesforce/2026-07-03/Contact.csv", contacts(*crowd(10)))
    place.run("2026-07-03")
    assert [delivery.effective.day for delivery in deliveries(place.data)] == [1, 2, 3]
    assert len(landed(place)) == 2
    assert set(place.table("customer")["customer_id"]) == ids

    # Half of them missing: held, until an engineer says that it is real.
    place.put("salesforce/2026-07-04/Contact.csv", contacts(*crowd(5)))
    (warning,) = [said for said in place.run("2026-07-04")["warnings"] if "would delete 5 of 10" in said]
    assert place.table("customer").height == 10
    delivery = deliveries(place.data)[-1].delivery
    assert f"concord deliveries release {delivery}" in warning
    release(place.data, delivery, who="ada", why="they left", when=date(2026, 7, 4))
    assert place.run("2026-07-05")["sources"][0]["deleted"] == 5
    assert place.table("customer").height == 5

    # A cut-off file deletes nothing; files that vanish delete nothing.
    place.put("salesforce/2026-07-06/Contact.csv", contacts(*crowd(5))[:-30])
    shutil.rmtree(place.exports / "salesforce" / "2026-07-02")
    assert place.run("2026-07-06")["sources"][0]["rejected"] == 1
    assert place.table("customer").height == 5


@pytest.mark.long
def test_the_same_exports_give_the_same_tables_elsewhere(place: Place, tmp_path: Path) -> None:
    place.put("salesforce/Contact.csv", contacts(*crowd(4)))
    place.run()
    again = Place(place.exports, tmp_path / "elsewhere")
    again.run()
    assert content(again.publication.path) == content(place.publication.path)
