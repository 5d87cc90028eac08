"""Which people are one customer, and which are not: by how their names, days, numbers and places are written.

Each case that links stands beside one that must not, on the same evidence.
"""

from __future__ import annotations

import json
from datetime import date

import pytest

from tests.transforms.identity.crowd import born, home, landline, mobile, who
from tests.transforms.identity.world import Pairs, World, cases

CITY = {number: {"city": home(number)["city"], "birth_date": born(number)} for number in range(2000, 2020)}
"""A city and a birth date."""

SAME: Pairs = {
    "a nickname": (
        who("Robert Ashdown", **home(1001), phone=landline(1001)),
        who("Bob Ashdown", **home(1001), phone=landline(1001)),
    ),
    "an umlaut in two letters": (who("Jörg Müllner", **CITY[2000]), who("Joerg Muellner", **CITY[2000])),
    "an umlaut without its dots": (who("Käthe Bröcker", **CITY[2001]), who("Kathe Brocker", **CITY[2001])),
    "a sharp s": (who("Renate Weißhaupt", **CITY[2002]), who("Renate Weisshaupt", **CITY[2002])),
    "given and family name swapped": (who("Laurent Olivier", **CITY[2003]), who("Olivier Laurent", **CITY[2003])),
    "given names joined": (who("Lindqvist, Anna Maria", **CITY[2004]), who("Annamaria Lindqvist", **CITY[2004])),
    "family names joined": (who("van der Hoek, Pieter", **home(1002)), who("Vanderhoek, Pieter", **home(1002))),
    "a hyphen left out": (who("Ortega-Ruiz, Inés", **CITY[2005]), who("Ortega Ruiz, Ines", **CITY[2005])),
    "an initial": (who("Adelaide Fernsby", **home(1003)), who("A. Fernsby", **home(1003))),
    "a new family name on the same personal address": (
        who("Clara Winslow", email="clara81@web.de"),
        who("Clara Hathaway", email="clara81@web.de"),
    ),
    "no name on a personal address": (who("Egon Tillich", email="egon@tillich.org"), who(email="egon@tillich.org")),
    "a slip in the given name": (who("Katherine Bromwell", **CITY[2006]), who("Kathrine Bromwell", **CITY[2006])),
    "a slip in the family name": (who("Edith Oakenshield", **home(1004)), who("Edith Oakensheild", **home(1004))),
    "day and month swapped": (
        who("Sigrid Holmqvist", city="Malmö", birth_date=date(1984, 3, 7)),
        who("Sigrid Holmqvist", city="Malmö", birth_date=date(1984, 7, 3)),
    ),
    "one digit of the birth date": (
        who("Torben Ravn", city="Odense", birth_date=date(1971, 11, 18)),
        who("Torben Ravn", city="Odense", birth_date=date(1971, 11, 13)),
    ),
    "a birth date that is no date": (
        who("Tilda Brannock", city="Tralee", birth_date_written="1962-81-01"),
        who("Tilda Brannock", city="Tralee", birth_date=date(1962, 8, 1)),
    ),
    "the same birth date that is no date": (
        who("Osric Penhale", birth_date_written="31.02.1970"),
        who("O. Penhale", birth_date_written="31.02.1970"),
    ),
    "the mailbox at another provider": (
        who("Kestrel", email="ronan.kestrel@gmail.com"),
        who("Ronan Kestrel", email="ronan.kestrel@altmark.example"),
    ),
    "a street in German short form": (
        who("Ute Lindgren", street="Wacholderstraße 12"),
        who("Ute Lindgren", street="Wacholderstr. 12"),
    ),
    "a street in English short form": (
        who("Maud Ellery", street="418 Wexcombe Street", city="Dover"),
        who("Maud Ellery", street="418 Wexcombe St.", city="Dover"),
    ),
    "a phone without its country": (
        who("Gavin Thistlewood", phone="+442079460123"),
        who("G. Thistlewood", phone_written="020 7946 0123"),
    ),
    "a mobile among the phones": (who("Hedda Sund", phone=mobile(1005)), who("Hedda Sund", mobile=mobile(1005))),
    "name and birth date": (who("Ivo Marten", birth_date=born(1006)), who("Ivo Marten", birth_date=born(1006))),
    "what nobody else states": (
        who("Signe Dahl", **home(1007), birth_place="Worms"),
        who("Signe Dahl", **home(1007), birth_place="Worms"),
    ),
}
OTHER: Pairs = {
    "two given names at one address": (
        who("Robert Tilbury", **home(1101), phone=landline(1101)),
        who("Richard Tilbury", **home(1101), phone=landline(1101)),
    ),
    "two names with umlauts": (who("Jürgen Möhring", city="Kiel"), who("Jörg Mehrling", city="Kiel")),
    "names crossed by chance": (
        who("Thomas Konrad", city="Husum", birth_date=date(1951, 6, 17)),
        who("Konrad Thomas", city="Coburg", birth_date=date(1983, 2, 28)),
    ),
    "two family names of several words": (
        who("van der Linde, Joost", city="Aachen", birth_date=date(1949, 4, 30)),
        who("van der Laan, Joost", city="Aachen", birth_date=date(1988, 12, 9)),
    ),
    "two initials": (
        who("Adelaide Corbyn", **home(1102), phone=landline(1102)),
        who("B. Corbyn", **home(1102), phone=landline(1102)),
    ),
    "two people on one address": (
        who("Dora Pelham", email="pelham-quigley@web.de"),
        who("Miles Quigley", email="pelham-quigley@web.de"),
    ),
    "brother and sister whose names are alike": (
        who("Julian Wetherby", **home(1103), phone=landline(1103), birth_date=date(1990, 5, 17)),
        who("Juliane Wetherby", **home(1103), phone=landline(1103), birth_date=date(1993, 9, 2)),
    ),
    "two birth dates under one name in one city": (
        who("Ursula Hagen", city="Goslar", birth_date=date(1951, 11, 23)),
        who("Ursula Hagen", city="Goslar", birth_date=date(1984, 7, 3)),
    ),
    "two birth dates that are no dates": (
        who("Elke Petrov", city="Emden", birth_date_written="31.02.1970"),
        who("Elke Petrov", city="Lindau", birth_date_written="1941-61-30"),
    ),
    "the mailbox of two people at two providers": (
        who("Josef Lindner", email="j.lindner@gmail.com", **home(1104), birth_date=born(1104)),
        who("Johanna Lindner", email="j.lindner@web.de", **home(1105), birth_date=born(1105)),
    ),
    "two numbers of one exchange": (
        who("Basil Larkspur", phone="+442079461777"),
        who("Boris Larkspur", phone_written="020 7946 1555"),
    ),
    "a number that was typed to fill the field": (
        who("Gustav Ohm", phone="+490000000000", email="noemail@nomail.com", birth_date=date(1900, 1, 1)),
        who("Gisela Ohm", phone="+490000000000", email="noemail@nomail.com", birth_date=date(1900, 1, 1)),
    ),
    "a name that was typed to fill the field": (
        who("Unknown", given_name=None, **home(1106)),
        who("unknown", given_name=None, **home(1106)),
    ),
    "the first day of an epoch": (
        who("Wanda Sommer", birth_date=date(1970, 1, 1), city="Lindau", street="Mohnweg 8"),
        who("Wanda Sommer", birth_date=date(1970, 1, 1), city="Emden", street="Am Deich 91"),
    ),
}
SHORTFALLS = {
    "brother and sister whose names are alike": "names that are alike count as one, also where birth dates differ",
}


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("people"))
    world.crowd(80)
    # Common names, so that a name alone is not enough for those who bear them.
    for number, name in enumerate(
        ("Wanda Sommer", "Ursula Hagen", "Elke Petrov", "Thomas Konrad", "Konrad Thomas") * 3
    ):
        world.person(f"common{number}", name, **home(3000 + number), phone=landline(3000 + number))
    for source in ("crm", "erp"):
        world.organisation(f"{source}:skyforce", "Skyforce", domain="skyforce.example", **home(1200))
        world.organisation(f"{source}:morgenrot", "Morgenrot", domain="morgenrot.example", **home(1201))
        world.person(f"{source}:jake", "Jake Llorrac", organisation="skyforce")
        world.person(f"{source}:siddartha", "Siddartha Nedaerk", organisation="skyforce")
    world.pairs(SAME)
    world.pairs(OTHER)
    world.resolve()
    return world


@pytest.mark.parametrize("case", SAME)
def test_one_person_is_one_customer_for_all_that_differs(people: World, case: str) -> None:
    assert people.together(f"crm:{case}", f"erp:{case}"), people.edge(f"crm:{case}", f"erp:{case}")


@pytest.mark.parametrize("case", cases(OTHER, SHORTFALLS))
def test_two_people_are_two_customers_for_all_that_agrees(people: World, case: str) -> None:
    assert people.apart(f"crm:{case}", f"erp:{case}"), people.edge(f"crm:{case}", f"erp:{case}")


def test_nobody_is_joined_to_a_stranger(people: World) -> None:
    def case(record: str) -> str:
        return record.split(":")[1]

    assert [records for records in people.customers() if len({case(record) for record in records}) > 1] == []


def test_people_without_contact_points_meet_by_name_and_organisation(people: World) -> None:
    assert people.together("crm:jake", "erp:jake")
    assert people.together("crm:siddartha", "erp:siddartha")
    assert people.apart("crm:jake", "crm:siddartha")


@pytest.mark.parametrize("case", ["a street in German short form", "a street in English short form"])
def test_a_street_in_short_form_agrees(people: World, case: str) -> None:
    edge = people.edge(f"crm:{case}", f"erp:{case}")
    assert edge is not None
    assert json.loads(edge["agreed"])["street"] > 0


def test_a_link_says_what_agreed_and_how_much_it_weighs(people: World) -> None:
    link = people.link("erp:a new family name on the same personal address")
    assert set(link["rule"].split("+")) == {"email", "given_name"}
    assert link["decided_by"] == "model"
    evidence = json.loads(link["evidence"])
    assert evidence["with"] == "crm:Contact:a new family name on the same personal address"
    assert evidence["agreed"]["email"] > evidence["agreed"]["given_name"] > 0 > evidence["disagreed"]["family_name"]
    assert 0.5 <= link["score"] < 1


def test_to_agree_never_speaks_against(people: World) -> None:
    edge = people.edge("crm:what nobody else states", "erp:what nobody else states")
    assert edge is not None
    assert "birth_place" not in json.loads(edge["disagreed"])


def test_an_initial_weighs_less_than_the_name(people: World) -> None:
    initial = people.edge("crm:an initial", "erp:an initial")
    whole = people.edge("crm:name and birth date", "erp:name and birth date")
    assert initial is not None
    assert whole is not None
    assert json.loads(initial["agreed"])["given_name"] < json.loads(whole["agreed"])["given_name"]


def test_who_is_alone_says_so(people: World) -> None:
    link = people.link("crm:x0000")
    assert (link["rule"], link["score"], link["evidence"], link["decided_by"]) == ("alone", None, "{}", "alone")
