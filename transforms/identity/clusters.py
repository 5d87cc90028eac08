"""Edges -> clusters: what stays together, what is cut, and how weak the weakest link is. Graphs of integers only.

Knows nothing of names or contact points; what speaks for and against a pair comes in as numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

Ids = NDArray[np.int64]
Weights = NDArray[np.float64]
Flags = NDArray[np.bool_]
Pair = tuple[int, int]

AGAINST = 1.0
"""The most that one pair that was compared and not linked speaks against joining two clusters, in bits."""
REFUSED = 6.0
"""What a refused pair speaks against it."""
FIRM = 1e6
"""What a pair refused for good speaks: more than any number of links; only a person's decision outdoes it."""
FOR = 10.0
"""The most that one linked pair speaks for it."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of records, each once, a < b; arrays of one length."""

    a: Ids
    b: Ids


@dataclass(frozen=True)
class Scored(Pairs):
    """Pairs with a score. `weight`: bits above the threshold; `links`: nothing but the weight decides, and it does."""

    weight: Weights
    links: Flags
    refused: Flags
    firm: Flags
    """Refused for good: no third record brings the two into one cluster."""

    def beside(self, held: Pairs) -> Scored:
        """With these pairs, which were not scored, refused for good."""
        yes, no = np.ones(len(held.a), dtype=bool), np.zeros(len(held.a), dtype=bool)
        return Scored(
            np.concatenate([self.a, held.a]),
            np.concatenate([self.b, held.b]),
            np.concatenate([self.weight, np.zeros(len(held.a))]),
            np.concatenate([self.links, no]),
            np.concatenate([self.refused, yes]),
            np.concatenate([self.firm, yes]),
        )


def components(records: int, a: Ids, b: Ids) -> Ids:
    """Label per record; a label is the smallest record id of its cluster, so it does not depend on the order of
    edges."""
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(records, records))
    _, label = connected_components(graph, directed=False)
    smallest = np.full(records, records, dtype=np.int64)
    np.minimum.at(smallest, label, np.arange(records))
    return smallest[label]


def strangers(component: Ids, records: Ids, place: Ids) -> Pairs:
    """Pairs of `records` that are in one component and one place: of each place, no two records are one."""
    order = np.lexsort((records, place, component[records]))
    records, place = records[order], place[order]
    another = (np.diff(component[records], prepend=-1) != 0) | (np.diff(place, prepend=-1) != 0)
    groups = (group.tolist() for group in np.split(records, np.flatnonzero(another)[1:]) if len(group) > 1)
    pairs = [pair for group in groups for pair in combinations(group, 2)]
    a, b = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    return Pairs(a, b)


def weakest_links(records: int, a: Ids, b: Ids, score: Weights, label: Ids) -> tuple[Ids, Weights]:
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


def connected(records: int, scored: Scored, together: Iterable[Pair] = ()) -> Ids:
    """Label per record of all that links join, whatever speaks against it: no cluster is larger than that."""
    decided = sorted(together)
    decided_a, decided_b = (np.array([pair[side] for pair in decided], dtype=np.int64) for side in (0, 1))
    link_a, link_b = scored.a[scored.links], scored.b[scored.links]
    return components(records, np.concatenate([link_a, decided_a]), np.concatenate([link_b, decided_b]))


def partition(
    component: Ids, scored: Scored, unlike: Pairs, together: Iterable[Pair] = (), apart: Iterable[Pair] = ()
) -> Ids:
    """Label per record, so that what was compared speaks for each cluster as a whole.

    `component` is what `connected` gives; what happens in one has no bearing on another.

    Links are taken from the strongest to the weakest. Two clusters are joined when the pairs between them that were
    compared speak for it in sum: so a weak bridge between two groups that do not resemble each other does not hold.
    `unlike` are pairs that were compared and found too unlike to be scored. A person's decisions come first:
    `together` joins whatever the scores say, and records of `apart` never come into one cluster.
    """
    together, apart, label = sorted(together), sorted(apart), component
    against = _inside(label, np.concatenate([scored.a[~scored.links], unlike.a]),
                      np.concatenate([scored.b[~scored.links], unlike.b]),
                      np.concatenate([_objections(scored), np.full(len(unlike.a), -AGAINST)]))  # fmt: skip
    decided = np.array([pair[0] for pair in (*apart, *together)], dtype=np.int64)
    suspect = np.union1d(label[against[0]], label[decided])
    doubtful = np.isin(label[scored.a], suspect) & scored.links
    if not len(suspect):
        return label
    order = np.lexsort((scored.b[doubtful], scored.a[doubtful], -scored.weight[doubtful]))
    for_a, for_b = scored.a[doubtful][order], scored.b[doubtful][order]
    weight = np.minimum(scored.weight[doubtful][order], FOR)
    merging = _Merging(
        zip(
            np.concatenate([against[0], for_a]).tolist(),
            np.concatenate([against[1], for_b]).tolist(),
            np.concatenate([against[2], weight]).tolist(),
            strict=True,
        ),
        apart,
    )
    for one, other in together:
        merging.join(one, other, whatever=True)
    for one, other in zip(for_a.tolist(), for_b.tolist(), strict=True):
        merging.join(one, other)
    return merging.relabel(label, np.flatnonzero(np.isin(label, suspect)))


def _objections(scored: Scored) -> Weights:
    """What pairs that do not link speak against joining: their weight, but no more than `AGAINST`; `REFUSED`; all."""
    rest = ~scored.links
    mild = np.where(scored.refused[rest], -REFUSED, np.clip(scored.weight[rest], -AGAINST, 0.0))
    return np.where(scored.firm[rest], -FIRM, mild)


def _inside(label: Ids, a: Ids, b: Ids, weight: Weights) -> tuple[Ids, Ids, Weights]:
    within = label[a] == label[b]
    return a[within], b[within], weight[within]


class _Merging:
    """Groups of records that grow, and what speaks for and against each two of them."""

    def __init__(self, pairs: Iterable[tuple[int, int, float]], apart: Iterable[Pair]) -> None:
        self._parent: dict[int, int] = {}
        self._between: dict[int, dict[int, float]] = {}
        for a, b, weight in pairs:
            self._say(a, b, weight)
        for a, b in apart:
            self._say(a, b, -np.inf)

    def _say(self, a: int, b: int, weight: float) -> None:
        for one, other in ((a, b), (b, a)):
            between = self._between.setdefault(one, {})
            between[other] = between.get(other, 0.0) + weight

    def _group(self, record: int) -> int:
        parent = self._parent
        while parent.setdefault(record, record) != record:
            parent[record] = parent[parent[record]]
            record = parent[record]
        return record

    def join(self, a: int, b: int, *, whatever: bool = False) -> None:
        """Join the groups of two records if what is known speaks for it; with `whatever`, also if it speaks against."""
        one, other = self._group(a), self._group(b)
        if one == other:
            return
        known = self._between.setdefault(one, {}).get(other, 0.0)
        if known == -np.inf or (known <= 0 and not whatever):
            return
        if len(self._between[one]) < len(self._between.setdefault(other, {})):
            one, other = other, one
        self._parent[other] = one
        mine = self._between[one]
        for third, weight in self._between.pop(other).items():
            if third == one:
                continue
            mine[third] = mine.get(third, 0.0) + weight
            theirs = self._between[third]
            theirs.pop(other)
            theirs[one] = mine[third]
        mine.pop(other, None)

    def relabel(self, label: Ids, records: Ids) -> Ids:
        """Labels anew for these records: the smallest record of each group."""
        found = np.array([self._group(record) for record in records.tolist()], dtype=np.int64)
        smallest: dict[int, int] = {}
        for record, group in zip(records.tolist(), found.tolist(), strict=True):
            smallest[group] = min(smallest.get(group, record), record)
        relabelled = label.copy()
        relabelled[records] = [smallest[group] for group in found.tolist()]
        return relabelled
