"""People and organisations as they are compared: one narrow table each, numbered in the order of their record keys.

Who shares what, and what that is worth, does not belong here (`contact_points`, `scoring`).
"""

from __future__ import annotations

import duckdb

from transforms.identity.words import MAIL_PROVIDERS
from transforms.identity.workbench import quoted_list

PLACEHOLDER_BIRTH_DATES = ("1900-01-01", "1901-01-01", "1970-01-01", "1899-12-30", "1899-12-31", "0001-01-01")
"""First days of calendars and epochs: what systems write for an unknown birth date."""

_RECORD_KEY = "source || ':' || object || ':' || record_id"


def lay_out_organisations(connection: duckdb.DuckDBPyConnection) -> None:
    """`organisation`: id (0…, in the order of record_key), record_key, source, object, record_id and comparison
    columns.

    A country that was filled from the source's settings says nothing about the customer and is not compared.
    """
    connection.execute(
        f"""
        create temp table folded_organisation as
        select
            {_RECORD_KEY} as record_key, source, object, record_id,
            folded(name) as name,
            lower(email) as email,
            coalesce(lower(domain), nullif(lower(split_part(email, '@', 2)), '')) as domain,
            phone,
            folded(street) as street, code_key(postal_code) as postal_code, folded(city) as city,
            case when not list_contains(coalesce(filled, []), 'country') then country end as country,
            code_key(customer_number) as customer_number,
            vat_id,
        from records_organisation
        """
    )
    connection.execute(
        """
        create table organisation as
        with named as (select *, organisation_words(name) as words from folded_organisation)
        select
            (row_number() over (order by record_key) - 1)::integer as id, record_key, source, object, record_id,
            -- A name that is nothing but a legal form stays whole.
            coalesce(nullif(replace(words, ' ', ''), ''), replace(name, ' ', '')) as name_key,
            split_part(words, ' ', 1) as name_word,
            email, domain, phone, street_key(street) as street, postal_code, city, country,
            customer_number, vat_id,
        from named
        """
    )
    connection.execute("drop table folded_organisation")


def lay_out_people(connection: duckdb.DuckDBPyConnection) -> None:
    """`person`: id, record_key, source, object, record_id and comparison columns. Reads `organisation`.

    given: whole given name; given_key: its first word, nickname resolved, null where only an initial is known;
    given_rest: the other words; initial: first letter; organisation_id: the organisation record that they belong to.
    """
    dates = ", ".join(f"date '{date}'" for date in PLACEHOLDER_BIRTH_DATES)
    connection.execute(
        f"""
        create temp table folded_person as
        select
            {_RECORD_KEY} as record_key, source, object, record_id,
            folded(family_name) as family_name, real_name(folded(given_name)) as given_name,
            lower(email) as email, phone, mobile,
            folded(street) as street, code_key(postal_code) as postal_code, folded(city) as city,
            case when birth_date not in ({dates}) then birth_date end as birth_date,
            code_key(customer_number) as customer_number,
            source || ':' || organisation_object || ':' || organisation_record_id as organisation_key,
        from records_person
        """
    )
    connection.execute(
        """
        create table person as
        with named as (
            select *, split_part(given_name, ' ', 1) as word, strpos(given_name || ' ', ' ') as word_end
            from folded_person
        )
        select
            (row_number() over (order by named.record_key) - 1)::integer as id,
            named.record_key, named.source, named.object, named.record_id,
            family_key(family_name) as family, generation(family_name) as generation,
            replace(given_name, ' ', '') as given,
            nullif(replace(substr(given_name, word_end), ' ', ''), '') as given_rest,
            case when length(word) > 1 then coalesce(nickname.name, word) end as given_key,
            word[1] as initial,
            named.email, named.phone, named.mobile,
            street_key(named.street) as street, named.postal_code, named.city,
            birth_date, named.customer_number, organisation.id as organisation_id,
        from named
        left join nickname on nickname.short = word
        left join organisation on organisation.record_key = organisation_key
        """
    )
    connection.execute("drop table folded_person")


def lay_out_belonging(connection: duckdb.DuckDBPyConnection) -> None:
    """`belonging(id, organisation)`: person -> the cluster of their organisation's records. Reads
    `organisation_cluster`."""
    connection.execute(
        """
        create table belonging as
        select person.id, organisation_cluster.cluster as organisation
        from person join organisation_cluster on organisation_cluster.id = person.organisation_id
        """
    )


def lay_out_people_points(connection: duckdb.DuckDBPyConnection) -> None:
    """`organisation_people(id, people_point)`: where an organisation's people write from. Reads `person`, `point`,
    `staff_email`.

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
            join point on point.medium = 'email' and point.value = person.email
            where organisation_id is not null and class <> 'placeholder'
                and email not in (select email from staff_email)
        ),
        counted as (select id, people_point, count(*) as people from address group by id, people_point)
        select id, people_point from counted
        qualify row_number() over (partition by id order by people desc, people_point) = 1
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
