"""What holds for every comparison of the shipped models, whatever is compared."""

from __future__ import annotations

import random

import duckdb
import pytest

from transforms.identity.model import shipped_model

TEXTS = (
    None, "a", "an", "ann", "anne", "anna", "hanna", "bob", "bobby", "jon", "john", "tung", "hoang", "maria", "mariana",
    "marina", "annamaria", "12", "1234567", "12345678", "123456789", "1912345", "19801224", "19802412", "19801225",
    "ann@x.org", "anne@x.org", "annamaria12@x.org", "annamaria21@x.org", "12mainst", "12mainstreet", "14mainst",
    "mainst", "berlin", "berlim", "new berlin",
)  # fmt: skip
LISTS = ("past", "given_forms", "words")
"""Columns that hold several texts as one: `|a|b|`."""
MUTUAL = ("birth_doubted",)
"""Columns that name sources, each of which names the other's: not to be made up one by one."""


def _rows(columns: tuple[str, ...], count: int) -> list[list[str | None]]:
    rng = random.Random(1)  # noqa: S311 - the same rows every time

    def value(column: str) -> str | None:
        if column in LISTS:
            return f"|{rng.choice(TEXTS[1:])}|{rng.choice(TEXTS[1:])}|"
        return None if column in MUTUAL else rng.choice(TEXTS)

    return [[value(column) for column in columns] for _ in range(count)]


@pytest.mark.parametrize("party", ["person", "organisation"])
def test_a_pair_stands_on_the_same_level_from_either_side(party: str) -> None:
    model = shipped_model(party)
    columns = model.columns
    with duckdb.connect() as connection:
        texts = ", ".join(f"{column} varchar" for column in columns)
        connection.execute(f"create table record (id integer, {texts})")
        rows = [[number, *row] for number, row in enumerate(_rows(columns, 300))]
        connection.executemany(f"insert into record values ({', '.join('?' * len(rows[0]))})", rows)
        sides = ", ".join(f"l.{column} as {column}_l, r.{column} as {column}_r" for column in columns)
        levels = ", ".join(f"{comparison.level} as {name}" for name, comparison in model.comparisons.items())
        connection.execute(
            f"""
            create table pair as
            select a, b, {levels} from (select l.id as a, r.id as b, {sides} from record as l cross join record as r)
            """
        )
        for name, comparison in model.comparisons.items():
            differ = f"""
                select count(*) from pair as one join pair as other on one.a = other.b and one.b = other.a
                where one.{name} <> other.{name}
            """
            assert (name, connection.execute(differ).fetchall()) == (name, [(0,)])
            reached = connection.execute(f"select count(distinct {name}) from pair").fetchall()[0][0]
            assert reached > len(comparison.levels) / 2, name
