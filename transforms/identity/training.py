"""What matches look like in the data at hand: the model's `m` learned from the records themselves, when somebody asks.

By Splink's expectation maximisation, without any labels. Nothing learns by itself: what is learned here is frozen in
`state/` beside the other measures, and the next run scores with it. How it is scored does not belong here (`scoring`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2
from pathlib import Path

import duckdb
from splink import DuckDBAPI, Linker

from transforms.identity.calibration import (
    Calibration,
    lay_out_frequencies,
    measure_shares,
    measure_words,
    prior,
    read_calibration,
    write_calibration,
)
from transforms.identity.candidates import BLOCKS, propose_pairs
from transforms.identity.comparison import measure_chance, measure_matches
from transforms.identity.evidence import (
    doubt_birth_dates,
    lay_out_evidence,
    lay_out_records,
    sources,
    state_organisations,
    state_people,
)
from transforms.identity.kept import attach_results
from transforms.identity.model import Model, shipped_model
from transforms.identity.scoring import compared_fields, score
from transforms.identity.workbench import count, workbench

SHIPPED_MATCHES = 500.0
"""Matches that the shipped `m` counts for beside those that are learned from: little data moves little."""
FARTHEST = 4.0
"""Times that a new `m` may be more or less than the shipped one: two bits."""
FEWEST_PAIRS = 100
"""Pairs that share what a lesson is about, below which it teaches nothing."""
MOST_PAIRS = 2_000_000
"""Pairs of one lesson; of more, Splink takes a sample by a hash of the records."""
SAMPLED_PAIRS = 200_000
"""Pairs on which is counted how often both records say something."""
LESSONS = 4
"""Lessons that are taken, of those that the fields allow."""


@dataclass(frozen=True)
class Lesson:
    """Pairs that agree on something, most of them matches: what else they agree on tells what matches look like."""

    shares: str
    columns: tuple[str, ...]
    """Columns of the compared records that are equal."""
    where: str = "true"
    """SQL over `l`."""

    @property
    def rule(self) -> str:
        """Splink's blocking rule. Comparisons that look at its columns are not learned from this lesson."""
        equal = " and ".join(f"l.{column} = r.{column}" for column in self.columns)
        return equal if self.where == "true" else f"{equal} and {self.where}"

    def teaches(self, model: Model, fields: Sequence[str]) -> bool:
        """Some comparison looks at none of its columns."""
        columns = "|".join(re.findall(r"l[.](\w+)", self.rule))
        looked_at = re.compile(rf"\b({columns})_[lr]\b")
        comparisons = (model.comparisons[name].levels for name in fields)
        return any(not any(looked_at.search(level.when) for level in levels) for levels in comparisons)


PERSON_LESSONS = (
    Lesson("an e-mail address that few use", ("email",), "l.email_class in ('personal', 'household')"),
    Lesson("a personal phone number", ("number",), "l.number_class = 'personal'"),
    Lesson("birth date and postal code", ("birth", "postal_code")),
    Lesson("family name and birth date", ("family", "birth")),
    Lesson("given name and postal code", ("given_key", "postal_code")),
    Lesson("name and city", ("given_key", "family", "city")),
)
ORGANISATION_LESSONS = (
    Lesson("web domain", ("domain",)),
    Lesson("phone number", ("number",)),
    Lesson("name and city", ("name", "city")),
    Lesson("street and postal code", ("street", "postal_code")),
)


@dataclass(frozen=True)
class Taught:
    """A lesson that was taken: pairs that share it, and how many of them are matches as far as the model can tell."""

    shares: str
    pairs: int
    matches: int


@dataclass(frozen=True)
class Move:
    """One level of a comparison before and after: `m`, and what it weighs for a value of middling frequency (bits)."""

    comparison: str
    level: str
    m_before: float
    m_after: float
    weight_before: float
    weight_after: float


@dataclass(frozen=True)
class Training:
    """What training one party's model came to."""

    party: str
    records: int
    version_before: str
    version_after: str
    lessons: tuple[Taught, ...]
    """Empty where the records are too few to learn from; the model is then as it was shipped."""
    moves: tuple[Move, ...]
    """Levels that moved, the farthest first."""


@dataclass(frozen=True)
class _Learned:
    """m per comparison and level name, from so many matches."""

    matches: dict[str, float]
    m: dict[str, dict[str, float]]


def retrain(data: Path, memory: str, threads: int, *, dry_run: bool = False) -> tuple[Training, ...]:
    """Learn `m` of both models from the records under `data/records`, take all other measures anew, and freeze the
    result in `data/state/{person,organisation}_{model.json,share.parquet}`, from where the next run takes it.

    The same records give the same result. With `dry_run` nothing is written.
    """
    with workbench(data, memory, threads) as connection:
        lay_out_records(connection, data)
        lay_out_evidence(connection)
        measure_words(connection)
        state_organisations(connection)
        propose_pairs(connection, "organisation", BLOCKS["organisation"])
        organisations, learned = _retrain(connection, "organisation", data, ORGANISATION_LESSONS)
        _freeze(connection, "organisation", data, learned, dry_run=dry_run)
        _lay_out_organisation_clusters(connection, data)
        doubtful = doubt_birth_dates(connection, None)
        state_people(connection, doubtful)
        propose_pairs(connection, "person", BLOCKS["person"])
        people, learned = _retrain(connection, "person", data, PERSON_LESSONS)
        if learned:
            learned = replace(learned, sources=sources(connection), doubtful_birth_dates=doubtful)
            people = replace(people, version_after=learned.version)
        _freeze(connection, "person", data, learned, dry_run=dry_run)
    return people, organisations


def _lay_out_organisation_clusters(connection: duckdb.DuckDBPyConnection, data: Path) -> None:
    """`organisation_cluster(id, cluster)` as the last run linked them; before the first, each by itself."""
    linked = (
        "identity.link"
        if attach_results(connection, data)
        else "(select source, object, record_id, null as customer_id from organisation)"
    )
    connection.execute(
        f"""
        create table organisation_cluster as
        select id, min(id) over (partition by coalesce(customer_id, record_key)) as cluster
        from organisation left join {linked} using (source, object, record_id)
        """
    )


def _freeze(
    connection: duckdb.DuckDBPyConnection, party: str, data: Path, learned: Calibration | None, *, dry_run: bool
) -> None:
    if learned and not dry_run:
        (data / "state").mkdir(mode=0o700, parents=True, exist_ok=True)
        write_calibration(connection, data / "state", party, learned)


def _retrain(
    connection: duckdb.DuckDBPyConnection, party: str, data: Path, lessons: Sequence[Lesson]
) -> tuple[Training, Calibration | None]:
    """What was learned, in words and as measures; no measures where the records teach nothing."""
    shipped = shipped_model(party)
    records = count(connection, f"select count(*) from {party}")
    before = read_calibration(data / "state", party, shipped, records)
    version = before.version if before else shipped.version
    measure_shares(connection, party, shipped)
    lay_out_frequencies(connection, party, shipped, records)
    fields = compared_fields(connection, party, shipped)
    taken = _take_lessons(connection, party, shipped, lessons, fields, records) if fields else []
    m = blend(shipped, [learned for _, learned in taken])
    learned = _measure(connection, party, shipped, fields, records, m) if m else None
    moves = _moves(shipped, before, learned) if learned else ()
    taught = tuple(each for each, _ in taken)
    return Training(party, records, version, learned.version if learned else version, taught, moves), learned


def _take_lessons(
    connection: duckdb.DuckDBPyConnection,
    party: str,
    model: Model,
    lessons: Sequence[Lesson],
    fields: Sequence[str],
    records: int,
) -> list[tuple[Taught, _Learned]]:
    """The first `LESSONS` that have pairs enough."""
    taken: list[tuple[Taught, _Learned]] = []
    for lesson in lessons:
        if len(taken) < LESSONS and lesson.teaches(model, fields):
            found = _take(connection, party, model, lesson, fields, records)
            taken += [found] if found else []
    return taken


def _take(
    connection: duckdb.DuckDBPyConnection,
    party: str,
    model: Model,
    lesson: Lesson,
    fields: Sequence[str],
    records: int,
) -> tuple[Taught, _Learned] | None:
    """One session of Splink's expectation maximisation, from the shipped model on; None where few pairs share it."""
    pairs, known = _pairs(connection, party, model, lesson, fields)
    if pairs < FEWEST_PAIRS:
        return None
    database = DuckDBAPI(connection=connection)
    settings = model.splink(prior(model.partners, records), fields)
    compared = database.register(f"{party}_stated")
    linker = Linker(compared, settings, log_level=None, validate_settings=False)
    session = linker.training.estimate_parameters_using_expectation_maximisation(
        lesson.rule,
        estimate_without_term_frequencies=True,
        fix_u_probabilities=True,
        max_pairs=MOST_PAIRS,
    )
    after = session.core_model_settings
    matching = float(after.probability_two_random_records_match)
    m = {
        comparison.output_column_name: {
            level.label_for_charts: float(level.m_probability)
            for level in comparison.comparison_levels
            if not level.is_null_level and isinstance(level.m_probability, float)
        }
        for comparison in after.comparisons
    }
    matches = {name: matching * known[name] for name in m}
    return Taught(lesson.shares, pairs, round(matching * pairs)), _Learned(matches, m)


def _pairs(
    connection: duckdb.DuckDBPyConnection, party: str, model: Model, lesson: Lesson, fields: Sequence[str]
) -> tuple[int, dict[str, int]]:
    """How many pairs share what the lesson is about; per comparison, in how many of them both say something."""
    keys = ", ".join(lesson.columns)
    stated = " and ".join(f"{column} is not null" for column in lesson.columns)
    pairs = count(
        connection,
        f"""
        select coalesce(sum(n * (n - 1) // 2), 0)::bigint
        from (select count(*) as n from {party}_stated as l where {stated} and {lesson.where} group by {keys})
        """,
    )
    if pairs < FEWEST_PAIRS:
        return pairs, {}
    listed = ", ".join(f"count(*) filter (({model.comparisons[name].level}) >= 0) / count(*)" for name in fields)
    equal = " and ".join(f"{column}_l = {column}_r" for column in lesson.columns)
    some = f"hash(record_key) % {pairs // SAMPLED_PAIRS + 1} = 0"
    shares = connection.execute(
        f"""
        select {listed}
        from (
            select columns('(.*)') as '\\1_l' from (
                select * from {party}_stated as l where {lesson.where} and {some}
            )
        ) join (select columns('(.*)') as '\\1_r' from {party}_stated) on {equal} and id_l <> id_r
        """
    ).fetchall()[0]
    return pairs, {name: round(pairs * (share or 0.0)) for name, share in zip(fields, shares, strict=True)}


def blend(shipped: Model, learned: Sequence[_Learned]) -> dict[str, list[float]]:
    """Comparison -> `m` per telling level: half way (geometrically) from the shipped `m` to what the lessons say,
    weighted by their matches, and the shipped `m` with `SHIPPED_MATCHES`. A level that no lesson has seen, and one
    that is fixed, keeps the shipped `m`.

    Half way, because matches that share something easy to see are tidier than the others: on data of known truth
    whole steps gained more in some sets and lost in others, half steps gained in most.
    """
    blended = {}
    for name, comparison in shipped.comparisons.items():
        lessons = [(one.matches[name], one.m[name]) for one in learned if one.m.get(name)]
        if not lessons:
            continue
        blended[name] = [
            level.m if level.fixed else _blend(level.name, level.m, lessons) for level in comparison.telling
        ]
    return blended


def _blend(level: str, shipped: float, lessons: Sequence[tuple[float, Mapping[str, float]]]) -> float:
    seen = [(matches, m[level]) for matches, m in lessons if level in m]
    matches = sum(number for number, _ in seen)
    said = (SHIPPED_MATCHES * shipped + sum(number * m for number, m in seen)) / (SHIPPED_MATCHES + matches)
    return round(min(max((shipped * said) ** 0.5, shipped / FARTHEST), shipped * FARTHEST, 0.999), 5)


def _measure(
    connection: duckdb.DuckDBPyConnection,
    party: str,
    shipped: Model,
    fields: tuple[str, ...],
    records: int,
    m: dict[str, list[float]],
) -> Calibration:
    """All other measures, as a first run takes them, with what was learned."""
    calibration = measure_chance(connection, party, shipped.with_measures(m, {}), fields, records)
    calibration = replace(calibration, m=m)
    model = shipped.with_measures(m, calibration.u)
    scored = score(connection, party, model, calibration.prior, f"{party}_pair", fields)
    calibration = measure_matches(connection, party, model, fields, scored, calibration)
    connection.execute(f"drop table {scored}")
    return calibration


def _moves(shipped: Model, before: Calibration | None, after: Calibration) -> tuple[Move, ...]:
    old = shipped.with_measures(before.m, before.u) if before else shipped
    new = shipped.with_measures(after.m, after.u)
    moves = [
        Move(name, was.name, was.m, now.m, round(log2(was.m / was.u), 2), round(log2(now.m / now.u), 2))
        for name in after.m
        for was, now in zip(old.comparisons[name].telling, new.comparisons[name].telling, strict=True)
        if was.m != now.m
    ]
    return tuple(sorted(moves, key=lambda move: -abs(move.weight_after - move.weight_before)))
