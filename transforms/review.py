"""What a person should look at: the links, and the pairs held apart, on which a decision would settle most.

Reads one publication, answers with questions and a ready line of decisions.csv for each. How a question is laid out on
a terminal does not belong here, nor what becomes of a decision (`transforms.identity.decisions`).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from transforms.explain import CUT, DECIDED, record_parts, rows_of
from transforms.sql import quoted
from transforms.wording import Weights, told, weights

Kind = Literal["link", "cut", "refused", "below"]

SURE = 0.999
"""Weakest score from which on nobody is asked about a customer's links: its entropy is 0.01 bits."""
LOWEST = 0.1
"""Score below which nobody is asked about two customers that are kept apart."""
OVERRULED = 0.5
"""What the score of a pair is worth where a guard refused it or it was cut: believed half."""
PREMIUM = 2.0
"""How much more a premium customer counts."""


@dataclass(frozen=True)
class Side:
    """One of the two records that a question is about."""

    record: str
    name: str
    customer_id: str
    records: int
    """How many records go with it if the two are different."""


@dataclass(frozen=True)
class Question:
    """Two records of which a person should say whether they are one customer."""

    kind: Kind
    """link: it holds a customer together. cut, refused, below (the threshold): it keeps two apart."""
    value: float
    """Bits of uncertainty about it x records on the smaller side, twice that for premium customers."""
    score: float
    a: Side
    b: Side
    agreed: Weights
    disagreed: Weights
    sentence: str
    decision: str
    """The line for decisions.csv: keep one of `same|different`, add who, why and when."""


def review(con: duckdb.DuckDBPyConnection, limit: int = 20) -> list[Question]:
    """The `limit` most valuable questions, the most valuable first; one per customer, one per two customers.

    What a person has decided is not asked again.
    """
    found = [*_weak_links(con, limit), *_kept_apart(con, limit)]
    found.sort(key=lambda row: (-row["value"], row["record_a"], row["record_b"]))
    return _questions(con, found[:limit])


def uncertainty(chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy in bits of a yes or no of this probability: 1 at a half, 0 where it is certain."""
    inside = np.clip(chance, 1e-9, 1 - 1e-9)
    return -(inside * np.log2(inside) + (1 - inside) * np.log2(1 - inside))


def _weak_links(con: duckdb.DuckDBPyConnection, limit: int) -> list[dict[str, Any]]:
    """Per customer the link of its maximum spanning tree that is worth most: uncertain, with many records behind it."""
    edges = con.execute(
        f"""
        with doubtful as (select customer_id, tier from customer where match_confidence < {SURE}),
        record as (
            select source || ':' || object || ':' || record_id as record, customer_id, tier
            from identity_link join doubtful using (customer_id)
        )
        select record_a, record_b, score, customer_id, tier = 'premium' as premium
        from identity_edge join record on record = record_a
        where used = 'used' order by record_a, record_b
        """
    ).fetchnumpy()
    if not len(edges["record_a"]):
        return []
    score = np.asarray(edges["score"], dtype=np.float64)
    names, ends = np.unique(np.concatenate([edges["record_a"], edges["record_b"]]).astype(str), return_inverse=True)
    a, b = ends[: len(score)], ends[len(score) :]
    place, sides = _sides(len(names), a, b, score)
    premium = np.where(np.asarray(edges["premium"], dtype=bool)[place], PREMIUM, 1.0)
    value = uncertainty(score[place]) * sides.min(axis=1) * premium
    order = np.lexsort((place, -value))
    customers = np.asarray(edges["customer_id"]).astype(str)[place]
    _, best = np.unique(customers[order], return_index=True)
    chosen = order[np.sort(best)][:limit]
    return [
        {
            "kind": "link",
            "value": float(value[each]),
            "record_a": str(names[a[place[each]]]),
            "record_b": str(names[b[place[each]]]),
            "customer_a": str(customers[each]),
            "customer_b": str(customers[each]),
            "records_a": int(sides[each, 0]),
            "records_b": int(sides[each, 1]),
            "alone": _alone(a, b, np.flatnonzero(edges["customer_id"] == customers[each]), place[each]),
        }
        for each in chosen.tolist()
    ]


def _alone(a: NDArray[np.int64], b: NDArray[np.int64], links: NDArray[np.int64], link: np.int64) -> bool:
    """Without this one of a customer's links, nothing holds its two ends together."""
    names, ends = np.unique(np.concatenate([a[links], b[links]]), return_inverse=True)
    left = links != link
    one, other = ends[: len(links)], ends[len(links) :]
    graph = coo_array((np.ones(left.sum()), (one[left], other[left])), shape=(len(names), len(names)))
    _, label = connected_components(graph, directed=False)
    return bool(label[one[~left][0]] != label[other[~left][0]])


def _sides(
    records: int, a: NDArray[np.int64], b: NDArray[np.int64], score: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The edges of the maximum spanning forest by their place, and how many records stand on the side of a and of b."""
    # 2 - score: a weight of zero would mean "no edge".
    tree = minimum_spanning_tree(coo_array((2.0 - score, (a, b)), shape=(records, records)).tocsr()).tocoo()
    at = {pair: place for place, pair in enumerate(zip(a.tolist(), b.tolist(), strict=True))}
    pairs = [
        (one, two) if (one, two) in at else (two, one)
        for one, two in zip(*map(np.ndarray.tolist, tree.coords), strict=True)
    ]
    neighbours: dict[int, list[int]] = {}
    for one, two in pairs:
        neighbours.setdefault(one, []).append(two)
        neighbours.setdefault(two, []).append(one)
    parent: dict[int, int] = {}
    below = np.ones(records, dtype=np.int64)
    whole = np.ones(records, dtype=np.int64)
    for root in range(records):
        if root in parent:
            continue
        parent[root], walked = root, [root]
        for record in walked:
            for neighbour in neighbours.get(record, ()):
                if neighbour not in parent:
                    parent[neighbour] = record
                    walked.append(neighbour)
        for record in reversed(walked[1:]):
            below[parent[record]] += below[record]
        whole[walked] = len(walked)
    sides = [
        (below[one], whole[one] - below[one]) if parent[one] == two else (whole[two] - below[two], below[two])
        for one, two in pairs
    ]
    return np.array([at[pair] for pair in pairs], dtype=np.int64), np.array(sides, dtype=np.int64).reshape(-1, 2)


def _kept_apart(con: duckdb.DuckDBPyConnection, limit: int) -> list[dict[str, Any]]:
    """Per two customers the likeliest pair among those that were cut, refused, or weigh too little.

    The chance that the two are one is what all pairs between them say on average, those that were not worth telling
    with nothing, and once less likely for each record of the smaller side, for each could have linked. In data of
    known truth that comes close (a third of lone records, hardly any of 4 and more); the best pair alone says too much.
    """
    decided = f"starts_with(coalesce(reason, ''), {quoted(DECIDED)})"
    return rows_of(
        con,
        f"""
        with asked as (
            select record_a, record_b, used, score, {decided} as decided,
                case when score < 0.5 then score else score * {OVERRULED} end as chance,
            from identity_edge where used <> 'used' and (score >= {LOWEST} or {decided})
        ),
        needed as (select record_a as record from asked union select record_b from asked),
        record as (
            select source || ':' || object || ':' || record_id as record, customer_id from identity_link
            semi join needed on needed.record = source || ':' || object || ':' || record_id
        ),
        party as (
            select customer_id, count(*) as records, any_value(customer.tier) = 'premium' as premium
            from identity_link join customer using (customer_id)
            semi join record using (customer_id)
            group by customer_id
        ),
        pair as (
            select asked.*, one.customer_id as customer_a, two.customer_id as customer_b,
                least(customer_a, customer_b) || greatest(customer_a, customer_b) as customers,
            from asked
            join record as one on one.record = record_a
            join record as two on two.record = record_b
            where one.customer_id <> two.customer_id
        ),
        likeliest as (
            select arg_max(pair, (chance, record_b, record_a)) as pair, sum(chance) as chances
            from pair group by customers having not bool_or(decided)
        ),
        valued as (
            select pair.*, side_a.records as records_a, side_b.records as records_b,
                chances / (side_a.records * side_b.records) / least(side_a.records, side_b.records) as likely,
                side_a.premium or side_b.premium as premium,
            from likeliest
            join party as side_a on side_a.customer_id = pair.customer_a
            join party as side_b on side_b.customer_id = pair.customer_b
        )
        select record_a, record_b, customer_a, customer_b, records_a, records_b,
            case when used = 'refused' and score < 0.5 then 'below' else used end as kind,
            -(likely * log2(likely) + (1 - likely) * log2(1 - likely)) * least(records_a, records_b)
                * case when premium then {PREMIUM} else 1 end as value,
        from valued
        order by value desc, record_a, record_b
        limit $limit
        """,
        {"limit": limit},
    )


def _questions(con: duckdb.DuckDBPyConnection, found: Sequence[dict[str, Any]]) -> list[Question]:
    """The rows found, with names and evidence."""
    edges = {
        (row["record_a"], row["record_b"]): row
        for row in rows_of(
            con,
            """
            from identity_edge
            where list_contains($a, record_a) and list_contains($b, record_b)
            """,
            {"a": [row["record_a"] for row in found], "b": [row["record_b"] for row in found]},
        )
    }
    names = _names(con, {row[side] for row in found for side in ("customer_a", "customer_b")})
    return [_question(row, edges[row["record_a"], row["record_b"]], names) for row in found]


def _question(row: dict[str, Any], edge: dict[str, Any], names: dict[str, str]) -> Question:
    a, b = (
        Side(
            record=row[f"record_{side}"],
            name=names.get(row[f"record_{side}"], names[row[f"customer_{side}"]]),
            customer_id=row[f"customer_{side}"],
            records=row[f"records_{side}"],
        )
        for side in ("a", "b")
    )
    agreed, disagreed = weights(edge["agreed"]), weights(edge["disagreed"])
    evidence = told(agreed, disagreed) or "nothing weighs much either way"
    reason = (edge["reason"] or "").removeprefix(CUT)
    sentence = {
        "link": f"{'Only this link holds' if row.get('alone') else 'The strongest link that holds'} {_records(a)} and "
        f"{_records(b)} of one customer together: {evidence}.",
        "cut": f"Parted: {reason}. {evidence[0].upper()}{evidence[1:]}.",
        "refused": f"Kept apart: {reason}. {evidence[0].upper()}{evidence[1:]}.",
        "below": f"Not quite enough to link {_records(a)} with {_records(b)}: {evidence}.",
    }[row["kind"]]
    return Question(
        kind=row["kind"],
        value=round(row["value"], 3),
        score=edge["score"],
        a=a,
        b=b,
        agreed=agreed,
        disagreed=disagreed,
        sentence=sentence,
        decision=_decision(a.record, b.record),
    )


def _records(side: Side) -> str:
    return f"{side.records} record{'s' if side.records != 1 else ''}"


def _decision(record_a: str, record_b: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(
        ["same|different", *record_parts(record_a), *record_parts(record_b), "", "", ""]
    )
    return line.getvalue()


def _names(con: duckdb.DuckDBPyConnection, customers: Iterable[str]) -> dict[str, str]:
    """Customer id -> its name; and record -> the name that it gives, where that is another one."""
    ids = {"ids": sorted(customers)}
    rows = rows_of(con, "select customer_id, display_name from customer where list_contains($ids, customer_id)", ids)
    names = {row["customer_id"]: row["display_name"] for row in rows}
    beaten = "from field_provenance where list_contains($ids, customer_id) and field = 'display_name'"
    for row in rows_of(con, f"select runners_up {beaten}", ids):
        names |= {one["record"]: one["value"] for one in json.loads(row["runners_up"] or "[]") if one.get("value")}
    return names
