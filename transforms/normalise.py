"""bind(connector): the connector's words checked against the record shapes and cleaners that exist.

What is bound is done to landed rows in `transforms.mapping`; files are read and written in `transforms.record_files`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from connectors.spec import Connector, ConnectorError, FieldSpec, ObjectSpec, RecordSpec
from transforms.cleaners import CLEANERS, Cleaner, Context
from transforms.cleaners.text import cell, several
from transforms.keys import record_id
from transforms.records import COMMON, CUSTOMER_KINDS, KINDS

REFERENCES = ("organisation", "person")
"""Field names that fill `<name>_object` and `<name>_record_id` by a lookup."""
DEFAULTS: dict[tuple[str, str], str] = {
    ("support_case", "status"): "open",
    ("deal", "status"): "open",
    ("employee", "status"): "unknown",
    ("crm_user", "active"): "true",
    ("crm_user", "support_agent"): "false",
}
"""What a required column holds where a connector maps nothing to it."""
EMPTY_MEANS: dict[tuple[str, str], str] = DEFAULTS | {("crm_user", "active"): "false"}
"""What it holds where the mapped cell is empty or does not clean: exports of some tools write false as empty."""
BY_TYPE: dict[pl.DataType, str] = {
    pl.String(): "text",
    pl.Boolean(): "flag",
    pl.Date(): "date",
    pl.Datetime("us", "UTC"): "timestamp",
    pl.Decimal(18, 2): "money",
    pl.Decimal(18, 6): "rate",
    pl.List(pl.String): "list",
}
BY_FIELD = {"mobile": "phone"}


@dataclass(frozen=True)
class BoundKey:
    """How cells become a record id: of an object's own rows, and of others' lookups to it."""

    columns: tuple[str, ...]
    cleaners: tuple[Cleaner, ...]
    natural: bool


@dataclass(frozen=True)
class BoundField:
    """One field of a record kind with the cleaners and the column type it is checked against."""

    name: str
    column: str
    """The record's column that it fills."""
    dtype: pl.DataType
    columns: tuple[str, ...]
    cleaners: tuple[Cleaner, ...]
    pattern: str | None
    """Regex of the record's column, where the cleaners do not promise it."""
    constant: object | None = None
    object: str | None = None
    """Object that a lookup refers to."""
    key: BoundKey | None = None
    """A lookup's way from cells to the other object's record id; instead of `cleaners`."""


@dataclass(frozen=True)
class BoundRecord:
    """One kind of record that rows of an object yield."""

    kind: str
    object: str
    """Object of the record: `Lead`, or `Lead.company` for a role."""
    role: str | None
    spec: RecordSpec
    fields: tuple[BoundField, ...]

    @property
    def required(self) -> tuple[str, ...]:
        """Columns that a row must fill, or there is no record."""
        schema = KINDS[self.kind].columns()
        return tuple(
            name
            for name, c in schema.items()
            if not c.nullable and name not in COMMON and (self.kind, name) not in DEFAULTS
        )


@dataclass(frozen=True)
class BoundObject:
    name: str
    spec: ObjectSpec
    key: BoundKey
    modified: tuple[Cleaner, ...]
    merged_into: BoundKey | None
    swallows: BoundKey | None
    """Where other rows' keys stand: of the one that this row was merged into, of those that were merged into it."""
    records: tuple[BoundRecord, ...]
    nulls: tuple[str, ...]


@dataclass(frozen=True)
class BoundConnector:
    """A connector whose every word is known."""

    connector: Connector
    objects: dict[str, BoundObject]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Record kinds that the connector can yield, in the order of `KINDS`."""
        named = {record.kind for one in self.objects.values() for record in one.records}
        return tuple(kind for kind in KINDS if kind in named)


def bind(connector: Connector) -> BoundConnector:
    """Check a connector's kinds, fields, cleaners and lookups.

    Raises:
        ConnectorError: a word that does not exist, or does not fit its place; names file, object and field, and the
            word that was probably meant.
    """
    keys = {name: _key(connector, name, spec) for name, spec in connector.objects.items()}
    objects = {
        name: BoundObject(
            name=name,
            spec=spec,
            key=keys[name],
            modified=_cleaners(
                _place(connector, name, "clean_modified"), spec.clean_modified, pl.Datetime("us", "UTC")
            ),
            merged_into=_other_key(keys[name], spec.merged_into),
            swallows=_swallows(connector, name, spec, keys[name]),
            records=tuple(_record(connector, name, index, keys) for index in range(len(spec.records))),
            nulls=connector.nulls,
        )
        for name, spec in connector.objects.items()
    }
    for one in objects.values():
        _check_collected(connector, one)
    return BoundConnector(connector, objects)


def _check_collected(connector: Connector, one: BoundObject) -> None:
    """Values of several rows are joined for lists alone: any other field would hold a text that no row holds."""
    fields = [field for record in one.records for field in record.fields]
    for column in one.spec.several.collect if one.spec.several else ():
        told = [field for field in fields if column in field.columns]
        other = next((field.name for field in told if field.dtype != pl.List(pl.String())), None)
        if not told or other:
            raise ConnectorError(
                f"{_place(connector, one.name, 'several.collect')}: {column!r} is collected over several rows, so it "
                f"is for fields that are lists, but {f'{other!r} is none' if other else 'no field is taken from it'}"
            )


def _place(connector: Connector, *parts: str) -> str:
    return f"{connector.name}.yaml: objects.{'.'.join(parts)}"


def _known(place: str, what: str, word: str, words: Iterable[str]) -> None:
    known = sorted(words)
    if word not in known:
        near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ConnectorError(f"{place}: there is no {what} {word!r}{hint} Known: {', '.join(known)}")


def _cleaners(place: str, names: tuple[str, ...], dtype: pl.DataType) -> tuple[Cleaner, ...]:
    """The named cleaners as a chain from text to `dtype`."""
    for name in names:
        _known(place, "cleaner", name, CLEANERS)
    chain = tuple(CLEANERS[name] for name in names)
    for index, one in enumerate(chain):
        last = index == len(chain) - 1
        if one.takes_all and index:
            raise ConnectorError(
                f"{place}: cleaner {one.name!r} takes all columns; name it first, not after {names[0]!r}"
            )
        wanted = dtype if last else pl.String()
        if one.dtype != wanted:
            raise ConnectorError(f"{place}: cleaner {one.name!r} gives {one.dtype}, but {wanted} is needed here")
    return chain


def _key(connector: Connector, name: str, spec: ObjectSpec) -> BoundKey:
    cleaners = _cleaners(_place(connector, name, "clean_key"), spec.clean_key, pl.String())
    return BoundKey(spec.key_columns, cleaners, natural=spec.key is None)


def _other_key(own: BoundKey, column: str | None) -> BoundKey | None:
    """How a column that holds another row's key becomes its record id."""
    return BoundKey((column,), own.cleaners, natural=False) if column else None


def _swallows(connector: Connector, name: str, spec: ObjectSpec, own: BoundKey) -> BoundKey | None:
    if spec.swallows and not any(record.kind in CUSTOMER_KINDS for record in spec.records):
        raise ConnectorError(
            f"{_place(connector, name, 'swallows')}: merges are followed for {' and '.join(CUSTOMER_KINDS)} records, "
            "and this object yields none; take it out"
        )
    return _other_key(own, spec.swallows)


def _record(connector: Connector, name: str, index: int, keys: dict[str, BoundKey]) -> BoundRecord:
    spec = connector.objects[name].records[index]
    place = _place(connector, name, f"records[{index}]")
    _known(place, "record kind", spec.kind, KINDS)
    fields = tuple(
        _field(connector, f"{place}.{field}", spec.kind, field, one, keys) for field, one in spec.fields.items()
    )
    bound = BoundRecord(spec.kind, f"{name}.{spec.role}" if spec.role else name, spec.role, spec, fields)
    for column in bound.required:
        if column not in {field.column for field in fields}:
            raise ConnectorError(
                f"{place}: a record of kind {spec.kind!r} needs the field {column!r}; map a column to it"
            )
    return bound


def _field(
    connector: Connector, place: str, kind: str, name: str, spec: FieldSpec, keys: dict[str, BoundKey]
) -> BoundField:
    schema = KINDS[kind].columns()
    references = tuple(r for r in REFERENCES if f"{r}_record_id" in schema)
    hidden = COMMON | {f"{r}_{part}" for r in references for part in ("object", "record_id")}
    _known(place, f"field of {kind}", name, {*references, *schema} - hidden)
    reference = name in references
    column = f"{name}_record_id" if reference else name
    if reference and spec.lookup is None:
        raise ConnectorError(f"{place}: {name!r} refers to a record; say which: `lookup: {{object: …}}`")
    dtype = schema[column].dtype
    target = key = None
    chain: tuple[Cleaner, ...] = ()
    if spec.lookup is not None:
        key = _lookup(connector, place, spec, spec.lookup.object, keys)
        target = spec.lookup.object if reference else None
    else:
        chain = _cleaners(place, spec.clean or (_natural_cleaner(name, dtype),), dtype)
    pattern = getattr(schema[column], "regex", None)
    promised = bool(chain) and chain[-1].yields == pattern
    constant = None if spec.value is None else _constant(place, spec.value, chain)
    return BoundField(name, column, dtype, spec.columns, chain, None if promised else pattern, constant, target, key)


def _natural_cleaner(field: str, dtype: pl.DataType) -> str:
    """What a field is cleaned with where the connector names nothing: its namesake, else what its type suggests."""
    namesake = BY_FIELD.get(field, field)
    return namesake if namesake in CLEANERS and CLEANERS[namesake].dtype == dtype else BY_TYPE[dtype]


def _lookup(connector: Connector, place: str, spec: FieldSpec, to: str, keys: dict[str, BoundKey]) -> BoundKey:
    """How the field's cells become the record id of an object of the same connector."""
    roles = {
        f"{name}.{record.role}": name
        for name, one in connector.objects.items()
        for record in one.records
        if record.role is not None
    }
    _known(f"{place}.lookup", "object", to, {*keys, *roles})
    target = keys[roles.get(to, to)]
    if not spec.columns:
        raise ConnectorError(f"{place}: a lookup needs `from: column`, not a constant")
    joined = bool(target.cleaners) and target.cleaners[0].takes_all
    if target.natural and not joined and len(target.columns) != len(spec.columns):
        raise ConnectorError(f"{place}: {to} is known by {', '.join(target.columns)}; name as many columns in `from`")
    cleaners = _cleaners(place, spec.clean, pl.String()) or target.cleaners
    return BoundKey(spec.columns, cleaners, target.natural)


def _constant(place: str, value: str, chain: tuple[Cleaner, ...]) -> object:
    """A constant as its cleaners see it, once and for all rows."""
    frame = pl.DataFrame({"cell": [value]})
    cleaned = cell(pl.col("cell"), ())
    for one in chain:
        cleaned = one.apply((cleaned,), Context())
    found = frame.select(cleaned.alias("value"))["value"].to_list()[0]
    if found is None:
        raise ConnectorError(f"{place}: the constant {value!r} {chain[-1].reason or 'does not clean'}")
    return found


def key_expr(key: BoundKey, context: Context, prefix: str) -> pl.Expr:
    """The record id of rows whose tidied cells stand in columns called `prefix` + landed name."""
    cells = tuple(pl.col(prefix + column) for column in key.columns)
    return record_id(cells, key.cleaners, key.natural, context)


def survivor_expr(bound: BoundObject, own: pl.Expr, context: Context, prefix: str) -> pl.Expr:
    """The record id of the record into which a row's was merged; null where it was not, or the row names itself."""
    if bound.merged_into is None:
        return pl.lit(None, pl.String)
    into = key_expr(bound.merged_into, context, prefix)
    return pl.when(into != own).then(into)


def swallowed_exprs(key: BoundKey, context: Context, prefix: str) -> tuple[pl.Expr, pl.Expr]:
    """The keys of the rows that were merged into a row, as it states them, and the record ids that they clean to."""
    [column] = key.columns
    stated = several(pl.col(prefix + column), context)
    return stated, stated.list.eval(record_id((pl.element(),), key.cleaners, False, context).drop_nulls())
