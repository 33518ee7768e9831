"""What happened to jobs: put in order, read on from an id, forgotten in time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Max, Min

from apps.jobs.models import Job, JobEvent

# At one turn a second this keeps up with 3,000 jobs a second.
_MOST_PLACED = 10_000
_FORGET = """
DELETE FROM jobs_jobevent WHERE id < coalesce(
    (SELECT id FROM jobs_jobevent WHERE at >= %s ORDER BY id LIMIT 1),
    (SELECT max(id) FROM jobs_jobevent)
)
"""


@dataclass(frozen=True, slots=True)
class Event:
    """A change of a job: its state and version then, the rest as it was when this was read.

    ``kind`` and ``queue`` are empty if the job has been deleted since.
    """

    id: int
    job: int
    state: str
    version: int
    at: datetime
    kind: str = ""
    queue: str = ""
    done: int = 0
    total: int | None = None
    parent: int | None = None
    requested_by: int | None = None


def put_in_order() -> int:
    """Give the changes that are committed by now their places; return how many got one.

    Consecutive changes of nothing but a job's progress become one. Does nothing while another
    process is at it. Whoever waits for events calls this often, and upkeep calls it always.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT jobs_put_in_order(%s)", [_MOST_PLACED])
        placed: int = cursor.fetchone()[0]
    return placed


def after(event_id: int, *, limit: int) -> list[Event]:
    """The next events after one, in order: two queries, however many."""
    rows = JobEvent.objects.filter(pk__gt=event_id).order_by("pk")
    found = list(rows.values_list("pk", "job_id", "state", "version", "at")[:limit])
    if not found:
        return []
    columns = ("kind", "queue", "done", "total", "parent_id", "requested_by_id")
    jobs = Job.objects.filter(pk__in={row[1] for row in found}).values_list("pk", *columns)
    now_so = {pk: values for pk, *values in jobs}
    return [Event(*row, *now_so.get(row[1], ())) for row in found]


def newest() -> int:
    """The last event's id; 0 if nothing has ever happened."""
    return JobEvent.objects.aggregate(last=Max("pk"))["last"] or 0


def are_kept_after(event_id: int) -> bool:
    """Whether whoever has seen this event can read on without a gap."""
    kept = JobEvent.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if kept["first"] is None:
        return event_id == 0
    return bool(kept["first"] - 1 <= event_id <= kept["last"])


def forget_old(*, now: datetime) -> int:
    """Delete the events before the first that is younger than ``MEDIAHUB_JOB_EVENT_MINUTES``.

    The newest stays, whatever its age: it tells how far the ids have come.
    """
    until = now - timedelta(minutes=settings.MEDIAHUB_JOB_EVENT_MINUTES)
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [until])
        return int(cursor.rowcount)
