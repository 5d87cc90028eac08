"""What the UI shows of a table: enough to judge it by, nothing to recognise anybody by."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from orchestration.lineage import origins_of
from orchestration.metadata import masked_preview, table_metadata


def test_a_preview_recognises_nobody() -> None:
    people = pl.LazyFrame(
        {
            "source": ["salesforce"] * 20,
            "email": ["ada.lovelace@example.com"] * 20,
            "languages": [["en", "fr"]] * 20,
            "open_cases": [3] * 20,
        }
    )
    preview = masked_preview(people)
    assert "lovelace" not in preview
    assert "| salesforce | a••• | 2 | 3 |" in preview
    assert len(preview.splitlines()) == 2 + 10


def test_a_table_that_is_not_there_has_no_rows(tmp_path: Path) -> None:
    assert table_metadata(tmp_path / "none.parquet") == {"dagster/row_count": 0}


def test_a_column_is_traced_through_expressions_to_the_tables_it_comes_from() -> None:
    sql = """
        with named as (select id, given || ' ' || family as name from "run"."records"."person")
        select named.name, tier.tier from named join policy.tier using (id)
    """
    columns = {
        "records.person": {"id": "varchar", "given": "varchar", "family": "varchar"},
        "policy.tier": {"id": "varchar", "tier": "varchar"},
    }
    assert origins_of(sql, columns) == {
        "name": [("records.person", "family"), ("records.person", "given")],
        "tier": [("policy.tier", "tier")],
    }
