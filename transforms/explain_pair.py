"""Why two records are one customer, or are not: their own comparison, else the links that lead from one to the other.

Pure functions over a connection to a publication, as in `explain`, which tells of whole customers.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count

import duckdb

from transforms.explain import Edge, UnknownRecord, edge_of, find_by_record, record_parts, rows_of

SHOWN = 3
"""Comparisons between two customers that are told where the two records have none of their own."""
NOTHING_KEPT = (
    "never compared: nothing that they share is rare enough; "
    "or compared, and so little agrees that the score is below 0.01"
)


@dataclass(frozen=True)
class Pair:
    """Two records and what a publication knows of why they are one customer, or two."""

    record_a: str
    record_b: str
    customer_a: str
    customer_b: str
    same: bool
    edge: Edge | None
    """Their own comparison, or what a person decided about them."""
    path: tuple[Edge, ...]
    """Links from one to the other whose weakest is as strong as can be, where their own comparison does not link."""
    between: tuple[Edge, ...]
    """Of two customers: the strongest other comparisons of their records."""
    sentences: tuple[str, ...]


def explain_pair(con: duckdb.DuckDBPyConnection, record_a: str, record_b: str) -> Pair:
    """Why `record_a` and `record_b` (`SOURCE:OBJECT:ID`) are one customer, or are not.

    Raises:
        UnknownRecord: one is not written as `SOURCE:OBJECT:ID`, is not there, or both are the same one.
    """
    (one, customer_a), (other, customer_b) = sorted(_known(con, record) for record in (record_a, record_b))
    if one == other:
        raise UnknownRecord(f"{one} stands on both sides; name two records")
    edges = _edges_between(con, customer_a, customer_b)
    edge = next((edge for edge in edges if (edge.record_a, edge.record_b) == (one, other)), None)
    same = customer_a == customer_b
    linked = edge is not None and edge.used == "used"
    path = () if linked or not same else strongest_path([e for e in edges if e.used == "used"], one, other)
    between = () if same else tuple(e for e in edges if e is not edge)[:SHOWN]
    kinds = _types(con, customer_a, customer_b)
    return Pair(
        record_a=one,
        record_b=other,
        customer_a=customer_a,
        customer_b=customer_b,
        same=same,
        edge=edge,
        path=path,
        between=between,
        sentences=_sentences(one, other, customer_a, customer_b, edge, path, between, kinds),
    )


def strongest_path(edges: Iterable[Edge], start: str, end: str) -> tuple[Edge, ...]:
    """The way from one record to the other whose weakest link is strongest; of several, one with few links."""
    at: dict[str, list[tuple[str, Edge]]] = {}
    for edge in edges:
        at.setdefault(edge.record_a, []).append((edge.record_b, edge))
        at.setdefault(edge.record_b, []).append((edge.record_a, edge))
    pushed = count()
    waiting: list[tuple[float, int, str, int, tuple[Edge, ...]]] = [(-1.0, 0, start, next(pushed), ())]
    seen = set()
    while waiting:
        weakest, links, record, _, path = heapq.heappop(waiting)
        if record == end:
            return path
        if record in seen:
            continue
        seen.add(record)
        for neighbour, edge in at.get(record, ()):
            if neighbour not in seen:
                reached = (max(weakest, -edge.score), links + 1, neighbour, next(pushed), (*path, edge))
                heapq.heappush(waiting, reached)
    return ()


def _known(con: duckdb.DuckDBPyConnection, record: str) -> tuple[str, str]:
    """The record's whole key and its customer."""
    source, object_, record_id = record_parts(record)
    customer = find_by_record(con, source, object_, record_id)
    if customer is None:
        raise UnknownRecord(f"{record} is no record of a person or organisation in this publication")
    rows = rows_of(
        con,
        """
        select source || ':' || object || ':' || record_id as record from identity_link
        where source = $source and object = $object and starts_with(record_id, $id) and customer_id = $customer
        order by record_id = $id desc, record_id limit 1
        """,
        {"source": source, "object": object_, "id": record_id, "customer": customer},
    )
    return rows[0]["record"], customer


def _edges_between(con: duckdb.DuckDBPyConnection, customer_a: str, customer_b: str) -> list[Edge]:
    """Of one customer its comparisons within; of two, those of a record of one with a record of the other. Strongest
    first."""
    rows = rows_of(
        con,
        """
        with record as (
            select source || ':' || object || ':' || record_id as record, customer_id from identity_link
            where customer_id in ($a, $b)
        )
        select edge.*, case when one.customer_id <> two.customer_id then two.customer_id end as other_customer_id
        from identity_edge as edge
        join record as one on one.record = edge.record_a
        join record as two on two.record = edge.record_b
        where $a = $b or one.customer_id <> two.customer_id
        order by score desc, record_a, record_b
        """,
        {"a": customer_a, "b": customer_b},
    )
    return [edge_of(row) for row in rows]


def _types(con: duckdb.DuckDBPyConnection, *customers: str) -> list[str]:
    rows = rows_of(
        con,
        "select distinct customer_type from customer where list_contains($ids, customer_id) order by 1",
        {"ids": list(customers)},
    )
    return [row["customer_type"] for row in rows]


def _sentences(
    one: str,
    other: str,
    customer_a: str,
    customer_b: str,
    edge: Edge | None,
    path: Sequence[Edge],
    between: Sequence[Edge],
    kinds: Sequence[str],
) -> tuple[str, ...]:
    pair = f"{one} and {other}"
    if customer_a == customer_b:
        lines = [f"{pair} are one customer, {customer_a}."]
    else:
        lines = [f"{pair} are two customers, {customer_a} and {customer_b}."]
    if len(kinds) > 1:
        return (*lines, f"One is a {' and one is an '.join(sorted(kinds, reverse=True))}: these are never compared.")
    if edge:
        lines.append(edge.sentence)
    else:
        lines.append(f"The two themselves were {NOTHING_KEPT}.")
    if path:
        links = f"{len(path)} links lead" if len(path) > 1 else "One link leads"
        lines.append(f"{links} from one to the other, the weakest with a score of {min(e.score for e in path):.2f}:")
    if between:
        lines.append("Other records of the two customers:")
    return (*lines, *(e.sentence for e in (*path, *between)))
