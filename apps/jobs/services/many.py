"""What people do to jobs, for any number of them in a few statements.

Each deed takes a queryset and leaves alone those whose state doesn't allow it. What is done to a
batch is done to the children that it still has.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import (
    BigIntegerField,
    BooleanField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Now

from apps.core.errors import MediaHubError
from apps.jobs.choices import ACTIVE, FINISHED, UNSUCCESSFUL, WAITING, JobState
from apps.jobs.models import Job, JobDependency
from apps.jobs.services.ending import NEEDS_FAILED, end
from apps.jobs.services.waking import wake

Deed = Callable[[QuerySet[Job]], int]

HURRIED = 1_000  # points of priority
_TRIES = 3
# a deadlock, and a twin that was faster: the next try comes after what was in its way
_PASSING = ("40P01", "23505")
_ANEW: dict[str, Any] = {
    "run_at": None, "finished_at": None, "attempt": 0, "crashes": 0, "quarantined": False,
    "evidence": {}, "done": 0, "total": None, "rate_per_s": None, "facts": {}, "summary": {},
    "error_type": "", "error_message": "", "pause_requested": False, "wait_reason": "",
}  # fmt: skip
_MISCOUNTED = """
    SELECT job.id, count(*) FILTER (WHERE needed.state <> 'succeeded') AS number
    FROM jobs_job job
    LEFT JOIN jobs_jobdependency link ON link.job_id = job.id
    LEFT JOIN jobs_job needed ON needed.id = link.needs_id
    WHERE job.state IN ('queued', 'paused') AND {which}
    GROUP BY job.id
    HAVING count(*) FILTER (WHERE needed.state <> 'succeeded') <> job.waits
"""
_NAMED, _THAT_WAIT = "job.id = ANY(%s)", "job.waits > 0"
_SET_RIGHT = f"""
    UPDATE jobs_job SET waits = number FROM ({_MISCOUNTED.format(which=_NAMED)}) truth
    WHERE jobs_job.id = truth.id
"""  # noqa: S608 - of constants


class _Among(Func):
    """Whether a column is one of some ids.

    They are one parameter, and need no join, which with statistics of yesterday may be any.
    """

    template, arg_joiner, output_field = "%(expressions)s)", " = ANY(", BooleanField()

    def __init__(self, column: str, ids: Iterable[int]) -> None:
        super().__init__(F(column), Value(list(ids), ArrayField(BigIntegerField())))


class UnknownDeed(MediaHubError):
    """Jobs know no such deed; nothing was changed."""

    code = "unknown_deed"


def control(deed: str, jobs: QuerySet[Job]) -> int:
    """Do a deed of ``DEEDS`` to jobs; return how many it changed. Raises UnknownDeed."""
    if deed not in DEEDS:
        raise UnknownDeed(f"Jobs know no {deed!r}: choose one of {', '.join(DEEDS)}.")
    return DEEDS[deed](jobs)


def _deed(do: Deed) -> Deed:
    """A deed is one transaction, tried again if another one was in its way.

    It first locks what it is about to change, all in one order: ends and other deeds do likewise.
    """

    @wraps(do)
    def tried(jobs: QuerySet[Job]) -> int:
        left = _TRIES
        while True:
            left -= 1
            try:
                with transaction.atomic():
                    return do(jobs)
            except (IntegrityError, OperationalError) as error:
                if not left or getattr(error.__cause__, "sqlstate", None) not in _PASSING:
                    raise

    return tried


@_deed
def cancel(jobs: QuerySet[Job]) -> int:
    """End what waits at once; what runs when its worker hears of it, batches when the last ends."""
    chosen = _with_children(jobs)
    running = chosen.filter(Q(state=JobState.RUNNING) | Q(state=JobState.PAUSED, is_batch=True))
    told = _update(running, state=JobState.CANCELLING, pause_requested=False)
    return told + len(end(chosen.filter(state__in=WAITING, is_batch=False), JobState.CANCELLED))


@_deed
def pause(jobs: QuerySet[Job]) -> int:
    """Hold what waits at once, what runs when its worker hears of it; what it did is kept."""
    chosen = _with_children(jobs)
    batches = Q(state=JobState.RUNNING, is_batch=True, lease_until__isnull=True)
    held = _update(chosen.filter(Q(state=JobState.QUEUED) | batches), state=JobState.PAUSED)
    running = chosen.filter(
        state=JobState.RUNNING, lease_until__isnull=False, pause_requested=False
    )
    return held + _update(running, pause_requested=True)


@_deed
def resume(jobs: QuerySet[Job]) -> int:
    """Let what is held go on, and what is about to be held."""
    chosen = _with_children(jobs)
    paused = chosen.filter(state=JobState.PAUSED)
    resumed = _update(paused.filter(is_batch=True), state=JobState.RUNNING, pause_requested=False)
    resumed += _update(
        chosen.filter(pause_requested=True, state=JobState.RUNNING), pause_requested=False
    )
    again = paused.filter(is_batch=False)
    at_once = {"run_at": None, "pause_requested": False, "wait_reason": ""}
    return resumed + _queue(again, state=JobState.QUEUED, **at_once)


@_deed
def retry(jobs: QuerySet[Job]) -> int:
    """Run finished jobs anew, with their attempts counted anew, and what failed for want of them.

    Left alone are batches (see ``batches.retry_failed``), jobs whose work another does by now, and
    those that need one that failed and isn't retried with them.
    """
    finished = jobs.filter(state__in=FINISHED, is_batch=False)
    every = _with_dependants(set(finished.order_by().values_list("pk", flat=True)))
    parts = Job.objects.filter(_Among("parent", every), state__in=UNSUCCESSFUL)
    every.update(parts.values_list("pk", flat=True))
    finished = Job.objects.filter(_Among("pk", every), state__in=FINISHED)
    _lock(finished)
    changed = _queue(finished, state=JobState.QUEUED, **_ANEW)
    every |= _reopen_batches(every)
    dependants = JobDependency.objects.filter(_Among("needs", every)).values_list("job", flat=True)
    recount_waits(sorted(every.union(dependants)))
    return changed


@_deed
def hurry(jobs: QuerySet[Job]) -> int:
    """Put what waits before everything that isn't hurried."""
    head_start = timedelta(minutes=HURRIED * settings.MEDIAHUB_JOB_AGEING_MINUTES)
    ahead = ExpressionWrapper(Now() - Value(head_start), output_field=DateTimeField())
    waiting = _with_children(jobs).filter(state__in=ACTIVE, priority__lt=HURRIED)
    return _queue(waiting, priority=HURRIED, urgency=ahead, run_at=None, wait_reason="")


DEEDS: dict[str, Deed] = {
    "cancel": cancel,
    "pause": pause,
    "resume": resume,
    "retry": retry,
    "hurry": hurry,
}


@transaction.atomic
def recount_waits(ids: list[int] | None = None) -> int:
    """Set right how many others jobs wait for: of these, else of all that wait for any."""
    with connection.cursor() as cursor:
        cursor.execute(
            _MISCOUNTED.format(which=_THAT_WAIT if ids is None else _NAMED),
            None if ids is None else [ids],
        )
        wrong = [pk for pk, _number in cursor.fetchall()]
        if wrong:  # counted again, under a lock: what they need may have ended meanwhile
            cursor.execute(_SET_RIGHT, [_lock(Job.objects.filter(_Among("pk", wrong)))])
        return int(cursor.rowcount)


def _with_children(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """What is active of jobs and of their children, locked."""
    asked = jobs.order_by().values_list("pk", flat=True)
    children = Job.objects.active().filter(parent__in=asked).values_list("pk", flat=True)
    active = Job.objects.active().filter(_Among("pk", {*asked.filter(state__in=ACTIVE), *children}))
    locked: QuerySet[Job] = Job.objects.filter(_Among("pk", _lock(active)))
    return locked


def _lock(jobs: QuerySet[Job]) -> list[int]:
    """The ids, so that what a deed changes doesn't change of which jobs it is."""
    locked = jobs.select_for_update(of=("self",), no_key=True).order_by("pk")
    return list(locked.values_list("pk", flat=True))


def _with_dependants(ids: set[int]) -> set[int]:
    """Of jobs those that can be retried, and what failed for want of them, and for want of that."""
    every, found = set[int](), _able(_one_of_a_key(ids))
    wanting = Job.objects.filter(state=JobState.FAILED, error_type=NEEDS_FAILED, is_batch=False)
    while found:
        every = every | found
        same = Job.objects.filter(_Among("pk", every), dedupe_key=OuterRef("dedupe_key"))
        needing = wanting.exclude(Exists(same.exclude(dedupe_key=""))).order_by()
        new = needing.filter(_Among("after", found)).values_list("pk", flat=True)
        found = _able(every | _one_of_a_key(new)) - every
    return every


def _reopen_batches(ids: set[int]) -> set[int]:
    """Batches that had ended, of which a part runs again: so has what they add up to."""
    ended = Job.objects.filter(_Among("children", ids), state__in=FINISHED, is_batch=True)
    parents = _one_of_a_key(ended.order_by().values_list("pk", flat=True))
    _update(
        Job.objects.filter(_Among("pk", parents)),
        state=JobState.RUNNING, finished_at=None, error_type="", error_message="",
    )  # fmt: skip
    return parents


def _one_of_a_key(ids: Iterable[int]) -> set[int]:
    """Without those whose work another does by now; the newest of those that do the same."""
    jobs = Job.objects.filter(_Among("pk", ids))
    twins = Job.objects.active().filter(dedupe_key=OuterRef("dedupe_key")).exclude(dedupe_key="")
    keyed = jobs.exclude(dedupe_key="").exclude(Exists(twins))
    newest = keyed.order_by("dedupe_key", "-pk").distinct("dedupe_key")
    free = jobs.filter(dedupe_key="")
    return {*free.values_list("pk", flat=True), *newest.values_list("pk", flat=True)}


def _able(ids: set[int]) -> set[int]:
    """Without those that need one that failed and isn't among them."""
    links = list(JobDependency.objects.filter(_Among("job", ids)).values_list("job", "needs"))
    needed = Job.objects.filter(_Among("pk", {needs for _job, needs in links}))
    failed = set(needed.filter(state__in=UNSUCCESSFUL).values_list("pk", flat=True))
    links = [(job, needs) for job, needs in links if needs in failed]
    while hopeless := {job for job, needs in links if job in ids and needs not in ids}:
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
