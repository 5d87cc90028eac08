"""Publications as readers and engineers meet them: opened, compared, damaged, rolled back."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors import publishing
from connectors.difference import TableDifference, diff
from connectors.files import remove
from connectors.publication import KEYS, PublicationError, base_number, next_number, open_publication, publications
from connectors.publishing import PublicationResult, publish
from connectors.switching import rollback
from connectors.verification import verify
from transforms.contract import TABLES

Publish = Callable[..., PublicationResult]


@dataclass(frozen=True)
class Check:
    name: str = "id_churn"
    passed: bool = False
    severity: str = "error"
    message: str = "half of the ids are gone"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def publish_marts(lay_marts: Callable[..., tuple[Path, Path]]) -> Publish:
    """Lay the marts and publish them as the next publication on the current one."""

    def run(marts: dict[str, Any], **options: Any) -> PublicationResult:
        warehouse, data = lay_marts(marts)
        told = {"number": next_number(data), "base": base_number(data), "checks": []} | options
        return publish(
            warehouse,
            data,
            logical_date=date(2026, 1, 3),
            created_at=datetime(2026, 1, 3, 4, tzinfo=UTC),
            inputs={"deliveries": ["d1"]},
            threads=1,
            memory="200MB",
            **told,
        )

    return run


def test_what_is_written_here_is_what_the_contract_names() -> None:
    assert {table: key for table, key in KEYS.items() if table != "publication"} == {
        table: contract.key for table, contract in TABLES.items()
    }


def test_a_publication_holds_every_table_in_both_forms_ordered_by_key(
    publish_marts: Publish, people: Any, data: Path
) -> None:
    result = publish_marts(people("zoe", "ann", "max"))
    publication = open_publication(data)
    assert (result.outcome, result.number, publication.number) == ("published", 1, 1)
    assert publication.path == (data / "published" / "v000001").resolve()
    con = publication.connect()
    for table, key in KEYS.items():
        frame = publication.table(table)
        assert frame.equals(frame.sort(key))
        assert con.execute(f"select * from {table}").fetchall() == frame.rows()
        assert publication.manifest.tables[table].rows == frame.height
    assert publication.table("customer")["customer_id"].to_list() == ["c_ann", "c_max", "c_zoe"]


def test_the_table_publication_tells_of_all_so_far(publish_marts: Publish, people: Any, data: Path) -> None:
    publish_marts(people("ann"))
    publish_marts(people("ann", "max"), checks=[Check(passed=True, message="fine")])
    told = open_publication(data).table("publication")
    assert told["number"].to_list() == [1, 2]
    assert told["base"].to_list() == [None, 1]
    assert told["logical_date"].to_list() == [date(2026, 1, 3)] * 2
    assert told["freshness"][1] == '{"crm": "2026-01-02T00:00:00+00:00"}'
    assert '"message": "fine"' in told["checks"][1]
    assert '"customer": 2' in told["rows"][1]


def test_equal_rows_in_another_order_are_no_new_publication(publish_marts: Publish, people: Any, data: Path) -> None:
    publish_marts(people("ann", "max"))
    again = publish_marts(people("max", "ann") | {"customer_change": [{"publication": 2, "customer_id": "c_ann"}]})
    assert (again.outcome, again.number) == ("unchanged", 1)
    assert next_number(data) == 2
    assert sorted(path.name for path in (data / "published").iterdir()) == [".lock", "current", "v000001"]


def test_another_duckdb_compares_rows_not_hashes(
    publish_marts: Publish, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(publishing, "ENGINE", "duckdb 0.0.1")
        publish_marts(people("ann"))
    assert publish_marts(people("ann")).outcome == "unchanged"
    assert publish_marts(people("ann", "max")).outcome == "published"


def test_what_the_gate_holds_back_is_kept_aside_and_its_number_not_consumed(
    publish_marts: Publish, people: Any, data: Path
) -> None:
    publish_marts(people("ann", "max"))
    for _ in range(2):
        held = publish_marts(people("ann"), checks=[Check(), Check(passed=True)])
        assert (held.outcome, held.number, held.failed) == ("held", 2, ("half of the ids are gone",))
    assert base_number(data) == 1
    assert next_number(data) == 2
    assert open_publication(data, held=True).table("customer").height == 1
    assert verify(data, held=True) == []
    mended = publish_marts(people("ann", "max", "zoe"), checks=[Check(severity="warn")])
    assert (mended.outcome, mended.number) == ("published", 2)
    assert publications(data, held=True) == []


def test_only_the_next_number_on_the_current_base_is_published(publish_marts: Publish, people: Any, data: Path) -> None:
    publish_marts(people("ann"))
    for told in ({"number": 1}, {"number": 3}, {"base": None}):
        with pytest.raises(PublicationError, match=r"came too late.*run again"):
            publish_marts(people("max"), **told)
    assert [publication.number for publication in publications(data)] == [1]


def test_a_rollback_gives_the_next_publication_its_base_and_no_number_twice(
    publish_marts: Publish, people: Any, data: Path
) -> None:
    for names in (("ann",), ("ann", "max"), ("max",)):
        publish_marts(people(*names))
    assert rollback(data, 1).number == 1
    assert open_publication(data).table("customer")["customer_id"].to_list() == ["c_ann"]
    after = publish_marts(people("ann", "zoe"))
    assert (after.number, after.base) == (4, 1)
    assert open_publication(data).table("publication")["number"].to_list() == [1, 2, 3, 4]


def test_state_is_what_the_newest_publication_carries_and_keeps_what_engineers_added(
    publish_marts: Publish, people: Any, data: Path
) -> None:
    publish_marts(people("ann", owner_employee_id="hr:7"))
    (data / "state" / "releases.json").write_text('{"format": 1, "releases": []}')
    publish_marts(people("ann", "max"))
    state, carried = data / "state", open_publication(data).path / "state"
    assert {path.name: path.read_bytes() for path in state.iterdir()} == {
        path.name: path.read_bytes() for path in carried.iterdir()
    }
    assert (state / "releases.json").exists()
    registry = duckdb.sql(f"select customer_id, publication from '{state / 'registry.parquet'}'").fetchall()
    assert registry == [("c_ann", 2), ("c_max", 2)]


def test_pages_for_people_lie_there_and_are_in_the_manifest(publish_marts: Publish, people: Any, data: Path) -> None:
    publish_marts(people("ann"), pages={"report.html": b"<p>fine</p>"})
    publication = open_publication(data)
    assert (publication.path / "report.html").read_bytes() == b"<p>fine</p>"
    assert "report.html" in publication.manifest.files
    assert verify(data) == []


def test_files_are_private_and_read_only(publish_marts: Publish, people: Any, data: Path) -> None:
    publish_marts(people("ann"))
    for path in (data / "published").rglob("*"):
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        sealed = "v000001" in path.parts
        assert mode == (0o500 if path.is_dir() else 0o400) if sealed else mode & 0o077 == 0, path


def test_every_changed_missing_or_added_file_is_named(publish_marts: Publish, people: Any, data: Path) -> None:
    publish_marts(people("ann", "max"))
    path = open_publication(data).path
    assert verify(data) == []
    for folder in (path, path / "state"):
        folder.chmod(0o700)
    flipped = bytearray((path / "customer.parquet").read_bytes())
    flipped[len(flipped) // 2] ^= 1
    remove(path / "customer.parquet")
    (path / "customer.parquet").write_bytes(flipped)
    remove(path / "state" / "member.parquet")
    (path / "note.txt").write_text("?")
    problems = "\n".join(verify(data))
    assert "customer.parquet has changed" in problems
    assert "state/member.parquet is missing" in problems
    assert "note.txt is not in the manifest" in problems
    assert len(problems.splitlines()) == 3
    with pytest.raises(PublicationError, match="damaged and stays out"):
        rollback(data, 1)


def test_a_connection_reads_the_publication_and_nothing_else(
    publish_marts: Publish, people: Any, data: Path, tmp_path: Path
) -> None:
    publish_marts(people("ann"))
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n")
    con = open_publication(data).connect()
    for forbidden in (
        f"from read_csv('{outside}')",
        f"copy customer to '{tmp_path / 'copy.csv'}'",
        f"attach '{tmp_path / 'new.duckdb'}'",
        "delete from customer",
        "set enable_external_access = true",
    ):
        with pytest.raises(duckdb.Error):
            con.execute(forbidden)
    assert con.execute("select count(*) from customer").fetchone() == (1,)


def test_large_tables_are_views_that_are_found_also_after_the_data_moved(
    publish_marts: Publish, people: Any, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "VIEW_FROM", 2)
    monkeypatch.chdir(data.parent)
    marts = people("ann", "max")
    publish_marts(marts | {"field_provenance": [{"customer_id": f"c_{n}", "field": "email"} for n in ("max", "ann")]})
    path = open_publication(data).path
    monkeypatch.chdir("/")
    with duckdb.connect(path / "concord.duckdb", read_only=True) as plain:
        views = plain.execute("select view_name from duckdb_views() where not internal").fetchall()
        assert set(views) == {("field_provenance",), ("customer_alias",)}
        assert plain.execute("select customer_id from field_provenance").fetchall() == [("c_ann",), ("c_max",)]
    moved = data.rename(data.with_name("moved"))
    con = open_publication(moved).connect()
    assert con.execute("select count(*) from field_provenance").fetchone() == (2,)


@pytest.mark.parametrize("views_from", [0, 1_000_000])
def test_a_mart_that_lies_as_parquet_beside_the_warehouse_is_not_written_again(
    lay_marts: Any, people: Any, monkeypatch: pytest.MonkeyPatch, views_from: int
) -> None:
    monkeypatch.setattr(publishing, "VIEW_FROM", views_from)
    told = {"field": "city", "source": "crm", "object": "Contact", "record_id": "1", "rule": "only"}
    warehouse, data = lay_marts(people("ann") | {"field_provenance": [{"customer_id": "c_ann", **told}]})
    file = publishing.mart_file(warehouse, "field_provenance")
    with duckdb.connect(warehouse) as con:
        con.execute(f"copy marts.field_provenance to '{file}'")
        con.execute("drop table marts.field_provenance")
        con.execute(f"create view marts.field_provenance as from read_parquet('{file}')")
    at = {"logical_date": date(2026, 1, 3), "created_at": datetime(2026, 1, 3, 4, tzinfo=UTC)}
    publish(warehouse, data, number=1, base=None, inputs={}, checks=[], **at)
    publication = open_publication(data)
    assert (publication.path / "field_provenance.parquet").samefile(file)
    with duckdb.connect() as con:  # what the next run writes there is another file
        con.execute(f"copy (select 1 as x) to '{file}' (format parquet)")
    assert verify(data) == []
    with publication.connect() as con:
        assert con.execute("select customer_id, field from field_provenance").fetchall() == [("c_ann", "city")]


def test_a_reader_keeps_its_publication_while_current_moves_on(publish_marts: Publish, people: Any, data: Path) -> None:
    publish_marts(people("ann"))
    reader = open_publication(data)
    con = reader.connect()
    publish_marts(people("ann", "max"))
    assert con.execute("select count(*) from customer").fetchone() == (1,)
    assert reader.scan("customer").collect().height == 1
    assert open_publication(data).table("customer").height == 2


def test_what_is_not_there_is_said_with_what_is(publish_marts: Publish, people: Any, data: Path) -> None:
    with pytest.raises(PublicationError, match="no publication yet; `concord run` makes one"):
        open_publication(data)
    publish_marts(people("ann"))
    with pytest.raises(PublicationError, match="no publication 7; there are: 1"):
        open_publication(data, 7)
    with pytest.raises(PublicationError, match="no table 'persons'; it has customer, "):
        open_publication(data).scan("persons")
    with pytest.raises(PublicationError, match="lacks a table"):
        publish_marts(people("max"), schema="nowhere")


def test_a_difference_counts_customers_by_what_became_of_them(publish_marts: Publish, people: Any, data: Path) -> None:
    first = people("ann", "max", "zoe", "tim")
    history = [{"customer_id": row["customer_id"], "from_publication": 1} for row in first["customer"]]
    publish_marts(first | {"customer_history": history})
    later = people("ann", "max", "eve", "ida", publication=2)
    later["customer"][0] |= {"publication": 1}
    later["customer"][1] |= {"email": "max@example.org", "city": "Bonn"}
    later["customer_alias"] = [
        {"id": "c_ann", "status": "live", "new_ids": ["c_ida"], "publication": 2},
        {"id": "c_zoe", "status": "merged", "new_ids": ["c_max"], "publication": 2},
        {"id": "c_tim", "status": "gone", "publication": 2},
    ]
    later["customer_history"] = [
        row | {"to_publication": None if row["customer_id"] == "c_ann" else 2} for row in history
    ]
    publish_marts(later)
    found = diff(data, 1, 2)
    assert found.operations == {"insert": 1, "split": 1, "merge": 1, "delete": 1, "update": 1}
    assert found.columns == {"email": 1, "city": 1, "publication": 1}
    assert found.tables["customer"] == TableDifference(added=2, removed=2, changed=1)
    assert found.tables["support_agent"] == TableDifference(0, 0, 0)
    assert diff(data, 1, 1).operations == {}
    assert found.to_dict()["tables"]["customer"] == {"added": 2, "removed": 2, "changed": 1}
