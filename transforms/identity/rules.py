"""The rules of exact evidence: what links two records, what keeps them apart, and what is said of it. Data only.

How two records are compared, which gives the conditions their columns, does not belong here (`scoring`).
"""

from __future__ import annotations

from dataclasses import dataclass

LONG_STREET = 15
"""Letters from which a street without postal code and city is taken for a whole address in one line."""


@dataclass(frozen=True)
class Rule:
    """One kind of evidence that links on its own, and how sure it makes us."""

    name: str
    score: float
    holds: str
    """SQL condition over the columns that `scoring` compares."""
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
        "email", 0.88, "email_class = 'personal' and 'missing' in (family, given) and family <> 'different'",
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
    Rule("name+people", 0.92, "same_name and same_people", "name and the domain or address of their people agree"),
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


PERSON_AGREEMENTS = {
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
PERSON_DISAGREEMENTS = {
    "family_name": "family = 'different'",
    "given_name": "given = 'different'",
    "email": "emails_differ",
    "mobile": "mobiles_differ",
    "birth_date": "birth_dates_differ",
    "organisation": "organisations_differ",
    "customer_number": "customer_numbers_differ",
}
ORGANISATION_AGREEMENTS = {
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
ORGANISATION_DISAGREEMENTS = {
    "name": "not same_name",
    "domain": "domains_differ",
    "phone": "phones_differ",
    "city": "cities_differ",
    "country": "countries_differ",
    "customer_number": "customer_numbers_differ",
    "vat_id": "vat_ids_differ",
}
