"""The shapes of records: the only truth about which columns a record has, and of what type.

Everything that names a record column (connectors, normalise, identity, dbt staging) is checked against these schemas.
How a value is cleaned does not belong here (`transforms.cleaners`).
"""

from __future__ import annotations

import dataframely as dy

CONSENT = r"^(granted|denied|unknown)$"
COUNTRY = r"^[A-Z]{2}$"
CURRENCY = r"^[A-Z]{3}$"
E164 = r"^\+[1-9][0-9]{6,14}$"


def _instant(description: str, *, nullable: bool = True) -> dy.Datetime:
    return dy.Datetime(nullable=nullable, time_zone="UTC", time_unit="us", description=description)


def _text(description: str, regex: str | None = None) -> dy.String:
    return dy.String(nullable=True, regex=regex, description=description)


class Record(dy.Schema):
    """What every record has: who said it, and when."""

    source = dy.String(primary_key=True, description="Source that the record came from.")
    object = dy.String(primary_key=True, description="Object of the source; `Lead.company` where a row implies one.")
    record_id = dy.String(primary_key=True, min_length=1, description="Key within the object, as cleaned.")
    modified_at = _instant("When the source last changed the record; null where it does not say.")
    observed_at = _instant("Effective time of the newest delivery that holds this version.", nullable=False)
    export = dy.String(description="SHA-256 of the export that holds the landed row.")
    row = dy.Int64(description="Number of the landed row in that export, from 1.")
    filled = dy.List(dy.String(), description="Fields filled from the source's settings, not from the row.")


class Party(Record):
    """What people and organisations share."""

    email = _text("E-mail address, lower case, without display name.")
    phone = _text("Main phone, E.164.", E164)
    email_written = _text("E-mail as the source writes it where it is no address: evidence only.")
    phone_written = _text("Phone as the source writes it where it is no whole number: evidence only.")
    street = _text("Street and house number, lines joined by a comma.")
    postal_code = _text("Postal code.")
    city = _text("City.")
    region = _text("State, province or county.")
    country = _text("ISO 3166-1 alpha-2.", COUNTRY)
    language = _text("BCP 47 tag.")
    timezone = _text("IANA time zone.")
    customer_number = _text("The company's own number for this customer, shared by its systems.")
    owner_user_id = _text("record_id of the crm_user of the same source who owns it.")
    status = _text("active or closed; null where the source does not say.", r"^(active|closed)$")
    sla = _text("Service level as the source names it, lower case.")
    plan = _text("Plan or product the customer pays for.")
    created_on = dy.Date(nullable=True, description="Day on which the source first knew the customer.")
    last_activity_at = _instant("Last contact with the customer that the source knows of.")
    consent_ai = _text("Whether AI may serve the customer.", CONSENT)
    consent_email = _text("Whether the customer may be e-mailed.", CONSENT)
    consent_phone = _text("Whether the customer may be called.", CONSENT)


class Person(Party):
    """One person as one source knows them."""

    given_name = _text("Given name, sample marks and titles removed.")
    family_name = _text("Family name.")
    mobile = _text("Mobile phone, E.164.", E164)
    mobile_written = _text("Mobile as the source writes it where it is no whole number: evidence only.")
    birth_date = dy.Date(nullable=True, description="Birth date of a customer: evidence only, never published.")
    birth_date_written = _text("Birth date as the source writes it where it is no date (1862-81-01): evidence only.")
    birth_place = _text("Place of birth of a customer: evidence only, never published.")
    gender = _text("Gender of a customer as the source says it: evidence only, never published.")
    job_title = _text("Job title or occupation of a customer.")
    loyalty_id = _text("Number of a loyalty card or membership, shared by systems.")
    national_id = _text("Social-security or tax number of a customer: evidence only, never published.")
    organisation_object = _text("Object of the person's organisation in the same source.")
    organisation_record_id = _text("record_id of the person's organisation.")


class Organisation(Party):
    """One organisation as one source knows it."""

    name = dy.String(min_length=1, description="Name as the source writes it, white space tidied.")
    domain = _text("Web domain, without www.")
    vat_id = _text("VAT or tax number, upper case, without separators.")
    parent_record_id = _text("record_id of the parent organisation, same object.")


class Employee(Record):
    """One worker of the company, from HR. Pay, birth date, national id and home address have no column here."""

    given_name = _text("Preferred given name.")
    family_name = _text("Family name.")
    email = _text("Work e-mail.")
    title = _text("Job title.")
    department = _text("Department or supervisory organisation.")
    manager_employee_id = _text("record_id of the manager, same source.")
    status = dy.String(regex=r"^(active|leave|terminated|unknown)$", description="As HR states it on its own date.")
    hired_on = dy.Date(nullable=True, description="Start of the present employment.")
    terminated_on = dy.Date(nullable=True, description="End of employment, also in the future.")
    country = _text("Country of work.", COUNTRY)
    timezone = _text("IANA time zone.")
    languages = dy.List(dy.String(), nullable=True, description="BCP 47 tags.")
    skills = dy.List(dy.String(), nullable=True, description="Skills as HR names them.")


class CrmUser(Record):
    """One login of a CRM or support system: who owns customers and answers cases."""

    given_name = _text("Given name.")
    family_name = _text("Family name.")
    email = _text("E-mail of the login.")
    employee_number = _text("The worker's number in HR, where the system keeps it.")
    active = dy.Bool(description="Whether the login works.")
    support_agent = dy.Bool(description="Whether the login answers cases.")
    manager_user_id = _text("record_id of the manager's login.")
    language = _text("BCP 47 tag.")
    timezone = _text("IANA time zone.")


class Ownership(Record):
    """What cases, deals and activities share: whom they are about and who works on them."""

    person_object = _text("Object of the person it is about, same source.")
    person_record_id = _text("record_id of that person.")
    organisation_object = _text("Object of the organisation it is about, same source.")
    organisation_record_id = _text("record_id of that organisation.")
    owner_user_id = _text("record_id of the crm_user who works on it.")


class SupportCase(Ownership):
    """One case or ticket."""

    status = dy.String(regex=r"^(open|closed)$", description="open until the source says it is closed.")
    subject = _text("Subject line.")
    priority = _text("Priority as the source names it, lower case.")
    opened_at = _instant("When it was opened.")
    closed_at = _instant("When it was closed.")


class Deal(Ownership):
    """One opportunity."""

    name = _text("Name of the deal.")
    status = dy.String(regex=r"^(open|won|lost)$", description="open until the source says it is won or lost.")
    stage = _text("Stage as the source names it.")
    amount = dy.Decimal(18, 2, nullable=True, description="Amount in `currency`.")
    currency = _text("ISO 4217; null means the source's currency.", CURRENCY)
    closes_on = dy.Date(nullable=True, description="Day on which it closed or is expected to.")
    external_id = _text("Id that other sources know the same deal by.")


class Activity(Ownership):
    """One contact with a customer: a call, a meeting, a message."""

    activity = _text("call, meeting, e-mail, … as the source names it, lower case.")
    happened_at = _instant("When it took place.")


class Consent(Record):
    """One statement about what a customer allows, where a source keeps statements apart from the customer."""

    person_object = _text("Object of the person it is about, same source.")
    person_record_id = _text("record_id of that person.")
    purpose = dy.String(regex=r"^(ai|email|phone)$", description="What is allowed or not.")
    state = dy.String(regex=CONSENT, description="What the customer said.")
    stated_at = _instant("When they said it.")


class ExchangeRate(Record):
    """How many units of `currency` one unit of the source's own currency buys."""

    currency = dy.String(regex=CURRENCY, description="ISO 4217.")
    rate = dy.Decimal(18, 6, nullable=True, description="Units of `currency` per unit of the source's currency.")
    valid_from = dy.Date(nullable=True, description="First day of the rate; null: always.")


KINDS: dict[str, type[Record]] = {
    "person": Person,
    "organisation": Organisation,
    "employee": Employee,
    "crm_user": CrmUser,
    "support_case": SupportCase,
    "deal": Deal,
    "activity": Activity,
    "consent": Consent,
    "exchange_rate": ExchangeRate,
}
"""Record kind -> its schema, in the order in which the floors show them."""
CUSTOMER_KINDS = ("person", "organisation")
"""Kinds whose records are customers; the others tell something about them."""

COMMON = frozenset(Record.column_names())
"""Columns that normalise fills by itself; a connector maps the others."""
