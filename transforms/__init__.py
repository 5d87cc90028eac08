"""The meaning of what was landed: pure functions over frames, and SQL. Never imports dagster."""
