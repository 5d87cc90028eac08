"""Customer ids never move, and every id that was ever given resolves."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Mapping

import duckdb
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.identity.customer_ids import customer_id_sql
from transforms.identity.registry import MEMBER_COLUMNS, REGISTRY_COLUMNS, name_customers
from transforms.identity.workbench import keep


def customer_id(founder: str, generation: int) -> str:
    """The id as it is defined, worked out otherwise than in SQL."""
    digest = hashlib.sha256(f"{founder}|{generation}".encode()).digest()
    return "c_" + base64.b32encode(digest).decode("ascii")[:20].lower()


class Registry:
    """The registry alone: clusters in, ids out, state carried from publication to publication."""

    def __init__(self) -> None:
        self.publication = 0
        self.registry = pl.DataFrame()
        self.member = pl.DataFrame()

    def publish(self, *clusters: str, kind: str = "person", swallowed: Mapping[str, str] = {}) -> dict[str, str]:
        """Clusters as texts, a letter per record -> letter: customer id. `swallowed`: letter that is gone -> letter in
        its place."""
        self.publication += 1
        with duckdb.connect() as connection:
            connection.execute(f"create table old_registry ({REGISTRY_COLUMNS})")
            connection.execute(f"create table old_member ({MEMBER_COLUMNS})")
            if self.publication > 1:
                for table in ("registry", "member"):
                    keep(connection, "carried", getattr(self, table))
                    connection.execute(f"insert into old_{table} by name select * from carried")
            rows = [(letter, kind, number) for number, cluster in enumerate(clusters) for letter in cluster]
            schema = {"record_key": pl.String, "customer_type": pl.String, "cluster": pl.Int64}
            keep(connection, "membership", pl.DataFrame(rows, schema=schema, orient="row"))
            taken = {"record_key": list(swallowed), "survivor_key": list(swallowed.values())}
            keep(connection, "swallowed", pl.DataFrame(taken, schema=dict.fromkeys(taken, pl.String)))
            self.change = name_customers(connection, self.publication)
            self.registry = connection.sql("select * from registry order by customer_id").pl()
            self.member = connection.sql("select * from member order by record_key").pl()
        ids = dict(self.member.select("record_key", "customer_id").iter_rows())
        return {letter: ids[letter] for cluster in clusters for letter in cluster}

    def status(self, identifier: str) -> tuple[str, list[str]]:
        row = self.registry.filter(pl.col("customer_id") == identifier).row(0, named=True)
        return row["status"], row["new_ids"]

    def published(self, identifier: str) -> int:
        return int(self.registry.filter(pl.col("customer_id") == identifier)["publication"][0])


def test_an_id_is_the_hash_of_its_founder_and_generation() -> None:
    assert customer_id("crm:Contact:1", 0) == "c_75vvuje37lg6sbl7qa2e"
    assert customer_id("crm:Contact:1", 0) != customer_id("crm:Contact:1", 1)


@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20), st.integers(0, 99))
def test_sql_makes_the_id_that_is_defined(founder: str, generation: int) -> None:
    with duckdb.connect() as connection:
        made = connection.execute(
            f"select {customer_id_sql('f', 'g')} from (select ? as f, ? as g)", [founder, generation]
        )
        assert made.fetchone() == (customer_id(founder, generation),)


def test_the_founder_is_the_smallest_record() -> None:
    ids = Registry().publish("cba", "d")
    assert ids["c"] == ids["b"] == customer_id("a", 0)
    assert ids["d"] == customer_id("d", 0)


def test_a_new_smaller_record_does_not_move_the_id() -> None:
    registry = Registry()
    before = registry.publish("bc")
    assert registry.publish("abc")["a"] == before["b"]


def test_on_a_merge_the_older_id_survives_and_the_other_points_to_it() -> None:
    registry = Registry()
    old = registry.publish("z")["z"]
    young = registry.publish("z", "ab")["a"]
    merged = registry.publish("abz")
    assert set(merged.values()) == {old}
    assert registry.status(young) == ("merged", [old])
    assert registry.published(young) == 3
    assert registry.published(old) == 1
    assert registry.change.merged == 1


def test_ids_of_one_publication_merge_into_the_smallest_founders() -> None:
    registry = Registry()
    ids = registry.publish("a", "bcd")
    assert set(registry.publish("abcd").values()) == {ids["a"]}


def test_a_chain_of_merges_points_to_its_end() -> None:
    registry = Registry()
    first = registry.publish("a")["a"]
    second = registry.publish("a", "b")["b"]
    third = registry.publish("a", "b", "c")["c"]
    registry.publish("a", "bc")
    registry.publish("abc")
    assert registry.status(third) == registry.status(second) == ("merged", [first])


def test_on_a_split_the_larger_part_keeps_the_id_and_lists_the_other() -> None:
    registry = Registry()
    old = registry.publish("abc")["a"]
    ids = registry.publish("a", "bc")
    assert ids["b"] == ids["c"] == old
    # `a` founded the old id, which stays taken; so its own is of the next generation.
    assert ids["a"] == customer_id("a", 1)
    assert registry.status(old) == ("live", [ids["a"]])
    assert registry.published(old) == 2
    assert registry.change.split == 1


def test_equal_parts_leave_the_id_with_the_founder() -> None:
    registry = Registry()
    old = registry.publish("abcd")["a"]
    assert registry.publish("bc", "ad")["d"] == old


def test_a_record_that_returns_apart_does_not_take_the_id_from_those_that_stayed() -> None:
    registry = Registry()
    old = registry.publish("abc")["c"]
    registry.publish("c")
    ids = registry.publish("c", "ab")
    assert ids["c"] == old
    assert registry.status(old) == ("live", [ids["a"]])


def test_a_founder_that_returns_apart_does_not_take_its_id_back() -> None:
    registry = Registry()
    old = registry.publish("a")["a"]
    registry.publish("ab")
    registry.publish("b")
    assert registry.publish("a", "b")["b"] == old


def test_a_record_that_returns_finds_a_customer_whose_other_records_are_gone_too() -> None:
    registry = Registry()
    old = registry.publish("ab", "z")["a"]
    registry.publish("z")
    assert registry.publish("b", "z")["b"] == old
    assert registry.publish("b", "a", "z")["b"] == old


def test_a_state_that_does_not_say_who_was_present_takes_all_for_present() -> None:
    registry = Registry()
    old = registry.publish("abc")["a"]
    registry.member = registry.member.drop("present")
    assert registry.publish("a", "bc")["b"] == old
    assert registry.member["present"].to_list() == [True, True, True]


def test_the_state_remembers_who_is_gone() -> None:
    registry = Registry()
    old = registry.publish("ab")["a"]
    registry.publish("a")
    assert registry.member.rows() == [("a", old, True), ("b", old, False)]


def test_parts_that_merge_again_leave_no_trace_but_an_alias() -> None:
    registry = Registry()
    old = registry.publish("abc")["a"]
    part = registry.publish("a", "bc")["a"]
    assert set(registry.publish("abc").values()) == {old}
    assert registry.status(old) == ("live", [])
    assert registry.status(part) == ("merged", [old])


def test_an_id_whose_larger_part_went_to_an_older_customer_is_split_over_both() -> None:
    registry = Registry()
    oldest = registry.publish("z")["z"]
    lost = registry.publish("z", "abc")["a"]
    ids = registry.publish("zab", "c")
    assert ids["a"] == oldest
    assert registry.status(lost) == ("split", [oldest, ids["c"]])


def test_an_id_is_gone_with_its_last_record_and_returns_with_it() -> None:
    registry = Registry()
    ids = registry.publish("a", "b")
    registry.publish("b")
    assert registry.status(ids["a"]) == ("gone", [])
    registry.publish("b")
    assert registry.published(ids["a"]) == 2
    assert registry.publish("a", "b") == ids
    assert registry.status(ids["a"]) == ("live", [])
    assert registry.change.returned == 1


def test_a_record_that_returns_after_its_customer_was_merged_finds_the_survivor() -> None:
    registry = Registry()
    survivor = registry.publish("ab")["a"]
    registry.publish("ab", "cd")
    registry.publish("ab", "c")
    registry.publish("abc")
    assert registry.publish("abc", "d")["d"] != survivor
    assert registry.publish("abcd")["d"] == survivor


def test_a_swallowed_record_leads_to_its_survivors_customer_and_is_not_present() -> None:
    registry = Registry()
    ids = registry.publish("a", "b")
    assert registry.publish("a", swallowed={"b": "a"}) == {"a": ids["a"]}
    assert registry.status(ids["b"]) == ("merged", [ids["a"]])
    assert registry.change.gone == 0
    assert registry.member.rows() == [("a", ids["a"], True), ("b", ids["a"], False)]
    registry.publish("a", swallowed={"b": "a"})
    assert registry.status(ids["b"]) == ("merged", [ids["a"]])
    assert registry.published(ids["b"]) == 2


def test_a_survivor_that_was_unknown_inherits_the_customer() -> None:
    registry = Registry()
    old = registry.publish("a", "z")["a"]
    assert registry.publish("b", "z", swallowed={"a": "b"})["b"] == old
    assert registry.status(old) == ("live", [])


def test_a_swallowed_record_takes_no_id_from_those_who_are_there() -> None:
    registry = Registry()
    ids = registry.publish("abc", "z")
    # Most of the customer was swallowed, and its founder: but one of its records stands where it stood.
    assert registry.publish("c", "z", swallowed={"a": "z", "b": "z"}) == {"c": ids["a"], "z": ids["z"]}
    assert registry.status(ids["a"]) == ("live", [ids["z"]])


def test_a_survivor_keeps_its_customer_also_where_the_swallowed_records_is_older() -> None:
    registry = Registry()
    old = registry.publish("a")["a"]
    young = registry.publish("a", "b")["b"]
    assert registry.publish("b", swallowed={"a": "b"})["b"] == young
    assert registry.status(old) == ("merged", [young])


def test_records_swallowed_by_two_split_their_customer() -> None:
    registry = Registry()
    ids = registry.publish("a", "b", "cd")
    registry.publish("a", "b", swallowed={"c": "a", "d": "b"})
    assert registry.status(ids["c"]) == ("split", [ids["a"], ids["b"]])


def test_a_merge_that_is_told_late_still_leads_on() -> None:
    registry = Registry()
    ids = registry.publish("a", "b")
    registry.publish("a")
    assert registry.status(ids["b"]) == ("gone", [])
    registry.publish("a", swallowed={"b": "a"})
    assert registry.status(ids["b"]) == ("merged", [ids["a"]])


def test_who_was_never_known_founds_nothing_when_swallowed() -> None:
    registry = Registry()
    registry.publish("b")
    registry.publish("b", swallowed={"a": "b"})
    assert registry.member.rows() == [("b", customer_id("b", 0), True)]
    assert registry.registry.height == 1


def test_nobody_inherits_across_people_and_organisations() -> None:
    registry = Registry()
    person = registry.publish("a")["a"]
    registry.publish("b", kind="organisation", swallowed={"a": "b"})
    assert registry.status(person) == ("gone", [])
    assert registry.member.rows()[0] == ("a", person, False)


def test_an_erased_id_leads_nowhere_when_its_record_is_swallowed() -> None:
    registry = Registry()
    ids = registry.publish("a", "b")
    erased = pl.when(pl.col("customer_id") == ids["a"]).then(pl.lit("erased")).otherwise("status")
    registry.registry = registry.registry.with_columns(status=erased)
    registry.publish("b", swallowed={"a": "b"})
    assert registry.status(ids["a"]) == ("erased", [])


def test_a_record_that_turns_from_person_to_organisation_gets_another_id() -> None:
    registry = Registry()
    person = registry.publish("a")["a"]
    organisation = registry.publish("a", kind="organisation")["a"]
    assert organisation == customer_id("a", 1)
    assert registry.status(person) == ("gone", [])


def test_an_erased_id_is_never_given_again() -> None:
    registry = Registry()
    erased = registry.publish("a")["a"]
    registry.registry = registry.registry.with_columns(status=pl.lit("erased"))
    assert registry.publish("a")["a"] == customer_id("a", 1)
    assert registry.status(erased) == ("erased", [])


def partitions(letters: str) -> st.SearchStrategy[list[str]]:
    """Some of the letters (the others are gone), parted into clusters."""

    def part(places: list[int]) -> list[str]:
        clusters: dict[int, str] = {}
        for letter, place in zip(letters, places, strict=True):
            if place:
                clusters[place] = clusters.get(place, "") + letter
        return list(clusters.values())

    return st.lists(st.integers(0, 4), min_size=len(letters), max_size=len(letters)).map(part)


@settings(max_examples=15, deadline=None)
@given(st.lists(partitions("abcdefg"), min_size=2, max_size=5), st.randoms())
def test_every_id_ever_given_resolves_and_what_is_untouched_keeps_its_id(
    history: list[list[str]], shuffler: random.Random
) -> None:
    registry, again = Registry(), Registry()
    given_ids: set[str] = set()
    before: dict[str, str] = {}
    previous: list[str] = []
    for clusters in history:
        ids = registry.publish(*clusters)
        given_ids |= set(ids.values())

        shuffled = [
            "".join(shuffler.sample(cluster, len(cluster))) for cluster in shuffler.sample(clusters, len(clusters))
        ]
        assert again.publish(*shuffled) == ids, "input order matters"
        assert again.registry.equals(registry.registry)

        assert all(len({ids[letter] for letter in cluster}) == 1 for cluster in clusters)
        assert len(set(ids.values())) == len(clusters)
        # A cluster of the last publication that is the same now has the same id: nobody else can have taken it.
        assert all(ids[cluster[0]] == before[cluster[0]] for cluster in clusters if cluster in previous)

        live = set(ids.values())
        rows = {row["customer_id"]: row for row in registry.registry.iter_rows(named=True)}
        assert set(rows) == given_ids
        for identifier, row in rows.items():
            assert (row["status"] == "live") == (identifier in live)
            assert len(row["new_ids"]) == len(set(row["new_ids"]))
            assert all(rows[new]["status"] in ("live", "gone") for new in row["new_ids"])
            assert {
                "merged": len(row["new_ids"]) == 1,
                "split": len(row["new_ids"]) > 1,
                "gone": not row["new_ids"],
            }.get(row["status"], identifier not in row["new_ids"])
        before, previous = ids, clusters
