"""What contact points are worth, recognised from who has them."""

from __future__ import annotations

from typing import Any

import pytest


def test_an_address_used_under_one_name_is_personal(world: Any) -> None:
    world.person("1", "Anna Berg", email="anna@berg.org")
    world.person("2", "A. Berg", email="anna@berg.org")
    world.resolve()
    assert world.contact_class("anna@berg.org") == "personal"


def test_an_address_of_one_family_name_is_a_households(world: Any) -> None:
    for number, given in enumerate(("Anna", "Ben", "Carla")):
        world.person(str(number), f"{given} Berg", email="berg@home.org", phone="+493012340001")
    world.resolve()
    assert world.contact_class("berg@home.org") == "household"
    assert world.contact_class("+493012340001") == "household"


def test_a_number_of_people_with_different_names_is_shared(world: Any) -> None:
    for number, name in enumerate(("Anna Berg", "Ben Stein", "Carla Wald")):
        world.person(str(number), name, phone="+493055500099", mobile="+4917099887701")
    world.resolve()
    points = {row["kind"]: row for row in world.table("contact_point").iter_rows(named=True)}
    assert points["phone"]["class"] == points["mobile"]["class"] == "shared"
    assert points["phone"]["reason"] == "used by 3 people of different family names"
    assert (points["phone"]["records"], points["phone"]["names"]) == (3, 3)


def test_a_number_of_many_organisations_is_shared(world: Any) -> None:
    for number in range(5):
        world.organisation(str(number), f"Firm {number}", phone="+493055500099")
    world.resolve()
    assert world.contact_class("+493055500099") == "shared"


@pytest.mark.parametrize(
    "email", ["info@firm.org", "no-reply@firm.org", "Sales2@firm.org".lower(), "accounts.payable@firm.org"]
)
def test_a_mailbox_of_a_role_is_shared_even_with_one_name(world: Any, email: str) -> None:
    world.person("1", "Anna Berg", email=email)
    world.resolve()
    assert world.contact_class(email) == "shared"


@pytest.mark.parametrize("email", ["noemail@firm.org", "test@example.com", "test123@firm.org", "none@none.org"])
def test_an_address_typed_to_fill_the_field_is_a_placeholder(world: Any, email: str) -> None:
    world.person("1", "Anna Berg", email=email)
    world.resolve()
    assert world.contact_class(email) == "placeholder"


@pytest.mark.parametrize("number", ["+490000000", "+4930999999", "+4930123456", "+49301234567", "+111111111"])
def test_digits_typed_to_fill_the_field_are_a_placeholder(world: Any, number: str) -> None:
    world.person("1", "Anna Berg", mobile=number)
    world.resolve()
    assert world.contact_class(number) == "placeholder"


def test_an_ordinary_number_is_no_placeholder(world: Any) -> None:
    world.person("1", "Anna Berg", mobile="+493000012099")
    world.resolve()
    assert world.contact_class("+493000012099") == "personal"


@pytest.mark.parametrize("kind", ["employee", "crm_user"])
def test_an_address_of_our_own_staff_on_a_customer_is_shared(world: Any, kind: str) -> None:
    world.add(kind, "w1", email="kim@ours.org", **({"status": "active"} if kind == "employee" else {}))
    world.person("1", "Anna Berg", email="kim@ours.org")
    world.person("2", "Anna Berg", email="kim@ours.org")
    world.resolve()
    assert world.contact_class("kim@ours.org") == "shared"
    assert not world.together("1", "2")


def test_a_mail_providers_domain_says_nothing_about_an_organisation(world: Any) -> None:
    world.organisation("1", "Central Pharmacy", domain="gmail.com")
    world.organisation("2", "Central Pharmacy", domain="gmail.com")
    world.resolve()
    assert world.contact_class("gmail.com") == "shared"
    assert not world.together("1", "2")
