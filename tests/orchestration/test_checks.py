"""A failed check says in words what is wrong, and shows its ten worst rows, in which nobody is recognised."""

from __future__ import annotations

from typing import Any

import dagster as dg
import duckdb

from orchestration import checks
from orchestration.assets.warehouse import Describer

ROW = {"source": "acme", "object": "Account", "export": "a.csv", "line": None, "column": "Name", "remedy": "fill it"}


def rejected(row: int, reason: str, like_it: int) -> dict[str, Any]:
    return {**ROW, "row": row, "reason": reason, "rows_like_it": like_it}


def shown(result: dg.AssetCheckResult) -> list[dict[str, Any]]:
    table = result.metadata[checks.WORST_ROWS]
    assert isinstance(table, dg.TableMetadataValue)
    return [dict(record.data) for record in table.records]


def test_a_failed_check_shows_ten_rows_and_no_column_that_says_nothing() -> None:
    rows = [rejected(number, "is missing", 30) for number in range(30)]
    result = checks.result(["records", "organisation"], checks.NO_ROW_REJECTED, ["thirty rows"], rows)
    assert (result.passed, result.description) == (False, "thirty rows")
    assert len(shown(result)) == 10
    assert list(shown(result)[0]) == ["source", "object", "export", "column", "row", "reason", "rows_like_it"]


def test_a_check_that_passed_shows_no_rows() -> None:
    result = checks.rows_result(["identity"], checks.ONE_LINK, [], "{records} records")
    assert result.passed
    assert checks.WORST_ROWS not in result.metadata


def test_each_trouble_of_rejected_rows_is_told_once_with_what_to_do() -> None:
    rows = [rejected(3, "is missing", 2), rejected(9, "is too long", 1), rejected(4, "is missing", 2)]
    assert checks.rejected_in_words(rows) == [
        "acme a.csv: 2 of its rows rejected, the first is row 3: column Name: is missing; fill it",
        "acme a.csv: 1 of its rows rejected, the first is row 9: column Name: is too long; fill it",
    ]


def test_a_failed_dbt_test_shows_the_rows_it_found_and_recognises_nobody() -> None:
    query = "select 'c_' || number as customer_id, 'Ada' as display_name from range(30) as numbers(number)"
    failed = dg.AssetCheckResult(asset_key=["warehouse", "customer"], check_name="nobody_is_ada", passed=False)
    with duckdb.connect() as con:
        result = Describer(con, {}, {}, {}, {"nobody_is_ada": query}).check(failed)
    assert len(shown(result)) == 10
    assert shown(result)[0] == {"customer_id": "c_0", "display_name": "A•••"}
    assert result.description == "30 rows break the rule; the first of them are shown"


def test_a_dbt_test_that_speaks_in_sentences_is_told_in_them() -> None:
    query = "select 'deal ' || number || ' has no currency' as problem from range(12) as numbers(number)"
    failed = dg.AssetCheckResult(asset_key=["warehouse", "customer"], check_name="deals_count", passed=False)
    with duckdb.connect() as con:
        result = Describer(con, {}, {}, {}, {"deals_count": query}).check(failed)
    assert result.description is not None
    assert result.description.startswith("deal 0 has no currency; deal 1 has no currency")
    assert result.description.endswith("(and 2 more)")
