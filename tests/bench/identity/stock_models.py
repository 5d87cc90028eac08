"""Stock Splink: for every set the model that Splink's own documentation gives for it, or for data of its kind.

Each model names the page it follows; blocks, comparisons and thresholds are then the page's. `CHICAGO_ORGS`, `PEOPLE`
and `ORGANISATIONS` have none: they are our reading of the guides, with UNNAMED_THRESHOLD. Of two ways (`fake_1000`:
tutorial 04 or 09; `chicago_orgs`: names by Jaro-Winkler or by NameComparison) the one with the better F1 stands here,
so that we are not measured against the weaker. Running a model does not belong here (`stock`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import splink.comparison_library as cl
from splink import block_on

Rule = Any
"""A Splink blocking rule, or its SQL."""
UNNAMED_THRESHOLD = 0.9
"""Probability from which records are put together where the page names none: `quick_and_dirty_persons` keeps pairs
from there."""


@dataclass(frozen=True)
class Model:
    """One Splink model, as its user writes it."""

    page: str
    """The page of Splink's documentation that it follows."""
    columns: str
    """SQL select list over the table `given`: unique_id and the columns compared."""
    comparisons: Sequence[Any]
    blocks: Sequence[Rule]
    """Pairs to score."""
    certain: Sequence[Rule]
    """Rules that hold for nearly no strangers, for the prior; with `recall`, what part of the matches they find."""
    recall: float
    sampled_pairs: float
    """Random pairs from which u is estimated."""
    training: Sequence[Rule]
    """One expectation maximisation per rule; none: Splink's defaults stay."""
    train_without_frequencies: bool = False
    keep_from: float | None = None
    """Probability from which scored pairs are kept."""
    threshold: float = UNNAMED_THRESHOLD
    """Probability from which pairs are put together."""
    tables: str | None = None
    """Column that says which of two tables a row is of, where the page links two tables (`link_only`)."""


FEBRL = """record_id as unique_id, source, given_name, surname, street_number, address_1, state, postcode,
    date_of_birth, soc_sec_id"""

FAKE_1000 = Model(
    page="tutorials 04 and 05, with the blocks of 09",
    columns="record_id as unique_id, first_name, surname, dob, city, email",
    comparisons=[
        cl.NameComparison("first_name"),
        cl.NameComparison("surname"),
        cl.LevenshteinAtThresholds("dob", 1),
        cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        cl.EmailComparison("email"),
    ],
    blocks=[block_on("first_name", "city"), block_on("surname"), block_on("dob")],
    certain=[
        block_on("first_name", "dob"),
        "l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2",
        block_on("email"),
    ],
    recall=0.7,
    sampled_pairs=2e6,
    training=[block_on("first_name", "surname"), block_on("dob")],
    keep_from=0.1,
    threshold=0.2,
)

HISTORICAL_50K = Model(
    page="examples deduplicate_50k_synthetic",
    columns="""record_id as unique_id, first_name, surname, dob, birth_place, postcode_fake, gender, occupation,
        first_name || ' ' || surname as first_name_surname_concat""",
    comparisons=[
        cl.ForenameSurnameComparison(
            "first_name", "surname", forename_surname_concat_col_name="first_name_surname_concat"
        ),
        cl.DateOfBirthComparison("dob", input_is_string=True),
        cl.PostcodeComparison("postcode_fake"),
        cl.ExactMatch("birth_place").configure(term_frequency_adjustments=True),
        cl.ExactMatch("occupation").configure(term_frequency_adjustments=True),
    ],
    blocks=[
        block_on("substr(first_name,1,3)", "substr(surname,1,4)"),
        block_on("surname", "dob"),
        block_on("first_name", "dob"),
        block_on("postcode_fake", "first_name"),
        block_on("postcode_fake", "surname"),
        block_on("dob", "birth_place"),
        block_on("substr(postcode_fake,1,3)", "dob"),
        block_on("substr(postcode_fake,1,3)", "first_name"),
        block_on("substr(postcode_fake,1,3)", "surname"),
        block_on("substr(first_name,1,2)", "substr(surname,1,2)", "substr(dob,1,4)"),
    ],
    certain=[
        block_on("first_name", "surname", "dob"),
        block_on("substr(first_name,1,2)", "surname", "substr(postcode_fake,1,2)"),
        block_on("dob", "postcode_fake"),
    ],
    recall=0.6,
    sampled_pairs=1e7,
    training=[block_on("first_name", "surname"), block_on("dob")],
    train_without_frequencies=True,
    threshold=0.95,
)

FEBRL3 = Model(
    page="examples febrl3",
    columns=FEBRL,
    comparisons=[
        cl.NameComparison("given_name"),
        cl.NameComparison("surname"),
        cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
        cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
        cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
    ],
    blocks=[
        block_on("soc_sec_id"),
        block_on("given_name"),
        block_on("surname"),
        block_on("date_of_birth"),
        block_on("postcode"),
    ],
    certain=[
        block_on("soc_sec_id"),
        block_on("given_name", "surname", "date_of_birth"),
        "l.given_name = r.surname and l.surname = r.given_name and l.date_of_birth = r.date_of_birth",
    ],
    recall=0.9,
    sampled_pairs=1e6,
    training=[block_on("date_of_birth"), block_on("postcode")],
    keep_from=0.2,
)

FEBRL4 = Model(
    page="examples febrl4 (detailed model, link_only)",
    columns=FEBRL,
    comparisons=[
        cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
        cl.NameComparison("surname").configure(term_frequency_adjustments=True),
        cl.DateOfBirthComparison(
            "date_of_birth", input_is_string=True, datetime_format="%Y%m%d", invalid_dates_as_null=True
        ),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
        cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
    ],
    blocks=[
        block_on("given_name", "surname"),
        "l.given_name = r.surname and l.surname = r.given_name",
        block_on("date_of_birth"),
        block_on("soc_sec_id"),
        block_on("state", "address_1"),
        block_on("street_number", "address_1"),
        block_on("postcode"),
    ],
    certain=[block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")],
    recall=0.8,
    sampled_pairs=1e6,
    training=[block_on("date_of_birth"), block_on("postcode")],
    train_without_frequencies=True,
    keep_from=0.2,
    threshold=0.99,
    tables="source",
)

CHICAGO_ORGS = Model(
    page="no page: our reading of the guides",
    columns="""record_id as unique_id, lower(name) as name, lower(address) as address, zip, phone,
        regexp_extract(address, '[0-9]+') as house_number""",
    comparisons=[
        cl.NameComparison("name").configure(term_frequency_adjustments=True),
        cl.NameComparison("address"),
        cl.ExactMatch("zip").configure(term_frequency_adjustments=True),
        cl.ExactMatch("phone").configure(term_frequency_adjustments=True),
    ],
    blocks=[
        block_on("name"),
        block_on("phone"),
        block_on("address"),
        block_on("house_number", "zip"),
        block_on("substr(name,1,5)", "zip"),
        block_on("house_number", "substr(name,1,3)"),
    ],
    certain=[block_on("name", "address"), block_on("phone", "address"), block_on("name", "phone")],
    recall=0.7,
    sampled_pairs=1e7,
    training=[block_on("phone"), block_on("address")],
)

PEOPLE = Model(
    page="no page: people, our reading of the guides",
    columns="""concat_ws('|', source, object, record_id) as unique_id, lower(given_name) as given_name,
        lower(family_name) as family_name, lower(given_name || ' ' || family_name) as full_name, birth_date, email,
        phone, mobile, lower(street) as street, postal_code, lower(city) as city""",
    comparisons=[
        cl.ForenameSurnameComparison("given_name", "family_name", forename_surname_concat_col_name="full_name"),
        cl.DateOfBirthComparison("birth_date", input_is_string=False),
        cl.EmailComparison("email"),
        cl.ExactMatch("phone").configure(term_frequency_adjustments=True),
        cl.ExactMatch("mobile").configure(term_frequency_adjustments=True),
        cl.ExactMatch("postal_code").configure(term_frequency_adjustments=True),
        cl.ExactMatch("city").configure(term_frequency_adjustments=True),
    ],
    blocks=[
        block_on("email"),
        block_on("phone"),
        block_on("mobile"),
        block_on("given_name", "family_name"),
        block_on("family_name", "birth_date"),
        block_on("given_name", "birth_date"),
        block_on("family_name", "postal_code"),
        block_on("given_name", "postal_code"),
        block_on("street", "postal_code"),
    ],
    certain=[
        block_on("email", "family_name"),
        block_on("given_name", "family_name", "phone"),
        block_on("given_name", "family_name", "mobile"),
        block_on("given_name", "family_name", "postal_code"),
    ],
    recall=0.7,
    sampled_pairs=1e7,
    training=[block_on("given_name", "family_name"), block_on("email")],
    train_without_frequencies=True,
)

ORGANISATIONS = Model(
    page="no page: organisations, our reading of the guides",
    columns="""concat_ws('|', source, object, record_id) as unique_id, lower(name) as name, domain, phone,
        lower(street) as street, postal_code, lower(city) as city, customer_number""",
    comparisons=[
        cl.JaroWinklerAtThresholds("name", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        cl.ExactMatch("domain").configure(term_frequency_adjustments=True),
        cl.ExactMatch("phone").configure(term_frequency_adjustments=True),
        cl.LevenshteinAtThresholds("street", [2, 5]),
        cl.ExactMatch("postal_code").configure(term_frequency_adjustments=True),
        cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        cl.ExactMatch("customer_number"),
    ],
    blocks=[
        block_on("name"),
        block_on("domain"),
        block_on("phone"),
        block_on("customer_number"),
        block_on("street", "postal_code"),
        block_on("substr(name,1,6)", "city"),
        block_on("substr(name,1,6)", "postal_code"),
    ],
    certain=[block_on("name", "domain"), block_on("name", "phone"), block_on("name", "postal_code")],
    recall=0.6,
    sampled_pairs=1e7,
    training=[block_on("name"), block_on("domain")],
    train_without_frequencies=True,
)

MODELS = {
    "febrl3": FEBRL3,
    "febrl4": FEBRL4,
    "fake_1000": FAKE_1000,
    "historical_50k": HISTORICAL_50K,
    "chicago_orgs": CHICAGO_ORGS,
}
SAMPLE_MODELS = {"person": PEOPLE, "organisation": ORGANISATIONS}
