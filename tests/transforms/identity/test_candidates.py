"""Which pairs are compared: those that share a key while few do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import duckdb
import polars as pl
import pytest

from transforms.identity.candidates import BLOCK, FIRST, Block, OversizedBlock, oversized_blocks, propose_pairs
from transforms.identity.workbench import keep

CITY = Block("city", ("city",), split=("street", "family"), largest=3)
Rows = Sequence[tuple[str | None, str | None, str | None]]
"""City, street, family name."""


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        yield made


def _propose(
    connection: duckdb.DuckDBPyConnection, rows: Rows, *blocks: Block, points: dict[int, str] | None = None
) -> tuple[set[tuple[int, int]], list[OversizedBlock]]:
    stated = pl.DataFrame(rows, schema=["city", "street", "family"], orient="row").with_row_index("id")
    keep(connection, "toy_stated", stated.with_columns(pl.format("crm:Contact:{}", "id").alias("record_key")))
    keep(
        connection, "toy_key", pl.DataFrame(list((points or {0: "none"}).items()), schema=["id", "point"], orient="row")
    )
    connection.execute("drop table if exists toy_pair; drop table if exists toy_oversized")
    propose_pairs(connection, "toy", blocks)
    oversized = list(oversized_blocks(connection, "toy", blocks).largest)
    return set(connection.execute("select a, b from toy_pair").fetchall()), oversized


def test_records_that_share_a_key_are_a_pair_once(connection: duckdb.DuckDBPyConnection) -> None:
    rows: Rows = [("Kiel", "Am Markt", "Berg"), ("Kiel", "Am Markt", "Stein"), ("Ulm", "Am Markt", "Wald")]
    street = Block("street", ("street",))
    assert _propose(connection, rows, CITY, street) == ({(0, 1), (0, 2), (1, 2)}, [])


def test_what_is_unknown_is_not_shared(connection: duckdb.DuckDBPyConnection) -> None:
    rows: Rows = [(None, None, "Berg"), (None, None, "Berg")]
    assert _propose(connection, rows, CITY, Block("street and name", ("street", "family"))) == (set(), [])


def test_the_same_word_under_two_keys_is_not_shared(connection: duckdb.DuckDBPyConnection) -> None:
    rows: Rows = [("Essen", None, None), (None, None, "Essen")]
    assert _propose(connection, rows, CITY, Block("name", ("family",))) == (set(), [])


def test_records_meet_at_any_of_their_contact_points(connection: duckdb.DuckDBPyConnection) -> None:
    rows: Rows = [("Kiel", None, None), ("Ulm", None, None), ("Bonn", None, None)]
    found = _propose(connection, rows, Block("contact point", ("point",)), points={0: "a", 1: "b", 2: "a"})
    assert found == ({(0, 2)}, [])


def test_a_condition_leaves_records_out(connection: duckdb.DuckDBPyConnection) -> None:
    rows: Rows = [("Kiel", "Am Markt", None), ("Kiel", "Am Markt", None), ("Kiel", "Weg", None)]
    assert _propose(connection, rows, replace(CITY, where="length(street) > 3"))[0] == {(0, 1)}


def test_a_block_that_is_too_large_is_split_by_what_else_its_records_share(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rows: Rows = [
        ("Kiel", "Am Markt", "Berg"),
        ("Kiel", "Am Markt", "Stein"),
        ("Kiel", None, "Berg"),
        ("Kiel", None, "Au"),
    ]
    assert _propose(connection, rows, CITY) == ({(0, 1), (2, 3)}, [])
    assert _propose(connection, rows[:3], CITY) == ({(0, 1), (0, 2), (1, 2)}, [])


def test_a_block_that_stays_too_large_is_told_and_its_records_meet_elsewhere(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    crowd: Rows = [("Kiel", "Am Markt", f"Berg{number // 2}") for number in range(BLOCK + 1)]
    rows: Rows = [*crowd, ("Ulm", "Weg", "Stein"), ("Ulm", "Weg", "Wald")]
    by_city = replace(CITY, split=("street",))
    found, oversized = _propose(connection, rows, by_city)
    assert found == {(BLOCK + 1, BLOCK + 2)}
    assert oversized == [OversizedBlock("city", BLOCK + 1, "crm:Contact:0")]
    found, again = _propose(connection, rows, by_city, Block("name", ("family",)))
    assert len(found) == 1 + (BLOCK + 1) // 2
    assert again == oversized


def test_the_records_of_a_large_block_that_one_customer_may_have_meet_the_first_ones(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rows: Rows = [("Kiel", "Am Markt", "Berg")] * (BLOCK + 5)
    found, oversized = _propose(connection, rows, replace(CITY, own=True))
    assert found == {(first, other) for first in range(FIRST) for other in range(first + 1, BLOCK + 5)}
    assert [block.records for block in oversized] == [BLOCK + 5]
