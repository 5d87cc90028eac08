"""Candidate pairs -> scored pairs, by Splink: what two records agree on, and what that weighs.

A score is a pure function of the two records, the calibrated model and the classes of the contact points they share.
Guards, decisions, clusters and ids come after and do not care how the score was made.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import duckdb
import polars as pl
from splink import DuckDBAPI, Linker

from transforms.identity.model import FREQUENCY, Model

LOWEST = -8.0
"""Match weight (log2 of the odds) below which a pair is not kept: nothing makes up for it."""

logging.getLogger("splink").setLevel(logging.ERROR)


def compared_fields(connection: duckdb.DuckDBPyConnection, party: str, model: Model) -> tuple[str, ...]:
    """The comparisons that the records at hand can make: those some level of which can hold."""
    columns = [row[0] for row in connection.execute(f"describe {party}_compared").fetchall()]
    held = connection.execute(
        f"select {', '.join(f'count({column}) > 0' for column in columns)} from {party}_compared"
    ).fetchall()[0]
    empty = {column for column, any_value in zip(columns, held, strict=True) if not any_value}
    return tuple(
        name
        for name, comparison in model.comparisons.items()
        if not any(
            f"{column}_l is null" in level.when for column in empty for level in comparison.levels if level.unknown
        )
    )


def score(
    connection: duckdb.DuckDBPyConnection,
    party: str,
    model: Model,
    prior: float,
    pairs: str,
    fields: Sequence[str],
    *,
    lowest: float | None = LOWEST,
    levels: bool = False,
) -> str:
    """Score the table `pairs(match_key, join_key_l, join_key_r)`; returns the name of Splink's table.

    It has id_l, id_r, match_weight, match_probability and per comparison mw_ and mw_tf_adj_ columns (weights), with
    `levels` also gamma_ columns (Splink's numbers of levels); pairs below `lowest` are left out. Reads
    `<party>_compared`.
    """
    database = DuckDBAPI(connection=connection)
    records = database.register(f"{party}_compared")
    linker = Linker(records, model.splink(prior, fields, levels=levels), log_level=None, validate_settings=False)
    _hand_over_frequencies(linker, model, fields)
    linker.table_management.register_blocked_pairs_for_predict(database.register(pairs))
    scored = linker.inference.predict(threshold_match_weight=lowest, warning_mode="never")
    return str(scored.physical_name)


def _hand_over_frequencies(linker: Linker, model: Model, fields: Sequence[str]) -> None:
    """The records bring the frequency of each value along; Splink, unless it is told otherwise, counts them itself."""
    asked = (level.frequency for name in fields for level in model.comparisons[name].levels)
    for column in dict.fromkeys(name for name in asked if name is not None):
        empty = pl.DataFrame(schema={column: pl.String, f"{FREQUENCY}{column}": pl.Float64})
        table = linker._db_api.register(empty.to_arrow())
        linker.table_management.register_term_frequency_lookup(table, column)
