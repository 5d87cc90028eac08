"""The world of the sample: who exists, in which object of which source their records stand, and under which ids.

Nothing is written here (`generate`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from connectors.sample import salesforce, shapes
from connectors.sample.entities import make_organisations, make_people
from connectors.sample.material import Rng
from connectors.sample.records import (
    EMEA,
    HUBSPOT,
    ORGANISATION_OBJECTS,
    PERSON_OBJECTS,
    US,
    ZENDESK,
    counts,
    observe_organisations,
    observe_people,
    place,
    spread,
)
from connectors.sample.staff import Staff, make_staff

CHUNK = 50_000
"""Records that are made and written at once."""
INSTANCES = {EMEA: "09Aa", US: "5fBx"}
PREFIXES = {
    "Account": "001",
    "Contact": "003",
    "Lead": "00Q",
    "Case": "500",
    "Opportunity": "006",
    "User": "005",
    "CurrencyType": "01L",
}
SERIALS = {
    "contacts": (1_000_151, 50),
    "companies": (7_086_461_639, 13),
    "deals": (6_744_192_456, 7),
    "tickets": (1_075_966_440, 3),
    "owners": (71_200_001, 11),
    "users": (26_363_597_354_387, 17),
    "organizations": (27_363_643_450_387, 23),
    "agents": (22_883_624_375_167, 19),
}
"""First id and step of the objects with numeric ids."""


@dataclass
class Placed:
    """The records of one object of one source, in the order in which they are written."""

    ids: pl.Series
    entity: np.ndarray


@dataclass
class World:
    """All that is true, and where its records stand."""

    seed: int
    people: pl.DataFrame
    organisations: pl.DataFrame
    staff: Staff
    placed: dict[tuple[str, str], Placed]
    user_ids: dict[str, pl.Series]
    named: dict[str, np.ndarray]
    """Per Salesforce source, which leads name their company."""
    where_organisation: dict[str, np.ndarray] = field(default_factory=dict)
    """Per source, for each organisation the position of its first record there, or -1."""

    def rng(self, *stream: int) -> Rng:
        return np.random.default_rng([self.seed, *stream])

    def organisation_ids(self, source: str, organisation: pl.Series) -> pl.Series:
        """Ids of the records that a source has of organisations; null where it has none or there is no organisation."""
        name = {EMEA: "Account", US: "Account", HUBSPOT: "companies", ZENDESK: "organizations"}[source]
        at = pl.Series(self.where_organisation[source]).replace(-1, None).gather(organisation)
        return self.placed[source, name].ids.gather(at)

    def owners(self, rng: Rng, source: str, size: int) -> pl.Series:
        positions = pl.Series(self.staff.owners(rng, source, size)).replace(-1, None)
        return self.user_ids[source].gather(positions)


def make_world(records: int, seed: int) -> World:
    """Draws entities and places their records; nothing is written."""
    rng = np.random.default_rng([seed, 0])
    wanted = counts(records)
    organisation_of, person_of = spread(rng, wanted.organisations), spread(rng, wanted.people)
    organisations = make_organisations(rng, int(organisation_of.max(initial=-1)) + 1)
    people = make_people(rng, int(person_of.max(initial=-1)) + 1, organisations)
    placed: dict[tuple[str, str], Placed] = {}
    for owners, frame, objects in (
        (person_of, people, PERSON_OBJECTS),
        (organisation_of, organisations, ORGANISATION_OBJECTS),
    ):
        # Entities were made country by country: mixed here, so that order tells nothing.
        objects_of = place(rng, frame["country"].to_numpy()[owners], frame is organisations)
        for index, (source, name) in enumerate(objects):
            entity = rng.permutation(owners[objects_of == index])
            placed[source, name] = Placed(ids_of(source, name, len(entity)), entity)
    staff = make_staff(rng, records)
    user_ids = {
        s: ids_of(s, {HUBSPOT: "owners", ZENDESK: "agents"}.get(s, "User"), len(u)) for s, u in staff.users.items()
    }
    user_ids[HUBSPOT] = user_ids[HUBSPOT].cast(pl.String)
    world = World(seed, people, organisations, staff, placed, user_ids, _named_leads(placed, people, wanted.implied))
    for source, name in ORGANISATION_OBJECTS:
        first = np.full(organisations.height, -1)
        entity = placed[source, name].entity
        first[entity[::-1]] = np.arange(len(entity))[::-1]
        world.where_organisation[source] = first
    return world


def _named_leads(placed: dict[tuple[str, str], Placed], people: pl.DataFrame, wanted: int) -> dict[str, np.ndarray]:
    """Which leads name their company: as many as wanted, evenly among those that have one."""
    employed = people["employer"].is_not_null().to_numpy()
    has = [employed[placed[source, "Lead"].entity] for source in (EMEA, US)]
    both = np.concatenate(has)
    share = min(1.0, wanted / max(int(both.sum()), 1))
    reached = np.floor(np.cumsum(both) * share + 1e-9)
    named = both & (np.diff(reached, prepend=0.0) > 0)
    return dict(zip((EMEA, US), np.split(named, [len(has[0])]), strict=True))


def ids_of(source: str, name: str, size: int) -> pl.Series:
    if source in INSTANCES:
        return salesforce.ids_of(PREFIXES[name], INSTANCES[source], size)
    return shapes.serial_ids(*SERIALS[name], size)


def chunks(size: int) -> Iterator[tuple[int, slice]]:
    """Numbered slices of at most CHUNK rows; one empty slice where there are none, so that the header is written."""
    for number, start in enumerate(range(0, max(size, 1), CHUNK)):
        yield number, slice(start, min(start + CHUNK, size))


def seen_people(
    world: World, source: str, name: str
) -> Iterator[tuple[pl.Series, pl.DataFrame, pl.DataFrame, pl.DataFrame, slice, Rng]]:
    """Chunks of an object's person records.

    Yields:
        ids, true people, their employers, what the source knows, slice, generator.
    """
    records, stream = world.placed[source, name], 10 + PERSON_OBJECTS.index((source, name))
    for number, part in chunks(len(records.ids)):
        rng = world.rng(stream, number)
        people = world.people[records.entity[part]]
        employers = rows_at(world.organisations, people["employer"])
        yield records.ids[part], people, employers, observe_people(people, employers, rng, source == ZENDESK), part, rng


def seen_organisations(world: World, source: str, name: str) -> Iterator[tuple[pl.Series, pl.DataFrame, Rng]]:
    records, stream = world.placed[source, name], 20 + ORGANISATION_OBJECTS.index((source, name))
    for number, part in chunks(len(records.ids)):
        rng = world.rng(stream, number)
        yield records.ids[part], observe_organisations(world.organisations[records.entity[part]], rng), rng


def rows_at(frame: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """Rows of a frame by number, all null where the number is."""
    return frame.select(pl.all().gather(rows)) if frame.height else frame.clear(len(rows))


def drawn(rng: Rng, population: int, size: int) -> np.ndarray:
    """Positions drawn so that a few come up often."""
    return np.floor(rng.random(size) ** 1.7 * population).astype(np.int64)
