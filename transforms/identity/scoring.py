"""Candidate pairs -> edges, by exact evidence: what two records agree and disagree on, and what that is worth.

This is the seam for a trained comparison: `score_people` and `score_organisations` read a table of pairs and leave
a table of edges, as a pure function of the two records and the classes of their contact points. Guards, decisions,
clusters and ids come after and do not care how the score was made.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

MODEL_VERSION = "exact-1"


@dataclass(frozen=True)
class Rule:
    """One kind of evidence that links on its own, and how sure it makes us."""

    name: str
    score: float
    holds: str
    """SQL condition over the columns of the comparison below."""
    reason: str


@dataclass(frozen=True)
class Refusal:
    """One contradiction that keeps two records apart whatever they share."""

    holds: str
    reason: str


# The scores order the kinds of evidence and are judged, not trained: what one accident could explain stands lower.
PERSON_RULES: tuple[Rule, ...] = (
    Rule("email+name", 0.98, "email_class = 'personal' and full_name", "personal e-mail and full name agree"),
    Rule("customer_number+name", 0.96, "same_customer_number and full_name", "customer number and full name agree"),
    Rule("phone+name", 0.94, "number_class = 'personal' and full_name", "personal phone number and full name agree"),
    Rule("name+organisation", 0.92, "same_organisation and full_name", "full name and organisation agree"),
    Rule("name+address", 0.9, "same_address and full_name and same_generation", "full name and address agree"),
    Rule("name+birth_date", 0.9, "same_birth_date and full_name", "full name and birth date agree"),
    Rule(
        "email+initial", 0.9, "email_class = 'personal' and family = 'same' and given = 'initial'",
        "personal e-mail and family name agree, the given name in its initial",
    ),
    Rule(
        "email", 0.88, "email_class = 'personal' and (family = 'missing' or given = 'missing') and family <> 'different'",
        "personal e-mail agrees, and no name speaks against it",
    ),
    Rule(
        "household+name", 0.86, "full_name and 'household' in (email_class, number_class) and same_generation",
        "full name agrees on the contact point of one household",
    ),
    Rule(
        "email+given_name", 0.84, "email_class = 'personal' and family = 'different' and given in ('same', 'nickname')",
        "personal e-mail and given name agree, under another family name",
    ),
    Rule(
        "phone+initial", 0.82, "number_class = 'personal' and family = 'same' and given = 'initial'",
        "personal phone number and family name agree, the given name in its initial",
    ),
)  # fmt: skip
"""The first that holds is the pair's."""

PERSON_REFUSALS: tuple[Refusal, ...] = (
    Refusal("birth_dates_contradict", "birth dates differ"),
    Refusal("generations_differ", "junior and senior"),
    Refusal("family = 'different' and given = 'different'", "names differ"),
    Refusal("given = 'different'", "given names differ"),
    Refusal(
        "family = 'different' and (given not in ('same', 'nickname') or email_class is distinct from 'personal')",
        "family names differ",
    ),
    Refusal(
        "same_organisation and mailboxes_differ and mobiles_differ and email_class is null and number_class is null",
        "two mailboxes and two mobiles in one organisation",
    ),
)

ORGANISATION_RULES: tuple[Rule, ...] = (
    Rule("name+vat_id", 0.98, "same_name and same_vat_id", "name and VAT number agree"),
    Rule("name+customer_number", 0.97, "same_name and same_customer_number", "name and customer number agree"),
    Rule("name+domain", 0.95, "same_name and same_domain", "name and web domain agree"),
    Rule("name+phone", 0.95, "same_name and same_phone", "name and phone number agree"),
    Rule("name+email", 0.94, "same_name and same_email", "name and e-mail agree"),
    Rule("name+address", 0.93, "same_name and same_street and places > 0", "name and address agree"),
    Rule("name+people", 0.92, "same_name and same_people", "name agrees, and their people write from one domain or address"),
    Rule("vat_id+word", 0.92, "same_vat_id and same_word", "VAT number and first word of the name agree"),
    Rule("customer_number+word", 0.9, "same_customer_number and same_word and same_point",
         "customer number, a contact point and the first word of the name agree"),
    Rule("name+place", 0.85, "same_name and places > 0", "name and city or postal code agree"),
)  # fmt: skip
"""The first that holds is the pair's. A name alone links nothing: two towns have a Central Pharmacy each."""

ORGANISATION_REFUSALS: tuple[Refusal, ...] = (
    Refusal("vat_ids_differ", "VAT numbers differ"),
    Refusal("customer_numbers_differ", "customer numbers differ"),
    Refusal("countries_differ", "countries differ"),
    Refusal("cities_differ", "cities differ"),
    Refusal("same_vat_id and not same_word", "names differ under one VAT number"),
)

_PERSON_AGREEMENTS = {
    "full_name": "full_name",
    "family_name": "not full_name and family = 'same'",
    "given_name": "not full_name and given in ('same', 'nickname')",
    "initial": "given = 'initial'",
    "email": "email_class is not null",
    "phone": "number_class is not null",
    "address": "same_address",
    "organisation": "same_organisation",
    "birth_date": "same_birth_date",
    "customer_number": "same_customer_number",
}
_PERSON_DISAGREEMENTS = {
    "family_name": "family = 'different'",
    "given_name": "given = 'different'",
    "email": "emails_differ",
    "mobile": "mobiles_differ",
    "birth_date": "birth_dates_differ",
    "organisation": "organisations_differ",
    "customer_number": "customer_numbers_differ",
}
_ORGANISATION_AGREEMENTS = {
    "name": "same_name",
    "domain": "same_domain",
    "phone": "same_phone",
    "email": "same_email",
    "people": "same_people",
    "street": "same_street",
    "city": "same_city",
    "postal_code": "same_postal_code",
    "country": "same_country",
    "customer_number": "same_customer_number",
    "vat_id": "same_vat_id",
}
_ORGANISATION_DISAGREEMENTS = {
    "name": "not same_name",
    "domain": "domains_differ",
    "phone": "phones_differ",
    "city": "cities_differ",
    "country": "countries_differ",
    "customer_number": "customer_numbers_differ",
    "vat_id": "vat_ids_differ",
}


def score_people(connection: duckdb.DuckDBPyConnection) -> None:
    """`person_pair(a, b)` -> `person_edge(a, b, score, rule, agreed, disagreed, used, reason)`, used is 'used' or
    'refused'.

    Pairs without evidence that links and without a contradiction leave no edge. Reads `person`, `point`, `belonging`,
    `doubtful_birth_dates`.
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
                    or (coalesce(one.postal_code, two.postal_code, one.city, two.city) is null and length(one.street) >= 15)
                ), false) as same_address,
                {_differ("email")}, {_differ("mobile")}, {_differ("birth_date")}, {_differ("generation")}, {_differ("customer_number")},
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
                on email_point.medium = 'email' and email_point.value = shared_email and email_point.class <> 'placeholder'
            left join point as number_point
                on number_point.medium = 'number' and number_point.value = shared_number
                and number_point.class <> 'placeholder'
        )
        {_edges(PERSON_RULES, PERSON_REFUSALS, _PERSON_AGREEMENTS, _PERSON_DISAGREEMENTS)}
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
                {_same("name_key", "name")}, {_same("name_word", "word")}, {_same("vat_id")}, {_same("customer_number")},
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
        {_edges(ORGANISATION_RULES, ORGANISATION_REFUSALS, _ORGANISATION_AGREEMENTS, _ORGANISATION_DISAGREEMENTS)}
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
            case when refusal is null then [{", ".join(str(rule.score) for rule in rules)}][rule_number] else 0 end::double as score,
            case when refusal is null then [{", ".join(f"'{rule.name}'" for rule in rules)}][rule_number] end as rule,
            agreed, disagreed,
            case when refusal is null then 'used' else 'refused' end as used,
            coalesce(refusal, [{", ".join(f"'{rule.reason}'" for rule in rules)}][rule_number]) as reason,
        from judged
        where refusal is not null or rule_number is not null
    """


def _fields(conditions: dict[str, str]) -> str:
    """A JSON list of the names whose condition holds."""
    parts = ", ".join(f"case when {condition} then '\"{name}\"' end" for name, condition in conditions.items())
    return f"'[' || concat_ws(', ', {parts}) || ']'"
