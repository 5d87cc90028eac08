"""What the systems know of the people and organisations of the sample: records, incomplete, dated and wrongly written.

How a record stands in an export of a system does not belong here (`shapes`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from connectors.sample.entities import digits
from connectors.sample.errors import (
    chance,
    mistaken_dates,
    shorten_streets,
    slips,
    spell_umlauts,
    where,
    written_phones,
)
from connectors.sample.material import COUNTRIES, Rng

EMEA, US, HUBSPOT, ZENDESK = "salesforce@emea", "salesforce@us", "hubspot", "zendesk"

PERSON_OBJECTS = (
    (EMEA, "Contact"), (EMEA, "Lead"), (US, "Contact"), (US, "Lead"), (HUBSPOT, "contacts"), (ZENDESK, "users"),
)  # fmt: skip
ORGANISATION_OBJECTS = ((EMEA, "Account"), (US, "Account"), (HUBSPOT, "companies"), (ZENDESK, "organizations"))

_PERSON_AT_HOME = np.cumsum([0.33, 0.12, 0.03, 0.0, 0.30, 0.22])
_PERSON_IN_AMERICA = np.cumsum([0.03, 0.0, 0.33, 0.12, 0.30, 0.22])
_ORGANISATION_AT_HOME = np.cumsum([0.40, 0.02, 0.33, 0.25])
_ORGANISATION_IN_AMERICA = np.cumsum([0.02, 0.40, 0.33, 0.25])
_RECORDS_PER_ENTITY = np.cumsum([0.40, 0.28, 0.17, 0.10, 0.05])

MOBILE_ALONE = 0.12
"""Share of the records of people in which the mobile is the only number, and stands where a landline should."""

_ROLES = pl.Series(["info", "office", "sales", "contact", "admin"])
_NO_EMAIL = pl.Series(["noemail@noemail.com", "none@none.com", "noemail@example.com", "test@test.com"])
_NO_PHONE = pl.Series(["0000000000", "000000", "99999", "9999999999", "1234567890"])


@dataclass(frozen=True)
class Counts:
    """How many records of each sort make up the whole, exactly."""

    people: int
    organisations: int
    implied: int
    """Organisations that a lead names (`Lead.company`)."""


def counts(records: int) -> Counts:
    """Splits the wanted number of records; every kind is there from five records on."""
    implied = records // 25
    organisations = max(1, round(records * 0.26)) if records > 1 else 0
    return Counts(records - implied - organisations, organisations, implied)


def spread(rng: Rng, records: int) -> np.ndarray:
    """For each of `records` records its entity, 0, 1, 2, …: one to five records each."""
    if not records:
        return np.zeros(0, dtype=np.int64)
    sizes = 1 + np.searchsorted(_RECORDS_PER_ENTITY, rng.random(records))
    return np.repeat(np.arange(records), np.minimum(sizes, 5))[:records]


def place(rng: Rng, countries: np.ndarray, organisations: bool) -> np.ndarray:
    """For each record the index of its object in PERSON_OBJECTS or ORGANISATION_OBJECTS."""
    home, america = (
        (_ORGANISATION_AT_HOME, _ORGANISATION_IN_AMERICA) if organisations else (_PERSON_AT_HOME, _PERSON_IN_AMERICA)
    )
    u = rng.random(len(countries))
    drawn = np.where(countries == 0, np.searchsorted(america, u), np.searchsorted(home, u))
    return np.minimum(drawn, len(home) - 1)


def observe_people(true: pl.DataFrame, employers: pl.DataFrame, rng: Rng, by_mail: bool = False) -> pl.DataFrame:
    """What one system knows of people.

    Args:
        true: rows of `make_people`, one per record wanted.
        employers: for each of them the row of its organisation, all null where there is none.
        by_mail: a help desk, which knows nearly everyone by e-mail and writes numbers with the country's prefix.

    Returns:
        given, family, email, phone, mobile, street, postal_code, city, region, country (as written), born; each may be
        null.
    """
    size = true.height
    given, family = _names(true, rng)
    email = _emails(true, employers, rng, 0.005 if by_mail else 0.025)
    phone, mobile = _phones(true, employers, email, rng, 0.08 if by_mail else 0.6)
    return pl.DataFrame(
        {
            "given": given,
            "family": family,
            "email": email,
            "phone": phone,
            "mobile": mobile,
            "born": where(chance(rng, size, 0.2), None, mistaken_dates(true["born"], rng).cast(pl.String)),
        }
    ).hstack(_addresses(true, employers, rng))


def observe_organisations(true: pl.DataFrame, rng: Rng) -> pl.DataFrame:
    """What one system knows of organisations.

    Returns:
        name (never null), domain, phone, street, postal_code, city, region, country (as written), customer_number.
    """
    size = true.height
    phone = written_phones(true["phone"], true["phone_area"], true["country"], rng, 0.5)
    domain = true["domain"]
    how = rng.random(size)
    domain = where(how < 0.3, "www." + domain, where(how > 0.8, "https://www." + domain + "/", domain))
    return pl.DataFrame(
        {
            "name": company_names(true, rng),
            "domain": where(chance(rng, size, 0.04), None, domain),
            "phone": where(chance(rng, size, 0.25), None, phone),
            "customer_number": where(chance(rng, size, 0.2), None, true["customer_number"]),
        }
    ).hstack(_written_address(true, rng, 0.2))


def company_names(true: pl.DataFrame, rng: Rng) -> pl.Series:
    """Names with the legal form written one way or another or left out, `&` as a word, capitals and slips."""
    size = true.height
    core = slips(spell_umlauts(true["core"], rng), rng, 0.05)
    how = rng.random(size)
    words = pl.Series(
        [{"DE": " und ", "FR": " et ", "ES": " y ", "IT": " e ", "NL": " en "}.get(c.code, " and ") for c in COUNTRIES]
    )
    joined = pl.DataFrame({"c": core, "w": words.gather(true["country"])}).select(
        pl.col("c").str.replace(" & ", pl.col("w"), literal=True)
    )["c"]
    core = where(how < 0.3, joined, core)
    widest = max(len(forms) for c in COUNTRIES for forms in c.legal)
    kinds = max(len(c.legal) for c in COUNTRIES)
    table = [form for c in COUNTRIES for kind in range(kinds) for form in _padded(c.legal[kind % len(c.legal)], widest)]
    written = np.where(chance(rng, size, 0.5), 0, rng.integers(0, widest, size))
    at = (true["country"].to_numpy() * kinds + true["legal"].to_numpy()) * widest + written
    form = pl.Series(table).gather(at)
    name = where(form.str.starts_with(",").to_numpy(), core + form, core + " " + form)
    name = where(chance(rng, size, 0.25), core, name)
    return where(chance(rng, size, 0.05), name.str.to_uppercase(), name)


def _padded(forms: tuple[str, ...], width: int) -> list[str]:
    return [forms[i % len(forms)] for i in range(width)]


def _names(true: pl.DataFrame, rng: Rng) -> tuple[pl.Series, pl.Series]:
    size = true.height
    given = where(chance(rng, size, 0.22) & true["nickname"].is_not_null().to_numpy(), true["nickname"], true["given"])
    given = slips(spell_umlauts(given, rng), rng, 0.04)
    given = where(chance(rng, size, 0.04), given.str.slice(0, 1) + ".", given)
    family = where(chance(rng, size, 0.45) & true["maiden"].is_not_null().to_numpy(), true["maiden"], true["family"])
    family = slips(spell_umlauts(family, rng), rng, 0.04)
    family = where(chance(rng, size, 0.02), family.str.to_uppercase(), family)
    swapped = chance(rng, size, 0.01)
    given, family = where(swapped, family, given), where(swapped, given, family)
    return where(chance(rng, size, 0.02), None, given), family


def _emails(true: pl.DataFrame, employers: pl.DataFrame, rng: Rng, missing: float) -> pl.Series:
    """Nearly always the address that a person usually gives: at work, or at home."""
    size = true.height
    home, work, second = true["home_email"], true["work_email"], true["second_email"]
    at_work = true["at_work"].to_numpy()
    usual = where(at_work, work.fill_null(home), home)
    other = where(at_work, home, where(chance(rng, size, 0.5), work.fill_null(second), second.fill_null(work)))
    email = where(chance(rng, size, 0.03) & other.is_not_null().to_numpy(), other, usual)
    email = slips(email, rng, 0.01)
    email = where(chance(rng, size, 0.05), email.str.to_uppercase(), email)
    email = where(chance(rng, size, missing), None, email)
    role = _ROLES.gather(rng.integers(0, len(_ROLES), size)) + "@" + employers["domain"]
    email = where(chance(rng, size, 0.008) & role.is_not_null().to_numpy(), role, email)
    return where(chance(rng, size, 0.005), _NO_EMAIL.gather(rng.integers(0, len(_NO_EMAIL), size)), email)


def _phones(
    true: pl.DataFrame, employers: pl.DataFrame, email: pl.Series, rng: Rng, national: float
) -> tuple[pl.Series, pl.Series]:
    """A landline and a mobile; who gives no e-mail address gives a number."""
    size = true.height
    office = _at_office(true, employers["phone"], rng, 0.7)
    number = where(office, employers["phone"], true["landline"])
    area = where(office, employers["phone_area"], true["landline_area"])
    reached = email.is_not_null().to_numpy()
    none = chance(rng, size, 0.06) & reached
    phone = _mistyped(number, rng)
    number = where(
        chance(rng, size, 0.25) & true["second_mobile"].is_not_null().to_numpy(), true["second_mobile"], true["mobile"]
    )
    mobile = where(rng.random(size) < np.where(reached, 0.25, 0.05), None, _mistyped(number, rng))
    phone = where(chance(rng, size, 0.3), None, phone)
    alone = chance(rng, size, MOBILE_ALONE) & mobile.is_not_null().to_numpy()
    phone, mobile = where(alone, mobile, phone), where(alone, None, mobile)
    area = where(alone, true["mobile_area"], area)
    phone = written_phones(where(none, None, phone), area, true["country"], rng, national)
    phone = where(chance(rng, size, 0.006), _NO_PHONE.gather(rng.integers(0, len(_NO_PHONE), size)), phone)
    return phone, written_phones(where(none, None, mobile), true["mobile_area"], true["country"], rng, national)


def _at_office(true: pl.DataFrame, known: pl.Series, rng: Rng, share: float) -> np.ndarray:
    """Which records name the office: about `share` of those of people reached at work, few of the others'."""
    wanted = np.where(true["at_work"].to_numpy(), share, 0.04)
    return (rng.random(true.height) < wanted) & known.is_not_null().to_numpy()


def _mistyped(number: pl.Series, rng: Rng) -> pl.Series:
    """One in sixty numbers ends in another digit."""
    size = len(number)
    return where(chance(rng, size, 0.016), number.str.head(-1) + digits(rng, size, 1), number)


def _addresses(true: pl.DataFrame, employers: pl.DataFrame, rng: Rng) -> pl.DataFrame:
    size = true.height
    before = chance(rng, size, 0.3) & true["old_city"].is_not_null().to_numpy()
    office = _at_office(true, employers["city"], rng, 0.6)
    columns = ("street", "postal_code", "city", "region")
    chosen = pl.DataFrame(
        {c: where(office, employers[c], where(before, true[f"old_{c}"], true[c])) for c in columns}
    ).with_columns(true["country"])
    return _written_address(chosen, rng, 0.19)


def _written_address(true: pl.DataFrame, rng: Rng, missing: float) -> pl.DataFrame:
    """An address as someone wrote it down; parts or all of it may be missing, the country last."""
    size = true.height
    none = chance(rng, size, missing)
    ways = max(len(c.written) for c in COUNTRIES)
    written = pl.Series([w for c in COUNTRIES for w in _padded(c.written, ways)])
    habit = np.where(chance(rng, size, 0.6), 0, rng.integers(0, ways, size))
    country = written.gather(true["country"].to_numpy() * ways + habit)
    street = slips(shorten_streets(spell_umlauts(true["street"], rng), rng), rng, 0.03)
    return pl.DataFrame(
        {
            "street": where(none | chance(rng, size, 0.03), None, street),
            "postal_code": where(none | chance(rng, size, 0.03), None, true["postal_code"]),
            "city": where(none, None, slips(spell_umlauts(true["city"], rng), rng, 0.02)),
            "region": where(none | chance(rng, size, 0.4), None, true["region"]),
            "country": where(chance(rng, size, 0.03), None, country),
        }
    )
