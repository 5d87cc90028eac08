"""What a contact point is worth: personal, household, shared or placeholder, with the reason, recognised from the data.

Only what the records of this run say decides; there is no list of anybody's numbers. Which pairs a contact point brings
together does not belong here (`candidates`).
"""

from __future__ import annotations

import duckdb

from transforms.identity.words import MAIL_PROVIDERS, PLACEHOLDER_MAILBOXES, ROLE_MAILBOXES
from transforms.identity.workbench import quoted_list

HOUSEHOLD = 8
"""People under one family name up to which a contact point is a household's; more are a firm's that bears the name."""

ORGANISATIONS = 3
"""Organisations up to which one person's contact point stays personal: the owner of three shops has one mobile."""

_SAME_DIGIT = "|".join(f"{digit}{{7,}}|{digit}{{6}}$" for digit in range(10))
PLACEHOLDER_NUMBER = f"({_SAME_DIGIT}|123456|987654321)"
"""E.164 numbers that were typed to fill a field: a run of one digit (seven, or six at the end), or counting."""


def classify_contact_points(connection: duckdb.DuckDBPyConnection) -> None:
    """`point(medium, value, class, reason, records, names)` and `point_kind(medium, kind, value)`.

    medium is email, number or domain: a number is one number, whether it stands as phone or as mobile. `names`
    counts distinct folded names of people and organisations; a person known by an initial only does not count as
    another name. Reads `person`, `organisation`, `staff_email`. Also leaves `point_use(medium, value, id)`: the
    people who have each e-mail or number.
    """
    connection.execute(
        """
        create table point_use as
        with named as (select id, email, phone, mobile, hash(family, given_key) as name from person)
        select 'email' as medium, email as value, id, name from named where email is not null
        union all
        select 'number', phone, id, name from named where phone is not null
        union all
        select 'number', mobile, id, name from named where mobile is not null and mobile is distinct from phone
        """
    )
    connection.execute(
        """
        create table point_kind as
        select distinct 'email' as medium, 'email' as kind, email as value from person where email is not null
        union select 'email', 'email', email from organisation where email is not null
        union select 'number', 'phone', phone from person where phone is not null
        union select 'number', 'phone', phone from organisation where phone is not null
        union select 'number', 'mobile', mobile from person where mobile is not null
        union select 'domain', 'domain', domain from organisation where domain is not null
        """
    )
    connection.execute(
        """
        create temp table organisation_use as
        select 'email' as medium, email as value, name_key from organisation where email is not null
        union all
        select 'number', phone, name_key from organisation where phone is not null
        union all
        select 'domain', domain, name_key from organisation where domain is not null
        """
    )
    _count_names(connection)
    connection.execute(f"create table point as {_classes()}")
    connection.execute("drop table organisation_use; drop table point_names")


def _count_names(connection: duckdb.DuckDBPyConnection) -> None:
    """`point_names`: per value its records, the names of people and of organisations. Most values have one name,
    seen at once."""
    connection.execute(
        """
        create temp table point_names as
        with people as (
            select medium, value, count(*) as records, min(name) <> max(name) as several
            from point_use group by medium, value
        ),
        name as (
            select medium, value, family, given_key
            from people
            join point_use using (medium, value)
            join person on person.id = point_use.id
            where several and (family is not null or given_key is not null)
            group by medium, value, family, given_key
        ),
        several_names as (
            select
                medium, value,
                min(family) is distinct from max(family) as families_differ,
                min(given_key) is distinct from max(given_key) as givens_differ,
                count(*) as names,
                count(*) filter (where family is not null and given_key is not null) as whole_names,
            from name group by medium, value
        ),
        organisations as (
            select medium, value, count(*) as records, count(distinct name_key) as names
            from organisation_use group by medium, value
        )
        select
            medium, value,
            coalesce(people.records, 0) as people_records,
            case
                when people.records is null then 0
                when not several then 1
                -- An initial, or half a name, adds no name to a whole one.
                when not families_differ and whole_names > 0 then whole_names
                else coalesce(several_names.names, 1)
            end as people_names,
            coalesce(families_differ, false) as families_differ,
            coalesce(givens_differ, false) as givens_differ,
            coalesce(organisations.records, 0) as organisation_records,
            coalesce(organisations.names, 0) as organisation_names,
        from people
        left join several_names using (medium, value)
        full join organisations using (medium, value)
        """
    )


def _classes() -> str:
    """First line that holds: nothing typed to fill a field, no role, no staff; then by who shares the value."""
    roles, placeholders = quoted_list(ROLE_MAILBOXES), quoted_list(PLACEHOLDER_MAILBOXES)
    return f"""
        with point as (
            select *,
                case when medium = 'email' then mailbox(value) end as mailbox,
                medium = 'email' and value in (select email from staff_email) as staff,
                people_records + organisation_records as records,
                people_names + organisation_names as names,
            from point_names
        ),
        decided as (
            select *,
                case
                    when medium = 'email' and (mailbox in ({placeholders}) or mailbox = '')
                        then ['placeholder', 'an address that is typed where there is none']
                    when medium = 'number' and regexp_matches(value, '{PLACEHOLDER_NUMBER}')
                        then ['placeholder', 'digits that are typed where there is no number']
                    when medium = 'domain' and value in ({quoted_list(MAIL_PROVIDERS)})
                        then ['shared', 'a mail provider''s or host''s domain']
                    when staff then ['shared', 'an address of our own staff']
                    when mailbox in ({roles}) then ['shared', 'the mailbox of a role, not of a person']
                    when organisation_names > {ORGANISATIONS} or (people_names = 0 and organisation_names > 1)
                        then ['shared', format('used by {{}} different organisations', organisation_names)]
                    when people_names = 0 and people_records = 0 then ['personal', 'used by one organisation']
                    when people_names <= 1 and people_records > 0 then ['personal', 'used under one name']
                    when medium = 'email' and not givens_differ and people_names = 2
                        then ['personal', 'used under one given name and two family names']
                    when organisation_names > 0
                        then ['shared', format('an organisation''s own, used by {{}} people', people_names)]
                    when not families_differ and people_names <= {HOUSEHOLD}
                        then ['household', format('used by {{}} people of one family name', people_names)]
                    when not families_differ
                        then ['shared', format('used by {{}} people, more than a household has', people_names)]
                    else ['shared', format('used by {{}} people of different family names', people_names)]
                end as verdict
            from point
        )
        select medium, value, verdict[1] as class, verdict[2] as reason, records, names,
            people_names, organisation_names
        from decided
    """


def contact_point_rows() -> str:
    """The published rows: kind, value, class, reason, records, names; ordered by kind and value."""
    return """
        select kind, value, class, reason, records, names
        from point_kind join point using (medium, value)
        order by kind, value
    """
