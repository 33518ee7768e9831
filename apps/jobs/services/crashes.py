"""Jobs whose workers died: written down, and given to others."""

import signal
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from apps.jobs.choices import JobState, LogLevel
from apps.jobs.models import Job, JobLogLine
from apps.jobs.places import here, is_alive
from apps.jobs.policy import policy_of
from apps.jobs.registry import UnknownTask
from apps.jobs.services.ending import end

_SOONEST = timedelta(seconds=5)
_SIGNALS = {each.value: each.name for each in signal.Signals}  # the real-time ones have no names


def release_worker(worker: str, *, exit_code: int | None, command: str = "") -> int:
    """Take the job of a worker that is known to be dead from it; return how many it had.

    ``exit_code`` is the process's as Python says it: negative for a signal.
    """
    evidence: dict[str, Any] = {"exit_code": exit_code, "command": command}
    if exit_code is not None and exit_code < 0:
        evidence["signal"] = _SIGNALS.get(-exit_code, f"signal {-exit_code}")
    return _release(Job.objects.with_worker().filter(worker=worker), evidence)


def dead_workers() -> set[str]:
    """Workers of this place that have a job but aren't there any more."""
    ours = Job.objects.with_worker().filter(worker__startswith=f"{here()}:")
    workers = ours.order_by().values_list("worker", flat=True).distinct()
    return {worker for worker in workers if not is_alive(worker)}


def release_silent(silent: QuerySet[Job]) -> int:
    """Take jobs from workers that have not been heard of within their leases.

    Whether those died nobody knows: their machine or the network may have. So it is no crash.
    """
    return _release(silent, None)


@transaction.atomic
def give_back(worker: str) -> int:
    """Queue the jobs of a worker that was stopped on purpose; the attempt doesn't count."""
    jobs = Job.objects.with_worker().filter(worker=worker)
    end(jobs.filter(state=JobState.CANCELLING), JobState.CANCELLED)
    held = Case(
        When(pause_requested=True, then=Value(JobState.PAUSED)), default=Value(JobState.QUEUED)
    )
    return jobs.update(
        state=held, attempt=F("attempt") - 1, fence=F("fence") + 1,
        version=F("version") + 1, lease_until=None, pause_requested=False,
    )  # fmt: skip


@transaction.atomic
def _release(jobs: QuerySet[Job], evidence: dict[str, Any] | None) -> int:
    # a row that is locked has a living worker, in a transaction that outlasts its lease
    taken = list(jobs.select_for_update(of=("self",), skip_locked=True).order_by("pk"))
    for job in taken:
        if evidence is None:
            text = f"The worker {job.worker} was not heard of within its lease."
            _release_one(job, text, {})
        else:
            at = {"worker": job.worker, **evidence, "at": timezone.now().isoformat()}
            crashed = {"crashes": job.crashes + 1, "evidence": at}
            _release_one(job, _say_crash(job, at), crashed)
    return len(taken)


def _say_crash(job: Job, evidence: dict[str, Any]) -> str:
    how = f" by {evidence['signal']}" if "signal" in evidence else ""
    text = f"The worker {job.worker} died{how} in attempt {job.attempt}."
    return f"{text} It was running: {evidence['command']}" if evidence.get("command") else text


def _release_one(job: Job, text: str, counted: dict[str, Any]) -> None:
    JobLogLine.objects.create(job=job, level=LogLevel.ERROR, message=text)
    mine = Job.objects.filter(pk=job.pk)
    counted["fence"] = F("fence") + 1
    crashes = counted.get("crashes", 0)
    if job.state == JobState.CANCELLING:
        end(mine, JobState.CANCELLED, **counted)
    elif crashes >= settings.MEDIAHUB_JOB_CRASHES:
        message = (
            f"It killed {crashes} workers: it is not tried again by itself. "
            "See its log for what it was doing."
        )
        end(
            mine, JobState.FAILED, **counted, quarantined=True,
            error_type="worker_died", error_message=message,
        )  # fmt: skip
    elif job.attempt >= job.max_attempts:
        message = f"Its worker was lost in the last of {job.attempt} attempts."
        end(mine, JobState.FAILED, **counted, error_type="worker_died", error_message=message)
    else:
        mine.update(
            **counted, **again_after(job), version=F("version") + 1,
            state=JobState.PAUSED if job.pause_requested else JobState.QUEUED,
        )  # fmt: skip


def again_after(job: Job) -> dict[str, Any]:
    """The columns of a job that is tried again, later with each attempt."""
    try:
        delay = policy_of(job.kind).delay_after(job.attempt)
    except UnknownTask:
        delay = _SOONEST
    head_start = timedelta(minutes=job.priority * settings.MEDIAHUB_JOB_AGEING_MINUTES)
    return {
        "run_at": Now() + delay, "urgency": Now() + delay - head_start,
        "lease_until": None, "pause_requested": False,
    }  # fmt: skip
