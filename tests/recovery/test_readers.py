"""A short form of `python -m tests.recovery.readers`."""

from __future__ import annotations

from pathlib import Path

from tests.recovery.readers import KINDS, rehearse


def test_readers_meet_no_error_no_mixture_and_nothing_older_while_old_publications_go(tmp_path: Path) -> None:
    for one in rehearse(tmp_path / "data", publications=12, readers=len(KINDS), keep=3):
        assert one.reads > 0
        assert (one.mixed, one.backwards) == (0, 0), one
