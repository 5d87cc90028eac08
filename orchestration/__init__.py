"""Dagster only: what runs, when, and what must hold. No data logic lives here."""
