"""Writes the sample: exports of all sources in their containers, and the truth about who is who.

Everything follows from the seed; no clock is read. Memory grows with the number of entities, files are written in
chunks of records.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from connectors.sample import salesforce, shapes
from connectors.sample.entities import ANCHOR
from connectors.sample.files import CsvFolder, CsvZip, write_csv, write_pages
from connectors.sample.records import EMEA, HUBSPOT, ORGANISATION_OBJECTS, US, ZENDESK, company_names
from connectors.sample.world import World, chunks, drawn, ids_of, make_world, rows_at, seen_organisations, seen_people

WORKDAY = "workday"

Progress = Callable[[str], None]


class SampleError(ValueError):
    """The sample cannot be written there; the message says why and what to do."""


@dataclass(frozen=True)
class SampleSummary:
    """What was written: records are person and organisation records, the rows of truth.csv."""

    directory: Path
    records: int
    people: int
    """Real people behind the person records."""
    organisations: int
    rows: dict[tuple[str, str], int]
    """Rows per (source, object) of the exports."""


def write_sample(directory: Path, records: int, seed: int, *, progress: Progress | None = None) -> SampleSummary:
    """Writes believable exports of five sources into `directory`/exports and the truth into `directory`/truth.csv.

    Args:
        directory: made where missing; must not hold exports yet.
        records: person and organisation records in all; cases, deals, logins and workers come in proportion.
        seed: the same seed and number give the same bytes.
        progress: told what is being written.

    Raises:
        SampleError: fewer than one record, or exports are already there.
    """
    exports, unfinished = directory / "exports", directory / ".exports-unfinished"
    if records < 1:
        raise SampleError(f"{records} records: expected one or more; name a larger number with --records")
    if exports.exists() and any(exports.iterdir()):
        raise SampleError(f"{exports}: holds exports already; name another directory or remove it first")
    tell = progress or (lambda _: None)
    directory.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    tell("people and organisations")
    world = make_world(records, seed)
    rows = _write_salesforce(world, unfinished, tell) | _write_hubspot(world, unfinished, tell)
    rows |= _write_zendesk(world, unfinished, tell) | _write_workday(world, unfinished)
    tell("truth")
    truth = _write_truth(world, directory / "truth.csv")
    if exports.exists():
        exports.rmdir()
    unfinished.replace(exports)
    return SampleSummary(directory, truth, world.people.height, world.organisations.height, rows)


def _write_salesforce(world: World, exports: Path, tell: Progress) -> dict[tuple[str, str], int]:
    rows = {}
    for source, container in ((EMEA, CsvZip), (US, CsvFolder)):
        tell(source)
        target = container(exports / source)
        for name, frames in (
            ("Account", _accounts(world, source)),
            ("Contact", _contacts(world, source)),
            ("Lead", _leads(world, source)),
        ):
            rows[source, name] = len(world.placed[source, name].ids) + _born_with(world, source, name)
            write_csv(target, name, rows[source, name], frames)
        for name, frame in _small_objects(world, source):
            rows[source, name] = frame.height
            write_csv(target, name, frame.height, (frame[part] for _, part in chunks(frame.height)))
        target.close()
    return rows


def _born_with(world: World, source: str, name: str) -> int:
    """Rows of an object beside the records: the sample account, and converted leads, one for a hundred others."""
    return {"Account": 1, "Lead": min(len(world.placed[source, "Lead"].ids) // 100, 500)}.get(name, 0)


def _spare_ids(world: World, source: str, name: str, size: int) -> pl.Series:
    """Ids beyond those of the records."""
    return ids_of(source, name, len(world.placed[source, name].ids) + size).tail(size)


def _accounts(world: World, source: str) -> Iterator[pl.DataFrame]:
    left = len(world.placed[source, "Account"].ids)
    for ids, seen, rng in seen_organisations(world, source, "Account"):
        frame = salesforce.accounts(ids, seen, world.owners(rng, source, len(ids)), rng)
        left -= len(ids)
        yield frame if left else salesforce.with_sample_account(frame, _spare_ids(world, source, "Account", 1).item())


def _contacts(world: World, source: str) -> Iterator[pl.DataFrame]:
    for ids, people, _, seen, _, rng in seen_people(world, source, "Contact"):
        account = world.organisation_ids(source, people["employer"])
        yield salesforce.contacts(
            ids, seen, account, world.owners(rng, source, len(ids)), country=people["country"], rng=rng
        )


def _leads(world: World, source: str) -> Iterator[pl.DataFrame]:
    converted = _spare_ids(world, source, "Lead", _born_with(world, source, "Lead"))
    for ids, _, employers, seen, part, rng in seen_people(world, source, "Lead"):
        known = employers["entity"].is_not_null() & pl.Series(world.named[source][part], dtype=pl.Boolean)
        company = employers.filter(known)
        written = pl.DataFrame({"name": company_names(company, rng), "domain": company["domain"]})
        at = pl.DataFrame({"known": known}).select(pl.when("known").then(pl.col("known").cum_sum() - 1).cast(pl.Int64))
        frame = salesforce.leads(ids, seen, rows_at(written, at.to_series()), world.owners(rng, source, len(ids)), rng)
        yield frame if part.start else pl.concat([frame, salesforce.converted(frame, converted)])


def _small_objects(world: World, source: str) -> Iterator[tuple[str, pl.DataFrame]]:
    """Cases, opportunities, users and currencies of a Salesforce source; in the American one cases have short ids."""
    rng = world.rng(30 + (EMEA, US).index(source))
    contacts, accounts = world.placed[source, "Contact"], world.placed[source, "Account"]
    at = drawn(rng, len(contacts.ids), len(contacts.ids) // 3)
    account = world.organisation_ids(source, world.people["employer"].gather(contacts.entity[at]))
    contact = contacts.ids.gather(at)
    if source == US:
        contact, account = contact.str.head(15), account.str.head(15)
    yield (
        "Case",
        salesforce.cases(ids_of(source, "Case", len(at)), contact, account, world.owners(rng, source, len(at)), rng),
    )
    at = drawn(rng, len(accounts.ids), len(accounts.ids) // 2)
    country = world.organisations["country"].gather(accounts.entity[at])
    owner = world.owners(rng, source, len(at))
    ids = ids_of(source, "Opportunity", len(at))
    yield "Opportunity", salesforce.opportunities(ids, accounts.ids.gather(at), country, owner, rng)
    users = world.staff.users[source]
    positions = np.full(world.staff.workers.height, -1)
    positions[users] = np.arange(len(users))
    boss = world.staff.workers["manager"].to_numpy()[users]
    manager = world.user_ids[source].gather(pl.Series(np.where(boss < 0, -1, positions[boss])).replace(-1, None))
    logins = salesforce.users(world.user_ids[source], world.staff.workers[users], manager, rng)
    yield "User", salesforce.with_system_users(logins, ids_of(source, "User", len(users) + 3).tail(3))
    yield "CurrencyType", salesforce.currencies(ids_of(source, "CurrencyType", 3))


def _write_hubspot(world: World, exports: Path, tell: Progress) -> dict[tuple[str, str], int]:
    tell(HUBSPOT)
    folder = exports / HUBSPOT / ANCHOR.isoformat()
    owners = shapes.hubspot_owners(world.user_ids[HUBSPOT], world.staff.workers[world.staff.users[HUBSPOT]])
    objects = {
        "companies": _hubspot_companies(world),
        "contacts": _hubspot_contacts(world),
        "owners": iter([owners]),
        "deals": iter([_hubspot_deals(world)]),
        "tickets": iter([_hubspot_tickets(world)]),
    }
    return {(HUBSPOT, name): write_pages(folder, name, "results", frames) for name, frames in objects.items()}


def _hubspot_companies(world: World) -> Iterator[pl.DataFrame]:
    for ids, seen, rng in seen_organisations(world, HUBSPOT, "companies"):
        owner = world.owners(rng, HUBSPOT, len(ids))
        yield shapes.hubspot_rows(ids, shapes.hubspot_companies(seen, owner), rng)


def _hubspot_contacts(world: World) -> Iterator[pl.DataFrame]:
    for ids, people, _, seen, _, rng in seen_people(world, HUBSPOT, "contacts"):
        company = world.organisation_ids(HUBSPOT, people["employer"])
        owner = world.owners(rng, HUBSPOT, len(ids))
        yield shapes.hubspot_rows(ids, shapes.hubspot_contacts(seen, company, owner, rng), rng)


def _hubspot_deals(world: World) -> pl.DataFrame:
    rng, companies = world.rng(40), world.placed[HUBSPOT, "companies"].ids
    size = len(companies) // 3
    company = companies.gather(drawn(rng, len(companies), size)).cast(pl.String)
    properties = shapes.hubspot_deals(world.owners(rng, HUBSPOT, size), rng)
    return shapes.hubspot_rows(ids_of(HUBSPOT, "deals", size), properties, rng, {"companies": company})


def _hubspot_tickets(world: World) -> pl.DataFrame:
    rng, contacts = world.rng(41), world.placed[HUBSPOT, "contacts"].ids
    size = len(contacts) // 8
    contact = contacts.gather(drawn(rng, len(contacts), size)).cast(pl.String)
    properties = shapes.hubspot_tickets(world.owners(rng, HUBSPOT, size), rng)
    return shapes.hubspot_rows(ids_of(HUBSPOT, "tickets", size), properties, rng, {"contacts": contact})


def _write_zendesk(world: World, exports: Path, tell: Progress) -> dict[tuple[str, str], int]:
    tell(ZENDESK)
    folder = exports / ZENDESK / ANCHOR.isoformat()
    objects = {
        "organizations": _zendesk_organizations(world),
        "users": _zendesk_users(world),
        "tickets": _zendesk_tickets(world),
    }
    return {(ZENDESK, name): write_pages(folder, name, name, f, "end_of_stream") for name, f in objects.items()}


def _zendesk_organizations(world: World) -> Iterator[pl.DataFrame]:
    for ids, seen, rng in seen_organisations(world, ZENDESK, "organizations"):
        yield shapes.zendesk_organizations(ids, seen, rng)


def _zendesk_users(world: World) -> Iterator[pl.DataFrame]:
    yield shapes.zendesk_agents(world.user_ids[ZENDESK], world.staff.workers[world.staff.users[ZENDESK]])
    for ids, people, _, seen, _, rng in seen_people(world, ZENDESK, "users"):
        organisation = world.organisation_ids(ZENDESK, people["employer"])
        yield shapes.zendesk_users(ids, seen, organisation, people["country"], rng)


def _zendesk_tickets(world: World) -> Iterator[pl.DataFrame]:
    users = world.placed[ZENDESK, "users"]
    size = len(users.ids) * 4 // 5
    serial = shapes.serial_ids(1, 1, size)
    for number, part in chunks(size):
        rng = world.rng(50, number)
        ids = serial[part]
        at = drawn(rng, len(users.ids), len(ids))
        organisation = world.organisation_ids(ZENDESK, world.people["employer"].gather(users.entity[at]))
        assignee = world.owners(rng, ZENDESK, len(ids))
        yield shapes.zendesk_tickets(ids, users.ids.gather(at), organisation, assignee, rng)


def _write_workday(world: World, exports: Path) -> dict[tuple[str, str], int]:
    folder, workers = exports / WORKDAY / ANCHOR.isoformat(), shapes.workday_workers(world.staff.workers)
    return {(WORKDAY, "Worker"): write_pages(folder, "workers", "Report_Entry", iter([workers]))}


def _write_truth(world: World, path: Path) -> int:
    """One row per person and organisation record, objects named as links name them; returns the number of rows."""
    written = 0
    with path.open("wb") as out:
        for number, ((source, name), records) in enumerate(world.placed.items()):
            letter = "o" if (source, name) in ORGANISATION_OBJECTS else "p"
            frame = _truth(source, name, records.ids, letter, records.entity)
            if name == "Lead":
                named = world.named[source]
                employer = world.people["employer"].gather(records.entity[named]).to_numpy()
                frame = pl.concat(
                    [frame, _truth(source, "Lead.company", records.ids.filter(pl.Series(named)), "o", employer)]
                )
            out.write(frame.write_csv(include_header=not number).encode())
            written += frame.height
    return written


def _truth(source: str, name: str, ids: pl.Series, letter: str, entity: np.ndarray) -> pl.DataFrame:
    numbers = pl.Series(entity, dtype=pl.Int64).cast(pl.String).str.zfill(8)
    return pl.DataFrame({"record_id": ids.cast(pl.String), "entity_id": letter + numbers}).select(
        pl.lit(source).alias("source"), pl.lit(name).alias("object"), "record_id", "entity_id"
    )
