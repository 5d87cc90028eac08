"""Whether the files of a publication are, byte by byte, what its manifest says of them.

What else a manifest says does not belong here (`connectors.manifest`), nor what may then become current
(`connectors.switching`).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from connectors.files import sha256_of
from connectors.manifest import FileEntry, PublicationError, TableEntry
from connectors.publication import Publication, base_number, open_publication, opened, published, versions


def verify(data: Path, number: int | None = None, *, held: bool = False) -> list[str]:
    """Compare every file of a publication with its manifest, byte by byte (SHA-256); one sentence per problem."""
    return problems_of(open_publication(data, number, held=held))


def verify_all(data: Path, number: int | None = None) -> dict[int, list[str]]:
    """`verify` per publication, or of one; a manifest that cannot be read is a problem like others.

    Raises:
        PublicationError: there is none, or none of this number.
    """
    there = versions(published(data))
    if number not in (None, *there) or not there:
        open_publication(data, number)
    return {one: problems_in(path) for one, path in there.items() if number in (None, one)}


def expect_whole_publication(data: Path) -> None:
    """Look at every byte of what the next publication rests on: the current one, and the newest.

    Raises:
        PublicationError: one is damaged; the message says which others are whole.
    """
    there = versions(published(data))
    rested_on = {base_number(data), max(there, default=None)} & there.keys()
    damaged = {number: problems for number in rested_on if number and (problems := problems_in(there[number]))}
    if damaged:
        number, problems = max(damaged.items())
        whole = next((one for one in reversed(there) if one not in damaged and not problems_in(there[one])), None)
        back = (
            f"`concord publications rollback {whole}`, which is whole, sets it aside"
            if whole
            else f"without one move {there[number]} away: ids stay as state/ has them, history begins anew"
        )
        raise PublicationError(
            f"publication {number} is damaged, and nothing is published upon it: {'; '.join(problems)}. Bring "
            f"{there[number]} back from a backup; {back}. Then run again"
        )


def problems_in(path: Path) -> list[str]:
    """`problems_of` the publication in a folder; a manifest that cannot be read is a problem like others."""
    try:
        return problems_of(opened(path.resolve(), None))
    except PublicationError as error:
        return [str(error)]


def problems_of(publication: Publication) -> list[str]:
    """`verify` for a publication in hand."""
    path, manifest = publication.path, publication.manifest
    there = {str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()} - {"manifest.json"}
    problems = [f"{name} is missing" for name in sorted(manifest.files.keys() - there)]
    problems += [f"{name} is not in the manifest" for name in sorted(there - manifest.files.keys())]
    for name in sorted(manifest.files.keys() & there):
        entry, found = manifest.files[name], file_entry(path / name)
        if (found.sha256, found.bytes) != (entry.sha256, entry.bytes):
            problems.append(
                f"{name} has changed: {found.bytes} bytes, SHA-256 {found.sha256[:12]}…; "
                f"the manifest says {entry.bytes} bytes, {entry.sha256[:12]}…"
            )
    return problems


def file_entry(path: Path, rows: int | None = None) -> FileEntry:
    return FileEntry(sha256=sha256_of(path), bytes=path.stat().st_size, rows=rows)


def table_entry(con: duckdb.DuckDBPyConnection, relation: str) -> TableEntry:
    """Rows, columns and content of a table, a view or a file."""
    columns = {name: str(kind) for name, kind, *_ in con.execute(f"describe from {relation}").fetchall()}
    listing = ", ".join(f'"{column}"' for column in columns)
    # A sum does not know the order of its terms; equal rows count as often as they stand there.
    rows, content = con.execute(f"select count(*), sum(hash({listing})::hugeint) from {relation}").fetchall()[0]
    return TableEntry(rows=rows, columns=columns, content=f"{content or 0:x}")
