"""The model on the data at hand: measured once, frozen in the state, and the same whatever the order of the rows."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from connectors.publication import MODEL_FILES
from tests.transforms.identity.crowd import firm, somebody
from tests.transforms.identity.world import World
from transforms.identity import IdentityReport
from transforms.identity.calibration import (
    SHIPPED_PAIRS,
    Calibration,
    chance,
    measured_partners,
    prior,
    read_calibration,
    weight_shift,
)
from transforms.identity.model import Model, shipped_model

TABLES = ("edge", "link", "alias", "confidence", "contact_point", "registry", "member")
CALIBRATION = Calibration("toy-1", 1000, 1.0, {"name": [0.01, 0.5, 0.49]}, [], "7")
TOY = Model.model_validate(
    {
        "version": "toy-1",
        "threshold": 0.5,
        "partners": 1.0,
        "comparisons": {
            "name": {
                "levels": [
                    {"name": "unknown", "unknown": True, "when": "name_l is null or name_r is null"},
                    {"name": "same", "when": "name_l = name_r", "m": 0.9, "u": 0.01, "frequency": "name"},
                    {"name": "in the mailbox", "when": "mailbox_l = name_r", "m": 0.02, "u": 0.5, "fixed": True},
                    {"name": "different", "m": 0.08, "u": 0.49},
                ]
            }
        },
    }
)


def populate(world: World) -> World:
    world.crowd(60)
    world.firms(40)
    for number in range(30):
        person = somebody(number) | {"phone": None}
        person["given_name"] = person["given_name"][: 1 + number]
        world.add("person", f"erp:x{number:04}", **person)
        world.add("organisation", f"erp:f{number:04}", **(firm(number) | {"email": None, "domain": None}))
    for number in range(6):
        world.person(f"erp:tie{number}", "Anna Bergholt", birth_date=date(1980, 1, 1 + number % 2), email="anna@web.de")
    world.formerly("crm:x0050", "email", "anna@web.de")
    world.add("employee", "worker", email="kim@ours.example", status="active")
    world.decide("same", "x0055", "x0056")
    world.decide("different", "crm:x0007", "erp:x0007")
    return world


def models(world: World) -> dict[str, bytes]:
    return {name: (world.data / "state" / name).read_bytes() for name in MODEL_FILES if name.endswith(".json")}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, IdentityReport, dict[str, pl.DataFrame]]:
    world = populate(World(tmp_path_factory.mktemp("measured")))
    report = world.resolve()
    return world, report, {name: world.table(name) for name in (*TABLES, "person_share", "organisation_share")}


def test_what_was_measured_is_written_and_named_on_every_edge(
    measured: tuple[World, IdentityReport, dict[str, pl.DataFrame]],
) -> None:
    world, report, tables = measured
    assert all((world.data / "state" / name).exists() for name in MODEL_FILES)
    assert set(tables["edge"]["model_version"]) == {model.version for model in report.models.values()}
    assert {party: model.records for party, model in report.models.items()} == report.records
    assert all(model.version.startswith(f"{shipped_model(party).version}+") for party, model in report.models.items())


def test_shuffled_input_gives_identical_tables(
    measured: tuple[World, IdentityReport, dict[str, pl.DataFrame]], tmp_path: Path
) -> None:
    _, report, tables = measured
    again = populate(World(tmp_path))
    again.shuffle(20260101)
    again_report = again.resolve()
    for name, table in tables.items():
        assert again.table(name).equals(table), name
    assert again_report == report


def test_the_frozen_model_scores_what_comes_later_too(
    measured: tuple[World, IdentityReport, dict[str, pl.DataFrame]], tmp_path: Path
) -> None:
    world, report, tables = measured
    grown = World(tmp_path)
    shutil.copytree(world.data / "state", tmp_path / "state")
    populate(grown).crowd(20, first=300)
    grown_report = grown.resolve(2)
    assert grown_report.models == report.models
    edges = grown.table("edge")
    assert edges.join(tables["edge"], on=["record_a", "record_b"], how="semi").equals(tables["edge"])


def test_the_model_is_measured_again_when_the_records_have_doubled(
    measured: tuple[World, IdentityReport, dict[str, pl.DataFrame]], tmp_path: Path
) -> None:
    world, report, _ = measured
    grown = World(tmp_path)
    shutil.copytree(world.data / "state", tmp_path / "state")
    populate(grown).crowd(120, first=300)
    grown_report = grown.resolve(2)
    assert grown_report.models["person"].records == report.models["person"].records + 120
    assert grown_report.models["person"].version != report.models["person"].version
    assert grown_report.models["organisation"] == report.models["organisation"]
    before, after = report.models["person"].prior, grown_report.models["person"].prior
    assert after < before


def _freeze(folder: Path, **changed: Any) -> None:
    stated = asdict(replace(CALIBRATION, **changed))
    (folder / "person_model.json").write_text(json.dumps(stated), encoding="utf-8")
    pl.DataFrame({"field": ["name"], "value": ["berg"], "share": [0.1]}).write_parquet(folder / "person_share.parquet")


@pytest.mark.parametrize("records", [500, 1000, 2000])
def test_a_frozen_model_holds_from_half_to_twice_as_many_records(tmp_path: Path, records: int) -> None:
    _freeze(tmp_path)
    assert read_calibration(tmp_path, "person", TOY, records) == CALIBRATION


@pytest.mark.parametrize("records", [499, 2001])
def test_a_frozen_model_does_not_hold_beyond(tmp_path: Path, records: int) -> None:
    _freeze(tmp_path)
    assert read_calibration(tmp_path, "person", TOY, records) is None


def test_a_model_frozen_for_another_version_or_on_nothing_does_not_hold(tmp_path: Path) -> None:
    assert read_calibration(tmp_path, "person", TOY, 1000) is None
    _freeze(tmp_path, model="toy-0")
    assert read_calibration(tmp_path, "person", TOY, 1000) is None
    for u in ({}, {"name": [0.01, 0.99]}, {"street": [0.01, 0.5, 0.49]}):
        _freeze(tmp_path, u=u)
        assert read_calibration(tmp_path, "person", TOY, 1000) is None


def test_the_version_says_what_was_measured() -> None:
    assert CALIBRATION.version.startswith("toy-1+")
    assert CALIBRATION.version == replace(CALIBRATION).version
    others = {
        replace(CALIBRATION, **change).version for change in ({"partners": 2.0}, {"shares": "8"}, {"records": 999})
    }
    assert len({*others, CALIBRATION.version}) == 4


def test_chance_is_what_strangers_show_beside_what_is_shipped() -> None:
    # Splink numbers levels from the last telling one up: 0 different, 1 in the mailbox, 2 same; -1 unknown.
    measured = chance(TOY, {"name": {2: 3000, 1: 10, 0: 96_990, -1: 500_000}})["name"]
    assert measured[0] == pytest.approx((3000 + SHIPPED_PAIRS * 0.01) / (100_000 + SHIPPED_PAIRS))
    assert measured[1] == 0.5, "a fixed level is not measured"
    assert measured[2] == pytest.approx((96_990 + SHIPPED_PAIRS * 0.49) / (100_000 + SHIPPED_PAIRS))


def test_chance_of_what_was_never_seen_is_as_shipped() -> None:
    assert chance(TOY, {})["name"] == pytest.approx([0.01, 0.5, 0.49])


def test_a_model_takes_over_what_was_measured() -> None:
    levels = TOY.with_measures({}, {"name": [0.2, 0.5, 0.3]}).comparisons["name"].levels
    assert [level.u for level in levels] == [0.0, 0.2, 0.5, 0.3]
    assert [level.m for level in levels] == [0.0, 0.9, 0.02, 0.08]


def test_partners_follow_what_the_pairs_bear_out_half_way() -> None:
    records = 1000
    # Sure pairs, as many as give each record four partners; and none at all.
    many = measured_partners(np.full(4 * records // 2, 30.0), 1.0, records)
    none = measured_partners(np.full(2000, -30.0), 1.0, records)
    assert many == pytest.approx(2.0, abs=0.01)
    assert none == pytest.approx(0.2**0.5, abs=0.01)


def test_a_shift_of_the_prior_moves_every_weight_alike() -> None:
    assert weight_shift(0.5, 0.8) == pytest.approx(2.0)
    assert weight_shift(0.1, 0.1) == 0
    assert prior(1.0, 1) == 0.5


@pytest.mark.parametrize("party", ["person", "organisation"])
def test_a_shipped_model_is_sound(party: str) -> None:
    model = shipped_model(party)
    assert model.version.startswith(f"{party}-")
    for name, comparison in model.comparisons.items():
        named = [level.name for level in comparison.levels]
        assert len(set(named)) == len(named), name
        assert [level.when for level in comparison.levels].index("ELSE") == len(named) - 1, name
        assert all(0 < level.m < 1 and 0 < level.u < 1 for level in comparison.telling), name
        assert comparison.number(comparison.telling[0].name, comparison.telling[-1].name)[-1] == 0
