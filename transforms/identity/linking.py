"""Edges of one party -> its clusters: decisions applied, contradictions cut, links explained.

A party is `person` or `organisation`. How edges are found and scored does not belong here (`candidates`, `scoring`),
nor what a cluster is called (`registry`).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl

from transforms.identity.clusters import Edge, Ids, components, separate, weakest_links
from transforms.identity.decisions import Decision
from transforms.identity.workbench import count, keep


@dataclass(frozen=True)
class Trait:
    """What may not differ among the records of one customer."""

    value: str
    """SQL over the party's table."""
    words: str


TRAITS: dict[str, tuple[Trait, ...]] = {
    "person": (
        Trait("case when source not in (select source_a from doubtful_birth_dates) then birth_date end", "birth dates"),
        # Of two whole names only the comparison can tell whether they differ: Anna Maria, Annamaria.
        Trait("case when coalesce(length(given_rest), 0) < 2 then given_key end", "given names"),
        Trait("generation", "generations"),
    ),
    "organisation": (
        Trait("vat_id", "VAT numbers"),
        Trait("customer_number", "customer numbers"),
        Trait("country", "countries"),
    ),
}


def apply_decisions(connection: duckdb.DuckDBPyConnection, party: str, decisions: tuple[Decision, ...]) -> None:
    """Decisions about two records of this party become edges: `same` with score 1, `different` refused."""
    decided = pl.DataFrame(
        [(each.record_a, each.record_b, each.same, each.words) for each in decisions],
        schema={"record_a": pl.String, "record_b": pl.String, "same": pl.Boolean, "words": pl.String},
        orient="row",
    )
    keep(connection, "decided", decided)
    connection.execute(
        f"""
        create table {party}_decision as
        select one.id as a, two.id as b, same, words
        from decided
        join {party} as one on one.record_key = decided.record_a
        join {party} as two on two.record_key = decided.record_b
        """
    )
    connection.execute(f"delete from {party}_edge where (a, b) in (select (a, b) from {party}_decision)")
    connection.execute(
        f"""
        insert into {party}_edge
        select a, b, case when same then 1.0 else 0.0 end, 'decision', '[]', '[]',
            case when same then 'used' else 'refused' end, words
        from {party}_decision
        """
    )


def cluster(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """`<party>_edge` -> `<party>_cluster(id, cluster)` and `<party>_confidence(cluster, match_confidence)`; cuts
    edges."""
    records = count(connection, f"select count(*) from {party}")
    label = components(records, *_used(connection, party)[:2])
    if _cut_contradictions(connection, party, label):
        label = components(records, *_used(connection, party)[:2])
    a, b, score = _used(connection, party)
    labels, confidence = weakest_links(records, a, b, score, label)
    keep(connection, f"{party}_cluster", pl.DataFrame({"id": np.arange(records, dtype=np.int32), "cluster": label}))
    keep(connection, f"{party}_confidence", pl.DataFrame({"cluster": labels, "match_confidence": confidence}))


def explain_links(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """`<party>_link(id, rule, score, evidence, decided_by)`: each record's strongest used edge; `alone` without one."""
    connection.execute(
        f"""
        create table {party}_link as
        with side as (
            select a as id, b as other, score, rule, agreed, disagreed from {party}_edge where used = 'used'
            union all
            select b, a, score, rule, agreed, disagreed from {party}_edge where used = 'used'
        ),
        strongest as (
            select * from side qualify row_number() over (partition by id order by score desc, other) = 1
        )
        select
            {party}.id,
            coalesce(rule, 'alone') as rule,
            score,
            case when rule is null then '{{}}' else
                '{{"with": ' || to_json(partner.record_key)::varchar || ', "agreed": ' || agreed
                || ', "disagreed": ' || disagreed || '}}' end as evidence,
            case when rule is null then 'alone' when rule = 'decision' then 'person' else 'model' end as decided_by,
        from {party}
        left join strongest using (id)
        left join {party} as partner on partner.id = strongest.other
        """
    )


def _used(connection: duckdb.DuckDBPyConnection, party: str) -> tuple[Ids, Ids, np.ndarray]:
    edges = connection.execute(f"select a, b, score from {party}_edge where used = 'used'").fetchnumpy()
    return np.asarray(edges["a"]), np.asarray(edges["b"]), np.asarray(edges["score"])


def _cut_contradictions(connection: duckdb.DuckDBPyConnection, party: str, label: Ids) -> bool:
    """Mark as `cut` the edges that hold contradictory records together. True if there were any."""
    traits = TRAITS[party]
    keep(connection, "tentative", pl.DataFrame({"id": np.arange(len(label), dtype=np.int32), "cluster": label}))
    places = range(len(traits))
    clash = " or ".join(f"min(trait_{place}) <> max(trait_{place})" for place in places)
    values = ", ".join(f"({trait.value})::varchar as trait_{place}" for place, trait in enumerate(traits))
    connection.execute(f"create or replace temp view known_trait as select id, {values} from {party}")
    refused = connection.execute(
        f"""
        select a, b, rule is not distinct from 'decision' as decided
        from {party}_edge
        join tentative as one on one.id = a
        join tentative as two on two.id = b
        where used = 'refused' and one.cluster = two.cluster
        """
    ).fetchall()
    apart = [(a, b) for a, b, decided in refused if not decided]
    decided_apart = [(a, b) for a, b, decided in refused if decided]
    connection.execute(
        f"""
        create or replace temp table suspect as
        select cluster from tentative join known_trait using (id) group by cluster having count(*) > 1 and ({clash})
        """
    )
    if refused:
        keep(connection, "held_apart", pl.DataFrame({"cluster": label[[a for a, _, _ in refused]]}))
        connection.execute("insert into suspect select cluster from held_apart")
    members = "select id from tentative where cluster in (select cluster from suspect)"
    known = {
        record: tuple(values)
        for record, *values in connection.execute(f"select * from known_trait where id in ({members})").fetchall()
    }
    edges = connection.execute(
        f"select a, b, score, rule = 'decision' from {party}_edge where used = 'used' and a in ({members})"
    ).fetchall()
    cut = separate((Edge(*edge) for edge in edges), tuple(trait.words for trait in traits), known, apart, decided_apart)
    if cut:
        cuts = pl.DataFrame(
            [(a, b, reason) for (a, b), reason in cut.items()],
            schema={"a": pl.Int32, "b": pl.Int32, "reason": pl.String},
            orient="row",
        )
        keep(connection, "cut", cuts)
        connection.execute(
            f"""
            update {party}_edge set used = 'cut', reason = {party}_edge.reason || '; ' || cut.reason
            from cut where {party}_edge.a = cut.a and {party}_edge.b = cut.b
            """
        )
    connection.execute("drop view known_trait; drop table tentative; drop table suspect")
    return bool(cut)
