"""An object's columns and sample rows -> what a connector would say of it, and how sure that is.

How columns are called is `transforms.drafting.words`', which are never landed `transforms.drafting.forbidden`'s, how a
draft is written down `transforms.drafting.written`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from transforms.cleaners import CLEANERS, Context
from transforms.cleaners.text import cell
from transforms.drafting.forbidden import by_content, by_name
from transforms.drafting.words import DELETED, KEYS, MODIFIED, OBJECTS, WORDS, folded_name

SURE, LIKELY, DOUBTFUL = "sure", "likely", "doubtful"
PREFIXES = frozenset(
    [
        "mailing",
        "billing",
        "person",
        "account",
        "contact",
        "customer",
        "client",
        "organization",
        "organisation",
        "company",
        "deal",
        "lead",
        "opportunity",
        "case",
        "ticket",
        "hs",
        "primary",
        "work",
        "business",
        "main",
        "default",
        "preferred",
        "address",
        "worker",
        "employee",
        "user",
        "current",
    ]
)
"""Words before a name that may be left out: `MailingCity`, `Person - Email`."""
SALESFORCE_ID = r"^[a-zA-Z0-9]{15}([A-Z0-5]{3})?$"
FLAG = r"(?i)^(true|false|yes|no|0|1)$"
CLEAN: Mapping[str, str] = {
    "street": "street", "given_name": "given_name", "family_name": "family_name", "email": "email", "phone": "phone",
    "mobile": "phone", "region": "region", "country": "country", "language": "language", "timezone": "timezone",
    "sla": "lower", "created_on": "date", "last_activity_at": "timestamp", "consent_email": "opt_out",
    "consent_phone": "opt_out", "consent_ai": "consent", "birth_date": "date", "domain": "domain", "vat_id": "vat_id",
    "hired_on": "date", "terminated_on": "date", "languages": "languages", "skills": "list", "active": "flag",
    "priority": "lower", "opened_at": "timestamp", "closed_at": "timestamp", "amount": "money", "currency": "currency",
    "closes_on": "date", "activity": "lower", "happened_at": "timestamp", "rate": "rate", "valid_from": "date",
}  # fmt: skip
"""Field -> cleaner, where it is not `text`."""
STATUS = {"employee": "employee_status", "support_case": "case_status", "deal": "deal_status"}
REFERENCES = ("person", "organisation")
NAMED = {"organisation": "name", "exchange_rate": "currency"}
"""Record kind -> the field without which there is no record."""
ENOUGH, WELL = 0.5, 0.8
"""Of the filled cells, what a cleaner has to understand for the field to be drafted, and not to be doubtful."""


@dataclass(frozen=True)
class Guess:
    """One field of the record."""

    field: str
    columns: tuple[str, ...]
    clean: tuple[str, ...]
    sure: str
    why: str
    lookup: str | None = None
    """Object it refers to."""


@dataclass(frozen=True)
class ObjectDraft:
    name: str
    kind: str
    kind_sure: bool
    key: tuple[str, ...]
    natural: bool
    key_why: str
    clean_key: tuple[str, ...]
    modified: str | None
    clean_modified: tuple[str, ...]
    deleted: str | None
    fields: tuple[Guess, ...]
    company: str | None
    """A person's column that names an organisation of which the export says no more."""
    waiting: tuple[Guess, ...]
    """References to an object that is not drafted."""
    never: Mapping[str, str] = field(default_factory=dict)
    """Column -> why it is never landed."""
    left: tuple[str, ...] = ()

    @property
    def used(self) -> tuple[str, ...]:
        named = [*self.key, *([self.modified] if self.modified else []), *([self.deleted] if self.deleted else [])]
        named += [column for one in self.fields for column in one.columns]
        return tuple(dict.fromkeys([*named, *([self.company] if self.company else [])]))


def kind_of(name: str, columns: Sequence[str]) -> tuple[str, bool]:
    """The record kind that rows of an object are likely to yield, and whether its name says so."""
    words = {word.casefold() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}
    said = [kind for kind, names in OBJECTS.items() if folded_name(name) in names.split()]
    said += [kind for kind, names in OBJECTS.items() if words & set(names.split()) and len(words) <= 3]
    served = {kind: set(_by_field(kind, columns, loosely=False)) for kind in WORDS}
    for kind in said:
        if kind == "person" and not {"family_name", "given_name", "full_name", "email"} & served["person"]:
            continue  # a lead that only refers to somebody is business under way
        if kind == "organisation" and {"family_name", "given_name"} & served["person"]:
            return "person", True
        if NAMED.get(kind, "") in ("", *served[kind]):
            return kind, True
    if "hired_on" in served["employee"]:
        return "employee", False
    if {"family_name", "full_name"} & served["person"] and {"email", "phone"} & served["person"]:
        return "person", False
    most = max(("deal", "support_case", "organisation", "person"), key=lambda kind: len(served[kind]))
    fits = len(served[most]) >= 3 and NAMED.get(most, "") in ("", *served[most])
    return (most if fits else "activity"), False


def forbidden(columns: Sequence[str], labels: Mapping[str, str], kind: str) -> dict[str, str]:
    """Columns that are not to be read at all, by their names."""
    hr = kind in ("employee", "crm_user")
    found = {name: by_name(name, labels.get(name, ""), hr=hr) for name in columns}
    return {name: why for name, why in found.items() if why}


def draft_object(name: str, kind: str, sure: bool, rows: pl.DataFrame, labels: Mapping[str, str]) -> ObjectDraft:
    """What a connector would say of an object; `rows`: text, without the columns that are forbidden by name."""
    never = {column: why for column in rows.columns if (why := by_content(rows[column]))}
    rows = rows.drop(never)
    called = {column: f"{labels.get(column, '')}|{column}" for column in rows.columns}
    key, natural, key_why = _key(name, rows)
    clean_key = ("salesforce_id",) if key and not natural and _share(rows[key[0]], SALESFORCE_ID) == 1 else ()
    instant = "timestamp_utc" if clean_key else "timestamp"
    modified = _first(rows.columns, MODIFIED)
    if modified and _understood(rows, (modified,), (instant,)) < ENOUGH and _filled(rows[modified]):
        modified = None
    deleted = _first(rows.columns, DELETED)
    fields, waiting, taken = [], [], set[str]()
    chosen = _by_field(kind, rows.columns, loosely=True, labels=labels)
    company = chosen.pop("company", [(None, LIKELY)])[0][0]
    for one, columns in _fields(kind, chosen):
        guess = _guess(one, columns, kind, rows, instant, called)
        if guess is None or (set(guess.columns) & taken and one not in ("given_name", "family_name")):
            continue
        if one in REFERENCES:
            waiting.append(replace(guess, lookup=""))
            continue
        taken |= set(guess.columns)
        fields.append(guess)
    used = {*key, modified, deleted, company, *(c for one in (*fields, *waiting) for c in one.columns)}
    return ObjectDraft(
        name=name,
        kind=kind,
        kind_sure=sure,
        key=key,
        natural=natural,
        key_why=key_why,
        clean_key=clean_key,
        modified=modified,
        clean_modified=(instant,) if instant != "timestamp" else (),
        deleted=deleted,
        fields=tuple(fields),
        company=company if kind == "person" else None,
        waiting=tuple(waiting),
        never=never,
        left=tuple(column for column in rows.columns if column not in used),
    )


def join_objects(drafts: Sequence[ObjectDraft]) -> list[ObjectDraft]:
    """References resolved among the objects that are drafted together; the others wait."""
    first: dict[str, str] = {}
    for one in drafts:
        if one.kind_sure:
            first.setdefault(one.kind, one.name)
    keys = {one.name: one.clean_key for one in drafts}
    joined = []
    for one in drafts:
        found, waiting = [], []
        for guess in one.waiting:
            target = first.get(guess.field)
            if target is None or next(d for d in drafts if d.name == target).natural:
                waiting.append(guess)
            else:
                found.append(replace(guess, lookup=target, clean=keys[target] or guess.clean))
        owner = next((d.name for d in drafts if d.name == first.get("crm_user") and not d.natural), None)
        fields = [
            replace(guess, lookup=owner, clean=keys[owner] or guess.clean)
            if owner and guess.field == "owner_user_id"
            else guess
            for guess in one.fields
        ]
        joined.append(replace(one, fields=(*fields, *found), waiting=tuple(waiting)))
    return joined


Chosen = dict[str, list[tuple[str, str]]]
"""Field -> columns that may fill it, the likeliest first, with how sure their names are."""


def _by_field(kind: str, columns: Sequence[str], *, loosely: bool, labels: Mapping[str, str] | None = None) -> Chosen:
    found: dict[str, list[tuple[int, str, str]]] = {}
    for column in columns:
        names = {folded_name(column): SURE, folded_name((labels or {}).get(column, "")): SURE}
        if loosely:
            names = {_stripped(column): LIKELY} | names
        for one, phrases in WORDS[kind].items():
            ranks = [(phrases.index(name), sure) for name, sure in names.items() if name and name in phrases]
            if ranks:
                rank, sure = min(ranks, key=lambda pair: (pair[1] != SURE, pair[0]))
                found.setdefault(one, []).append((rank + (100 if sure != SURE else 0), column, sure))
    return {one: [(column, sure) for _, column, sure in sorted(ranked)] for one, ranked in found.items()}


def _stripped(column: str) -> str:
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", re.sub(r"(?i)__c$", "", column))
    words = [word.casefold() for word in re.findall(r"[^\W_]+", apart)]
    while len(words) > 1 and (words[0] in PREFIXES or words[0].isdigit()):
        words = words[1:]
    return "".join(words)


def _fields(kind: str, chosen: Chosen) -> list[tuple[str, list[tuple[str, str]]]]:
    """Fields with their columns, special words turned into fields: full names, won and closed."""
    full = chosen.pop("full_name", [])
    if full and "family_name" not in chosen:
        chosen |= {"given_name": full, "family_name": full}
    won, closed = chosen.pop("won", []), chosen.pop("closed", [])
    if won and closed:
        chosen["status"] = [*won[:1], *closed[:1]]
    elif kind == "deal" and "status" not in chosen and "stage" in chosen:
        chosen["status"] = chosen["stage"]
    order = list(WORDS[kind])
    return sorted(chosen.items(), key=lambda one: order.index(one[0]) if one[0] in order else -1)


def _guess(
    one: str, ranked: list[tuple[str, str]], kind: str, rows: pl.DataFrame, instant: str, called: Mapping[str, str]
) -> Guess | None:
    for column, named in ranked:
        columns: tuple[str, ...] = (column,)
        if one == "status" and kind == "deal" and len(ranked) == 2:
            columns = tuple(name for name, _ in ranked)
        clean = _clean(
            one, column, kind, rows, instant, full="name" in folded_name(called[column]) and _spaced(rows[column])
        )
        filled = sum(_filled(rows[name]) for name in columns)
        share = 1.0 if CLEANERS[clean[-1]].regional else _understood(rows, columns, clean)
        if filled and share < ENOUGH:
            continue
        if one == "organisation" and not filled and len(ranked) > 1:
            continue
        if not filled:
            return Guess(one, columns, clean, DOUBTFUL, "by its name; it is empty in this export")
        sure = named if share >= WELL else DOUBTFUL
        figures = f"{share:.0%} of {filled:,} values clean"
        if CLEANERS[clean[-1]].regional:
            figures = f"{filled:,} values; the source's country helps to read them: sources.yaml"
        return Guess(one, columns, clean, sure, f"by its name; {figures}")
    return None


def _clean(one: str, column: str, kind: str, rows: pl.DataFrame, instant: str, *, full: bool) -> tuple[str, ...]:
    cells = rows[column]
    flags = _filled(cells) > 0 and _share(cells, FLAG) == 1
    name = CLEAN.get(one, "text")
    if one == "status":
        name = STATUS.get(kind, "text")
        if flags:
            name = {"support_case": "closed_flag", "employee": "employee_status"}.get(kind, name)
        if kind in ("person", "organisation"):
            name = "status_from_flag"
    elif (
        one in ("given_name", "family_name")
        and full
        and not re.search(r"first|last|given|family|vor|nach", column, re.I)
    ):
        name = "given_of_full_name" if one == "given_name" else "family_of_full_name"
    elif one == "name":
        name = "organisation_name" if kind == "organisation" else "text"
    elif one == "active" and "disabled" in column.casefold():
        name = "not_flag"
    elif name == "timestamp":
        name = instant
    elif name == "text" and one.endswith(("_id", "person", "organisation")) and _share(cells, SALESFORCE_ID) == 1:
        name = "salesforce_id"
    listed = _share(cells, r"^\[") == 1 and name not in ("list", "languages")
    return ("first", name) if listed and name != "text" else ("first",) if listed else (name,)


def _key(object_: str, rows: pl.DataFrame) -> tuple[tuple[str, ...], bool, str]:
    """The key, whether it is a weak one, and why it was taken."""
    own = [folded_name(f"{object_.rstrip('s')}{ending}") for ending in ("id", "number", "key")]
    hidden = [name for name in rows.columns if name.casefold().startswith("(do not modify)")]
    named = [name for wanted in ("id", *own, *KEYS) for name in rows.columns if folded_name(name) == wanted]
    others = [name for name in rows.columns if re.search(r"(?i)(\bid|_id|id|key|number|no|nr|nummer|code)$", name)]
    for name in dict.fromkeys([*hidden[:1], *named, *others]):
        cells = rows[name].drop_nulls()
        if cells.len() == rows.height and cells.n_unique() == rows.height and not _share(rows[name], r"^\s*$"):
            return (name,), False, "filled and different in every row that was looked at"
    if named:
        return (named[0],), False, "by its name; it is not different in every row, so later rows supersede earlier ones"
    emails = [name for name in rows.columns if _filled(rows[name]) and _share(rows[name], r"@.+\.") > ENOUGH]
    names = [name for name in rows.columns if re.search(r"(?i)name|subject|title|topic", name)]
    weak = tuple(dict.fromkeys([*emails[:1], *names[:2]])) or tuple(rows.columns[:3])
    return weak, True, "no column identifies a row: a weak key, which changes with its values; ask for an id"


def _first(columns: Sequence[str], wanted: Sequence[str]) -> str | None:
    by_folded = {folded_name(name): name for name in reversed(columns)}
    stripped = {_stripped(name): name for name in reversed(columns)}
    return next((found[one] for found in (by_folded, stripped) for one in wanted if one in found), None)


def _filled(cells: pl.Series) -> int:
    return int((cells.str.strip_chars().fill_null("") != "").sum())


def _share(cells: pl.Series, pattern: str) -> float:
    """Of the filled cells, how many are so; 0 where none is filled."""
    filled = cells.filter(cells.str.strip_chars().fill_null("") != "")
    return float(filled.str.contains(pattern).mean() or 0.0) if filled.len() else 0.0  # type: ignore[arg-type]


def _spaced(cells: pl.Series) -> bool:
    return _share(cells, r"\S\s+\S") > ENOUGH


def _understood(rows: pl.DataFrame, columns: Sequence[str], chain: Sequence[str]) -> float:
    """Of the rows with something in these columns, the share in which the cleaners find a value."""
    tidied = [cell(pl.col(column), ()) for column in columns]
    first, *rest = (CLEANERS[name] for name in chain)
    raw = tuple(
        pl.when(own.is_not_null()).then(pl.col(c) if first.raw else own) for c, own in zip(columns, tidied, strict=True)
    )
    absent = first.absent(tidied[0]) if first.absent is not None else pl.lit(False)
    value = first.apply(raw, Context())
    for one in rest:
        value = one.apply((value,), Context())
    stated = pl.any_horizontal([own.is_not_null() for own in tidied]) & ~absent.fill_null(False)
    counted = rows.select(stated.sum().alias("stated"), (stated & value.is_not_null()).sum().alias("clean"))
    count, clean = counted.row(0)
    return clean / count if count else 1.0
