"""Whole runs, as the integration tests have them."""

from tests.integration.conftest import new_place, place  # noqa: F401 - fixtures
