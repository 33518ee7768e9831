"""What keeps the jobs going without a person: due, hopeless and abandoned ones, old history."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice

from django.conf import settings
from django.db import transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from apps.jobs import progress_log
from apps.jobs.choices import UNSUCCESSFUL, WAITING, JobState
from apps.jobs.models import Job, JobDependency, JobLogLine
from apps.jobs.services.crashes import release_silent
from apps.jobs.services.ending import tell_dependants
from apps.jobs.services.waking import wake

_HEARTBEATS_S = 3.0
_PORTION, _MOST_PORTIONS = 5_000, 50


class LeaseWatch:
    """Finds jobs whose workers have fallen silent, and takes them back.

    A lease that has run out by the database's clock is believed when no beat came for some seconds
    more, so that a clock that jumps ahead takes no job from a living worker; and any that wasn't
    renewed for its whole length by our own stopwatch, so that one that jumps back leaves no job
    with a dead one.
    """

    def __init__(self) -> None:
        self._first_seen: dict[tuple[int, int, datetime], float] = {}

    def __call__(self) -> int:
        """Return how many jobs were taken back."""
        run_out = ExpressionWrapper(Q(lease_until__lt=Now()), output_field=BooleanField())
        rows = Job.objects.with_worker().annotate(run_out=run_out)
        leases = {
            (pk, fence, until): is_out
            for pk, fence, until, is_out in rows.values_list(
                "pk", "fence", "lease_until", "run_out"
            )
        }
        now = time.monotonic()
        self._first_seen = {lease: self._first_seen.get(lease, now) for lease in leases}
        taken = 0
        for (pk, fence, until), is_out in leases.items():
            silent_s = now - self._first_seen[pk, fence, until]
            if silent_s >= (_HEARTBEATS_S if is_out else settings.MEDIAHUB_JOB_LEASE_SECONDS):
                taken += release_silent(Job.objects.held(pk, fence).filter(lease_until=until))
        return taken


def start_due() -> int:
    """Let delayed jobs, and those that backed off, begin whose time has come; return how many."""
    due = Job.objects.filter(state=JobState.QUEUED, run_at__lte=Now())
    started = 0
    while True:
        with transaction.atomic():
            # in a deed's hands now, one is looked at again within a second
            locked = due.select_for_update(of=("self",), no_key=True, skip_locked=True)
            some = list(locked.order_by("run_at").values_list("pk", "queue")[:_PORTION])
            Job.objects.filter(pk__in=[pk for pk, _queue in some]).update(run_at=None)
            for queue in {queue for _pk, queue in some}:
                wake(queue)
        started += len(some)
        if len(some) < _PORTION:
            return started


@transaction.atomic
def fail_hopeless() -> None:
    """Fail what waits for a job that didn't succeed, and wasn't told: it was retried just then."""
    links = JobDependency.objects.filter(job__state__in=WAITING, job__waits__gt=0)
    needed = Job.objects.filter(pk__in=links.values("needs"), state__in=UNSUCCESSFUL)
    locked = needed.select_for_update(of=("self",)).order_by("pk")  # or it is retried meanwhile
    if ids := list(locked.values_list("pk", flat=True)):
        tell_dependants(ids, succeeded=False)


def forget_old() -> int:
    """Delete finished jobs past ``MEDIAHUB_JOB_HISTORY_DAYS``, so many at once; return how many.

    Parts of a batch go when their batch may, and before it.
    """
    forgotten = 0
    for _ in range(_MOST_PORTIONS):
        some = _forget_some()
        forgotten += some
        if not some:
            break
    return forgotten


def _forget_some() -> int:
    past = Now() - settings.MEDIAHUB_JOB_HISTORY
    old = Job.objects.finished().filter(finished_at__lt=past)
    whole = Q(parent__isnull=True) & ~Exists(Job.objects.filter(parent=OuterRef("pk")))
    parts = Q(parent__finished_at__lt=past)
    chosen = old.filter(whole | parts).order_by("finished_at")
    ids = list(chosen.values_list("pk", flat=True)[:_PORTION])
    JobLogLine.objects.filter(job__in=ids).delete()
    progress_log.forget(ids)
    return Job.objects.filter(pk__in=ids).delete()[1].get("jobs.Job", 0)


def forget_stray_logs() -> int:
    """Delete log folders, as old as history may be, of jobs that are gone; return how many.

    Another machine's scheduler may have forgotten those jobs, and has no access to our folders.
    """
    before = (timezone.now() - settings.MEDIAHUB_JOB_HISTORY).timestamp()
    old = _log_folders(before)
    forgotten = 0
    while forgotten < _PORTION and (some := set(islice(old, _PORTION))):
        some.difference_update(Job.objects.filter(pk__in=some).values_list("pk", flat=True))
        progress_log.forget(some)
        forgotten += len(some)
    return forgotten


def _log_folders(before: float) -> Iterator[int]:
    """The jobs whose log folders weren't added to since ``before`` (seconds since 1970)."""
    with suppress(FileNotFoundError), os.scandir(progress_log.folder(0).parent) as entries:
        for entry in entries:
            if entry.name.isdecimal() and entry.stat(follow_symlinks=False).st_mtime < before:
                yield int(entry.name)
