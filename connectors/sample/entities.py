"""Who really exists in the sample: organisations and people, with what is true of them.

Nothing here is written wrongly; what the systems know of them is made in `records`.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from connectors.sample.errors import chance, plain, where
from connectors.sample.material import (
    COUNTRIES,
    NICKNAMES,
    Country,
    Rng,
    given_names,
    listed_names,
    pick,
    weights_like_zipf,
)
from connectors.sample.surnames import surnames

ANCHOR = date(2026, 6, 30)
"""The day on which the sample is set; nothing reads the clock."""

BRANCHES = 0.025
"""Share of the organisations that are branches of another."""

AT_WORK = 0.4
"""Share of the employed who are customers for their employer, and mostly reached there."""

NO_EMAIL = 0.04
"""Share of the people without any e-mail address."""

_DAY = np.datetime64(ANCHOR, "D")
_LETTERS = pl.Series(list("ABDEFGHJLNPQRSTUWXYZ"))
_SYLLABLES = pl.Series(
    [
        "al",
        "ber",
        "cor",
        "dan",
        "el",
        "fen",
        "gal",
        "hal",
        "in",
        "jor",
        "kel",
        "lor",
        "mar",
        "nex",
        "or",
        "pri",
        "quan",
        "ris",
        "sol",
        "tor",
        "ul",
        "ven",
        "wex",
        "yor",
        "zen",
    ]
)


def digits(rng: Rng, size: int, count: int) -> pl.Series:
    """Random texts of `count` digits."""
    return pl.Series(rng.integers(0, 10**count, size)).cast(pl.String).str.zfill(count)


def days(dates: np.ndarray) -> pl.Series:
    """Dates of numpy as a column of dates."""
    return pl.Series(dates.astype("datetime64[ms]")).cast(pl.Date)


def make_organisations(rng: Rng, count: int) -> pl.DataFrame:
    """Organisations in the order of COUNTRIES: country, core, legal, domain, phone, area, an address, customer_number.

    A few in a hundred (BRANCHES) are branches: another organisation of the same name in another city.
    """
    shares = rng.multinomial(count, [c.share for c in COUNTRIES])
    frame = pl.concat(
        [_organisations_of(i, c, int(n), rng) for i, (c, n) in enumerate(zip(COUNTRIES, shares, strict=True))]
    )
    core = frame["core"]
    numbered = pl.arange(0, frame.height, eager=True).cast(pl.String)
    branch = frame["branch"].to_numpy()
    head = np.maximum.accumulate(np.where(branch, 0, np.arange(frame.height)))
    label = frame.select(plain(pl.col("core")).str.slice(0, 22))["core"]
    label = where(~label.is_first_distinct().to_numpy(), label + numbered, label)
    label = where(branch & chance(rng, frame.height, 0.7), label.gather(head), label)
    tld = pl.Series([c.tld for c in COUNTRIES]).gather(frame["country"])
    number = "C" + (pl.arange(0, frame.height, eager=True) * 7 + 100_003).cast(pl.String)
    return frame.with_columns(
        core=core,
        domain=(label + "." + tld),
        customer_number=where(chance(rng, frame.height, 0.6), number, core.clear(len(core))),
    ).with_row_index("entity")


def _organisations_of(index: int, country: Country, count: int, rng: Rng) -> pl.DataFrame:
    listed, cumulative = surnames(country.code)
    trades = pl.Series(country.trades)
    one, two = (listed.gather(pick(rng, cumulative, count)) for _ in range(2))
    trade = trades.gather(rng.integers(0, len(trades), count))
    made = _SYLLABLES.gather(rng.integers(0, 25, count)) + _SYLLABLES.gather(rng.integers(0, 25, count))
    made = made + _SYLLABLES.gather(rng.integers(0, 25, count))
    made = where(chance(rng, count, 0.6), made + _SYLLABLES.gather(rng.integers(0, 25, count)), made).str.to_titlecase()
    style = rng.random(count)
    core = where(style < 0.4, one + " " + trade, where(style < 0.6, one + " & " + two, made + " " + trade))
    branch = chance(rng, count, BRANCHES)
    branch[:1] = False
    head = np.maximum.accumulate(np.where(branch, 0, np.arange(count)))
    legal = rng.integers(0, len(country.legal), count)
    address = _addresses(country, count, rng, "")
    phone, area = _landlines(country, address["city_index"].to_numpy(), rng)
    return pl.DataFrame(
        {
            "country": np.full(count, index, dtype=np.int32),
            "core": core.gather(head),
            "legal": legal[head].astype(np.int32),
            "branch": branch,
            "phone": phone,
            "phone_area": area,
        }
    ).hstack(address.drop("city_index"))


def make_people(rng: Rng, count: int, organisations: pl.DataFrame) -> pl.DataFrame:
    """People in the order of COUNTRIES: names, born, addresses now and before, phones, e-mails, employer.

    `employer` is an `entity` of organisations of the same country, or null. About one in three lives in a household
    that shares surname, address and landline.
    """
    shares = rng.multinomial(count, [c.share for c in COUNTRIES])
    of_country = [np.flatnonzero(organisations["country"].to_numpy() == i) for i in range(len(COUNTRIES))]
    frame = pl.concat(
        [_people_of(i, c, int(n), of_country[i], rng) for i, (c, n) in enumerate(zip(COUNTRIES, shares, strict=True))]
    )
    return _with_emails(frame, organisations, rng).with_row_index("entity")


def _people_of(index: int, country: Country, count: int, employers: np.ndarray, rng: Rng) -> pl.DataFrame:
    male = chance(rng, count, 0.5)
    given = where(
        male, _given(country, "first_names_male", count, rng), _given(country, "first_names_female", count, rng)
    )
    head, member = _households(rng, count)
    alike = member & chance(rng, count, 0.25)
    given = where(alike, _given_with_initial(country, given.gather(head), rng), given)
    family = _surnames(country, count, rng)
    maiden = where(~male & chance(rng, count, 0.14), _surnames(country, count, rng), family.clear(count))
    born = _DAY - rng.integers(18 * 365, 85 * 365, count)
    relation = rng.random(count)
    born = np.where(member & (relation < 0.2), born[head], born)
    born = np.where(member & (relation > 0.6), born[head] + rng.integers(23 * 365, 35 * 365, count), born)
    address = _addresses(country, count, rng, "")
    landline, area = _landlines(country, address["city_index"].to_numpy(), rng)
    moved = chance(rng, count, 0.14)
    before = _addresses(country, count, rng, "old_").select(
        [
            pl.when(pl.lit(pl.Series(moved))).then(pl.col(c)).alias(c)
            for c in ("old_street", "old_postal_code", "old_city", "old_region")
        ]
    )
    mobile, mobile_area = _mobiles(country, count, rng)
    second, _ = _mobiles(country, count, rng)
    employed = chance(rng, count, 0.6) & bool(len(employers))
    boss = (
        employers[pick(rng, weights_like_zipf(len(employers), 0.6), count)] if len(employers) else np.zeros(count, int)
    )
    return (
        pl.DataFrame(
            {
                "country": np.full(count, index, dtype=np.int32),
                "given": given,
                "nickname": given.replace_strict(NICKNAMES, default=None, return_dtype=pl.String),
                "family": family.gather(head),
                "maiden": maiden,
                "born": days(born),
                "landline": landline.gather(head),
                "landline_area": area.gather(head),
                "mobile": mobile,
                "second_mobile": where(chance(rng, count, 0.12), second, second.clear(count)),
                "mobile_area": mobile_area,
                "head": head,
                "employer": pl.Series(np.where(employed, boss, -1)).replace(-1, None),
                "at_work": employed & chance(rng, count, AT_WORK),
            }
        )
        .hstack(address.drop("city_index")[head])
        .hstack(before)
    )  # fmt: skip


def _given(country: Country, which: str, count: int, rng: Rng) -> pl.Series:
    listed, cumulative = given_names(country, which)
    return listed.gather(pick(rng, cumulative, count))


def _given_with_initial(country: Country, like: pl.Series, rng: Rng) -> pl.Series:
    """Given names that begin with the same letter as those in `like`."""
    listed = pl.concat([given_names(country, w)[0] for w in ("first_names_male", "first_names_female")]).unique().sort()
    initial = listed.str.slice(0, 1).to_numpy()
    wanted = like.str.slice(0, 1).to_numpy().astype(str)
    first = initial.astype(str)
    low, high = np.searchsorted(first, wanted, "left"), np.searchsorted(first, wanted, "right")
    return listed.gather(np.minimum(low + np.floor(rng.random(len(like)) * (high - low)).astype(int), len(listed) - 1))


def _surnames(country: Country, count: int, rng: Rng) -> pl.Series:
    """Family names; one in fourteen is a double one, in Spain six in ten."""
    listed, cumulative = surnames(country.code)
    one, two = (listed.gather(pick(rng, cumulative, count)) for _ in range(2))
    joined = one + (" " if country.code == "ES" else "-") + two
    return where(chance(rng, count, 0.6 if country.code == "ES" else 0.07), joined, one)


def _households(rng: Rng, count: int) -> tuple[np.ndarray, np.ndarray]:
    """For each person the head of the household (themselves when alone), and who is a member beside a head."""
    head = np.arange(count)
    for distance, share in ((1, 0.14), (2, 0.06)):
        starts = np.flatnonzero(chance(rng, max(count - distance, 0), share))
        starts = starts[(head[starts] == starts) & (head[starts + distance] == starts + distance)]
        followers = np.setdiff1d(starts + distance, starts)
        head[followers] = head[followers - distance]
    head = head[head]
    return head, head != np.arange(count)


def _addresses(country: Country, count: int, rng: Rng, prefix: str) -> pl.DataFrame:
    listed = pl.Series(listed_names(country.locale, "last_names")[:320])
    city = pick(rng, weights_like_zipf(len(country.cities), 0.7), count)
    patterns = [tuple(pattern.split("{}")) for pattern in country.streets]
    which = rng.integers(0, len(patterns), count)
    before, after = (pl.Series([p[k] for p in patterns]).gather(which) for k in (0, 1))
    street = before + listed.gather(pick(rng, weights_like_zipf(len(listed), 0.5), count)) + after
    house = pl.Series(1 + np.floor(rng.random(count) ** 2 * 180).astype(int)).cast(pl.String)
    first = country.code in ("US", "GB", "FR")
    postal = pl.Series([c.postal for c in country.cities]).gather(city)
    length = 5 - len(country.cities[0].postal)
    zone = pl.Series(rng.integers(1, 100 if length == 2 else 20, count)).cast(pl.String)
    if country.code == "GB":
        ending = _LETTERS.gather(rng.integers(0, 20, count)) + _LETTERS.gather(rng.integers(0, 20, count))
        postal = postal + zone + " " + digits(rng, count, 1) + ending
    elif country.code == "NL":
        postal = (
            postal
            + zone.str.zfill(2)
            + " "
            + _LETTERS.gather(rng.integers(0, 20, count))
            + _LETTERS.gather(rng.integers(0, 20, count))
        )
    else:
        postal = postal + (
            zone.str.zfill(length) if length == 2 else zone.str.zfill(2) + digits(rng, count, length - 2)
        )
    return pl.DataFrame(
        {
            f"{prefix}street": (house + " " + street) if first else (street + " " + house),
            f"{prefix}postal_code": postal,
            f"{prefix}city": pl.Series([c.name for c in country.cities]).gather(city),
            f"{prefix}region": pl.Series([c.region for c in country.cities]).gather(city),
            "city_index": city,
        }
    )


def _landlines(country: Country, city: np.ndarray, rng: Rng) -> tuple[pl.Series, pl.Series]:
    """National numbers of landlines in the cities, and the lengths of their area codes."""
    count = len(city)
    area = pl.Series([c.area for c in country.cities]).gather(city)
    first = pl.Series(list(country.landline_first)).gather(rng.integers(0, len(country.landline_first), count))
    length = area.str.len_chars().cast(pl.Int32)
    wanted = pl.Series(np.full(count, country.landline_length or 0, dtype=np.int32))
    rest = (wanted - length - 1) if country.landline_length else pl.Series(rng.integers(5, 8, count, dtype=np.int32))
    second = pl.Series(list("02345678")).gather(rng.integers(0, 8, count))
    many = digits(rng, count, 7)
    tail = pl.DataFrame({"m": many, "r": rest - 1}).select(pl.col("m").str.slice(0, pl.col("r")))["m"]
    return area + first + second + tail, length


def _mobiles(country: Country, count: int, rng: Rng) -> tuple[pl.Series, pl.Series]:
    """National numbers of mobiles, and the lengths of their prefixes; in America they look like landlines."""
    if not country.mobile:
        return _landlines(country, rng.integers(0, len(country.cities), count), rng)
    prefix = pl.Series(country.mobile).gather(rng.integers(0, len(country.mobile), count))
    length = prefix.str.len_chars().cast(pl.Int32)
    rest = country.mobile_length - len(country.mobile[0]) if country.mobile_length else 7
    number = digits(rng, count, rest)
    if country.code == "DE":  # 0151 has eight digits after it, the others seven
        number = where((prefix == "151").to_numpy(), "2" + number, number)
    return prefix + number, length


def _with_emails(people: pl.DataFrame, organisations: pl.DataFrame, rng: Rng) -> pl.DataFrame:
    """Adds home_email, second_email and work_email; a few in a hundred people (NO_EMAIL) have none at all."""
    count = people.height
    parts = people.select(
        g=plain(pl.col("given")),
        f=plain(pl.col("family")),
        y=pl.col("born").dt.year().cast(pl.String),
        n=plain(pl.col("nickname")),
    )
    freemail = pl.concat(
        [
            pl.Series(c.freemail).gather(rng.integers(0, len(c.freemail), int((people["country"] == i).sum())))
            for i, c in enumerate(COUNTRIES)
        ]
    )
    word = _SYLLABLES.gather(rng.integers(0, 25, count)) + _SYLLABLES.gather(rng.integers(0, 25, count))

    def mailbox() -> pl.Series:
        g, f, y = parts["g"], parts["f"], parts["y"]
        habits = pl.DataFrame(
            {
                "style": np.searchsorted([0.3, 0.5, 0.65, 0.8], rng.random(count)),
                "full": g + "." + f,
                "initial": g.str.slice(0, 1) + f,
                "year": f + y.str.slice(2),
                "nick": parts["n"].fill_null(g) + y,
                "word": word + digits(rng, count, 3),
            }
        )
        style = pl.col("style")
        local = habits.select(
            pl.when(style == 0).then("full").when(style == 1).then("initial").when(style == 2).then("year")
            .when(style == 3).then("nick").otherwise("word").alias("local")
        )["local"]  # fmt: skip
        address = local + "@" + freemail
        serial = pl.arange(0, count, eager=True).cast(pl.String)
        return where(address.is_first_distinct().to_numpy(), address, local + serial + "@" + freemail)

    home, second = mailbox(), mailbox().str.replace("@", ".2@", literal=True)
    head = _global(people, people["head"].to_numpy())
    family_mailbox = (head != np.arange(count)) & chance(rng, count, 0.12)
    home = where(family_mailbox, home.gather(head), home)
    domain = organisations["domain"].gather(people["employer"])
    work = parts["g"] + "." + parts["f"] + "@" + domain
    work = where(
        work.is_first_distinct().to_numpy(), work, parts["g"] + "." + parts["f"] + digits(rng, count, 5) + "@" + domain
    )
    none = chance(rng, count, NO_EMAIL)
    return people.with_columns(
        home_email=where(none, None, home),
        second_email=where(none | ~chance(rng, count, 0.12), None, second),
        work_email=where(none, None, work),
    ).drop("head")


def _global(people: pl.DataFrame, head: np.ndarray) -> np.ndarray:
    """Heads are numbered within their country; as row numbers of the whole frame."""
    country = people["country"].to_numpy()
    return head + np.searchsorted(country, country)
