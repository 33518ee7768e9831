"""How many jobs there are, and how busy the queues were: without counting a million rows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Max, Sum

from apps.core.counting import RowCount, count_rows
from apps.jobs.choices import AT_WORK, FINISHED, JobState
from apps.jobs.models import Job, QueueMinute

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEPT = timedelta(days=14)
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
# How wide the points of a chart are, by how many hours it shows at most.
_STEPS = ((1, _MINUTE), (24, timedelta(minutes=15)), (24 * 7, timedelta(hours=1)))
LONGEST_HOURS = 24 * 14
_SAMPLE = """
INSERT INTO jobs_queueminute
    (queue, minute, waiting, running, succeeded, failed, cancelled)
SELECT queue, %(minute)s, coalesce(waiting, 0), coalesce(running, 0),
       coalesce(succeeded, 0), coalesce(failed, 0), coalesce(cancelled, 0)
FROM unnest(%(queues)s::text[]) queue
LEFT JOIN (
    SELECT queue, count(*) AS waiting FROM jobs_job WHERE state = 'queued' GROUP BY queue
) AS waits USING (queue)
LEFT JOIN (
    SELECT queue, count(*) AS running FROM jobs_job
    WHERE state IN ('running', 'cancelling') AND lease_until IS NOT NULL GROUP BY queue
) AS works USING (queue)
LEFT JOIN (
    SELECT queue, count(*) FILTER (WHERE state = 'succeeded') AS succeeded,
           count(*) FILTER (WHERE state = 'failed') AS failed,
           count(*) FILTER (WHERE state = 'cancelled') AS cancelled
    FROM jobs_job WHERE finished_at >= %(minute)s AND finished_at < %(end)s GROUP BY queue
) AS ended USING (queue)
ON CONFLICT DO NOTHING
"""
_HISTORY = """
SELECT date_bin(%(step)s, minute, %(start)s) AS at,
       sum(waiting)::float / count(DISTINCT minute), sum(running)::float / count(DISTINCT minute),
       sum(succeeded), sum(failed), sum(cancelled)
FROM jobs_queueminute
WHERE minute >= %(start)s AND (%(queue)s = '' OR queue = %(queue)s)
GROUP BY at
"""


@dataclass(frozen=True, slots=True)
class Totals:
    """How many jobs are how, items of batches among them; large numbers are about right.

    ``finished`` are all that ended and are still kept, ``failed`` some of them; those of the last
    24 hours are sums of the samples.
    """

    running: RowCount
    waiting: RowCount
    paused: RowCount
    failed: RowCount
    finished: RowCount
    succeeded_today: int
    failed_today: int


@dataclass(frozen=True, slots=True)
class Point:
    """A stretch of time from ``at`` on: the mean depth, and how many ended in it.

    Without a sample (no scheduler ran) the depths are None: the line has a gap.
    """

    at: datetime
    waiting: float | None
    running: float | None
    succeeded: int
    failed: int
    cancelled: int


def totals(*, now: datetime) -> Totals:
    """The numbers for the head of a dashboard; quick with a million finished jobs."""

    def number(*states: str) -> RowCount:
        return count_rows(Job.objects.filter(state__in=states), planned=True)

    ended = QueueMinute.objects.filter(minute__gte=now - _DAY).aggregate(
        succeeded=Sum("succeeded", default=0), failed=Sum("failed", default=0)
    )
    return Totals(
        running=number(*AT_WORK),
        waiting=number(JobState.QUEUED),
        paused=number(JobState.PAUSED),
        failed=number(JobState.FAILED),
        finished=number(*FINISHED),
        succeeded_today=ended["succeeded"],
        failed_today=ended["failed"],
    )


def history(*, hours: int, now: datetime, queue: str = "") -> list[Point]:
    """Depth and throughput over the last hours, of one queue or of all, the oldest first.

    At most 168 points: of a minute each for an hour, of a quarter for a day, else of an hour, or
    two beyond a week. One query.
    """
    step = next((wide for most, wide in _STEPS if hours <= most), _STEPS[-1][1] * 2)
    end = _floor(now, step)
    count = -(-timedelta(hours=hours) // step)
    start = end - step * (count - 1)
    asked: dict[str, Any] = {"step": step, "start": start, "queue": queue}
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY, asked)
        found = {row[0]: Point(*row) for row in cursor.fetchall()}
    times = [start + step * number for number in range(count)]
    return [found.get(at) or Point(at, None, None, 0, 0, 0) for at in times]


def sample_minute(*, now: datetime) -> None:
    """Write down the minute that ended last, once for all schedulers; forget old ones."""
    end = _floor(now, _MINUTE)
    minute = end - _MINUTE
    if QueueMinute.objects.filter(minute=minute).exists():
        return
    queues = list(settings.MEDIAHUB_QUEUES)
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE, {"minute": minute, "end": end, "queues": queues})
    QueueMinute.objects.filter(minute__lt=now - _KEPT).delete()


def sampled_at() -> datetime | None:
    """The last minute that was written down: if it is long ago, no scheduler runs."""
    last: datetime | None = QueueMinute.objects.aggregate(last=Max("minute"))["last"]
    return last


def _floor(at: datetime, step: timedelta) -> datetime:
    return at - (at - _EPOCH) % step
