"""What happens to jobs from outside: asked for, cancelled, retried, paused, resumed."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F
from django.utils import timezone

from apps.core import context
from apps.core.errors import Conflict
from apps.jobs.choices import ACTIVE, FINISHED, JobState
from apps.jobs.models import JOB_CHANNEL, Job
from apps.jobs.registry import Task


class WrongState(Conflict):
    """The job's state doesn't allow what was asked; nothing was changed."""

    code = "wrong_state"


def enqueue(
    task: Task,
    params: dict[str, Any] | None = None,
    *,
    target: models.Model | None = None,
    parent: Job | None = None,
    dedupe_key: str = "",
    priority: int = 0,
    delay: timedelta = timedelta(),
) -> Job:
    """Ask for work: write the job's row and wake a worker when the transaction commits.

    With a ``dedupe_key``, an active job of the same key is returned instead of a second one.
    """
    now = timezone.now()
    job = Job(
        kind=task.name, queue=task.queue, unit=task.unit, params=params or {}, parent=parent,
        dedupe_key=dedupe_key, priority=priority, created_at=now, run_at=now + delay,
        max_attempts=settings.MEDIAHUB_JOB_ATTEMPTS, requested_by_id=context.current().user_id,
        target_type=target._meta.label_lower if target else "",
        target_id=target.pk if target else None,
    )  # fmt: skip
    while True:
        twin = _twin(dedupe_key)
        if twin:
            return twin
        try:
            with transaction.atomic():
                job.save(force_insert=True)
                _wake(job.queue)
        except IntegrityError:  # another was faster
            if not dedupe_key:
                raise
        else:
            return job


def cancel(job: Job, *, now: datetime) -> Job:
    """End a job: at once if it waits, when its worker hears of it if it runs. Raises WrongState."""
    waiting = (JobState.QUEUED, JobState.PAUSED)
    if _move(job, waiting, state=JobState.CANCELLED, finished_at=now):
        return job
    if _move(job, (JobState.RUNNING,), state=JobState.CANCELLING):
        return job
    return _refuse(job, "cancelled", unless=JobState.CANCELLING)


def pause(job: Job) -> Job:
    """Hold a job: a waiting one at once, a running one as soon as its worker hears of it.

    What it has done is kept; resumed, it goes on from there. Raises WrongState.
    """
    if _move(job, (JobState.QUEUED,), state=JobState.PAUSED):
        return job
    if _move(job, (JobState.RUNNING,), pause_requested=True):
        return job
    return _refuse(job, "paused", unless=JobState.PAUSED)


def resume(job: Job, *, now: datetime) -> Job:
    """Let a held job go on. Raises WrongState."""
    if _move(job, (JobState.PAUSED,), state=JobState.QUEUED, run_at=now, pause_requested=False):
        _wake(job.queue)
        return job
    return _refuse(job, "resumed", unless=JobState.QUEUED)


def retry(job: Job, *, now: datetime) -> Job:
    """Run a finished job once more, with its attempts counted anew. Raises WrongState."""
    twin = _twin(job.dedupe_key)
    if twin:
        raise WrongState(f"Job {twin.pk} does the same work already: wait for it or cancel it.")
    if _move(
        job, FINISHED, state=JobState.QUEUED, run_at=now, finished_at=None, attempt=0, done=0,
        total=None, facts={}, summary={}, error_type="", error_message="", pause_requested=False,
    ):  # fmt: skip
        _wake(job.queue)
        return job
    return _refuse(job, "retried", unless=None)


def _twin(dedupe_key: str) -> Job | None:
    """The active job of a key."""
    if not dedupe_key:
        return None
    twin: Job | None = Job.objects.active().filter(dedupe_key=dedupe_key).first()
    return twin


def _move(job: Job, sources: tuple[JobState, ...], **values: Any) -> bool:
    """One conditional UPDATE: True if the job was in one of ``sources`` and has moved on."""
    allowed = Job.objects.filter(pk=job.pk, state__in=sources)
    moved = bool(allowed.update(version=F("version") + 1, **values))
    job.refresh_from_db()
    return moved


def _refuse(job: Job, deed: str, *, unless: JobState | None) -> Job:
    if job.state == unless:
        return job
    raise WrongState(f"Job {job.pk} is {job.state} and can't be {deed}.")


def _wake(queue: str) -> None:
    """PostgreSQL delivers the notification when, and only if, the transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [JOB_CHANNEL, queue])


def active_for(target: models.Model) -> models.QuerySet[Job]:
    """Jobs under way about one object."""
    return Job.objects.filter(
        target_type=target._meta.label_lower, target_id=target.pk, state__in=ACTIVE
    ).order_by("-pk")
