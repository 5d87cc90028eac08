"""Edges of one party -> its clusters: decisions applied, weak bridges cut, links explained.

A party is `person` or `organisation`. How edges are found and scored does not belong here (`candidates`, `scoring`,
`judging`), nor what a cluster is called (`registry`).
"""

from __future__ import annotations

import duckdb
import numpy as np
import polars as pl

from transforms.identity.clusters import Ids, Pairs, Scored, partition, weakest_links
from transforms.identity.decisions import Decision
from transforms.identity.workbench import count, keep

CUT = "cut: the other records of both groups do not resemble each other"


def lay_out_decisions(connection: duckdb.DuckDBPyConnection, party: str, decisions: tuple[Decision, ...]) -> None:
    """`<party>_decision(a, b, same, words)`: decisions about two records of this party that are there."""
    decided = pl.DataFrame(
        [(each.record_a, each.record_b, each.same, each.words) for each in decisions],
        schema={"record_a": pl.String, "record_b": pl.String, "same": pl.Boolean, "words": pl.String},
        orient="row",
    )
    keep(connection, "decided", decided)
    connection.execute(
        f"""
        create table {party}_decision as
        select least(one.id, two.id) as a, greatest(one.id, two.id) as b, same, decided.words
        from decided
        join {party} as one on one.record_key = decided.record_a
        join {party} as two on two.record_key = decided.record_b
        """
    )


def cluster(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """`<party>_edge`, `<party>_pair`, `<party>_decision` -> `<party>_cluster(id, cluster)` and
    `<party>_confidence(cluster, match_confidence)`; marks edges as cut, and adds those that were decided."""
    records = count(connection, f"select count(*) from {party}")
    label = _partition(connection, party, records)
    keep(connection, f"{party}_cluster", pl.DataFrame({"id": np.arange(records, dtype=np.int32), "cluster": label}))
    _settle(connection, party)
    edges = connection.execute(f"select a, b, score from {party}_edge where used = 'used'").fetchnumpy()
    labels, confidence = weakest_links(
        records, np.asarray(edges["a"]), np.asarray(edges["b"]), np.asarray(edges["score"]), label
    )
    keep(connection, f"{party}_confidence", pl.DataFrame({"cluster": labels, "match_confidence": confidence}))


def _partition(connection: duckdb.DuckDBPyConnection, party: str, records: int) -> Ids:
    edges = connection.execute(
        f"""
        select a, b, weight, used = 'used' as links, used = 'refused' as refused, firm
        from {party}_edge anti join {party}_decision using (a, b)
        """
    ).fetchnumpy()
    unlike = connection.execute(
        f"select a, b from {party}_pair anti join {party}_edge using (a, b) anti join {party}_decision using (a, b)"
    ).fetchnumpy()
    decided = connection.execute(f"select a, b, same from {party}_decision order by a, b").fetchall()
    return partition(
        records,
        Scored(*(np.asarray(edges[name]) for name in ("a", "b", "weight", "links", "refused", "firm"))),
        Pairs(np.asarray(unlike["a"]), np.asarray(unlike["b"])),
        together=[(a, b) for a, b, same in decided if same],
        apart=[(a, b) for a, b, same in decided if not same],
    )


def _settle(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """Edges as they ended: cut where their records stand apart, decided where somebody decided."""
    connection.execute(
        f"""
        create table {party}_settled as
        select edge.* replace (
            case when used = 'used' and one.cluster <> two.cluster then 'cut' else used end as used,
            case when used = 'used' and one.cluster <> two.cluster then '{CUT}' else reason end as reason)
        from {party}_edge as edge
        join {party}_cluster as one on one.id = a
        join {party}_cluster as two on two.id = b
        anti join {party}_decision using (a, b)
        union all by name
        select a, b, 0.0 as weight, case when same then 1.0 else 0.0 end as score, 'decision' as rule,
            '{{}}' as agreed, '{{}}' as disagreed,
            case when not same then 'refused' when one.cluster = two.cluster then 'used' else 'cut' end as used,
            words as reason, true as firm,
        from {party}_decision
        join {party}_cluster as one on one.id = a
        join {party}_cluster as two on two.id = b
        """
    )
    connection.execute(f"drop table {party}_edge; alter table {party}_settled rename to {party}_edge")


def explain_links(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """`<party>_link(id, rule, score, evidence, decided_by)`: each record's strongest used edge; `alone` without one."""
    connection.execute(
        f"""
        create table {party}_link as
        with side as (
            select a as id, b as other, weight, rule from {party}_edge where used = 'used'
            union all
            select b, a, weight, rule from {party}_edge where used = 'used'
        ),
        strongest as (
            select id, arg_max(other, (rule = 'decision', weight, -other)) as other from side group by id
        )
        select
            strongest.id, rule, score,
            '{{"with":' || to_json(partner.record_key)::varchar || ',"agreed":' || agreed || ',"disagreed":'
                || disagreed || '}}' as evidence,
            case when rule = 'decision' then 'person' else 'model' end as decided_by,
        from strongest
        join {party}_edge on a = least(strongest.id, other) and b = greatest(strongest.id, other)
        join {party} as partner on partner.id = other
        union all
        select id, 'alone', null, '{{}}', 'alone' from {party} anti join strongest using (id)
        """
    )
