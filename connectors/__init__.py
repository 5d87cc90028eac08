"""The edges: what comes in and what goes out. Imports neither Dagster nor transforms."""
