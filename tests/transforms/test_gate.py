"""What the gate lets pass and what it does not, and that it says why with figures and a remedy."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from transforms.contract import CUSTOMER, TABLES
from transforms.gate import Finding, examine
from transforms.policy import Gate
from transforms.warehouse import mart_columns

ALLOWED = Gate(
    row_count_drop=0.2, fill_rate_drop=0.1, id_churn=0.1, deleted=0.2, judged_from_rows=10, fresh_within=timedelta(7)
)
TODAY = date(2026, 1, 3)
HASH = "a" * 64


@pytest.fixture
def gate(lay_marts: Callable[..., tuple[Path, Path]]) -> Callable[..., dict[str, Finding]]:
    """Examine marts against a base; records are those that the links name, unless `data` was laid otherwise."""

    def run(
        marts: dict[str, Any],
        base: dict[str, Any] | None = None,
        sql: str = "",
        thresholds: Gate = ALLOWED,
        fresh_until: datetime | None = None,
    ) -> dict[str, Finding]:
        previous, data = lay_marts(base or {})
        previous = previous.rename(previous.with_name("previous.duckdb"))
        warehouse, data = lay_marts(marts)
        lay_records(data, [link["record_id"] for link in marts.get("identity_link", ())])
        sources = data / "sources.parquet"
        said = pl.lit(fresh_until, pl.Datetime("us", "UTC"))
        pl.read_parquet(sources).with_columns(fresh_until=said).write_parquet(sources)
        with duckdb.connect(warehouse) as con:
            con.execute(f"attach '{previous}' as before (read_only)")
            con.execute("create schema previous")
            for table in TABLES:
                con.execute(f"create table previous.{table} as from before.marts.{table}")
            con.execute(sql)
        return {finding.name: finding for finding in examine(warehouse, data, thresholds, as_of=TODAY, threads=1)}

    return run


def lay_records(data: Path, ids: list[str]) -> None:
    """A delivery of one export of contacts, whose rows were all accepted: landed, with outcomes and records."""
    rows, none = len(ids), {"source": "crm", "object": "Contact"}
    part = {"export": "Contact.csv", "hash": HASH, "rows": rows + 1, "landed": rows, "rejected": 1, "unnamed": []}
    ledger = data / "landed" / "deliveries" / "00000001.json"
    ledger.parent.mkdir(parents=True, exist_ok=True)
    ledger.write_text(json.dumps({**none, "delivery": "d00000001", "parts": [part]}, indent=2))
    number = pl.Series(range(2, rows + 2), dtype=pl.Int64)
    write(data / "landed" / "crm" / "Contact" / f"{HASH}.parquet", _row=number, Id=ids)
    write(data / "rejected" / "crm" / "Contact" / f"{HASH}.parquet", row=pl.Series([1], dtype=pl.Int64))
    write(
        data / "outcomes" / "crm" / "Contact.parquet",
        export=[HASH] * rows,
        row=number,
        outcome=["accepted"] * rows,
    )
    write(
        data / "records" / "person" / "crm.parquet",
        source=["crm"] * rows,
        object=["Contact"] * rows,
        record_id=ids,
        export=[HASH] * rows,
        row=number,
    )


def write(path: Path, **columns: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = {name: pl.String for name, values in columns.items() if isinstance(values, list)}
    pl.DataFrame(columns, schema_overrides=texts).write_parquet(path)


def failed(findings: dict[str, Finding]) -> set[str]:
    return {name for name, finding in findings.items() if not finding.passed}


def many(count: int, start: int = 0) -> list[str]:
    return [f"n{number:03}" for number in range(start, start + count)]


def test_the_contract_is_what_dbt_promises() -> None:
    def kinds(columns: dict[str, str]) -> list[str]:
        return [str(kind) for kind in duckdb.sql(f"select {', '.join(f'null::{k}' for k in columns.values())}").types]

    promised = {table: dict(columns) for table, columns in mart_columns().items() if table in TABLES}
    assert {table: list(columns) for table, columns in promised.items()} == {
        t: list(c.columns) for t, c in TABLES.items()
    }
    for table, columns in promised.items():
        assert kinds(columns) == list(TABLES[table].columns.values()), table


def test_a_first_publication_has_customers(gate: Any, people: Any) -> None:
    assert "customers" in failed(gate({}, {}))
    assert "customers" not in failed(gate(people(*many(2)), {}))


def test_marts_as_they_should_be_pass(gate: Any, people: Any) -> None:
    findings = gate(people(*many(20)), people(*many(20)))
    assert failed(findings) == set()
    assert set(findings) == {
        "columns", "values", "unique", "links", "references", "row_count", "fill_rate", "id_churn",
        "file_rows", "landed_rows", "records", "customers", "deleted", "freshness",
    }  # fmt: skip
    assert findings["row_count"].figures["customer"] == 20


def test_the_first_publication_has_no_base_to_be_held_against(gate: Any, people: Any) -> None:
    assert failed(gate(people(*many(20)))) == set()


def test_nobody_at_all_is_held_back_also_the_first_time(gate: Any) -> None:
    findings = gate({})
    assert failed(findings) == {"customers"}
    assert "not one customer; look at `concord rejected`" in findings["customers"].message


def test_many_deletions_are_seen_where_as_many_came(gate: Any, people: Any) -> None:
    base, marts = people(*many(20)), people(*many(20, 5))
    gone = [{"id": f"c_{name}", "status": "gone", "publication": 2} for name in many(5)]
    findings = gate(marts | {"customer_alias": [*marts["customer_alias"], *gone]}, base)
    assert failed(findings) == {"deleted"}
    assert (
        "5 of 20 customers of the base ended with their last record (25.0%), 20.0% may" in findings["deleted"].message
    )
    assert "c_n000" in findings["deleted"].message


def test_a_silent_source_is_named_and_holds_nothing_back(gate: Any, people: Any) -> None:
    assert not failed(gate(people(*many(20))))
    patient = ALLOWED.model_copy(update={"fresh_within": timedelta(days=1)})
    assert not failed(gate(people(*many(20)), thresholds=patient))
    strict = ALLOWED.model_copy(update={"fresh_within": timedelta(hours=23)})
    silent = gate(people(*many(20)), thresholds=strict)["freshness"]
    assert (silent.passed, silent.severity) == (False, "warn")
    assert "crm has delivered nothing new for 1 days" in silent.message


def test_what_a_source_says_of_its_freshness_counts_before_the_gates_word(gate: Any, people: Any) -> None:
    strict = ALLOWED.model_copy(update={"fresh_within": timedelta(hours=1)})
    today, yesterday = (datetime(2026, 1, day, tzinfo=UTC) for day in (3, 2))
    assert gate(people(*many(20)), thresholds=strict, fresh_until=today)["freshness"].passed
    assert not gate(people(*many(20)), fresh_until=yesterday)["freshness"].passed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("alter table marts.customer drop column region", "customer lacks the column region"),
        ("alter table marts.customer add column salary integer", "customer.salary is not in the contract"),
        ("alter table marts.customer alter lifetime_value type double", "is DOUBLE, the contract says DECIMAL(18,2)"),
        ("drop table marts.support_agent", "the table support_agent is missing"),
    ],
)
def test_columns_that_are_not_in_the_contract_fail(gate: Any, people: Any, change: str, words: str) -> None:
    findings = gate(people("ann"), sql=change)
    assert failed(findings) == {"columns"}
    assert words in findings["columns"].message
    assert "values" not in findings


def test_a_missing_or_unknown_value_fails(gate: Any, people: Any) -> None:
    findings = gate(people("ann", "max"), sql="update marts.customer set tier = 'gold', route = null")
    assert failed(findings) == {"values"}
    assert "tier is none of standard, premium in 2 rows" in findings["values"].message
    assert "route is empty in 2 rows" in findings["values"].message
    assert {(row["column"], row["rows"], row["example"]) for row in findings["values"].worst} == {
        ("tier", 2, "c_ann"),
        ("route", 2, "c_ann"),
    }


def test_columns_that_may_be_empty_may_be_empty(gate: Any, people: Any) -> None:
    cleared = ", ".join(f"{column} = null" for column in sorted(CUSTOMER.open))
    assert failed(gate(people("ann"), sql=f"update marts.customer set {cleared}")) == set()


def test_a_key_that_repeats_fails_and_is_named(gate: Any, people: Any) -> None:
    findings = gate(
        people("ann", "max"), sql="insert into marts.customer from marts.customer where customer_id = 'c_max'"
    )
    assert failed(findings) == {"unique"}
    assert "customer: 1 rows repeat a key (customer_id), for one c_max" in findings["unique"].message
    assert findings["unique"].worst == ({"table": "customer", "key": "c_max", "rows": 2},)


def test_a_record_without_a_link_and_a_link_without_a_record_fail(gate: Any, people: Any) -> None:
    findings = gate(
        people("ann", "max"), sql="update marts.identity_link set record_id = 'nobody' where record_id = 'max'"
    )
    assert failed(findings) == {"links"}
    assert "1 records of people and organisations have no link" in findings["links"].message
    assert "1 links are of records that are not there" in findings["links"].message
    assert [(row["record"], row["trouble"]) for row in findings["links"].worst] == [
        ("max", "has no link"),
        ("nobody", "is linked and not there"),
    ]


def test_the_worst_rows_recognise_nobody(gate: Any, people: Any) -> None:
    marts = people("ann", "ann@example.org")
    findings = gate(marts, sql="delete from marts.identity_link where record_id <> 'ann'")
    assert [row["record"] for row in findings["links"].worst] == ["[e-mail]"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("delete from marts.customer where customer_id = 'c_max'", "1 links lead to no customer"),
        ("update marts.identity_link set customer_id = 'c_ann'", "1 customers have no link"),
        ("update marts.customer_alias set status = 'gone' where id = 'c_max'", "1 customers have no live alias"),
        ("insert into previous.customer_alias values ('c_old', 'gone', [], 1)", "1 ids of the base do not resolve"),
        ("update marts.customer set organisation_id = 'c_ann'", "2 customers belong to no organisation"),
    ],
)
def test_tables_that_contradict_each_other_fail(gate: Any, people: Any, change: str, words: str) -> None:
    findings = gate(people("ann", "max"), sql=change)
    assert failed(findings) == {"references"}
    assert words in findings["references"].message
    assert any(words.split(" ", 1)[1] in str(row["trouble"]) for row in findings["references"].worst)


def test_losing_too_many_rows_fails_and_losing_a_few_does_not(gate: Any, people: Any) -> None:
    lenient = ALLOWED.model_copy(update={"id_churn": 1.0, "deleted": 1.0})
    gone = "insert into marts.customer_alias from previous.customer_alias anti join marts.customer_alias using (id); "
    gone += "update marts.customer_alias set status = 'gone' where id not in (select customer_id from marts.customer)"
    assert failed(gate(people(*many(16)), people(*many(20)), gone, lenient)) == set()
    findings = gate(people(*many(15)), people(*many(20)), gone, lenient)
    assert failed(findings) == {"row_count"}
    message = findings["row_count"].message
    assert "customer has 15 rows, the base had 20: 25.0% fewer, 20.0% are allowed" in message
    assert "raise row_count_drop in gate.yaml" in message
    assert findings["row_count"].worst[0] == {
        "table": "customer", "base": 20, "now": 15, "change": -5, "share": "-25.0 %"
    }  # fmt: skip
    assert failed(gate(people("ann"), people("ann", "max"), gone)) == set()


def test_ids_that_change_fail_with_what_became_of_them(gate: Any, people: Any) -> None:
    merged = (
        "update marts.customer_alias set status = 'merged' where id not in (select customer_id from marts.customer)"
    )
    marts = people(*many(20, start=3))
    marts["customer_alias"] += people(*many(3))["customer_alias"]
    marts["identity_link"] += [link | {"customer_id": "c_n019"} for link in people(*many(3))["identity_link"]]
    findings = gate(marts, people(*many(20)), merged)
    assert failed(findings) == {"id_churn"}
    message = findings["id_churn"].message
    assert "of 20 customers of the base 15.0% became others (3 merged), 10.0% may, such as c_n000 merged" in message
    assert "raise id_churn in gate.yaml of the policy folder for this one run" in message
    assert findings["id_churn"].figures == {"share": 0.15, "merged": 3.0}
    assert [(row["customer_id"], row["fate"]) for row in findings["id_churn"].worst] == [
        ("c_n000", "merged"),
        ("c_n001", "merged"),
        ("c_n002", "merged"),
    ]


def test_customers_whose_last_record_was_deleted_are_no_churn(gate: Any, people: Any) -> None:
    marts = people(*many(17, start=3))
    marts["customer_alias"] += people(*many(3))["customer_alias"]
    gone = "update marts.customer_alias set status = 'gone' where id not in (select customer_id from marts.customer)"
    findings = gate(marts, people(*many(20)), gone)
    assert failed(findings) == set()
    assert findings["id_churn"].message.endswith("(none); 3 more ended with their last record")


def test_customers_that_their_source_merged_are_no_churn(gate: Any, people: Any) -> None:
    marts = people(*many(17, start=3))
    marts["customer_alias"] += people(*many(3))["customer_alias"]
    merged = "update marts.customer_alias set status = 'merged', new_ids = ['c_n019'] where id < 'c_n003'"
    findings = gate(marts, people(*many(20)), merged)
    assert failed(findings) == set()
    assert findings["id_churn"].message.endswith("(none); 3 more ended with their last record")


def test_a_customer_whose_records_went_elsewhere_is_churn_once(gate: Any, people: Any) -> None:
    parted = "update marts.customer_alias set new_ids = ['c_n019'] where id < 'c_n003'; "
    findings = gate(people(*many(20)), people(*many(20)), parted)
    assert failed(findings) == {"id_churn"}
    assert "(3 parted), 10.0% may, such as c_n000 parted into c_n019" in findings["id_churn"].message
    assert {row["now_in"] for row in findings["id_churn"].worst} == {"c_n019"}
    before = "update previous.customer_alias set new_ids = ['c_n019'] where id < 'c_n003'"
    assert failed(gate(people(*many(20)), people(*many(20)), parted + before)) == set()


def test_a_column_that_runs_empty_fails(gate: Any, people: Any) -> None:
    full = people(*many(20), email="x@example.org", city="Bonn")
    findings = gate(full, full, sql="update marts.customer set email = null where customer_id < 'c_n005'")
    assert failed(findings) == {"fill_rate"}
    assert "customer.email is filled in 75.0% of the rows, in the base in 100.0%" in findings["fill_rate"].message
    assert "city" not in findings["fill_rate"].message
    (fell,) = findings["fill_rate"].worst
    assert (fell["column"], fell["points"], fell["customers_without"]) == ("email", "-25.0", 5)


def test_of_customers_that_were_deleted_the_most_valuable_are_shown(gate: Any, people: Any) -> None:
    base = people(*many(20))
    for place, customer in enumerate(base["customer"]):
        customer["lifetime_value"] = place
    marts = people(*many(5, start=15))
    marts["customer_alias"] = base["customer_alias"]
    gone = "update marts.customer_alias set status = 'gone' where id < 'c_n015'"
    worst = gate(marts, base, gone)["deleted"].worst
    assert [row["customer_id"] for row in worst] == [f"c_n{place:03}" for place in range(14, 4, -1)]


@pytest.mark.parametrize(
    ("loss", "check", "words"),
    [
        ("landed/crm/Contact/*.parquet", "file_rows", "Contact.csv has 3 rows, of which 1 landed and 1 were rejected"),
        ("outcomes/crm/Contact.parquet", "landed_rows", "crm/Contact: 2 landed rows of some exports have 1 outcomes"),
        ("records/person/crm.parquet", "records", "1 accepted rows have no record, 0 rows have one"),
    ],
)
def test_a_row_that_is_lost_between_two_floors_fails_there(
    lay_marts: Any, people: Any, loss: str, check: str, words: str
) -> None:
    warehouse, data = lay_marts(people("ann", "max"))
    lay_records(data, ["ann", "max"])
    with duckdb.connect(warehouse) as con:
        con.execute("create schema previous")
        for table in TABLES:
            con.execute(f"create table previous.{table} as from marts.{table} limit 0")
    (path,) = data.glob(loss)
    pl.read_parquet(path).head(1).write_parquet(path)
    found = {finding.name: finding for finding in examine(warehouse, data, ALLOWED, as_of=TODAY)}
    assert check in failed(found)
    assert words in found[check].message


def test_two_outcomes_of_one_row_do_not_stand_in_for_another(gate: Any, people: Any, tmp_path: Path) -> None:
    assert failed(gate(people("ann", "max"))) == set()
    data = tmp_path / "data"
    outcome = data / "outcomes" / "crm" / "Contact.parquet"
    twice = pl.read_parquet(outcome).with_columns(pl.lit(2, pl.Int64).alias("row"))
    twice.write_parquet(outcome)
    assert failed(again(data)) == {"landed_rows", "records"}


def test_content_that_a_mended_connector_read_again_is_held_against_that_reading(
    gate: Any, people: Any, tmp_path: Path
) -> None:
    assert failed(gate(people("ann", "max"))) == set()
    data = tmp_path / "data"
    door = data / "rejected" / "crm" / "Contact" / f"{HASH}.parquet"
    door.unlink()
    assert failed(again(data)) == {"file_rows"}
    landed = data / "landed" / "crm" / "Contact" / f"{HASH}.parquet"
    pl.read_parquet(landed).write_parquet(landed, metadata={"concord": json.dumps({"rows": 2, "rejected": 0})})
    assert "row numbers repeat or lie beyond the file" in again(data)["file_rows"].message
    pl.read_parquet(landed).with_columns(pl.col("_row") - 1).write_parquet(
        landed, metadata={"concord": json.dumps({"rows": 2, "rejected": 0})}
    )
    assert "file_rows" not in failed(again(data))


def again(data: Path) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(data / "warehouse.duckdb", data, ALLOWED, as_of=TODAY)}
