"""Runs that are killed and readers that never stop: what the next run and the readers make of it."""
