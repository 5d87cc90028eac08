"""What runs when: the one job, and its nightly schedule. What it does stands with the assets."""

from __future__ import annotations

import dagster as dg

JOB = "concord"
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
