"""What a contact point is worth: personal, household, shared or placeholder, with the reason, recognised from the data.

Only what the records of this run say decides; there is no list of anybody's numbers. Which pairs a contact point brings
together does not belong here (`candidates`).
"""

from __future__ import annotations

import duckdb
import numpy as np
import polars as pl

from transforms.identity.clusters import Ids, components
from transforms.identity.parties import IDENTIFIERS
from transforms.identity.words import MAIL_PROVIDERS, NO_NAMES, PLACEHOLDER_MAILBOXES, ROLE_MAILBOXES
from transforms.identity.workbench import count, keep, quoted_list

HOUSEHOLD = 8
"""People under one family name up to which a contact point is a household's; more are a firm's that bears the name."""

ORGANISATIONS = 3
"""Organisations up to which one person's contact point stays personal: the owner of three shops has one mobile."""

AT_HOME = 4
"""Names at one number up to which one given name under two family names is one person who married, not colleagues."""

NAMES = 40
"""Whole names at one contact point up to which they are compared; of more, each is somebody."""

ALIKE = 0.8
"""Jaro-Winkler similarity from which half a name may be the same as another one, mistyped."""

SLIP = 0.05
"""Strangers behind a personal contact point: one in twenty was mistyped, taken over or lent."""

_POINTS = {
    party: (*points, *((name, name) for name in IDENTIFIERS[party]))
    for party, points in {
        "person": (("email", "email"), ("number", "mobile"), ("number", "phone")),
        "organisation": (("email", "email"), ("number", "number"), ("domain", "domain")),
    }.items()
}
"""Medium and column: a number is one number, whether it stands as phone or as mobile."""
COLUMNS = {party: tuple(column for _, column in points) for party, points in _POINTS.items()}
"""Columns that hold contact points."""
_SHOWN = {
    "person": (
        ("email", "email", "email", "email_shown"), ("number", "phone", "number_key(phone_shown)", "phone_shown"),
        ("number", "mobile", "number_key(mobile_shown)", "mobile_shown"),
    ),
    "organisation": (
        ("email", "email", "email", "email_shown"), ("number", "phone", "number_key(phone_shown)", "phone_shown"),
        ("domain", "domain", "domain", "domain"),
    ),
}  # fmt: skip
"""Medium, kind, value and how it is shown."""
NAMED = {"person": ("id", "family", "given", "given_key", "given_forms", "initial"), "organisation": ("id", "name")}
"""Columns that say who uses a contact point."""
READ = {
    party: ", ".join(dict.fromkeys((*names, *COLUMNS[party], *(shown for *_, shown in _SHOWN[party]))))
    for party, names in NAMED.items()
}
"""SQL: the columns of people and organisations by which contact points are classified."""

_SAME_DIGIT = "|".join(f"{digit}{{7,}}|{digit}{{6}}$" for digit in range(10))
PLACEHOLDER_NUMBER = f"({_SAME_DIGIT}|123456|^234567890?$|987654321)"
"""Last nine digits of numbers that were typed to fill a field: a run of one digit (seven, or six at the end), or
counting."""
_ONE_DIGIT = "|".join(f"{digit}+" for digit in range(10))
TYPED = f"^(X+|[A-Z]{{0,3}}({_ONE_DIGIT}|0?123(4(5(6(7(8(90?)?)?)?)?)?)?|987654321))$"
"""Identifiers, and mailboxes, that may have been typed to fill a field: one digit throughout, or counting; after a
country's letters, too (`DE999999999`). A number of a series may look so: it is none where only one customer has it."""


def classify_points(connection: duckdb.DuckDBPyConnection) -> None:
    """`point(medium, value, class, reason, records, people, organisations, others)` and `shown_point(medium, value,
    kind, shown, class, reason, records, names)`.

    medium is email, number, domain, customer_number, loyalty_id, national_id or vat_id: a number is one number,
    whether it stands as phone or as mobile. `people` counts those who are told apart by their names: a slip of the
    pen, a nickname, swapped, married or half names are nobody else. `others` is how many strangers to expect behind
    the value, in steps, so that one more of fifty changes nothing. Reads `person`, `organisation`, `staff_email`.
    """
    connection.execute(f"create temp table point_use as {points_of('person', 'person', 'id')}")
    connection.execute(f"create temp table organisation_use as {points_of('organisation', 'organisation', 'name')}")
    _count_people(connection)
    connection.execute(f"create table point as {_classes()}")
    _lay_out_shown(connection)
    connection.execute("drop table point_use; drop table organisation_use; drop table point_people")


def points_of(party: str, rows: str, *columns: str) -> str:
    """SQL: medium, value and these columns of every contact point in `rows`, people or organisations."""
    more = "".join(f", {column}" for column in columns)
    return " union all ".join(
        f"select '{medium}' as medium, {column} as value{more} from {rows} where {column} is not null"
        for medium, column in _POINTS[party]
    )


def worth_of(party: str) -> str:
    """SQL of joins that give each contact point of `party` what it is worth, as `<column>_point`."""
    return " ".join(
        f"left join point as {column}_point "
        f"on {column}_point.medium = '{medium}' and {column}_point.value = {party}.{column}"
        for medium, column in _POINTS[party]
    )


def shown_of(party: str, rows: str) -> str:
    """SQL: medium, kind, value and shown of what is published of the contact points in `rows`."""
    return " union all ".join(
        f"select '{medium}' as medium, '{kind}' as kind, {value} as value, {shown} as shown from {rows} "
        f"where {shown} is not null"
        for medium, kind, value, shown in _SHOWN[party]
    )


def _lay_out_shown(connection: duckdb.DuckDBPyConnection) -> None:
    """`shown_point`: what is published of a contact point, as the records write it. Reads `point`."""
    connection.execute(
        f"""
        create table shown_point as
        with shown as (
            select medium, kind, value, min(shown) as shown
            from ({" union all ".join(shown_of(party, party) for party in _SHOWN)}) group by all
        )
        select medium, value, kind, shown, class, reason, records, greatest(people, organisations) as names
        from shown join point using (medium, value)
        """
    )


def _count_people(connection: duckdb.DuckDBPyConnection) -> None:
    """`point_people`: per value its records, people and families, and organisations by name."""
    connection.execute(
        """
        create temp table several as
        select medium, value from point_use join person using (id) group by all
        having min(hash(family, given)) <> max(hash(family, given))
        """
    )
    connection.execute(
        f"""
        create temp table name_at as
        with stated as (
            select distinct medium, value, family, given, given_key, given_forms, initial,
                family is null or given_key is null as half,
            from several join point_use using (medium, value) join person using (id)
            where coalesce(family, given) is not null
        ),
        -- Half a name is somebody else only where no whole name there may be the same.
        name as (
            select * from stated where not half
            union all
            select * from stated as one
            anti join (select * from stated where not half) as two
                on one.medium = two.medium and one.value = two.value and ({_half_of("one", "two")})
            where one.half
        )
        select *, (row_number() over (order by medium, value, family, given) - 1)::integer as node,
            count(*) over (partition by medium, value) <= {NAMES} as compared,
            medium <> 'number' or count(*) over (partition by medium, value) <= {AT_HOME} as own,
        from name
        """
    )
    names = count(connection, "select count(*) from name_at")
    # Who may be one person is of one family.
    linked = {"person": [_pairs(connection, _same_person())]}
    linked["family"] = [*linked["person"], _pairs(connection, _same_family("one", "two"))]
    for label, pairs in linked.items():
        one, other = (np.concatenate(ends) for ends in zip(*pairs, strict=True))
        found = components(names, one, other)
        keep(connection, f"{label}_at", pl.DataFrame({"node": np.arange(names, dtype=np.int32), label: found}))
    connection.execute(
        """
        create temp table point_people as
        with told_apart as (
            select medium, value, count(distinct person) as people,
                count(distinct family_at.family) filter (name_at.family is not null) as families,
            from name_at join person_at using (node) join family_at using (node) group by medium, value
        ),
        used as (select medium, value, count(*) as records from point_use group by medium, value),
        organisations as (
            select medium, value, count(*) as records, count(distinct name) as names
            from organisation_use group by medium, value
        )
        select medium, value, coalesce(used.records, 0) + coalesce(organisations.records, 0) as records,
            case when used.records is null then 0 else coalesce(told_apart.people, 1) end as people,
            coalesce(told_apart.families, 1) as families,
            coalesce(organisations.names, 0) as organisations,
        from used
        left join told_apart using (medium, value)
        full join organisations using (medium, value)
        """
    )
    for table in ("several", "name_at", "person_at", "family_at"):
        connection.execute(f"drop table {table}")


def _pairs(connection: duckdb.DuckDBPyConnection, alike: str) -> tuple[Ids, Ids]:
    """Both ends of the pairs of names at one contact point of which `alike` (SQL over `one` and `two`) holds."""
    found = connection.execute(
        f"""
        select one.node, two.node as other
        from name_at as one join name_at as two using (medium, value)
        where one.compared and one.node < two.node and ({alike})
        """
    ).fetchnumpy()
    return np.asarray(found["node"]), np.asarray(found["other"])


def _half_of(half: str, whole: str) -> str:
    """SQL: a family name alone, a given name alone, or an initial, as the whole name has it, either part for the
    other, too."""
    return f"""
        case
            when {half}.given is null
                then {_alike(f"{half}.family", f"{whole}.family")} or {_alike(f"{half}.family", f"{whole}.given")}
            when {half}.family is null
                then {_alike_given(half, whole)} or {_alike(f"{half}.given", f"{whole}.family")}
            else {half}.initial = {whole}.initial
        end
    """


def _alike(one: str, two: str) -> str:
    return f"(contains({one}, {two}) or contains({two}, {one}) or jaro_winkler_similarity({one}, {two}) >= {ALIKE})"


def _alike_given(one: str, two: str) -> str:
    return f"({_same_given(one, two)} or {_alike(f'{one}.given', f'{two}.given')})"


def _same_family(one: str, two: str) -> str:
    return f"""(
        {one}.family = {two}.family
        or (length({one}.family) > 3 and contains({two}.family, {one}.family))
        or (length({two}.family) > 3 and contains({one}.family, {two}.family))
        or (least(length({one}.family), length({two}.family)) > 3
            and jaro_winkler_similarity({one}.family, {two}.family) >= 0.9)
    )"""


def _same_given(one: str, two: str) -> str:
    return f"""(
        {one}.given_key = {two}.given_key
        or contains({one}.given_forms, '|' || {two}.given_key || '|')
        or contains({two}.given_forms, '|' || {one}.given_key || '|')
        or (({one}.given_key is null or {two}.given_key is null) and {one}.initial = {two}.initial)
        or (least(length({one}.given), length({two}.given)) > 3
            and jaro_winkler_similarity({one}.given, {two}.given) >= 0.9)
        or (least(length({one}.given), length({two}.given)) > 2 and damerau_levenshtein({one}.given, {two}.given) <= 1)
        or (length({one}.given) > 1 and starts_with({two}.given, {one}.given))
        or (length({two}.given) > 1 and starts_with({one}.given, {two}.given))
    )"""


def _same_person() -> str:
    """Two names at one contact point may be one person's. Of half a name, what is not said tells nobody apart."""
    return f"""
        ({_same_family("one", "two")} and {_same_given("one", "two")})
        or ((one.half or two.half)
            and (one.family is null or two.family is null or {_alike("one.family", "two.family")})
            and (one.given is null or two.given is null or {_alike_given("one", "two")}))
        or (one.family = two.given and one.given = two.family)
        or (one.own and not (one.half or two.half) and {_same_given("one", "two")})
        or jaro_winkler_similarity(one.given || one.family, two.given || two.family) >= 0.95
        or jaro_winkler_similarity(one.given || one.family, two.family || two.given) >= 0.95
    """


def _classes() -> str:
    """First line that holds: nothing typed to fill a field, no role, no staff; then by who shares the value."""
    roles, placeholders = quoted_list(ROLE_MAILBOXES), quoted_list(PLACEHOLDER_MAILBOXES)
    identifiers = quoted_list(sorted({name for names in IDENTIFIERS.values() for name in names}))
    fillers = quoted_list([name.replace(" ", "") for name in NO_NAMES])
    return f"""
        with point as (
            select *,
                case when medium = 'email' then mailbox(value) end as mailbox,
                medium = 'email' and value in (select email from staff_email) as staff,
            from point_people
        ),
        decided as (
            select *,
                case
                    when medium = 'email'
                        and (mailbox in ({placeholders}) or mailbox = '' or regexp_matches(upper(mailbox), '{TYPED}'))
                        then ['placeholder', 'an address that is typed where there is none']
                    when medium = 'number' and regexp_matches(value, '{PLACEHOLDER_NUMBER}')
                        then ['placeholder', 'digits that are typed where there is no number']
                    when medium in ({identifiers}) and greatest(people, organisations) > 1
                        and (regexp_matches(value, '{TYPED}')
                            or regexp_replace(lower(value), '[^a-z0-9]', '', 'g') in ({fillers}))
                        then ['placeholder', 'typed where there is no such number, by several']
                    when medium = 'domain' and value in ({quoted_list(MAIL_PROVIDERS)})
                        then ['shared', 'a mail provider''s or host''s domain']
                    when staff then ['shared', 'an address of our own staff']
                    when mailbox in ({roles}) then ['shared', 'the mailbox of a role, not of a person']
                    when organisations > {ORGANISATIONS} or (people = 0 and organisations > 1)
                        then ['shared', format('used by {{}} different organisations', organisations)]
                    when people = 0 then ['personal', 'used by one organisation']
                    when people = 1 then ['personal', 'used under one name']
                    when organisations > 0
                        then ['shared', format('an organisation''s own, used by {{}} people', people)]
                    when families = 1 and people <= {HOUSEHOLD}
                        then ['household', format('used by {{}} people of one family name', people)]
                    when families = 1
                        then ['shared', format('used by {{}} people, more than a household has', people)]
                    else ['shared', format('used by {{}} people of different family names', people)]
                end as verdict,
                greatest(people, organisations) as strangers,
            from point
        )
        select medium, value, verdict[1] as class, verdict[2] as reason, records, people, organisations,
            case
                when verdict[1] = 'personal' then {SLIP}
                when strangers <= 3 then 2
                when strangers <= 8 then 5
                else 4 ** round(log(strangers) / log(4))
            end::double as others,
        from decided
    """
