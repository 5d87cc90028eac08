"""Scored pairs -> edges: what links, what is held apart all the same, and what is said of it.

Guards act only where all that agrees may be shared by several people: a contact point of a household, an address, a
name. Where something agrees that belongs to one person alone, the score decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import duckdb
import numpy as np

from transforms.identity.calibration import SURE, UNRELIABLE
from transforms.identity.model import Model
from transforms.identity.parties import IDENTIFIERS

WORTH = 0.5
"""Match weight (bits) from which a comparison is named as agreeing or disagreeing."""
TELLING = 5.0
"""Match weight (bits) from which a link is said to rest on a comparison."""
TOLD = 0.01
"""Score from which a pair that does not link is told nevertheless: a reviewer may know better."""
GIVEN_AGREES = ("same", "nickname", "in the mailbox", "swapped", "swapped and near", "initial", "near", "beginning")
"""Levels of given names that may be one person's."""
GARBLED = 0.6
"""Jaro-Winkler similarity from which a given name may be another one, garbled: of a set of people whose names were
garbled on purpose four in five resemble themselves that much, of households whose names differ one couple in nine."""
TOO_LITTLE = "what agrees weighs too little"


@dataclass(frozen=True)
class Guard:
    """What keeps two records apart although their score would link them."""

    holds: str
    """SQL over both records (`_l`, `_r`) and what of them agrees."""
    reason: str
    rests_on: str | None = None
    """Field whose differing holds the records apart; of no avail where that field is unreliable."""
    firm: bool = False
    """Whether no third record may bring the two together either."""


def _agrees(model: Model, fields: Sequence[str], name: str, *levels: str) -> str:
    """SQL: the comparison stands on one of the levels; false where it is not made."""
    if name not in fields:
        return "false"
    numbers = ", ".join(str(number) for number in model.comparisons[name].number(*levels))
    return f"(gamma_{name} in ({numbers}))"


DECLARED = Guard("alone_in_l = alone_in_r", "their source says that no two of its records are one", firm=True)

PERSON_GUARDS = (
    DECLARED,
    Guard("not sure and generation_l <> generation_r", "junior and senior", firm=True),
    Guard(
        "not own and generation_l is distinct from generation_r and points_differ and not birth_agrees",
        "one of them is a junior or senior, and their addresses or numbers differ",
    ),
    Guard(
        "not sure and birth_differs and birth_whole and abs(years_apart) between 15 and 60",
        "a generation between their birth dates",
        "birth_date",
        firm=True,
    ),
    Guard(
        "not own and given_differs and (given_known or gender_differs) and birth_agrees and family_agrees "
        "and (place_agrees or points_differ)",
        "given names differ under one family name and birth date: twins",
        "given_name",
        firm=True,
    ),
    Guard(
        "not own and given_differs and (given_known or gender_differs or birth_differs) and not birth_agrees",
        "given names differ, and nothing agrees that one person has alone",
        "given_name",
    ),
    Guard("not own and given_differs and family_differs and given_known", "both names differ", "given_name"),
    Guard(
        "not own and given_alike and family_agrees and birth_differs and birth_whole and place_agrees",
        "alike given names of one home with other birth dates: brothers or sisters",
        "birth_date",
    ),
    Guard(
        "not own and family_differs and not (given_agrees and (home_agrees or married)) and not birth_agrees "
        "and not birth_resembles and not more_agrees",
        "family names differ, and nothing agrees that one person has alone",
        "family_name",
    ),
    Guard(
        "not own and not given_agrees and not birth_agrees and not more_agrees",
        "only what a household or an office shares agrees, no given name or birth date",
        "given_name",
    ),
)

ORGANISATION_GUARDS = (
    DECLARED,
    Guard("vat_differs and not own", "VAT numbers differ", firm=True),
    Guard("number_differs and not own", "customer numbers differ", firm=True),
    Guard(
        "street_differs and not own and not domain_agrees and not (name_alike and phone_alone)",
        "at different addresses: another branch, or a namesake",
    ),
    Guard(
        "not own and (place_differs and phone_differs or street_differs and city_differs and email_differs)",
        "another place with another phone or mailbox: a branch",
        firm=True,
    ),
    Guard("city_differs and not own and not point_agrees", "one name in different places"),
    Guard("name_differs and not own and not point_agrees", "names differ, and nothing agrees but the place"),
)
"""The first that holds is told."""


def facts(party: str, model: Model, fields: Sequence[str]) -> str:
    """SQL columns that the guards speak of."""
    agrees = partial(_agrees, model, fields)
    return _person_facts(agrees, fields) if party == "person" else _organisation_facts(agrees)


def _person_facts(agrees: Callable[..., str], fields: Sequence[str]) -> str:
    sure = " or ".join(
        (
            f"({agrees('email', 'same')} and email_class_l = 'personal')",
            *(agrees(name, "same", "near") for name in IDENTIFIERS["person"]),
        )
    )
    shared = (
        "((number_l in (number_r, second_number_r) and number_class_l {0})"
        " or (second_number_l in (number_r, second_number_r) and second_number_class_l {0}))"
    )
    phone = agrees("phone", "same", "second")
    whose = {word: shared.format(test) for word, test in (("own", "= 'personal'"), ("home", "<> 'shared'"))}
    own = f"{sure} or ({phone} and {whose['own']})"
    home = f"({phone} and {whose['home']}) or ({agrees('email', 'same')} and email_class_l <> 'shared')"
    # A name that nobody else bears may be the other one, garbled.
    told_apart = f"(given_borne_l and given_borne_r or jaro_winkler_similarity(given_l, given_r) < {GARBLED})"
    # The family name of the one stands in the address of the other.
    written_to = " or ".join(
        f"coalesce(length(family_{one}) > 3 and contains(mailbox_{other}, family_{one}), false)"
        for one, other in (("l", "r"), ("r", "l"))
    )
    whole = " and ".join(f"try_strptime({side}, '%Y%m%d') is not null" for side in ("birth_l", "birth_r"))
    return f"""
        coalesce({own}, false) as own, coalesce({sure}, false) as sure, coalesce({home}, false) as home_agrees,
        {agrees("given_name", *GIVEN_AGREES)} as given_agrees,
        {agrees("given_name", "different")} as given_differs,
        {agrees("given_name", "near", "close", "beginning")} as given_alike,
        {told_apart if "given_name" in fields else "false"} as given_known,
        {agrees("gender", "different")} as gender_differs,
        {agrees("family_name", "same", "near", "part", "swapped")} as family_agrees,
        {agrees("family_name", "different")} as family_differs,
        {agrees("birth_date", "same", "one slip")} as birth_agrees,
        {agrees("birth_date", "two parts")} as birth_resembles,
        {agrees("birth_date", "different")} as birth_differs,
        {agrees("email", "near", "mailbox", "former")} or {agrees("birth_place", "same", "near")}
            or {agrees("job_title", "same")} or {agrees("birth_date", "two parts", "two digits")}
            or {agrees("given_name", "close", "swapped and near")} as more_agrees,
        {whole} as birth_whole,
        try_cast(birth_l[1:4] as integer) - try_cast(birth_r[1:4] as integer) as years_apart,
        {agrees("email", "different", "close")} or {agrees("phone", "different")} as points_differ,
        {agrees("street", "same", "near")} or {phone} as place_agrees,
        {agrees("street", "same", "near")} and ({written_to}) as married
    """


def _organisation_facts(agrees: Callable[..., str]) -> str:
    return f"""
        {agrees("vat_id", "same", "near")} or {agrees("customer_number", "same", "near")} as own,
        {agrees("vat_id", "different")} as vat_differs,
        {agrees("customer_number", "different")} as number_differs,
        {agrees("city", "different")} and not {agrees("postal_code", "same", "near")} as city_differs,
        {" or ".join(agrees(name, "same") for name in ("domain", "phone", "email", "people"))} as point_agrees,
        {agrees("street", "different")} as street_differs, {agrees("domain", "same")} as domain_agrees,
        {agrees("street", "different")} or {agrees("city", "different")}
            or {agrees("postal_code", "different")} and not {agrees("street", "same", "near")} as place_differs,
        {agrees("phone", "different")} as phone_differs, {agrees("email", "different")} as email_differs,
        {agrees("name", "different")} as name_differs,
        {agrees("name", "same", "same words", "near", "part")} as name_alike,
        {agrees("phone", "same")} and number_class_l = 'personal' as phone_alone
    """


def unreliable_fields(
    connection: duckdb.DuckDBPyConnection, model: Model, fields: Sequence[str], scored: str, shift: float
) -> list[str]:
    """Fields of people that differ outright too often among pairs that share an identifier to hold anybody apart; given
    names not where more of those differ that live together under other identifiers."""
    agrees = partial(_agrees, model, fields)
    surely = " or ".join(agrees(name, "same") for name in IDENTIFIERS["person"])
    surely_not = " or ".join(agrees(name, "different") for name in IDENTIFIERS["person"])
    given_differs, birth_differs = agrees("given_name", "different"), agrees("birth_date", "different")
    sure, given, birth, homes = connection.execute(
        f"""
        select count(*) filter (links and surely), count(*) filter (links and surely and {given_differs}),
            count(*) filter (links and surely and {birth_differs}),
            -- One family name and place, but other identifiers: there given names tell who is who.
            count(*) filter (
                {given_differs} and ({surely_not}) and not surely
                and {agrees("family_name", "same", "near", "part", "swapped")}
                and ({agrees("street", "same", "near")} or {agrees("phone", "same", "second")})
            )
        from (select *, match_weight + {shift} >= 0 as links, {surely} as surely from {scored})
        """
    ).fetchall()[0]
    if sure < SURE:
        return []
    found = (("birth_date", birth), ("given_name", given if given > homes else 0))
    return [name for name, number in found if number > UNRELIABLE * sure]


def _facts(party: str, model: Model, fields: Sequence[str], scored: str, where: str) -> str:
    """SQL: of each pair its ids, both records (`_l`, `_r`), and what the guards speak of."""
    return f"""
        select one.*, two.*, {facts(party, model, fields)}
        from {scored}
        join (select columns('(.*)') as '\\1_l' from {party}_stated) as one using (id_l)
        join (select columns('(.*)') as '\\1_r' from {party}_stated) as two using (id_r)
        where {where}
    """


def judge(
    connection: duckdb.DuckDBPyConnection,
    party: str,
    model: Model,
    fields: Sequence[str],
    unreliable: Sequence[str],
    scored: str,
    shift: float,
) -> None:
    """`scored` -> `<party>_edge(a, b, weight, score, rule, agreed, disagreed, used, reason)`, all pairs kept.

    `shift` is added to Splink's match weights; weight is above (bits) or below the threshold. used: 'used',
    'refused' by a guard, or 'weak' below the threshold. agreed, disagreed: JSON objects of field and weight, where
    the pair is told of at all. firm: refused for good; cut: not yet (`linking`).
    """
    guards = [
        guard
        for guard in (PERSON_GUARDS if party == "person" else ORGANISATION_GUARDS)
        if guard.rests_on not in unreliable
    ]
    refused = " ".join(f"when {guard.holds} then {place}" for place, guard in enumerate(guards, start=1))
    reasons = ", ".join(f"'{guard.reason}'" for guard in guards) or "null"
    firm = ", ".join(str(guard.firm).lower() for guard in guards) or "null"
    limit = float(np.log2(model.threshold / (1 - model.threshold)))
    doubtful = f"match_weight + {shift} >= {limit} and ({_objectionable(party, model, fields)})"
    agreed = ", ".join(_told(model, name, ">") for name in fields)
    disagreed = ", ".join(_told(model, name, "<") for name in fields)
    rests_on = ", ".join(
        f"case when round({_weight(model, name)}, 1) >= {TELLING} then '{name}' end" for name in fields
    )
    # A table of its own: DuckDB knows how small it is then, and joins by it.
    connection.execute(
        f"""
        create temp table refused as
        select * from (
            select id_l, id_r, case {refused or "when false then 0"} end as refusal
            from ({_facts(party, model, fields, scored, doubtful)})
        ) where refusal is not null
        """
    )
    connection.execute(
        f"""
        create table {party}_edge as
        with judged as (
            -- Rounded, so that no order of adding up decides between equals.
            select *, round(match_weight + {shift - limit}, 6) as weight,
                round(1 / (1 + 2 ** -(match_weight + {shift})), 6) as score,
            from {scored} left join refused using (id_l, id_r)
        )
        select id_l as a, id_r as b, weight, score,
            case when score >= {TOLD} then coalesce(nullif(concat_ws('+', {rests_on}), ''), 'little of each') end
                as rule,
            case when score >= {TOLD} then '{{' || concat_ws(',', {agreed}) || '}}' end as agreed,
            case when score >= {TOLD} then '{{' || concat_ws(',', {disagreed}) || '}}' end as disagreed,
            case when weight < 0 then 'weak' when refusal is not null then 'refused' else 'used' end as used,
            case when weight < 0 then '{TOO_LITTLE}' else [{reasons}][refusal] end as reason,
            coalesce([{firm}][refusal], false) as firm, false as cut,
        from judged
        """
    )
    connection.execute("drop table refused")


def no_edges(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """`<party>_edge` of a party that has nothing to compare."""
    connection.execute(
        f"""
        create table {party}_edge (
            a integer, b integer, weight double, score double, rule varchar,
            agreed varchar, disagreed varchar, used varchar, reason varchar, firm boolean, cut boolean
        )
        """
    )


def _objectionable(party: str, model: Model, fields: Sequence[str]) -> str:
    """SQL: something differs, or fails to agree, that each guard asks for. Most links have nothing of it and need no
    look. It hangs on the levels of the pair alone, so that a day and a whole run look at the same ones."""
    agrees = partial(_agrees, model, fields)
    if party == "person":
        named = [f"not {agrees('given_name', *GIVEN_AGREES)}", "generation_l is distinct from generation_r"]
        differs = [agrees(name, "different") for name in ("family_name", "birth_date")]
    else:
        named = [agrees(name, "different") for name in ("name", "vat_id", "customer_number")]
        differs = [agrees(name, "different") for name in ("street", "postal_code", "city")]
    return " or ".join([*named, *differs, "coalesce(alone_in_l = alone_in_r, false)"])


def _told(model: Model, name: str, side: str) -> str:
    """SQL: a comparison and its weight as a member of a JSON object; null where it weighs little, or on the other
    side."""
    weight = _weight(model, name)
    limit = WORTH if side == ">" else -WORTH
    return f"""case when {weight} {side}= {limit} then '"{name}":' || ({weight})::decimal(7, 1) end"""


def _weight(model: Model, name: str) -> str:
    """SQL of what a comparison weighs, in Splink's columns."""
    return f"mw_{name} + mw_tf_adj_{name}" if model.comparisons[name].adjusted else f"mw_{name}"
