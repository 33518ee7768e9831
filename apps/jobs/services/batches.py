"""Batches: one job for each item, under a parent whose progress and result are their sum."""

import logging
import math
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from apps.core import context
from apps.core.errors import Conflict
from apps.jobs.choices import FINISHED, UNSUCCESSFUL, JobState
from apps.jobs.models import Job
from apps.jobs.services.ending import end
from apps.jobs.services.waking import wake

logger = logging.getLogger(__name__)

_BATCH = 1_000
_COUNTED = (*FINISHED, "failed_by")
_COPIED = (
    "kind", "queue", "unit", "params", "item", "target_type", "target_id", "lane", "lane_limit",
    "priority", "max_attempts",
)  # fmt: skip
_SUMS = """
    SELECT key, sum(value::numeric)
    FROM jobs_job, jsonb_each(CASE WHEN jsonb_typeof(summary) = 'object' THEN summary ELSE '{}' END)
    WHERE parent_id = %s AND jsonb_typeof(value) = 'number' GROUP BY key
"""


class NothingToRetry(Conflict):
    """No item of the batch failed, or not for that reason; nothing was changed."""

    code = "nothing_to_retry"


class RetriedAlready(Conflict):
    """What failed in the batch is being run again; nothing was changed."""

    code = "retried_already"


def open_parent(parent: Job) -> None:
    """Save a batch's parent that has no work of its own."""
    parent.is_batch, parent.state, parent.started_at = True, JobState.RUNNING, timezone.now()
    parent.save(force_insert=True)


def reasons(batch: Job) -> list[tuple[str, int]]:
    """Why items of a batch failed (``Job.error_type``), and how many, the most frequent first."""
    failed = batch.children.filter(state=JobState.FAILED)
    counted = failed.values("error_type").annotate(number=Count("pk")).order_by("-number")
    return [(row["error_type"], row["number"]) for row in counted]


def retry_failed(batch: Job, *, reason: str = "") -> Job:
    """Make a new batch of just the items that failed (for one reason), or were cancelled.

    Raises NothingToRetry, and RetriedAlready while such a new batch isn't over.
    """
    unsuccessful = batch.children.filter(state__in=UNSUCCESSFUL).order_by("pk")
    if reason:
        unsuccessful = unsuccessful.filter(error_type=reason)
    if not unsuccessful.exists():
        raise NothingToRetry(f"Nothing failed in job {batch.pk}{reason and f' with {reason}'}.")
    with transaction.atomic():
        again = _copy(batch)
        again.dedupe_key = f"retry:{batch.pk}"
        Job.objects.select_for_update(no_key=True).get(pk=batch.pk)  # whoever else asks waits
        other = Job.objects.active().filter(dedupe_key=again.dedupe_key).first()
        if other:
            raise RetriedAlready(
                f"Job {other.pk} runs again what failed in it: wait for that or cancel it."
            )
        again.requested_by_id = context.current().user_id or batch.requested_by_id
        open_parent(again)
        queues = set[str]()
        for some in _portions(unsuccessful):
            children = [_copy(child, parent=again) for child in some]
            queues.update(child.queue for child in children)
            Job.objects.bulk_create(children)
        for queue in queues:
            wake(queue)
    return again


class RollUp:
    """Adds up what the children of open batches have done; ends those without an active child.

    Counting a hundred thousand children takes a while: it is done again after ten times as long.
    """

    def __init__(self) -> None:
        self._not_before = 0.0

    def __call__(self) -> None:
        began = time.monotonic()
        if began >= self._not_before:
            roll_up()
            self._not_before = time.monotonic() + 10 * (time.monotonic() - began)


def roll_up() -> None:
    """Write the progress of all open batches, and the end of those that are done."""
    open_batches = list(Job.objects.open_batches().order_by("pk"))
    counted: dict[int, dict[str, int]] = defaultdict(dict)
    rows = Job.objects.filter(parent__in=open_batches).order_by().values_list("parent", "state")
    for parent, state, number in rows.annotate(number=Count("pk")):
        counted[parent][state] = number
    for batch in open_batches:
        try:
            _roll_up_one(batch, counted[batch.pk])
        except Exception:  # not the other batches' trouble
            logger.exception("batch %s could not be added up", batch.pk)


@transaction.atomic
def _roll_up_one(batch: Job, counts: dict[str, int]) -> None:
    done, total = sum(counts.get(state, 0) for state in FINISHED), sum(counts.values())
    facts = {state.value: counts[state] for state in FINISHED if counts.get(state)}
    elapsed = (timezone.now() - (batch.started_at or timezone.now())).total_seconds()
    still = Job.objects.open_batches().filter(pk=batch.pk)
    if (done, total, facts) != (batch.done, batch.total, batch.facts):
        rate = done / elapsed if elapsed > 1 else None
        still.update(done=done, total=total, facts=facts, rate_per_s=rate)
    if done == total and not batch.children.active().exists():  # none was added or begun anew
        _close(batch, facts, still)


def _close(batch: Job, counts: dict[str, int], still: QuerySet[Job]) -> None:
    sums = _sums(batch)
    own = batch.summary if isinstance(batch.summary, dict) else {}
    summary = {key: value for key, value in own.items() if key not in _COUNTED} | sums
    summary |= {state: number + sums.get(state, 0) for state, number in counts.items()}
    if failed := dict(reasons(batch)):
        summary["failed_by"] = failed
    values: dict[str, Any] = {"summary": summary}
    if batch.state == JobState.CANCELLING:
        state = JobState.CANCELLED
    elif counts.get(JobState.FAILED) and not counts.get(JobState.SUCCEEDED):
        state = JobState.FAILED
        values |= {"error_type": "all_failed", "error_message": "Every item failed: see why below."}
    else:
        state = JobState.SUCCEEDED
    end(still, state, **values)


def _sums(batch: Job) -> dict[str, int | float]:
    """Without what is too large for a number."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [batch.pk])
        sums = {key: float(number) for key, number in cursor.fetchall()}
    return {
        key: int(number) if number.is_integer() else number
        for key, number in sums.items()
        if math.isfinite(number)
    }


def _copy(job: Job, *, parent: Job | None = None) -> Job:
    copy = Job(**{name: getattr(job, name) for name in _COPIED}, parent=parent)
    copy.requested_by_id = parent.requested_by_id if parent else None
    return copy


def _portions(jobs: QuerySet[Job]) -> Iterator[list[Job]]:
    rest = jobs.iterator(chunk_size=_BATCH)
    while some := list(islice(rest, _BATCH)):
        yield some
