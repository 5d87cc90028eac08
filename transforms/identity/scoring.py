"""Candidate pairs -> edges, by exact evidence: what two records agree and disagree on, and what that is worth.

This is the seam for a trained comparison: `score_people` and `score_organisations` read a table of pairs and leave
a table of edges, as a pure function of the two records and the classes of their contact points. Guards, decisions,
clusters and ids come after and do not care how the score was made.
"""

from __future__ import annotations

import duckdb

from transforms.identity.rules import (
    LONG_STREET,
    ORGANISATION_AGREEMENTS,
    ORGANISATION_DISAGREEMENTS,
    ORGANISATION_REFUSALS,
    ORGANISATION_RULES,
    PERSON_AGREEMENTS,
    PERSON_DISAGREEMENTS,
    PERSON_REFUSALS,
    PERSON_RULES,
    Refusal,
    Rule,
)
from transforms.identity.workbench import quoted_list

MODEL_VERSION = "exact-1"


def score_people(connection: duckdb.DuckDBPyConnection) -> None:
    """`person_pair(a, b)` -> `person_edge(a, b, score, rule, agreed, disagreed, used, reason)`.

    `used` is 'used' or 'refused' (score 0, no rule). Pairs without evidence that links and without a contradiction
    leave no edge. Reads `person`, `point`, `belonging`, `doubtful_birth_dates`.
    """
    connection.execute(
        f"""
        create table person_edge as
        with pair as (
            select a, b,
                {_given()} as given,
                case when one.family is null or two.family is null then 'missing'
                     when one.family = two.family then 'same' else 'different' end as family,
                case when one.email = two.email then one.email end as shared_email,
                case when one.mobile in (two.mobile, two.phone) then one.mobile
                     when one.phone in (two.mobile, two.phone) then one.phone end as shared_number,
                {_same("customer_number")}, {_same("birth_date")},
                coalesce(one_belongs.organisation = two_belongs.organisation, false) as same_organisation,
                coalesce(one_belongs.organisation <> two_belongs.organisation, false) as organisations_differ,
                one.generation is not distinct from two.generation as same_generation,
                coalesce(one.street = two.street and (
                    one.postal_code = two.postal_code or one.city = two.city
                    or (coalesce(one.postal_code, two.postal_code, one.city, two.city) is null
                        and length(one.street) >= {LONG_STREET})
                ), false) as same_address,
                {_differ("email")}, {_differ("mobile")}, {_differ("birth_date")}, {_differ("generation")},
                {_differ("customer_number")},
                coalesce(one.birth_date <> two.birth_date, false) and doubt.source_a is null as birth_dates_contradict,
                coalesce(one.email <> two.email
                    and split_part(one.email, '@', 2) = split_part(two.email, '@', 2), false) as mailboxes_differ,
            from person_pair
            join person as one on one.id = a
            join person as two on two.id = b
            left join belonging as one_belongs on one_belongs.id = a
            left join belonging as two_belongs on two_belongs.id = b
            left join doubtful_birth_dates as doubt on doubt.source_a = one.source and doubt.source_b = two.source
        ),
        compared as (
            select pair.*,
                coalesce(family = 'same' and given in ('same', 'nickname'), false) as full_name,
                email_point.class as email_class,
                number_point.class as number_class,
            from pair
            left join point as email_point
                on email_point.medium = 'email' and email_point.value = shared_email
                and email_point.class <> 'placeholder'
            left join point as number_point
                on number_point.medium = 'number' and number_point.value = shared_number
                and number_point.class <> 'placeholder'
        )
        {_edges(PERSON_RULES, PERSON_REFUSALS, PERSON_AGREEMENTS, PERSON_DISAGREEMENTS)}
        """
    )


def score_organisations(connection: duckdb.DuckDBPyConnection) -> None:
    """`organisation_pair(a, b)` -> `organisation_edge`, columns as in `score_people`.

    A contact point of an organisation counts while it is no placeholder and no provider's: several names on one
    domain do not make it worthless, for the name has to agree as well. `New York` and `New York City` do not
    differ, nor do two spellings of a city with one postal code.
    """
    usable = "(select value from point where medium = '{medium}' and {worthless})"
    worthless_domain = usable.format(medium="domain", worthless="class = 'shared' and reason like 'a mail provider%'")
    worthless_number = usable.format(medium="number", worthless="(class = 'placeholder' or organisation_names > 50)")
    worthless_email = usable.format(medium="email", worthless="(class = 'placeholder' or organisation_names > 50)")
    connection.execute(
        f"""
        create table organisation_edge as
        with pair as (
            select a, b,
                {_same("name_key", "name")}, {_same("name_word", "word")},
                {_same("vat_id")}, {_same("customer_number")},
                {_same("street")}, {_same("postal_code")}, {_same("country")},
                coalesce(one.domain = two.domain and one.domain not in {worthless_domain}, false) as same_domain,
                coalesce(one.phone = two.phone and one.phone not in {worthless_number}, false) as same_phone,
                coalesce(one.email = two.email and one.email not in {worthless_email}, false) as same_email,
                coalesce(one.city = two.city or starts_with(one.city, two.city || ' ')
                    or starts_with(two.city, one.city || ' '), false) as same_city,
                {_differ("vat_id")}, {_differ("customer_number")}, {_differ("domain")}, {_differ("phone")},
                coalesce(one.country <> two.country, false) as countries_differ,
                one.city is not null and two.city is not null as both_cities,
                coalesce(one_people.people_point = two_people.people_point, false) as same_people,
            from organisation_pair
            join organisation as one on one.id = a
            join organisation as two on two.id = b
            left join organisation_people as one_people on one_people.id = a
            left join organisation_people as two_people on two_people.id = b
        ),
        compared as (
            select *,
                both_cities and not same_city and not same_postal_code as cities_differ,
                same_city::integer + same_postal_code::integer as places,
                same_domain or same_phone or same_email as same_point,
            from pair
        )
        {_edges(ORGANISATION_RULES, ORGANISATION_REFUSALS, ORGANISATION_AGREEMENTS, ORGANISATION_DISAGREEMENTS)}
        """
    )


def _given() -> str:
    """Two given names: same, nickname (`Bob`, `Robert`), initial (`J.`, `John`), missing, different."""
    rest = (
        "(one.given_rest is null or two.given_rest is null or one.given_rest = two.given_rest"
        " or (least(length(one.given_rest), length(two.given_rest)) = 1 and one.given_rest[1] = two.given_rest[1]))"
    )
    return f"""case
        when one.given is null or two.given is null then 'missing'
        when one.given = two.given then 'same'
        when one.given_key = two.given_key and {rest} and one.given[1] = two.given[1] then 'same'
        when one.given_key = two.given_key and {rest} then 'nickname'
        when (one.given_key is null or two.given_key is null) and one.initial = two.initial and {rest} then 'initial'
        else 'different' end"""


def _same(column: str, name: str | None = None) -> str:
    return f"coalesce(one.{column} = two.{column}, false) as same_{name or column}"


def _differ(column: str) -> str:
    return f"coalesce(one.{column} <> two.{column}, false) as {column}s_differ"


def _edges(
    rules: tuple[Rule, ...], refusals: tuple[Refusal, ...], agreements: dict[str, str], disagreements: dict[str, str]
) -> str:
    """Select the edges from `compared`: a contradiction refuses, else the first rule that holds links."""
    refused = " ".join(f"when {refusal.holds} then '{refusal.reason}'" for refusal in refusals)
    number = " ".join(f"when {rule.holds} then {index}" for index, rule in enumerate(rules, start=1))
    scores = ", ".join(str(rule.score) for rule in rules)
    names, reasons = quoted_list([rule.name for rule in rules]), quoted_list([rule.reason for rule in rules])
    return f"""
        , judged as (
            select a, b,
                case {refused} end as refusal,
                case {number} end as rule_number,
                {_fields(agreements)} as agreed,
                {_fields(disagreements)} as disagreed,
            from compared
        )
        select a, b,
            case when refusal is null then [{scores}][rule_number] else 0 end::double as score,
            case when refusal is null then [{names}][rule_number] end as rule,
            agreed, disagreed,
            case when refusal is null then 'used' else 'refused' end as used,
            coalesce(refusal, [{reasons}][rule_number]) as reason,
        from judged
        where refusal is not null or rule_number is not null
    """


def _fields(conditions: dict[str, str]) -> str:
    """A JSON list of the names whose condition holds."""
    parts = ", ".join(f"case when {condition} then '\"{name}\"' end" for name, condition in conditions.items())
    return f"'[' || concat_ws(', ', {parts}) || ']'"
