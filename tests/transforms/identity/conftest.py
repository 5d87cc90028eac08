"""For tests of identity: a world of one's own per test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transforms.identity.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)
