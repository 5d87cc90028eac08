"""What several of the connectors' tests stand on, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.spec import Connector, load_connectors
from tests.connectors.house import House
from tests.connectors.systems import Run, run_of


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture(scope="session")
def connectors() -> dict[str, Connector]:
    return load_connectors()


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory, connectors: dict[str, Connector]) -> Run:
    return run_of(connectors, tmp_path_factory.mktemp("systems"))
