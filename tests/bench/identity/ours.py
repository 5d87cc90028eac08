"""Our identity on one data folder, in a process of its own: `python -m tests.bench.identity.ours DATA NUMBER`.

Prints the seconds that linking took, without imports. How the records came into the folder is `sets`' affair.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import duckdb

from orchestration.settings import Settings
from transforms.identity import resolve_identity
from transforms.identity.kept import attach_results
from transforms.sql import quoted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("number", type=int, help="number of the publication that would hold the result")
    given = parser.parse_args()
    settings = Settings(data=given.data)
    started = time.perf_counter()
    resolve_identity(given.data, given.number, None, settings.memory, settings.threads)
    seconds = time.perf_counter() - started
    with duckdb.connect() as connection:
        attach_results(connection, given.data)
        connection.execute(
            f"""
            copy (select source, object, record_id, customer_id from identity.link)
            to {quoted(links_of(given.data))} (format parquet)
            """
        )
    print(seconds)  # noqa: T201


def links_of(data: Path) -> Path:
    """Where the links are written for those who score them."""
    return data / "links.parquet"


if __name__ == "__main__":
    main()
