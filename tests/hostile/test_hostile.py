"""Whatever arrives, no row is lost in silence: hostile files through the real landing, in a process of its own.

The files are made by the modules beside this one; those of a gigabyte are landed by `python -m tests.hostile --giants`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.hostile.__main__ import SMALL, fate_of
from tests.hostile.cases import Case

MEMORY = 2_000_000_000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile") / "place"


@pytest.fixture(scope="module")
def said(place: Path) -> tuple[dict[str, Any], str]:
    """What the landing of all files reported, and what it wrote to standard error."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.hostile", str(place)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert run.stdout, run.stderr
    return json.loads(run.stdout), run.stderr


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_every_row_lands_or_is_rejected_or_the_file_is_refused_with_a_reason(
    said: tuple[dict[str, Any], str], case: Case
) -> None:
    assert said[0]["fates"][case.name] == fate_of(case)


def test_there_are_many_and_each_has_a_name_of_its_own() -> None:
    assert len({case.name for case in SMALL}) == len(SMALL) >= 130


def test_no_traceback_reaches_anyone(said: tuple[dict[str, Any], str]) -> None:
    assert "Traceback" not in said[1]


def test_memory_is_bounded(said: tuple[dict[str, Any], str]) -> None:
    assert said[0]["peak"] < MEMORY


def test_what_landed_is_in_the_data_folder_and_nothing_is_anywhere_else(
    said: tuple[dict[str, Any], str], place: Path
) -> None:
    assert {path.name for path in place.iterdir()} == {"exports", "data", "expected.json", "crm.yaml"}
    assert {path.name for path in place.parent.iterdir()} == {"place"}
    for case in SMALL:
        folder = place / "exports" / f"crm@{case.name}"
        assert [path.name for path in folder.rglob("*")] == [case.file]


def test_cells_land_as_they_were_written(said: tuple[dict[str, Any], str], place: Path) -> None:
    def cells(name: str, row: int) -> tuple[str | None, ...]:
        (path,) = (place / "data" / "landed" / f"crm@{name}").rglob("*.parquet")
        return pl.read_parquet(path).row(row, named=False)[1:]

    assert cells("csv-formulas-are-text", 10) == ("99", "=cmd|' /C calc'!A0", "@x")
    assert cells("csv-resaved-in-excel", 1) == ("2", "Bob", "1,5E+12")
    assert cells("csv-unicode-line-ends-in-cells", 10) == ("99", "a\u2028b\u0085c", "x")
    assert cells("csv-windows-1252", 0) == ("0001", "Jörg €", "note 1")
    assert cells("lines-digits", 0)[:2] == ("123456789012345678901234567890", "1.10")
    assert cells("excel-good", 0)[:2] == ("001", "Ann")
