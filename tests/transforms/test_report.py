"""What the publication report says: every row in one place, and room for what is not known."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from transforms.outcomes import REJECTED_ROWS
from transforms.report import write_report


@pytest.fixture
def told(lay_marts: Callable[..., tuple[Path, Path]], people: Callable[..., Any]) -> str:
    """The page of three landed rows, one of them no record, beside one that did not land; its text alone."""
    marts = people("ann", "max") | {"support_agent": [{"employee_id": "hr:7", "assigned": 3, "capacity": None}]}
    warehouse, data = lay_marts(marts)
    outcome = data / "outcomes" / "crm" / "Contact.parquet"
    outcome.parent.mkdir(parents=True)
    pl.DataFrame({"outcome": ["accepted", "accepted", "rejected"]}).write_parquet(outcome)
    folder = data / "rejected" / "crm" / "Contact"
    folder.mkdir(parents=True)
    for name, reason in (("records", "the key is missing"), ("a" * 64, "fewer cells than the header")):
        row = {"source": "crm", "object": "Contact", "export": "Contact.csv", "row": 3, "reason": reason}
        pl.DataFrame([row], schema=REJECTED_ROWS).write_parquet(folder / f"{name}.parquet")
    page = write_report(warehouse, data, [], number=1, base=None, logical_date=date(2026, 1, 3), threads=1).decode()
    return re.sub(r"(<[^>]*>|\s)+", " ", page)


def test_a_row_is_rejected_at_the_door_or_as_a_record(told: str) -> None:
    assert "rejected at the door crm Contact 3 2 1 0 0 0 1 " in told


def test_why_rows_were_rejected_is_told_of_both(told: str) -> None:
    assert "1 fewer cells than the header" in told
    assert "1 the key is missing" in told


def test_an_agent_of_whom_no_capacity_is_known_is_not_said_to_be_full(told: str) -> None:
    assert "hr:7 3 room unknown" in told
