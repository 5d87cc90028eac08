"""What a cleaner makes of the forms that real exports hold."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.landed import clean
from transforms.cleaners import CLEANERS, Context
from transforms.cleaners.text import cell


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_text_is_composed_trimmed_and_free_of_what_cannot_be_seen() -> None:
    assert clean("text", " A\u200bda  Love\u00adlace\t", "Mu\u0308ller", "\ufeff", "\u3000x\u3000") == [
        "Ada Lovelace", "Müller", None, "x",
    ]  # fmt: skip


def test_a_word_for_nothing_is_no_value() -> None:
    frame = pl.DataFrame({"c": ["null", " null ", "[]", "nullable", None, ""]})
    assert frame.select(cell(pl.col("c"), ("null",)))["c"].to_list() == [None, None, None, "nullable", None, None]


@pytest.mark.parametrize(
    ("written", "email"),
    [
        ("Ann Lee <Ann@X.com>", "ann@x.com"),
        ("mailto:a@b.co?subject=Hi", "a@b.co"),
        ("a@b.com; c@d.com", "a@b.com"),
        ('["a@b.com","c@d.com"]', "a@b.com"),
        ("a@b.com.", "a@b.com"),
        ("müller@bücher.de", "müller@bücher.de"),
        ("j.davis@expressl&t.net", None),
        ("a..b@x.com", None),
        ("a@b", None),
        ("none", None),
        (f"{'a' * 250}@x.com", None),
        (f"{'a' * 60}@{'x' * 63}.com", f"{'a' * 60}@{'x' * 63}.com"),
        (f"a@{'x' * 64}.com", None),
    ],
)
def test_an_email_is_one_valid_address_in_lower_case(written: str, email: str | None) -> None:
    assert clean("email", written) == [email]


def test_a_domain_is_the_host_of_an_address() -> None:
    assert clean(
        "domain", "https://www.Acme.com/x?y", "acme.co.uk", "ann@acme.com", "http://acme.com:80", "localhost", "n/a"
    ) == ["acme.com", "acme.co.uk", "acme.com", "acme.com", None, None]


def test_countries_are_known_by_code_and_by_name_in_many_languages() -> None:
    written = ["USA", "U.S.A.", "uk", "Deutschland", "ÖSTERREICH", "Mexico", "México", "the Netherlands", "DEU", "日本"]
    assert clean("country", *written) == ["US", "US", "GB", "DE", "AT", "MX", "MX", "NL", "DE", "JP"]
    assert clean("country", "xx", "Atlantis") == [None, None]


def test_languages_become_tags() -> None:
    assert clean("language", "en_US", "Deutsch", "English (US)", "zh_hant_tw", "French, English", "Blargh") == [
        "en-US", "de", "en", "zh-Hant-TW", "fr", None,
    ]  # fmt: skip
    assert clean("languages", "English; German", '["en","es"]', "none") == [["en", "de"], ["en", "es"], None]


def test_time_zones_are_known_by_iana_windows_rails_and_city_names() -> None:
    assert clean(
        "timezone",
        "America/Los_Angeles",
        "W. Europe Standard Time",
        "Eastern Time (US & Canada)",
        "Copenhagen",
        "(GMT-08:00) Pacific Standard Time (America/Los_Angeles)",
        "Middle Earth",
    ) == ["America/Los_Angeles", "Europe/Berlin", "America/New_York", "Europe/Copenhagen", "America/Los_Angeles", None]


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2020-01-02 03:04:05", at(2020, 1, 2, 2, 4, 5)),
        ("2020-01-02T03:04:05.123Z", at(2020, 1, 2, 3, 4, 5, 123000)),
        ("2006-04-15T03:23:15.000+0000", at(2006, 4, 15, 3, 23, 15)),
        ("2020-07-02T03:04:05+03:00", at(2020, 7, 2, 0, 4, 5)),
        ("2009-07-14 22:14:45+0800", at(2009, 7, 14, 14, 14, 45)),
        ("2020-07-01", at(2020, 6, 30, 22)),
        ("/Date(1583107200000)/", at(2020, 3, 2)),
        ("1583107200000", at(2020, 3, 2)),
        ("8/25/2020 1:03 PM", at(2020, 8, 25, 11, 3)),
        ("09-06-2026 16:14", at(2026, 6, 9, 14, 14)),
        ("12/31/2154", None),
        ("2026-13-01 00:00:00", None),
        ("soon", None),
    ],
)
def test_an_instant_is_read_in_the_sources_zone_unless_it_says_its_own(written: str, instant: datetime | None) -> None:
    assert clean("timestamp", written, country="DE", timezone="Europe/Berlin") == [instant]


def test_the_hours_that_summer_time_doubles_and_skips_are_decided() -> None:
    times = clean("timestamp", "2026-10-25 02:30:00", "2026-03-29 02:30:00", timezone="Europe/Berlin")
    assert times == [at(2026, 10, 25, 0, 30), at(2026, 3, 29, 1, 30)]


def test_a_salesforce_time_is_utc_whatever_the_sources_zone() -> None:
    assert clean("timestamp_utc", "2020-01-02 03:04:05", timezone="Europe/Berlin") == [at(2020, 1, 2, 3, 4, 5)]


def test_day_and_month_are_told_apart_or_left_alone() -> None:
    assert clean("date", "13/4/2020", "4/13/2020", "5.6.2020", "3/4/2020") == [
        date(2020, 4, 13), date(2020, 4, 13), date(2020, 6, 5), None,
    ]  # fmt: skip
    assert clean("date", "3/4/2020", country="US") == [date(2020, 3, 4)]
    assert clean("date", "3/4/2020", country="GB") == [date(2020, 4, 3)]


def test_a_system_that_writes_the_month_first_is_read_so_in_every_country() -> None:
    assert clean("date_month_first", "3/4/2020", "13/4/2020", "2020-04-03", country="DE") == [
        date(2020, 3, 4), date(2020, 4, 13), date(2020, 4, 3),
    ]  # fmt: skip


def test_a_descriptor_without_its_brackets_is_a_name() -> None:
    assert clean("before_brackets", "Ann Lee (On Leave)", "Ann (Nan) Lee", "(Ann)") == [
        "Ann Lee",
        "Ann (Nan) Lee",
        "(Ann)",
    ]


def test_a_status_that_is_not_stated_is_left_to_what_else_says_it() -> None:
    assert clean("employee_status", "", "Sabbatical", "Astronaut") == [None, "leave", "unknown"]


def test_a_date_is_a_date_whatever_its_zone() -> None:
    assert clean(
        "date", "1960-01-01-07:00", "1983-09-01T00:00:00+02:00", "2013-09-13 00:00:00", "0000-00-00", "9999-12-31"
    ) == [date(1960, 1, 1), date(1983, 9, 1), date(2013, 9, 13), None, None]


@pytest.mark.parametrize(
    ("written", "country", "amount"),
    [
        ("500000.0", "DE", "500000.00"),
        ("1.234,56", None, "1234.56"),
        ("1,234.56", "DE", "1234.56"),
        ("1.234", "DE", "1234.00"),
        ("1.234", "US", "1.23"),
        ("1,234", "US", "1234.00"),
        ("12,5", "US", "12.50"),
        ("€ 5,50", None, "5.50"),
        ("(12.00)", None, "-12.00"),
        ("1'234.50", "CH", "1234.50"),
        ("1.5E6", None, "1500000.00"),
        ("000", None, None),
        ("12345678901234567", None, None),
        ("a lot", None, None),
    ],
)
def test_amounts_are_read_as_machines_and_as_people_write_them(
    written: str, country: str | None, amount: str | None
) -> None:
    assert clean("money", written, country=country) == [None if amount is None else Decimal(amount)]


@pytest.mark.parametrize(
    ("full", "given", "family"),
    [
        ("Ada Lovelace", "Ada", "Lovelace"),
        ("Lovelace, Ada", "Ada", "Lovelace"),
        ("Vincent van Gogh", "Vincent", "van Gogh"),
        ("Dr. Ann Mary Lee Jr.", "Ann Mary", "Lee Jr."),
        ("Lee Jr., Ann", "Ann", "Lee Jr."),
        ("Lee, Jr., Ann", "Ann", "Lee, Jr."),
        ("Lee, Ann Jr.", "Ann", "Lee Jr."),
        ("Ann Lee, Sr., MD", "Ann", "Lee Sr."),
        ("Lee III", None, "Lee III"),
        ("Peter Senior", "Peter", "Senior"),
        ("Lee, Peter Senior", "Peter", "Lee Senior"),
        ("Jean Mba", "Jean", "Mba"),
        ("Ly van Dam", "Ly", "van Dam"),
        ("Peter van der Berg junior", "Peter", "van der Berg junior"),
        ("Brian Halligan (Sample Contact)", "Brian", "Halligan"),
        ("Ann Lee (On Leave)", "Ann", "Lee"),
        ("Lee, Dr. Ann", "Ann", "Lee"),
        ("Madonna", None, "Madonna"),
        ("김철수", "철수", "김"),
        ("남궁민수", "민수", "남궁"),
        ("선우", "우", "선"),
        ("王小明", "小明", "王"),
        ("王平", "平", "王"),
        ("欧阳娜娜", "娜娜", "欧阳"),
        ("陳 大文", "大文", "陳"),
        ("山田　太郎", "太郎", "山田"),
        ("田中誠", "誠", "田中"),
        ("佐々木健", "健", "佐々木"),
        ("山田太郎", "太郎", "山田"),
        ("久保田太郎", "太郎", "久保田"),
        ("久保太郎", "太郎", "久保"),
        ("村上くみ子", "くみ子", "村上"),
        ("ジョン・スミス", "ジョン", "スミス"),
        ("Nguyễn Văn An", "Văn An", "Nguyễn"),
        ("NGUYỄN VĂN HÙNG", "VĂN HÙNG", "NGUYỄN"),
        ("Nguyen Van Hung", "Van Hung", "Nguyen"),
        ("Minh van Hung", "Minh", "van Hung"),
        ("An Nguyễn", "An", "Nguyễn"),
        # Which of the signs is whose cannot be told.
        ("畠平治", None, "畠平治"),
        ("さくら", None, "さくら"),
    ],
)
def test_a_full_name_is_taken_apart(full: str, given: str | None, family: str) -> None:
    assert clean("given_of_full_name", full) == [given]
    assert clean("family_of_full_name", full, None) == [family, None]


def test_states_are_words_in_any_case() -> None:
    assert clean("flag", "YES", "0", "ja", "perhaps") == [True, False, True, None]
    assert clean("case_status", "Closed", "solved", "In Progress") == ["closed", "closed", "open"]
    assert clean("deal_status", "Closed Won", "closedlost", "Prospecting") == ["won", "lost", "open"]
    assert clean("employee_status", "Active", "on leave", "Ann Lee (Terminated)", "0", "Inactive", "foo") == [
        "active", "leave", "terminated", "terminated", "terminated", "unknown",
    ]  # fmt: skip


def test_an_opt_out_that_is_not_set_is_no_consent() -> None:
    assert clean("opt_out", "1", "0", None) == ["denied", "unknown", None]
    assert clean("consent", "opt-in", "false", "Unsubscribed") == ["granted", "denied", "denied"]


def test_won_and_closed_make_a_deals_status() -> None:
    frame = pl.DataFrame({"won": ["1", "0", "0", None], "closed": ["1", "1", "0", None]})
    status = CLEANERS["deal_status"].apply((pl.col("won"), pl.col("closed")), Context())
    assert frame.select(status.alias("s"))["s"].to_list() == ["won", "lost", "open", None]


def test_a_salesforce_id_is_the_same_with_15_and_18_characters() -> None:
    assert clean(
        "salesforce_id", "001E000000M4pZB", "001E000000M4pZBIAZ", "001E000000M4pZB\u3000", "001E000000M4pZBIAX", "x"
    ) == ["001E000000M4pZBIAZ"] * 3 + [None, None]


def test_a_street_of_several_lines_is_one_line() -> None:
    assert clean("street", "12 Main St\r\nFlat 2\n", " ", "Main St") == ["12 Main St, Flat 2", None, "Main St"]


def test_several_values_in_a_cell_are_told_apart() -> None:
    assert clean("list", "a; b;;a", '["x","y"]', "[]") == [["a", "b"], ["x", "y"], None]
    assert clean("first", "17;4", "; 5", ";", '["a.com","b.com"]', "[7, 8]", "[]") == [
        "17",
        "5",
        None,
        "a.com",
        "7",
        None,
    ]


CELLS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.sampled_from(
        ["2020-01-02 03:04:05", "3/4/2020", "1.234,56", "Ann <a@b.com>", "+49 30 901820", "030 901820", "Dr. Ann Lee",
         "Germany", "en_US", "yes", "001E000000M4pZB", "a; b", "/Date(1583107200000)/", "Acme\nInc", "https://a.com"]
    ),
)  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=30), st.integers(0, 30))
def test_every_cleaner_gives_the_same_for_any_split_of_the_rows(cells: list[str | None], place: int) -> None:
    for name in CLEANERS:
        whole = clean(name, *cells, country="DE", timezone="Europe/Berlin")
        head, tail = cells[:place], cells[place:]
        split = [clean(name, *part, country="DE", timezone="Europe/Berlin") for part in (head, tail) if part]
        assert whole == [value for part in split for value in part], name
