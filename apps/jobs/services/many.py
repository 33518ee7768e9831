"""What people do to jobs, for any number of them in a few statements.

Each deed takes a queryset and leaves alone those whose state doesn't allow it. What is done to a
batch is done to the children that it still has.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import (
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Now

from apps.core.errors import MediaHubError
from apps.jobs.choices import ACTIVE, FINISHED, JobState
from apps.jobs.models import Job, JobDependency
from apps.jobs.services.ending import NEEDS_FAILED, end
from apps.jobs.services.waking import wake

HURRIED = 1_000  # points of priority
_WAITING = (JobState.QUEUED, JobState.PAUSED)
_UNSUCCESSFUL = (JobState.FAILED, JobState.CANCELLED)
_ANEW: dict[str, Any] = {
    "run_at": None, "finished_at": None, "attempt": 0, "crashes": 0, "quarantined": False,
    "evidence": {}, "done": 0, "total": None, "rate_per_s": None, "facts": {}, "summary": {},
    "error_type": "", "error_message": "", "pause_requested": False,
}  # fmt: skip
_RECOUNT_WAITS = """
    UPDATE jobs_job SET waits = truth.number
    FROM (SELECT job.id, count(needed.id) FILTER (WHERE needed.state <> 'succeeded') AS number
          FROM jobs_job job
          LEFT JOIN jobs_jobdependency link ON link.job_id = job.id
          LEFT JOIN jobs_job needed ON needed.id = link.needs_id
          WHERE job.state IN ('queued', 'paused') AND {which}
          GROUP BY job.id) truth
    WHERE jobs_job.id = truth.id AND waits <> truth.number
"""


class UnknownDeed(MediaHubError):
    """Jobs know no such deed; nothing was changed."""

    code = "unknown_deed"


def control(deed: str, jobs: QuerySet[Job]) -> int:
    """Do a deed of ``DEEDS`` to jobs; return how many it changed. Raises UnknownDeed."""
    if deed not in DEEDS:
        raise UnknownDeed(f"Jobs know no {deed!r}: choose one of {', '.join(DEEDS)}.")
    return DEEDS[deed](jobs)


@transaction.atomic
def cancel(jobs: QuerySet[Job]) -> int:
    """End what waits at once; what runs when its worker hears of it, batches when the last ends."""
    chosen = _with_children(jobs)
    running = chosen.filter(Q(state=JobState.RUNNING) | Q(state=JobState.PAUSED, is_batch=True))
    told = _update(running, state=JobState.CANCELLING, pause_requested=False)
    return told + len(end(chosen.filter(state__in=_WAITING, is_batch=False), JobState.CANCELLED))


@transaction.atomic
def pause(jobs: QuerySet[Job]) -> int:
    """Hold what waits at once, what runs when its worker hears of it; what it did is kept."""
    chosen = _with_children(jobs)
    batches = Q(state=JobState.RUNNING, is_batch=True, lease_until__isnull=True)
    held = _update(chosen.filter(Q(state=JobState.QUEUED) | batches), state=JobState.PAUSED)
    running = chosen.filter(
        state=JobState.RUNNING, lease_until__isnull=False, pause_requested=False
    )
    return held + _update(running, pause_requested=True)


@transaction.atomic
def resume(jobs: QuerySet[Job]) -> int:
    """Let what is held go on, and what is about to be held."""
    chosen = _with_children(jobs)
    paused = chosen.filter(state=JobState.PAUSED)
    resumed = _update(paused.filter(is_batch=True), state=JobState.RUNNING, pause_requested=False)
    resumed += _update(
        chosen.filter(pause_requested=True, state=JobState.RUNNING), pause_requested=False
    )
    again = paused.filter(is_batch=False)
    return resumed + _queue(again, state=JobState.QUEUED, run_at=None, pause_requested=False)


@transaction.atomic
def retry(jobs: QuerySet[Job]) -> int:
    """Run finished jobs anew, with their attempts counted anew, and what failed for want of them.

    Left alone are batches (see ``batches.retry_failed``), jobs whose work another does by now, and
    those that need one that failed and isn't retried with them.
    """
    finished = jobs.filter(state__in=FINISHED, is_batch=False)
    twins = Job.objects.filter(dedupe_key=OuterRef("dedupe_key"))
    newer = twins.filter(pk__gt=OuterRef("pk"), pk__in=finished.order_by().values("pk"))
    keyed = ~Q(dedupe_key="") & (Exists(twins.active()) | Exists(newer))
    every = _with_dependants(set(finished.exclude(keyed).order_by().values_list("pk", flat=True)))
    parts = Job.objects.filter(parent__in=every, state__in=_UNSUCCESSFUL)
    every.update(parts.values_list("pk", flat=True))
    changed = _queue(
        Job.objects.filter(pk__in=every, state__in=FINISHED), state=JobState.QUEUED, **_ANEW
    )
    dependants = JobDependency.objects.filter(needs__in=every).values_list("job", flat=True)
    recount_waits(sorted(every.union(dependants)))
    return changed


@transaction.atomic
def hurry(jobs: QuerySet[Job]) -> int:
    """Put what waits before everything that isn't hurried."""
    head_start = timedelta(minutes=HURRIED * settings.MEDIAHUB_JOB_AGEING_MINUTES)
    ahead = ExpressionWrapper(Now() - Value(head_start), output_field=DateTimeField())
    waiting = _with_children(jobs).filter(state__in=ACTIVE, priority__lt=HURRIED)
    return _queue(waiting, priority=HURRIED, urgency=ahead, run_at=None)


DEEDS: dict[str, Callable[[QuerySet[Job]], int]] = {
    "cancel": cancel,
    "pause": pause,
    "resume": resume,
    "retry": retry,
    "hurry": hurry,
}


def recount_waits(ids: list[int] | None = None) -> int:
    """Set right how many others jobs wait for: of these, else of all that wait for any."""
    which = "job.waits > 0" if ids is None else "job.id = ANY(%s)"
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT_WAITS.format(which=which), None if ids is None else [ids])
        return int(cursor.rowcount)


def _with_children(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Parents are named now: a deed may take them out of a queryset that asks for a state."""
    ids = jobs.order_by().values("pk")
    parts = Job.objects.active().filter(parent=OuterRef("pk"))
    parents = list(jobs.order_by().filter(Exists(parts)).values_list("pk", flat=True))
    children = Q(parent__in=parents, state__in=ACTIVE)
    chosen: QuerySet[Job] = Job.objects.filter(Q(pk__in=ids) | children)
    return chosen


def _with_dependants(ids: set[int]) -> set[int]:
    """Of jobs those that can be retried, and what failed for want of them, and for want of that."""
    every = _able(ids)
    found = every
    wanting = Job.objects.filter(
        state=JobState.FAILED, error_type=NEEDS_FAILED, dedupe_key="", is_batch=False
    )
    while found:
        needing = wanting.filter(after__in=found).order_by().values_list("pk", flat=True)
        found = _able(every.union(needing)) - every
        every = every | found
    return every


def _able(ids: set[int]) -> set[int]:
    """Without those that need one that failed and isn't among them."""
    failed = JobDependency.objects.filter(needs__state__in=_UNSUCCESSFUL)
    while ids:
        needing = failed.filter(job__in=ids).exclude(needs__in=ids)
        hopeless = set(needing.values_list("job", flat=True))
        if not hopeless:
            break
        ids = ids - hopeless
    return ids


def _queue(jobs: QuerySet[Job], **values: object) -> int:
    queues = set(jobs.order_by().values_list("queue", flat=True).distinct())
    changed = _update(jobs, **values)
    for queue in queues:
        wake(queue)
    return changed


def _update(jobs: QuerySet[Job], **values: object) -> int:
    return jobs.update(version=F("version") + 1, **values)
