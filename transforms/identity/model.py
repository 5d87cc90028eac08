"""The comparison model of a party: Splink comparisons as data, shipped in `models/*.yaml`, with a version.

What the numbers become on the data at hand does not belong here (`calibration`), nor the scoring itself (`scoring`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

Measures = Mapping[str, Sequence[float]]
"""Comparison -> one number per telling level, in the model's order."""

SIDED = re.compile(r"\b([a-z_]+)_[lr]\b")
"""A column of one of two records, in the SQL of a level."""
FREQUENCY = "tf_"
"""Prefix of the columns that hold the share of a value among all records, as Splink expects them."""


class Level(BaseModel):
    """One degree of agreement."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    when: str = "ELSE"
    """SQL over `_l` and `_r`; the last level takes what is left."""
    unknown: bool = False
    """Says nothing either way."""
    m: float = 0.0
    u: float = 0.0
    frequency: str | None = None
    by: float = 1.0
    fixed: bool = False
    """`m` and `u` say what the agreement adds to another one that it mostly comes with; `u` is not measured."""


class Comparison(BaseModel):
    """One field that is compared, its levels from the most telling down."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    levels: tuple[Level, ...]

    @property
    def telling(self) -> tuple[Level, ...]:
        return tuple(level for level in self.levels if not level.unknown)

    @property
    def adjusted(self) -> bool:
        """Whether it weighs more for a rare value."""
        return any(level.frequency for level in self.levels)

    @property
    def level(self) -> str:
        """SQL of the number of the level on which two records stand, over columns `_l` and `_r`."""
        numbers = {level.name: number for number, level in enumerate(reversed(self.telling))}
        cases = " ".join(
            f"when {level.when} then {numbers.get(level.name, -1)}" for level in self.levels if level.when != "ELSE"
        )
        return f"case {cases} else 0 end"

    def number(self, *names: str) -> tuple[int, ...]:
        """Splink's numbers of the named levels: 0 is the last, unknown is -1."""
        numbers = {level.name: number for number, level in enumerate(reversed(self.telling))}
        return tuple(numbers[name] for name in names)


class Model(BaseModel):
    """How records of one party are compared, and from which probability on two are one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    threshold: float
    partners: float
    """How many other records of the same party a record is expected to have."""
    comparisons: dict[str, Comparison]

    @property
    def frequencies(self) -> tuple[str, ...]:
        """Columns whose shares the levels ask for."""
        asked = (level.frequency for comparison in self.comparisons.values() for level in comparison.levels)
        return tuple(dict.fromkeys(column for column in asked if column is not None))

    def with_measures(self, m: Measures, u: Measures) -> Model:
        """The same model with `m` and `u` of its telling levels as measured; what was not measured is as shipped."""
        comparisons = {}
        for name, comparison in self.comparisons.items():
            measured = zip(
                comparison.telling,
                m.get(name) or [level.m for level in comparison.telling],
                u.get(name) or [level.u for level in comparison.telling],
                strict=True,
            )
            numbers = {level.name: {"m": new_m, "u": new_u} for level, new_m, new_u in measured}
            levels = tuple(level.model_copy(update=numbers.get(level.name, {})) for level in comparison.levels)
            comparisons[name] = Comparison(levels=levels)
        return self.model_copy(update={"comparisons": comparisons})

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the levels speak of."""
        spoken = (
            name for one in self.comparisons.values() for level in one.levels for name in SIDED.findall(level.when)
        )
        return tuple(dict.fromkeys((*spoken, *self.frequencies)))

    def chance_of(self, column: str) -> float:
        """The shipped `u` of the first level that asks for the column's frequency."""
        levels = (level for comparison in self.comparisons.values() for level in comparison.telling)
        return next(level.u for level in levels if level.frequency == column and not level.fixed)

    def splink(self, prior: float, only: Sequence[str], *, levels: bool = False) -> dict[str, Any]:
        """Splink's settings; `prior` is the probability that two records taken at random are one.

        `only` names the comparisons to make: those whose columns hold anything. With `levels` the result says on
        which level each pair stands.
        """
        return {
            "link_type": "dedupe_only",
            "unique_id_column_name": "id",
            "probability_two_random_records_match": prior,
            # Pairs are proposed by `candidates` and handed over; Splink asks for one rule nevertheless.
            "blocking_rules_to_generate_predictions": ["l.id = r.id"],
            "retain_intermediate_calculation_columns": True,
            "retain_matching_columns": levels,
            "comparisons": [
                {"output_column_name": name, "comparison_levels": [_splink_level(one) for one in comparison.levels]}
                for name, comparison in self.comparisons.items()
                if name in only
            ],
        }


def _splink_level(level: Level) -> dict[str, Any]:
    stated: dict[str, Any] = {"sql_condition": level.when, "label_for_charts": level.name}
    if level.unknown:
        return stated | {"is_null_level": True}
    stated |= {"m_probability": level.m, "u_probability": level.u}
    if level.frequency is not None:
        stated |= {
            "tf_adjustment_column": level.frequency,
            "tf_adjustment_weight": level.by,
            "disable_tf_exact_match_detection": True,
        }
    return stated


@cache
def shipped_model(party: str) -> Model:
    """The model of `person` or `organisation` that comes with Concord."""
    text = (Path(__file__).parent / "models" / f"{party}.yaml").read_text(encoding="utf-8")
    return Model.model_validate(yaml.safe_load(text))
