"""Every published value is what records, links, state and policy make of it, derived another way."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from connectors.difference import diff
from connectors.publication import KEYS, open_publication
from connectors.sample import write_sample
from tests.integration.conftest import FIXTURES, Place
from tests.rederive.compare import NOT_DERIVED, Verdict, compare
from transforms.policy import SHIPPED, load_policy

PINS = "customer_id,source,object,record,field,value,who,why,when\n"


def agrees(place: Place) -> Verdict:
    verdict = compare(place.data, load_policy(place.settings.policy))
    assert verdict.mismatches == ()
    assert verdict.rows["field_provenance"] > verdict.rows["customer"] > 0
    return verdict


def rules(place: Place, **changed: str) -> None:
    """The shipped survivorship, with the rules of the named groups changed, as the company's own."""
    place.settings.policy.mkdir(exist_ok=True)
    lines = (SHIPPED / "survivorship.yaml").read_text(encoding="utf-8").splitlines()
    told = [
        f"{line.split(':')[0]}: [{changed.get(line.split(':')[0])}]" for line in lines if line.split(":")[0] in changed
    ]
    kept = [line for line in lines if line.split(":")[0] not in changed]
    (place.settings.policy / "survivorship.yaml").write_text("\n".join([*kept, *told]), encoding="utf-8")


def serve(place: Place, edits: dict[str, str]) -> None:
    """The shipped support policy with lines written otherwise, and two of the workers in agents.csv."""
    text = (SHIPPED / "support_policy.yaml").read_text(encoding="utf-8")
    for written, instead in edits.items():
        assert text.count(written) == 1, written
        text = text.replace(written, instead)
    (place.settings.policy / "support_policy.yaml").write_text(text, encoding="utf-8")
    first, second, *_ = place.table("support_agent")["employee_id"]
    (place.settings.policy / "agents.csv").write_text(
        f"employee_id,languages,skills,capacity\n{first},de;fr-CA,refunds,2\n{second},,,\n", encoding="utf-8"
    )


def pin(place: Place, *lines: str) -> None:
    place.settings.policy.mkdir(exist_ok=True)
    (place.settings.policy / "pins.csv").write_text(PINS + "".join(f"{line}\n" for line in lines), encoding="utf-8")


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A sample, published under the shipped policy, then with rules and pins of a company's own."""
    root = tmp_path_factory.mktemp("sampled")
    write_sample(root, 1_500, 5)
    place = Place(root / "exports", root / "data")
    assert place.run()["publication"]["outcome"] == "published"
    return place


def test_a_sample_is_published_as_it_is_derived_and_every_column_is_derived_or_named_with_the_reason(
    sampled: Place,
) -> None:
    compared = agrees(sampled).compared
    left = {table: set(sampled.table(table).columns) - compared[table] for table in KEYS}
    assert {table: columns for table, columns in left.items() if columns} == {
        table: set(columns) for table, columns in NOT_DERIVED.items()
    }


@pytest.mark.long
def test_so_are_the_fixtures(place: Place) -> None:
    for system in ("salesforce", "hubspot", "zendesk", "workday"):
        shutil.copytree(FIXTURES / system / "good", place.exports / system)
    place.run()
    agrees(place)


OTHERWISE: dict[type[pl.DataType], Callable[[pl.Expr], pl.Expr]] = {
    pl.String: lambda value: value.fill_null("") + "x",
    pl.List: lambda value: pl.concat_list(value, pl.lit("x")),
    pl.Boolean: lambda value: ~value,
    pl.Date: lambda value: value.fill_null(pl.date(2000, 1, 1)).dt.offset_by("1d"),
    pl.Datetime: lambda value: value.fill_null(pl.datetime(2000, 1, 1, time_zone="UTC")).dt.offset_by("1d"),
}


def otherwise(table: pl.DataFrame, columns: set[str]) -> pl.DataFrame:
    """The table with another value in each of the columns, of the same type."""
    by_number: Callable[[pl.Expr], pl.Expr] = lambda value: value.fill_null(0) + 1  # noqa: E731
    changed = {name: OTHERWISE.get(type(table.schema[name]), by_number)(pl.col(name)) for name in columns}
    return table.with_columns(**{name: value.cast(table.schema[name]) for name, value in changed.items()})


def test_another_value_is_found_in_every_column_of_every_table_and_so_is_a_missing_row(
    sampled: Place, tmp_path: Path
) -> None:
    data, there = tmp_path / "data", {table: sampled.table(table) for table in KEYS}
    shutil.copytree(sampled.data, data, symlinks=True)
    folder = open_publication(data).path
    for path in (folder, *folder.iterdir()):
        path.chmod(0o700)

    def found(**published: pl.DataFrame) -> set[tuple[str, str]]:
        for table, rows in (there | published).items():
            rows.write_parquet(folder / f"{table}.parquet")
        return {(one.table, one.column) for one in compare(data, load_policy()).mismatches}

    def columns(table: str) -> set[str]:
        return set(there[table].columns) - {*KEYS[table]} - set(NOT_DERIVED.get(table, {}))

    # Documents, numbers and changes follow from customer, so that it is touched by itself.
    assert found(customer=otherwise(there["customer"], columns("customer"))) >= {
        ("customer", column) for column in columns("customer")
    }
    others = [table for table, rows in there.items() if rows.height and table != "customer"]
    touched = {table: otherwise(there[table], columns(table)) for table in others}
    seen = found(customer=there["customer"][:-1], **touched)
    assert seen >= {(table, column) for table in others for column in columns(table)} | {("customer", "city")}


def test_one_changed_line_of_policy_changes_what_it_is_about_and_nothing_else(sampled: Place) -> None:
    """The same place run again, one line of policy after the other; each publication is derived as it is published."""
    first = sampled.publication.number
    rules(sampled, phone="verified, most_recent, source_rank")
    sampled.run()
    agrees(sampled)
    moved = diff(sampled.data, first, first + 1)
    assert moved.operations == {"update": moved.tables["customer"].changed}
    assert "phone_e164" in moved.columns
    assert moved.columns.keys() <= {"phone_e164", "conflict_fields", "publication"}
    fields = changed_fields(sampled, first, first + 1)
    assert fields == {"phone_e164"}

    record = sampled.table("identity_link").filter(pl.col("rule") != "alone").row(0, named=True)
    customer = sampled.table("customer").filter(pl.col("customer_type") == "person").row(0, named=True)["customer_id"]
    pin(
        sampled,
        f"{customer},,,,given_name,Pinned,ada,she said so,2026-06-01",
        f",{record['source']},{record['object']},{record['record_id']},name,,ada,looked at it,2026-06-01",
        "c_never,,,,plan,gold,ada,contract,2026-06-01",
    )
    summary = sampled.run()
    (warning,) = [told for told in summary["warnings"] if "pins_take_effect" in told]
    assert "pins.csv, line 4: no customer ever had the id c_never; it has no effect" in warning
    agrees(sampled)
    assert sampled.table("customer").filter(pl.col("given_name") == "Pinned")["customer_id"].to_list() == [customer]
    assert changed_fields(sampled, first + 1, first + 2) <= {"given_name", "family_name", "display_name"}

    serve(
        sampled,
        {
            "values: [platinum, gold]": "values: [Bronze]",
            "at_least: 100000": "at_least: 5000",
            "kind: organisation": "kind: any",
            "people_share_tier_of_organisation: true": "people_share_tier_of_organisation: false",
            "ai_may_serve: [standard]": "ai_may_serve: [premium]",
            "consent_ai_unknown: ai": "consent_ai_unknown: human",
            "agent_capacity_default: 500": "agent_capacity_default: 3",
        },
    )
    rules(
        sampled, phone="pinned, verified, most_frequent", name="most_frequent, most_complete", address="most_recent",
        language="source_rank", plan="most_recent, most_frequent", email="verified, most_recent",
    )  # fmt: skip
    sampled.run()
    agrees(sampled)


def changed_fields(place: Place, first: int, second: int) -> set[str]:
    """Fields of which any provenance differs between two publications."""
    before, after = (open_publication(place.data, number).table("field_provenance") for number in (first, second))
    both = before.join(after, on=["customer_id", "field"], how="full", coalesce=True)
    told = [column for column in before.columns if column not in ("customer_id", "field")]
    differs = pl.any_horizontal(pl.col(column).ne_missing(pl.col(f"{column}_right")) for column in told)
    return set(both.filter(differs)["field"])
