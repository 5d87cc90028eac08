"""Publications as Delta tables: `<folder>/<table>`, one Delta version per publication, whose commit names its number.

A version's data is the publication's own Parquet file under a second name, so a version costs an entry in the log. No
statistics stand there: they would hold values of customers. Delta knows no transaction over several tables; who reads
two asks `version_of` for both. When copies are made does not belong here (`connectors.copies`).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.transaction import AddAction, create_table_with_add_actions

from connectors.copies import Copy, missing
from connectors.files import fsync, private_folder, remove
from connectors.manifest import PublicationError
from connectors.publication import Publication, open_publication, publications, version
from connectors.publishing import take

NUMBER = "publication"
"""Key of a commit's metadata: the publication that this version of the table is of."""
CONFIGURATION = {"delta.dataSkippingNumIndexedCols": "0", "delta.logRetentionDuration": "interval 3650 days"}
"""No statistics; and entries of the log outlive the publications that they name."""


class DeltaTables(Copy):
    """A folder with one Delta table per published table."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __str__(self) -> str:
        return str(self._folder)

    def behind(self, data: Path) -> bool:
        current = open_publication(data)
        return not all(_holds(self._folder / table, current) for table in current.tables)

    def follow(self, data: Path) -> list[str]:
        current, done = open_publication(data), dict[int, None]()
        for table in current.tables:
            there = self._folder / table
            for publication in missing(data, max(_versions(there), default=None), current=_holds(there, current)):
                if table in publication.tables:
                    _commit(there, publication)
                    done[publication.number] = None
        self._remove_old(data)
        return [f"publication {number} is the newest version of the Delta tables in {self}" for number in done]

    def _remove_old(self, data: Path) -> None:
        """Files of publications that are gone here, or were rewritten: no version reads them any more."""
        kept = {f"{table}/{_name(one, table)}" for one in publications(data) for table in one.tables}
        for path in self._folder.glob("*/*.parquet"):
            if f"{path.parent.name}/{path.name}" not in kept:
                path.unlink()


def version_of(table: Path, number: int) -> int:
    """The Delta version of the table in this folder that is publication `number`; the latest, where it came again.

    Raises:
        PublicationError: it was never copied here.
    """
    there = _versions(table)
    if number not in there:
        told = ", ".join(map(str, sorted(there))) or "none"
        raise PublicationError(f"{table}: no version is of publication {number}; there are: {told}")
    return there[number]


def _versions(table: Path) -> dict[int, int]:
    """Publication -> the latest Delta version that is of it."""
    if not DeltaTable.is_deltatable(str(table)):
        return {}
    history = DeltaTable(str(table)).history()
    return {int(commit[NUMBER]): commit["version"] for commit in reversed(history) if NUMBER in commit}


def _holds(table: Path, publication: Publication) -> bool:
    """Whether the newest version is of this publication, with these bytes."""
    if not DeltaTable.is_deltatable(str(table)):
        return False
    return [Path(uri).name for uri in DeltaTable(str(table)).file_uris()] == [_name(publication, table.name)]


def _commit(table: Path, publication: Publication) -> None:
    name, rows = _name(publication, table.name), publication.manifest.tables[table.name].rows
    file = private_folder(table) / name
    beside = table / f".{name}"
    remove(beside)
    take(publication.file(f"{table.name}.parquet"), beside)
    fsync(beside)
    os.replace(beside, file)  # noqa: PTH105
    fsync(table)
    # What is null nowhere today may be null tomorrow, and is no new schema then.
    schema = Schema.from_arrow(pa.schema([field.with_nullable(True) for field in pq.read_schema(file)]))
    added = AddAction(
        path=name,
        size=file.stat().st_size,
        partition_values={},
        modification_time=int(publication.manifest.created_at.timestamp() * 1000),
        data_change=True,
        stats=json.dumps({"numRecords": rows}),
    )
    told = CommitProperties(custom_metadata={NUMBER: str(publication.number)})
    if DeltaTable.is_deltatable(str(table)) and (there := DeltaTable(str(table))).schema() == schema:
        there.create_write_transaction([added], mode="overwrite", schema=schema, commit_properties=told)
    else:  # new, or of other columns
        create_table_with_add_actions(
            str(table),
            schema,
            [added],
            mode="overwrite",
            name=table.name,
            configuration=CONFIGURATION,
            commit_properties=told,
        )


def _name(publication: Publication, table: str) -> str:
    """Another one where an erasure has rewritten the publication."""
    return f"{version(publication.number)}-{publication.manifest.files[f'{table}.parquet'].sha256[:16]}.parquet"
