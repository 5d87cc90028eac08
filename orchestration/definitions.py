"""The code location; nothing else. `build_definitions` puts the floors together, `concord` is what Dagster loads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from connectors.spec import load_connectors
from orchestration.assets.copies import copies_assets
from orchestration.assets.exports import exports_asset
from orchestration.assets.identity import identity_asset
from orchestration.assets.publication import publication_asset
from orchestration.assets.records import records_assets
from orchestration.assets.warehouse import dbt_resource, warehouse_assets
from orchestration.automation import arrivals_sensor, concord_job, nightly
from orchestration.notices import notice_sensors
from orchestration.settings import Settings
from orchestration.workspace import workspace_resource


def build_definitions(
    settings: Settings,
    reports: dict[str, Any] | None = None,
    loggers: Mapping[str, dg.LoggerDefinition] | None = None,
) -> dg.Definitions:
    """All floors over `settings`; `reports`, where given, gathers what each floor has to say about a run."""
    connectors = list(load_connectors(settings.connector_folders).values())
    return dg.Definitions(
        assets=[
            *(exports_asset(connector) for connector in connectors),
            records_assets(connectors),
            identity_asset(),
            warehouse_assets(),
            publication_asset(),
            *copies_assets(settings),
        ],
        jobs=[concord_job],
        schedules=[nightly],
        sensors=[arrivals_sensor(settings), *notice_sensors(settings)],
        resources={"workspace": workspace_resource(settings, reports), "dbt": dbt_resource()},
        executor=dg.in_process_executor,
        loggers=loggers,
    )


@dg.definitions
def concord() -> dg.Definitions:
    return build_definitions(Settings())
