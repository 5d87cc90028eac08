"""Candidate pairs -> scored pairs, by Splink: what two records agree on, and what that weighs.

A score is a pure function of the two records, the calibrated model and the classes of the contact points they share.
Guards, decisions, clusters and ids come after and do not care how the score was made.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import duckdb
from splink import SettingsCreator
from splink.internals.comparison_vector_values import compute_comparison_vector_values_from_id_pairs_sqls
from splink.internals.pipeline import CTEPipeline
from splink.internals.predict import predict_from_comparison_vectors_sqls_using_settings

from transforms.identity.model import Model

LOWEST = -8.0
"""Match weight (log2 of the odds) below which a pair is not kept: nothing makes up for it."""
BLOCKED_PAIRS = "__splink__blocked_id_pairs"
"""What Splink's SQL calls the pairs that it is to score."""

logging.getLogger("splink").setLevel(logging.ERROR)


def compared_fields(connection: duckdb.DuckDBPyConnection, party: str, model: Model) -> tuple[str, ...]:
    """The comparisons that the records at hand can make: those some level of which can hold."""
    held = connection.execute(
        f"select {', '.join(f'count({column}) > 0' for column in model.columns)} from {party}_stated"
    ).fetchall()[0]
    empty = {column for column, any_value in zip(model.columns, held, strict=True) if not any_value}
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
) -> str:
    """Score the pairs (a, b) of the table `pairs`; returns the name of the table of those that weigh enough.

    It has id_l, id_r, match_weight and per comparison gamma_ (Splink's number of the level), mw_ and mw_tf_adj_
    (weights) columns; pairs below `lowest` are left out. Reads `<party>_stated`.
    """
    table = f"{party}_scored"
    told = [f"gamma_{name}::tinyint as gamma_{name}, mw_{name}" for name in fields]
    told += [f"mw_tf_adj_{name}" for name in fields if model.comparisons[name].adjusted]
    connection.execute(
        f"""
        create or replace table {table} as
        with {BLOCKED_PAIRS} as (select '0' as match_key, a as join_key_l, b as join_key_r from {pairs})
        select id_l, id_r, match_weight, {", ".join(told)}
        from ({_splink_sql(party, model, prior, fields, lowest)})
        """
    )
    return table


def _splink_sql(party: str, model: Model, prior: float, fields: Sequence[str], lowest: float | None) -> str:
    """Splink's SQL for what its `predict` makes of blocked pairs.

    Not by way of a `Linker`, which would copy the records once for either side of a pair, and ask for the frequencies
    that they bring along.
    """
    settings = SettingsCreator(**model.splink(prior, fields, levels=True)).get_settings("duckdb")
    columns = settings.column_info_settings
    pipeline = CTEPipeline()
    pipeline.enqueue_list_of_sqls(
        compute_comparison_vector_values_from_id_pairs_sqls(
            settings._columns_to_select_for_blocking,
            settings._columns_to_select_for_comparison_vector_values,
            input_tablename_l=f"{party}_stated",
            input_tablename_r=f"{party}_stated",
            source_dataset_input_column=columns.source_dataset_input_column,
            unique_id_input_column=columns.unique_id_input_column,
            link_type=settings._link_type,
            sql_dialect_str="duckdb",
        )
    )
    pipeline.enqueue_list_of_sqls(predict_from_comparison_vectors_sqls_using_settings(settings, None, lowest))
    return str(pipeline.generate_cte_pipeline_sql())
