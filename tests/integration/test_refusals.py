"""Runs that cannot do their work say so in one sentence, in the words of who refused, and change nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connectors.publication import base_number
from orchestration.runner import run_job
from orchestration.workspace import data_folder_lock, expect_time_to_go_on
from tests.integration.conftest import Place
from tests.recovery.readers import make


def test_a_second_run_on_the_same_data_folder_is_told_to_wait(place: Place) -> None:
    place.put("salesforce/Contact.csv", "Id\n")
    with data_folder_lock(place.data):
        summary = place.run()
    (error,) = summary["errors"]
    assert f"{place.data} is in use by another run" in error
    assert "wait until it has ended" in error
    assert not summary["held"]
    assert base_number(place.data) is None


def test_a_clock_that_was_set_back_ends_the_run_before_it_begins(place: Place) -> None:
    place.put("salesforce/Contact.csv", "Id\n")
    made = datetime.now(UTC) + timedelta(days=3)
    make(place.data, made)
    expect_time_to_go_on(place.data, made - timedelta(minutes=5))
    (error,) = run_job(place.settings, None, lambda _: None).errors
    assert f"publication 1 was made on {made:%Y-%m-%d %H:%M}" in error
    assert "Set the clock right" in error
    assert not (place.data / "landed").exists()
    # where the day is named, it is meant
    assert not any("clock" in said for said in place.run()["errors"])


def test_a_wrong_policy_file_is_named_with_its_place(place: Place) -> None:
    place.put("hubspot/contacts.json", '{"results": []}')
    policy = place.exports.parent / "policy"
    policy.mkdir()
    (policy / "sources.yaml").write_text("hubspot: {contry: DE}\n")
    (error,) = place.run()["errors"]
    assert "sources.yaml" in error
    assert "contry" in error
