"""Dagster only: what runs, when, and what must hold. No data logic lives here."""

from orchestration.threads import tell_polars

tell_polars()
