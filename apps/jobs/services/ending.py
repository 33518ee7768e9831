"""What the end of a job means to others: those that need it may start, or never will."""

from collections.abc import Collection
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from apps.jobs.choices import WAITING, JobState
from apps.jobs.models import Job, JobDependency

NEEDS_FAILED = "needs_failed"


def end(jobs: QuerySet[Job], state: JobState, **values: Any) -> list[int]:
    """Move jobs into a final state, and tell those that need them; return the ids of the moved.

    Call it in a transaction, with a queryset that names the states in which they may be.
    """
    ids = list(jobs.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    if ids:
        Job.objects.filter(pk__in=ids).update(
            state=state, finished_at=Now(), lease_until=None, pause_requested=False,
            version=F("version") + 1, **values,
        )  # fmt: skip
        tell_dependants(ids, succeeded=state == JobState.SUCCEEDED)
        if state != JobState.SUCCEEDED:
            _cancel_children(ids)
    return ids


def tell_dependants(ended: Collection[int], *, succeeded: bool) -> None:
    """Let those wait for one less, or fail with what they need, and what needs them likewise."""
    if succeeded:
        with connection.cursor() as cursor:
            cursor.execute("SELECT jobs_count_down(%s)", [list(ended)])
        return
    needing = JobDependency.objects.filter(needs__in=ended).values("job")
    end(
        Job.objects.filter(pk__in=needing, state__in=WAITING), JobState.FAILED,
        error_type=NEEDS_FAILED, error_message="A job that this one needs did not succeed.",
    )  # fmt: skip


def _cancel_children(parents: Collection[int]) -> None:
    """Those of a batch that ended before it was split whole."""
    children = Job.objects.filter(parent__in=parents)
    children.filter(state=JobState.RUNNING).update(
        state=JobState.CANCELLING, version=F("version") + 1
    )
    end(children.filter(state__in=WAITING), JobState.CANCELLED)
