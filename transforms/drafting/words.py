"""What columns are called in the systems that companies use: per record kind and field, in several languages.

Names are compared without case, spaces and signs. Which cleaner a field gets does not belong here
(`transforms.drafting.guess`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

PERSON_NAMES = {
    "given_name": "first name, given name, forename, preferred first name, vorname, prénom, nombre, firstname, fname",
    "family_name": "last name, family name, surname, preferred last name, nachname, nom, nom de famille, apellidos, "
    "apellido, lastname, lname",
    "full_name": "full name, name, display name, real name, vollständiger name, nom complet, nombre completo, fullname",
}
CONTACT = {
    "email": "email, e mail, email address, e mail address, mail, primary email, email 1, person email, courriel, "
    "correo electrónico, e mail adresse, emailaddress1, internal email address, work email, business email",
    "phone": "phone, telephone, phone number, business phone, work phone, main phone, telephone1, telefon, téléphone, "
    "teléfono, tel, telefonnummer, home phone, office phone",
    "street": "street, address, street address, address line 1, street 1, address1, straße, strasse, rue, calle, "
    "address 1 street 1, mailing street, billing street, addressline1, line1",
    "postal_code": "postal code, zip, zip code, postcode, zip postal code, plz, postleitzahl, code postal, "
    "código postal, postalcode, zippostalcode",
    "city": "city, town, ort, stadt, ville, ciudad, locality",
    "region": "state, region, province, state province, county, bundesland, state region, état, provincia, state code",
    "country": "country, country region, land, pays, país, country code, nation",
    "language": "language, locale, preferred language, languages, sprache, langue, idioma, "
    "language locale key, hs language",
    "timezone": "time zone, timezone, iana time zone, time zone sid key, zeitzone",
    "customer_number": "account number, customer number, kundennummer, external id, customer id, client number, "
    "debtor number, customer no",
    "owner_user_id": "owner id, owner, hubspot owner id, owning user, account owner id, besitzer, assignee id",
    "sla": "sla, service level, service level agreement",
    "plan": "plan, subscription plan, product plan",
    "created_on": "created date, created at, create date, createdate, created time, created on, date created, "
    "add time, erstellt am, erstellungsdatum, created",
    "last_activity_at": "last activity date, last contacted, notes last contacted, last activity, last contacted at",
    "consent_email": "has opted out of email, email opt out, hs email optout, unsubscribed from all email, "
    "do not email",
    "consent_phone": "do not call, phone opt out, do not phone",
    "consent_ai": "ai consent, consent ai",
}
PERSON = {
    **PERSON_NAMES,
    **CONTACT,
    "mobile": "mobile, mobile phone, mobile phone number, cell, cell phone, mobilephone, handy, mobiltelefon, "
    "téléphone portable, móvil, mobile number",
    "job_title": "title, job title, position, jobtitle, role title, funktion, berufsbezeichnung, fonction, cargo",
    "birth_date": "birthdate, birth date, date of birth, birthday, geburtsdatum, date de naissance, person birthdate",
    "loyalty_id": "loyalty id, membership number, loyalty card",
    "organisation": "account id, company id, organization id, organisation id, org id, associatedcompanyid, "
    "parent customer id, primary company id, associated company ids",
    "company": "company, company name, account name, organization, organisation, organization name, firma, société, "
    "empresa, employer",
}
ORGANISATION = {
    **CONTACT,
    "name": "name, account name, company name, organization name, organisation name, firma, firmenname, société, "
    "empresa, company, legal name, display name, parent business name, title",
    "domain": "website, domain, web site, website url, company domain name, domain names, webseite, url, homepage, web",
    "vat_id": "vat id, vat number, vat, ust idnr, tax number, tva",
    "parent_record_id": "parent id, parent account id, hs parent company id, parent company id",
    "status": "active, is active",
}
WORKER_NAMES = {
    **PERSON_NAMES,
    "email": "work email, email work, email, e mail, business email, email address, primary work email, dienstliche e "
    "mail, e mail adresse, courriel",
}
EMPLOYEE = {
    **WORKER_NAMES,
    "title": "business title, job title, title, position, position title, stelle, fonction, jobtitle",
    "department": "department name, department, supervisory organization, division, team, abteilung, "
    "département, departamento",
    "manager_employee_id": "manager employee id, supervisor id, manager id, supervisor eid, manager, reports to id",
    "status": "worker status, status, employment status, employee status, active status, employment history status",
    "hired_on": "hire date, original hire date, start date, einstellungsdatum, date d'embauche, hired on, hiredate",
    "terminated_on": "termination date, contract end date, end date, austrittsdatum, leaving date, terminated on",
    "country": "country, work country, location country, country of work, land, pays",
    "timezone": "time zone, timezone",
    "languages": "languages, sprachen",
    "skills": "skills",
}
CRM_USER = {
    **WORKER_NAMES,
    "employee_number": "employee number, employee id, personnel number, external id",
    "active": "is active, active, enabled, status active, is disabled",
    "manager_user_id": "manager id, manager user id",
    "language": CONTACT["language"],
    "timezone": CONTACT["timezone"],
}
SHARED = {
    "person": "contact id, requester id, who id, person id, customer contact id, primary contact id",
    "organisation": "account id, organization id, company id, org id, customer id",
    "owner_user_id": "owner id, assignee id, hubspot owner id, assigned to id, owner",
}
SUPPORT_CASE = {
    **SHARED,
    "status": "is closed, status, state, hs pipeline stage, case status, ticket status",
    "subject": "subject, title, summary, betreff, sujet, asunto",
    "priority": "priority, hs ticket priority, priorität, severity",
    "opened_at": "created date, created at, createdate, opened at, created on, created time, created",
    "closed_at": "closed date, closed at, solved at, resolved at",
}
DEAL = {
    **SHARED,
    "name": "name, deal name, dealname, opportunity name, title, topic",
    "won": "is won, won, hs is closed won",
    "closed": "is closed, closed, hs is closed",
    "status": "status, state",
    "stage": "stage name, stage, dealstage, deal stage, pipeline stage",
    "amount": "amount, value, deal value, estimated value, opportunity amount",
    "currency": "currency iso code, currency, deal currency code",
    "closes_on": "close date, closedate, expected close date, est close date, estimated close date, closing date",
    "external_id": "external id",
}
ACTIVITY = {
    **SHARED,
    "activity": "task subtype, event subtype, type, activity type, category",
    "happened_at": "activity date, start date time, date, happened at, due date, start time, activity date time",
}
EXCHANGE_RATE = {
    "currency": "iso code, currency, currency code",
    "rate": "conversion rate, rate, exchange rate",
    "valid_from": "start date, valid from",
}


def folded_name(name: str) -> str:
    """A column's name without case, spaces, signs and the mark of custom columns."""
    return re.sub(r"[\W_]+", "", re.sub(r"(?i)__c$", "", name)).casefold()


def _words(fields: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {field: tuple(map(folded_name, said.split(", "))) for field, said in fields.items()}


WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "person": _words(PERSON),
    "organisation": _words(ORGANISATION),
    "employee": _words(EMPLOYEE),
    "crm_user": _words(CRM_USER),
    "support_case": _words(SUPPORT_CASE),
    "deal": _words(DEAL),
    "activity": _words(ACTIVITY),
    "exchange_rate": _words(EXCHANGE_RATE),
}
"""Record kind -> field -> names of columns, the likeliest first. `full_name`, `company`, `won` and `closed` are no
fields: they become some by a cleaner or a role."""

OBJECTS = {
    "person": "contact contacts lead leads person people persons kunde kontakte",
    "organisation": "account accounts company companies organization organizations organisation organisations firmen "
    "customers",
    "employee": "worker workers employee employees staff associate associates personnel mitarbeiter",
    "crm_user": "user users owner owners agents",
    "support_case": "case cases ticket tickets incident incidents conversation",
    "deal": "deal deals opportunity opportunities",
    "activity": "task tasks event events call calls meeting meetings activity activities engagement",
    "exchange_rate": "currencytype exchangerates",
}
"""Record kind -> how objects of it are called; compared as whole words."""

KEYS = tuple(map(folded_name, ("id", "record id", "employee id", "worker id", "user id", "guid", "key", "uuid", "eid",
                               "ticket id", "contact id", "account id", "personnel number", "associate id",
                               "employee number", "number")))  # fmt: skip
MODIFIED = tuple(map(folded_name, ("last modified date", "updated at", "modified on", "last modified", "modified time",
                                   "update time", "updated", "system modstamp", "last functionally updated",
                                   "last changed", "hs lastmodifieddate", "lastmodifieddate", "date modified",
                                   "last modified at")))  # fmt: skip
DELETED = tuple(map(folded_name, ("is deleted", "archived", "deleted", "is archived")))
