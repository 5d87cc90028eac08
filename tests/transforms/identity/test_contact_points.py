"""What contact points are worth, recognised from who has them."""

from __future__ import annotations

import json

import pytest

from tests.transforms.identity.crowd import GIVEN, home, landline, mobile
from tests.transforms.identity.world import World

ROLES = (
    "office@hafenamt.example",
    "no-reply@hafenamt.example",
    "sales2@hafenamt.example",
    "accounts.payable@hafen.example",
)
FILLED_ADDRESSES = (
    "noemail@hafenamt.example",
    "123456@hafen.example",
    "0@hafen.example",
    "test@example.com",
    "test123@hafenamt.example",
    "none@none.org",
)
FILLED_NUMBERS = ("+490000000", "+4930999999", "+4930123456", "+49301234567", "+111111111")
ORDINARY_NUMBER = "+493000012099"
EVERYBODY = "info@kontor.example"


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("points"))
    world.crowd(500, email=EVERYBODY)
    world.person("crm:anna", "Anna Bergholt", email="anna@bergholt.example", mobile=mobile(8000))
    world.person("erp:anna", "A. Bergholt", email="anna@bergholt.example", phone=mobile(8000))
    for number, given in enumerate(("Anna", "Ben", "Carla")):
        world.person(f"home{number}", f"{given} Rothermund", email="post@rothermund.example", phone=landline(8001))
        world.person(f"family{number}", f"{given} Liebknecht", email="liebknecht@home.example", phone=landline(8004))
    for number, name in enumerate(("Anna Feddersen", "Ben Steinbrück", "Carla Waldorf")):
        world.person(f"office{number}", name, phone=landline(8002))
    for number in range(10):
        world.person(f"clan{number}", f"{GIVEN[number]} Großkopf", phone=landline(8005))
    for number, name in enumerate(("Tuchhandel Ost", "Segelmacherei", "Bootswerft", "Reederei Süd", "Netzfabrik")):
        world.organisation(f"centre{number}", name, phone=landline(8003), **home(8100 + number))
    for number, email in enumerate((*ROLES, *FILLED_ADDRESSES)):
        world.person(f"mailbox{number}", f"Tessa Immendorf{chr(97 + number)}", email=email)
    for number, phone in enumerate((*FILLED_NUMBERS, ORDINARY_NUMBER)):
        world.person(f"number{number}", f"Mats Ohlendorf{chr(97 + number)}", mobile=phone)
    world.add("employee", "worker", email="kim@ours.example", status="active")
    world.add("crm_user", "login", email="sam@ours.example")
    for name in ("kim", "sam"):
        world.person(name, "Gerda Vollrath", email=f"{name}@ours.example")
    for number, family in enumerate(("Voss", "Petersen", "Wohlers", "Ahrendt")):
        world.person(f"half{number}", family, phone=landline(8006), city="Kiel")
    world.person("brief0", "Rohwedder", phone=landline(8007))
    world.person("brief1", "Tilda Rohweder", phone=landline(8007))
    for number, name in enumerate(("Jost Hansemann", "Frauke Detlefs", "Enno Wiborg")):
        filled = {"national_id": "000-00-0000", "loyalty_id": "n/a", "customer_number": "12345"}
        world.person(f"filled{number}", name, **filled, **home(8200))
    world.person("number-mailbox", "Li Wei", email="812734659@post.example")
    world.person("max", "Max Thiessen", email="max@thiessen.example")
    world.person("letters", "Åsa Öst", email="ö@post.example")
    for number, given in enumerate(("Gesine", "Gesien")):
        world.person(f"married{number}", f"{given} {('Boysen', 'Carlsen')[number]}", email="gesine@nord.example")
    world.resolve()
    return world


def test_an_address_used_under_one_name_is_personal(points: World) -> None:
    assert points.contact_class("anna@bergholt.example") == "personal"
    assert points.contact_class(mobile(8000)) == "personal"
    assert points.together("crm:anna", "erp:anna")


def test_an_address_of_one_family_name_is_a_households(points: World) -> None:
    assert points.contact_class("liebknecht@home.example") == "household"
    assert points.contact_class(landline(8004)) == "household"
    assert points.apart("family0", "family1", "family2")


def test_the_mailbox_of_a_role_is_no_households(points: World) -> None:
    assert points.contact_class("post@rothermund.example") == "shared"
    assert points.apart("home0", "home1", "home2")


def test_a_number_of_one_family_name_that_too_many_have_is_shared(points: World) -> None:
    point = points.contact_point(landline(8005))
    assert (point["class"], point["reason"]) == ("shared", "used by 10 people, more than a household has")


def test_a_number_of_people_with_different_names_is_shared(points: World) -> None:
    point = points.contact_point(landline(8002))
    assert (point["class"], point["reason"]) == ("shared", "used by 3 people of different family names")
    assert point["names"] == 3


def test_a_contact_point_says_how_many_records_have_it(points: World) -> None:
    assert points.contact_point(landline(8002))["records"] == 3


def test_a_number_of_many_organisations_is_shared(points: World) -> None:
    point = points.contact_point(landline(8003))
    assert (point["class"], point["reason"]) == ("shared", "used by 5 different organisations")
    assert points.apart(*(f"centre{number}" for number in range(5)))


def test_one_mailbox_of_five_hundred_joins_nobody_and_says_why(points: World) -> None:
    point = points.contact_point(EVERYBODY)
    assert (point["class"], point["records"], point["names"]) == ("shared", 500, 500)
    assert point["reason"] == "the mailbox of a role, not of a person"
    assert points.apart(*(f"x{number:04}" for number in range(500)))


@pytest.mark.parametrize("email", ROLES)
def test_a_mailbox_of_a_role_is_shared_even_with_one_name(points: World, email: str) -> None:
    assert points.contact_class(email) == "shared"


@pytest.mark.parametrize("email", FILLED_ADDRESSES)
def test_an_address_typed_to_fill_the_field_is_a_placeholder(points: World, email: str) -> None:
    assert points.contact_class(email) == "placeholder"


@pytest.mark.parametrize("number", FILLED_NUMBERS)
def test_digits_typed_to_fill_the_field_are_a_placeholder(points: World, number: str) -> None:
    assert points.contact_class(number) == "placeholder"


def test_an_ordinary_number_is_no_placeholder(points: World) -> None:
    assert points.contact_class(ORDINARY_NUMBER) == "personal"


@pytest.mark.parametrize("email", ["kim@ours.example", "sam@ours.example"])
def test_an_address_of_our_own_staff_on_a_customer_is_shared(points: World, email: str) -> None:
    point = points.contact_point(email)
    assert (point["class"], point["reason"]) == ("shared", "an address of our own staff")


def test_a_number_under_different_family_names_alone_is_shared(points: World) -> None:
    point = points.contact_point(landline(8006))
    assert (point["class"], point["reason"]) == ("shared", "used by 4 people of different family names")
    assert points.apart("half0", "half1", "half2", "half3")


def test_half_a_name_is_nobody_else_where_a_whole_one_may_be_the_same(points: World) -> None:
    assert points.contact_class(landline(8007)) == "personal"


def test_an_address_under_one_given_name_mistyped_is_one_persons(points: World) -> None:
    assert points.contact_class("gesine@nord.example") == "personal"


@pytest.mark.parametrize("email", ["812734659@post.example", "ö@post.example", "max@thiessen.example"])
def test_a_mailbox_of_digits_or_of_other_letters_or_short_is_no_placeholder(points: World, email: str) -> None:
    assert points.contact_class(email) == "personal"


def test_an_identifier_that_several_typed_to_fill_the_field_joins_nobody(points: World) -> None:
    assert points.apart("filled0", "filled1", "filled2")
    edge = points.edge("filled0", "filled1")
    assert edge is None or not {"national_id", "loyalty_id", "customer_number"} & set(json.loads(edge["agreed"]))
