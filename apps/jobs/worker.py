"""Running one job: claim it, do its work, keep the books."""

import logging
import multiprocessing
import os
import socket
import traceback
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DataError, Error, InterfaceError, OperationalError, connection
from django.db.models import F
from django.utils import timezone

from apps.core.context import Actor, acting
from apps.core.errors import MediaHubError
from apps.jobs import context
from apps.jobs.choices import FINISHED, JobState, LogLevel
from apps.jobs.context import JobContext, storable
from apps.jobs.models import Job
from apps.jobs.registry import find_task
from apps.jobs.services.upkeep import delay_after

logger = logging.getLogger(__name__)

# The database was restarted, say, or two transactions waited for each other: worth another try.
_DATABASE_TROUBLE = (InterfaceError, OperationalError)

# Set by the cluster's main process; its forked workers see it and give their jobs back.
stopping = multiprocessing.Event()


def run_next(queue: str) -> int | None:
    """Run the next due job of a queue, if there is one; return its id."""
    job: Job | None = Job.objects.claim(
        queue,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        now=timezone.now(),
        lease=timedelta(seconds=settings.MEDIAHUB_JOB_LEASE_SECONDS),
    )
    if job is None:
        return None
    run(job)
    return job.pk


def run(job: Job) -> None:
    """Do a claimed job's work and write down how it ended. Never raises."""
    logger.info("job %s %s: attempt %s", job.pk, job.kind, job.attempt)
    with acting(Actor(user_id=job.requested_by_id, job_id=job.pk)):
        outcome = _work(job)
    outcome |= {"done": job.done, "total": job.total, "facts": job.facts}
    try:
        try:
            _write_down(job, outcome)
        except (DataError, TypeError, ValueError) as error:  # no JSON, or none that can be stored
            _write_down(job, _failed(error))
    except Error as error:  # when the lease has run out upkeep sees to the job
        logger.warning("job %s %s: its end could not be written: %s", job.pk, job.kind, error)


def _write_down(job: Job, outcome: dict[str, Any]) -> None:
    connection.close_if_unusable_or_obsolete()
    held = Job.objects.held(job.pk, job.fence)
    # what was cancelled while it was about to pause is not paused
    free = held if outcome["state"] in FINISHED else held.filter(state=JobState.RUNNING)
    after = {"version": F("version") + 1, "lease_until": None}
    if free.update(**after, **outcome):
        logger.info("job %s %s: %s", job.pk, job.kind, outcome["state"])
    elif not held.update(**after, **_ended(JobState.CANCELLED)):
        logger.info("job %s %s: lease lost", job.pk, job.kind)


def _work(job: Job) -> dict[str, Any]:
    """The columns that say how the work ended."""
    with JobContext(job, stopping=stopping.is_set) as running:
        try:
            summary = find_task(job.kind).work(running, **job.params)
        except context.JobPaused:
            return {"state": JobState.PAUSED, "pause_requested": False, "attempt": job.attempt - 1}
        except context.JobInterrupted:
            return {"state": JobState.QUEUED, "attempt": job.attempt - 1}
        except context.JobStopped:
            return _ended(JobState.CANCELLED)
        except MediaHubError as error:
            running.log(str(error), level=LogLevel.ERROR)
            text = storable(str(error))
            return _ended(JobState.FAILED, error_type=error.code, error_message=text)
        except Exception as error:
            logger.exception("job %s %s failed", job.pk, job.kind)
            running.log(traceback.format_exc(), level=LogLevel.ERROR)
            return _cut_off(job, error)
    return _ended(JobState.SUCCEEDED, summary=summary)


def _cut_off(job: Job, error: Exception) -> dict[str, Any]:
    """Failed, unless the database's trouble may be over by another attempt."""
    if isinstance(error, _DATABASE_TROUBLE) and job.attempt < job.max_attempts:
        return {"state": JobState.QUEUED, "run_at": timezone.now() + delay_after(job.attempt)}
    return _failed(error)


def _failed(error: Exception) -> dict[str, Any]:
    text = storable(str(error)) or "see the log"
    return _ended(JobState.FAILED, error_type=type(error).__name__, error_message=text)


def _ended(state: JobState, *, now: datetime | None = None, **values: Any) -> dict[str, Any]:
    return {"state": state, "finished_at": now or timezone.now(), **values}
