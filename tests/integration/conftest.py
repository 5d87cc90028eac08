"""Whole runs for the integration tests: the real job, on real folders, in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from connectors.publication import Publication, open_publication
from orchestration.runner import RunOutcome, run_job
from orchestration.settings import Settings
from orchestration.summary import summarise

FIXTURES = Path(__file__).parent.parent / "fixtures"


@dataclass(frozen=True)
class Place:
    """A folder of exports and a data folder, and how to run over them."""

    exports: Path
    data: Path

    @property
    def settings(self) -> Settings:
        return Settings(exports=str(self.exports), data=self.data, policy=self.exports.parent / "policy", memory="2GB")

    def run(self, as_of: str = "2026-07-01") -> dict[str, Any]:
        outcome: RunOutcome = run_job(self.settings, date.fromisoformat(as_of), lambda _: None)
        return summarise(outcome, self.settings)

    def put(self, path: str, content: str | bytes) -> Path:
        file = self.exports / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    @property
    def publication(self) -> Publication:
        return open_publication(self.data)

    def table(self, name: str) -> pl.DataFrame:
        return self.publication.table(name)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "exports").mkdir()
    return Place(tmp_path / "exports", tmp_path / "data")


@pytest.fixture(scope="session")
def new_place(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path | None], Place]:
    def make(exports: Path | None = None) -> Place:
        root = tmp_path_factory.mktemp("place")
        return Place(exports or root / "exports", root / "data")

    return make
