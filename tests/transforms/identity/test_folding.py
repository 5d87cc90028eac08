"""What is the same however it is written: names, streets, numbers, days, mailboxes."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from transforms.identity.folding import define_folding


@pytest.fixture(scope="module")
def folding() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        define_folding(connection)
        yield connection


def _fold(folding: duckdb.DuckDBPyConnection, macro: str, text: str) -> str | None:
    row = folding.execute(f"select {macro}", {"text": text}).fetchone()
    assert row is not None
    return None if row[0] is None else str(row[0])


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("O’Brien-Łukasz", "obrien lukasz"),
        ("Mueller", "muller"),
        ("Müller", "muller"),
        ("Weißhaupt", "weisshaupt"),
        ("Bauer", "bauer"),
        ("Joe", "joe"),
        ("--", None),
        ("Иванов", "ivanov"),
        ("Γιώργος", "giorgos"),
        ("नरेन्द्र", "nrendr"),
        ("さくら", "sakura"),
        ("ＡＢＣ", "abc"),
    ],
)
def test_names_are_folded(folding: duckdb.DuckDBPyConnection, name: str, folded: str | None) -> None:
    assert _fold(folding, "folded($text)", name) == folded


@pytest.mark.parametrize(
    ("one", "other"),
    [("정수", "정식"), ("王", "汪"), ("伟", "维"), ("नरेश", "राकेश"), ("Олег", "Яков")],
)
def test_other_names_of_one_script_are_not_near(folding: duckdb.DuckDBPyConnection, one: str, other: str) -> None:
    near = "jaro_winkler_similarity(folded($one), folded($other))"
    edits = "levenshtein(folded($one), folded($other))"
    row = folding.execute(f"select {near}, {edits}", {"one": one, "other": other}).fetchone()
    assert row is not None
    assert row[0] < 0.85
    assert row[1] > 2


@pytest.mark.parametrize(
    ("name", "key", "generation"),
    [
        ("van der Berg", "vanderberg", None),
        ("Vanderberg", "vanderberg", None),
        ("O'Brien Jr.", "obrien", "jr"),
        ("Berg III", "berg", "iii"),
        ("Berg, Senior", "berg", "sr"),
        ("Junior", "junior", None),
        ("n/a", None, None),
        ("Unknown", None, None),
        ("x", None, None),
        ("Gast", "gast", None),
        ("Herr", "herr", None),
    ],
)
def test_a_family_name_is_one_word_without_generation(
    folding: duckdb.DuckDBPyConnection, name: str, key: str | None, generation: str | None
) -> None:
    assert _fold(folding, "replace(own_name(folded($text)), ' ', '')", name) == key
    assert _fold(folding, "generation(folded($text))", name) == generation


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lindenstraße 12", "Lindenstr. 12"),
        ("Lindenstrasse 12", "Lindenstr.12"),
        ("418 Wexcombe Street", "418 Wexcombe St."),
        ("7510 North Ashland Avenue", "7510 N. Ashland Ave"),
    ],
)
def test_a_street_is_the_same_in_short_form(folding: duckdb.DuckDBPyConnection, one: str, other: str) -> None:
    street = "replace(short_street(folded($text)), ' ', '')"
    assert _fold(folding, street, one) == _fold(folding, street, other)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("The United Oil & Gas Corp.", "united oil gas"),
        ("Boll & Söhne GmbH & Co. KG", "boll sohne"),
        ("Boll und Söhne G.m.b.H.", "boll sohne"),
        ("Co-op", "co op"),
        ("ООО «Ромашка»", "romashka"),
        ("SARL Dupont", "dupont"),
    ],
)
def test_an_organisation_is_named_without_its_legal_form(
    folding: duckdb.DuckDBPyConnection, name: str, words: str
) -> None:
    assert _fold(folding, "organisation_words(folded($text))", name) == words


@pytest.mark.parametrize(
    ("one", "other"),
    [("株式会社日立製作所", "日立製作所(株)"), ("삼성전자 주식회사", "㈜삼성전자"), ("华为技术有限公司", "华为技术")],
)
def test_a_legal_form_may_be_one_word_with_the_name(folding: duckdb.DuckDBPyConnection, one: str, other: str) -> None:
    words = "organisation_words(folded($text))"
    assert _fold(folding, words, one) == _fold(folding, words, other)


@pytest.mark.parametrize("number", ["+442079460123", "020 7946 0123", "0044 20 7946 0123", "(0)20-79460123"])
def test_a_number_is_the_same_with_its_country_and_without(folding: duckdb.DuckDBPyConnection, number: str) -> None:
    assert _fold(folding, "number_key($text)", number) == "079460123"


@pytest.mark.parametrize(
    "number", ["+1-384-555-0180x4840", "(384) 555-0180 ext. 12", "384.555.0180 #7", "+13845550180"]
)
def test_an_extension_is_no_part_of_a_number(folding: duckdb.DuckDBPyConnection, number: str) -> None:
    assert _fold(folding, "number_key($text)", number) == "845550180"


def test_zeros_are_a_number_that_is_recognised_as_none(folding: duckdb.DuckDBPyConnection) -> None:
    assert _fold(folding, "number_key($text)", "0000000") == "000000000"


def test_a_few_digits_are_no_number(folding: duckdb.DuckDBPyConnection) -> None:
    assert _fold(folding, "number_key($text)", "ext. 123") is None


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("1862-81-01", "18628101"),
        ("31.02.1990", "19900231"),
        ("1990/02/31", "19900231"),
        ("19900231", "19900231"),
        ("in spring", None),
    ],
)
def test_a_day_that_is_no_date_has_its_digits(
    folding: duckdb.DuckDBPyConnection, written: str, digits: str | None
) -> None:
    assert _fold(folding, "date_digits($text)", written) == digits


@pytest.mark.parametrize(
    ("email", "mailbox"),
    [
        ("No-Reply2@x.org", "noreply"),
        ("anna+news@x.org", "anna"),
        ("4711@x.org", "4711"),
        ("+4711@x.org", "4711"),
        ("Åsa.Ö2@x.org", "åsaö"),
    ],
)
def test_a_mailbox_is_compared_without_separators_and_numbers(
    folding: duckdb.DuckDBPyConnection, email: str, mailbox: str
) -> None:
    assert _fold(folding, "mailbox($text)", email) == mailbox
