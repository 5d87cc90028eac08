"""Why a customer is who it is, in words: read from the tables of one publication, for people and as JSON.

Pure functions over a connection to a publication; how the words are laid out on a terminal does not belong here.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from transforms.wording import Weights, heaviest_first, label, listing, told, weights

RULES = {
    "only": "no other record says otherwise",
    "pinned": "a steward pinned it",
    "verified": "it is known to be the customer's own, more than the others",
    "most_complete": "its record leaves out less",
    "most_frequent": "most of the customer's records say so",
    "source_rank": "its source is believed more",
    "most_recent": "its record changed last",
    "record_key": "otherwise equal, its record key comes first",
    "earliest": "it is the earliest day",
    "denied_first": "a denial goes before a grant that is not explicit, dated and newer",
    "stand_in": "no record knows a name, so this stands in for one",
    "latest": "it is the latest that any record knows of",
    "newer_grant": "it is an explicit, dated grant, newer than every denial",
}
"""Survivorship rule, as `field_provenance` names it -> why the value won."""


PINS = "policy"
"""Source, in `field_provenance`, of a value that a line of pins.csv says."""
DECIDED = "decided "
"""How the reason of an edge begins that rests on a line of decisions.csv."""
CUT = "cut: "
"""How that of an edge begins that was cut."""


class UnknownRecord(ValueError):
    """A text that names no record; the message says how one is written."""


@dataclass(frozen=True)
class Link:
    """One record of the customer, and the evidence by which it is one."""

    record: str
    rule: str
    score: float | None
    partner: str | None
    """The record of the same customer with which its evidence is strongest; null when alone."""
    agreed: Weights
    disagreed: Weights
    decided_by: str
    sentence: str


@dataclass(frozen=True)
class Edge:
    """A comparison of two records, of which one at least is the customer's."""

    record_a: str
    record_b: str
    score: float
    agreed: Weights
    disagreed: Weights
    used: str
    reason: str
    """Why it was cut or refused, or who decided; empty where the weights alone link."""
    other_customer_id: str | None
    """The customer of the record that is not this one's; null where both are."""
    sentence: str

    @property
    def decided(self) -> bool:
        """A person's word, whatever the scores say."""
        return self.reason.startswith(DECIDED)


@dataclass(frozen=True)
class RunnerUp:
    """A value that was beaten."""

    record: str
    value: str | None


@dataclass(frozen=True)
class Provenance:
    """Where one value of the customer comes from."""

    field: str
    value: Any
    record: str
    rule: str
    observed_at: datetime
    runners_up: tuple[RunnerUp, ...]
    sentence: str


@dataclass(frozen=True)
class Resolution:
    """What became of a customer id: `customer_ids` are the customers in which its records stand now."""

    id: str
    status: str
    customer_ids: tuple[str, ...]
    publication: int
    sentence: str


@dataclass(frozen=True)
class Explanation:
    """All that a publication knows about why a customer is as it is."""

    customer_id: str
    customer: Mapping[str, Any]
    """The row of table `customer`."""
    summary: tuple[str, ...]
    links: tuple[Link, ...]
    edges_used: tuple[Edge, ...]
    edges_refused: tuple[Edge, ...]
    """Compared and kept apart, or cut again."""
    provenance: tuple[Provenance, ...]
    aliases: tuple[Resolution, ...]
    """This id, and others that lead to it."""


def explain(
    con: duckdb.DuckDBPyConnection,
    *,
    customer_id: str | None = None,
    email: str | None = None,
    record: str | None = None,
) -> list[Explanation]:
    """The customers named by the one argument given; an old id names those in which its records stand now.

    Raises:
        UnknownRecord: `record` is not written as `SOURCE:OBJECT:ID`.
    """
    if customer_id is not None:
        found = resolve(con, customer_id)
        ids: Sequence[str] = found.customer_ids if found and found.status != "live" else [customer_id]
    elif email is not None:
        ids = find_by_email(con, email)
    elif record is not None:
        one = find_by_record(con, *record_parts(record))
        ids = [one] if one else []
    else:
        ids = []
    return [explained for each in ids if (explained := explain_customer(con, each))]


def explain_customer(con: duckdb.DuckDBPyConnection, customer_id: str) -> Explanation | None:
    """The customer of this very id; None where there is none in the publication."""
    rows = rows_of(con, "select * from customer where customer_id = ?", customer_id)
    if not rows:
        return None
    edges = _edges(con, customer_id)
    links = _links(con, customer_id, edges)
    return Explanation(
        customer_id=customer_id,
        customer=rows[0],
        summary=_summary(rows[0], links),
        links=links,
        edges_used=tuple(edge for edge in edges if edge.used == "used"),
        edges_refused=tuple(edge for edge in edges if edge.used != "used"),
        provenance=_provenance(con, rows[0]),
        aliases=_aliases(con, customer_id),
    )


def find_by_email(con: duckdb.DuckDBPyConnection, email: str) -> list[str]:
    """Ids of the customers whose e-mail this is, or is that of one of their records; smallest first."""
    wanted = email.strip().lower()
    rows = con.execute(
        """
        select customer_id from customer where email = $email
        union
        select customer_id from field_provenance
        where field = 'email' and contains(runners_up, $email)
            and list_contains(json_extract_string(runners_up, '$[*].value'), $email)
        order by customer_id
        """,
        {"email": wanted},
    ).fetchall()
    return [customer_id for (customer_id,) in rows]


def find_by_record(con: duckdb.DuckDBPyConnection, source: str, object_: str, record_id: str) -> str | None:
    """Id of the customer that a record is. A 15-character Salesforce id finds its record of the 18-character form."""
    row = con.execute(
        """
        select customer_id from identity_link
        where source = $source and object = $object and (
            record_id = $id or (length($id) = 15 and length(record_id) = 18 and starts_with(record_id, $id))
        )
        order by record_id = $id desc
        limit 1
        """,
        {"source": source, "object": object_, "id": record_id},
    ).fetchone()
    return row[0] if row else None


def resolve(con: duckdb.DuckDBPyConnection, customer_id: str) -> Resolution | None:
    """What became of an id; None for one that was never published."""
    rows = rows_of(con, "select * from customer_alias where id = ?", customer_id)
    return _resolution(rows[0]) if rows else None


def to_dict(value: Any) -> Any:
    """A dataclass of this module as JSON can hold it: times and days in ISO form, money as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_dict(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_dict(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [to_dict(inner) for inner in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _links(con: duckdb.DuckDBPyConnection, customer_id: str, edges: Sequence[Edge]) -> tuple[Link, ...]:
    reasons = {frozenset((edge.record_a, edge.record_b)): edge.reason for edge in edges}
    rows = rows_of(con, "from identity_link where customer_id = ? order by source, object, record_id", customer_id)
    return tuple(_link(row, reasons) for row in rows)


def _link(row: Mapping[str, Any], reasons: Mapping[frozenset[str], str]) -> Link:
    record = f"{row['source']}:{row['object']}:{row['record_id']}"
    evidence = json.loads(row["evidence"] or "{}")
    partner = evidence.get("with")
    agreed, disagreed = (heaviest_first(evidence.get(side, {})) for side in ("agreed", "disagreed"))
    if row["decided_by"] == "alone":
        sentence = f"{record} stands alone: no other record was found to be the same customer."
    elif row["decided_by"] == "person":
        reason = reasons.get(frozenset((record, partner)), "")
        sentence = f"{record} is linked with {partner} because a person {reason or 'decided so'}."
    else:
        sentence = f"{record} is linked with {partner}: {told(agreed, disagreed)} (score {row['score']:.2f})."
    return Link(record, row["rule"], row["score"], partner, agreed, disagreed, row["decided_by"], sentence)


def _edges(con: duckdb.DuckDBPyConnection, customer_id: str) -> tuple[Edge, ...]:
    """Comparisons in which a record of the customer took part, strongest first."""
    rows = rows_of(
        con,
        """
        with
        own as (
            select source || ':' || object || ':' || record_id as record from identity_link where customer_id = $id
        ),
        edge as (
            from identity_edge where record_a in (from own) or record_b in (from own)
        ),
        stranger as (
            select unnest([record_a, record_b]) as record from edge except from own
        ),
        owner as (
            select stranger.record, link.customer_id
            from stranger
            join identity_link as link
                on link.source = split_part(stranger.record, ':', 1)
                and link.source || ':' || link.object || ':' || link.record_id = stranger.record
        )
        select edge.*, owner.customer_id as other_customer_id
        from edge
        left join owner on owner.record in (edge.record_a, edge.record_b)
        order by score desc, record_a, record_b
        """,
        {"id": customer_id},
    )
    return tuple(edge_of(row) for row in rows)


def edge_of(row: Mapping[str, Any]) -> Edge:
    """A row of `identity_edge`, with `other_customer_id`."""
    agreed, disagreed, other = weights(row["agreed"]), weights(row["disagreed"]), row["other_customer_id"]
    rest = f"; the other one is customer {other}" if other else ""
    if row["used"] == "refused" and not other:
        rest = "; other records make them one customer all the same"
    return Edge(
        record_a=row["record_a"],
        record_b=row["record_b"],
        score=row["score"],
        agreed=agreed,
        disagreed=disagreed,
        used=row["used"],
        reason=row["reason"] or "",
        other_customer_id=other,
        sentence=f"{row['record_a']} and {row['record_b']} {_verdict(row, told(agreed, disagreed))}{rest}.",
    )


def _verdict(row: Mapping[str, Any], evidence: str) -> str:
    """What was made of two records, and why: what a person decided, what the weights say, what overrules them."""
    reason, score = row["reason"] or "", f"score {row['score']:.2f}"
    if reason.startswith(DECIDED):
        return {
            "used": f"are the same customer because a person {reason}",
            "cut": f"stand apart, for another decision keeps them so, although a person {reason}",
            "refused": f"are kept apart because a person {reason}",
        }[row["used"]]
    weighed = f"({score}; {evidence})" if evidence else f"({score})"
    return {
        "used": f"are the same customer: {evidence or reason or 'no reason was kept'} ({score})",
        "cut": f"looked the same but were parted: {reason.removeprefix(CUT) or 'no reason was kept'} {weighed}",
        "refused": f"were compared and kept apart: {reason or 'no reason was kept'} {weighed}",
    }[row["used"]]


def _provenance(con: duckdb.DuckDBPyConnection, customer: Mapping[str, Any]) -> tuple[Provenance, ...]:
    rows = rows_of(con, "from field_provenance where customer_id = ?", customer["customer_id"])
    order = {column: place for place, column in enumerate(customer)}
    return tuple(_value(row, customer) for row in sorted(rows, key=lambda row: order.get(row["field"], len(order))))


def _value(row: Mapping[str, Any], customer: Mapping[str, Any]) -> Provenance:
    record, value = f"{row['source']}:{row['object']}:{row['record_id']}", customer.get(row["field"])
    said = label(row["field"]) if value is None else f"{label(row['field'])} {value}"
    beaten = tuple(RunnerUp(one["record"], one.get("value")) for one in json.loads(row["runners_up"] or "[]"))
    over = "; it beat " + ", ".join(f"{one.value} ({one.record})" for one in beaten) if beaten else ""
    why = RULES.get(row["rule"], f"rule {row['rule']}")
    if row["source"] == PINS:  # the key of such a record is who pinned it, when and why
        sentence = f"{said} was pinned by {row['record_id']}{over}."
    else:
        sentence = f"{said} comes from {record}: {why}{over}."
    return Provenance(row["field"], value, record, row["rule"], row["observed_at"], beaten, sentence)


def _aliases(con: duckdb.DuckDBPyConnection, customer_id: str) -> tuple[Resolution, ...]:
    query = "from customer_alias where id = $id or list_contains(new_ids, $id) order by id <> $id, id"
    return tuple(_resolution(row) for row in rows_of(con, query, {"id": customer_id}))


def _resolution(row: Mapping[str, Any]) -> Resolution:
    own, others, status = row["id"], tuple(row["new_ids"] or ()), row["status"]
    named = ", ".join(others)
    since = f"since publication {row['publication']}"
    sentence = {
        "live": f"{own} is a customer"
        + (f"; other records that were its own stand in {named} {since}." if others else "."),
        "merged": f"{own} was merged into {named}, {since}.",
        "split": f"{own} was split, {since}: its records stand in {named}, the most of them in the first.",
        "gone": f"{own} is gone, {since}: its last record was deleted; it returns with the record.",
        "erased": f"{own} was erased on request, {since}.",
    }[status]
    return Resolution(own, status, (own, *others) if status == "live" else others, row["publication"], sentence)


def _summary(customer: Mapping[str, Any], links: Sequence[Link]) -> tuple[str, ...]:
    """The decisions about a customer, each with its reason."""
    sources = customer["sources"]
    records = f"{len(links)} record{'s' if len(links) != 1 else ''} of {', '.join(sources) or 'no source'}"
    owner = customer["owner_employee_id"] or "the queue"
    conflicts = customer["conflict_fields"]
    weakest = f"; the weakest link between them has a score of {customer['match_confidence']:.2f}" if links[1:] else ""
    lines = [
        f"{customer['display_name']} is one {customer['customer_type']} known from {records}{weakest}.",
        f"Tier {customer['tier']}: {customer['tier_reason']}.",
        f"Answered by {customer['route']}: {customer['route_reason']}.",
        f"Looked after by {owner}: {customer['owner_reason']}.",
    ]
    if conflicts:
        lines.append(f"Its records disagree on {listing([label(name) for name in conflicts])}.")
    return tuple(lines)


def record_parts(record: str) -> tuple[str, str, str]:
    """Source, object and id; an id may hold colons."""
    parts = record.split(":", 2)
    if len(parts) != 3 or not all(parts):
        raise UnknownRecord(
            f"{record!r} is no record; write SOURCE:OBJECT:ID, such as salesforce:Contact:0035g00000AbCdEAAV"
        )
    return parts[0], parts[1], parts[2]


def rows_of(con: duckdb.DuckDBPyConnection, query: str, bound: str | Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a query gives, a mapping per row; `bound` is its one value, or its values by name."""
    cursor = con.execute(query, [bound] if isinstance(bound, str) else bound)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
