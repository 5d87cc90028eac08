"""Which people are one customer, and which are not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

ADDRESS = {"street": "Hauptstraße 5", "postal_code": "10115", "city": "Berlin"}
MOBILE = "+4917012349876"


def test_a_personal_address_and_a_name_link(world: Any) -> None:
    world.person("hub:1", "Jörg Müller", email="jm@web.org")
    world.person("2", "Joerg Mueller", email="jm@web.org")
    world.resolve()
    assert world.together("hub:1", "2")
    assert world.link("2")["rule"] == "email+name"
    assert world.link("2")["evidence"] == '{"with": "hub:Contact:1", "agreed": ["full_name", "email"], "disagreed": []}'
    assert world.link("2")["decided_by"] == "model"


def test_a_shared_mailbox_does_not_merge_strangers(world: Any) -> None:
    world.person("1", "Anna Berg", email="info@firm.org")
    world.person("2", "Ben Stein", email="info@firm.org")
    world.person("3", None, email="info@firm.org")
    world.resolve()
    assert len(world.customers()) == 3


def test_a_couple_on_one_landline_stays_two(world: Any) -> None:
    world.person("1", "Ben Berg", phone="+493012340001", email="berg@home.org")
    world.person("2", "Bob Berg", phone="+493012340001", email="berg@home.org")
    world.resolve()
    assert not world.together("1", "2")
    assert world.edges("refused")["1", "2"]["reason"] == "given names differ"
    assert world.edges("refused")["1", "2"]["score"] == 0


def test_a_personal_number_and_a_name_link_whichever_field_holds_it(world: Any) -> None:
    world.person("1", "Anna Berg", phone=MOBILE)
    world.person("2", "Anna Berg", mobile=MOBILE)
    world.resolve()
    assert world.together("1", "2")


def test_a_number_typed_to_fill_the_field_links_nobody(world: Any) -> None:
    world.person("1", "Anna Berg", phone="+490000000000")
    world.person("2", "Anna Berg", phone="+490000000000")
    world.resolve()
    assert not world.together("1", "2")


def test_a_name_alone_links_nobody(world: Any) -> None:
    world.person("1", "Anna Berg")
    world.person("2", "Anna Berg")
    world.resolve()
    assert not world.together("1", "2")
    assert world.link("1")["rule"] == "alone"
    assert world.link("1")["score"] is None


def test_people_without_contact_points_meet_by_name_and_organisation(world: Any) -> None:
    for source in ("org1", "org2"):
        world.organisation(f"{source}:a{source}", "sForce", phone="+14159017000", domain="sforce.com")
        world.person(f"{source}:j", "Jake Llorrac", organisation=f"a{source}")
        world.person(f"{source}:s", "Siddartha Nedaerk", organisation=f"a{source}")
    world.resolve()
    assert world.together("org1:j", "org2:j")
    assert world.together("org1:s", "org2:s")
    assert not world.together("org1:j", "org1:s")
    assert world.link("j")["rule"] == "name+organisation"


def test_namesakes_in_different_organisations_stay_apart(world: Any) -> None:
    world.organisation("a", "Alpha")
    world.organisation("b", "Beta")
    world.person("1", "Anna Berg", organisation="a")
    world.person("2", "Anna Berg", organisation="b")
    world.resolve()
    assert not world.together("1", "2")


def test_namesakes_with_own_mailbox_and_mobile_in_one_organisation_stay_apart(world: Any) -> None:
    world.organisation("a", "Alpha")
    world.person("1", "Anna Berg", organisation="a", email="anna.berg@alpha.org", mobile="+4917012349801")
    world.person("2", "Anna Berg", organisation="a", email="anna.berg2@alpha.org", mobile="+4917012349802")
    world.resolve()
    assert not world.together("1", "2")


def test_the_same_name_at_the_same_address_links(world: Any) -> None:
    world.person("1", "Anna Berg", **ADDRESS)
    world.person("2", "Anna Berg", street="Hauptstr. 5", city="Berlin")
    world.resolve()
    assert world.together("1", "2")


def test_a_family_at_one_address_stays_apart(world: Any) -> None:
    world.person("1", "Anna Berg", **ADDRESS)
    world.person("2", "Ben Berg", **ADDRESS)
    world.resolve()
    assert not world.together("1", "2")


def test_father_and_son_of_one_name_are_held_apart_by_their_birth_dates(world: Any) -> None:
    world.person("1", "Hans Berg", birth_date=date(1950, 3, 1), email="berg@home.org", **ADDRESS)
    world.person("2", "Hans Berg", birth_date=date(1980, 5, 2), email="berg@home.org", **ADDRESS)
    world.resolve()
    assert not world.together("1", "2")
    assert world.edges("refused")["1", "2"]["reason"] == "birth dates differ"


def test_birth_dates_that_differ_for_nearly_everybody_between_two_sources_contradict_nobody(world: Any) -> None:
    """One org is a copy of the other with all birth dates shifted. Within a source they still part father and son."""
    for number in range(6):
        for source, year in (("old", 1950), ("new", 1961)):
            email = f"p{number}@berg.org" if number else None
            world.person(
                f"{source}:{source}{number}", f"Anna Berg{number}", email=email, birth_date=date(year, 3, 1), **ADDRESS
            )
    world.person("old:father", "Anna Berg0", birth_date=date(1920, 1, 2), **ADDRESS)
    report = world.resolve()
    assert report.doubtful_birth_dates == ("new, old",)
    assert all(world.together(f"old:old{number}", f"new:new{number}") for number in range(1, 6))
    assert not world.together("old:father", "old:old0")
    assert "birth_date" in world.link("old1")["evidence"]


def test_a_few_birth_dates_that_differ_between_two_sources_part_their_people(world: Any) -> None:
    for number in range(4):
        for source, year in (("old", 1950), ("new", 1961)):
            world.person(
                f"{source}:{source}{number}",
                f"Anna Berg{number}",
                email=f"p{number}@berg.org",
                birth_date=date(year, 3, 1),
            )
    world.resolve()
    assert len(world.customers()) == 8


def test_junior_and_senior_at_one_address_stay_apart(world: Any) -> None:
    world.add("person", "1", given_name="John", family_name="Berg Jr.", **ADDRESS)
    world.add("person", "2", given_name="John", family_name="Berg", **ADDRESS)
    world.resolve()
    assert not world.together("1", "2")


def test_name_and_birth_date_link_but_the_first_day_of_an_epoch_does_not(world: Any) -> None:
    world.person("1", "Anna Berg", birth_date=date(1981, 2, 3))
    world.person("2", "Anna Berg", birth_date=date(1981, 2, 3))
    world.person("3", "Carla Wald", birth_date=date(1900, 1, 1))
    world.person("4", "Carla Wald", birth_date=date(1900, 1, 1))
    world.resolve()
    assert world.together("1", "2")
    assert not world.together("3", "4")


def test_a_bridge_without_birth_date_does_not_join_father_and_son(world: Any) -> None:
    """Son and bridge share the mobile as well; so the father's weaker edge is cut."""
    world.person("1", "Hans Berg", birth_date=date(1950, 3, 1), **ADDRESS)
    world.person("2", "Hans Berg", mobile=MOBILE, **ADDRESS)
    world.person("3", "Hans Berg", birth_date=date(1980, 5, 2), mobile=MOBILE, **ADDRESS)
    world.resolve()
    assert world.customers() == {frozenset({"crm:1"}), frozenset({"crm:2", "crm:3"})}
    assert world.edges("cut")["1", "2"]["reason"].endswith("birth dates differ")


def test_contradictions_that_were_never_compared_do_not_meet(world: Any) -> None:
    """1 and 3 share nothing; both share something with 2."""
    world.person("1", "Anna Berg", birth_date=date(1950, 3, 1), email="anna@berg.org")
    world.person("2", "Anna Berg", email="anna@berg.org", **ADDRESS)
    world.person("3", "Anna Berg", birth_date=date(1980, 5, 2), **ADDRESS)
    world.resolve()
    assert world.customers() == {frozenset({"crm:1", "crm:2"}), frozenset({"crm:3"})}


def test_an_initial_agrees_but_weighs_less(world: Any) -> None:
    world.person("1", "Anna Berg", email="anna@berg.org")
    world.person("2", "A. Berg", email="anna@berg.org")
    world.person("3", "Anna Berg", email="anna@berg.org")
    world.resolve()
    assert world.together("1", "2", "3")
    assert world.link("2")["score"] < world.link("3")["score"]


def test_another_initial_contradicts(world: Any) -> None:
    world.person("1", "A. Berg", email="berg@berg.org")
    world.person("2", "B. Berg", email="berg@berg.org")
    world.resolve()
    assert not world.together("1", "2")


def test_a_nickname_is_the_name_it_stands_for(world: Any) -> None:
    world.person("1", "Bob Berg", mobile=MOBILE)
    world.person("2", "Robert Berg", mobile=MOBILE)
    world.resolve()
    assert world.together("1", "2")


def test_middle_names_may_be_missing_but_not_different(world: Any) -> None:
    world.person("1", "Hans Peter Berg", email="hp@berg.org")
    world.person("2", "Hans P. Berg", email="hp@berg.org")
    world.person("3", "Hans Otto Berg", email="hp@berg.org")
    world.resolve()
    assert world.together("1", "2")
    assert not world.together("1", "3")


def test_a_name_in_one_word_or_two_is_one_name(world: Any) -> None:
    world.person("1", "Anna-Maria Berg", email="am@berg.org")
    world.person("2", "Annamaria Berg", email="am@berg.org")
    world.resolve()
    assert world.together("1", "2")


def test_a_bucket_of_people_is_no_organisation_that_tells_namesakes_apart(world: Any) -> None:
    world.organisation("a", "Private customers")
    for number in range(2_001):
        world.person(f"{number:04}", f"Anna Berg{number // 2}", organisation="a")
    report = world.resolve()
    assert not world.together("0000", "0001")
    assert [(block.shares, block.records) for block in report.oversized] == [("organisation", 2_001)]


def test_a_new_family_name_on_the_same_personal_address_links_weakly(world: Any) -> None:
    world.person("1", "Anna Berg", email="anna81@web.org")
    world.person("2", "Anna Stein", email="anna81@web.org")
    world.resolve()
    assert world.link("1")["rule"] == "email+given_name"


def test_a_record_without_name_follows_its_personal_address(world: Any) -> None:
    world.person("1", "Anna Berg", email="anna@berg.org")
    world.person("2", None, email="anna@berg.org")
    world.resolve()
    assert world.link("2")["rule"] == "email"


@pytest.mark.parametrize("family", ["Unknown", "n/a", "."])
def test_a_name_typed_to_fill_the_field_is_no_name(world: Any, family: str) -> None:
    world.add("person", "1", given_name="Anna", family_name=family, **ADDRESS)
    world.add("person", "2", given_name="Anna", family_name=family, **ADDRESS)
    world.resolve()
    assert not world.together("1", "2")


def test_a_crowd_under_one_key_gives_a_star_and_not_all_pairs(world: Any) -> None:
    for number in range(60):
        world.person(f"{number:02}", "Anna Berg", email="anna@berg.org")
    world.resolve()
    assert len(world.customers()) == 1
    assert world.table("edge").height == 59


def test_a_block_of_too_many_profiles_is_reported_and_not_compared(world: Any) -> None:
    for number in range(30):
        world.person(f"{number:02}", "Anna Berg", birth_date=date(1950 + number, 1, 2), **ADDRESS)
    report = world.resolve()
    assert len(world.customers()) == 30
    assert world.table("edge").is_empty()
    assert {(block.records, block.profiles) for block in report.oversized} == {(30, 30)}
