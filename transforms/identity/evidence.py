"""What each record states, ready to be compared: `<party>_stated`, without placeholders, with its past.

Reads the narrow tables of `parties` and the classes of `contact_points`; how common a value is does not belong here
(`calibration`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl

from transforms.identity.calibration import Calibration
from transforms.identity.contact_points import classify_points, worth_of
from transforms.identity.folding import define_folding
from transforms.identity.merges import lay_out_merges
from transforms.identity.parties import (
    IDENTIFIERS,
    lay_out_belonging,
    lay_out_duplicate_free,
    lay_out_organisations,
    lay_out_people,
    lay_out_people_points,
    lay_out_staff,
    lay_out_stated,
)
from transforms.identity.workbench import keep
from transforms.records import KINDS
from transforms.sql import quoted

COMPARABLE = 5
"""Pairs that must be comparable before the birth dates of two sources are doubted; fewer may be fathers and sons."""
NO_EVIDENCE = (
    "source", "object", "record_id", "modified_at", "observed_at", "export", "row", "language", "timezone",
    "owner_user_id", "status", "sla", "plan", "created_on", "last_activity_at", "consent_ai", "consent_email",
    "consent_phone",
)  # fmt: skip
"""Record columns that do not bear on who somebody is: a change of them is no change to identity."""


def lay_out_records(connection: duckdb.DuckDBPyConnection, data: Path) -> None:
    """The views `records_<kind>` of all kinds that tell who somebody is, the macros, and what stands beside them:
    `staff_email`, `duplicate_free`, `former`, `merge`."""
    for kind in ("person", "organisation", "employee", "crm_user"):
        _lay_out_kind(connection, data, kind)
    define_folding(connection)
    lay_out_staff(connection)
    lay_out_duplicate_free(connection, data)
    lay_out_former(connection, data)
    lay_out_merges(connection, data)


def _lay_out_kind(connection: duckdb.DuckDBPyConnection, data: Path, kind: str) -> None:
    """Make the view `records_<kind>`: the record files of all sources, or no rows with the same columns; with
    record_key, and content: a hash of the record's key and of all of it that bears on who somebody is."""
    files = sorted((data / "records" / kind).glob("*.parquet"))
    if files:
        listing = ", ".join(quoted(str(file)) for file in files)
        rows = f"read_parquet([{listing}], union_by_name = true)"
    else:
        connection.register(f"empty_{kind}", KINDS[kind].create_empty().to_arrow())
        rows = f"empty_{kind}"
    columns = [name for name, *_ in connection.execute(f"describe from {rows}").fetchall()]
    telling = ", ".join(column for column in columns if column not in NO_EVIDENCE)
    connection.execute(
        f"""
        create view records_{kind} as
        select *, source || ':' || object || ':' || record_id as record_key, hash(record_key, {telling}) as content
        from {rows}
        """
    )


def lay_out_evidence(connection: duckdb.DuckDBPyConnection) -> None:
    """All that is known before anything is compared: people, organisations, the classes of their contact points, and
    their past."""
    lay_out_organisations(connection)
    lay_out_people(connection)
    lay_out_belonging(connection)
    classify_points(connection)
    lay_out_people_points(connection)
    lay_out_past(connection)


def lay_out_former(connection: duckdb.DuckDBPyConnection, data: Path) -> None:
    """`former(party, record_key, medium, value)`: contact points that earlier versions of records stated."""
    parts = [
        "select null::varchar as party, null::varchar as record_key, null::varchar as field, null::varchar as value"
    ]
    for party in ("person", "organisation"):
        files = sorted((data / "past_values" / party).glob("*.parquet"))
        if files:
            listing = ", ".join(quoted(str(file)) for file in files)
            parts.append(
                f"select '{party}', source || ':' || object || ':' || record_id, field, value "
                f"from read_parquet([{listing}])"
            )
    connection.execute(
        f"""
        create table former as
        with stated as (
            select distinct party, record_key,
                case when field = 'email' then 'email' else 'number' end as medium,
                case when field = 'email' then lower(value) else number_key(value) end as value,
            from ({" union all ".join(parts)}) where field in ('email', 'phone', 'mobile')
        )
        select * from stated where value is not null
        """
    )


def lay_out_past(connection: duckdb.DuckDBPyConnection) -> None:
    """`past(party, id, medium, value)`: former contact points, while nobody else has taken them over. Reads `former`,
    `person`, `organisation`, `point`.

    A point that several people or a role use now says nothing about who had it before.
    """
    connection.execute(
        """
        create table past as
        with numbered as (
            select party, person.id, medium, value from former join person using (record_key) where party = 'person'
            union all
            select party, organisation.id, medium, value from former join organisation using (record_key)
            where party = 'organisation'
        )
        select numbered.* from numbered left join point using (medium, value)
        where coalesce(class, 'personal') = 'personal'
        """
    )


def sources(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """All sources that have people."""
    return [
        source for (source,) in connection.execute("select distinct source from records_person order by 1").fetchall()
    ]


def doubt_birth_dates(connection: duckdb.DuckDBPyConnection, frozen: Calibration | None) -> list[list[str]]:
    """Pairs of sources whose birth dates contradict nobody, as frozen, or as measured now where a source is new.

    Among people of two sources who share a personal e-mail and the full name, birth dates agree unless they were
    mistyped; where most differ, one source's were shifted, made up or scrambled. Reads `person`, `point`.
    """
    if frozen is not None and set(sources(connection)) <= set(frozen.sources):
        return frozen.doubtful_birth_dates
    found = connection.execute(
        f"""
        with known as (
            select person.* from person
            join point on point.medium = 'email' and point.value = person.email and point.class = 'personal'
            where birth is not null and family is not null and given_key is not null
        ),
        pair as (
            select one.source as source_a, two.source as source_b, one.birth <> two.birth as differ
            from known as one join known as two using (email, family, given_key)
            where one.source < two.source
        )
        select source_a, source_b from pair group by source_a, source_b
        having count(*) >= {COMPARABLE} and 2 * count(*) filter (where differ) > count(*)
        order by all
        """
    ).fetchall()
    return [list(pair) for pair in found]


def state_people(connection: duckdb.DuckDBPyConnection, doubtful_birth_dates: Sequence[Sequence[str]]) -> None:
    """`person` with what it takes to compare them, the view `person_stated`, and `person_key(id, point)`. Reads
    `person`, `point`, `past`, `belonging`, `organisation`, `organisation_cluster`.

    number is the number that fewer people use; past: former e-mails and numbers; birth_doubted: sources whose birth
    dates do not contradict this record's. Several values stand in one text (`|a|b|`), which joins faster than a list.
    organisation stands for the cluster of their organisation's records, by the key of its first record, so that it
    lasts while others come and go.
    """
    doubted = [pair for one, other in doubtful_birth_dates for pair in ((one, other), (other, one))]
    keep(connection, "doubt", pl.DataFrame(doubted, schema={"source": pl.String, "other": pl.String}, orient="row"))
    connection.execute(
        f"""
        create table person_told as
        with employed as (
            select belonging.id, hash(first.record_key) as organisation
            from belonging
            join organisation_cluster on organisation_cluster.id = organisation_id
            join organisation as first on first.id = cluster
        ),
        classed as (
            select person.*, email_point.class as email_class, {_classes("person")}, employed.organisation,
                doubt.birth_doubted, former.past,
                list_sort(list_filter([
                    {{others: mobile_point.others, value: mobile, class: mobile_point.class}},
                    {{others: phone_point.others, value: phone, class: phone_point.class}}
                ], lambda point: point.value is not null and point.class <> 'placeholder')) as numbers,
            from person
            {worth_of("person")}
            left join employed using (id)
            left join (
                select id, joined(list_sort(list(value))) as past from past where party = 'person' group by id
            ) as former using (id)
            left join (
                select source, joined(list_sort(list(other))) as birth_doubted from doubt group by source
            ) as doubt using (source)
        )
        select * exclude (numbers),
            numbers[1].value as number, numbers[1].class as number_class,
            numbers[2].value as second_number, numbers[2].class as second_number_class,
            postal_code[1:greatest(2, length(postal_code) - 3)] as postal_area,
        from classed
        """
    )
    _tell(connection, "person", ("email", "number", "second_number"))


def state_organisations(connection: duckdb.DuckDBPyConnection) -> None:
    """`organisation` with what it takes to compare them, the view `organisation_stated`, and
    `organisation_key(id, point)`. Reads `organisation`, `point`, `past`, `organisation_people`, `word_share`.

    rare_word: the word of the name that fewest other names had when words were measured, if any had it; domain_tells:
    whether the domain is an organisation's own.
    """
    connection.execute(
        f"""
        create table organisation_told as
        with word as (select id, unnest(parted(words)) as word from organisation),
        rare as (
            select id, arg_min(word, (share, word)) as rare_word from word join word_share using (word)
            where length(word) > 2 group by id
        )
        select organisation.*, email_point.class as email_class, number_point.class as number_class,
            {_classes("organisation")},
            domain_point.class <> 'placeholder' and domain_point.reason not like 'a mail provider%' as domain_tells,
            people_point, rare_word, past,
        from organisation
        left join organisation_people using (id)
        left join rare using (id)
        left join (
            select id, joined(list_sort(list(value))) as past from past where party = 'organisation' group by id
        ) using (id)
        {worth_of("organisation")}
        """
    )
    _tell(connection, "organisation", ("email", "number"))


def _classes(party: str) -> str:
    """SQL: the classes of a party's identifiers."""
    return ", ".join(f"{name}_point.class as {name}_class" for name in IDENTIFIERS[party])


def _tell(connection: duckdb.DuckDBPyConnection, party: str, columns: tuple[str, ...]) -> None:
    """`<party>_told` in the place of `<party>`, what it states, and `<party>_key(id, point)`: contact points that a
    record has or had."""
    connection.execute(f"drop table {party}; alter table {party}_told rename to {party}")
    lay_out_stated(connection, party)
    stated = " union ".join(f"select id, {column} as point from {party}_stated" for column in columns)
    connection.execute(
        f"""
        create table {party}_key as
        select * from ({stated} union select id, value from past where party = '{party}') where point is not null
        """
    )
