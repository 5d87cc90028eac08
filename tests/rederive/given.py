"""What a run rested on, laid as tables of one connection: `party`, `pin`, the other records, the published tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from connectors.publication import KEYS, Publication, open_publication, publications
from transforms.identity.kept import attach_results
from transforms.policy import Policy
from transforms.policy.pins import Pin
from transforms.sql import quoted
from transforms.warehouse import IDENTITY, record_columns


@dataclass(frozen=True)
class Given:
    """A publication, and what it was made of; `con` holds the tables."""

    con: duckdb.DuckDBPyConnection
    policy: Policy
    publication: Publication
    earlier: tuple[Publication, ...]
    """All that were made before and are still there, the oldest first. State comes from the last of them."""

    @property
    def as_of(self) -> date:
        return self.publication.manifest.logical_date

    @property
    def number(self) -> int:
        return self.publication.number

    def put(self, table: str, frame: pl.DataFrame) -> None:
        """A frame as a table."""
        self.con.register("frame", frame)
        self.con.execute(f"create table {table} as from frame")
        self.con.unregister("frame")

    def state(self, name: str) -> Path | None:
        """A file of the state that the run started from; None for the first run."""
        return self.earlier[-1].path / "state" / f"{name}.parquet" if self.earlier else None


def lay(data: Path, policy: Policy, number: int | None = None) -> Given:
    """Lay the publication (the current one where none is named) beside the records and identity of the last run."""
    publication = open_publication(data, number)
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    for kind, columns in record_columns(con).items():
        _table(con, kind, dict(columns), sorted((data / "records" / kind).glob("*.parquet")))
    swallowed = dict.fromkeys(("source", "object", "record_id", "into_record_id"), "varchar")
    _table(con, "merge", swallowed, sorted((data / "merged").glob("*/*.parquet")))
    attach_results(con, data)
    for name in IDENTITY:
        con.execute(f"create table {name} as from identity.{name}")
    con.execute(f"create table sources as from {quoted(data / 'sources.parquet')}")
    for name in KEYS:
        con.execute(f"create view published_{name} as from {quoted(publication.path / f'{name}.parquet')}")
    _base(con, data, publication)
    _parties(con)
    earlier = tuple(one for one in publications(data) if one.number < publication.number)
    given = Given(con, policy, publication, earlier)
    _pins(given)
    return given


def _table(con: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], files: list[Path]) -> None:
    definition = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
    con.execute(f"create table {name} ({definition})")
    for file in files:
        con.execute(f"insert into {name} by name from {quoted(file)}")


def _base(con: duckdb.DuckDBPyConnection, data: Path, publication: Publication) -> None:
    base = publication.manifest.base
    file = base and open_publication(data, base).path / "customer.parquet"
    con.execute(f"create view base_customer as from {quoted(file) if file else 'published_customer limit 0'}")


def _parties(con: duckdb.DuckDBPyConnection) -> None:
    """`party`: every person and organisation record, whole, with its customer and the grades of its contact points."""
    con.execute(
        """
        create macro class_of(k, v) as (select class from contact_point where kind = k and value = v);
        create macro grade(k, v) as case
            when v is null or class_of(k, v) = 'placeholder' then null
            when class_of(k, v) = 'shared' then 2 when class_of(k, v) = 'household' then 1 else 0 end;
        create macro plain(v) as nullif(lower(strip_accents(regexp_replace(v, '[ .,;:\\-_/()''"&]', '', 'g'))), '');
        create table party as
        with record as (
            from person union all by name select *, name as company from organisation
        )
        select
            record.*, link.customer_id, link.customer_type, sources.rank, sources.fresh_at,
            nullif(trim(coalesce(company, concat_ws(' ', given_name, family_name))), '') as display_name,
            grade('email', email) as email_grade,
            grade('phone', phone) as landline_grade,
            grade('mobile', mobile) as mobile_grade,
            (
                select employer.customer_id from link as employer
                where employer.source = record.source and employer.object = record.organisation_object
                    and employer.record_id = record.organisation_record_id and employer.customer_type = 'organisation'
            ) as organisation_id,
        from record
        join link using (source, object, record_id)
        left join sources using (source)
        """
    )


def _pins(given: Given) -> None:
    """`pin(customer_id, field_group, field, value, key, said, stated_on)`: pins in force, resolved one by one."""
    con, held = given.con, list[tuple[str, Pin, str | None]]()
    for pin in sorted(given.policy.pins, key=lambda one: (one.stated_on, one.line)):
        key = f"{pin.source}:{pin.object}:{pin.record_id}" if pin.record_id else None
        customer = _customer_of(con, pin)
        if customer is None or "pinned" not in getattr(given.policy.survivorship, pin.field_group):
            continue
        group = [one for one in held if (one[0], one[1].field_group) == (customer, pin.field_group)]
        undone = group if pin.value is None else [one for one in group if one[1].value and one[1].field == pin.field]
        held = [one for one in held if one not in undone]
        held.append((customer, pin, key))
    con.execute(
        "create table pin (customer_id varchar, field_group varchar, field varchar, value varchar, key varchar, "
        "said varchar, stated_on timestamptz)"
    )
    for customer, pin, key in held:
        said = f"{pin.who} on {pin.stated_on}: {pin.why}"
        row = [customer, pin.field_group, pin.field, pin.value, None if pin.value else key, said, pin.stated_on]
        con.execute("insert into pin values (?, ?, ?, ?, ?, ?, ?)", row)


def _customer_of(con: duckdb.DuckDBPyConnection, pin: Pin) -> str | None:
    """The customer that a pin means now; None where it means none."""
    of_record = con.execute(
        "select customer_id from link where source = ? and object = ? and record_id = ?",
        [pin.source, pin.object, pin.record_id],
    ).fetchone()
    if pin.record_id and not of_record:
        return None
    if pin.customer_id is None:
        return str(of_record[0]) if of_record else None
    alias = con.execute("select status, new_ids from alias where id = ?", [pin.customer_id]).fetchone()
    if not alias or alias[0] in ("gone", "erased"):
        return None
    named = pin.customer_id if alias[0] == "live" else alias[1][0]
    return None if of_record and of_record[0] != named else str(named)
