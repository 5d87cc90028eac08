"""Landing measured: large exports through the real `land`, as a ratio to Polars moving the same file to Parquet.

Three CSV files of the same rows: clean (the proven fast path), with a damaged row (the full scan), with line ends in
cells (the full scan); and one object per line in JSON: flat, with numbers and escapes, with the same objects in each,
with objects that differ, with lists as well, with keys that come and go (parsed). The yardstick is `scan_csv` or
`scan_ndjson` with all columns as text into `sink_parquet`, right after, in a process of its own. The ratio is one of
processor time, which other work on the machine touches least.
Run with `python -m tests.bench.landing [--megabytes 1000] [--folder DIR]`.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import io
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from connectors.landing import land
from connectors.spec import Connector
from connectors.storage import Storage
from tests.bench.memory import Watched, watched

COLUMNS = (
    *("Id", "FirstName", "LastName", "Email", "Phone", "Street", "Zip", "City", "Country"),
    *("Amount", "Modified", "Flag", "Note"),
)
MEMORY = 1_000_000_000
"""What a landing process may have at its peak: CONCORD_MEMORY=1GB."""


@dataclass(frozen=True)
class Export:
    """A file to measure: how a row is written, what is written between the rows, and the ratio it must keep."""

    name: str
    file: str
    row: Callable[[tuple[str, ...]], str]
    most: float
    damage: str = ""
    inner: tuple[str, ...] = ()
    """Paths that are named beside the columns."""


def _cells(number: int, note: str) -> tuple[str, ...]:
    person = f"{number % 977:03}"
    return (
        *(f"003{number:012}AAA", f"Jörg {person}", f"O'Neil {number % 31}", f"j{number}@example.org"),
        *(f"+49 30 {number % 10**7:07}", f"Main Street {number % 500}", f"{number % 99_999:05}", "Berlin", "DE"),
        *(str(number % 10**5 / 100), "2026-05-06 12:13:14", "false", f"{note} {number}, with a comma"),
    )


def _quoted(cells: tuple[str, ...]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _object(cells: tuple[str, ...]) -> str:
    return json.dumps(dict(zip(COLUMNS, cells, strict=True)), ensure_ascii=False) + "\n"


def _numbers(cells: tuple[str, ...]) -> str:
    row = dict(zip(COLUMNS, cells, strict=True))
    return json.dumps({**row, "Amount": float(row["Amount"]), "Flag": False, "City": None}) + "\n"


def _nested(cells: tuple[str, ...]) -> str:
    return json.dumps({**dict(zip(COLUMNS, cells, strict=True)), "Owner": {"Name": "Ann"}}, ensure_ascii=False) + "\n"


def _different(cells: tuple[str, ...], *lists: str) -> str:
    row, number = dict(zip(COLUMNS, cells, strict=True)), int(cells[0][3:-3])
    owner = [None, {"Name": "Ann"}, {"Name": "Ann", "Team": "North"}][number % 3]
    more = {"Owner": owner} if number % 4 else {}
    return json.dumps({**row, **more, **{name: ["a", "b"][: number % 3] for name in lists}}, ensure_ascii=False) + "\n"


def _lists(cells: tuple[str, ...]) -> str:
    return _different(cells, "Tags")


def _missing(cells: tuple[str, ...]) -> str:
    """Any of ten keys may be absent, in no order: rows of hundreds of kinds."""
    row, number = dict(zip(COLUMNS, cells, strict=True)), int(cells[0][3:-3]) * 7919
    kept = {name: cell for at, (name, cell) in enumerate(row.items()) if at < 3 or number >> at & 3}
    return json.dumps(kept, ensure_ascii=False) + "\n"


EXPORTS = (
    Export("clean CSV", "clean/Contact.csv", _quoted, 2),
    Export("CSV with a damaged row", "damaged/Contact.csv", _quoted, 4, damage='"1","2"\n'),
    Export("CSV with line ends in cells", "lines/Contact.csv", lambda cells: _quoted((*cells[:-1], "a\nb")), 4),
    Export("JSON lines", "json/Contact.jsonl", _object, 2),
    Export("JSON lines with numbers", "numbers/Contact.jsonl", _numbers, 2),
    Export("JSON lines with objects in them", "nested/Contact.jsonl", _nested, 2, inner=("Owner.Name",)),
    Export("JSON lines, objects that differ", "different/Contact.jsonl", _different, 4, inner=("Owner.Name",)),
    Export("JSON lines, lists as well", "lists/Contact.jsonl", _lists, 4, inner=("Owner.Name", "Tags")),
    Export("JSON lines, keys come and go", "missing/Contact.jsonl", _missing, 4),
)


def write(export: Export, path: Path, megabytes: int) -> None:
    """Write so many megabytes; 10,000 different rows again and again, for making them costs more than reading."""
    path.parent.mkdir(parents=True)
    block = "".join(export.row(_cells(number, "note")) for number in range(10_000)).encode()
    with path.open("wb") as file:
        if path.suffix == ".csv":
            file.write(_quoted(COLUMNS).encode())
        for _ in range(max(1, megabytes * 1_000_000 // len(block))):
            file.write(block)
        file.write(export.damage.encode())


def land_one(path: Path, data: Path) -> None:
    """Land the only export in a source's folder, all its columns named."""
    (inner,) = (export.inner for export in EXPORTS if Path(export.file).parent.name == path.parents[1].name)
    shape = {"file": "Contact", "format": "csv" if path.suffix == ".csv" else "json", "require": ["Id"]}
    fields = {name.lower().replace(".", "_"): name for name in (*COLUMNS, *inner)}
    spec = {"exports": [shape], "key": "Id", "records": [{"kind": "person", "fields": fields}]}
    said = {"name": "crm", "kind": "crm", "owner": "sales", "rank": 1, "objects": {"Contact": spec}}
    report = land(Connector.model_validate(said), Storage(path.parents[1]), data, dt.date(2026, 1, 5))
    (line,) = report.objects
    if line.rows != line.landed + line.rejected or report.refused:
        raise SystemExit(f"{path}: {report}")


def yardstick(path: Path, target: Path) -> None:
    """Polars alone: the file as text into Parquet."""
    if path.suffix == ".csv":
        frame = pl.scan_csv(path, infer_schema=False, truncate_ragged_lines=True)
    else:
        frame = pl.scan_ndjson(path, schema=dict.fromkeys(COLUMNS, pl.String))
    frame.sink_parquet(target)


def measured(folder: Path, megabytes: int) -> Iterator[tuple[Export, Watched, Watched, Watched]]:
    """Per export: the landing, the yardstick, and a process that does nothing but start."""
    nothing = watched([sys.executable, "-m", "tests.bench.landing", "--only", "nothing"])
    for export in EXPORTS:
        path = folder / Path(export.file).parent / "crm" / Path(export.file).name
        write(export, path, megabytes)
        this = [sys.executable, "-m", "tests.bench.landing", "--folder", folder, "--only"]
        landing = watched([*this, "land", "--path", path])
        polars = watched([*this, "yardstick", "--path", path])
        yield export, landing, polars, nothing
        path.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument(
        "--folder", type=Path, help="an empty folder for the files; a temporary one where it is not said"
    )
    parser.add_argument("--only", choices=["land", "yardstick", "nothing"], help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only == "land":
        land_one(given.path, given.path.parents[1] / "data")
    elif given.only == "yardstick":
        yardstick(given.path, given.path.parent / "yardstick.parquet")
    if given.only:
        return
    print(f"{'export':33}{'seconds':>9}{'CPU':>7}{'yardstick':>11}{'ratio':>7}{'most':>6}{'peak MB':>9}")  # noqa: T201
    with tempfile.TemporaryDirectory(prefix="concord-bench-", dir=given.folder) as scratch:
        for export, landing, polars, nothing in measured(Path(scratch), given.megabytes):
            spent, reference, peak = landing.cpu - nothing.cpu, polars.cpu - nothing.cpu, landing.watch.peak()
            ratio = spent / reference
            print(  # noqa: T201
                f"{export.name:33}{landing.seconds - nothing.seconds:9.1f}{spent:7.1f}{reference:11.1f}{ratio:7.1f}"
                f"{export.most:6.0f}{peak / 1e6:9,.0f}"
                f"{'' if ratio <= export.most and peak <= MEMORY else '  beyond what is promised'}",
                flush=True,
            )


if __name__ == "__main__":
    main()
