"""What records said before, and birth dates that whole sources do not get right."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from tests.transforms.identity.crowd import born, home, somebody
from tests.transforms.identity.world import World
from transforms.identity import IdentityReport

FORMER = {
    "former": "kaspar.lenz@web.de",
    "taken": "tamme.behn@web.de",
    "lent": "uwe.krohn@web.de",
    "role": "info@altona.example",
}
NAMES = {
    "former": "Kaspar Lenz",
    "taken": "Tamme Behn",
    "lent": "Uwe Krohn",
    "role": "Volker Hauff",
    "never": "Jens Vogt",
}


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Per case two records of one common name: `crm` gave up the address, `erp` has it, and nothing else agrees."""
    world = World(tmp_path_factory.mktemp("past"))
    world.crowd(60)
    for number, (case, name) in enumerate(NAMES.items()):
        given, family = name.split()
        # The names are common ones.
        for place in range(6):
            world.person(
                f"{given}{place}", f"{given} {somebody(place)['family_name']}", **home(600 + 10 * number + place)
            )
            world.person(
                f"{family}{place}", f"{somebody(place)['given_name']} {family}", **home(700 + 10 * number + place)
            )
        world.person(f"crm:{case}", name, city="Husum")
        world.person(f"erp:{case}", name, email=FORMER.get(case, "jens.vogt@web.de"))
        if case in FORMER:
            world.formerly(f"crm:{case}", "email", FORMER[case])
    # Somebody else has it now, and nobody else has it any more.
    world.remove("erp:taken")
    world.person("erp:taken", "Gesine Ahlers", email=FORMER["taken"])
    world.person("erp:lender", "Renate Ohm", email=FORMER["lent"])
    world.resolve()
    return world


def test_a_record_that_lost_its_address_is_still_linked_by_it(past: World) -> None:
    assert past.together("crm:former", "erp:former"), past.edge("crm:former", "erp:former")
    assert past.apart("crm:never", "erp:never"), "nothing but the former address makes the difference"


def test_a_former_address_does_not_link_to_who_has_taken_it_over(past: World) -> None:
    assert past.apart("crm:taken", "erp:taken"), past.edge("crm:taken", "erp:taken")


@pytest.mark.parametrize("case", ["lent", "role"])
def test_a_former_address_that_several_use_now_links_nobody(past: World, case: str) -> None:
    assert past.apart(f"crm:{case}", f"erp:{case}"), past.edge(f"crm:{case}", f"erp:{case}")


@pytest.fixture(scope="module")
def shifted(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, IdentityReport]:
    """`new` is a copy of `old` with all birth dates shifted; `crm` and `erp` differ for two of five."""
    world = World(tmp_path_factory.mktemp("shifted"))
    world.crowd(60)
    for number in range(6):
        person = somebody(900 + number) | {"phone": None, "mobile": None}
        world.add("person", f"old:{number}", **person)
        world.add("person", f"new:{number}", **(person | {"birth_date": born(900 + number) + timedelta(days=4321)}))
    for number in range(5):
        person = somebody(950 + number)
        world.add("person", f"crm:{number}", **person)
        moved = timedelta(days=4321 if number < 2 else 0)
        world.add("person", f"erp:{number}", **(person | {"birth_date": born(950 + number) + moved}))
    for name, birthday in (("father", date(1948, 1, 22)), ("son", date(1979, 11, 3))):
        world.person(f"old:{name}", "Bertram Quistorp", birth_date=birthday, **home(990))
    report = world.resolve()
    return world, report


def test_birth_dates_that_differ_for_nearly_everybody_between_two_sources_contradict_nobody(
    shifted: tuple[World, IdentityReport],
) -> None:
    world, report = shifted
    assert report.doubtful_birth_dates == ("new, old",)
    assert all(world.together(f"old:{number}", f"new:{number}") for number in range(6))


def test_within_a_source_doubted_elsewhere_birth_dates_still_part_father_and_son(
    shifted: tuple[World, IdentityReport],
) -> None:
    world, _ = shifted
    assert world.apart("old:father", "old:son"), world.edge("old:father", "old:son")


def test_a_few_birth_dates_that_differ_between_two_sources_doubt_none(shifted: tuple[World, IdentityReport]) -> None:
    world, report = shifted
    assert "crm, erp" not in report.doubtful_birth_dates
    edge = world.edge("crm:0", "erp:0")
    assert edge is not None
    assert json.loads(edge["disagreed"])["birth_date"] < 0
