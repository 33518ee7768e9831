"""What the end of a job means to others: those that need it may start, or never will."""

from collections.abc import Collection
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from apps.jobs.choices import WAITING, JobState
from apps.jobs.models import Job, JobDependency
from apps.jobs.services.waking import wake

NEEDS_FAILED = "needs_failed"

# One count for each prerequisite that has ended; locks, taken in one order, make concurrent ends
# queue up.
_COUNT_DOWN = """
    WITH ended AS (
        SELECT job_id, count(*) AS number FROM jobs_jobdependency
        WHERE needs_id = ANY(%s) GROUP BY job_id
    ), locked AS MATERIALIZED (
        SELECT id FROM jobs_job
        WHERE id IN (SELECT job_id FROM ended) AND state IN ('queued', 'paused')
        ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE jobs_job SET waits = GREATEST(0, waits - ended.number)
    FROM locked JOIN ended ON ended.job_id = locked.id
    WHERE jobs_job.id = locked.id AND state IN ('queued', 'paused')
    RETURNING jobs_job.queue
"""


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
            cursor.execute(_COUNT_DOWN, [list(ended)])
            queues = {queue for (queue,) in cursor.fetchall()}
        for queue in queues:
            wake(queue)
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
