"""Errors of the machine are followed by what to do, once; others stay as they are."""

from __future__ import annotations

import errno
import os

import pytest

from orchestration.remedies import CLOSED, FULL, with_remedy


@pytest.mark.parametrize(
    ("number", "remedy"),
    [(errno.ENOSPC, FULL), (errno.EDQUOT, FULL), (errno.EROFS, CLOSED), (errno.EACCES, CLOSED)],
)
def test_what_the_system_says_is_followed_by_its_remedy_once(number: int, remedy: str) -> None:
    said = str(OSError(number, os.strerror(number), "data/state/registry.parquet"))
    told = with_remedy(said)
    assert told.startswith(f"{said}; {remedy}. Then run again")
    assert with_remedy(told) == told


def test_what_is_no_fault_of_the_machine_stays_as_it_is() -> None:
    assert with_remedy("Account.csv: the key column Id is missing") == "Account.csv: the key column Id is missing"
