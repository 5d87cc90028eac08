"""Shared by the floors' tests: a data folder as the floors before publication leave it, with chosen rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from tests.identity_file import write_results
from transforms.contract import BIGINT, DAY, DOUBLE, FLAG, INSTANT, INTEGER, MONEY, TABLES, TEXT, TEXTS

Rows = Sequence[Mapping[str, Any]]

TAKE_WHOLE_RUNS = ("integration", "rederive", "browser", "recovery")
"""Folders whose tests run everything, several times."""

EMPTY = {TEXT: "", TEXTS: [], INTEGER: 0, BIGINT: 1, DOUBLE: 1.0, MONEY: 0, DAY: date(2026, 1, 1), FLAG: True}
EMPTY[INSTANT] = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = {"decided_by": "alone", "evidence": "{}", "runners_up": "[]", "fields": "{}", "currency": "EUR"}
"""Values of columns of which a test says nothing: the first allowed one, else the word here, else an empty one."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: else one process is at it when the others have nothing left to do."""
    tests = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(tests).parts[0] not in TAKE_WHOLE_RUNS)


def whole_row(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with every column of its table; those that may be null are null unless said."""
    contract = TABLES[table]
    unsaid = {
        column: None
        if column in contract.open
        else contract.values[column][0]
        if column in contract.values and column != "decided_by"
        else WORDS.get(column, EMPTY[kind])
        for column, kind in contract.columns.items()
    }
    return unsaid | dict(row)


def write_marts(warehouse: Path, marts: Mapping[str, Rows]) -> None:
    """A warehouse file with every mart, in the types of the contract; a mart that is not named is empty."""
    warehouse.unlink(missing_ok=True)
    with duckdb.connect(warehouse) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("create schema marts")
        for table, contract in TABLES.items():
            columns = ", ".join(f"{name} {kind}" for name, kind in contract.columns.items())
            con.execute(f"create table marts.{table} ({columns})")
            if rows := [list(whole_row(table, row).values()) for row in marts.get(table, ())]:
                con.executemany(f"insert into marts.{table} values ({', '.join('?' * len(rows[0]))})", rows)
        con.execute(
            "create table marts.owner_assignment as "
            "select customer_id, owner_employee_id, date '2026-01-01' as since "
            "from marts.customer where owner_employee_id is not null"
        )


def write_identity(data: Path, links: Rows) -> None:
    """What a publication carries on of identity, for the customers in `links`."""
    customers = sorted({link["customer_id"] for link in links})
    registry = pl.DataFrame(
        {
            "customer_id": customers,
            "customer_type": ["person"] * len(customers),
            "founder": [f"crm:Contact:{customer}" for customer in customers],
            "generation": [0] * len(customers),
            "status": ["live"] * len(customers),
            "new_ids": [[]] * len(customers),
            "publication": [None] * len(customers),
        },
        schema_overrides={"new_ids": pl.List(pl.String), "publication": pl.Int64},
    )
    member = pl.DataFrame(
        {
            "record_key": [":".join((link["source"], link["object"], link["record_id"])) for link in links],
            "customer_id": [link["customer_id"] for link in links],
        },
        schema={"record_key": pl.String, "customer_id": pl.String},
    )
    write_results(data, registry=registry, member=member)


def write_sources(data: Path) -> None:
    pl.DataFrame(
        {"source": ["crm"], "fresh_at": [datetime(2026, 1, 2, tzinfo=UTC)], "fresh_until": [None]},
        schema={"source": pl.String, "fresh_at": pl.Datetime("us", "UTC"), "fresh_until": pl.Datetime("us", "UTC")},
    ).write_parquet(data / "sources.parquet")


def marts_of_people(*names: str, **said: Any) -> dict[str, list[dict[str, Any]]]:
    """Marts with one person per name: `c_<name>`, known from one record, linked alone."""
    return {
        "customer": [{"customer_id": f"c_{name}", "display_name": name.title(), **said} for name in names],
        "identity_link": [
            {"source": "crm", "object": "Contact", "record_id": name, "customer_id": f"c_{name}", "rule": "alone"}
            for name in names
        ],
        "customer_alias": [{"id": f"c_{name}", "status": "live"} for name in names],
    }


@pytest.fixture
def lay_marts(tmp_path: Path) -> Callable[[Mapping[str, Rows]], tuple[Path, Path]]:
    """Lays marts before publication; gives the warehouse file and the data folder."""

    def lay(marts: Mapping[str, Rows]) -> tuple[Path, Path]:
        data = tmp_path / "data"
        write_identity(data, marts.get("identity_link", ()))
        write_sources(data)
        write_marts(data / "warehouse.duckdb", marts)
        return data / "warehouse.duckdb", data

    return lay


@pytest.fixture
def people() -> Callable[..., dict[str, list[dict[str, Any]]]]:
    return marts_of_people


@pytest.fixture(scope="session")
def s3_server() -> Iterator[int]:
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - loads slowly, few tests need it

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()
