"""Proposed pairs of one party -> judged edges: the model taken from the state, or measured on the data at hand.

What the measures are does not belong here (`calibration`), nor how a pair is scored (`scoring`) or judged (`judging`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np

from transforms.identity.calibration import (
    Calibration,
    chance,
    lay_out_frequencies,
    lay_out_strangers,
    learned,
    measure_shares,
    measure_words,
    measured_partners,
    prior,
    read_shares,
    read_words,
    shares_hash,
    weight_shift,
)
from transforms.identity.judging import judge, no_edges, unreliable_fields
from transforms.identity.model import Model, shipped_model
from transforms.identity.scoring import compared_fields, score
from transforms.identity.workbench import count


def lay_out_words(connection: duckdb.DuckDBPyConnection, data: Path, frozen: Calibration | None) -> None:
    """`word_share`, as frozen with the organisations' model, or as measured now."""
    if frozen is None:
        measure_words(connection)
    else:
        read_shares(connection, data / "state", "organisation")
        read_words(connection)


def weigh(
    connection: duckdb.DuckDBPyConnection, party: str, data: Path, frozen: Calibration | None, place: str = ""
) -> None:
    """`<party>`, as stated, with how common its values are: as frozen in the state, or else as measured now. From here
    on it stands in the database `place` (`kept.`, say)."""
    model = shipped_model(party)
    if frozen is None:
        measure_shares(connection, party, model)
    else:
        read_shares(connection, data / "state", party)
    records = count(connection, f"select count(*) from {party}") if frozen is None else frozen.records
    lay_out_frequencies(connection, party, model, records, place)


def compare(connection: duckdb.DuckDBPyConnection, party: str, data: Path, frozen: Calibration | None) -> Calibration:
    """`<party>_pair` -> `<party>_edge`, by the model frozen in the state, or else as measured now; after `weigh`."""
    model = shipped_model(party)
    records = count(connection, f"select count(*) from {party}") if frozen is None else frozen.records
    fields = compared_fields(connection, party, model)
    if not fields or not count(connection, f"select count(*) from {party}_pair"):
        no_edges(connection, party)
        # As shipped, until there are so many more records that it is measured again.
        return frozen or Calibration(
            model.version, records, model.partners, chance(model, {}), [], shares_hash(connection, party),
            learned(data / "state", party, model),
        )  # fmt: skip
    calibration = frozen or replace(
        measure_chance(connection, party, model, fields, records), m=learned(data / "state", party, model)
    )
    measured = model.with_measures(calibration.m, calibration.u)
    # Scored with the prior as shipped, frozen or not, so that a run with the frozen model repeats the first to the bit.
    expected = prior(model.partners, calibration.records)
    scored = score(connection, party, measured, expected, f"{party}_pair", fields)
    if frozen is None:
        calibration = measure_matches(connection, party, measured, fields, scored, calibration)
    shift = weight_shift(expected, calibration.prior)
    judge(connection, party, measured, fields, calibration.unreliable, scored, shift)
    connection.execute(f"drop table {scored}")
    return calibration


def measure_chance(
    connection: duckdb.DuckDBPyConnection, party: str, model: Model, fields: Sequence[str], records: int
) -> Calibration:
    """How often strangers agree; what matches bear out is still as shipped."""
    lay_out_strangers(connection, party)
    scored = score(connection, party, model, prior(model.partners, records), "stranger_pair", fields, lowest=None)
    counted = {
        field: {
            int(level): int(number)
            for level, number in connection.execute(
                f"select gamma_{field}, count(*) from {scored} where match_weight < 0 group by 1"
            ).fetchall()
        }
        for field in fields
    }
    connection.execute(f"drop table {scored}")
    return Calibration(
        model.version, records, model.partners, chance(model, counted), [], shares_hash(connection, party)
    )


def measure_matches(
    connection: duckdb.DuckDBPyConnection,
    party: str,
    model: Model,
    fields: Sequence[str],
    scored: str,
    calibration: Calibration,
) -> Calibration:
    """How many partners a record has, and which fields differ too often to hold records apart."""
    found = np.asarray(connection.execute(f"select match_weight from {scored}").fetchnumpy()["match_weight"])
    partners = measured_partners(found, model.partners, calibration.records)
    shift = weight_shift(calibration.prior, prior(partners, calibration.records))
    unreliable = unreliable_fields(connection, model, fields, scored, shift) if party == "person" else []
    return replace(calibration, partners=partners, unreliable=unreliable)
