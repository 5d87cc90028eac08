"""People and organisations as they are compared: one narrow table each, numbered in the order of their record keys.

Who shares what, and what that is worth, does not belong here (`contact_points`, `calibration`).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from transforms.identity.words import MAIL_PROVIDERS
from transforms.identity.workbench import quoted_list
from transforms.sql import quoted

IDENTIFIERS = {
    "person": ("national_id", "loyalty_id", "customer_number"),
    "organisation": ("vat_id", "customer_number"),
}
"""Columns of what one customer has alone."""

STATED = {
    party: {column: f"case when {point}_class <> 'placeholder' then {column} end" for column, point in columns.items()}
    for party, columns in {
        "person": {"email": "email", "mailbox": "email"} | {name: name for name in IDENTIFIERS["person"]},
        "organisation": {"email": "email", "number": "number"} | {name: name for name in IDENTIFIERS["organisation"]},
    }.items()
}
STATED["organisation"]["domain"] = "case when domain_tells then domain end"
"""SQL of columns that a record states otherwise than it has them: what was typed to fill a field says nothing. The
numbers of people are without placeholders from the first (`evidence`)."""

PLACEHOLDER_BIRTH_DATES = ("1900-01-01", "1901-01-01", "1970-01-01", "1899-12-30", "1899-12-31", "0001-01-01")
"""First days of calendars and epochs: what systems write for an unknown birth date."""


def lay_out_organisations(connection: duckdb.DuckDBPyConnection) -> None:
    """`organisation`: id (0…, in the order of record_key), record_key, content, source, object, record_id, the contact
    points as they are shown, comparison columns, and alone_in: source and object, where no two such records are one.

    name: folded, without legal form and spaces; sorted_words: its words in the order of the alphabet. A country that
    was filled from the source's settings says nothing about the customer and is not compared.
    """
    _lay_out_forms(connection, "organisation", ("name", "street", "city", "region"))
    connection.execute(
        """
        create temp table name_words as
        -- A name that is nothing but a legal form stays whole.
        select value, coalesce(nullif(organisation_words(folded), ''), folded) as words from name_form
        """
    )
    connection.execute(
        """
        create temp table name_parts as
        select value, replace(words, ' ', '') as name, string_split(words, ' ') as words,
            array_to_string(list_sort(string_split(words, ' ')), ' ') as sorted_words,
        from name_words
        """
    )
    _lay_out_street_parts(connection)
    connection.execute(
        """
        create table organisation as
        with stated as (
            select *,
                coalesce(lower(domain), nullif(lower(split_part(email, '@', 2)), '')) as web,
            from records_organisation
        )
        select
            (row_number() over (order by record_key) - 1)::integer as id, record_key, content, stated.source,
            stated.object, record_id, email as email_shown, phone as phone_shown,
            name_parts.name, joined(words) as words, sorted_words,
            lower(email) as email, web as domain, split_part(web, '.', 1) as domain_label,
            number_key(coalesce(phone, phone_written)) as number,
            street_parts.street, street_parts.house, street_parts.street_core,
            code_key(stated.postal_code) as postal_code, city_form.folded as city, region_form.folded as region,
            case when not list_contains(coalesce(filled, []), 'country') then country end as country,
            code_key(customer_number) as customer_number, vat_id,
            case when declared.party is not null then stated.source || ':' || stated.object end as alone_in,
        from stated
        left join duplicate_free as declared
            on declared.party = 'organisation' and declared.source = stated.source and declared.object = stated.object
        left join name_parts on name_parts.value = stated.name
        left join street_parts on street_parts.value = stated.street
        left join city_form on city_form.value = stated.city
        left join region_form on region_form.value = stated.region
        """
    )


def lay_out_people(connection: duckdb.DuckDBPyConnection) -> None:
    """`person`: id, record_key, content, source, object, record_id, the contact points as they are shown, comparison
    columns, and alone_in: source and object, where no two of these records are one.

    given: whole given name without spaces; given_key: its first word, nickname resolved, null where only an initial
    is known; given_forms: what that word may be short for; given_rest: the other words; initial: first letter; birth:
    eight digits, also where they are no date; mobile, phone: by their last nine digits; organisation_key: record key
    of the organisation that they belong to.
    """
    dates = ", ".join(f"date '{date}'" for date in PLACEHOLDER_BIRTH_DATES)
    _lay_out_forms(connection, "person", ("family_name", "given_name", "street", "city", "region", "birth_place",
                                          "gender", "job_title"))  # fmt: skip
    connection.execute(
        """
        create temp table family_form as
        select value, replace(own_name(folded), ' ', '') as family, generation(folded) as generation
        from family_name_form
        """
    )
    connection.execute(
        """
        create temp table given_name_parts as
        with named as (
            select value, given, generation, split_part(given, ' ', 1) as word, strpos(given || ' ', ' ') as word_end
            from (
                select value, own_name(folded) as given, generation(folded) as generation from given_name_form
            )
        )
        select value, generation, replace(given, ' ', '') as given,
            nullif(replace(substr(given, word_end), ' ', ''), '') as given_rest,
            case when length(named.word) > 1 then coalesce(nickname.name, named.word) end as given_key,
            joined(forms) as given_forms,
            named.word[1] as initial,
        from named
        left join nickname on nickname.short = named.word
        left join given_form on given_form.word = named.word
        """
    )
    _lay_out_street_parts(connection)
    connection.execute(
        f"""
        create table person as
        with stated as (
            select *,
                number_key(coalesce(phone, phone_written)) as phone_key,
                number_key(coalesce(mobile, mobile_written)) as mobile_key,
                lower(coalesce(email, email_written)) as address,
                source || ':' || organisation_object || ':' || organisation_record_id as organisation_key,
            from records_person
        )
        select
            (row_number() over (order by record_key) - 1)::integer as id, record_key, content, stated.source,
            stated.object, record_id, stated.email as email_shown, stated.phone as phone_shown,
            stated.mobile as mobile_shown, family, given, given_rest, given_key, given_forms, initial,
            coalesce(family_form.generation, given_name_parts.generation) as generation,
            address as email, split_part(address, '@', 1) as mailbox,
            coalesce(mobile_key, phone_key) as mobile,
            case when mobile_key is distinct from phone_key and mobile_key is not null then phone_key end as phone,
            street_parts.street, street_parts.house, street_parts.street_core,
            code_key(stated.postal_code) as postal_code,
            city_form.folded as city, region_form.folded as region,
            case
                when birth_date in ({dates}) then null
                when birth_date is not null then strftime(birth_date, '%Y%m%d')
                else date_digits(birth_date_written)
            end as birth,
            code_key(stated.customer_number) as customer_number, code_key(loyalty_id) as loyalty_id,
            code_key(national_id) as national_id,
            birth_place_form.folded as birth_place, gender_form.folded[1] as gender,
            job_title_form.folded as job_title, organisation_key,
            case when declared.party is not null then stated.source || ':' || stated.object end as alone_in,
        from stated
        left join family_form on family_form.value = family_name
        left join given_name_parts on given_name_parts.value = given_name
        left join street_parts on street_parts.value = stated.street
        left join city_form on city_form.value = stated.city
        left join region_form on region_form.value = stated.region
        left join birth_place_form on birth_place_form.value = stated.birth_place
        left join gender_form on gender_form.value = stated.gender
        left join job_title_form on job_title_form.value = stated.job_title
        left join duplicate_free as declared
            on declared.party = 'person' and declared.source = stated.source and declared.object = stated.object
        """
    )


def lay_out_stated(connection: duckdb.DuckDBPyConnection, party: str, place: str = "") -> None:
    """`<party>_stated`: the view of what records state, over `<party>` in the database `place` (`kept.`, say)."""
    connection.execute(f"drop view if exists {party}_stated")
    # Names in a view are looked up where the view stands.
    connection.execute(f"create view {place}{party}_stated as {stated_of(party, f'{place}{party}')}")


def stated_of(party: str, rows: str) -> str:
    """SQL: what `rows` of a party state."""
    stated = ", ".join(f"{said} as {name}" for name, said in STATED[party].items())
    return f"select * replace ({stated}) from {rows}"


def _lay_out_forms(connection: duckdb.DuckDBPyConnection, party: str, columns: tuple[str, ...]) -> None:
    """`<column>_form(value, folded)`: each text once, for records repeat each other."""
    for column in columns:
        connection.execute(
            f"""
            create or replace temp table {column}_form as
            select value, folded(value) as folded from (select distinct {column} as value from records_{party})
            where value is not null
            """
        )


def _lay_out_street_parts(connection: duckdb.DuckDBPyConnection) -> None:
    """`street_parts(value, street, house, street_core)` from `street_form`."""
    connection.execute(
        "create or replace temp table short_street as select value, short_street(folded) as short from street_form"
    )
    connection.execute(
        """
        create or replace temp table street_parts as
        select value, replace(short, ' ', '') as street, nullif(regexp_extract(short, '[0-9]+'), '') as house,
            coalesce(street_core(short), replace(short, ' ', '')) as street_core,
        from short_street
        """
    )


def lay_out_belonging(connection: duckdb.DuckDBPyConnection) -> None:
    """`belonging(id, organisation_id)`: person -> the organisation record that they belong to."""
    connection.execute(
        """
        create table belonging as
        select person.id, organisation.id as organisation_id
        from person join organisation on organisation.record_key = person.organisation_key
        """
    )


def lay_out_people_points(connection: duckdb.DuckDBPyConnection) -> None:
    """`organisation_people(id, people_point)`: where an organisation's people write from. Reads `person`,
    `belonging`, `point`, `staff_email`.

    The commonest domain among their addresses, or whole address where the domain is a provider's: what an
    organisation that was known from a row about a person (`Lead.company`) has in common with itself elsewhere.
    """
    connection.execute(
        f"""
        create table organisation_people as
        with address as (
            select organisation_id as id,
                case when split_part(email, '@', 2) in ({quoted_list(MAIL_PROVIDERS)}) then email
                     else split_part(email, '@', 2) end as people_point,
            from person
            join belonging using (id)
            join point on point.medium = 'email' and point.value = person.email
            where class <> 'placeholder' and email not in (select email from staff_email)
        ),
        counted as (select id, people_point, count(*) as people from address group by id, people_point)
        select id, people_point from counted
        qualify row_number() over (partition by id order by people desc, people_point) = 1
        """
    )


def lay_out_duplicate_free(connection: duckdb.DuckDBPyConnection, data: Path) -> None:
    """`duplicate_free(party, source, object)`: records of which, as their source declares, no two are one customer."""
    file = data / "sources.parquet"
    declared = (
        f"(select source, unnest(duplicate_free) as declared from read_parquet({quoted(str(file))}))"
        if file.exists()
        else "(select null::varchar as source, null::varchar as declared limit 0)"
    )
    connection.execute(
        f"""
        create table duplicate_free as
        select split_part(declared, ':', 1) as party, source, split_part(declared, ':', 2) as object from {declared}
        """
    )


def lay_out_staff(connection: duckdb.DuckDBPyConnection) -> None:
    """`staff_email(email)`: the addresses of our own workers and CRM users."""
    connection.execute(
        """
        create table staff_email as
        select lower(email) as email from records_employee where email is not null
        union
        select lower(email) from records_crm_user where email is not null
        """
    )
