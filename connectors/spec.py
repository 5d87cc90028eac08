"""The connector model: what a connector file may say, as frozen pydantic models.

Checks the *form* of the YAML. The *vocabulary* (which record kinds, fields and cleaners exist) is checked where those
words are defined: `transforms.normalise.bind`. Reading exports does not belong here (`connectors.readers`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from connectors.yaml_file import YamlError, read_yaml

SYSTEMS = Path(__file__).parent / "systems"

Kind = Literal["crm", "hr", "support"]
Format = Literal["csv", "excel", "json", "parquet", "xml"]


class ConnectorError(ValueError):
    """A connector file that cannot be used; the message names the file, the line in it and what was expected."""


def _texts(value: Any) -> Any:
    """One text or a list of texts: `file: Account` reads as well as `file: [Account, Account_*]`."""
    return (value,) if isinstance(value, str) else value


def _cells(value: Any) -> Any:
    """Cell values to compare with: exports are text, so `true` and `1` in YAML mean the texts "true" and "1"."""
    values = value if isinstance(value, list | tuple) else (value,)
    return tuple(str(v).lower() if isinstance(v, bool) else str(v) for v in values)


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Cells = Annotated[tuple[str, ...], BeforeValidator(_cells)]
Condition = dict[str, Cells]
"""`{column: [values]}`: every column must hold one of its values, compared as whole text in any case.

`*` in a value stands for any text, also none (`"*"` alone: any cell that is not empty); the empty
value `""` is an empty cell or a column that the export does not have.
"""


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Lookup(Strict):
    """The value is the key of a record of `object`, of the same source."""

    object: str


class FieldSpec(Strict):
    """Where one field of a record comes from: columns of the landed row through named cleaners, or a constant."""

    columns: Texts = Field(default=(), alias="from")
    clean: Texts = ()
    lookup: Lookup | None = None
    value: str | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> FieldSpec:
        if bool(self.columns) == (self.value is not None):
            raise ValueError("a field needs either `from: column` or `value: constant`")
        return self


def _field(value: Any) -> Any:
    """`name: Name` is short for `name: {from: Name}`."""
    return {"from": value} if isinstance(value, str) else value


class RecordSpec(Strict):
    """One kind of record that a row of the object yields; `role` names an organisation that another object implies.

    Of several with the same kind and role, a row yields the first whose `when` holds: so a last one without `when` says
    what holds otherwise.
    """

    kind: str
    role: str | None = None
    when: Condition = Field(default_factory=dict)
    duplicate_free: bool = False
    """The source vouches that no two of these records are one customer; identity then never puts two together."""
    fields: dict[str, Annotated[FieldSpec, BeforeValidator(_field)]]


class Envelope(Strict):
    """The container's own statements about completeness, as paths to fields beside the rows."""

    total: str | None = None
    """Rows in the whole delivery, over all its parts."""
    page: str | None = None
    pages: str | None = None
    end: str | None = None
    """True in the last part and only there."""
    more: str | None = None
    """True, or a link to the next part, in every part but the last."""

    @model_validator(mode="after")
    def _one_way_to_end(self) -> Envelope:
        if self.end and self.more:
            raise ValueError("`end` and `more` say the same of a part; name one")
        return self


class ExportShape(Strict):
    """How one form of an object's exports looks: its file name, its container, and the columns that prove it."""

    file: Texts
    """Patterns (`*`, `?`, `[0-9]`) for the whole stem, any case, without its date."""
    format: Format = "csv"
    root: str | None = None
    """JSON: path to the array of rows; none: the file is an array, or one object per line.

    XML: path to the element that is a row, by names without prefixes, from the document's outermost element or below.
    """
    require: Texts
    """Columns that must be there, by their landed names."""
    columns: dict[str, Texts] = Field(default_factory=dict)
    """Landed name -> this shape's name, where the two differ; of several the first that the file has.

    JSON, XML: a dotted path into the row (`properties.email`); through an array, or elements of one name, it collects
    the values, joined by `; `; of several paths the first that the row holds a value at. XML: `Name@type` is an
    attribute, `ID[type=Employee_ID]` the element that has it so.
    """
    encoding: Literal["auto", "utf-8", "iso-8859-1", "windows-1252", "utf-16", "utf-16-le", "utf-16-be"] = "auto"
    delimiter: Annotated[str, Field(pattern=r"^[\t!-~]$")] | None = None
    """CSV: none means found out from the header line."""
    quote: Annotated[str, Field(pattern=r"^[!-~]$")] = '"'
    """CSV: what stands around cells that hold the delimiter or line ends; doubled where it is meant itself."""
    above: int = Field(default=0, ge=0, le=1000)
    """CSV, Excel: lines above the header that are no data, such as a report's title."""
    below: int = Field(default=0, ge=0, le=100)
    """CSV, Excel: further header lines below the header, such as labels in the user's language."""
    tail: Literal["report"] | None = None
    """CSV: `report`, where a blank line and then lines of few cells (name, copyright, who made it) end the file."""
    sheet: str | None = None
    """Excel: the sheet's name; none means the first that is not hidden."""
    envelope: Envelope = Envelope()
    delivered: Literal["changes"] | None = None
    """`changes`, where exports of this form never hold the whole object that others deliver completely."""

    @model_validator(mode="after")
    def _options_of_the_format(self) -> ExportShape:
        for format_, options in OPTIONS.items():
            defaults = {name: type(self).model_fields[name].default for name in options}
            strange = [name for name in options if getattr(self, name) != defaults[name]]
            if strange and self.format not in format_.split():
                raise ValueError(f"`{strange[0]}` is for the format {' and '.join(format_.split())}, not {self.format}")
        if self.format == "xml" and not self.root:
            raise ValueError("xml needs `root: path of the element that is a row`")
        return self


OPTIONS = {
    "csv": ("delimiter", "quote", "tail"),
    "csv json xml": ("encoding",),
    "csv excel": ("above", "below"),
    "excel": ("sheet",),
    "json xml": ("root", "envelope"),
}
"""Formats -> the options that mean something for them alone."""


class Several(Strict):
    """What counts where one delivery has several rows of one record: a worker's jobs, a contact's companies."""

    prefer: Condition = Field(default_factory=dict)
    """Column -> its values, the best first: the row that holds the best counts, the others are superseded.

    Rows that are equal in this are told apart as ever: the newest by `modified`, then the last in the file.
    """
    collect: Texts = ()
    """Columns of lists that stand over all these rows (a worker's languages, one a row): the row that counts has them
    all."""


class ObjectSpec(Strict):
    """One kind of thing that a system exports, and the records its rows yield."""

    exports: tuple[ExportShape, ...]
    delivered: Literal["complete", "changes"] = "complete"
    key: str | None = None
    natural: Texts = ()
    """Columns that make a weak key where the export has none."""
    clean_key: Texts = ()
    """Cleaners for the key, e.g. `salesforce_id`; of a natural key, `full_name` makes one text of its columns."""
    modified: str | None = None
    """The column that says when the record changed last; a change that arrives late then undoes no newer one."""
    clean_modified: Texts = ("timestamp",)
    deleted: Condition = Field(default_factory=dict)
    """A row that says of itself that its record is gone; any column that matches suffices."""
    merged_into: str | None = None
    """Column of a row that was merged into another one of its object: that one's key. The row's record is gone then,
    whatever else the row says."""
    swallows: str | None = None
    """Column of a row into which others were merged: their keys, several joined by `;` or as a JSON array."""
    exclude: dict[str, Condition] = Field(default_factory=dict)
    """Rule name -> condition, for sample, test and system rows."""
    several: Several | None = None
    drift: Literal["evolve", "freeze", "reject_row"] = "evolve"
    """What becomes of change: `evolve` lands it and says so; `freeze` refuses an export whose columns are not those of
    the delivery before; `reject_row` also rejects rows with a value that does not clean, instead of the value alone."""
    records: tuple[RecordSpec, ...]

    @model_validator(mode="after")
    def _one_key(self) -> ObjectSpec:
        if bool(self.key) == bool(self.natural):
            raise ValueError("an object needs either `key: column` or `natural: [columns]`")
        return self

    @model_validator(mode="after")
    def _merges_by_key(self) -> ObjectSpec:
        for word, column in (("merged_into", self.merged_into), ("swallows", self.swallows)):
            if column and (self.key is None or column == self.key):
                raise ValueError(
                    f"`{word}` is a column that holds keys of other rows; it goes with `key`, not in its place"
                )
        return self

    @property
    def key_columns(self) -> tuple[str, ...]:
        return (self.key,) if self.key else self.natural

    @property
    def allowed(self) -> tuple[str, ...]:
        """Every landed column that this object names, in order of first mention: all that is ever stored."""
        named: list[str] = [*self.key_columns]
        named += [self.modified] if self.modified else []
        named += self.deleted
        named += [column for column in (self.merged_into, self.swallows) if column]
        named += (*self.several.prefer, *self.several.collect) if self.several else ()
        named += [column for rule in self.exclude.values() for column in rule]
        for record in self.records:
            named += record.when
            named += [column for field in record.fields.values() for column in field.columns]
        named += [column for shape in self.exports for column in shape.require]
        return tuple(dict.fromkeys(named))


_WITHIN = re.compile(r"([1-9]\d*) (hour|day)s?")


def _within(said: Any) -> Any:
    if isinstance(said, dt.timedelta):
        return said
    found = _WITHIN.fullmatch(said) if isinstance(said, str) else None
    if not found:
        raise ValueError("expected a number of hours or days, such as `2 days`")
    return dt.timedelta(**{f"{found[2]}s": int(found[1])})


FreshWithin = Annotated[dt.timedelta, BeforeValidator(_within)]
"""How old the newest delivery may be, e.g. `2 days`, before somebody should ask where the next one is."""


class Connector(Strict):
    """One system: how to read its exports and what their rows mean."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: Kind
    owner: str
    rank: int = Field(ge=1, le=100)
    """1 is believed most; survivorship compares it across sources."""
    fresh_within: FreshWithin | None = None
    nulls: Cells = ()
    """Cell values that this system writes for "nothing", beside the empty one."""
    objects: dict[str, ObjectSpec]


class SourceSettings(Strict):
    """What `sources.yaml` says of one source; fills what its records leave open."""

    country: str | None = None
    timezone: str = "UTC"
    currency: str | None = None
    language: str | None = None
    rank: int | None = Field(default=None, ge=1, le=100)
    fresh_within: FreshWithin | None = None
    """In the place of the connector's."""

    def fresh_until(
        self, connector: Connector, newest: dt.datetime, default: dt.timedelta | None = None
    ) -> dt.datetime | None:
        """Until when a source is fresh whose newest delivery took effect at `newest`; None where nothing is said."""
        within = self.fresh_within or connector.fresh_within or default
        return newest + within if within else None


def load_connector(path: Path) -> Connector:
    """Read one connector file.

    Raises:
        ConnectorError: unreadable YAML, an unknown, missing or doubled key, a value of the wrong form; names file and
            line.
    """
    try:
        file = read_yaml(path)
        if not isinstance(file.content, dict):
            raise ConnectorError(f"{path}: expected a mapping with name, kind, owner, rank and objects")
        connector = file.model(Connector)
    except YamlError as error:
        raise ConnectorError(str(error)) from None
    if connector.name != path.stem:
        raise ConnectorError(f"{path}: name is {connector.name!r}, but the file is called {path.name}; make them equal")
    return connector


def load_connectors(extra: Iterable[Path] = ()) -> dict[str, Connector]:
    """All connectors by name: the shipped ones, then the folders in `extra`; a later one replaces an earlier one.

    Raises:
        ConnectorError: a file that cannot be used, or a folder in `extra` that is not there.
    """
    found: dict[str, Connector] = {}
    for folder in (SYSTEMS, *extra):
        if not folder.is_dir():
            raise ConnectorError(
                f"{folder}: CONCORD_CONNECTORS names this folder, but it is not there; mend the setting"
            )
        for path in sorted(folder.glob("*.y*ml")):
            if path.suffix == ".yml":
                raise ConnectorError(f"{path}: a connector's file ends in .yaml; rename it to {path.stem}.yaml")
            if path.name != "sources.yaml":
                found[path.stem] = load_connector(path)
    return found


def load_sources(*folders: Path) -> dict[str, SourceSettings]:
    """Settings per source from every `sources.yaml` in `folders`; a later folder wins, source by source.

    Raises:
        ConnectorError: a file that cannot be read, or says what it may not; names file, line, source and key.
    """
    found: dict[str, SourceSettings] = {}
    for path in (folder / "sources.yaml" for folder in folders):
        if not path.exists():
            continue
        try:
            file = read_yaml(path)
            content = {} if file.content is None else file.content
            if not isinstance(content, dict):
                raise ConnectorError(f"{path}: expected a mapping of sources, such as `salesforce: {{country: DE}}`")
            found |= {str(name): file.model(SourceSettings, name) for name in content}
        except YamlError as error:
            raise ConnectorError(str(error)) from None
    return found
