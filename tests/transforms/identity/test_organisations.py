"""Which organisations are one customer, and which are not. Each case that links stands beside one that must not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.transforms.identity.crowd import firm, home, landline, somebody
from tests.transforms.identity.world import Pairs, World, cases


def org(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name} | fields


def site(number: int) -> dict[str, str]:
    return home(number) | {"phone": landline(number)}


SAME: Pairs = {
    "another legal form": (
        org("Boll & Söhne AG", domain="boll-soehne.example"),
        org("Boll Söhne GmbH & Co. KG", domain="boll-soehne.example"),
    ),
    "no legal form, umlaut in two letters": (
        org("Knörr & Töchter GmbH", domain="knoerr.example"),
        org("KNOERR TOECHTER", domain="knoerr.example"),
    ),
    "a legal form with dots": (
        org("Pretzl und Partner GmbH", domain="pretzl.example"),
        org("Pretzl und Partner G.m.b.H.", domain="pretzl.example"),
    ),
    "an article and another country's legal form": (
        org("The Wexford-Lyle Inc.", domain="wexfordlyle.example"),
        org("Wexford Lyle Ltd", domain="wexfordlyle.example"),
    ),
    "name and domain": (org("Hansa Trocken", domain="hansatrocken.example"),) * 2,
    "name and phone": (org("Ostsee Gerbung", phone=landline(7001)),) * 2,
    "name and address": (org("Rhöner Seifen", **home(7002)),) * 2,
    "name and customer number": (org("Allgäu Sensorik", customer_number="K-17-2290"),) * 2,
    "name and VAT number": (org("Spree Kabel", vat_id="DE811223344"),) * 2,
    "name and mailbox": (org("Eifel Ofenbau", email="info@eifelofen.example"),) * 2,
    "a slip in the name at one address": (
        org("Sauerland Präzision GmbH", **site(7003)),
        org("Sauerlnad Präzision", **site(7003)),
    ),
    "the words of the name in another order": (
        org("Feinkost Bredow GmbH", **site(7004)),
        org("Bredow Feinkost", **site(7004)),
    ),
    "a longer name under one VAT number": (
        org("Dünenhof", vat_id="DE299887766", city="Emden"),
        org("Dünenhof Ferienanlagen", vat_id="DE299887766", city="Emden"),
    ),
    "a longer name of the city": (
        org("Mainkraft Turbinen", domain="mainkraft.example", city="Frankfurt"),
        org("Mainkraft Turbinen", domain="mainkraft.example", city="Frankfurt am Main"),
    ),
    "a country that the source filled in": (
        org("Inntal Schrauben", domain="inntal.example", country="DE"),
        org("Inntal Schrauben", domain="inntal.example", country="AT", filled=["country"]),
    ),
    "another address, on the number that it alone has": (
        org("Harzer Uhrwerk", phone=landline(7007), **home(7007)),
        org("Harzer Uhrwerk", phone=landline(7007), **home(7008)),
    ),
    "an address with more words": (
        org("Kontor Brandis", domain="kontorbrandis.example", street="60 West 55th Street"),
        org("Kontor Brandis", domain="kontorbrandis.example", street="60 West 55th Street between 5th and 6th"),
    ),
    "another address under one VAT number": (
        org("Weserberg Glas GmbH", vat_id="DE355667788", **home(7005)),
        org("Weserberg Glas", vat_id="DE355667788", **home(7006)),
    ),
}
OTHER: Pairs = {
    "one name in two places": (org("Stadtbäckerei", **site(7101)), org("Stadtbäckerei", **site(7102))),
    "two branches on one domain": (
        org("Nordwind Spedition", domain="nordwind.example", **home(7103)),
        org("Nordwind Spedition", domain="nordwind.example", **home(7104)),
    ),
    "two branches on one domain, each with its number": (
        org("Ostwind Spedition", domain="ostwind.example", **site(7109)),
        org("Ostwind Spedition", domain="ostwind.example", **site(7110)),
    ),
    "two branches on one domain, each with its mailbox": (
        org("Westwind Spedition", domain="westwind.example", email="emden@westwind.example", **home(7111)),
        org("Westwind Spedition", domain="westwind.example", email="husum@westwind.example", **home(7112)),
    ),
    "two VAT numbers": (
        org("Alpha Holding", domain="alphaholding.example", vat_id="DE111222333", city="Emden"),
        org("Alpha Holding", domain="alphaholding.example", vat_id="DE987654320", city="Emden"),
    ),
    "two customer numbers": (
        org("Beta Holding", domain="betaholding.example", customer_number="AB-1001", city="Emden"),
        org("Beta Holding", domain="betaholding.example", customer_number="XK-7734", city="Emden"),
    ),
    "two firms at one address": (
        org("Kanzlei Brandt", country="DE", **home(7105)),
        org("Zahnarzt Dr. Willms", country="DE", **home(7105)),
    ),
    "two firms at one address and switchboard": (
        org("Kieferchirurgie Sander", **site(7108)),
        org("Reisebüro Horizont", **site(7108)),
    ),
    "two names that share a usual word": (
        org("Müritz Werkzeugbau GmbH", city="Waren"),
        org("Malchow Werkzeugbau GmbH", city="Malchow"),
    ),
    "a mail provider's domain": (
        org("Blumenhaus Iris", domain="gmail.com", **site(7106)),
        org("Blumenhaus Iris", domain="gmail.com", **site(7107)),
    ),
}
SHORTFALLS = {
    "two branches on one domain": "the more organisations there are, the more name and domain outweigh the place",
    "two firms at one address and switchboard": "one number speaks for one firm that goes by two names",
}
CHAIN = ("Emden", "Lindau", "Husum", "Coburg", "Goslar")
GROUP = {
    "new-york": org("United Oil & Gas Corp.", city="New York", country="US", customer_number="CD355118"),
    "uk": org("United Oil & Gas, UK", country="GB", customer_number="CD466220-A"),
    "singapore": org("United Oil & Gas, Singapore", city="Singapore", country="SG", customer_number="CD577331-B"),
}


@pytest.fixture(scope="module")
def firms(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("firms"))
    world.firms(600)
    for number in range(60):
        domain = firm(number)["domain"]
        world.person(
            f"p{number}", **(somebody(number) | {"email": f"p{number}@{domain}"}), organisation=f"f{number:04}"
        )
    world.pairs(SAME, "organisation")
    world.pairs(OTHER, "organisation")
    for source in ("crm", "erp"):
        for number, city in enumerate(CHAIN):
            world.organisation(f"{source}:{city}", "Zentral-Apotheke", **site(7200 + number) | {"city": city})
        for place, fields in GROUP.items():
            world.add("organisation", f"{source}:{place}", domain="uos.example", **fields)
    world.organisation("dickenson", "Dickenson plc", country="US", city="Lawrence")
    world.organisation("lead:dickenson", "Dickenson", country="US")
    world.organisation("lead:stein", "Steinhauer AG", country="US")
    world.person("young", "Andy Young", email="a_young@dickenson.example", organisation="dickenson")
    world.person("lead:wald", "Eva Wald", email="eva@dickenson.example", organisation="dickenson")
    world.person("lead:feld", "Udo Feld", email="udo@dickenson.example", organisation="stein")
    world.organisation("both", "Anna Bergmann", email="anna@bergmann.example", phone=landline(7300))
    world.person("bergmann", "Anna Bergmann", email="anna@bergmann.example", phone=landline(7300))
    world.resolve()
    return world


@pytest.mark.parametrize("case", SAME)
def test_one_organisation_is_one_customer_for_all_that_differs(firms: World, case: str) -> None:
    assert firms.together(f"crm:{case}", f"erp:{case}"), firms.edge(f"crm:{case}", f"erp:{case}")


@pytest.mark.parametrize("case", cases(OTHER, SHORTFALLS))
def test_two_organisations_are_two_customers_for_all_that_agrees(firms: World, case: str) -> None:
    assert firms.apart(f"crm:{case}", f"erp:{case}"), firms.edge(f"crm:{case}", f"erp:{case}")


def test_companies_of_one_name_in_different_places_stay_apart(firms: World) -> None:
    assert all(firms.together(f"crm:{city}", f"erp:{city}") for city in CHAIN)
    assert firms.apart(*CHAIN)


def test_companies_of_one_group_on_one_domain_stay_three(firms: World) -> None:
    assert all(firms.together(f"crm:{place}", f"erp:{place}") for place in GROUP)
    assert firms.apart(*GROUP)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("two VAT numbers", "VAT numbers differ"),
        ("two customer numbers", "customer numbers differ"),
        (
            "two branches on one domain, each with its number",
            "another place with another phone or mailbox: a branch",
        ),
    ],
)
def test_two_organisations_that_are_held_apart_say_why(firms: World, case: str, reason: str) -> None:
    edge = firms.edge(f"crm:{case}", f"erp:{case}")
    assert edge is not None
    assert (edge["used"], edge["reason"]) == ("refused", reason)


def test_companies_of_leads_meet_by_name_and_where_their_people_write_from(firms: World) -> None:
    assert firms.together("dickenson", "lead:dickenson")
    assert "people" in json.loads(firms.link("lead:dickenson")["evidence"])["agreed"]
    assert firms.apart("dickenson", "lead:stein")


def test_a_mail_providers_domain_is_shared(firms: World) -> None:
    assert firms.contact_class("gmail.com") == "shared"


def test_people_and_organisations_never_stand_together(firms: World) -> None:
    assert firms.apart("both", "bergmann")


def test_no_organisation_is_joined_to_a_stranger(firms: World) -> None:
    def case(record: str) -> str:
        return record.split(":")[1]

    assert [records for records in firms.customers() if len({case(record) for record in records}) > 1] == []


def test_a_verdict_on_two_firms_does_not_hang_on_what_others_state(world: World) -> None:
    place = {"street": "Am Sandtorkai 5", "city": "Hamburg"}
    for source, code, number in (("crm", "20457", 7400), ("erp", "22767", 7401)):
        said = {"domain": "sandtor.example", "phone": landline(number), "postal_code": code}
        world.organisation(f"{source}:sandtor", "Sandtor Kontor", **place, **said)
    world.firms(40)
    world.resolve()
    before = world.edge("crm:sandtor", "erp:sandtor")
    world.organisation("crm:other", "Leuchtfeuer Werft", vat_id="DE136695976", customer_number="K-9912")
    world.resolve(2)
    after = world.edge("crm:sandtor", "erp:sandtor")
    assert before is not None
    assert after is not None
    assert (before["used"], before["reason"]) == (after["used"], after["reason"])
