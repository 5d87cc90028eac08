"""Who hears of a run that failed, held something back, or waits for a person.

`concord run` tells it itself; the sensors hear of runs that Dagster started, also of one that was killed. Both may meet
the same run, and each cause is told once. How a notice travels does not belong here (`connectors.notices`).
"""

from __future__ import annotations

import logging

import dagster as dg

from connectors.notices import Notice, tell
from orchestration.automation import concord_job
from orchestration.causes import Causes, causes_of
from orchestration.settings import Settings

log = logging.getLogger(__name__)

STOPPED = "the run was stopped or killed before it could say why; look at the end of its log"


def notify(settings: Settings, causes: Causes, run_id: str, *, success: bool) -> int:
    """Tell of a run that has ended; returns how many notices went out."""
    told = (*causes.notable, *(() if success else causes.failed_checks or causes.errors or (STOPPED,)))
    subject = (
        "Concord: a run published, and waits for a decision"
        if success
        else "Concord: a publication is held back"
        if causes.failed_checks
        else "Concord: a run failed"
    )
    if told:
        log.warning("%s: %s", subject, "; ".join(told))
    return tell(settings.data, settings.channels, Notice(subject, told, run_id), settled=success)


def notice_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensors that tell of runs; on from the beginning, for without them a failed night is silent."""

    def heard(context: dg.RunStatusSensorContext, *, success: bool) -> None:
        run_id = context.dagster_run.run_id
        entries = context.instance.all_logs(run_id)
        events = [entry.dagster_event for entry in entries if entry.dagster_event is not None]
        sent = notify(settings, causes_of(events), run_id, success=success)
        context.log.info(f"{sent} notices were sent")

    @dg.run_failure_sensor(
        monitored_jobs=[concord_job],
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells by e-mail or webhook why a run failed or was held back: each cause once.",
    )
    def notices_of_failures(context: dg.RunFailureSensorContext) -> None:
        heard(context, success=False)

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitored_jobs=[concord_job],
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells what waits for a person after a run that ended well; what is over may be told anew.",
    )
    def notices_of_successes(context: dg.RunStatusSensorContext) -> None:
        heard(context, success=True)

    return [notices_of_failures, notices_of_successes]
