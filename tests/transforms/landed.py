"""For tests of normalise: a small connector, landed files by hand, and the delivery frame that points at them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from connectors.spec import Connector, SourceSettings
from transforms.cleaners import CLEANERS, Context
from transforms.cleaners.text import cell
from transforms.outcomes import NormaliseReport, ObjectReport
from transforms.record_files import normalise_source

SHAPE = {"file": "any", "require": ["id"]}
PERSON: dict[str, Any] = {
    "given_name": "first",
    "family_name": "last",
    "email": "email",
    "phone": {"from": ["phone", "mobile"]},
    "street": {"from": ["street1", "street2"]},
    "city": "city",
    "country": "country",
    "created_on": "created",
}


def connector(**said: Any) -> Connector:
    """`crm` with one object `Contact`; `said` replaces or adds to what is said of that object."""
    contact = {
        "exports": [SHAPE],
        "key": "id",
        "modified": "changed",
        "records": [{"kind": "person", "fields": PERSON}],
    } | said
    objects = {"Contact": {name: value for name, value in contact.items() if value is not None}}
    return Connector.model_validate(
        {"name": "crm", "kind": "crm", "owner": "sales", "rank": 10, "nulls": ["null"], "objects": objects}
    )


class Source:
    """One source whose deliveries a test lays down one by one."""

    def __init__(self, data: Path, one: Connector | None = None, settings: SourceSettings | None = None) -> None:
        self.data = data
        self.connector = one or connector()
        self.settings = settings or SourceSettings(country="DE")
        self.rows: list[dict[str, Any]] = []

    def deliver(self, day: int, *parts: Sequence[dict[str, str | None]], complete: bool = True) -> str:
        """A delivery of 2026-01-`day`; content that was delivered before is the same landed file."""
        order = len({row["delivery"] for row in self.rows}) + 1
        for part, rows in enumerate(parts):
            name = f"h{abs(hash(repr(rows)))}"
            path = self.data / "landed" / "crm" / "Contact" / f"{name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            columns = list(dict.fromkeys(column for row in rows for column in row))
            frame = pl.DataFrame(rows, dict.fromkeys(columns, pl.String)).with_row_index("_row", 1)
            frame.cast({"_row": pl.Int64}).write_parquet(path)
            self.rows.append(
                {
                    "delivery": f"d{order}",
                    "source": "crm",
                    "object": "Contact",
                    "effective": datetime(2026, 1, day, tzinfo=UTC),
                    "order": order,
                    "complete": complete,
                    "part": part,
                    "export": f"Contact_{part}.csv",
                    "hash": name,
                    "path": f"landed/crm/Contact/{name}.parquet",
                }
            )
        return f"d{order}"

    @property
    def frame(self) -> pl.DataFrame:
        return pl.DataFrame(self.rows, schema_overrides={"effective": pl.Datetime("us", "UTC")})

    def run(self, released: frozenset[str] = frozenset()) -> NormaliseReport:
        return normalise_source(self.connector, "crm", self.settings, self.frame, self.data, released)

    def contacts(self, released: frozenset[str] = frozenset()) -> ObjectReport:
        """The report of the one object, which adds up."""
        report = self.run(released)
        assert report.adds_up
        return next(one for one in report.objects if one.object == "Contact")

    def records(self, kind: str = "person") -> pl.DataFrame:
        return pl.read_parquet(self.data / "records" / kind / "crm.parquet")

    def outcomes(self) -> dict[int, str]:
        """Row -> outcome, of sources with one landed file."""
        frame = pl.read_parquet(self.data / "outcomes" / "crm" / "Contact.parquet")
        return dict(frame.select("row", "outcome").rows())

    def issues(self) -> list[dict[str, Any]]:
        return pl.read_parquet(self.data / "value_issues" / "crm" / "Contact.parquet").to_dicts()


def people(*ids: int, **said: str | None) -> list[dict[str, str | None]]:
    return [{"id": str(number), "first": "Ada", "last": f"Family{number}", **said} for number in ids]


def clean(name: str, *values: str | None, **settings: Any) -> list[Any]:
    """Values through a cleaner, as normalise sends them: tidied, the cleaner's own words for "nothing" taken out."""
    one = CLEANERS[name]
    expr = pl.col("cell") if one.raw else cell(pl.col("cell"), ())
    if one.absent is not None:
        expr = pl.when(~one.absent(expr)).then(expr)
    frame = pl.DataFrame({"cell": values}, {"cell": pl.String})
    found = frame.select(one.apply((expr,), Context(**settings)).alias("value"))["value"]
    assert found.dtype == one.dtype
    return found.to_list()
