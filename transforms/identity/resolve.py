"""The whole of identity, in order: records -> contact points -> edges -> clusters -> ids -> files. Wiring only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from transforms.identity.calibration import Calibration, write_calibration
from transforms.identity.candidates import ORGANISATION_BLOCKS, PERSON_BLOCKS, OversizedBlock, propose_pairs
from transforms.identity.comparison import compare
from transforms.identity.contact_points import contact_point_rows
from transforms.identity.decisions import Decision, read_decisions
from transforms.identity.evidence import lay_out_evidence, state_organisations, state_people
from transforms.identity.judging import TOLD
from transforms.identity.linking import cluster, explain_links, lay_out_decisions
from transforms.identity.parties import (
    lay_out_belonging,
)
from transforms.identity.registry import MEMBER_COLUMNS, REGISTRY_COLUMNS, RegistryChange, name_customers
from transforms.identity.workbench import workbench, write
from transforms.sql import quoted

LISTED_BLOCKS = 20
"""Oversized blocks that the report names; the others are counted."""


class IdentityError(ValueError):
    """Records that cannot be told apart; the message names one and what to do."""


@dataclass(frozen=True)
class IdentityReport:
    """What identity did, for metadata and for the engineer. Counts are of this run's whole result, not of what
    changed."""

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
    oversized: tuple[OversizedBlock, ...]
    """The largest blocks that were not compared throughout, at most 20."""
    oversized_blocks: int
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
    """Link all records under `data/records`, with the ids of `data/state`; write `data/identity/*.parquet`.

    Reads `records/{person,organisation,employee,crm_user}/*.parquet` and, where there are any,
    `state/{registry,member}.parquet` and the `decisions` file. Writes edge, link, confidence, contact_point, alias,
    registry and member, each whole and in order of its key; `state/` is the publication's to write.
    `publication_number` is the publication that would hold the result. `memory` is a DuckDB size (`4GB`); what does
    not fit spills to `data/identity/.spill`. Raises DecisionError for a file of decisions that cannot be read,
    IdentityError for two records under one key.
    """
    decided = read_decisions(decisions)
    with workbench(data, memory, threads) as connection:
        doubtful = lay_out_evidence(connection, data)
        _check_keys(connection)
        models: dict[str, Calibration] = {}
        oversized: list[OversizedBlock] = []
        state_organisations(connection)
        oversized += propose_pairs(connection, "organisation", ORGANISATION_BLOCKS)
        models["organisation"] = compare(connection, "organisation", data)
        _link(connection, "organisation", decided)
        lay_out_belonging(connection)
        state_people(connection)
        oversized += propose_pairs(connection, "person", PERSON_BLOCKS)
        models["person"] = compare(connection, "person", data)
        _link(connection, "person", decided)
        _lay_out_state(connection, data / "state")
        change = name_customers(connection, publication_number)
        _write(connection, data / "identity", models)
        return _report(connection, change, oversized, doubtful, models, decided)


def _link(connection: duckdb.DuckDBPyConnection, party: str, decided: tuple[Decision, ...]) -> None:
    """Judged edges -> clusters and links; whoever scored them."""
    lay_out_decisions(connection, party, decided)
    cluster(connection, party)
    explain_links(connection, party)


def _check_keys(connection: duckdb.DuckDBPyConnection) -> None:
    """Every record has a key of its own, over people and organisations together."""
    twins = connection.execute(
        """
        with record as (select record_key from person union all select record_key from organisation)
        select record_key from record group by record_key having count(*) > 1 order by record_key limit 1
        """
    ).fetchall()
    if twins:
        raise IdentityError(
            f"records/person, records/organisation: {twins[0][0]} stands more than once. Expected one per source, "
            "object and record_id; give the second kind of record of that object a role (`role:`) in the connector."
        )


def _lay_out_state(connection: duckdb.DuckDBPyConnection, state: Path) -> None:
    """`old_registry` and `old_member` from the state of the last publication, empty at first; `membership` of this
    run."""
    for table, file, columns in (
        ("old_registry", state / "registry.parquet", REGISTRY_COLUMNS),
        ("old_member", state / "member.parquet", MEMBER_COLUMNS),
    ):
        connection.execute(f"create table {table} ({columns})")
        if file.exists():
            connection.execute(f"insert into {table} by name select * from read_parquet({quoted(str(file))})")
    connection.execute(
        """
        create view membership as
        select record_key, 'person' as customer_type, cluster from person join person_cluster using (id)
        union all
        -- Negative, so that organisations' clusters are not persons'.
        select record_key, 'organisation', -1 - cluster from organisation join organisation_cluster using (id)
        """
    )


def _write(connection: duckdb.DuckDBPyConnection, folder: Path, models: dict[str, Calibration]) -> None:
    edges = " union all ".join(
        f"""
        select one.record_key as record_a, two.record_key as record_b, score, agreed, disagreed,
            '{models[party].version}' as model_version,
            case when used = 'weak' then 'refused' else used end as used, coalesce(reason, '') as reason
        from {party}_edge join {party} as one on one.id = a join {party} as two on two.id = b
        where used <> 'weak' or score >= {TOLD}
        """
        for party in ("person", "organisation")
    )
    links = " union all ".join(
        f"""
        select source, object, record_id, customer_id, '{party}' as customer_type, rule, score, evidence, decided_by
        from {party} join {party}_link using (id) join {party}_cluster using (id)
        join customer on customer.cluster = {sign}{party}_cluster.cluster
        """
        for party, sign in (("person", ""), ("organisation", "-1 - "))
    )
    confidence = " union all ".join(
        f"select {sign}cluster as cluster, match_confidence from {party}_confidence"
        for party, sign in (("person", ""), ("organisation", "-1 - "))
    )
    files = {
        "edge": f"select * from ({edges}) order by record_a, record_b",
        "link": f"select * from ({links}) order by source, object, record_id",
        "confidence": f"""
            select customer_id, coalesce(match_confidence, 1.0) as match_confidence
            from customer left join ({confidence}) using (cluster) order by customer_id
        """,
        "contact_point": contact_point_rows(),
        "alias": "select customer_id as id, status, new_ids, publication from registry order by id",
        "registry": "select * from registry order by customer_id",
        "member": "select * from member order by record_key",
    }
    for name, query in files.items():
        write(connection, query, folder / f"{name}.parquet")
    for party, calibration in models.items():
        write_calibration(connection, folder, party, calibration)


def _report(
    connection: duckdb.DuckDBPyConnection,
    change: RegistryChange,
    oversized: list[OversizedBlock],
    doubtful: tuple[str, ...],
    models: dict[str, Calibration],
    decided: tuple[Decision, ...],
) -> IdentityReport:
    def tally(query: str) -> dict[str, int]:
        return {str(name): int(number) for name, number in connection.execute(f"{query} order by 1").fetchall()}

    edges = "(select used from person_edge union all select used from organisation_edge)"
    links = "(select rule from person_link union all select rule from organisation_link)"
    unknown, overruled = _disobeyed(connection, decided)
    return IdentityReport(
        records=tally("select customer_type, count(*) from membership group by 1"),
        customers=tally("select customer_type, count(distinct cluster) from membership group by 1"),
        contact_points=tally("select class, count(*) from point join point_kind using (medium, value) group by 1"),
        edges=tally(f"select used, count(*) from {edges} group by 1"),
        links=tally(f"select rule, count(*) from {links} group by 1"),
        registry=change,
        oversized=tuple(
            sorted(oversized, key=lambda block: (-block.records, block.shares, block.example))[:LISTED_BLOCKS]
        ),
        oversized_blocks=len(oversized),
        doubtful_birth_dates=doubtful,
        models=models,
        unknown_decisions=unknown,
        overruled_decisions=overruled,
    )


def _disobeyed(
    connection: duckdb.DuckDBPyConnection, decided: tuple[Decision, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Decisions that could not be carried out, in words: records that are not there, and `same` against `different`."""
    carried_out = {
        (record_a, record_b): used
        for party in ("person", "organisation")
        for record_a, record_b, used in connection.execute(
            f"""
            select one.record_key, two.record_key, used
            from {party}_edge join {party} as one on one.id = a join {party} as two on two.id = b
            where rule = 'decision'
            """
        ).fetchall()
    }
    unknown, overruled = [], []
    for decision in decided:
        used = carried_out.get((decision.record_a, decision.record_b))
        line = f"line {decision.line}: {decision.record_a}, {decision.record_b}"
        if used is None:
            unknown.append(f"{line}. Expected two people or two organisations that are there now.")
        elif used == "cut":
            overruled.append(f"{line}. A decision `different` elsewhere keeps them apart.")
    return tuple(unknown), tuple(overruled)
