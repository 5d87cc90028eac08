"""Who is who, from the edges that were used: which records hang together, how surely, and what each id became.

How an edge is scored, and why one is cut or refused, does not belong here: identity's own tests hold that, with judged
pairs (`tests/transforms/identity`).
"""

from __future__ import annotations

from base64 import b32encode
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256

import polars as pl

from tests.rederive.given import Given
from transforms.sql import quoted

LINK = ("source", "object", "record_id")


@dataclass
class Old:
    """An id as the state has it that the run started from."""

    customer_type: str
    founder: str
    status: str
    new_ids: list[str]
    publication: int | None
    born: int

    @property
    def stands(self) -> bool:
        return self.status in ("live", "gone")


def derive(given: Given) -> None:
    """`derived_identity_link`, `derived_identity_edge`, `derived_confidence`, `derived_customer_alias`."""
    con = given.con
    records = con.execute(
        """
        select concat_ws(':', source, object, record_id) as key, 'person' as kind, source, object, record_id from person
        union all
        select concat_ws(':', source, object, record_id), 'organisation', source, object, record_id from organisation
        """
    ).fetchall()
    edges = con.execute(
        """
        select record_a, record_b, score, agreed, disagreed, reason from published_identity_edge where used = 'used'
        """
    ).fetchall()
    weakest = _grown([key for key, *_ in records], [edge[:3] for edge in edges])
    groups = defaultdict[str, list[str]](list)
    for key, (group, _) in weakest.items():
        groups[group].append(key)
    kinds = {key: kind for key, kind, *_ in records}
    names, aliases = _names(given, {min(keys): sorted(keys) for keys in groups.values()}, kinds)
    sides = defaultdict[str, list[tuple[bool, float, str]]](list)
    for a, b, score, agreed, disagreed, reason in edges:
        for one, other in ((a, b), (b, a)):
            with_other = f'{{"with":{_json(other)},"agreed":{agreed},"disagreed":{disagreed}}}'
            sides[one].append((reason != "", score, with_other))
    told = dict(con.execute("select concat_ws(':', source, object, record_id), evidence from link").fetchall())
    rows = []
    for key, _, *columns in records:
        decided, score, _ = max(sides[key], default=(False, None, ""))
        # of several that are equally strong to six decimals, any
        strongest = [text for *strength, text in sides[key] if strength == [decided, score]] or ["{}"]
        rows.append(
            {
                **dict(zip(LINK, columns, strict=True)),
                "customer_id": names[min(groups[weakest[key][0]])],
                "score": score,
                "evidence": told[key] if told[key] in strongest else min(strongest),
                "decided_by": "person" if decided else "alone" if score is None else "model",
            }
        )
    laid = {
        "identity_link": pl.DataFrame(rows, infer_schema_length=None),
        "confidence": pl.DataFrame(
            [{"customer_id": names[min(keys)], "match_confidence": weakest[keys[0]][1]} for keys in groups.values()]
        ),
        "customer_alias": pl.DataFrame(
            [
                {"id": one, "status": status, "new_ids": ids, "publication": number}
                for one, (status, ids, number) in aliases.items()
            ],
            schema_overrides={"new_ids": pl.List(pl.String)},
            infer_schema_length=None,
        ),
    }
    for name, frame in laid.items():
        given.put(f"derived_{name}", frame)
    con.execute("create view derived_identity_edge as from edge")


def _json(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _grown(keys: list[str], edges: list[tuple[str, str, float]]) -> dict[str, tuple[str, float]]:
    """Record -> its group, and how strong the weakest of the edges is that it takes to hold the group together.

    From the strongest edge to the weakest: the one that completes a group is the weakest that it needs.
    """
    parent = {key: key for key in keys}
    weakest = dict.fromkeys(keys, 1.0)

    def top(key: str) -> str:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for a, b, score in sorted(edges, key=lambda edge: -edge[2]):
        one, other = top(a), top(b)
        if one != other:
            parent[other] = one
            weakest[one] = round(score, 6)
    return {key: (top(key), weakest[top(key)]) for key in keys}


def _names(
    given: Given, groups: dict[str, list[str]], kinds: dict[str, str]
) -> tuple[dict[str, str], dict[str, tuple[str, list[str], int]]]:
    """Smallest record of a group -> the customer's id; id -> status, new ids and publication of every id ever given."""
    old, member = _state(given)
    group_of = {key: group for group, keys in groups.items() for key in keys}
    held = defaultdict[tuple[str, str], list[tuple[bool, bool, str]]](list)
    heir = _heirs(given, set(kinds))
    for key, (was, present) in member.items():
        if stands_at := key if key in kinds else heir.get(key):
            now = old[was].new_ids[0] if old[was].status in ("merged", "split") else was
            if old[now].stands and old[now].customer_type == kinds[stands_at]:
                held[now, group_of[stands_at]].append((key in kinds, present, key))
    claims = defaultdict[str, list[str]](list)
    for one, group in sorted(held, key=lambda pair: _claim(old[pair[0]], held[pair])):
        claims[one].append(group)
    heirs = defaultdict[str, list[tuple[bool, int, str, str]]](list)
    for one, places in claims.items():
        swallowed_only = not any(there for there, *_ in held[one, places[0]])
        heirs[places[0]].append((swallowed_only, old[one].born, old[one].founder, one))
    names = {group: min(ids)[-1] for group, ids in heirs.items()}
    for group in groups:
        generation = 0
        while group not in names or (group not in heirs and names[group] in old):
            names[group] = _id(group, generation)
            generation += 1
    return names, _aliases(given.number, old, {one: [names[at] for at in claims[one]] for one in old}, names)


def _heirs(given: Given, there: set[str]) -> dict[str, str]:
    """Record that was merged away -> the nearest one that is there, however many merges on; of several the smallest."""
    onward = defaultdict[str, set[str]](set)
    for key, into in given.con.execute(
        "select concat_ws(':', source, object, record_id), concat_ws(':', source, object, into_record_id) from merge"
    ).fetchall():
        if key not in there:
            onward[key].add(into)
    heirs = {}
    for key in onward:
        seen, open_keys = {key}, set(onward[key])
        while open_keys - seen:
            seen |= open_keys
            open_keys = {into for one in open_keys for into in onward.get(one, ())}
        if found := seen & there:
            heirs[key] = min(found)
    return heirs


def _claim(old: Old, held: list[tuple[bool, bool, str]]) -> tuple[int | str, ...]:
    """The strongest first, of the records that are there, then of all: who were present, how many, the founder; last
    the smallest record."""
    claim: list[int | str] = []
    for some in ([one for one in held if one[0]], held):
        claim += [-sum(present for _, present, _ in some), -len(some), old.founder not in {key for *_, key in some}]
    return (*claim, min(key for *_, key in held))


def _aliases(
    number: int, old: dict[str, Old], parts: dict[str, list[str]], names: dict[str, str]
) -> dict[str, tuple[str, list[str], int]]:
    standing = set(names.values())
    dying = {one for one, was in old.items() if was.stands and one not in standing and parts[one]}
    found = {one: ("live", list[str](), number) for one in standing if one not in old}
    for one, was in old.items():
        handed_on = [heir for new in was.new_ids for heir in (parts[new] if new in dying else [new])]
        if was.status == "erased":
            next_ids = []
        elif one in standing:
            next_ids = [*handed_on, *parts[one]]
        else:
            next_ids = parts[one] if was.stands else handed_on
        ids = [new for new in dict.fromkeys(next_ids) if new != one]
        if was.status == "erased" or one in standing:
            status = "erased" if was.status == "erased" else "live"
        else:
            status = ("gone", "merged", "split")[min(len(ids), 2)]
        same = (status, ids) == (was.status, was.new_ids) and was.publication is not None
        found[one] = (status, ids, was.publication if same and was.publication else number)
    return found


def _state(given: Given) -> tuple[dict[str, Old], dict[str, tuple[str, bool]]]:
    registry, member = given.state("registry"), given.state("member")
    if registry is None or member is None:
        return {}, {}
    rows = given.con.execute(
        f"""
        select customer_id, customer_type, founder, status, coalesce(new_ids, []), publication, born
        from {quoted(registry)}
        """
    ).fetchall()
    members = given.con.execute(f"select record_key, customer_id, present from {quoted(member)}").fetchall()
    return {one: Old(*rest) for one, *rest in rows}, {key: (one, present) for key, one, present in members}


def _id(founder: str, generation: int) -> str:
    return "c_" + b32encode(sha256(f"{founder}|{generation}".encode()).digest()).decode()[:20].lower()
