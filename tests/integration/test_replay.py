"""Rejected rows come in by a better connector, and what was accepted stays as it is, to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.replay import replay
from orchestration.settings import Settings
from tests.acme import acme
from tests.integration.conftest import Place

ROWS = "Id,Name,Old Name,City,Town\n1,Acme,,Rome,Ostia\n2,,Beta,Oslo,Moss\n"


@pytest.fixture
def mended(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of which one row of two was rejected; the connector's file."""
    file = tmp_path / "connectors" / "acme.yaml"
    file.parent.mkdir()
    file.write_text(acme("Name"))
    monkeypatch.setenv("CONCORD_CONNECTORS", str(file.parent))
    place.put("acme/accounts.csv", ROWS)
    place.run()
    return file


def settings(place: Place) -> Settings:
    return place.settings


def test_a_replay_brings_in_what_was_rejected_and_touches_nothing_else(place: Place, mended: Path) -> None:
    path = place.data / "records" / "organisation" / "acme.parquet"
    before = place.publication.table("identity_link")
    import polars as pl  # noqa: PLC0415

    old = pl.read_parquet(path)
    mended.write_text(acme('[Name, "Old Name"]'))
    found = replay(settings(place), None)
    assert (found["held"], found["rejected_before"], found["rejected_now"]) == (False, 1, 0)
    new = pl.read_parquet(path)
    assert new.filter(pl.col("record_id") == "1").equals(old)
    assert new["record_id"].to_list() == ["1", "2"]
    assert place.publication.table("identity_link").height == before.height + 1


def test_a_replay_that_would_change_what_was_accepted_is_held(place: Place, mended: Path) -> None:
    number = place.publication.number
    mended.write_text(acme('[Name, "Old Name"]', "Town"))
    found = replay(settings(place), None)
    assert found["held"]
    assert "acme:Account:1" in found["would_change"]
    assert place.publication.number == number


def test_a_first_publication_without_a_customer_is_held_back(place: Place) -> None:
    place.put("hubspot/contacts.json", '{"results": []}')
    summary = place.run()
    assert summary["held"]
    assert any("there is not one customer" in said for said in summary["failed_checks"])
