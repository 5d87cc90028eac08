"""A day's work comes to what a whole run would: the same links, edges, contact points and ids."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.transforms.identity.crowd import firm, somebody
from tests.transforms.identity.world import World
from transforms.identity import IdentityError, IdentityReport
from transforms.identity.candidates import BLOCK
from transforms.identity.kept import RESULTS, KeptInUse, kept_file

PEOPLE, FIRMS = 240, 40
TABLES = (*RESULTS, "registry", "member")


class Life:
    """Records that come, change and go, as chance has it."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance, self.born = world, random.Random(seed), 0  # noqa: S311
        world.crowd(PEOPLE)
        world.firms(FIRMS)
        for _ in range(PEOPLE // 2):
            self.person_comes()
        for number in range(FIRMS // 2):
            world.organisation(f"erp:g{number:04}", **firm(number))

    def day(self) -> None:
        events = (
            *(self.person_comes, self.person_goes, self.person_changes, self.person_is_merged) * 3,
            self.firm_comes, self.firm_goes, self.firm_changes, self.firm_is_merged, self.somebody_decides,
            self.person_returns, self.staff_changes,
        )  # fmt: skip
        for _ in range(self.chance.randrange(1, 12)):
            self.chance.choice(events)()

    def person_comes(self) -> None:
        self.born += 1
        self.world.person(f"{self.chance.choice(['crm', 'erp'])}:y{self.born:04}", **self._somebody())

    def firm_comes(self) -> None:
        self.born += 1
        self.world.organisation(f"erp:h{self.born:04}", **self._firm(FIRMS + 10))

    def person_goes(self) -> None:
        self.world.remove(self._any("person"))

    def firm_goes(self) -> None:
        self.world.remove(self._any("organisation"))

    def person_is_merged(self) -> None:
        self._merge("person", self.person_goes)

    def firm_is_merged(self) -> None:
        self._merge("organisation", self.firm_goes)

    def person_returns(self) -> None:
        """One of those who were merged, if any: as somebody else, like as not."""
        merged = [row for row in self.world.merged["person"] if row["source"] == "crm"]
        if merged and (one := self.chance.choice(merged)["record_id"]) not in self._there("person", "crm"):
            self.world.person(f"crm:{one}", **self._somebody())

    def person_changes(self) -> None:
        row, now = self.chance.choice(self.world.rows["person"]), self._somebody()
        field = self.chance.choice(sorted(now.keys() - {"organisation"}))
        if field in ("email", "phone", "mobile") and row.get(field):
            self.world.formerly(f"{row['source']}:{row['record_id']}", field, row[field])
        row[field] = now[field]

    def firm_changes(self) -> None:
        row, now = self.chance.choice(self.world.rows["organisation"]), self._firm(FIRMS)
        field = self.chance.choice(sorted(now))
        row[field] = now[field]

    def staff_changes(self) -> None:
        """Somebody is hired whose address customers have, too, or leaves."""
        staff, addresses = self.world.rows["employee"], [row.get("email") for row in self.world.rows["person"]]
        if staff and self.chance.random() < 0.4:
            staff.pop()
        elif email := self.chance.choice(addresses):
            self.born += 1
            self.world.add("employee", f"w{self.born}", email=email, status="active")

    def somebody_decides(self) -> None:
        one, other = self.chance.sample(self.world.rows["person"], 2)
        sides = (f"{row['source']}:{row['record_id']}" for row in (one, other))
        self.world.decide(self.chance.choice(["same", "different"]), *sides)

    def _merge(self, kind: str, go: Callable[[], None]) -> None:
        """One goes that another record of its source swallowed; now and then one that is gone itself, or the survivor
        of a later merge."""
        before = self._there(kind, "crm")
        go()
        for gone in sorted(before - self._there(kind, "crm")):
            known = sorted(before | {row["record_id"] for row in self.world.merged[kind] if row["source"] == "crm"})
            self.world.merge(f"crm:{gone}", f"crm:{self.chance.choice(known)}", kind)

    def _there(self, kind: str, source: str) -> set[str]:
        return {row["record_id"] for row in self.world.rows[kind] if row["source"] == source}

    def _any(self, kind: str) -> str:
        row = self.chance.choice(self.world.rows[kind])
        return f"{row['source']}:{row['record_id']}"

    def _somebody(self) -> dict[str, object]:
        """One of the crowd, with gaps, another spelling, an employer, numbers, or what others have, too."""
        number = self.chance.randrange(PEOPLE)
        person = dict(somebody(number))
        for field in sorted(person):
            if self.chance.random() < (0.1 if field.endswith("_name") else 0.25):
                person[field] = None
        given, family = (person[name] or "" for name in ("given_name", "family_name"))
        if self.chance.random() < 0.2:
            person["given_name"] = self.chance.choice([given[:1], f"{given} Maria", f"{given}maria", family]) or None
        if self.chance.random() < 0.1:
            person["family_name"] = self.chance.choice([f"{family} Jr.", f"{family} Senior"]).strip()
        for name in ("loyalty_id", "national_id", "customer_number"):
            if self.chance.random() < 0.15:
                person[name] = self.chance.choice([f"{name[0]}-{70_000 + number * 37}", "000000", f"L{number % 4}"])
        if self.chance.random() < 0.4:
            person["organisation"] = f"f{self.chance.randrange(FIRMS):04}"
        if self.chance.random() < 0.1:
            person["email"] = f"info@{self.chance.choice('abc')}.example"
        if self.chance.random() < 0.15:
            person["phone"] = f"+4989{1_000_000 + self.chance.randrange(12)}"
        if self.chance.random() < 0.2:
            person |= {"city": "Kiel", "street": "Am Markt 1", "postal_code": "24103"}
        return person

    def _firm(self, firms: int) -> dict[str, object]:
        """One of so many firms, with gaps, a VAT number, or what others have, too."""
        number = self.chance.randrange(firms)
        one = dict(firm(number))
        for field in sorted(one.keys() - {"name"}):
            if self.chance.random() < 0.25:
                one[field] = None
        if self.chance.random() < 0.2:
            one["vat_id"] = self.chance.choice([f"DE{811_000_000 + number}", "DE999999999"])
        if self.chance.random() < 0.2:
            one |= {"phone": f"+4989{2_000_000 + self.chance.randrange(4)}", "city": "Kiel"}
        return one


@pytest.fixture
def both(world: World, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], tuple[IdentityReport, World]]:
    """Resolve the world as a day's work, and a copy of it that has nothing but its state; both come to the same."""

    def resolve(publication: int) -> tuple[IdentityReport, World]:
        other = World(tmp_path_factory.mktemp("anew"))
        shutil.copytree(world.data / "state", other.data / "state")
        other.rows, other.past, other.merged = world.rows, world.past, world.merged
        other.decisions = world.decisions
        day, anew = world.resolve(publication), other.resolve(publication)
        assert anew.anew
        for name in TABLES:
            assert world.table(name).equals(other.table(name)), name
        assert replace(day, anew=True) == anew
        return day, other

    return resolve


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 16))])
def test_days_of_all_kinds_of_changes_come_to_what_a_whole_run_would(
    world: World, both: Callable[[int], tuple[IdentityReport, World]], seed: int
) -> None:
    life = Life(world, seed)
    world.resolve(1)
    for publication in range(2, 6):
        life.day()
        day, _ = both(publication)
        assert not day.anew


def test_the_fiftieth_user_of_a_mailbox_parts_the_two_that_it_linked(
    world: World, both: Callable[[int], tuple[IdentityReport, World]]
) -> None:
    desk = {"email": "desk@acme.example"}
    world.crowd(600)
    world.person("crm:lena", "Lena Vogt", city="Kiel", **desk)
    world.person("erp:lena", "Lena", **desk)
    for number in range(1, 48):
        world.person(f"crm:u{number:02}", **(somebody(700 + number) | {"email": None}))
    world.resolve(1)
    assert world.together("crm:lena", "erp:lena")
    for row in world.rows["person"]:
        if row["record_id"].startswith("u"):
            row["email"] = desk["email"]
    world.person("crm:u48", **(somebody(748) | desk))
    day, _ = both(2)
    assert not day.anew
    assert world.contact_class(desk["email"]) == "shared"
    assert world.apart("crm:lena", "erp:lena")


def test_a_firm_that_joins_another_takes_its_people_along(
    world: World, both: Callable[[int], tuple[IdentityReport, World]]
) -> None:
    world.crowd(200)
    world.firms(40)
    world.person("crm:max", "Max Roth", organisation="f0001")
    world.person("erp:max", "Max Roth", organisation="f0002")
    world.resolve(1)
    (first,) = (row for row in world.rows["organisation"] if row["record_id"] == "f0001")
    (other,) = (row for row in world.rows["organisation"] if row["record_id"] == "f0002")
    other |= {key: value for key, value in first.items() if key != "record_id"}
    day, _ = both(2)
    assert not day.anew
    assert world.together("crm:f0001", "crm:f0002")


def test_a_block_that_grows_too_large_is_told_and_one_that_shrinks_is_compared_again(
    world: World, both: Callable[[int], tuple[IdentityReport, World]]
) -> None:
    crowded = {"phone": "+49897654021", "family_name": "Berger", "given_name": None, "email": None}
    world.crowd(300)
    for number in range(52):
        world.person(f"crm:b{number:02}", **(somebody(400 + number) | crowded))
    assert world.resolve(1).oversized["person"].blocks > 0
    for number in range(3):
        world.remove(f"crm:b{number:02}")
    day, _ = both(2)
    assert day.oversized["person"].blocks == 0
    for number in range(60, 64):
        world.person(f"crm:b{number:02}", **(somebody(400 + number) | crowded))
    day, _ = both(3)
    assert day.oversized["person"].blocks > 0


def test_a_customer_with_more_records_than_a_block_holds_is_one(
    world: World, both: Callable[[int], tuple[IdentityReport, World]]
) -> None:
    def zoe(number: int) -> str:
        record = f"crm:z{number:02}"
        world.person(record, "Zoe Farrow", email="zoe@farrow.example")
        return record

    world.crowd(300)
    there = [zoe(number) for number in range(10, BLOCK + 20)]
    world.resolve(1)
    assert world.together(*there)
    # The first of them goes, another comes before it, and most go, so that all are compared with all.
    world.remove(there.pop(0))
    both(2)
    assert world.together(*there)
    there = [zoe(number) for number in range(3)] + there
    both(3)
    assert world.together(*there)
    while len(there) >= BLOCK:
        world.remove(there.pop(1))
    both(4)
    assert world.together(*there)


def test_a_record_that_returns_finds_its_customer_again(
    world: World, both: Callable[[int], tuple[IdentityReport, World]]
) -> None:
    world.crowd(100)
    world.person("crm:ann", "Ann Lang", email="ann@lang.example")
    world.resolve(1)
    known = world.links()["crm:ann"]
    world.remove("crm:ann")
    both(2)
    assert world.aliases()[known][0] == "gone"
    world.person("crm:ann", "Ann Lang", email="ann@lang.example")
    both(3)
    assert world.links()["crm:ann"] == known


def test_customers_are_named_anew_where_the_last_run_was_not_published(world: World, tmp_path: Path) -> None:
    world.crowd(100)
    world.resolve(1)
    saved = tmp_path / "published"
    shutil.copytree(world.data / "state", saved)
    world.person("crm:new", "Neu Hier", email="neu@hier.example")
    world.resolve(2)
    given = world.links()["crm:new"]
    # Publication 2 was held back: the state is still that of publication 1.
    shutil.rmtree(world.data / "state")
    shutil.copytree(saved, world.data / "state")
    report = world.resolve(2)
    assert not report.anew
    assert report.registry.new == 1
    assert world.links()["crm:new"] == given


@pytest.mark.parametrize("harm", ["gone", "cut off", "half written"])
def test_what_is_kept_is_made_anew_where_it_is_not_whole(world: World, harm: str) -> None:
    world.crowd(60)
    world.resolve(1)
    before = {name: world.table(name) for name in TABLES}
    file = kept_file(world.data)
    if harm == "gone":
        file.unlink()
    elif harm == "cut off":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    else:
        twin = dict(world.rows["person"][0])
        world.rows["person"].append(twin)
        with pytest.raises(IdentityError):
            world.resolve(2)
        world.rows["person"].remove(twin)
    assert world.resolve(2).anew
    assert all(world.table(name).equals(frame) for name, frame in before.items())


def test_a_run_does_not_touch_what_another_one_is_at_work_on(world: World) -> None:
    world.crowd(60)
    world.resolve(1)
    hold = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold, str(kept_file(world.data))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(KeptInUse, match="in use by another run"):
            world.resolve(2)
        other.communicate()
    assert not world.resolve(2).anew


def test_little_that_two_newcomers_say_links_them_on_no_day(
    world: World, both: Callable[[int], tuple[IdentityReport, World]]
) -> None:
    world.crowd(300)
    world.person("erp:whole", "Edda Tolsdorf", email="edda@tolsdorf.example")
    world.resolve(1)
    for source in ("crm", "erp"):
        world.person(f"{source}:half", "Sauerland", email="info@sauerland.example")
    day, _ = both(2)
    assert not day.anew
    assert world.apart("crm:half", "erp:half")


def test_a_name_written_in_one_word_may_be_another_persons_at_a_number(
    world: World, both: Callable[[int], tuple[IdentityReport, World]]
) -> None:
    world.crowd(100)
    shared = {"family_name": "Ohlendorf", "phone": "+493077665544"}
    world.person("crm:one", given_name="Bob Lee", **shared)
    world.person("crm:other", given_name="Robert", **shared)
    world.resolve(1)
    assert world.contact_class(shared["phone"]) == "personal"
    world.rows["person"][-2]["given_name"] = "Boblee"
    both(2)
    assert world.contact_class(shared["phone"]) == "household"


def test_a_shared_address_that_becomes_our_staffs_is_no_organisations(
    world: World, both: Callable[[int], tuple[IdentityReport, World]]
) -> None:
    world.crowd(100)
    world.firms(40)
    for source, name in (("crm", "Kontor Mitte"), ("erp", "Mitte Handel")):
        world.organisation(f"{source}:desk", name, city="Kiel")
        world.person(f"{source}:clerk", "Kim Tolsdorf", email="info@kontor-mitte.example", organisation="desk")
    world.resolve(1)
    told = world.edge("crm:desk", "erp:desk")
    assert told is not None
    assert "people" in told["agreed"]
    world.add("employee", "worker", email="info@kontor-mitte.example", status="active")
    both(2)
    told = world.edge("crm:desk", "erp:desk")
    assert told is None or "people" not in told["agreed"]


def test_a_newcomer_under_the_key_of_another_kind_of_record_is_an_error(world: World) -> None:
    world.crowd(60)
    world.firms(10)
    world.resolve(1)
    world.add("organisation", "x0001", name="Werft Nord", object="Contact")
    with pytest.raises(IdentityError, match="crm:Contact:x0001 stands more than once"):
        world.resolve(2)
