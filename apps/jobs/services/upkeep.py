"""What keeps the jobs going without a person: abandoned ones, old history."""

import time
from datetime import datetime

from django.conf import settings
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q
from django.db.models.functions import Now

from apps.jobs import progress_log
from apps.jobs.models import Job, JobLogLine
from apps.jobs.services.crashes import release_silent

_HEARTBEATS_S = 3.0


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


def forget_old(*, limit: int = 5_000) -> int:
    """Delete finished jobs past ``MEDIAHUB_JOB_HISTORY_DAYS``, at most ``limit`` at once.

    Parts of a batch go when their batch may, and before it.
    """
    past = Now() - settings.MEDIAHUB_JOB_HISTORY
    old = Job.objects.finished().filter(finished_at__lt=past)
    whole = Q(parent__isnull=True) & ~Exists(Job.objects.filter(parent=OuterRef("pk")))
    parts = Q(parent__finished_at__lt=past)
    ids = list(
        old.filter(whole | parts).order_by("finished_at").values_list("pk", flat=True)[:limit]
    )
    JobLogLine.objects.filter(job__in=ids).delete()
    progress_log.forget(ids)
    return Job.objects.filter(pk__in=ids).delete()[1].get("jobs.Job", 0)
