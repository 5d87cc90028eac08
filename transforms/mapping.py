"""Landed rows to cleaned values: one lazy pass per export over the current rows.

Every expression maps a row by itself, so any split of the rows gives the same result. Which rows are current is
decided before (`transforms.versions`); what the pass hands on is cut into records after (`transforms.cutting`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from connectors.spec import SourceSettings
from transforms import outcomes
from transforms.cleaners import Cleaner, Context
from transforms.cleaners.text import cell
from transforms.conditions import holds, holds_any
from transforms.keys import record_id
from transforms.normalise import (
    DEFAULTS,
    EMPTY_MEANS,
    BoundField,
    BoundKey,
    BoundObject,
    BoundRecord,
    key_expr,
    survivor_expr,
    swallowed_exprs,
)
from transforms.records import KINDS

CELL, RAW = "cell:", "raw:"


@dataclass(frozen=True)
class Issue:
    """Where values of one field's column(s) stand that did not clean: null in the rows where they did."""

    field: str
    column: str
    value: str
    reason: str | None
    """None: the reasons stand in the column `value` + ":why"."""


@dataclass(frozen=True)
class Value:
    """One cleaned value of the row, and what went wrong on its way."""

    name: str
    issues: tuple[Issue, ...] = ()


@dataclass
class Plan:
    """How landed rows of one object become cleaned values: columns in stages, each resting on earlier ones.

    Values that several records share (a person and the organisation of the same row) are cleaned once.
    """

    bound: BoundObject
    settings: SourceSettings
    stages: list[dict[str, pl.Expr]] = field(default_factory=list)
    kept: dict[str, None] = field(default_factory=dict)
    """Columns that the pass hands on, in order."""
    values: dict[tuple[int, str], Value] = field(default_factory=dict)
    """(number of the record, its column) -> value."""
    _levels: dict[str, int] = field(default_factory=dict)
    _shared: dict[tuple[object, ...], Value] = field(default_factory=dict)

    def add(self, name: str, expr: pl.Expr, *, keep: bool = False) -> str:
        """Enter a column behind all that it needs."""
        needed = [self._levels[root] for root in expr.meta.root_names() if root in self._levels]
        level = max(needed, default=-1) + 1
        while len(self.stages) <= level:
            self.stages.append({})
        self.stages[level][name] = expr
        self._levels[name] = level
        if keep:
            self.kept[name] = None
        return name

    def landed(self, *names: str) -> tuple[str, ...]:
        """Landed columns that these columns of the pass rest on, however many stages away."""
        entered = {name: expr for stage in self.stages for name, expr in stage.items()}
        open_names, seen = list(names), set[str]()
        while open_names:
            name = open_names.pop()
            if name not in seen:
                seen.add(name)
                open_names += entered[name].meta.root_names() if name in entered else []
        return tuple(column for column in self.bound.spec.allowed if RAW + column in seen)

    def context(self, region: pl.Expr | None = None) -> Context:
        s = self.settings
        return Context(s.country, s.timezone, s.currency, s.language, region)


def plan(bound: BoundObject, settings: SourceSettings) -> Plan:
    """The one pass over an object's rows: record id, instants, values, which records are made, the outcome."""
    p = Plan(bound, settings)
    for column in bound.spec.allowed:
        p.add(CELL + column, cell(pl.col(RAW + column), bound.nulls))
    p.add("record_id", key_expr(bound.key, p.context(), CELL), keep=True)
    if bound.spec.modified:
        _modified(p, bound.spec.modified)
    else:
        p.add("modified_at", pl.lit(None, pl.Datetime("us", "UTC")), keep=True)
    _merges(p)
    for number, record in enumerate(bound.records):
        _values(p, number, record)
    _made(p)
    return p


def _modified(p: Plan, column: str) -> None:
    """The instant of the last change, for every record of the row; where it does not clean, each of them says so."""
    stated = pl.col(CELL + column)
    steps, changed = _chain(p, stated, p.bound.modified, p.context(), "modified")
    p.add("modified_at", changed, keep=True)
    found = []
    for index, (went_in, came_out, cleaner) in enumerate(steps):
        lost = pl.when(went_in.is_not_null() & came_out.is_null()).then(stated)
        found.append(Issue("modified_at", column, p.add(f"modified:lost:{index}", lost, keep=True), cleaner.reason))
    for number in range(len(p.bound.records)):
        p.values[number, "modified_at"] = Value("modified_at", tuple(found))


def _merges(p: Plan) -> None:
    """`merged_into`: record id of the record into which the row's was merged. Where a key of another row does not
    clean, each record of the row says so."""
    p.add("merged_into", survivor_expr(p.bound, pl.col("record_id"), p.context(), CELL), keep=True)
    stated = {}
    if p.bound.merged_into is not None:
        stated["merged_into"] = _lookup(p, "stated:merged_into", "merged_into", p.bound.merged_into)
    if p.bound.swallows is not None:
        [column] = p.bound.swallows.columns
        keys, cleaned = swallowed_exprs(p.bound.swallows, p.context(), CELL)
        lost = pl.when(cleaned.list.len() < keys.list.len()).then(pl.col(CELL + column))
        reason = _reason(p.bound.swallows.cleaners)
        stated["swallows"] = Value("", (Issue("swallows", column, p.add("stated:swallows", lost, keep=True), reason),))
    for number in range(len(p.bound.records)):
        p.values |= {(number, word): value for word, value in stated.items()}


def cells(rows: pl.LazyFrame, columns: Sequence[str]) -> pl.LazyFrame:
    """Landed rows with exactly these columns, as `raw:<name>`; one that the export does not have is null."""
    present = set(rows.collect_schema().names())
    return rows.select(
        "_row",
        *((pl.col(c) if c in present else pl.lit(None, pl.String)).alias(RAW + c) for c in columns),
    )


def apply(p: Plan, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The pass over landed rows (`_row` and allowed columns); hands on `_row` and the plan's kept columns."""
    frame = cells(rows, p.bound.spec.allowed)
    for stage in p.stages:
        frame = frame.with_columns(**stage)
    return frame.select("_row", *p.kept)


def _values(p: Plan, number: int, record: BoundRecord) -> None:
    region = None
    fields = sorted(record.fields, key=lambda one: one.column != "country")  # phones rest on the row's country
    for one in fields:
        if one.constant is not None:
            p.values[number, one.column] = Value(
                p.add(f"constant:{number}:{one.column}", pl.lit(one.constant, one.dtype), keep=True)
            )
            continue
        value = _value(p, one, region)
        p.values[number, one.column] = value
        if one.column == "country":
            region = value.name


def _value(p: Plan, one: BoundField, region: str | None) -> Value:
    regional = region if any(c.regional for c in one.cleaners) else None
    identity = (one.columns, one.cleaners, one.key, one.pattern, regional)
    if identity not in p._shared:
        name = f"value:{len(p._shared)}"
        country = None if regional is None else pl.coalesce(pl.col(regional), pl.lit(p.settings.country, pl.String))
        context = p.context(country)
        value = _lookup(p, name, one.name, one.key) if one.key else _cleaned(p, name, one, context)
        p._shared[identity] = value
    shared = p._shared[identity]
    return Value(shared.name, tuple(Issue(one.name, i.column, i.value, i.reason) for i in shared.issues))


def _lookup(p: Plan, name: str, field: str, key: BoundKey) -> Value:
    p.add(name, key_expr(key, p.context(), CELL), keep=True)
    if key.natural or not key.cleaners:
        return Value(name)
    absent = [c.absent for c in key.cleaners if c.absent is not None]
    issues = []
    for column in key.columns:
        stated = pl.col(CELL + column)
        nothing = pl.any_horizontal([pl.lit(False), *(test(stated) for test in absent)])
        own = record_id((stated,), key.cleaners, False, p.context()) if len(key.columns) > 1 else pl.col(name)
        lost = f"{name}:lost:{column}"
        p.add(lost, pl.when(stated.is_not_null() & ~nothing & own.is_null()).then(stated), keep=True)
        issues.append(Issue(field, column, lost, _reason(key.cleaners)))
    return Value(name, tuple(issues))


def _reason(chain: tuple[Cleaner, ...]) -> str:
    return next((c.reason for c in reversed(chain) if c.reason), "does not clean")


def _cleaned(p: Plan, name: str, one: BoundField, context: Context) -> Value:
    """Each column cleaned; the first that holds a value wins."""
    if one.cleaners[0].takes_all:
        return _joined(p, name, one, context)
    issues: list[Issue] = []
    parts: list[pl.Expr] = []
    for column in one.columns:
        part = name if len(one.columns) == 1 else f"{name}:{column}"
        lost, result = _part(p, part, one, column, pl.col(CELL + column), one.cleaners, context)
        issues += lost
        parts.append(result if len(one.columns) == 1 else pl.col(p.add(part, result)))
    p.add(name, pl.coalesce(parts), keep=True)
    return Value(name, tuple(issues))


def _joined(p: Plan, name: str, one: BoundField, context: Context) -> Value:
    """All columns through a cleaner that takes them at once, then through the rest of the chain."""
    joiner, columns = one.cleaners[0], ", ".join(one.columns)
    tidied = tuple(pl.col(CELL + column) for column in one.columns)
    taken = tidied
    if joiner.raw:
        taken = tuple(pl.when(pl.col(CELL + c).is_not_null()).then(pl.col(RAW + c)) for c in one.columns)
    joined = pl.col(p.add(f"{name}:joined", joiner.apply(taken, context)))
    issues: list[Issue] = []
    if joiner.reason is not None:
        stated = pl.concat_str(tidied, separator=" ", ignore_nulls=True)
        lost = pl.when((stated != "") & joined.is_null()).then(stated)
        issues.append(Issue(one.name, columns, p.add(f"{name}:lost", lost, keep=True), joiner.reason))
    more, result = _part(p, name, one, columns, joined, one.cleaners[1:], context)
    p.add(name, result, keep=True)
    return Value(name, (*issues, *more))


def _chain(
    p: Plan, start: pl.Expr, chain: tuple[Cleaner, ...], context: Context, name: str
) -> tuple[list[tuple[pl.Expr, pl.Expr, Cleaner]], pl.Expr]:
    """The chain's result, and per cleaner that may lose a value: what went in, what came out."""
    steps = []
    current = start
    for index, one in enumerate(chain):
        if one.absent is not None:
            current = pl.col(p.add(f"{name}:in:{index}", pl.when(~one.absent(current)).then(current)))
        cleaned = pl.col(p.add(f"{name}:out:{index}", one.apply((current,), context)))
        if one.reason or one.why:
            steps.append((current, cleaned, one))
        current = cleaned
    return steps, current


def _part(
    p: Plan, name: str, one: BoundField, column: str, start: pl.Expr, chain: tuple[Cleaner, ...], context: Context
) -> tuple[list[Issue], pl.Expr]:
    """One column's way through the chain: its issues, its value."""
    steps, result = _chain(p, start, chain, context, name)
    issues = []
    for index, (went_in, came_out, cleaner) in enumerate(steps):
        lost = p.add(f"{name}:lost:{index}", pl.when(went_in.is_not_null() & came_out.is_null()).then(start), keep=True)
        if cleaner.why is not None:
            p.add(f"{lost}:why", pl.when(pl.col(lost).is_not_null()).then(cleaner.why(went_in, context)), keep=True)
        issues.append(Issue(one.name, column, lost, None if cleaner.why else cleaner.reason))
    if one.pattern is not None:
        fits = p.add(f"{name}:fits", pl.when(result.str.contains(one.pattern)).then(result))
        lost = p.add(f"{name}:unfit", pl.when(result.is_not_null() & pl.col(fits).is_null()).then(start), keep=True)
        issues.append(Issue(one.name, column, lost, f"is none of what the field allows: {one.pattern}"))
        result = pl.col(fits)
    return issues, result


def made(number: int) -> str:
    """Name of the column that says whether a row yields its n-th record."""
    return f"made:{number}"


def accepted(wide: pl.LazyFrame, number: int) -> pl.LazyFrame:
    """The rows that the pass handed on and that yield their n-th record."""
    return wide.filter((pl.col("outcome") == outcomes.ACCEPTED) & pl.col(made(number)))


def when_holds(number: int) -> str:
    """Name of the column that says whether a row fulfils the n-th record's `when`."""
    return f"when:{number}"


def _made(p: Plan) -> None:
    """Which records a row yields, and its outcome."""
    spec, records = p.bound.spec, p.bound.records
    taken: dict[tuple[str, str | None], list[pl.Expr]] = {}
    applies, missing = [], []
    for number, record in enumerate(records):
        earlier = taken.setdefault((record.kind, record.role), [])
        when = pl.col(p.add(when_holds(number), holds(record.spec.when, CELL)))
        valid = pl.all_horizontal([when, *(~other for other in earlier)])
        earlier.append(when)
        empty = {name: filled_value(p, number, record, name).is_null() for name in record.required}
        full = pl.all_horizontal([pl.lit(True), *(~e for e in empty.values())])
        # A role's record is implied by its row only where the row says enough; it does not cost the row its own.
        implied = record.role is not None
        p.add(made(number), valid & full, keep=True)
        applies.append(pl.col(made(number)) if implied else valid)
        missing += [] if implied else [(valid & e, record, name) for name, e in empty.items()]
    unclean = _unclean(p) if spec.drift == "reject_row" else []
    keyless = (pl.col("record_id").is_null(), outcomes.REJECTED, outcomes.NO_KEY, ", ".join(p.bound.key.columns))
    cases: list[tuple[pl.Expr, str, str, str | None]] = [
        keyless,
        (holds_any(spec.deleted, CELL), outcomes.DELETED, outcomes.SAYS_DELETED, None),
        (pl.col("merged_into").is_not_null(), outcomes.DELETED, outcomes.MERGED, None),
        *((holds(condition, CELL), outcomes.EXCLUDED, rule, None) for rule, condition in spec.exclude.items()),
        (~pl.any_horizontal(applies), outcomes.EXCLUDED, outcomes.NO_KIND, None),
        *(
            (test, outcomes.REJECTED, f"{record.kind}.{name} is missing", _columns_of(record, name))
            for test, record, name in missing
        ),
        *unclean,
    ]
    otherwise = (outcomes.ACCEPTED, None, None)
    for place, name in enumerate(("outcome", "rule", "column")):
        expr = pl.lit(otherwise[place], pl.String)
        for test, *said in reversed(cases):
            expr = pl.when(test).then(pl.lit(said[place], pl.String)).otherwise(expr)
        p.add(name, expr, keep=True)


def _unclean(p: Plan) -> list[tuple[pl.Expr, str, str, str | None]]:
    """Rows of which a value does not clean, where the connector would rather lose the row than the value."""
    return [
        (pl.col(made(number)) & pl.col(issue.value).is_not_null(), outcomes.REJECTED, said, issue.column)
        for number, record in enumerate(p.bound.records)
        for issue in issues(p, number)
        for said in (f"{record.kind}.{issue.field} {issue.reason or 'does not clean'}",)
    ]


def _columns_of(record: BoundRecord, column: str) -> str:
    return ", ".join(c for one in record.fields if one.column == column for c in one.columns)


def filled_value(p: Plan, number: int, record: BoundRecord, column: str) -> pl.Expr:
    """A record's column from its value, with what holds where the row says nothing."""
    dtype = KINDS[record.kind].columns()[column].dtype
    value = p.values.get((number, column))
    words = DEFAULTS if value is None else EMPTY_MEANS
    default = words.get((record.kind, column))
    expr = pl.lit(None, dtype) if value is None else pl.col(value.name)
    if default is None:
        return expr
    meant: object = default if dtype == pl.String() else default == "true"
    return expr.fill_null(pl.lit(meant, dtype))


def issues(p: Plan, number: int) -> tuple[Issue, ...]:
    """All value issues that fields of the n-th record may have."""
    return tuple(issue for (n, _), value in p.values.items() if n == number for issue in value.issues)
