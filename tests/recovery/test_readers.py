"""A short form of `python -m tests.recovery.readers`."""

from __future__ import annotations

from pathlib import Path

from tests.recovery.readers import KINDS, rehearse


def test_readers_meet_no_error_no_mixture_and_nothing_older_while_old_publications_go(tmp_path: Path) -> None:
    found = rehearse(tmp_path / "data", publications=12, readers=len(KINDS), keep=3)
    for one in found.seen:
        assert one.reads
        assert (one.mixed, one.backwards) == (0, 0), one
    assert any(found.seconds(kind, publishing=True) for kind in KINDS), "reads met publications in the making"
