"""Which value a customer gets, told end to end: by the rules of the policy, by what stewards pinned, and quietly."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import polars as pl
import pytest

from transforms.policy import SHIPPED, load_policy
from transforms.warehouse import prepare_warehouse, tell_run

DAY = date(2025, 6, 30)
PINS = "customer_id,source,object,record,field,value,who,why,when\n"


@pytest.fixture
def ann(house: Any) -> Any:
    """Ann is known to the CRM (believed most), the shop and the desk; the shop's record changed last."""
    seen = [datetime(2025, 6, day, tzinfo=UTC) for day in (1, 2, 3)]
    house.sources(*({"source": name, "rank": rank} for rank, name in enumerate(("crm", "shop", "desk"), 1)))
    told = [
        ("crm", "a", "Ann", "Smith", "Köln", "basic", "Main Street 1", 2023),
        ("shop", "b", "Anne", "Smith", "Bonn", "gold", "Side Street 2", 2025),
        ("desk", "c", "Anne", "Smith", "Bonn", "gold", None, 2024),
    ]
    house.records(
        "person",
        *(
            {
                "source": source, "record_id": key, "given_name": given, "family_name": family, "city": city,
                "plan": plan, "street": street, "modified_at": datetime(year, 1, 1, tzinfo=UTC), "observed_at": at,
            }
            for (source, key, given, family, city, plan, street, year), at in zip(told, seen, strict=True)
        ),
    )  # fmt: skip
    house.link({"c_ann": ["crm:person:a", "shop:person:b", "desk:person:c"]})
    house.identity(alias=[{"id": "c_ann", "status": "live"}])
    return house


def under(house: Any, pins: str = "", **rules: str) -> Any:
    """The house under a policy with these pins, and these rules in place of the shipped ones."""
    folder = house.data / "policy"
    folder.mkdir(exist_ok=True)
    (folder / "pins.csv").write_text(PINS + pins, encoding="utf-8")
    shipped = (SHIPPED / "survivorship.yaml").read_text(encoding="utf-8").splitlines()
    changed = [
        f"{line.split(':')[0]}: [{rules[line.split(':')[0]]}]" if line.split(":")[0] in rules else line
        for line in shipped
    ]
    (folder / "survivorship.yaml").write_text("\n".join(changed), encoding="utf-8")
    house.policy = load_policy(folder)
    return house


def provenance(marts: Any, field: str, customer: str = "c_ann") -> Any:
    (row,) = [row for row in marts["field_provenance"] if (row["customer_id"], row["field"]) == (customer, field)]
    return row


@pytest.mark.parametrize(
    ("rules", "given_name", "rule"),
    [
        ("source_rank, most_recent", "Ann", "source_rank"),
        ("most_recent, source_rank", "Anne", "most_recent"),
        ("most_frequent, source_rank", "Anne", "most_frequent"),
        ("most_complete, source_rank", "Ann", "source_rank"),
    ],
)
def test_the_policy_says_which_record_is_believed(ann: Any, rules: str, given_name: str, rule: str) -> None:
    marts = under(ann, name=rules).build(1, DAY)
    assert (marts["customer"][0]["given_name"], provenance(marts, "given_name")["rule"]) == (given_name, rule)
    assert marts["customer"][0]["conflict_fields"] == ["city", "given_name", "plan", "street"]


def test_an_address_travels_whole_to_the_record_that_leaves_out_least(ann: Any) -> None:
    customer = under(ann, address="most_complete, most_recent").build(1, DAY)["customer"][0]
    assert (customer["street"], customer["city"]) == ("Side Street 2", "Bonn")


def test_what_stands_in_for_a_name_nobody_knows_is_told_like_any_value(house: Any) -> None:
    house.sources({"source": "shop", "rank": 1})
    known = {"c_mail": {"email": "a@home.example"}, "c_phone": {"mobile": "+491701234567"}, "c_key": {}, "c_pinned": {}}
    house.records("person", *({"source": "shop", "record_id": one, **said} for one, said in known.items()))
    house.link({one: [f"shop:person:{one}"] for one in known})
    house.identity(alias=[{"id": one, "status": "live"} for one in known])
    marts = under(house, "c_pinned,,,,email,b@home.example,ada,she wrote,2025-06-01\n").build(1, DAY)
    told = {row["customer_id"]: (row["display_name"],) for row in marts["customer"]}
    for one in told:
        told[one] += tuple(provenance(marts, "display_name", one)[part] for part in ("record_id", "rule"))
    assert told == {
        "c_mail": ("a@home.example", "c_mail", "stand_in"),
        "c_phone": ("+491701234567", "c_phone", "stand_in"),
        "c_key": ("c_key", "c_key", "stand_in"),
        "c_pinned": ("b@home.example", "ada on 2025-06-01: she wrote", "pinned"),
    }


def test_what_a_steward_pinned_stands_and_says_what_it_beat(ann: Any) -> None:
    marts = under(
        ann,
        "c_ann,,,,given_name,Annabel,ada,she said so,2025-06-01\nc_ann,,,,city,Aachen,bob,a letter,2025-06-02\n",
    ).build(1, DAY)
    (customer,) = marts["customer"]
    assert (customer["given_name"], customer["display_name"]) == ("Annabel", "Annabel Smith")
    pinned = provenance(marts, "given_name")
    assert (pinned["source"], pinned["object"], pinned["rule"]) == ("policy", "pins.csv", "pinned")
    assert (pinned["record_id"], pinned["observed_at"]) == (
        "ada on 2025-06-01: she said so",
        datetime(2025, 6, 1, tzinfo=UTC),
    )
    assert json.loads(pinned["runners_up"])[0] == {"record": "crm:person:a", "value": "Ann"}
    assert [one["value"] for one in json.loads(pinned["runners_up"])] == ["Ann", "Anne", "Anne"]
    assert provenance(marts, "display_name")["record_id"] == "ada on 2025-06-01: she said so"
    assert "given_name" in customer["conflict_fields"]  # the records disagree still


def test_a_pinned_record_gives_its_group_whole(ann: Any) -> None:
    marts = under(ann, ",shop,person,b,city,,ada,she moved,2025-06-01\n").build(1, DAY)
    (customer,) = marts["customer"]
    assert (customer["street"], customer["city"]) == ("Side Street 2", "Bonn")
    assert (provenance(marts, "city")["record_id"], provenance(marts, "city")["rule"]) == ("b", "pinned")


def test_a_pin_follows_its_customer_into_a_merge_and_survives_rebuilds(ann: Any) -> None:
    under(ann, "c_old,,,,plan,platinum,ada,contract,2025-06-01\n")
    ann.identity(alias=[{"id": "c_ann", "status": "live"}, {"id": "c_old", "status": "live"}])
    ann.link({"c_ann": ["crm:person:a"], "c_old": ["shop:person:b", "desk:person:c"]})
    plans = {row["customer_id"]: row["plan"] for row in ann.publish(1, DAY)["customer"]}
    assert plans == {"c_ann": "basic", "c_old": "platinum"}
    ann.identity(alias=[{"id": "c_ann", "status": "live"}, {"id": "c_old", "status": "merged", "new_ids": ["c_ann"]}])
    ann.link({"c_ann": ["crm:person:a", "shop:person:b", "desk:person:c"]})
    for number in (2, 3):
        (customer,) = ann.publish(number, DAY)["customer"]
        assert (customer["customer_id"], customer["plan"]) == ("c_ann", "platinum")


def test_a_source_that_delivers_the_same_again_changes_no_customer(ann: Any) -> None:
    first = ann.publish(1, DAY)
    again = datetime(2025, 7, 1, tzinfo=UTC)
    ann.sources(
        *({"source": name, "rank": rank, "fresh_at": again} for rank, name in enumerate(("crm", "shop", "desk"), 1))
    )
    second = ann.publish(2, date(2025, 7, 1))
    assert second["customer"] == first["customer"]
    assert second["customer_change"] == []
    assert second["customer_history"] == first["customer_history"]


def test_a_row_that_changes_has_the_age_of_its_sources_on_that_day(ann: Any) -> None:
    first = ann.publish(1, DAY)["customer"][0]["oldest_source_at"]
    fresh = datetime(2025, 6, 20, tzinfo=UTC)
    ann.sources(
        *({"source": name, "rank": rank, "fresh_at": fresh} for rank, name in enumerate(("crm", "shop", "desk"), 1))
    )
    customer = under(ann, "c_ann,,,,plan,platinum,ada,contract,2025-06-01\n").build(2, DAY)["customer"][0]
    assert (first, customer["oldest_source_at"]) == (datetime(2025, 6, 1, tzinfo=UTC), fresh)


def test_a_null_where_provenance_allows_none_stops_the_build(ann: Any) -> None:
    ann.records("person", {"source": "crm", "record_id": "a", "street": "Main 1", "city": "Bonn", "observed_at": None})
    prepare_warehouse(ann.warehouse(1), ann.data, ann.policy, None)
    tell_run(ann.warehouse(1), DAY, 1, None)
    built = ann.dbt.invoke(ann.warehouse(1), "build", "--exclude-resource-type", "unit_test")
    messages = {result.node.name: result.message for result in built.result}
    assert "NOT NULL constraint failed: field_provenance.observed_at" in messages["field_provenance"]


def test_a_null_where_a_link_allows_none_stops_the_build(ann: Any) -> None:
    prepare_warehouse(ann.warehouse(1), ann.data, ann.policy, None)
    tell_run(ann.warehouse(1), DAY, 1, None)
    with duckdb.connect(ann.warehouse(1)) as connection:
        connection.execute("update identity.link set rule = null")
    built = ann.dbt.invoke(ann.warehouse(1), "build", "--select", "identity_link")
    messages = {result.node.name: result.message for result in built.result}
    assert "NOT NULL constraint failed: identity_link.rule" in messages["identity_link"]


def test_provenance_is_written_once_in_the_order_of_its_key(ann: Any) -> None:
    ann.build(1, DAY)
    (file,) = ann.warehouse(1).parent.glob("*.parquet")
    keys = pl.read_parquet(file).select("customer_id", "field").rows()
    assert keys == sorted(keys)
    assert len(keys) > 5
    assert file.name == "warehouse.field_provenance.parquet"
