"""Every row of every delivered file has become something, exactly one thing: counted anew from the files of the floors.

Each floor reports its own sums; here they are not believed but compared. What a failed comparison means for a
publication does not belong here (`transforms.gate`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from transforms.outcomes import ACCEPTED, DELETED, EXCLUDED, REJECTED, SUPERSEDED
from transforms.records import KINDS

SHOWN = 3
"""Exports or objects that a message names; the figures count all."""


@dataclass(frozen=True)
class Account:
    """One comparison: what was counted, and in words what does not fit, nothing where all does."""

    name: str
    counted: dict[str, int]
    problems: tuple[str, ...]
    rows: tuple[dict[str, Any], ...] = ()
    """What the problems are about, as rows of one shape."""


def account(con: duckdb.DuckDBPyConnection, data: Path) -> list[Account]:
    """Compare files with landed and rejected rows, these with outcomes, and accepted ones with records.

    `con` may have any catalog; temporary tables `part`, `landed`, `door` and `outcome` are left in it.
    """
    _lay_parts(con, data)
    _believe_newest_reading(con)
    _lay_landed(con)
    _lay_outcomes(con, data)
    return [_file_rows(con), _landed_rows(con), _records(con, data)]


def _lay_parts(con: duckdb.DuckDBPyConnection, data: Path) -> None:
    """`part`: the content of all deliveries, each once per object that it was read as."""
    con.execute(
        """
        create or replace temporary table part (
            id ubigint, source varchar, object varchar, export varchar, hash varchar,
            file_rows bigint, landed_file varchar, door_file varchar
        )
        """
    )
    if not any((data / "landed" / "deliveries").glob("[0-9]*.json")):
        return
    stated = "struct(export varchar, hash varchar, rows bigint)[]"
    con.execute(
        f"""
        insert into part
        select
            hash(source, object, part.hash), source, object, any_value(part.export), part.hash,
            any_value(part.rows),
            concat_ws('/', $data, 'landed', source, object, part.hash || '.parquet'),
            concat_ws('/', $data, 'rejected', source, object, part.hash || '.parquet')
        from (
            select source, object, unnest(parts) as part
            from read_json(
                $ledger, columns = {{'source': 'varchar', 'object': 'varchar', 'parts': '{stated}'}}, format = 'auto'
            )
        )
        group by source, object, part.hash
        """,
        {"data": str(data), "ledger": str(data / "landed" / "deliveries" / "[0-9]*.json")},
    )


def _lay_landed(con: duckdb.DuckDBPyConnection) -> None:
    """`landed` and `door`: per part, the rows that are really there; nothing where there is no file."""
    for table, path, row in (("landed", "landed_file", "_row"), ("door", "door_file", "row")):
        files = [file for (file,) in con.execute(f"select {path} from part").fetchall() if Path(file).exists()]
        con.execute(
            f"""
            create or replace temporary table {table} as
            select id, count(*) as counted, count(distinct number) as different, max(number) as highest,
                sum(hash(number)::hugeint) as content
            from ({_rows(files, row)})
            join part on part.{path} = file
            group by id
            """
        )


def _believe_newest_reading(con: duckdb.DuckDBPyConnection) -> None:
    """A mended connector reads content again without a new delivery: what lies there says how many rows it saw then."""
    files = [file for (file,) in con.execute("select landed_file from part").fetchall() if Path(file).exists()]
    if files:
        con.execute(
            f"""
            update part set file_rows = stated.file_rows
            from (
                select file_name, json_extract(decode(value), '$.rows')::bigint as file_rows
                from parquet_kv_metadata([{_listing(files)}])
                where decode(key) = 'concord'
            ) as stated
            where stated.file_name = part.landed_file
            """
        )


def _lay_outcomes(con: duckdb.DuckDBPyConnection, data: Path) -> None:
    """`outcome`: per part, its rows with an outcome, and how many of them have none of the five."""
    objects = con.execute("select distinct source, object from part").fetchall()
    paths = {str(data / "outcomes" / source / f"{name}.parquet"): (source, name) for source, name in objects}
    files = [path for path in paths if Path(path).exists()]
    con.execute("create or replace temporary table outcome_file (file varchar, source varchar, object varchar)")
    if files:
        con.executemany("insert into outcome_file values (?, ?, ?)", [[file, *paths[file]] for file in files])
    words = ", ".join(f"'{word}'" for word in (ACCEPTED, REJECTED, SUPERSEDED, DELETED, EXCLUDED))
    con.execute(
        f"""
        create or replace temporary table outcome as
        select hash(source, object, export) as id, any_value(source) as source, any_value(object) as object,
            count(*) as counted, sum(hash(number)::hugeint) as content,
            count(*) filter (where outcome is null or outcome not in ({words})) as unknown
        from ({_rows(files, "row", "export", "outcome")})
        join outcome_file using (file)
        group by hash(source, object, export)
        """
    )


def _rows(files: Iterable[str], row: str, *texts: str) -> str:
    """A query for the row numbers in `files`, with the file's path; for none of them, no rows."""
    listing = _listing(files)
    if not listing:
        nothing = "".join(f", null::varchar as {text}" for text in texts)
        return f"select null::varchar as file, null::bigint as number{nothing} where false"
    more = "".join(f", {text}" for text in texts)
    return f"select filename as file, {row} as number{more} from read_parquet([{listing}], filename = true)"


def _listing(files: Iterable[str]) -> str:
    return ", ".join("'" + file.replace("'", "''") + "'" for file in files)


def _file_rows(con: duckdb.DuckDBPyConnection) -> Account:
    rows = con.execute(
        """
        select source, object, export, file_rows, coalesce(landed.counted, 0), coalesce(door.counted, 0)
        from part left join landed using (id) left join door using (id)
        where file_rows <> coalesce(landed.counted, 0) + coalesce(door.counted, 0)
            or coalesce(landed.counted <> landed.different or landed.highest > file_rows, false)
        order by source, object, export
        """
    ).fetchall()
    problems = tuple(
        f"{source}/{name}: {export} has {count:,} rows, of which {landed:,} landed and {door:,} were rejected"
        + (", but row numbers repeat or lie beyond the file" if count == landed + door else "")
        + "; remove what landed of it and run again, so that it is read anew"
        for source, name, export, count, landed, door in rows
    )
    counted = _figures(con, "select count(*) as exports, sum(file_rows) as rows from part")
    return Account("file_rows", counted, problems, _as_rows(rows, "source object export file_rows landed rejected"))


def _landed_rows(con: duckdb.DuckDBPyConnection) -> Account:
    rows = con.execute(
        """
        select coalesce(part.source, outcome.source) as source, coalesce(part.object, outcome.object) as object,
            sum(coalesce(landed.counted, 0)), sum(coalesce(outcome.counted, 0)), sum(coalesce(unknown, 0))
        from part join landed using (id) full join outcome using (id)
        where (landed.counted, landed.content) is distinct from (outcome.counted, outcome.content) or unknown > 0
        group by all
        order by all
        """
    ).fetchall()
    problems = tuple(
        f"{source}/{name}: {landed:,} landed rows of some exports have {outcomes:,} outcomes"
        + (f", {unknown:,} of them unknown words" if unknown else "")
        + f"; delete cache/normalise/{source}.json in the data folder and run again"
        for source, name, landed, outcomes, unknown in rows
    )
    counted = _figures(con, "select sum(counted) as rows from landed")
    return Account("landed_rows", counted, problems, _as_rows(rows, "source object landed outcomes unknown_words"))


def _records(con: duckdb.DuckDBPyConnection, data: Path) -> Account:
    """An accepted row has yielded a record at least, and no other row has."""
    files = [str(path) for kind in KINDS for path in sorted((data / "records" / kind).glob("*.parquet"))]
    accepted = [file for (file,) in con.execute("select file from outcome_file").fetchall()]
    rows = con.execute(
        f"""
        with
        -- A role's records (`Lead.company`) come from the rows of the object before the dot.
        yielded as (
            select distinct hash(source, split_part(object, '.', 1), export) as id, number
            from ({_rows(files, "row", "source", "object", "export")})
        ),
        accepted as (
            select hash(source, object, export) as id, number
            from ({_rows(accepted, "row", "export", "outcome")}) join outcome_file using (file)
            where outcome = '{ACCEPTED}'
        ),
        compared as (
            select id, yielded.id is null as lost, accepted.id is null as invented
            from yielded full join accepted using (id, number)
            where yielded.id is null or accepted.id is null
        )
        select coalesce(source, 'unknown source'), coalesce(object, 'unknown object'),
            count(*) filter (where lost), count(*) filter (where invented)
        from compared left join part using (id)
        group by all
        order by all
        """
    ).fetchall()
    problems = tuple(
        f"{source}/{name}: {lost:,} accepted rows have no record, {invented:,} rows have one that were not accepted"
        f"; delete cache/normalise/{source}.json in the data folder and run again"
        for source, name, lost, invented in rows
    )
    counted = _figures(con, f"select count(*) as records from ({_rows(files, 'row')})")
    return Account("records", counted, problems, _as_rows(rows, "source object accepted_without_record not_accepted"))


def _as_rows(rows: Iterable[tuple[Any, ...]], names: str) -> tuple[dict[str, Any], ...]:
    return tuple(dict(zip(names.split(), row, strict=True)) for row in rows)


def _figures(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    cursor = con.execute(query)
    names = [column[0] for column in cursor.description or ()]
    return {name: int(value or 0) for name, value in zip(names, cursor.fetchall()[0], strict=True)}
