"""Graphs of integers: what hangs together, how weakly, and what is cut."""

from __future__ import annotations

import itertools
import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transforms.identity.clusters import Pairs, Scored, components, connected, partition, weakest_links

RECORDS = 8
Pair = tuple[int, int]
pairs = st.sampled_from(list(itertools.combinations(range(RECORDS), 2)))
REFUSED, FIRM = "refused", "refused for good"
Scores = dict[Pair, float | str]
"""Pair -> bits above the threshold, negative below; or refused, for good or not."""
scores = st.dictionaries(pairs, st.sampled_from([-7.0, -0.25, 0.5, 2.0, 12.0, REFUSED, FIRM]), max_size=20)


def _pairs(listed: list[Pair]) -> Pairs:
    a, b = (np.array([pair[side] for pair in listed], dtype=np.int64) for side in (0, 1))
    return Pairs(a, b)


def _part(
    scored: Scores,
    unlike: list[Pair] | None = None,
    together: list[Pair] | None = None,
    apart: list[Pair] | None = None,
) -> list[set[int]]:
    """The clusters of two and more, by their smallest record."""
    both = _pairs(list(scored))
    values = list(scored.values())
    weight = np.array([5.0 if isinstance(value, str) else value for value in values])
    refused = np.array([isinstance(value, str) for value in values], dtype=bool)
    firm = np.array([value == FIRM for value in values], dtype=bool)
    links = (weight >= 0) & ~refused
    every = Scored(both.a, both.b, weight, links, refused, firm)
    component = connected(RECORDS, every, together or ())
    label = partition(component, every, _pairs(unlike or []), together or (), apart or ())
    clusters = [set(np.flatnonzero(label == number).tolist()) for number in range(RECORDS)]
    assert all(number == min(cluster) for number, cluster in enumerate(clusters) if cluster)
    return [cluster for cluster in clusters if len(cluster) > 1]


def _group(*records: int, weight: float = 8.0) -> Scores:
    return dict.fromkeys(itertools.combinations(records, 2), weight)


def _between(ones: tuple[int, ...], others: tuple[int, ...]) -> list[Pair]:
    return [(min(pair), max(pair)) for pair in itertools.product(ones, others)]


def test_a_label_is_the_smallest_record_of_its_cluster() -> None:
    linked = _pairs([(5, 6), (2, 5), (0, 7)])
    assert components(RECORDS, linked.a, linked.b).tolist() == [0, 1, 2, 3, 4, 2, 2, 0]


def test_confidence_is_the_weakest_edge_that_is_needed() -> None:
    a, b, score = np.array([0, 1, 0, 3]), np.array([1, 2, 2, 4]), np.array([0.9, 0.95, 0.5, 1.0])
    labels, confidence = weakest_links(RECORDS, a, b, score, components(RECORDS, a, b))
    assert dict(zip(labels.tolist(), confidence.tolist(), strict=True)) == {0: 0.9, 3: 1.0}


def test_without_edges_nobody_has_a_weakest_link() -> None:
    none = np.empty(0, dtype=np.int64)
    labels, confidence = weakest_links(RECORDS, none, none, none.astype(float), np.arange(RECORDS))
    assert not len(labels)
    assert not len(confidence)


def test_linked_records_stand_together_along_a_chain() -> None:
    assert _part({(0, 1): 2.0, (1, 2): 2.0, (4, 7): 0.5}) == [{0, 1, 2}, {4, 7}]


def test_who_was_never_compared_speaks_neither_for_nor_against() -> None:
    assert _part(_group(0, 1, 2) | _group(3, 4, 5) | {(2, 3): 1.0}) == [{0, 1, 2, 3, 4, 5}]


def test_a_weak_bridge_between_two_groups_that_were_compared_does_not_hold() -> None:
    bridged = _group(0, 1, 2) | _group(3, 4, 5) | {(2, 3): 1.0}
    others = [pair for pair in _between((0, 1, 2), (3, 4, 5)) if pair != (2, 3)]
    assert _part(bridged, unlike=others) == [{0, 1, 2}, {3, 4, 5}]
    assert _part(bridged | dict.fromkeys(others, -3.0)) == [{0, 1, 2}, {3, 4, 5}]


def test_a_strong_bridge_holds_against_a_few_unlike_pairs() -> None:
    assert _part(_group(0, 1) | _group(3, 4) | {(1, 3): 9.0}, unlike=[(0, 3), (0, 4), (1, 4)]) == [{0, 1, 3, 4}]


def test_links_are_taken_from_the_strongest() -> None:
    """1 goes to 0, although its link to 2 comes first; 0 and 2 are refused."""
    assert _part({(1, 2): 1.0, (0, 1): 5.0, (0, 2): REFUSED}) == [{0, 1}]


def test_a_refused_pair_stays_apart_with_a_weak_record_between() -> None:
    assert _part({(0, 1): 4.0, (1, 2): 3.0, (0, 2): REFUSED}) == [{0, 1}]


def test_a_pair_that_is_refused_for_good_stays_apart_whatever_stands_between() -> None:
    assert _part({(0, 1): 40.0, (1, 2): 30.0, (0, 2): REFUSED}) == [{0, 1, 2}]
    assert _part({(0, 1): 40.0, (1, 2): 30.0, (0, 2): FIRM}) == [{0, 1}]
    across = dict.fromkeys(_between((0, 1, 2), (3, 4, 5)), 30.0)
    linked = _group(0, 1, 2, weight=40.0) | _group(3, 4, 5, weight=40.0)
    assert _part(linked | across | {(2, 5): FIRM}) == [{0, 1, 2}, {3, 4, 5}]


def test_a_decision_joins_what_is_refused_but_not_what_another_decision_parts() -> None:
    assert _part({(0, 1): REFUSED}, together=[(0, 1)]) == [{0, 1}]
    assert _part({(0, 2): FIRM}, together=[(0, 1), (1, 2)]) == [{0, 1, 2}]
    assert _part({}, together=[(0, 1)], apart=[(0, 1)]) == []


def test_a_decision_brings_the_groups_of_its_records_along() -> None:
    assert _part(_group(0, 1) | _group(3, 4), together=[(1, 3)]) == [{0, 1, 3, 4}]


def test_records_decided_apart_part_their_groups_where_the_chain_is_weakest() -> None:
    assert _part({(0, 1): 9.0, (1, 2): 2.0, (2, 3): 9.0}, apart=[(0, 3)]) == [{0, 1}, {2, 3}]


@given(
    scores,
    st.lists(pairs, max_size=6),
    st.lists(pairs, max_size=3),
    st.lists(pairs, max_size=3),
    st.randoms(),
)
def test_the_order_of_pairs_does_not_matter_and_decisions_hold(
    scored: Scores,
    unlike: list[Pair],
    together: list[Pair],
    apart: list[Pair],
    shuffler: random.Random,
) -> None:
    unlike = [pair for pair in unlike if pair not in scored]
    found = _part(scored, unlike, together, apart)

    def shuffled(listed: list[Pair]) -> list[Pair]:
        return shuffler.sample(listed, len(listed))

    again = {pair: scored[pair] for pair in shuffled(list(scored))}
    assert _part(again, shuffled(unlike), shuffled(together), shuffled(apart)) == found

    cluster = {record: number for number, records in enumerate(found) for record in records}
    assert all(one not in cluster or cluster[one] != cluster.get(other) for one, other in apart)
    if not apart:
        assert all(cluster.get(one, -1) == cluster.get(other, -2) for one, other in together)
    # Nobody stands together whom neither a link nor a decision brought there.
    linked = [pair for pair, value in scored.items() if not isinstance(value, str) and value >= 0]
    joined = _pairs([*linked, *together])
    reach = components(RECORDS, joined.a, joined.b)
    assert all(len({int(reach[record]) for record in records}) == 1 for records in found)


@given(
    st.permutations([value / 8 + 1 / 16 for value in range(-20, 60)]),
    st.sets(pairs, max_size=20),
    st.lists(pairs, max_size=2),
    st.permutations(range(RECORDS)),
)
def test_the_order_of_ids_does_not_matter(
    weights: list[float], scored: set[Pair], apart: list[Pair], renamed: list[int]
) -> None:
    """As long as no two links are equally strong; equal ones are taken in the order of their records."""

    def name(pair: Pair) -> Pair:
        one, other = sorted(renamed[record] for record in pair)
        return one, other

    given_scores: Scores = dict(zip(sorted(scored), weights, strict=False))
    renamed_scores: Scores = {name(pair): weight for pair, weight in given_scores.items()}
    found = _part(given_scores, apart=apart)
    renamed_found = _part(renamed_scores, apart=[name(pair) for pair in apart])
    assert sorted(sorted(renamed[record] for record in cluster) for cluster in found) == sorted(
        map(sorted, renamed_found)
    )
