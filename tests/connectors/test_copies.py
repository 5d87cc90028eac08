"""Publications copied to where else they are read: a bucket on a real S3 server, and Delta tables."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable

from connectors import bucket as bucket_module
from connectors import connection
from connectors.bucket import Bucket
from connectors.copies import behind, copies_at, follow
from connectors.delta import version_of
from connectors.manifest import PublicationError, read_manifest, write_manifest
from connectors.publication import KEYS, base_number, next_number, open_publication
from connectors.publishing import publish
from connectors.retention import prune
from connectors.storage import StorageError
from connectors.switching import rollback
from tests.connectors.elsewhere import Relay, a_bucket

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def publish_day(lay_marts: Callable[..., tuple[Path, Path]], people: Any) -> Callable[[], int]:
    """One publication a day; the one of number n has n customers, who all say n."""

    def run() -> int:
        number = next_number(lay_marts({})[1])
        warehouse, data = lay_marts(people(*(f"n{i}" for i in range(number)), publication=number))
        publish(
            warehouse,
            data,
            number=number,
            base=base_number(data),
            logical_date=date(2026, 1, 1),
            created_at=START + timedelta(days=number),
            inputs={},
            checks=[],
            roles={"support": {"customer": {"customer_id": "customer_id"}}},
            threads=1,
        )
        return number

    return run


@dataclass
class There:
    """A bucket as others see it, and the way to it."""

    place: str
    name: str
    client: Any
    relay: Relay

    def keys(self) -> list[str]:
        listed = self.client.list_objects_v2(Bucket=self.name, Prefix="tables/").get("Contents", [])
        return [entry["Key"].removeprefix("tables/") for entry in listed]

    def numbers(self) -> set[str]:
        return {key.partition("/")[0] for key in self.keys() if "/" in key}

    def current(self) -> int:
        body = self.client.get_object(Bucket=self.name, Key="tables/current.json")["Body"].read()
        return int(json.loads(body)["number"])


@pytest.fixture
def there(s3_server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[There]:
    monkeypatch.setattr(connection, "WAITS", (0.01,))
    with a_bucket(s3_server, tmp_path, monkeypatch) as (name, client, relay):
        yield There(f"s3://{name}/tables", name, client, relay)


def rewrite(data: Path, number: int) -> None:
    """Another customer.parquet under the same number, as an erasure leaves it."""
    folder = data / "published" / f"v{number:06d}"
    folder.chmod(0o700)
    manifest = read_manifest(folder)
    customers = pl.read_parquet(folder / "customer.parquet").filter(pl.col("customer_id") != "c_n0")
    for name in ("customer.parquet", "manifest.json"):
        (folder / name).unlink()
    customers.write_parquet(folder / "customer.parquet")
    entry = bucket_module.file_entry(folder / "customer.parquet", customers.height)
    write_manifest(folder, manifest.model_copy(update={"files": dict(manifest.files) | {"customer.parquet": entry}}))


def test_a_bucket_is_read_as_the_folder_is(publish_day: Any, data: Path, there: There) -> None:
    with pytest.raises(PublicationError, match="there is no publication yet"):
        open_publication(there.place)
    publish_day()
    publish_day()
    assert behind(data, copies_at(there.place, None))
    follow(data, copies_at(there.place, None))
    assert not behind(data, copies_at(there.place, None))
    here, far = open_publication(data), open_publication(there.place)
    assert far.number == 2
    for table in KEYS:
        assert far.table(table).equals(here.table(table))
    with far.connect() as con:
        assert con.execute("select count(*), min(publication) from customer").fetchall() == [(2, 2)]
    seen = open_publication(there.place, role="support")
    with seen.connect() as con:
        assert con.execute("from customer order by all").fetchall() == [("c_n0",), ("c_n1",)]
    with pytest.raises(PublicationError, match="there is no publication 1; there are: 2"):
        open_publication(there.place, 1)


def test_the_pointer_moves_last_and_only_to_what_reads_back(
    publish_day: Any, data: Path, there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_day()
    follow(data, copies_at(there.place, None))
    publish_day()
    with monkeypatch.context() as damaged:
        sending = bucket_module._sending
        other = data.parent / "other"
        other.write_bytes(b"something else")
        damaged.setattr(
            bucket_module, "_sending", lambda file, path: sending(other if file.stem == "customer" else file, path)
        )
        with pytest.raises(PublicationError, match=r"v000002/customer\.parquet does not read back as what was sent"):
            follow(data, copies_at(there.place, None))
    assert there.current() == 1
    assert open_publication(there.place).number == 1
    with pytest.raises(PublicationError, match="there is no publication 2"):
        open_publication(there.place, 2)
    follow(data, copies_at(there.place, None))
    assert open_publication(there.place).table("customer").height == 2


def test_a_copy_that_was_cut_off_is_gone_on_with(publish_day: Any, data: Path, there: There) -> None:
    publish_day()
    place = copies_at(there.place, None)
    there.relay.cut_after, there.relay.stays_down = 200_000, True
    with pytest.raises(StorageError, match="tried 2 times"):
        follow(data, place)
    sent = set(there.keys())
    assert sent, "a part of it was sent"
    assert "current.json" not in sent
    there.relay.down = False
    before = {key: there.client.head_object(Bucket=there.name, Key=f"tables/{key}")["LastModified"] for key in sent}
    follow(data, place)
    after = {key: there.client.head_object(Bucket=there.name, Key=f"tables/{key}")["LastModified"] for key in sent}
    assert sum(before[key] == after[key] for key in sent) >= len(sent) - 1, "what was whole is not sent again"
    assert open_publication(there.place).table("customer").height == 1


def test_a_rollback_moves_the_pointer_and_what_was_missed_is_brought(
    publish_day: Any, data: Path, there: There
) -> None:
    place = copies_at(there.place, None)
    publish_day()
    follow(data, place)
    publish_day()
    publish_day()
    follow(data, place)
    assert there.numbers() == {"v000001", "v000002", "v000003"}
    rollback(data, 1)
    follow(data, place)
    assert open_publication(there.place).number == 1
    assert open_publication(there.place, 3).number == 3


def test_what_goes_here_goes_there_but_never_the_current_one(publish_day: Any, data: Path, there: There) -> None:
    place = copies_at(there.place, None)
    for _ in range(4):
        publish_day()
        follow(data, place)
    held = open_publication(there.place, 2)
    assert prune(data, keep=1, days=1, now=START + timedelta(days=99)) == [1, 2]
    follow(data, place)
    assert there.numbers() == {"v000003", "v000004"}
    assert there.current() == 4
    with pytest.raises(PublicationError, match=r"was removed from .* while it was read; open the current one"):
        held.table("customer")


def test_what_is_rewritten_here_is_rewritten_there(publish_day: Any, data: Path, there: There) -> None:
    place = copies_at(there.place, None)
    for _ in range(2):
        publish_day()
        follow(data, place)
    held = open_publication(there.place, 1)
    for number in (1, 2):
        rewrite(data, number)
    assert behind(data, place)
    follow(data, place)
    for number in (1, 2):
        assert "c_n0" not in open_publication(there.place, number).table("customer")["customer_id"]
    with pytest.raises(PublicationError, match="is not as its manifest says: it was rewritten meanwhile"):
        held.table("customer")


def test_a_reader_whose_version_goes_while_it_opens_gets_the_next(
    publish_day: Any, data: Path, there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = copies_at(there.place, None)
    publish_day()
    follow(data, place)
    read, asked = Bucket.read, []

    def meanwhile(self: Bucket, name: str) -> bytes:
        if name.startswith("v") and not asked:
            asked.append(name)
            publish_day()
            publish_day()
            prune(data, keep=1, days=1, now=START + timedelta(days=99))
            follow(data, place)
        return read(self, name)

    monkeypatch.setattr(Bucket, "read", meanwhile)
    assert open_publication(there.place).number == 3
    assert asked == ["v000001/manifest.json"]


def test_one_place_is_not_shared_by_two_data_folders(publish_day: Any, data: Path, there: There) -> None:
    for _ in range(3):
        publish_day()
    follow(data, copies_at(there.place, None))
    shutil.move(data, data.parent / "lost")
    publish_day()
    with pytest.raises(PublicationError, match=r"holds publication 3, which .* never made"):
        follow(data, copies_at(there.place, None))
    assert there.current() == 3


def test_a_bucket_that_is_not_there_is_named(publish_day: Any, data: Path, there: There) -> None:
    publish_day()
    with pytest.raises(PublicationError, match="s3://nowhere/tables: there is no such bucket; make it"):
        follow(data, copies_at("s3://nowhere/tables", None))


@pytest.fixture
def delta(tmp_path: Path) -> Path:
    return tmp_path / "delta"


def test_every_publication_is_one_version_of_each_delta_table(publish_day: Any, data: Path, delta: Path) -> None:
    copies = copies_at("", delta)
    for _ in range(3):
        publish_day()
        assert behind(data, copies)
        follow(data, copies)
        assert not behind(data, copies)
    for table in KEYS:
        assert DeltaTable(delta / table).version() == 2
        for number in (1, 2, 3):
            then = pl.read_delta(str(delta / table), version=version_of(delta / table, number))
            assert then.equals(open_publication(data, number).table(table))
    assert DeltaTable(delta / "customer").history(1)[0]["publication"] == "3"
    with duckdb.connect() as con:
        con.register("customers", DeltaTable(delta / "customer", version=1).to_pyarrow_dataset())
        assert con.execute("select count(*), min(publication) from customers").fetchall() == [(2, 2)]


def test_a_delta_version_costs_no_second_copy_and_tells_no_values(publish_day: Any, data: Path, delta: Path) -> None:
    publish_day()
    follow(data, copies_at("", delta))
    [file] = (delta / "customer").glob("*.parquet")
    assert file.samefile(open_publication(data).path / "customer.parquet")
    assert "c_n0" not in "".join(path.read_text() for path in delta.rglob("*.json"))


def test_delta_follows_back_and_forth_and_lets_go_of_what_is_gone(publish_day: Any, data: Path, delta: Path) -> None:
    copies = copies_at("", delta)
    for _ in range(3):
        publish_day()
        follow(data, copies)
    rollback(data, 2)
    follow(data, copies)
    assert pl.read_delta(str(delta / "customer")).height == 2
    publish_day()
    publish_day()
    follow(data, copies)
    told = [commit["publication"] for commit in DeltaTable(delta / "customer").history()]
    assert told == ["5", "4", "2", "3", "2", "1"]
    prune(data, keep=1, days=1, now=START + timedelta(days=99))
    rewrite(data, 5)
    follow(data, copies)
    assert len(list((delta / "customer").glob("*.parquet"))) == 2
    assert pl.read_delta(str(delta / "customer")).height == 4
    with pytest.raises(PublicationError, match="no version is of publication 9; there are: 1, 2, 3, 4, 5"):
        version_of(delta / "customer", 9)


def test_delta_goes_on_where_a_copy_was_stopped(publish_day: Any, data: Path, delta: Path) -> None:
    copies = copies_at("", delta)
    publish_day()
    follow(data, copies)
    shutil.rmtree(delta / "identity_link")
    publish_day()
    follow(data, copies)
    follow(data, copies)
    assert DeltaTable(delta / "customer").version() == 1
    assert pl.read_delta(str(delta / "identity_link")).height == 2
