"""Running one job: claim it, do its work, keep the books."""

import logging
import os
import signal
import time
import traceback
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import (
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from apps.core.context import Actor, acting, logged
from apps.core.errors import MediaHubError
from apps.jobs import blackbox, context
from apps.jobs.choices import FINISHED, JobState, LogLevel
from apps.jobs.context import JobContext, JobStopped, storable
from apps.jobs.flag import Flag
from apps.jobs.heart import Heart
from apps.jobs.models import Job, JobLogLine
from apps.jobs.places import worker_name
from apps.jobs.progress_log import summary_line
from apps.jobs.registry import find_task
from apps.jobs.services import claims, many
from apps.jobs.services.crashes import again_after
from apps.jobs.services.ending import end

logger = logging.getLogger(__name__)

# The database was restarted, say, or two transactions met: worth another try.
_DATABASE_TROUBLE = (IntegrityError, InterfaceError, OperationalError)
_LONGEST_TURN_S = 5.0
_TRY_AGAIN_S = 0.5

# Set by the cluster's main process; its forked workers see it and give their jobs back.
stopping = Flag()


def work_off(queue: str) -> None:
    """Run due jobs of a queue, one after the other, for some seconds.

    The next one is claimed in the transaction in which the last one's end is written: commits are
    what short jobs cost most.
    """
    until = time.monotonic() + _LONGEST_TURN_S

    def go_on() -> str | None:
        return queue if time.monotonic() < until and not stopping.is_set() else None

    job = _claim(queue)
    if job is not None:
        with Heart() as heart:
            while job is not None:
                job = run(job, then=go_on, heart=heart)


def run_next(queue: str) -> int | None:
    """Run the next due job of a queue, if there is one; return its id."""
    job = _claim(queue)
    if job is None:
        return None
    run(job)
    return job.pk


def run(
    job: Job, *, then: Callable[[], str | None] = lambda: None, heart: Heart | None = None
) -> Job | None:
    """Do a claimed job's work, write down how it ended, and return the next job that it claims.

    That is one of the queue that ``then`` names at the end. Raises nothing: an end that can't be
    written is upkeep's, when the lease has run out.
    """
    actor = Actor(user_id=job.requested_by_id, job_id=job.pk)
    about = {"job_kind": job.kind, "attempt": job.attempt, "worker": job.worker}
    with acting(actor), logged(**about):
        logger.info("job %s %s: attempt %s", job.pk, job.kind, job.attempt)
        blackbox.record_commands()
        try:
            running = JobContext(
                job, stopping=stopping.is_set, on_deaf=lambda why: _die(job, why), heart=heart
            )
        except (Error, MediaHubError) as error:
            logger.warning("job %s %s can't be started: %s", job.pk, job.kind, error)
            return _try_to_write_down(job, _cut_off(job, error), [], then=then)
        outcome = _work(running)
        job.state, job.summary = outcome["state"], outcome.get("summary", {})
        if running.was_long:
            running.log(summary_line(job))
        following = _try_to_write_down(job, outcome, running.last_words(), then=then)
        running.close_progress(outcome["state"])
    return following


def _claim(queue: str) -> Job | None:
    return None if stopping.is_set() else claims.claim(queue, worker=worker_name())


def _work(running: JobContext) -> dict[str, Any]:
    """The columns that say how the work ended."""
    job = running.job
    with running:
        try:
            summary = _checked(find_task(job.kind).work(running, **job.params))
        except JobStopped as stopped:
            if isinstance(stopped, context.JobPostponed):
                running.log(f"Put off: {stopped}")
            return _stopped(job, stopped)
        except MediaHubError as error:
            running.log(str(error), level=LogLevel.ERROR)
            return _failed_as(error) if not error.passing else _cut_off(job, error)
        except Exception as error:
            logger.exception("job %s %s failed", job.pk, job.kind)
            running.log(traceback.format_exc(), level=LogLevel.ERROR)
            return _cut_off(job, error) if isinstance(error, _DATABASE_TROUBLE) else _failed(error)
    return {"state": JobState.SUCCEEDED, "summary": summary, "is_batch": running.has_split}


def _checked(summary: object) -> dict[str, Any]:
    if not isinstance(summary, dict):
        raise TypeError(f"A task returns a dict, not {summary!r}.")
    return summary


def _stopped(job: Job, reason: JobStopped) -> dict[str, Any]:
    if isinstance(reason, context.JobPaused):
        paused = {"state": JobState.PAUSED, "pause_requested": False}
        return paused | {"attempt": job.attempt - 1}
    if isinstance(reason, context.JobInterrupted):
        return {"state": JobState.QUEUED, "attempt": job.attempt - 1}
    if isinstance(reason, context.JobPostponed):
        again = {"attempt": job.attempt - 1, "run_at": Now() + reason.delay}
        return {"state": JobState.QUEUED, **again, "wait_reason": _few_words(reason.reason)}
    if isinstance(reason, context.JobTimedOut):
        return _failed_as(reason)
    return {"state": JobState.CANCELLED}


def _few_words(reason: str) -> str:
    most = Job._meta.get_field("wait_reason").max_length
    return storable(reason)[:most]


def _cut_off(job: Job, error: Exception) -> dict[str, Any]:
    """Failed, unless what was in the way may have passed by another attempt."""
    if job.attempt < job.max_attempts:
        return {"state": JobState.QUEUED, **again_after(job)}
    return _failed_as(error) if isinstance(error, MediaHubError) else _failed(error)


def _failed_as(error: MediaHubError) -> dict[str, Any]:
    text = storable(str(error))
    return {"state": JobState.FAILED, "error_type": error.code, "error_message": text}


def _failed(error: Exception) -> dict[str, Any]:
    text = storable(str(error)) or "see the log"
    return {"state": JobState.FAILED, "error_type": type(error).__name__, "error_message": text}


def _try_to_write_down(
    job: Job,
    outcome: dict[str, Any],
    lines: list[JobLogLine],
    *,
    then: Callable[[], str | None] = lambda: None,
) -> Job | None:
    outcome |= {"done": job.done, "total": job.total, "facts": job.facts}
    try:
        try:
            return _keep_trying(job, outcome, lines, then)
        except (DataError, IntegrityError, TypeError, ValueError) as error:
            # it is no JSON, or none that can be stored
            return _keep_trying(job, _failed(error), lines, then)
    except Error:
        logger.exception("job %s %s: its end could not be written", job.pk, job.kind)
        return None


def _keep_trying(
    job: Job, outcome: dict[str, Any], lines: list[JobLogLine], then: Callable[[], str | None]
) -> Job | None:
    """Write the end as soon as the database takes it, within the lease: the work is done."""
    until = time.monotonic() + settings.MEDIAHUB_JOB_LEASE_SECONDS
    while True:
        try:
            return _write_down(job, outcome, lines, then)
        except (InterfaceError, OperationalError) as error:
            logger.warning("job %s %s: its end isn't written yet: %s", job.pk, job.kind, error)
            if time.monotonic() > until:
                raise
        connection.close()
        time.sleep(_TRY_AGAIN_S)


def _write_down(
    job: Job, outcome: dict[str, Any], lines: list[JobLogLine], then: Callable[[], str | None]
) -> Job | None:
    """One transaction: the lease is still ours, how it ended, its last log lines, what is next."""
    queue = then()
    if outcome["state"] == JobState.SUCCEEDED and not outcome["is_batch"] and not lines:
        is_ours, following = claims.succeed(job, then_claim=queue, worker=worker_name())
    else:
        connection.close_if_unusable_or_obsolete()
        values = {name: value for name, value in outcome.items() if name != "state"}
        with transaction.atomic():
            is_ours = _move(Job.objects.held(job.pk, job.fence), outcome["state"], values)
            JobLogLine.objects.bulk_create(lines if is_ours else [])
            following = _claim(queue) if queue else None
    logger.info("job %s %s: %s", job.pk, job.kind, summary_line(job) if is_ours else "lease lost")
    return following


def _move(held: QuerySet[Job], state: JobState, values: dict[str, Any]) -> bool:
    """Whether the job was still ours."""
    after = {"version": F("version") + 1, "lease_until": None, "pause_requested": False}
    is_split = values.get("is_batch")
    if state in FINISHED and not is_split:
        return bool(end(held, state, **values))
    running = held.filter(state=JobState.RUNNING)
    asked = running.select_for_update().values_list("pk", "pause_requested").first()
    if asked is None:
        return bool(end(held, JobState.CANCELLED))  # cancelled while it was about to stop
    if is_split:  # its children go on
        state = JobState.RUNNING
    running.update(**after | values, state=state)
    if asked[1]:
        many.pause(Job.objects.filter(pk=asked[0]))
    return True


def _die(job: Job, reason: JobStopped) -> None:
    """End a job whose work doesn't hear, by ending the process, and with it all that it started.

    This runs beside the work. Nothing is half-written by that: work may be killed at any time.
    """
    logger.error("job %s %s does not stop: its worker ends itself", job.pk, job.kind)
    if not isinstance(reason, context.LeaseLost):
        _try_to_write_down(job, _stopped(job, reason), [])
    os.kill(os.getpid(), signal.SIGKILL)
