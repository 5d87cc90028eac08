"""What a source declares to be free of duplicates stays so; only a person who decides otherwise outdoes it."""

from __future__ import annotations

import pytest

from tests.transforms.identity.crowd import firm, somebody
from tests.transforms.identity.world import World


@pytest.fixture
def declared(world: World) -> World:
    """Two records of `crm` that look like one person, and one of `erp` that looks like both."""
    world.crowd(120)
    for record in ("crm:a", "crm:b", "erp:c"):
        world.person(record, **somebody(300))
    return world


def test_records_that_look_like_one_are_one_where_nobody_declares_otherwise(declared: World) -> None:
    declared.resolve()
    assert declared.together("crm:a", "crm:b", "erp:c")


def test_two_records_of_a_source_that_vouches_for_them_are_two_and_the_reason_is_told(declared: World) -> None:
    declared.duplicate_free = {"crm": ["person:Contact"]}
    declared.resolve()
    assert declared.apart("crm:a", "crm:b")
    edge = declared.edge("crm:a", "crm:b")
    assert edge is not None
    assert (edge["used"], edge["reason"]) == ("refused", "their source says that no two of its records are one")


def test_no_third_record_brings_them_together(declared: World) -> None:
    declared.duplicate_free = {"crm": ["person:Contact"]}
    declared.remove("crm:b")
    # Shares nothing with crm:a by which the two would be compared.
    declared.person("crm:b", "Zoe Quist", national_id="Z-99", loyalty_id="L-7")
    for row in declared.rows["person"]:
        if (row["source"], row["record_id"]) == ("erp", "c"):
            row |= {"national_id": "Z-99", "loyalty_id": "L-7"}
    declared.resolve()
    assert declared.edge("crm:a", "crm:b") is None
    assert declared.apart("crm:a", "crm:b")


def test_a_person_who_decides_outdoes_the_source(declared: World) -> None:
    declared.duplicate_free = {"crm": ["person:Contact"]}
    declared.decide("same", "crm:a", "crm:b")
    declared.resolve()
    assert declared.together("crm:a", "crm:b")


def test_it_holds_for_organisations_and_for_that_object_alone(world: World) -> None:
    world.firms(60)
    for record in ("crm:a", "crm:b", "erp:c", "erp:d"):
        world.organisation(record, **firm(90))
    world.duplicate_free = {"crm": ["organisation:Account"], "erp": ["organisation:Branch", "person:Account"]}
    world.resolve()
    assert world.apart("crm:a", "crm:b")
    assert world.together("erp:c", "erp:d")


def test_a_source_that_declares_it_later_has_everything_worked_out_anew(declared: World) -> None:
    declared.resolve(1)
    assert declared.together("crm:a", "crm:b")
    declared.duplicate_free = {"crm": ["person:Contact"]}
    assert declared.resolve(2).anew
    assert declared.apart("crm:a", "crm:b")
