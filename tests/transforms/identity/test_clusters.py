"""Graphs of integers: what hangs together, how weakly, and what is cut."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transforms.identity.clusters import Edge, components, separate, weakest_links

RECORDS = 8
pairs = st.sampled_from(list(itertools.combinations(range(RECORDS), 2)))
scored = st.dictionaries(pairs, st.sampled_from([0.8, 0.9, 0.95, 1.0]), max_size=15)


def _label(edges: list[tuple[int, int]]) -> list[int]:
    a, b = (np.array([edge[side] for edge in edges], dtype=np.int64) for side in (0, 1))
    return components(RECORDS, a, b).tolist()


def test_a_label_is_the_smallest_record_of_its_cluster() -> None:
    assert _label([(5, 6), (2, 5), (0, 7)]) == [0, 1, 2, 3, 4, 2, 2, 0]


def test_confidence_is_the_weakest_edge_that_is_needed() -> None:
    a, b, score = np.array([0, 1, 0, 3]), np.array([1, 2, 2, 4]), np.array([0.9, 0.95, 0.5, 1.0])
    labels, confidence = weakest_links(RECORDS, a, b, score, components(RECORDS, a, b))
    assert dict(zip(labels.tolist(), confidence.tolist(), strict=True)) == {0: 0.9, 3: 1.0}


def test_without_edges_nobody_has_a_weakest_link() -> None:
    none = np.empty(0, dtype=np.int64)
    labels, confidence = weakest_links(RECORDS, none, none, none.astype(float), np.arange(RECORDS))
    assert not len(labels)
    assert not len(confidence)


@given(scored, st.lists(pairs, max_size=4), st.lists(pairs, max_size=3), st.randoms())
def test_cutting_keeps_enemies_apart_and_does_not_depend_on_order(
    scores: dict[tuple[int, int], float],
    apart: list[tuple[int, int]],
    decided_apart: list[tuple[int, int]],
    random: np.random.RandomState,
) -> None:
    edges = [Edge(a, b, score) for (a, b), score in scores.items()]
    cut = separate(edges, (), {}, apart, decided_apart)
    label = _label([pair for pair in scores if pair not in cut])
    assert all(label[a] != label[b] for a, b in (*apart, *decided_apart))
    # What is cut would have joined two clusters, so nothing is cut needlessly inside one.
    assert all(label[a] != label[b] for a, b in cut)
    random.shuffle(edges)
    assert separate(edges, (), {}, apart[::-1], decided_apart[::-1]) == cut


def test_traits_spread_with_the_cluster() -> None:
    edges = [Edge(0, 1, 0.9), Edge(1, 2, 0.8), Edge(2, 3, 0.95)]
    cut = separate(edges, ("birth dates",), {0: ("1950-03-01",), 3: ("1980-05-02",)}, [], [])
    assert cut == {(1, 2): "would join records whose birth dates differ"}


def test_a_decision_overrules_traits_and_refusals_but_not_another_decision() -> None:
    decided = [Edge(0, 1, 1.0, decided=True)]
    traits = {0: ("1950-03-01",), 1: ("1980-05-02",)}
    assert separate(decided, ("birth dates",), traits, [(0, 1)], []) == {}
    assert separate(decided, ("birth dates",), traits, [], [(0, 1)]) == {
        (0, 1): "would join records that were decided to be different"
    }
