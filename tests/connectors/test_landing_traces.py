"""What landing leaves on the disk: private files, the same after any kill, and no trace of what nobody named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from connectors.landing import land
from connectors.readers.sink import read_metadata
from connectors.storage import Storage
from tests.connectors.house import MONDAY, House, accounts


def test_everything_under_data_is_private(house: House) -> None:
    house.put("Account.csv", accounts("A") + "x\n")
    house.put("Contact.csv", "")
    house.land()
    for path in house.data.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


KILLED = """
import datetime, os, sys
from pathlib import Path
sys.path[:0] = sys.argv[4].split(os.pathsep)
from connectors.landing import land
from connectors.spec import Connector
from connectors.storage import Storage
left = int(sys.argv[3])
def hook(event, _):
    global left
    if event in ("os.rename", "os.link", "os.remove"):
        left -= 1
        if left < 0:
            os._exit(9)
connector = Connector.model_validate_json(sys.stdin.read())
sys.addaudithook(hook)
land(connector, Storage(Path(sys.argv[1])), Path(sys.argv[2]), datetime.date(2026, 1, 5))
"""


def test_killed_at_any_step_and_run_again_gives_the_same(house: House, tmp_path: Path) -> None:
    house.put_zip("a.zip", Account=accounts("A") + "x\n", Contact="Id,Email\n1,a@b.c\n")
    house.put("Account_1.csv", "")
    house.land()
    expected = _contents(house.data)
    said = house.connector.model_dump_json(by_alias=True)
    for step in range(30):
        data = tmp_path / f"data{step}"
        arguments = [str(house.exports), str(data), str(step), os.pathsep.join(sys.path)]
        run = subprocess.run([sys.executable, "-c", KILLED, *arguments], input=said, text=True, check=False)
        land(house.connector, Storage(house.exports), data, MONDAY)
        assert _contents(data) == expected, f"killed at step {step}"
        if run.returncode == 0:
            break
    else:
        raise AssertionError("the run never came to its end")
    assert step > 4


def _contents(data: Path) -> dict[str, object]:
    return {
        str(path.relative_to(data)): pl.read_parquet(path).rows() if path.suffix == ".parquet" else path.read_bytes()
        for path in data.rglob("*")
        if path.is_file()
    }


SENTINEL = "Zx9Sentinel"


@pytest.mark.parametrize(
    "content",
    [
        f"Id,Name,Secret\n1,A,{SENTINEL}\n",
        f"Id,Name,Secret\n1,A,x\n2,B,{SENTINEL},{SENTINEL}\n",
        f"Id,Name,Secret\n1,A,x\n2,{SENTINEL}\n",
        f'Id,Name,Secret\n1,A,"{SENTINEL}\n2,B,x\n',
        f'Id,Name,Secret\n1,A,"{SENTINEL} "quoted" {SENTINEL}"\n2,B,x\n',
        f'"Id","Name","Secret"\n"1","A","x "y"\n{SENTINEL},{SENTINEL},{SENTINEL}\nz"\n"2","B","x"\n',
        f"Id,Name,Secret\n1,A,x\n2,B,{SENTINEL}",
        f'Id,Name,Secret\n1,A,x\n2,B,"{SENTINEL}',
        f"Id,Name,Secret\n1,A,\0{SENTINEL}\n",
        f"1,{SENTINEL},{SENTINEL}\n2,B,x\n",
        f"Id,Secret\n1,{SENTINEL}\n",
        b"Id,Name,Secret\n1,A,\xff" + SENTINEL.encode() + b"\n2,\xc3\xa4,x\n",
        b"Id,Name,Secret\n1,A,\x81\xff\xff" + SENTINEL.encode(),
        f"Id,Name,Secret\n1,A,{SENTINEL}\n" + "\0" * 9,
    ],
)
def test_nothing_of_an_unnamed_column_is_stored_or_said(
    house: House, content: str | bytes, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    house.put("Account.csv", content)
    report = house.land()
    _assert_no_trace(house, report, capfd.readouterr(), caplog.text)


@pytest.mark.parametrize(
    "content",
    [
        f'{{"rows": [{{"Id": 1, "Name": "A", "Secret": "{SENTINEL}"}}]}}',
        f'{{"rows": [{{"Id": 1, "Secret" "{SENTINEL}"}}, {{"Id": 2}}]}}',
        f'{{"rows": [{{"Id": 1, "Secret": "{SENTINEL}"',
        f'{{"rows": [{{"Id": 1, "Secret": {{"{SENTINEL}": "{SENTINEL}"}}}}]}}',
        f'{{"rows": [{{"Secret": "{SENTINEL}"}}]}}',
        f'{{"rows": [], "other": {SENTINEL}}}',
    ],
)
def test_nothing_of_an_unnamed_key_is_stored_or_said(
    house: House, content: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    house.put("tickets.json", content)
    report = house.land()
    _assert_no_trace(house, report, capfd.readouterr(), caplog.text)


def _assert_no_trace(house: House, *said: object) -> None:
    assert SENTINEL not in repr(said)
    for path in (path for path in house.data.rglob("*") if path.is_file()):
        assert SENTINEL not in str(path)
        assert SENTINEL.encode() not in path.read_bytes()
        if path.suffix == ".parquet":
            assert SENTINEL not in repr(pl.read_parquet(path).rows())
            assert SENTINEL not in repr(read_metadata(path))
