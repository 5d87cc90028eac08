"""The whole of identity, in order: records -> contact points -> edges -> clusters -> ids; and what it came to.

A whole run does every step over all records; a day's work (`day`) does the same over what changed since the last run,
and comes to the same result.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from transforms.identity.calibration import Calibration, read_calibration, write_calibration
from transforms.identity.candidates import BLOCKS, Oversized, oversized_blocks, propose_pairs
from transforms.identity.changes import keys_tell_apart
from transforms.identity.comparison import compare, lay_out_words, weigh
from transforms.identity.day import link_changes, little_changed, membership, name_changes
from transforms.identity.decisions import Decision, read_decisions
from transforms.identity.evidence import (
    doubt_birth_dates,
    lay_out_evidence,
    lay_out_records,
    sources,
    state_organisations,
    state_people,
)
from transforms.identity.kept import (
    LINKED,
    OF_ALL,
    PARTIES,
    Facts,
    KeptUnreadable,
    attach_kept,
    discard_kept,
    empty_kept,
    kept_file,
    lay_results,
    reading_kept,
    save,
    seal,
)
from transforms.identity.linking import cluster, explain_links, lay_out_decisions
from transforms.identity.merges import find_swallowed
from transforms.identity.model import shipped_model
from transforms.identity.registry import RegistryChange, lay_out_state, name_customers, state_hash
from transforms.identity.workbench import count, workbench

log = logging.getLogger(__name__)


class IdentityError(ValueError):
    """Records that cannot be told apart; the message names one and what to do."""


@dataclass(frozen=True)
class IdentityReport:
    """What identity came to, for metadata and for the engineer. Counts are of the whole result, not of what changed."""

    records: dict[str, int]
    """person, organisation -> records."""
    customers: dict[str, int]
    """person, organisation -> customers that have a record now."""
    contact_points: dict[str, int]
    """personal, household, shared, placeholder -> contact points."""
    edges: dict[str, int]
    """used, cut, refused, weak (below the threshold) -> pairs that were scored."""
    links: dict[str, int]
    """Rule -> links; `alone` among them."""
    registry: RegistryChange
    oversized: dict[str, Oversized]
    """person, organisation -> blocks that were not compared throughout."""
    anew: bool
    """Whether everything was worked out anew, or only what changed since the last run."""
    doubtful_birth_dates: tuple[str, ...]
    """Pairs of sources whose birth dates disagree for most of the people they share, and so contradict nobody."""
    models: dict[str, Calibration]
    """person, organisation -> the model as it was frozen on this data."""
    unknown_decisions: tuple[str, ...]
    """Decisions that name a record which is not there, or a person and an organisation."""
    overruled_decisions: tuple[str, ...]
    """`same` decisions that another person's `different` stands against."""


def resolve_identity(
    data: Path, publication_number: int, decisions: Path | None, memory: str, threads: int
) -> IdentityReport:
    """Link all records under `data/records`, with the ids of `data/state`; bring `data/identity/identity.duckdb` up to
    date (`kept`).

    Reads `records/{person,organisation,employee,crm_user}/*.parquet`, `past_values/`, `merged/` and, where
    there are any, the registry, members and models in `state/` and the `decisions` file; `state/` is the publication's
    to write. `publication_number` is the publication that would hold the result. `memory` is a DuckDB size (`4GB`);
    what does not fit spills to `data/identity/.spill`. Raises DecisionError for a file of decisions that cannot be
    read, IdentityError for two records under one key.
    """
    decided = read_decisions(decisions)
    try:
        return _resolve(data, publication_number, decided, memory, threads)
    except KeptUnreadable as error:
        log.warning("%s cannot be read and is made anew: %s", kept_file(data), error)
        discard_kept(data)
        return _resolve(data, publication_number, decided, memory, threads)


def _resolve(
    data: Path, publication_number: int, decided: tuple[Decision, ...], memory: str, threads: int
) -> IdentityReport:
    with workbench(data, memory, threads) as connection:
        facts = attach_kept(connection, data)
        lay_out_records(connection, data)
        frozen = _frozen_models(connection, data)
        with reading_kept():
            anew = not _same_models(connection, facts, data, frozen) or not little_changed(connection)
        if anew:
            models, change = _all_anew(connection, data, publication_number, decided, frozen)
        else:
            models = {party: model for party, model in frozen.items() if model}
            with reading_kept():
                link_changes(connection, data, models, decided)
                if not keys_tell_apart(connection):
                    _check_keys(connection)
                change = name_changes(connection, data / "state", facts, publication_number)
        report = _report(connection, change, models, decided, anew=anew)
        seal(connection, _facts(connection, models))
    return report


def _frozen_models(connection: duckdb.DuckDBPyConnection, data: Path) -> dict[str, Calibration | None]:
    return {
        party: read_calibration(
            data / "state", party, shipped_model(party), count(connection, f"select count(*) from records_{party}")
        )
        for party in PARTIES
    }


def _same_models(
    connection: duckdb.DuckDBPyConnection, facts: Facts, data: Path, frozen: dict[str, Calibration | None]
) -> bool:
    """What is kept was scored by the models that hold now, which know all sources, and these declare what they did."""
    people = frozen["person"]
    known = people is not None and set(sources(connection)) <= set(people.sources)
    known = known and facts.get("duplicate_free") == _declared(connection)
    written = all((data / "identity" / f"{party}_model.json").exists() for party in PARTIES)
    return (
        known
        and written
        and all(model is not None and facts.get(f"model_{party}") == model.version for party, model in frozen.items())
    )


def _facts(connection: duckdb.DuckDBPyConnection, models: dict[str, Calibration]) -> Facts:
    versions = {f"model_{party}": model.version for party, model in models.items()}
    return versions | {
        "state": state_hash(connection, "kept.registry", "kept.member"),
        "duplicate_free": _declared(connection),
    }


def _declared(connection: duckdb.DuckDBPyConnection) -> str:
    return str(connection.execute("select * from duplicate_free order by all").fetchall())


def _all_anew(
    connection: duckdb.DuckDBPyConnection,
    data: Path,
    publication_number: int,
    decided: tuple[Decision, ...],
    frozen: dict[str, Calibration | None],
) -> tuple[dict[str, Calibration], RegistryChange]:
    empty_kept(connection, data)
    lay_out_evidence(connection)
    save(connection, "shown_point")
    _check_keys(connection)
    doubtful = doubt_birth_dates(connection, frozen["person"])
    lay_out_words(connection, data, frozen["organisation"])
    models = {}
    for party in PARTIES:
        if party == "organisation":
            state_organisations(connection)
        else:
            state_people(connection, doubtful)
        propose_pairs(connection, party, BLOCKS[party])
        weigh(connection, party, data, frozen[party], "kept.")
        models[party] = compare(connection, party, data, frozen[party])
        save(connection, f"{party}_key")
        lay_out_decisions(connection, party, decided)
        cluster(connection, party)
        explain_links(connection, party)
        save(connection, *(f"{party}{table}" for table in LINKED))
    models["person"] = replace(models["person"], doubtful_birth_dates=doubtful, sources=sources(connection))
    for party, model in models.items():
        write_calibration(connection, data / "identity", party, model)
    lay_out_state(connection, data / "state")
    find_swallowed(connection, "")
    connection.execute(f"create table membership as {membership('')}")
    change = name_customers(connection, publication_number)
    save(connection, *OF_ALL)
    lay_results(connection)
    return models, change


def _check_keys(connection: duckdb.DuckDBPyConnection) -> None:
    """Every record has a key of its own, over people and organisations together."""
    records = " union all ".join(f"select record_key from records_{party}" for party in PARTIES)
    twins = connection.execute(
        f"select record_key from ({records}) group by record_key having count(*) > 1 order by record_key limit 1"
    ).fetchall()
    if twins:
        raise IdentityError(
            f"records/person, records/organisation: {twins[0][0]} stands more than once. Expected one per source, "
            "object and record_id; give the second kind of record of that object a role (`role:`) in the connector."
        )


def _report(
    connection: duckdb.DuckDBPyConnection,
    change: RegistryChange,
    models: dict[str, Calibration],
    decided: tuple[Decision, ...],
    *,
    anew: bool,
) -> IdentityReport:
    connection.execute("use kept")

    def tally(query: str) -> dict[str, int]:
        return {str(name): int(number) for name, number in connection.execute(f"{query} order by 1").fetchall()}

    def both(columns: str) -> str:
        return " union all ".join(columns.replace("<party>", party) for party in PARTIES)

    unknown, overruled = _disobeyed(connection, decided)
    edges = both(
        """
        select if(cut, 'cut', used) as used from <party>_edge anti join <party>_decision using (a, b)
        union all select used from <party>_decided
        """
    )
    report = IdentityReport(
        records=tally(both("select '<party>', count(*) from <party> having count(*) > 0")),
        customers=tally(both("select '<party>', count(distinct cluster) from <party>_cluster having count(*) > 0")),
        contact_points=tally("select class, count(*) from shown_point group by 1"),
        edges=tally(f"select used, count(*) from ({edges}) group by 1"),
        links=tally(f"select rule, count(*) from ({both('select rule from <party>_link')}) group by 1"),
        registry=change,
        oversized={party: oversized_blocks(connection, party, BLOCKS[party]) for party in PARTIES},
        anew=anew,
        doubtful_birth_dates=tuple(f"{one}, {other}" for one, other in models["person"].doubtful_birth_dates),
        models=models,
        unknown_decisions=unknown,
        overruled_decisions=overruled,
    )
    connection.execute("use memory")
    return report


def _disobeyed(
    connection: duckdb.DuckDBPyConnection, decided: tuple[Decision, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Decisions that could not be carried out, in words: records that are not there, and `same` against `different`."""
    carried_out = {
        frozenset((record_a, record_b)): used
        for party in PARTIES
        for record_a, record_b, used in connection.execute(
            f"""
            select one.record_key, two.record_key, used
            from {party}_decided join {party} as one on one.id = a join {party} as two on two.id = b
            """
        ).fetchall()
    }
    unknown, overruled = [], []
    for decision in decided:
        used = carried_out.get(frozenset((decision.record_a, decision.record_b)))
        line = f"line {decision.line}: {decision.record_a}, {decision.record_b}"
        if used is None:
            unknown.append(f"{line}. Expected two people or two organisations that are there now.")
        elif used == "cut":
            overruled.append(f"{line}. A decision `different` elsewhere keeps them apart.")
    return tuple(unknown), tuple(overruled)
