"""A short form of `python -m tests.recovery`."""

from __future__ import annotations

from pathlib import Path

from tests.recovery.kills import play, set_stage


def test_runs_that_were_killed_come_to_the_tables_of_undisturbed_ones(tmp_path: Path) -> None:
    for one in play(set_stage(tmp_path, 300), rounds=2, seed=5):
        assert one.damage == (), one
