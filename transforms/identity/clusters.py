"""Edges -> clusters: what stays together, what is cut, and how weak the weakest link is. Graphs of integers only.

Knows nothing of names or contact points; who may not stand together comes in as traits and as pairs to keep apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

Ids = NDArray[np.int64]
Scores = NDArray[np.float64]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Edge:
    """One used edge, a < b. `decided`: a person said that the two are the same."""

    a: int
    b: int
    score: float
    decided: bool = False


def components(records: int, a: Ids, b: Ids) -> Ids:
    """Label per record; a label is the smallest record id of its cluster, so it does not depend on the order of
    edges."""
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(records, records))
    _, label = connected_components(graph, directed=False)
    smallest = np.full(records, records, dtype=np.int64)
    np.minimum.at(smallest, label, np.arange(records))
    return smallest[label]


def weakest_links(records: int, a: Ids, b: Ids, score: Scores, label: Ids) -> tuple[Ids, Scores]:
    """Labels of clusters of two and more, and the weakest score on the maximum spanning tree of each.

    The tree of greatest score is the smallest one of 2 - score: always positive, for a weight of zero means "no
    edge" there. Each pair must stand once (a sparse matrix adds up what stands twice).
    """
    if not len(a):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64)
    graph = coo_array((2.0 - score, (a, b)), shape=(records, records)).tocsr()
    tree = minimum_spanning_tree(graph).tocoo()
    owner = label[tree.coords[0]]
    order = np.argsort(owner, kind="stable")
    owners, start = np.unique(owner[order], return_index=True)
    heaviest = np.maximum.reduceat(tree.data[order], start)
    return owners, np.round(2.0 - heaviest, 6)


@dataclass
class _Group:
    """Records that stand together so far, what they are, and whom they must not meet."""

    members: set[int]
    traits: list[set[str]]
    apart: set[int] = field(default_factory=set)
    decided_apart: set[int] = field(default_factory=set)


def separate(
    edges: Iterable[Edge],
    trait_names: tuple[str, ...],
    traits: Mapping[int, tuple[str | None, ...]],
    apart: Iterable[Pair],
    decided_apart: Iterable[Pair],
) -> dict[Pair, str]:
    """The edges to cut so that nobody stands with whom they contradict -> the reason of each.

    Edges are taken from the strongest to the weakest (a person's decision first, then score, then ids); one that
    would bring contradictory records together is cut. So the weakest edges on the path between two such records
    give way. `traits` are what may not differ inside a cluster (birth date, …), None where unknown; `apart` are
    pairs whose comparison was refused. A person's `same` overrules both, but not a person's `different`
    (`decided_apart`).
    """
    groups: dict[int, _Group] = {}

    def group(record: int) -> _Group:
        if record not in groups:
            known = traits.get(record, (None,) * len(trait_names))
            groups[record] = _Group({record}, [set() if value is None else {value} for value in known])
        return groups[record]

    for pairs, decided in ((apart, False), (decided_apart, True)):
        for a, b in pairs:
            for record, enemy in ((a, b), (b, a)):
                (group(record).decided_apart if decided else group(record).apart).add(enemy)

    cut: dict[Pair, str] = {}
    for edge in sorted(edges, key=lambda each: (not each.decided, -each.score, each.a, each.b)):
        one, other = group(edge.a), group(edge.b)
        if one is other:
            continue
        if reason := _contradiction(one, other, trait_names, edge.decided):
            cut[edge.a, edge.b] = reason
            continue
        if len(one.members) < len(other.members):
            one, other = other, one
        one.members |= other.members
        one.apart |= other.apart
        one.decided_apart |= other.decided_apart
        one.traits = [mine | theirs for mine, theirs in zip(one.traits, other.traits, strict=True)]
        for record in other.members:
            groups[record] = one
    return cut


def _contradiction(one: _Group, other: _Group, trait_names: tuple[str, ...], decided: bool) -> str | None:
    if not one.decided_apart.isdisjoint(other.members):
        return "would join records that were decided to be different"
    if decided:
        return None
    for name, mine, theirs in zip(trait_names, one.traits, other.traits, strict=True):
        if mine and theirs and mine.isdisjoint(theirs):
            return f"would join records whose {name} differ"
    if not one.apart.isdisjoint(other.members):
        return "would join records whose comparison was refused"
    return None
