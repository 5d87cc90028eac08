"""What Dagster loads: a renamed asset, job, schedule or blocking check is a visible event."""

from __future__ import annotations

import dagster as dg
import pytest

from connectors.spec import load_connectors
from orchestration import checks
from orchestration.definitions import build_definitions
from orchestration.settings import Settings
from transforms.records import KINDS

FIXED = {
    *(f"records/{kind}" for kind in KINDS),
    "records/source",
    "identity",
    "publication",
    *(
        f"warehouse/{mart}"
        for mart in (
            "customer",
            "customer_alias",
            "customer_alias_history",
            "customer_change",
            "customer_context",
            "customer_feature",
            "customer_history",
            "customer_sla",
            "field_provenance",
            "identity_edge",
            "identity_link",
            "owner_assignment",
            "reference_rate",
            "support_agent",
        )
    ),
}
FLOORS = ["exports", "records", "identity", "warehouse", "publication"]


@pytest.fixture(scope="module")
def repository() -> dg.RepositoryDefinition:
    return build_definitions(Settings()).get_repository_def()


@pytest.fixture(scope="module")
def graph(repository: dg.RepositoryDefinition) -> dict[str, dg.AssetSpec]:
    specs = [spec for asset in repository.assets_defs_by_key.values() for spec in asset.specs]
    return {spec.key.to_user_string(): spec for spec in specs}


def is_inner(name: str) -> bool:
    return name.startswith(("warehouse/stg_", "warehouse/int_"))


def test_the_fixed_floors_keys_are_spelled_out(graph: dict[str, dg.AssetSpec]) -> None:
    assert {name for name in graph if not name.startswith("exports/") and not is_inner(name)} == FIXED


def test_there_is_one_exports_asset_per_connector(graph: dict[str, dg.AssetSpec]) -> None:
    assert {name for name in graph if name.startswith("exports/")} == {f"exports/{name}" for name in load_connectors()}


def test_assets_stand_on_their_floor_and_rest_on_lower_ones(graph: dict[str, dg.AssetSpec]) -> None:
    for name, spec in graph.items():
        assert spec.group_name in FLOORS, name
        for dep in spec.deps:
            below = graph[dep.asset_key.to_user_string()]
            assert FLOORS.index(below.group_name or "") <= FLOORS.index(spec.group_name), f"{name} ← {below.key}"


def test_every_asset_has_an_owner_kinds_and_a_description(graph: dict[str, dg.AssetSpec]) -> None:
    for name, spec in graph.items():
        assert spec.owners, name
        assert spec.kinds, name
        assert spec.description, name


def test_the_job_and_its_nightly_schedule(repository: dg.RepositoryDefinition) -> None:
    assert {job.name for job in repository.get_all_jobs()} - {"__ASSET_JOB"} == {"concord"}
    (schedule,) = repository.schedule_defs
    assert (schedule.name, schedule.cron_schedule, schedule.execution_timezone) == ("nightly", "0 2 * * *", "UTC")


def test_what_must_hold_stops_the_run(repository: dg.RepositoryDefinition) -> None:
    specs = [spec for asset in repository.assets_defs_by_key.values() for spec in asset.check_specs]
    blocking = {spec.name for spec in specs if spec.blocking}
    assert blocking >= set(checks.BLOCKING)
    assert not blocking & set(checks.WARNING)
