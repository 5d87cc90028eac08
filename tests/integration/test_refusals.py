"""Runs that cannot do their work say so in one sentence, in the words of who refused, and change nothing."""

from __future__ import annotations

from connectors.publication import base_number
from orchestration.workspace import data_folder_lock
from tests.integration.conftest import Place


def test_a_second_run_on_the_same_data_folder_is_told_to_wait(place: Place) -> None:
    place.put("salesforce/Contact.csv", "Id\n")
    with data_folder_lock(place.data):
        summary = place.run()
    (error,) = summary["errors"]
    assert f"{place.data} is in use by another run" in error
    assert "wait until it has ended" in error
    assert not summary["held"]
    assert base_number(place.data) is None


def test_a_wrong_policy_file_is_named_with_its_place(place: Place) -> None:
    place.put("hubspot/contacts.json", '{"results": []}')
    policy = place.exports.parent / "policy"
    policy.mkdir()
    (policy / "sources.yaml").write_text("hubspot: {contry: DE}\n")
    (error,) = place.run()["errors"]
    assert "sources.yaml" in error
    assert "contry" in error
