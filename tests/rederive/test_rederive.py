"""Every published value of a customer is what its records, its links and the policy make of it, derived another way."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from connectors.difference import diff
from connectors.publication import open_publication
from connectors.sample import write_sample
from tests.integration.conftest import FIXTURES, Place
from tests.rederive.compare import compare
from transforms.policy import SHIPPED, load_policy

REAL = Path(os.environ.get("CONCORD_REAL_EXPORTS", Path(__file__).parents[3] / "shared" / "data" / "exports"))
PINS = "customer_id,source,object,record,field,value,who,why,when\n"


def agrees(place: Place) -> None:
    verdict = compare(place.data, load_policy(place.settings.policy))
    assert verdict.mismatches == ()
    assert verdict.customers == place.table("customer").height > 0
    assert verdict.provenance_rows == place.table("field_provenance").height > verdict.customers


def rules(place: Place, **changed: str) -> None:
    """The shipped survivorship, with the rules of the named groups changed, as the company's own."""
    place.settings.policy.mkdir(exist_ok=True)
    lines = (SHIPPED / "survivorship.yaml").read_text(encoding="utf-8").splitlines()
    told = [
        f"{line.split(':')[0]}: [{changed.get(line.split(':')[0])}]" for line in lines if line.split(":")[0] in changed
    ]
    kept = [line for line in lines if line.split(":")[0] not in changed]
    (place.settings.policy / "survivorship.yaml").write_text("\n".join([*kept, *told]), encoding="utf-8")


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


def test_a_sample_is_published_as_it_is_derived(sampled: Place) -> None:
    agrees(sampled)


def test_so_are_the_fixtures(place: Place) -> None:
    for system in ("salesforce", "hubspot", "zendesk", "workday"):
        shutil.copytree(FIXTURES / system / "good", place.exports / system)
    place.run()
    agrees(place)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real exports are not on this machine")
def test_so_are_the_real_exports(new_place: Callable[[Path | None], Place]) -> None:
    place = new_place(REAL)
    place.run()
    agrees(place)


def test_a_value_that_is_published_otherwise_is_found(sampled: Place, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(sampled.data, data, symlinks=True)
    folder = open_publication(data).path
    for path in (folder, *folder.iterdir()):
        path.chmod(0o700)
    changed = {
        "lifetime_value": pl.col("lifetime_value") + 1, "city": pl.lit("Atlantis"), "consent_ai": pl.lit("granted"),
        "open_cases": pl.col("open_cases") + 1, "completeness": pl.lit(2.0), "sla_minutes": pl.col("sla_minutes") + 1,
    }  # fmt: skip
    customers = pl.read_parquet(folder / "customer.parquet")
    kinds = {name: customers.schema[name] for name in changed}
    customers.with_columns(**{name: value.cast(kinds[name]) for name, value in changed.items()}).write_parquet(
        folder / "customer.parquet"
    )
    told = pl.read_parquet(folder / "field_provenance.parquet")
    told.with_columns(rule=pl.lit("only")).write_parquet(folder / "field_provenance.parquet")
    found = {one.field for one in compare(data, load_policy()).mismatches}
    assert {field for field in found if not field.startswith("provenance")} - {
        "publication",
        "oldest_source_at",
    } == set(changed)
    assert any(field.startswith("provenance") for field in found)


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
