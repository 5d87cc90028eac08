"""What identity keeps from run to run in `data/identity/identity.duckdb`: its results, and what a day's work rests on.

A cache of what can be worked out anew: without it, or with one that was left half written, a run does everything again
and comes to the same result. Nobody reads the file but through the views named in `RESULTS` and the tables `registry`
and `member`. What changes in it from day to day does not belong here (`day`).

    <party>, <party>_key                     records as they are compared; <party>_stated, a view of what they state
    <party>_pair, <party>_edge               pairs that were proposed, and those that were judged
    <party>_decision, <party>_cluster, <party>_confidence, <party>_link; <party>_decided, as it ended
    <party>_oversized                        blocks that stayed too large
    point, shown_point, organisation_people, former, staff_email
    swallowed                                records that are gone, and those that they were merged into
    customer, registry, member               clusters by their ids (see `registry`)
    fact                                     name, value: what all of it rests on
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path

import duckdb
import polars as pl

from transforms.identity.judging import TOLD
from transforms.identity.linking import CUT
from transforms.identity.workbench import count
from transforms.sql import quoted

FILE = "identity.duckdb"
PARTIES = ("organisation", "person")
RESULTS = ("link", "edge", "confidence", "contact_point", "alias")
"""Views that the warehouse takes its rows from."""
LINKED = ("_pair", "_edge", "_decision", "_cluster", "_confidence", "_link", "_oversized")
"""Tables of one party, with which a whole run is done when its records are linked."""
OF_ALL = ("point", "organisation_people", "former", "staff_email", "swallowed", "customer", "registry", "member")
"""Tables of both, with which it is done at the end; with `shown_point`, as soon as contact points are classified."""

Facts = dict[str, str]


class KeptUnreadable(RuntimeError):
    """Part of what was kept is damaged; a whole run mends it."""


class KeptInUse(RuntimeError):
    """Another process is at work on the file."""


@contextmanager
def reading_kept() -> Iterator[None]:
    """Damage that shows when a part of the file is read: cut off, or a flipped bit (every block has a checksum).

    Raises: KeptUnreadable.
    """
    try:
        yield
    except (duckdb.IOException, duckdb.FatalException, duckdb.InternalException) as error:
        raise KeptUnreadable(str(error)) from error


def kept_file(data: Path) -> Path:
    return data / "identity" / FILE


def attach_kept(connection: duckdb.DuckDBPyConnection, data: Path) -> Facts:
    """Attach the file as `kept`; returns what it rests on, nothing where it is new, half written, or of other code.

    Until `seal`, it counts as half written. Raises KeptInUse while another process works on it.
    """
    facts = _attached(connection, data)
    if facts.get("code") != code_version():
        facts = {}
    connection.execute("create or replace table kept.fact (name varchar, value varchar)")
    return facts


def _attached(connection: duckdb.DuckDBPyConnection, data: Path) -> Facts:
    file = kept_file(data)
    try:
        connection.execute(f"attach {quoted(str(file))} as kept")
        return dict(connection.execute("select name, value from kept.fact").fetchall())
    except duckdb.Error as error:
        if "set lock" in str(error):
            raise KeptInUse(
                f"{file} is in use by another run: {error}; wait until it has ended, then run again"
            ) from error
        # Not there yet, cut off, or written by another DuckDB: whatever it is, it can be made anew.
        empty_kept(connection, data)
        return {}


def empty_kept(connection: duckdb.DuckDBPyConnection, data: Path) -> None:
    """`kept` without anything in it; tables that are not in memory are looked for there (`save`)."""
    connection.execute("set search_path = 'memory.main'; detach database if exists kept")
    discard_kept(data)
    connection.execute(f"attach {quoted(str(kept_file(data)))} as kept")
    connection.execute("create table kept.fact (name varchar, value varchar)")
    connection.execute("set search_path = 'memory.main,kept.main'")


def discard_kept(data: Path) -> None:
    """Remove the file: the next run works everything out anew."""
    file = kept_file(data)
    file.unlink(missing_ok=True)
    file.with_name(f"{file.name}.wal").unlink(missing_ok=True)


def save(connection: duckdb.DuckDBPyConnection, *tables: str) -> None:
    """Move tables of a whole run into `kept`, where they are found as before (`empty_kept`).

    As soon as a run is done with them: what stands in the file need not stand in memory.
    """
    for table in tables:
        connection.execute(f"create table kept.{table} as from {table}; drop table {table}")


def lay_results(connection: duckdb.DuckDBPyConnection) -> None:
    """The views of results over the tables, all of which are saved; nothing else is looked for in `kept` any more."""
    for name, query in _views().items():
        # Names in a view are looked up where the view stands.
        connection.execute(f"use kept; create view {name} as {query}; use memory")


def seal(connection: duckdb.DuckDBPyConnection, facts: Facts) -> None:
    """From here on the file is whole, and rests on these facts."""
    rows = ", ".join(f"({quoted(name)}, {quoted(value)})" for name, value in (facts | {"code": code_version()}).items())
    connection.execute(f"insert into kept.fact values {rows}")
    connection.execute("detach kept")


def replace_rows(connection: duckdb.DuckDBPyConnection, table: str, key: str, gone: str, fresh: str) -> None:
    """In `kept`, the rows of `table` whose `key` (columns) is in the query `gone` make way for those of `fresh`."""
    connection.execute(f"delete from kept.{table} where ({key}) in ({gone})")
    connection.execute(f"insert into kept.{table} by name {fresh}")


@cache
def code_version() -> str:
    """Hash of the code that all of it rests on."""
    here = Path(__file__).parent
    libraries = (f"{library} {version(library)}" for library in ("anyascii", "duckdb", "nicknames", "splink"))
    digest = hashlib.sha256(" ".join(libraries).encode())
    for file in sorted((*here.glob("*.py"), *here.glob("models/*.yaml"))):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def attach_results(connection: duckdb.DuckDBPyConnection, data: Path, name: str = "identity") -> bool:
    """Attach what the last run came to, read-only, under `name`; False where there is none, or it was cut short."""
    file = kept_file(data)
    if not file.exists():
        return False
    connection.execute(f"attach {quoted(str(file))} as {name} (read_only)")
    whole = count(connection, f"select count(*) from {name}.fact where name = 'code'") > 0
    if not whole:
        connection.execute(f"detach {name}")
    return whole


def first_rows(data: Path, result: str, rows: int = 10) -> pl.LazyFrame:
    """The first rows of one of `RESULTS`."""
    with duckdb.connect() as connection:
        attach_results(connection, data)
        return pl.LazyFrame(connection.sql(f"from identity.{result} limit {int(rows)}").to_arrow_table())


def _views() -> dict[str, str]:
    """View -> query over the tables; the order of rows is the reader's affair."""
    edges = " union all ".join(f"({_edges(party)})" for party in PARTIES)
    links = " union all ".join(
        f"""
        select source, object, record_id, customer_id, '{party}' as customer_type, rule, score, evidence, decided_by
        from {party} join {party}_link using (id) join {party}_cluster using (id)
        join customer on customer.cluster = {signed(party, f"{party}_cluster.cluster")}
        """
        for party in PARTIES
    )
    confidence = " union all ".join(
        f"select {signed(party)} as cluster, match_confidence from {party}_confidence" for party in PARTIES
    )
    decided = {
        f"{party}_decided": f"""
            select a, b, same, words,
                case when not same then 'refused' when one.cluster = two.cluster then 'used' else 'cut' end as used,
            from {party}_decision
            join {party}_cluster as one on one.id = a
            join {party}_cluster as two on two.id = b
        """
        for party in PARTIES
    }
    return decided | {
        "link": links,
        "edge": edges,
        "confidence": f"""
            select customer_id, coalesce(match_confidence, 1.0) as match_confidence
            from customer left join ({confidence}) using (cluster)
        """,
        "contact_point": """
            select kind, shown as value, class, reason, records, names from shown_point
        """,
        "alias": "select customer_id as id, status, new_ids, publication from registry",
    }


def signed(party: str, cluster: str = "cluster") -> str:
    """SQL: the number of a cluster among those of both parties."""
    return cluster if party == "person" else f"-1 - {cluster}"


def _edges(party: str) -> str:
    """What is told of pairs: those that the model judged, and those that a person decided."""
    version = f"(select value from fact where name = 'model_{party}')"
    return f"""
        with ended as (
            select a, b, score, agreed, disagreed,
                case when cut then 'cut' when used = 'weak' then 'refused' else used end as used,
                case when cut then '{CUT}' else reason end
                    as reason,
            from {party}_edge anti join {party}_decision using (a, b)
            where used <> 'weak' or score >= {TOLD}
            union all
            select a, b, same::integer::double, '{{}}', '{{}}', used, words from {party}_decided
        )
        select one.record_key as record_a, two.record_key as record_b, score, agreed, disagreed,
            {version} as model_version, used, coalesce(reason, '') as reason,
        from ended join {party} as one on one.id = a join {party} as two on two.id = b
    """
