"""The model on the data at hand: how common each value is, how often strangers agree. Measured once, then frozen.

Frozen, because a score must not move when other records arrive. The measures are kept in `state/` and taken again
only when the shipped model changed, when the records have doubled or halved since, or when somebody asks for it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.identity.model import FREQUENCY, Model
from transforms.identity.parties import STATED, lay_out_stated
from transforms.identity.workbench import keep, write
from transforms.sql import quoted

RANDOM_PAIRS = 40_000
"""Pairs of strangers on which chance agreement is measured."""
SHIPPED_PAIRS = 20_000
"""Pairs that the shipped `u` counts for beside the measured ones: rare agreements are not seen in small data."""
POINTS = ("email", "number", "second_number", "domain", "customer_number", "loyalty_id", "national_id", "vat_id")
"""Columns whose share follows from who uses the value (`contact_points`), not from how often it stands."""


FEW_STATE = 20
"""Records that the shipped `u` counts for beside those that state a field: of three that do, two may be one."""
UNRELIABLE = 0.02
"""Share of sure pairs in which a field may differ outright before its differing is no ground to hold records apart."""
SURE = 200
"""Pairs that share an identifier from which on that share is taken."""


@dataclass(frozen=True)
class Calibration:
    """What was measured for one party, and on how many records."""

    model: str
    """Version of the shipped model that it belongs to."""
    records: int
    partners: float
    """How many other records of the same party a record has."""
    u: dict[str, list[float]]
    """Comparison -> share of strangers on each telling level."""
    unreliable: list[str]
    """Fields that differ outright among records that share an identifier."""
    shares: str
    """Hash of the frequencies, so that the version tells them apart."""
    m: dict[str, list[float]] = field(default_factory=dict)
    """Comparison -> share of matches on each telling level, where somebody had it learned (`training`); else as
    shipped."""
    sources: list[str] = field(default_factory=list)
    """Sources whose birth dates were looked at (people only)."""
    doubtful_birth_dates: list[list[str]] = field(default_factory=list)
    """Pairs of them whose birth dates contradict nobody."""

    @property
    def version(self) -> str:
        """The model's version, and eight digits that stand for what was measured."""
        measured = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()
        return f"{self.model}+{measured[:8]}"

    @property
    def prior(self) -> float:
        """Probability that two records taken at random are one."""
        return prior(self.partners, self.records)


def prior(partners: float, records: int) -> float:
    """Probability that two of so many records are one, when each has so many partners."""
    return min(0.5, partners / max(records, 2))


def measure_shares(connection: duckdb.DuckDBPyConnection, party: str, model: Model) -> None:
    """`<party>_share(field, value, share)`: values that stand more than once; under a null value, what any other is
    worth. Of those records that state the field."""
    columns = [column for column in model.frequencies if column not in POINTS]
    parts = []
    for column in columns:
        expected = FEW_STATE * model.chance_of(column)
        total = f"((select count({column}) from {party}_stated) + {FEW_STATE})"
        parts.append(
            f"""
            select {quoted(column)} as field, {column}::varchar as value, (count(*) + {expected}) / {total} as share
            from {party}_stated where {column} is not null group by {column} having count(*) > 1
            union all
            select {quoted(column)}, null, (1 + {expected}) / {total}
            """
        )
    if party == "organisation":
        parts.append("select 'word', word, share from word_share")
    connection.execute(f"create or replace table {party}_share as {' union all '.join(parts)}")


def measure_words(connection: duckdb.DuckDBPyConnection) -> None:
    """`word_share(word, share)`: words of organisations' names that stand more than once; under null, what any other
    is worth. Reads `organisation`."""
    total = "(select count(*) from organisation where words is not null)"
    connection.execute(
        f"""
        create or replace table word_share as
        select word, count(*) / {total} as share from (select unnest(parted(words)) as word from organisation)
        group by word having count(*) > 1
        union all
        select null, 1 / greatest({total}, 1)
        """
    )


def read_words(connection: duckdb.DuckDBPyConnection) -> None:
    """`word_share` out of the `organisation_share` that was frozen."""
    connection.execute(
        "create or replace table word_share as select value as word, share from organisation_share where field = 'word'"
    )


def shares_hash(connection: duckdb.DuckDBPyConnection, party: str) -> str:
    """One hash over `<party>_share`, whatever the order of its rows."""
    number = connection.execute(
        f"select coalesce(bit_xor(hash(field, value, round(share, 12))), 0)::varchar from {party}_share"
    ).fetchall()[0][0]
    return str(number)


def lay_out_strangers(connection: duckdb.DuckDBPyConnection, party: str) -> None:
    """`stranger_pair(a, b)`: pairs taken at random, the same in every run.

    Records in the order of a hash of their keys, each with some that stand behind it.
    """
    rows = connection.execute(f"select id from {party} order by hash(record_key), id").fetchnumpy()
    shuffled = np.asarray(rows["id"])
    shifts = max(1, min(RANDOM_PAIRS // max(len(shuffled), 1), (len(shuffled) - 1) // 2))
    some = shuffled[:RANDOM_PAIRS]
    others = [np.roll(shuffled, -shift)[: len(some)] for shift in range(1, shifts + 1)]
    one, other = np.tile(some, shifts), np.concatenate(others)
    pairs = {"a": np.minimum(one, other), "b": np.maximum(one, other)}
    keep(connection, "stranger_pair", pl.DataFrame(pairs).filter(pl.col("a") < pl.col("b")))


def chance(model: Model, counted: dict[str, dict[int, int]]) -> dict[str, list[float]]:
    """Comparison -> `u` per telling level, from how many stranger pairs stand on each (Splink's numbers)."""
    measured = {}
    for name, comparison in model.comparisons.items():
        seen = counted.get(name, {})
        telling = comparison.telling
        total = sum(number for level, number in seen.items() if level >= 0)
        measured[name] = [
            level.u
            if level.fixed
            else round((seen.get(len(telling) - 1 - place, 0) + SHIPPED_PAIRS * level.u) / (total + SHIPPED_PAIRS), 9)
            for place, level in enumerate(telling)
        ]
    return measured


def lay_out_frequencies(
    connection: duckdb.DuckDBPyConnection, party: str, model: Model, records: int, place: str = ""
) -> None:
    """`<party>` with the share of each value (`tf_` columns), as of `records` records, from here on in the database
    `place` (`kept.`, say). given_borne: whether others bore that given name, too, when names were counted.

    Reads `<party>_share` and `point`.
    """
    columns, joins = [], []
    hidden = {name: f"stated_{name}" for name in STATED[party]}
    value = {column: f"told.{hidden.get(column, column)}" for column in model.frequencies}
    for number, column in enumerate(model.frequencies):
        if column in POINTS:
            medium = "number" if column == "second_number" else column
            joins.append(
                f"left join point as p{number} on p{number}.medium = '{medium}' and p{number}.value = {value[column]}"
            )
            columns.append(f"p{number}.others / {max(records, 1)} as {FREQUENCY}{column}")
        else:
            joins.append(
                f"left join {party}_share as s{number} on s{number}.field = '{column}' "
                f"and s{number}.value = {value[column]}"
            )
            rest = f"(select share from {party}_share where field = '{column}' and value is null)"
            share = f"coalesce(s{number}.share, {rest})"
            if (party, column) == ("organisation", "name"):
                joins.append(f"left join ({_shares_by_words()}) as by_words on by_words.id = told.id")
                share = f"least({share}, greatest(sqrt({share} * by_words.share), {rest} / 4))"
            columns.append(f"{share} as {FREQUENCY}{column}")
            if (party, column) == ("person", "given"):
                columns.append(f"s{number}.share is not null as given_borne")
    stated = ", ".join(f"{said} as {hidden[name]}" for name, said in STATED[party].items())
    joined = "\n".join(joins)
    connection.execute(
        f"""
        create table {place}{party}_weighed as
        select told.* exclude ({", ".join(hidden.values())}), {", ".join(columns)}
        from (select *, {stated} from {party}) as told {joined}
        """
    )
    connection.execute(f"drop table {party}; alter table {place}{party}_weighed rename to {party}")
    lay_out_stated(connection, party, place)


def _shares_by_words() -> str:
    """SQL: how many organisations bear a name by chance, if words come together by chance: `Central Pharmacy` many,
    `Fensoljor Print` none, however often its own records repeat it."""
    return """
        select id, product(
                coalesce(share, (select share from word_share where word is null))
            ) as share
        from (select id, unnest(parted(words)) as word from organisation)
        left join word_share using (word)
        group by id
    """


def measured_partners(weights: NDArray[np.float64], shipped: float, records: int) -> float:
    """Partners per record that the scored pairs bear out, half way (geometrically) from what the model expects.

    One step of expectation maximisation on the prior, repeated. Half way, because fields depend on each other more
    than the model knows, so that the scores of doubtful pairs are too sure of themselves.
    """
    expected = shipped
    for _ in range(3):
        shift = _odds(prior(expected, records)) - _odds(prior(shipped, records))
        expected = 2 * float(np.sum(1 / (1 + np.exp2(-(weights + shift))))) / max(records, 1)
        expected = min(max(expected, 0.2), 20.0)
    return round(float(np.sqrt(shipped * expected)), 4)


def _odds(probability: float) -> float:
    return float(np.log2(probability / (1 - probability)))


def weight_shift(one: float, other: float) -> float:
    """What a match weight (log2 of the odds) gains when the prior moves from one probability to the other."""
    return _odds(other) - _odds(one)


def read_calibration(folder: Path, party: str, model: Model, records: int) -> Calibration | None:
    """The frozen measures, while they hold: of this model, and of neither twice nor half as many records."""
    kept = _kept(folder, party, model)
    if kept is None or not (folder / f"{party}_share.parquet").exists():
        return None
    return kept if kept.records / 2 <= records <= kept.records * 2 else None


def learned(folder: Path, party: str, model: Model) -> dict[str, list[float]]:
    """What was learned of matches (`m`) on these data; it outlasts the frozen measures, but not the model."""
    kept = _kept(folder, party, model)
    return {} if kept is None else kept.m


def _kept(folder: Path, party: str, model: Model) -> Calibration | None:
    file = folder / f"{party}_model.json"
    if not file.exists():
        return None
    kept = Calibration(**json.loads(file.read_text(encoding="utf-8")))
    return kept if kept.model == model.version and _fits(kept, model) else None


def _fits(calibration: Calibration, model: Model) -> bool:
    """The measures are of these very comparisons and levels."""
    levels = {name: len(comparison.telling) for name, comparison in model.comparisons.items()}
    u, m = ({name: len(numbers) for name, numbers in kept.items()} for kept in (calibration.u, calibration.m))
    return u == levels and m.items() <= levels.items()


def read_shares(connection: duckdb.DuckDBPyConnection, folder: Path, party: str) -> None:
    """`<party>_share` as it was frozen."""
    file = quoted(str(folder / f"{party}_share.parquet"))
    connection.execute(f"create or replace table {party}_share as select * from read_parquet({file})")


def write_calibration(
    connection: duckdb.DuckDBPyConnection, folder: Path, party: str, calibration: Calibration
) -> None:
    """`<party>_model.json` and `<party>_share.parquet`; a publication keeps both."""
    write(connection, f"select * from {party}_share order by all", folder / f"{party}_share.parquet")
    aside = folder / f".{party}_model.json"
    aside.write_text(json.dumps(asdict(calibration), indent=1, sort_keys=True), encoding="utf-8")
    aside.replace(folder / f"{party}_model.json")
