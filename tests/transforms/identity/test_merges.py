"""What a source merged stays findable: the id of the swallowed record leads to its survivor's customer."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

import pytest

from tests.transforms.identity.crowd import firm
from tests.transforms.identity.test_day import TABLES
from tests.transforms.identity.world import World

PEOPLE = (
    "Abel Rossi", "Ann Lang", "Bea Voss", "Cleo Marten", "Dora Quist", "Elin Stahl", "Finn Oster", "Gus Pohl",
    "Hal Brandt", "Ida Kern", "Jon Falk", "Kim Weller", "Lea Sommer", "Max Thoma", "Nora Lind", "Otto Behr",
    "Pia Zander", "Quin Hagen", "Uma Ritter",
)  # fmt: skip
"""Nobody has anything to do with anybody else."""


@dataclass
class Told:
    """What one publication says: record -> its customer, id -> status and new ids, record -> (customer, present)."""

    customers: dict[str, str]
    aliases: dict[str, tuple[str, list[str]]]
    members: dict[str, tuple[str, bool]]


def swallow(world: World, record: str, into: str, kind: str = "person") -> None:
    """The record goes, and its source says into which other one."""
    world.remove(record)
    world.merge(record, into, kind)


def told(world: World, twin: World, publication: int) -> Told:
    """Resolve a day's work, and in `twin` all of it anew, in another order; both come to the same."""
    if publication > 1:
        shutil.rmtree(twin.data)
        shutil.copytree(world.data / "state", twin.data / "state")
        for name in ("rows", "past", "merged"):
            setattr(twin, name, {kind: list(rows) for kind, rows in getattr(world, name).items()})
        twin.shuffle(publication)
        assert twin.resolve(publication).anew
    assert world.resolve(publication).anew == (publication == 1)
    assert publication == 1 or all(world.table(name).equals(twin.table(name)) for name in TABLES)
    return Told(
        {record.split(":")[-1]: customer for record, customer in world.links().items()},
        {customer: (status, new_ids) for customer, (status, new_ids, _) in world.aliases().items()},
        {key.split(":")[-1]: (customer, present) for key, customer, present in world.table("member").rows()},
    )


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Told]:
    """Three publications: before, when records are merged, and what comes after."""
    world, twin = World(tmp_path_factory.mktemp("day")), World(tmp_path_factory.mktemp("anew"))
    world.crowd(100)
    world.firms(40)
    for name in PEOPLE:
        given = name.split()[0].lower()
        world.person(given, name, email=f"{given}@{given}.example")
    for number, record in enumerate(("acme", "boll")):
        world.organisation(record, **firm(90 + number))
    days = {1: told(world, twin, 1)}

    swallow(world, "bea", "ann")
    swallow(world, "boll", "acme", "organisation")
    swallow(world, "dora", "cleo")
    swallow(world, "finn", "nobody")
    world.merge("nobody", "gus")
    swallow(world, "hal", "ida")
    swallow(world, "ida", "hal")
    swallow(world, "kim", "jon")
    for record in ("lea", "max"):
        swallow(world, record, "new")
    world.person("new", "Lea Thoma", email="lea@thoma.example")
    world.merge("nora", "otto")
    swallow(world, "quin", "pia")
    swallow(world, "uma", "vera")
    world.organisation("vera", "Vera Ritter Handel", object="Contact")
    days[2] = told(world, twin, 2)

    rows = world.merged["person"]
    rows[:] = [row for row in rows if row["record_id"] != "bea"]
    swallow(world, "cleo", "elin")
    world.merge("elin", "ann")  # who is there still
    world.person("kim", "Kim Weller", email="kim@kim.example")
    world.remove("vera")
    world.person("vera", "Vera Ritter", email="vera@ritter.example")
    (pia,) = (row for row in world.rows["person"] if row["record_id"] == "pia")
    (abel,) = (row for row in world.rows["person"] if row["record_id"] == "abel")
    pia |= {column: value for column, value in abel.items() if column != "record_id"}
    days[3] = told(world, twin, 3)
    return days


@pytest.mark.parametrize(("swallowed", "survivor"), [("bea", "ann"), ("boll", "acme")])
def test_the_swallowed_records_customer_is_merged_into_the_survivors(
    days: dict[int, Told], swallowed: str, survivor: str
) -> None:
    old, stays = days[1].customers[swallowed], days[1].customers[survivor]
    assert days[2].aliases[old] == ("merged", [stays])
    assert days[2].customers[survivor] == stays
    assert swallowed not in days[2].customers
    assert (days[2].members[survivor], days[2].members[swallowed]) == ((stays, True), (stays, False))


def test_it_stays_so_when_the_merge_is_told_no_more(days: dict[int, Told]) -> None:
    assert days[3].aliases[days[1].customers["bea"]] == ("merged", [days[1].customers["ann"]])
    assert days[3].members["bea"] == days[2].members["bea"]


def test_a_chain_of_merges_leads_to_the_first_who_is_there(days: dict[int, Told]) -> None:
    once = days[1].customers
    assert days[2].aliases[once["dora"]] == ("merged", [once["cleo"]])
    assert days[3].customers["elin"] == once["elin"]
    assert days[3].aliases[once["dora"]] == days[3].aliases[once["cleo"]] == ("merged", [once["elin"]])
    assert days[3].members["dora"] == days[3].members["cleo"] == (once["elin"], False)
    assert days[3].customers["ann"] == once["ann"]


def test_a_merge_into_one_who_was_never_known_is_followed_further(days: dict[int, Told]) -> None:
    once = days[1].customers
    assert days[2].aliases[once["finn"]] == ("merged", [once["gus"]])
    assert "nobody" not in days[2].members


def test_merges_in_a_circle_end_nowhere(days: dict[int, Told]) -> None:
    assert [days[2].aliases[days[1].customers[record]] for record in ("hal", "ida")] == [("gone", []), ("gone", [])]


def test_a_swallowed_record_that_comes_back_is_itself_again(days: dict[int, Told]) -> None:
    once, back = days[1].customers, days[3].customers["kim"]
    assert days[2].aliases[once["kim"]] == ("merged", [once["jon"]])
    assert back not in days[2].aliases
    assert days[3].members["kim"] == (back, True)
    assert days[3].customers["jon"] == once["jon"]
    # The id that readers kept leads to where it went, and from there to who came back.
    assert days[3].aliases[once["kim"]] == ("merged", [once["jon"]])
    assert days[3].aliases[once["jon"]] == ("live", [back])


def test_two_old_records_that_became_a_new_one_are_one_customer(days: dict[int, Told]) -> None:
    once = days[1].customers
    assert days[2].customers["new"] == once["lea"]
    assert days[2].aliases[once["max"]] == ("merged", [once["lea"]])


def test_a_persons_id_leads_to_no_organisation_and_waits_for_the_person(days: dict[int, Told]) -> None:
    old = days[1].customers["uma"]
    assert days[2].aliases[old] == ("gone", [])
    assert days[2].members["uma"] == (old, False)
    assert days[3].customers["vera"] == old


def test_merges_link_nobody_who_is_there(days: dict[int, Told]) -> None:
    for record in ("nora", "otto"):
        assert days[3].customers[record] == days[1].customers[record]


def test_a_survivor_that_moves_to_another_customer_takes_the_swallowed_along(days: dict[int, Told]) -> None:
    once = days[1].customers
    assert days[3].customers["pia"] == days[3].customers["abel"] == once["abel"]
    assert days[2].members["quin"] == (once["pia"], False)
    assert days[3].members["quin"] == (once["abel"], False)
    assert days[3].aliases[once["quin"]] == ("merged", [once["abel"]])
