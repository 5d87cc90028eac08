"""What a day changed, and what that bears on: records, contact points, organisations' people, former values.

Lays the new narrow tables into `kept` and says which records state something new for it (`again`). What then becomes of
their pairs and clusters does not belong here (`day`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from transforms.identity.contact_points import NAMED, READ, classify_points, points_of, shown_of
from transforms.identity.kept import PARTIES, replace_rows
from transforms.identity.parties import (
    lay_out_belonging,
    lay_out_organisations,
    lay_out_people,
    lay_out_people_points,
    stated_of,
)
from transforms.identity.workbench import count

LAID_OUT = {"organisation": lay_out_organisations, "person": lay_out_people}


@contextmanager
def part(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """A schema for tables of some of the records, laid before what stands for all of them; gone afterwards."""
    connection.execute("create schema part")
    connection.execute("set search_path = 'memory.part,memory.main'")
    try:
        yield
    finally:
        connection.execute("set search_path = 'memory.main'")
        connection.execute("drop schema part cascade")


def find_changes(connection: duckdb.DuckDBPyConnection, party: str) -> int:
    """`<party>_left(id)`: records that are gone or say something else now; `<party>_came(id, record_key, record_id)`:
    those that are new, with the next ids, or say it. Returns how many records changed; reads `records_<party>`."""
    connection.execute(f"create temp table {party}_now as select record_key, record_id, content from records_{party}")
    connection.execute(
        f"""
        create temp table {party}_left as
        select id, record_key from kept.{party} anti join {party}_now using (content)
        """
    )
    connection.execute(
        f"""
        create temp table {party}_came as
        with came as (select record_key, record_id from {party}_now anti join kept.{party} using (content)),
        fresh as (
            select record_key, record_id, row_number() over (order by record_key) as place
            from came anti join {party}_left using (record_key)
        )
        select id, record_key, record_id from came join {party}_left using (record_key)
        union all
        select ((select coalesce(max(id), -1) from kept.{party}) + place)::integer, record_key, record_id from fresh
        """
    )
    return count(
        connection, f"select greatest((select count(*) from {party}_left), (select count(*) from {party}_came))"
    )


def keys_tell_apart(connection: duckdb.DuckDBPyConnection) -> bool:
    """After the changes there are as many records as keys in either party, and none of those that came has a key of
    the other one."""
    return all(
        count(connection, f"select count(*) from {party}_now")
        == count(connection, f"select count(*) from kept.{party}")
        and not count(
            connection,
            f"select count(*) from kept.{other} where record_key in (select record_key from {party}_came)",
        )
        for party, other in (PARTIES, reversed(PARTIES))
    )


def lay_changes(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring `<party>`, `point`, `shown_point`, `organisation_people` and `staff_email` in `kept` up to date.

    Leaves `<party>_was`, `<party>_is` (rows of `<party>_left` and `<party>_came`), `moved_point(medium, value)`: whose
    class or worth is another now, `moved_people(id)`: organisations whose people write from elsewhere, and
    `moved_past(party, record_key)`. Reads `<party>_left`, `<party>_came`, `staff_email`.
    """
    for party in PARTIES:
        _lay_party(connection, party)
    _find_touched_points(connection)
    _lay_points(connection)
    _lay_people_points(connection)
    _lay_past(connection)
    connection.execute("delete from kept.staff_email; insert into kept.staff_email from staff_email")


def _lay_party(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    connection.execute(f"create temp table {party}_was as from kept.{party} semi join {party}_left using (id)")
    with part(connection):
        connection.execute(
            f"""
            create table records_{party} as
            -- By their ids first: a column of the files, so that of other rows hardly anything is read.
            from memory.main.records_{party} semi join {party}_came using (record_key)
            where record_id in (select record_id from {party}_came)
            """
        )
        LAID_OUT[party](connection)
        connection.execute(
            f"""
            create temp table {party}_is as
            select laid.* replace (came.id as id) from {party} as laid join {party}_came as came using (record_key)
            """
        )
    replace_rows(connection, party, "id", f"select id from {party}_left", f"from {party}_is")


def _find_touched_points(connection: duckdb.DuckDBPyConnection) -> None:
    """`touched_point(medium, value)`: contact points that others have now, or under another name, or show otherwise."""
    differences = [
        _difference(before, after)
        for party in PARTIES
        for before, after in (
            (points_of(party, f"{party}_{state}", *NAMED[party]) for state in ("was", "is")),
            (shown_of(party, f"{party}_{state}") for state in ("was", "is")),
        )
    ]
    touched = " union ".join(f"select medium, value from ({difference})" for difference in differences)
    staff = _difference("from staff_email", "from kept.staff_email")
    connection.execute(f"create temp table moved_staff as from ({staff})")
    connection.execute(
        f"""
        create temp table touched_point as
        {touched}
        union select 'email', email from moved_staff
        """
    )


def _difference(one: str, other: str) -> str:
    """SQL: rows of either query that the other one lacks."""
    return f"(from ({one}) except from ({other})) union all (from ({other}) except from ({one}))"


def _lay_points(connection: duckdb.DuckDBPyConnection) -> None:
    """Classify the touched points from all who use them."""
    with part(connection):
        for party in PARTIES:
            connection.execute(
                f"""
                create table {party} as select {READ[party]} from kept.{party} where id in (
                    select id from ({points_of(party, f"kept.{party}", "id")})
                    semi join touched_point using (medium, value)
                )
                """
            )
        classify_points(connection)
        connection.execute(
            """
            create temp table moved_point as
            select medium, value from touched_point
            left join part.point as now using (medium, value)
            left join kept.point as old using (medium, value)
            where row(now.class, now.others, now.reason like 'a mail provider%')
                is distinct from row(old.class, old.others, old.reason like 'a mail provider%')
            """
        )
        gone = "select medium, value from touched_point"
        for table in ("point", "shown_point"):
            fresh = f"from part.{table} semi join touched_point using (medium, value)"
            replace_rows(connection, table, "medium, value", gone, fresh)


def _lay_people_points(connection: duckdb.DuckDBPyConnection) -> None:
    """Ask the people of organisations that won or lost one, or one of whose addresses changed its class, or is our
    staff's now, or was."""
    connection.execute(
        """
        create temp table touched_organisation as
        with employer as (
            select organisation_key as record_key from person_was
            union select organisation_key from person_is
            union select record_key from organisation_is
            union select organisation_key from kept.person
            where email in (select value from moved_point where medium = 'email' union from moved_staff)
        )
        select id, record_key from kept.organisation semi join employer using (record_key)
        """
    )
    with part(connection):
        connection.execute(
            """
            create table organisation as
            select id, record_key from kept.organisation semi join touched_organisation using (id)
            """
        )
        connection.execute(
            """
            create table person as select id, email, organisation_key from kept.person
            where organisation_key in (select record_key from touched_organisation)
            """
        )
        lay_out_belonging(connection)
        connection.execute("create table point as from kept.point where value in (select email from person)")
        lay_out_people_points(connection)
        connection.execute(
            """
            create temp table moved_people as
            select id from touched_organisation
            left join part.organisation_people as now using (id)
            left join kept.organisation_people as old using (id)
            where now.people_point is distinct from old.people_point
            """
        )
        gone = "select id from touched_organisation union select id from organisation_left"
        replace_rows(connection, "organisation_people", "id", gone, "from part.organisation_people")


def _lay_past(connection: duckdb.DuckDBPyConnection) -> None:
    moved = _difference("from former", "from kept.former")
    connection.execute(f"create temp table moved_past as select distinct party, record_key from ({moved})")
    connection.execute("delete from kept.former; insert into kept.former from former")


def find_again(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """`again(id)`: the records of one party that state something new, or something of another worth, and
    `<party>_again`, as they are laid out; `was_stated`, `was_key`: what they and those that are gone stated.

    People also where their organisation became another cluster: `moved_cluster(record_key)`, organisations.
    """
    connection.execute(
        f"""
        create or replace temp table again as
        select id from {party}_came
        union
        select id from ({points_of(party, f"kept.{party}", "id")}) semi join moved_point using (medium, value)
        union
        select id from kept.{party} semi join (select record_key from moved_past where party = '{
            party
        }') using (record_key)
        union
        select id from kept.{party}
        where record_key in (
            select record_key from former where party = '{party}' and (medium, value) in (from moved_point)
        )
        union
        {
            "select id from moved_people"
            if party == "organisation"
            else "select id from kept.person where organisation_key in (select record_key from moved_cluster)"
        }
        """
    )
    connection.execute(f"create temp table {party}_again as from kept.{party} semi join again using (id)")
    before = f"(from {party}_was union all from {party}_again anti join {party}_came using (id))"
    connection.execute(f"create or replace temp table was_stated as {stated_of(party, before)}")
    connection.execute(
        f"""
        create or replace temp table was_key as from kept.{party}_key
        where id in (select id from again union select id from {party}_left)
        """
    )
