"""What keeps the jobs going without a person: abandoned ones, old history."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from apps.jobs.choices import JobState
from apps.jobs.models import Job

_FIRST_DELAY_S = 5
_MOST_DELAY_S = 300


def requeue_abandoned(*, now: datetime) -> int:
    """Give jobs whose worker died back to the queue, later with each attempt; return how many.

    One that has used up its attempts fails instead: it would only kill the next worker.
    """
    with transaction.atomic():
        # a row that is locked has a living worker, in a transaction that outlasts its lease
        unlocked = Job.objects.abandoned(now=now).select_for_update(skip_locked=True)
        abandoned = list(unlocked.order_by("pk"))
        for job in abandoned:
            _release(job, now=now)
    return len(abandoned)


def delay_after(attempt: int) -> timedelta:
    """How long a job that was cut off waits before it is tried again."""
    return timedelta(seconds=min(_FIRST_DELAY_S * 2 ** (attempt - 1), _MOST_DELAY_S))


def _release(job: Job, *, now: datetime) -> None:
    if job.state == JobState.CANCELLING:
        values = {"state": JobState.CANCELLED, "finished_at": now}
    elif job.attempt >= job.max_attempts:
        message = f"The worker died in each of {job.attempt} attempts; the job is not tried again."
        values = {
            "state": JobState.FAILED, "finished_at": now,
            "error_type": "worker_died", "error_message": message,
        }  # fmt: skip
    else:
        values = {"state": JobState.QUEUED, "run_at": now + delay_after(job.attempt)}
    still = Job.objects.held(job.pk, job.fence).filter(lease_until__lt=now)
    still.update(fence=F("fence") + 1, version=F("version") + 1, lease_until=None, **values)


def forget_old(*, now: datetime, limit: int = 5_000) -> int:
    """Delete finished jobs past ``MEDIAHUB_JOB_HISTORY_DAYS``, at most ``limit`` at once."""
    old = Job.objects.finished().filter(finished_at__lt=now - settings.MEDIAHUB_JOB_HISTORY)
    return Job.objects.filter(pk__in=old.order_by("pk").values("pk")[:limit]).delete()[0]
