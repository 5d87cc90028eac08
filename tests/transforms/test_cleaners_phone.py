"""The fast way to E.164 never says anything else than the library."""

from __future__ import annotations

import random
from pathlib import Path

import phonenumbers
import polars as pl
import pytest

from tests.transforms.landed import clean
from transforms.cleaners.phone import e164
from transforms.cleaners.phone_answers import Answers, ask

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = range(11)


def mutated(national: str, rng: random.Random) -> str:
    """A number near a real one: some digits changed, one lost or one too many."""
    digits = list(national)
    for _ in range(rng.choice([0, 0, 1, 3, len(digits)])):
        digits[rng.randrange(len(digits))] = rng.choice("0123456789")
    return "".join(digits[rng.choice([0, 0, 0, 1]) :]) + rng.choice(["", "", "", rng.choice("0123456789")])


def written(national: str, code: int, prefix: str, rng: random.Random) -> str:
    """The forms in which people and systems write a number."""
    forms = [
        f"+{code}{national}", f"+{code} {national[:3]} {national[3:]}", f"00{code}{national}", f"011{code}{national}",
        national, f"{prefix}{national}", f"({prefix}{national[:3]}) {national[3:]}", f"{code}{national}",
        f"+{code}(0){national}", f"+{code} ({prefix}){national}", f"{code}{prefix}{national}", f"0{national}",
        f"1-{national}", f"8 {national}", f"{national[:3]}/{national[3:]}", f"+ {code}.{national}", f"({national})",
    ]  # fmt: skip
    return rng.choice(forms)


def sample(seed: int, per_kind: int) -> pl.DataFrame:
    rng = random.Random(seed)  # noqa: S311 — the same sample every time
    rows = set()
    for region in REGIONS:
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
        for kind in KINDS:
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            national = phonenumbers.national_significant_number(example)
            for _ in range(per_kind):
                read_in = rng.choice([region, region, region, rng.choice(REGIONS), "US", "DE", ""])
                text = written(mutated(national, rng), example.country_code, metadata.national_prefix or "", rng)
                rows.add((text, read_in or None))
    return pl.DataFrame(sorted(rows, key=str), {"text": pl.String, "region": pl.String}, orient="row")


@pytest.mark.parametrize("seed", [1, 2])
def test_the_fast_way_equals_the_library_in_every_region(seed: int) -> None:
    numbers = sample(seed, per_kind=4)
    found = e164(numbers["text"], numbers["region"]).to_list()
    asked = [ask(text, region) for text, region in numbers.rows()]
    assert sum(number is not None for number in asked) > numbers.height / 4
    assert [(row, f, a) for row, f, a in zip(numbers.rows(), found, asked, strict=True) if f != a] == []


def test_a_number_is_read_in_its_region() -> None:
    berlin = ["+49 30 901820", "030 901820", "(0)30/901820", "004930901820", "+49 (0)30 901820"]
    assert clean("phone", *berlin, country="DE") == ["+4930901820"] * 5
    assert clean("phone", "(650) 867-3450", "1-650-867-3450", "011 49 30 901820", country="US") == [
        "+16508673450", "+16508673450", "+4930901820",
    ]  # fmt: skip


def test_a_number_without_code_is_null_where_no_country_is_known() -> None:
    assert clean("phone", "(650) 867-3450", "+1 650 867 3450", "0044 742 9493352") == [
        None, "+16508673450", "+447429493352",
    ]  # fmt: skip


def test_letters_extensions_and_second_numbers_are_understood() -> None:
    assert clean("phone", "1-800-FLOWERS", "650 867 3450 ext. 12", "650 867 3450 / 650 867 3451", country="US") == [
        "+18003569377", "+16508673450", "+16508673450",
    ]  # fmt: skip


def test_the_librarys_answers_outlive_the_process(tmp_path: Path) -> None:
    texts, regions = pl.Series(["650 867 3450 x1", "?"]), pl.Series(["US", None], dtype=pl.String)
    first = Answers()
    answers = first.lookup(texts, regions).to_list()
    first.save(tmp_path)
    second = Answers()
    second.load(tmp_path)
    assert second.lookup(texts, regions).to_list() == answers == ["+16508673450", None]
    assert not second._new
