"""The whole floor: what it writes, and that it can be run on anything, again, and on what changed."""

from __future__ import annotations

import json

import polars as pl
import pytest

from connectors.publication import MODEL_FILES
from tests.transforms.identity.crowd import firm, mobile, somebody
from tests.transforms.identity.world import World
from transforms.identity import IdentityError, IdentityReport
from transforms.identity.judging import TELLING
from transforms.identity.kept import FILE

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
    "member": ["record_key", "customer_id", "present"],
}  # fmt: skip


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, IdentityReport]:
    """Sixty people and forty organisations; of ten each a second source knows most."""
    world = World(tmp_path_factory.mktemp("floor"))
    world.crowd(60)
    world.firms(40)
    for number in range(10):
        world.add("person", f"erp:x{number:04}", **(somebody(number) | {"street": None, "email": None}))
        world.add("organisation", f"erp:f{number:04}", **(firm(number) | {"domain": None}))
    world.add("person", "web:weak", **(somebody(5) | {"phone": None, "mobile": None, "birth_date": None}))
    world.shuffle(1)
    report = world.resolve()
    return world, report


def test_without_records_every_table_is_there_and_empty(world: World) -> None:
    report = world.resolve()
    assert {name: world.table(name).columns for name in COLUMNS} == COLUMNS
    assert all(world.table(name).is_empty() for name in COLUMNS)
    assert report.links == {}


def test_every_record_has_exactly_one_link_and_every_customer_a_confidence(floor: tuple[World, IdentityReport]) -> None:
    world, report = floor
    links = world.table("link")
    assert links.height == links.unique(["source", "object", "record_id"]).height == 121
    assert links["customer_id"].n_unique() == world.table("confidence").height == sum(report.customers.values())
    assert report.records == {"organisation": 50, "person": 71}
    assert report.customers == {"organisation": 40, "person": 60}
    assert sum(report.links.values()) == 121
    assert report.links["alone"] == 80


def test_a_confidence_is_the_weakest_link_that_is_needed_and_one_when_alone(
    floor: tuple[World, IdentityReport],
) -> None:
    world, _ = floor
    confidence = dict(world.table("confidence").iter_rows())
    scores = {
        one: edge["score"]
        for one in ("crm:x0005", "erp:x0005")
        if (edge := world.edge(one, "web:weak")) is not None and edge["used"] == "used"
    }
    both = world.edge("crm:x0005", "erp:x0005")
    assert both is not None
    assert confidence[world.links()["web:weak"]] == min(max(scores.values()), both["score"])
    assert confidence[world.links()["crm:x0050"]] == 1.0


def test_edges_say_what_agreed_and_what_did_not_in_bits(floor: tuple[World, IdentityReport]) -> None:
    world, _ = floor
    edges = world.table("edge")
    assert set(edges["used"]) <= {"used", "cut", "refused"}
    assert edges.filter((pl.col("used") != "used") & (pl.col("reason") == "")).is_empty()
    for edge in edges.iter_rows(named=True):
        assert edge["record_a"] < edge["record_b"]
        assert 0 <= edge["score"] <= 1
        assert all(weight > 0 for weight in json.loads(edge["agreed"]).values())
        assert all(weight < 0 for weight in json.loads(edge["disagreed"]).values())


def test_a_rule_names_the_fields_that_a_link_rests_on(floor: tuple[World, IdentityReport]) -> None:
    world, _ = floor
    for link in world.table("link").filter(pl.col("rule") != "alone").iter_rows(named=True):
        agreed = json.loads(link["evidence"])["agreed"]
        named = [field for field in link["rule"].split("+") if field != "little of each"]
        assert named == [field for field in agreed if field in named], link
        # Weights are told rounded, so one just at the limit may be named or not.
        surely = {field for field, weight in agreed.items() if weight > TELLING}
        perhaps = {field for field, weight in agreed.items() if weight >= TELLING}
        assert surely <= set(named) <= perhaps, link


def test_what_is_kept_is_one_file_and_nothing_is_left_beside_it(floor: tuple[World, IdentityReport]) -> None:
    world, _ = floor
    assert {file.name for file in (world.data / "identity").iterdir()} == {FILE, *MODEL_FILES}
    assert {name: world.table(name).columns for name in COLUMNS} == COLUMNS
    assert world.table("link").schema["score"] == pl.Float64


def test_a_second_run_over_the_same_records_changes_nothing(floor: tuple[World, IdentityReport]) -> None:
    world, first = floor
    before = {name: world.table(name) for name in COLUMNS}
    report = world.resolve(2)
    assert all(world.table(name).equals(frame) for name, frame in before.items())
    assert report.registry.new == report.registry.gone == 0
    assert report.models == first.models


def test_new_evidence_merges_and_a_deletion_leaves_the_alias(world: World) -> None:
    world.crowd(40)
    world.person("1", "Cosima Ahrendt", email="cosima@web.de")
    world.person("2", "Cosima Delbrück", mobile=mobile(700))
    world.resolve(1)
    first, second = world.links()["crm:1"], world.links()["crm:2"]
    assert first != second
    world.person("3", "Cosima Delbrück", email="cosima@web.de", mobile=mobile(700))
    world.resolve(2)
    assert world.aliases()[second] == ("merged", [first], 2)
    for record in ("1", "2", "3"):
        world.remove(record)
    world.resolve(3)
    aliases = world.aliases()
    assert (aliases[first], aliases[second]) == (("gone", [], 3), ("merged", [first], 2))


def test_organisations_of_which_little_is_known_are_compared_too(world: World) -> None:
    for source in ("crm", "erp"):
        world.organisation(f"{source}:skyforce", "Skyforce", domain="skyforce.example")
        world.organisation(f"{source}:morgenrot", "Morgenrot", domain="morgenrot.example")
    world.resolve()
    assert world.together("crm:skyforce", "erp:skyforce")


def test_two_records_under_one_key_are_an_error(world: World) -> None:
    world.person("1", "Anna Bergholt")
    world.organisation("1", "Boll")
    world.rows["organisation"][0]["object"] = "Contact"
    with pytest.raises(IdentityError, match="crm:Contact:1 stands more than once"):
        world.resolve()
