"""The model learned from the records: what it takes from them, how far it goes, that the next run scores with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from transforms.identity.calibration import read_calibration
from transforms.identity.kept import kept_file
from transforms.identity.model import shipped_model
from transforms.identity.training import FARTHEST, SHIPPED_MATCHES, Training, _Learned, blend, retrain

GIVEN = ("Anna", "Boris", "Carla", "Dimitri", "Elena", "Felix", "Greta", "Hugo", "Irene", "Jonas", "Kira", "Leon")
FAMILY = ("Abel", "Brandt", "Cordes", "Dreyer", "Eggert", "Fuchs", "Gruber", "Hofmann", "Iversen", "Jansen", "Kessler",
          "Lorenz", "Moser", "Nagel", "Otto")  # fmt: skip


def people(world: Any, number: int = 150) -> None:
    """Each stands in two sources under one e-mail address, every third under another given name."""
    for each in range(number):
        given, family = GIVEN[each % len(GIVEN)], FAMILY[each % len(FAMILY)] + "abcdefghij"[each // 15]
        other = GIVEN[(each + 5) % len(GIVEN)] if each % 3 == 0 else given
        known = {"email": f"{given}.{family}{each}@example.org".lower(), "city": ("Bonn", "Ulm", "Kiel")[each % 3]}
        world.person(f"crm:{each}", f"{given} {family}", **known)
        world.person(f"shop:{each}", f"{other} {family}", **known)
    world.write()


def trained(data: Path, **said: Any) -> dict[str, Training]:
    return {training.party: training for training in retrain(data, "500MB", 2, **said)}


def m_of(data: Path, comparison: str, level: str) -> float:
    names = [one.name for one in shipped_model("person").comparisons[comparison].telling]
    learned = json.loads((data / "state" / "person_model.json").read_text())["m"]
    return float(learned[comparison][names.index(level)])


def test_what_is_learned_is_frozen_and_the_next_run_scores_with_it(world: Any) -> None:
    people(world)
    assert trained(world.data, dry_run=True)["person"].moves
    assert not (world.data / "state").exists()

    person = trained(world.data)["person"]
    assert person.lessons[0].shares == "an e-mail address that few use"
    assert person.lessons[0].pairs == 150
    shipped = shipped_model("person").comparisons["given_name"].telling[-1]
    assert shipped.name == "different"
    assert shipped.m < m_of(world.data, "given_name", "different") <= shipped.m * FARTHEST
    assert abs(person.moves[0].weight_after - person.moves[0].weight_before) >= abs(
        person.moves[-1].weight_after - person.moves[-1].weight_before
    )

    before = (world.data / "state" / "person_model.json").read_bytes()
    again = trained(world.data)["person"]
    assert (world.data / "state" / "person_model.json").read_bytes() == before
    assert again.version_before == again.version_after == person.version_after

    report = world.resolve()
    assert report.models["person"].version == person.version_after
    assert {row["model_version"] for row in world.table("edge").iter_rows(named=True)} == {person.version_after}


def test_too_few_records_teach_nothing(world: Any) -> None:
    people(world, 12)
    person = trained(world.data)["person"]
    assert (person.lessons, person.moves) == ((), ())
    assert person.version_before == person.version_after == shipped_model("person").version
    assert not (world.data / "state" / "person_model.json").exists()


def test_little_data_moves_little_and_much_no_farther_than_it_may() -> None:
    shipped = shipped_model("person")
    (city, different) = ("city", shipped.comparisons["city"].telling[-1])

    def learned(matches: float, m: float) -> float:
        return blend(shipped, [_Learned({city: matches}, {city: {different.name: m}})])[city][-1]

    assert learned(0, 0.9) == pytest.approx(different.m)
    assert different.m < learned(SHIPPED_MATCHES / 10, 0.3) < learned(SHIPPED_MATCHES * 10, 0.3) < 0.3
    assert learned(1e9, 0.0) == pytest.approx(different.m / FARTHEST)


def test_levels_that_were_not_seen_or_are_fixed_keep_the_shipped_measure() -> None:
    shipped = shipped_model("person")
    name = shipped.comparisons["given_name"]
    seen = {level.name: 0.5 for level in name.telling if level.name != "nickname"}
    learned = blend(shipped, [_Learned({"given_name": 1e6}, {"given_name": seen})])
    assert set(learned) == {"given_name"}
    kept = [level.name for level, m in zip(name.telling, learned["given_name"], strict=True) if m == level.m]
    assert kept == [level.name for level in name.telling if level.fixed or level.name == "nickname"]


def test_measures_of_other_levels_than_the_models_are_not_used(world: Any) -> None:
    people(world)
    trained(world.data)
    state, model = world.data / "state", shipped_model("person")
    assert read_calibration(state, "person", model, 300) is not None
    kept = json.loads((state / "person_model.json").read_text())
    kept["u"]["city"].pop()
    (state / "person_model.json").write_text(json.dumps(kept))
    assert read_calibration(state, "person", model, 300) is None


def test_the_model_is_learned_where_the_last_run_was_cut_short(world: Any) -> None:
    people(world)
    (world.data / "identity").mkdir()
    with duckdb.connect(kept_file(world.data)) as connection:
        connection.execute("create table fact (name varchar, value varchar)")
    assert trained(world.data)["person"].moves
