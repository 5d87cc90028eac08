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


def observe_people(true: pl.DataFrame, employers: pl.DataFrame, rng: Rng, international: bool = False) -> pl.DataFrame:
    """What one system knows of people.

    Args:
        true: rows of `make_people`, one per record wanted.
        employers: for each of them the row of its organisation, all null where there is none.
        international: the system writes nearly all numbers with the country's prefix.

    Returns:
        given, family, email, phone, mobile, street, postal_code, city, region, country (as written), born; each may be
        null.
    """
    size = true.height
    given, family = _names(true, rng)
    phone, mobile = _phones(true, employers, rng, 0.08 if international else 0.6)
    return pl.DataFrame(
        {
            "given": given,
            "family": family,
            "email": _emails(true, employers, rng),
            "phone": phone,
            "mobile": mobile,
            "born": where(chance(rng, size, 0.4), None, mistaken_dates(true["born"], rng).cast(pl.String)),
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
            "domain": where(chance(rng, size, 0.4), None, domain),
            "phone": where(chance(rng, size, 0.35), None, phone),
            "customer_number": where(chance(rng, size, 0.3), None, true["customer_number"]),
        }
    ).hstack(_written_address(true, rng, 0.22))


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


def _emails(true: pl.DataFrame, employers: pl.DataFrame, rng: Rng) -> pl.Series:
    size = true.height
    how = rng.random(size)
    home, work, second = true["home_email"], true["work_email"], true["second_email"]
    email = where(how < 0.5, home.fill_null(work), where(how < 0.85, work.fill_null(home), second.fill_null(home)))
    email = slips(email, rng, 0.015)
    email = where(chance(rng, size, 0.05), email.str.to_uppercase(), email)
    email = where(chance(rng, size, 0.15), None, email)
    role = _ROLES.gather(rng.integers(0, len(_ROLES), size)) + "@" + employers["domain"]
    email = where(chance(rng, size, 0.010) & role.is_not_null().to_numpy(), role, email)
    return where(chance(rng, size, 0.005), _NO_EMAIL.gather(rng.integers(0, len(_NO_EMAIL), size)), email)


def _phones(true: pl.DataFrame, employers: pl.DataFrame, rng: Rng, national: float) -> tuple[pl.Series, pl.Series]:
    size = true.height
    office = chance(rng, size, 0.22) & employers["phone"].is_not_null().to_numpy()
    number = where(office, employers["phone"], true["landline"])
    area = where(office, employers["phone_area"], true["landline_area"])
    phone = written_phones(_mistyped(number, rng), area, true["country"], rng, national)
    phone = where(chance(rng, size, 0.34), None, phone)
    phone = where(chance(rng, size, 0.006), _NO_PHONE.gather(rng.integers(0, len(_NO_PHONE), size)), phone)
    number = where(
        chance(rng, size, 0.5) & true["second_mobile"].is_not_null().to_numpy(), true["second_mobile"], true["mobile"]
    )
    mobile = written_phones(_mistyped(number, rng), true["mobile_area"], true["country"], rng, national)
    return phone, where(chance(rng, size, 0.4), None, mobile)


def _mistyped(number: pl.Series, rng: Rng) -> pl.Series:
    """One in sixty numbers ends in another digit."""
    size = len(number)
    return where(chance(rng, size, 0.016), number.str.head(-1) + digits(rng, size, 1), number)


def _addresses(true: pl.DataFrame, employers: pl.DataFrame, rng: Rng) -> pl.DataFrame:
    size = true.height
    before = chance(rng, size, 0.5) & true["old_city"].is_not_null().to_numpy()
    office = chance(rng, size, 0.22) & employers["city"].is_not_null().to_numpy()
    columns = ("street", "postal_code", "city", "region")
    chosen = pl.DataFrame(
        {c: where(office, employers[c], where(before, true[f"old_{c}"], true[c])) for c in columns}
    ).with_columns(true["country"])
    return _written_address(chosen, rng, 0.18)


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
            "street": where(none | chance(rng, size, 0.08), None, street),
            "postal_code": where(none | chance(rng, size, 0.10), None, true["postal_code"]),
            "city": where(none, None, slips(spell_umlauts(true["city"], rng), rng, 0.02)),
            "region": where(none | chance(rng, size, 0.4), None, true["region"]),
            "country": where(chance(rng, size, 0.03), None, country),
        }
    )
