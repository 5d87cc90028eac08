"""Stock Splink on one set: the way from its records to clusters that Splink's tutorials show.

Runs in a process of its own, so that its memory is its own: `python -m tests.bench.identity.stock SET RECORDS LINKS`,
RECORDS being the set's CSV or, for the sample, a data folder. Which model a set gets stands in `stock_models`.
"""

from __future__ import annotations

import argparse
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
from splink import DuckDBAPI, Linker, SettingsCreator

from tests.bench.identity.sets import SAMPLE
from tests.bench.identity.stock_models import MODELS, SAMPLE_MODELS, Model
from transforms.sql import quoted

SEED = 2
"""Of the random pairs; the seed of Splink's own febrl3 page."""


def link_table(model: Model, records: str, links: Path) -> None:
    """Train, score and cluster `records` (SQL of a table); write `links`: unique_id, customer_id."""
    with duckdb.connect() as connection:
        # DuckDB 2.0's join-order search may explode on plans of Splink's clustering; the links are the same without it
        connection.execute("set disabled_optimizers = 'join_order'")
        connection.execute(f"create table given as select {model.columns} from {records}")
        api = DuckDBAPI(connection=connection)
        linker = Linker(_registered(model, connection, api), _settings(model))
        linker.training.estimate_probability_two_random_records_match(list(model.certain), recall=model.recall)
        linker.training.estimate_u_using_random_sampling(max_pairs=model.sampled_pairs, seed=SEED)
        for rule in model.training:
            linker.training.estimate_parameters_using_expectation_maximisation(
                rule, estimate_without_term_frequencies=model.train_without_frequencies
            )
        pairs = linker.inference.predict(threshold_match_probability=model.keep_from)
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
            pairs, threshold_match_probability=model.threshold
        )
        connection.execute(
            f"""
            copy (select unique_id, cluster_id as customer_id from {clusters.physical_name})
            to {quoted(str(links))} (format parquet)
            """
        )


def _registered(model: Model, connection: duckdb.DuckDBPyConnection, api: DuckDBAPI) -> list[Any]:
    if model.tables is None:
        return [api.register(connection.table("given"))]
    found = connection.execute(f"select distinct {model.tables} from given order by all").fetchall()
    return [
        api.register(
            connection.sql(f"select * exclude ({model.tables}) from given where {model.tables} = {quoted(name)}"),
            dataset_display_name=f"table_{name}",
        )
        for (name,) in found
    ]


def _settings(model: Model) -> SettingsCreator:
    return SettingsCreator(
        link_type="link_only" if model.tables else "dedupe_only",
        comparisons=list(model.comparisons),
        blocking_rules_to_generate_predictions=list(model.blocks),
    )


def link_set(name: str, records: Path, links: Path, threshold: float | None) -> None:
    """Stock Splink's links of a labelled set: record_id, customer_id."""
    between = links.with_suffix(".between.parquet")
    link_table(_at(MODELS[name], threshold), f"read_csv({quoted(str(records))}, all_varchar = true)", between)
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (select unique_id as record_id, customer_id from read_parquet({quoted(str(between))}))
            to {quoted(str(links))} (format parquet)
            """
        )


def link_sample(data: Path, links: Path, threshold: float | None) -> None:
    """Stock Splink's links of the records in a data folder: source, object, record_id, customer_id."""
    for kind, model in SAMPLE_MODELS.items():
        records = f"read_parquet({quoted(f'{data}/records/{kind}/*.parquet')})"
        link_table(_at(model, threshold), records, links.with_suffix(f".{kind}.parquet"))
    with duckdb.connect() as connection:
        parts = " union all ".join(
            f"""
            select split_part(unique_id, '|', 1) as source, split_part(unique_id, '|', 2) as object,
                split_part(unique_id, '|', 3) as record_id, '{kind} ' || customer_id as customer_id
            from read_parquet({quoted(str(links.with_suffix(f".{kind}.parquet")))})
            """
            for kind in SAMPLE_MODELS
        )
        connection.execute(f"copy ({parts}) to {quoted(str(links))} (format parquet)")


def _at(model: Model, threshold: float | None) -> Model:
    """The model with another threshold, for which no pair that it needs has been dropped."""
    if threshold is None:
        return model
    return replace(model, threshold=threshold, keep_from=min(threshold, model.keep_from or 1.0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set")
    parser.add_argument("records", type=Path)
    parser.add_argument("links", type=Path)
    parser.add_argument("--threshold", type=float, help="probability from which pairs are put together")
    given = parser.parse_args()
    logging.getLogger("splink").setLevel(logging.ERROR)
    started = time.perf_counter()
    if given.set == SAMPLE:
        link_sample(given.records, given.links, given.threshold)
    else:
        link_set(given.set, given.records, given.links, given.threshold)
    print(time.perf_counter() - started)  # noqa: T201


if __name__ == "__main__":
    main()
