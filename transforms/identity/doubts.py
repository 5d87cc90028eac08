"""Fields that say nothing between two sources because they disagree for nearly everybody: recognised from the data.

What a disagreement is worth where a field can be trusted does not belong here (`scoring`).
"""

from __future__ import annotations

import duckdb

ENOUGH = 5
"""Pairs that must be comparable before a source is doubted; fewer may be fathers and sons."""


def doubt_birth_dates(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """`doubtful_birth_dates(source_a, source_b)`, both ways round: their birth dates contradict nobody. Returns `a,
    b` in words.

    Among pairs of two sources that agree on a personal e-mail and the full name, birth dates agree unless they were
    mistyped; where most differ, one source's were shifted, made up or scrambled. Reads `person_pair`, `person`,
    `point`.
    """
    connection.execute(
        f"""
        create table doubtful_birth_dates as
        with pair as (
            select least(one.source, two.source) as source_a, greatest(one.source, two.source) as source_b,
                one.birth_date <> two.birth_date as differ,
            from person_pair
            join person as one on one.id = a
            join person as two on two.id = b
            join point on point.medium = 'email' and point.value = one.email and point.class = 'personal'
            where one.email = two.email and one.family = two.family and one.given_key = two.given_key
                and one.birth_date is not null and two.birth_date is not null and one.source <> two.source
        ),
        doubtful as (
            select source_a, source_b from pair group by source_a, source_b
            having count(*) >= {ENOUGH} and 2 * count(*) filter (where differ) > count(*)
        )
        select source_a, source_b from doubtful union all select source_b, source_a from doubtful
        """
    )
    rows = connection.execute(
        "select source_a, source_b from doubtful_birth_dates where source_a < source_b order by all"
    ).fetchall()
    return tuple(f"{one}, {other}" for one, other in rows)
