"""What runs when: the one job, its nightly schedule, and the sensor that sees deliveries arrive.

What the job does stands with the assets; what an arrival is, in `connectors.arrivals`.
"""

from __future__ import annotations

import dagster as dg

from connectors.arrivals import Memory, look
from connectors.spec import load_connectors
from connectors.storage import StorageError
from orchestration.settings import Settings

JOB = "concord"
LOOK_EVERY = 60
"""Seconds between looks: what stands still for that long has been uploaded, and listing a bucket costs little."""
UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
NIGHTLY = "0 2 * * *"
"""02:00 UTC: after the nightly exports of every system we met, before anyone in Europe is at work."""

concord_job = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.all(),
    description="Land what has arrived, normalise, decide who is who, model, publish.",
)

nightly = dg.ScheduleDefinition(
    name="nightly",
    job=concord_job,
    cron_schedule=NIGHTLY,
    execution_timezone="UTC",
    description="The whole job, every night.",
)


def arrivals_sensor(settings: Settings) -> dg.SensorDefinition:
    """Starts the job when a delivery is complete that has not landed; like the schedule, off until switched on."""

    @dg.sensor(
        job=concord_job,
        minimum_interval_seconds=LOOK_EVERY,
        description="Starts the job when new content has come in and stands still; the same content starts one run.",
    )
    def arrivals(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        under_way = context.instance.get_runs_count(dg.RunsFilter(job_name=JOB, statuses=UNDER_WAY))
        connectors = load_connectors(settings.connector_folders)
        try:
            found = look(settings.storage, connectors, settings.data, Memory.of(context.cursor), busy=bool(under_way))
        except StorageError as error:
            return dg.SensorResult(skip_reason=str(error), cursor=context.cursor)
        if found.key is None:
            return dg.SensorResult(skip_reason=found.reason, cursor=str(found.memory))
        context.log.info(found.reason)
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=found.key)], cursor=str(found.memory))

    return arrivals
