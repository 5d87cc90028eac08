"""Which organisations are one customer, and which are not."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from transforms.identity.folding import define_folding


def test_companies_of_one_group_on_one_domain_stay_three(world: Any) -> None:
    places = {
        "United Oil & Gas Corp.": {"city": "New York", "country": "US", "customer_number": "CD355118"},
        "United Oil & Gas, UK": {"country": "GB", "customer_number": "CD355119-A"},
        "United Oil & Gas, Singapore": {"city": "Singapore", "country": "SG", "customer_number": "CD355120-B"},
    }
    for source in ("org1", "org2"):
        for number, (name, place) in enumerate(places.items()):
            world.organisation(f"{source}:{number}", name, domain="uos.com", **place)
    world.resolve()
    assert world.customers() == {frozenset({f"org1:{number}", f"org2:{number}"}) for number in range(3)}


@pytest.mark.parametrize(
    "other", ["Boll Söhne GmbH & Co. KG", "BOLL SOEHNE", "Boll und Söhne G.m.b.H.", "The Boll-Söhne, Inc."]
)
def test_a_name_is_compared_without_its_legal_form(world: Any, other: str) -> None:
    world.organisation("1", "Boll & Söhne AG", domain="boll.org")
    world.organisation("2", other, domain="boll.org")
    world.resolve()
    assert world.together("1", "2")


@pytest.mark.parametrize(
    "evidence",
    [
        {"domain": "boll.org"},
        {"phone": "+493055512399"},
        {"city": "Berlin"},
        {"street": "Hauptstr. 5", "city": "Berlin"},
        {"customer_number": "K-17"},
        {"vat_id": "DE811223344"},
        {"email": "info@boll.org"},
    ],
)
def test_a_name_and_one_more_thing_link(world: Any, evidence: dict[str, str]) -> None:
    world.organisation("hub:1", "Boll GmbH", **evidence)
    world.organisation("2", "Boll", **evidence)
    world.resolve()
    assert world.together("hub:1", "2")


def test_companies_of_leads_meet_by_name_and_where_their_people_write_from(world: Any) -> None:
    world.organisation("a", "Dickenson plc", country="US", city="Lawrence")
    world.organisation("lead:b", "Dickenson", country="US")
    world.organisation("lead:c", "Stein AG")
    world.person("1", "Andy Young", email="a_young@dickenson.com", organisation="a")
    world.person("lead:2", "Eva Wald", email="eva@dickenson.com", organisation="b")
    world.person("lead:3", "Udo Feld", email="udo@dickenson.com", organisation="c")
    world.resolve()
    assert world.together("a", "lead:b")
    assert world.link("b")["rule"] == "name+people"
    assert not world.together("a", "lead:c")


def test_a_name_alone_links_nothing(world: Any) -> None:
    world.organisation("1", "Central Pharmacy", country="DE")
    world.organisation("2", "Central Pharmacy", country="DE")
    world.resolve()
    assert not world.together("1", "2")


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ({"city": "Berlin"}, {"city": "Hamburg"}, "cities differ"),
        ({"country": "DE"}, {"country": "AT"}, "countries differ"),
        ({"customer_number": "1"}, {"customer_number": "2"}, "customer numbers differ"),
        ({"vat_id": "DE1"}, {"vat_id": "DE2"}, "VAT numbers differ"),
    ],
)
def test_another_place_or_number_contradicts(
    world: Any, one: dict[str, str], other: dict[str, str], reason: str
) -> None:
    world.organisation("1", "Boll GmbH", domain="boll.org", phone="+493055512399", **one)
    world.organisation("2", "Boll GmbH", domain="boll.org", phone="+493055512399", **other)
    world.resolve()
    assert not world.together("1", "2")
    assert world.edges("refused")["1", "2"]["reason"] == reason


def test_a_country_filled_from_the_source_contradicts_nothing(world: Any) -> None:
    world.organisation("1", "Boll GmbH", domain="boll.org", country="DE")
    world.organisation("2", "Boll GmbH", domain="boll.org", country="AT", filled=["country"])
    world.resolve()
    assert world.together("1", "2")


def test_a_branch_without_city_does_not_join_two_towns(world: Any) -> None:
    world.organisation("1", "Boll GmbH", domain="boll.org", city="Berlin")
    world.organisation("2", "Boll GmbH", domain="boll.org")
    world.organisation("3", "Boll GmbH", domain="boll.org", city="Hamburg")
    world.resolve()
    assert not world.together("1", "3")
    assert len(world.edges("cut")) == 1


def test_longer_and_shorter_names_of_a_city_agree(world: Any) -> None:
    world.organisation("1", "Boll GmbH", domain="boll.org", city="Frankfurt")
    world.organisation("2", "Boll GmbH", domain="boll.org", city="Frankfurt am Main")
    world.resolve()
    assert world.together("1", "2")


def test_one_vat_number_links_two_forms_of_a_name_and_not_two_names(world: Any) -> None:
    world.organisation("1", "Boll", vat_id="DE811223344")
    world.organisation("2", "Boll Maschinenbau Berlin", vat_id="DE811223344")
    world.organisation("3", "Stein", vat_id="DE811223344")
    world.resolve()
    assert world.customers() == {frozenset({"crm:1", "crm:2"}), frozenset({"crm:3"})}


def test_people_and_organisations_never_stand_together(world: Any) -> None:
    world.organisation("a", "Anna Berg", email="anna@berg.org", phone="+4917012349876")
    world.person("p", "Anna Berg", email="anna@berg.org", phone="+4917012349876")
    world.resolve()
    assert not world.together("a", "p")


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("O’Brien-Łukasz", "obrien lukasz"),
        ("Mueller", "muller"),
        ("Müller", "muller"),
        ("Bauer", "bauer"),
        ("Joe", "joe"),
        ("--", None),
    ],
)
def test_names_are_folded_for_comparison(name: str, folded: str | None) -> None:
    with duckdb.connect() as connection:
        define_folding(connection)
        assert connection.execute("select folded(?)", [name]).fetchone() == (folded,)
