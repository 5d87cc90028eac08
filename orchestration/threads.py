"""CONCORD_THREADS for Polars, which sizes its pool once and for all when it is first imported.

So it is the one setting that is looked at before `orchestration.settings`, which imports Polars by way of others. Every
process of ours imports this package first: the command, Dagster's webserver and daemon, the code location, a run.
"""

from __future__ import annotations

import os

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

FOR_POLARS = "POLARS_MAX_THREADS"


class _Threads(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="CONCORD_", env_file=".env", extra="ignore")

    threads: int | None = None


def tell_polars() -> None:
    """Hand the setting on, to child processes too; one that is meant for Polars alone wins."""
    try:
        threads = _Threads().threads
    except ValidationError:  # told by `Settings`, which every command makes
        return
    if threads is not None and threads >= 1:
        os.environ.setdefault(FOR_POLARS, str(threads))
