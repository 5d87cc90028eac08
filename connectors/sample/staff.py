"""The company's own people in the sample: workers in HR, and their logins in the other systems.

Some workers have left and still own customers: that is what the owner rules are for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from connectors.sample.entities import ANCHOR, days, digits
from connectors.sample.errors import chance, plain, where
from connectors.sample.material import COUNTRIES, Rng, given_names, pick
from connectors.sample.records import EMEA, HUBSPOT, US, ZENDESK
from connectors.sample.surnames import surnames

_TITLES = ("Account Manager", "Support Agent", "Sales Development", "Customer Success Manager", "Support Engineer")
_DEPARTMENTS = ("Sales", "Support", "Sales Development", "Customer Success", "Support")
_SKILLS = ("Billing", "Technical", "Onboarding", "Contracts", "Escalations")
_SPOKEN = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "nl": "Dutch"}
_DAY = np.datetime64(ANCHOR, "D")


@dataclass(frozen=True)
class Staff:
    """workers: one row each; users: per source the row numbers of the workers who have a login there."""

    workers: pl.DataFrame
    users: dict[str, np.ndarray]

    def owners(self, rng: Rng, source: str, size: int) -> np.ndarray:
        """Positions in `users[source]`: a few people own much, and one in forty records has nobody (-1)."""
        drawn = np.floor(rng.random(size) ** 1.6 * len(self.users[source])).astype(int)
        return np.where(chance(rng, size, 0.025), -1, drawn)


def make_staff(rng: Rng, records: int) -> Staff:
    """Workers in proportion to the records, in a tree of managers with eight under one."""
    count = 24 + records // 1500
    country = np.sort(
        np.searchsorted(np.cumsum([c.share for c in COUNTRIES]), rng.random(count)).clip(0, len(COUNTRIES) - 1)
    )
    parts = []
    for index, land in enumerate(COUNTRIES):
        size = int((country == index).sum())
        male = chance(rng, size, 0.5)
        he, she = (given_names(land, w) for w in ("first_names_male", "first_names_female"))
        family = surnames(land.code)
        given = where(male, he[0].gather(pick(rng, he[1], size)), she[0].gather(pick(rng, she[1], size)))
        parts.append(pl.DataFrame({"given": given, "family": family[0].gather(pick(rng, family[1], size))}))
    people = pl.concat(parts)[rng.permutation(count)].with_columns(country=pl.Series(rng.permutation(country)))
    fate = rng.random(count)
    fate[0] = 0.0
    status = np.select([fate > 0.86, fate > 0.82], ["Terminated", "On Leave"], "Active")
    hired = _DAY - rng.integers(60, 4000, count)
    left = np.where(
        status == "Terminated",
        _DAY - np.minimum(rng.integers(1, 700, count), (_DAY - hired).astype(int) - 1),
        np.datetime64("NaT"),
    )
    leaving = (status == "Active") & chance(rng, count, 0.02)
    left = np.where(leaving, _DAY + rng.integers(10, 90, count), left)
    job = rng.integers(0, len(_TITLES), count)
    email = people.select(e=plain(pl.col("given")) + "." + plain(pl.col("family")))["e"]
    email = where(email.is_first_distinct().to_numpy(), email, email + pl.arange(0, count, eager=True).cast(pl.String))
    spoken = [
        _spoken(COUNTRIES[c].language, extra)
        for c, extra in zip(people["country"], rng.integers(0, 6, count), strict=True)
    ]
    skill = pl.Series(_SKILLS)
    workers = people.with_columns(
        employee_id=(21_001 + pl.arange(0, count, eager=True)).cast(pl.String),
        email=email + "@concord-sample.example",
        title=where(np.arange(count) < count // 8 + 1, "Manager", pl.Series(_TITLES).gather(job)),
        department=pl.Series(_DEPARTMENTS).gather(job),
        manager=pl.Series(np.where(np.arange(count) == 0, -1, (np.arange(count) - 1) // 8)),
        status=pl.Series(status),
        hired=days(hired).cast(pl.String),
        left=days(left).cast(pl.String),
        languages=pl.Series(spoken),
        skills=skill.gather(rng.integers(0, 5, count)) + "; " + skill.gather(rng.integers(0, 5, count)),
        birth=days(_DAY - rng.integers(8000, 22000, count)).cast(pl.String),
        pay=digits(rng, count, 5),
    )  # fmt: skip
    american = people["country"].to_numpy() == 0
    users = {
        EMEA: np.flatnonzero(~american & chance(rng, count, 0.8)),
        US: np.flatnonzero(american & chance(rng, count, 0.8)),
        HUBSPOT: np.flatnonzero(chance(rng, count, 0.4)),
        ZENDESK: np.flatnonzero((job == 1) | (job == 4)),
    }
    return Staff(workers, {source: rows if len(rows) else np.arange(count) for source, rows in users.items()})


def _spoken(language: str, extra: int) -> str:
    own = _SPOKEN[language[:2]]
    second = ("English", "German", "French", "Spanish", "", "")[extra]
    return own if second in ("", own) else f"{own}; {second}"
