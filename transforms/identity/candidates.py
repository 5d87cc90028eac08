"""Which pairs are worth comparing: records that share a key, never more pairs than records times a small constant.

A block is what shares one key. Inside it, records of the same profile (all that could contradict) hang on the
smallest of them like a star; the smallest ones of different profiles are compared pair by pair while they are few.
What a pair is worth does not belong here (`scoring`).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from transforms.identity.rules import LONG_STREET
from transforms.sql import quoted

PROFILES = 12
"""Profiles of one block up to which they are compared with each other: at most 66 pairs beside the stars."""

COLLEAGUES = 2_000
"""People of one organisation up to which the same name in it is evidence. Beyond, it is a bucket (`Private
customers`)."""


@dataclass(frozen=True)
class OversizedBlock:
    """A block whose profiles were not compared with each other: what it shares, and how much it holds."""

    shares: str
    records: int
    profiles: int
    example: str
    """Record key of one of them."""


PERSON_PROFILE = "hash(family, given, given_rest, generation, birth_date)"
ORGANISATION_PROFILE = "hash(name_key, city, country, customer_number, vat_id)"

PERSON_BLOCKS: dict[str, str] = {
    "contact point": f"""
        select hash(medium, value) as key, id, {PERSON_PROFILE} as profile
        from point_use join point using (medium, value) join person using (id)
        where class in ('personal', 'household') or (class = 'shared' and medium = 'email' and people_names <= 3)
    """,
    "name and customer number": f"""
        select hash(family, given_key, customer_number), id, {PERSON_PROFILE} from person
        where family is not null and given_key is not null and customer_number is not null
    """,
    "name and organisation": f"""
        select hash(family, given_key, organisation), id, {PERSON_PROFILE}
        from person join belonging using (id) anti join bucket using (organisation)
        where family is not null and given_key is not null
    """,
    "name, street and postal code": f"""
        select hash(family, given_key, street, postal_code), id, {PERSON_PROFILE} from person
        where family is not null and given_key is not null and street is not null and postal_code is not null
    """,
    "name, street and city": f"""
        select hash(family, given_key, street, city), id, {PERSON_PROFILE} from person
        where family is not null and given_key is not null and street is not null
            and (city is not null or (postal_code is null and length(street) >= {LONG_STREET}))
    """,
    "name and birth date": f"""
        select hash(family, given_key, birth_date), id, {PERSON_PROFILE} from person
        where family is not null and given_key is not null and birth_date is not null
    """,
}
"""What people share -> rows of key, id, profile."""

ORGANISATION_BLOCKS: dict[str, str] = {
    "name and domain": f"""
        select hash(name_key, domain) as key, id, {ORGANISATION_PROFILE} as profile from organisation
        where name_key is not null and domain is not null
    """,
    "name and phone": f"""
        select hash(name_key, phone), id, {ORGANISATION_PROFILE} from organisation
        where name_key is not null and phone is not null
    """,
    "name and e-mail": f"""
        select hash(name_key, email), id, {ORGANISATION_PROFILE} from organisation
        where name_key is not null and email is not null
    """,
    "name and their people's addresses": f"""
        select hash(name_key, people_point), id, {ORGANISATION_PROFILE}
        from organisation join organisation_people using (id) where name_key is not null
    """,
    "name and city": f"""
        select hash(name_key, city), id, {ORGANISATION_PROFILE} from organisation
        where name_key is not null and city is not null
    """,
    "name and postal code": f"""
        select hash(name_key, postal_code), id, {ORGANISATION_PROFILE} from organisation
        where name_key is not null and postal_code is not null
    """,
    "name and street": f"""
        select hash(name_key, street), id, {ORGANISATION_PROFILE} from organisation
        where name_key is not null and street is not null
    """,
    "VAT number": f"""
        select hash(vat_id), id, {ORGANISATION_PROFILE} from organisation where vat_id is not null
    """,
    "customer number": f"""
        select hash(customer_number), id, {ORGANISATION_PROFILE} from organisation where customer_number is not null
    """,
}
"""What organisations share -> rows of key, id, profile."""


def mark_buckets(connection: duckdb.DuckDBPyConnection) -> list[OversizedBlock]:
    """`bucket(organisation)`: organisations with too many people to tell them by name; reported."""
    connection.execute(
        f"""
        create temp table bucket as
        select organisation, count(*) as people, min(id) as example from belonging
        group by organisation having count(*) > {COLLEAGUES}
        """
    )
    rows = connection.execute(
        """
        select people, record_key from bucket join person on person.id = bucket.example order by people desc, record_key
        """
    ).fetchall()
    return [OversizedBlock("organisation", people, people, example) for people, example in rows]


def propose_pairs(connection: duckdb.DuckDBPyConnection, party: str, blocks: dict[str, str]) -> list[OversizedBlock]:
    """`<party>_pair(a, b)`, a < b, each once. Returns the blocks that were too large to compare throughout.

    A key is a 64-bit hash: two keys that fall together only propose pairs which the comparison then drops.
    """
    connection.execute("create temp table block_member (block text, key ubigint, id integer, profile ubigint)")
    for shares, members in blocks.items():
        # Most keys are held by one record; only the others are blocks.
        connection.execute(
            f"""
            insert into block_member
            with member (key, id, profile) as ({members})
            select {quoted(shares)}, key, id, profile from member
            where key in (select key from member group by key having count(*) > 1)
            """
        )
    connection.execute(
        """
        create temp table block_profile as
        select block, key, profile, min(id) as first_id, count(*) as records
        from block_member group by block, key, profile
        """
    )
    connection.execute(
        f"""
        create temp table large_block as
        select block, key, count(*) as profiles, sum(records)::bigint as records, min(first_id) as example
        from block_profile group by block, key having count(*) > {PROFILES}
        """
    )
    connection.execute(
        f"""
        create table {party}_pair as
        with star as (
            select first_id as a, id as b from block_member join block_profile using (block, key, profile)
            where id <> first_id
        ),
        across as (
            select one.first_id as a, other.first_id as b
            from block_profile as one
            join block_profile as other using (block, key)
            anti join large_block using (block, key)
            where one.first_id < other.first_id
        )
        select distinct a, b from (select * from star union all select * from across)
        """
    )
    rows = connection.execute(
        f"""
        select block, records, profiles, record_key from large_block
        join {party} on {party}.id = large_block.example order by records desc, block, record_key
        """
    ).fetchall()
    for table in ("block_member", "block_profile", "large_block"):
        connection.execute(f"drop table {table}")
    return [OversizedBlock(*row) for row in rows]
