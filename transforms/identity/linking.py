"""Edges of one party -> its clusters: decisions applied, weak bridges cut, links explained.

A party is `person` or `organisation`. How edges are found and scored does not belong here (`candidates`, `scoring`,
`judging`), nor what a cluster is called (`registry`).
"""

from __future__ import annotations

import duckdb
import numpy as np
import polars as pl

from transforms.identity.clusters import Pair, Pairs, Scored, connected, partition, strangers, weakest_links
from transforms.identity.decisions import Decision
from transforms.identity.workbench import count, keep

CUT = "cut: the other records of both groups do not resemble each other"
DECIDED = "decision"
"""Rule of a link that a person decided."""


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
        -- A pair stands in the order of its record keys, here as everywhere.
        select one.id as a, two.id as b, same, decided.words
        from decided
        join {party} as one on one.record_key = least(decided.record_a, decided.record_b)
        join {party} as two on two.record_key = greatest(decided.record_a, decided.record_b)
        """
    )


def cluster(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """`<party>_edge`, `<party>_pair`, `<party>_decision` -> `<party>_cluster(id, component, cluster)`,
    `<party>_used` (the edges that hold clusters together, decided ones too) and `<party>_confidence(cluster,
    match_confidence)`; marks edges as cut.

    component: the smallest record of all that links join; cluster: that of its part which stays together. Ids are 0…,
    in the order of the record keys.
    """
    records = count(connection, f"select count(*) from {party}")
    scored, unlike, together, apart = _graph(connection, party)
    component = connected(records, scored, together)
    alone_in = connection.execute(
        f"select id, dense_rank() over (order by alone_in) as place from {party} where alone_in is not null"
    ).fetchnumpy()
    held = strangers(component, np.asarray(alone_in["id"]), np.asarray(alone_in["place"]))
    label = partition(component, scored.beside(held), unlike, together, apart)
    numbered = {"id": np.arange(records, dtype=np.int32), "component": component, "cluster": label}
    keep(connection, f"{party}_cluster", pl.DataFrame(numbered))
    _settle(connection, party)
    edges = connection.execute(f"select a, b, score from {party}_used").fetchnumpy()
    labels, confidence = weakest_links(
        records, np.asarray(edges["a"]), np.asarray(edges["b"]), np.asarray(edges["score"]), label
    )
    keep(connection, f"{party}_confidence", pl.DataFrame({"cluster": labels, "match_confidence": confidence}))


def _graph(connection: duckdb.DuckDBPyConnection, party: str) -> tuple[Scored, Pairs, list[Pair], list[Pair]]:
    """What was scored, what was compared and is unlike, and what was decided to be together and apart."""
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
    return (
        Scored(*(np.asarray(edges[name]) for name in ("a", "b", "weight", "links", "refused", "firm"))),
        Pairs(np.asarray(unlike["a"]), np.asarray(unlike["b"])),
        [(a, b) for a, b, same in decided if same],
        [(a, b) for a, b, same in decided if not same],
    )


def _settle(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """Edges and decisions as they ended: an edge is cut where its records stand apart."""
    connection.execute(
        f"""
        create table {party}_settled as
        select edge.* replace (used = 'used' and one.cluster <> two.cluster as cut)
        from {party}_edge as edge
        join {party}_cluster as one on one.id = a
        join {party}_cluster as two on two.id = b
        """
    )
    connection.execute(f"drop table {party}_edge; alter table {party}_settled rename to {party}_edge")
    connection.execute(
        f"""
        create table {party}_used as
        select a, b, weight, score, rule, agreed, disagreed
        from {party}_edge anti join {party}_decision using (a, b) where used = 'used' and not cut
        union all
        select a, b, 0.0, 1.0, '{DECIDED}', '{{}}', '{{}}'
        from {party}_decision
        join {party}_cluster as one on one.id = a
        join {party}_cluster as two on two.id = b
        where same and one.cluster = two.cluster
        """
    )


def explain_links(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """`<party>_link(id, rule, score, evidence, decided_by)`: each record's strongest used edge; `alone` without one."""
    connection.execute(
        f"""
        create table {party}_link as
        with side as (
            select a as id, b as other, weight, rule from {party}_used
            union all
            select b, a, weight, rule from {party}_used
        ),
        strongest as (
            select id, arg_max(other, (rule = '{DECIDED}', weight, -other)) as other from side group by id
        )
        select
            strongest.id, rule, score,
            '{{"with":' || to_json(partner.record_key)::varchar || ',"agreed":' || agreed || ',"disagreed":'
                || disagreed || '}}' as evidence,
            case when rule = '{DECIDED}' then 'person' else 'model' end as decided_by,
        from strongest
        join {party}_used on a = least(strongest.id, other) and b = greatest(strongest.id, other)
        join {party} as partner on partner.id = other
        union all
        select id, 'alone', null, '{{}}', 'alone' from {party} anti join strongest using (id)
        """
    )
