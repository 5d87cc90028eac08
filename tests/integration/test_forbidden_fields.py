"""Pay, birth dates, national ids and their like leave no trace: in no data, no log, no event store."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import zipfile
from pathlib import Path

import duckdb
import polars as pl

from connectors.spec import load_connectors
from tests.integration.conftest import FIXTURES, Place

MARK = re.compile(rb"SENTINEL-[A-Z]+-?[A-Z0-9]*")


def text_of(file: Path) -> bytes:
    """A file's bytes, and what they hold where they are compressed or paged."""
    content = file.read_bytes()
    if file.suffix == ".parquet":
        content += json.dumps(pl.read_parquet(file).to_dicts(), default=str).encode()
        content += str(pl.read_parquet_metadata(file)).encode()
    elif file.suffix == ".duckdb":
        with duckdb.connect(file, read_only=True) as con:
            for (table,) in con.execute(
                "select format('{}.{}', schema_name, table_name) from duckdb_tables()"
            ).fetchall():
                content += str(con.execute(f"select * from {table}").fetchall()).encode()
    elif file.suffix == ".db":
        with sqlite3.connect(file) as con:
            for (table,) in con.execute("select name from sqlite_master where type = 'table'").fetchall():
                content += str(con.execute(f'select * from "{table}"').fetchall()).encode()
    elif zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            content += b"".join(archive.read(name) for name in archive.namelist())
    return content


def test_no_mark_of_a_forbidden_field_is_found_anywhere(place: Place, capfd) -> None:
    marks = set()
    for system in (name for name, connector in load_connectors().items() if connector.kind == "hr"):
        for form in (FIXTURES / system).iterdir():
            source = place.exports / (system if form.name == "good" else f"{system}@{form.name}")
            shutil.copytree(form, source)
            marks |= {mark for file in source.rglob("*") if file.is_file() for mark in MARK.findall(file.read_bytes())}
    assert len(marks) > 100

    place.run()
    assert pl.read_parquet(place.data / "records" / "employee" / "*.parquet").height > 0
    assert list((place.data / "rejected").rglob("*.parquet"))

    searched = [file for file in place.data.rglob("*") if file.is_file()]
    assert {file.suffix for file in searched} >= {".parquet", ".duckdb", ".db", ".json"}
    found = {str(file.relative_to(place.data)): MARK.findall(text_of(file)) for file in searched}
    assert {name: hits for name, hits in found.items() if hits} == {}
    said = capfd.readouterr()
    assert not MARK.findall((said.out + said.err).encode())
