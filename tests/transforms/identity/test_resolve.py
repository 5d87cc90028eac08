"""The whole floor: what it writes, and that it can be run on anything."""

from __future__ import annotations

from typing import Any

import polars as pl

COLUMNS = {
    "edge": ["record_a", "record_b", "score", "agreed", "disagreed", "model_version", "used", "reason"],
    "link": [
        "source", "object", "record_id", "customer_id", "customer_type", "rule", "score", "evidence", "decided_by",
    ],
    "alias": ["id", "status", "new_ids", "publication"],
    "contact_point": ["kind", "value", "class", "reason", "records", "names"],
    "confidence": ["customer_id", "match_confidence"],
    "registry": [
        "customer_id", "customer_type", "founder", "generation", "status", "new_ids", "publication", "born",
    ],
    "member": ["record_key", "customer_id"],
}  # fmt: skip


def test_without_records_every_table_is_there_and_empty(world: Any) -> None:
    report = world.resolve()
    assert {name: world.table(name).columns for name in COLUMNS} == COLUMNS
    assert all(world.table(name).is_empty() for name in COLUMNS)
    assert report.links == {}


def test_every_record_has_exactly_one_link_and_every_customer_a_confidence(world: Any) -> None:
    for number in range(6):
        world.person(str(number), f"Anna Berg{number // 2}", email=f"anna{number // 2}@berg.org")
        world.organisation(f"o{number}", "Boll", domain=f"boll{number % 4}.org")
    report = world.resolve()
    links = world.table("link")
    assert links.height == links.unique(["source", "object", "record_id"]).height == 12
    assert links["customer_id"].n_unique() == world.table("confidence").height == sum(report.customers.values())
    assert report.records == {"organisation": 6, "person": 6}
    assert sum(report.links.values()) == 12


def test_scores_and_confidence_are_fixed_per_rule_and_one_when_alone(world: Any) -> None:
    world.person("1", "Anna Berg", email="anna@berg.org")
    world.person("2", "Anna Berg", email="anna@berg.org", mobile="+4917012349876")
    world.person("3", "Anna Berg", mobile="+4917012349876")
    world.person("4", "Ben Stein")
    world.resolve()
    edges = world.edges("used")
    assert {pair: edge["score"] for pair, edge in edges.items()} == {("1", "2"): 0.98, ("2", "3"): 0.94}
    assert {edge["model_version"] for edge in edges.values()} == {"exact-1"}
    confidence = dict(world.table("confidence").iter_rows())
    assert confidence[world.links()["crm:1"]] == 0.94
    assert confidence[world.links()["crm:4"]] == 1.0


def test_tables_are_written_in_order_and_nothing_is_left_beside_them(world: Any) -> None:
    for number in (3, 1, 2):
        world.person(str(number), "Anna Berg", email="anna@berg.org")
    world.resolve()
    assert {file.name for file in (world.data / "identity").iterdir()} == {f"{name}.parquet" for name in COLUMNS}
    assert world.table("link").equals(world.table("link").sort("source", "object", "record_id"))
    assert world.table("edge").equals(world.table("edge").sort("record_a", "record_b"))
    assert world.table("member")["record_key"].is_sorted()


def test_records_of_several_sources_with_columns_of_an_older_run_are_read_together(world: Any) -> None:
    world.person("a:1", "Anna Berg", email="anna@berg.org")
    world.person("b:2", "Anna Berg", email="anna@berg.org")
    world.resolve()
    assert world.together("a:1", "b:2")
    assert world.table("link").schema["score"] == pl.Float64
