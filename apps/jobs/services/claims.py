"""Which job is next, and taking it: of many workers on many machines one gets it.

A loose index scan names the lanes and kinds that wait (there are few, however many jobs wait),
looks at the most urgent job of each that may start, and takes the most urgent of those. So neither
a paused kind nor a full lane with a hundred thousand jobs in front costs anything. Jobs whose time
hasn't come aren't looked at: upkeep (``start_due``) makes them jobs whose time has.
"""

from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from apps.jobs.choices import JobState
from apps.jobs.models import Job
from apps.jobs.registry import all_tasks

# Literals, not parameters, so that the planner can tell that the partial index fits.
_OPEN = "queue = $1 AND state = 'queued' AND waits = 0 AND run_at IS NULL"
_BEST = f"""
    WITH RECURSIVE groups AS (
        (SELECT lane, kind FROM jobs_job WHERE {_OPEN} ORDER BY lane, kind LIMIT 1)
        UNION ALL
        SELECT following.lane, following.kind
        FROM groups CROSS JOIN LATERAL (
            SELECT lane, kind FROM jobs_job
            WHERE {_OPEN} AND (lane, kind) > (groups.lane, groups.kind)
            ORDER BY lane, kind LIMIT 1
        ) following
    ), best AS (
        SELECT groups.lane, groups.kind
        FROM groups CROSS JOIN LATERAL (
            SELECT urgency, id, lane_limit FROM jobs_job
            WHERE {_OPEN} AND lane = groups.lane AND kind = groups.kind
            ORDER BY urgency, id LIMIT 1
        ) head
        WHERE groups.kind = ANY($2)
          AND NOT EXISTS (
            SELECT FROM jobs_hold WHERE queue = $1 OR (kind <> '' AND kind = groups.kind))
          AND (groups.lane = '' OR head.lane_limit > (
            SELECT count(*) FROM jobs_job busy
            WHERE busy.state IN ('running', 'cancelling') AND busy.lane = groups.lane
              AND busy.lease_until IS NOT NULL))
        ORDER BY head.urgency, head.id LIMIT 1
    )
"""  # noqa: S608 - of constants
# Planning them takes several times as long as doing them: each session prepares them once.
# The job is chosen in a part of its own: joined with the update, some plans would look for it
# again for each row that they pass, and every look would find, and take, another job.
_PREPARE = f"""
    PREPARE mediahub_is_due (text, text[]) AS {_BEST} SELECT FROM best;
    PREPARE mediahub_claim (text, text[], text, int) AS {_BEST}
    , chosen AS MATERIALIZED (
        SELECT picked.id FROM best CROSS JOIN LATERAL (
            SELECT id FROM jobs_job
            WHERE {_OPEN} AND lane = best.lane AND kind = best.kind
            ORDER BY urgency, id LIMIT 1 FOR UPDATE SKIP LOCKED
        ) picked
    )
    UPDATE jobs_job SET
        state = 'running', attempt = attempt + 1, fence = fence + 1, version = version + 1,
        worker = $3, started_at = statement_timestamp(), pause_requested = false,
        lease_until = statement_timestamp() + make_interval(secs => $4)
    WHERE jobs_job.id = (SELECT id FROM chosen)
    RETURNING jobs_job.*
"""  # noqa: S608 - of constants
_LANE_IS_OVERFULL = """
    SELECT count(*) > %(limit)s FROM jobs_job
    WHERE state IN ('running', 'cancelling') AND lane = %(lane)s AND lease_until IS NOT NULL
"""


def claim(queue: str, *, worker: str) -> Job | None:
    """Take the next job of a queue that may start, or nothing.

    The attempt is counted here, before any work, so that a job that kills its worker ends.
    """
    asked = [queue, _kinds(), worker, settings.MEDIAHUB_JOB_LEASE_SECONDS]
    with transaction.atomic(savepoint=False):
        _prepare()
        while True:
            claimed = Job.objects.raw("EXECUTE mediahub_claim (%s, %s, %s, %s)", asked)
            job = next(iter(claimed), None)
            if job is None or not job.lane or not _is_overfull(job):
                return job
            _put_back(job)  # another worker took the lane's last place meanwhile


def is_due(queue: str) -> bool:
    """Whether a worker of the queue would find something to do now."""
    with connection.cursor() as cursor:
        _prepare()
        cursor.execute("EXECUTE mediahub_is_due (%s, %s)", [queue, _kinds()])
        return bool(cursor.rowcount > 0)


def _prepare() -> None:
    connection.ensure_connection()
    session: Any = connection.connection
    if not getattr(session, "mediahub_is_prepared", False):
        with connection.cursor() as cursor:
            cursor.execute(_PREPARE)
        session.mediahub_is_prepared = True


def _is_overfull(job: Job) -> bool:
    """Claims of one lane look one after the other, each with those before it committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [job.lane])
        cursor.execute(_LANE_IS_OVERFULL, {"lane": job.lane, "limit": job.lane_limit})
        return bool(cursor.fetchone()[0])


def _put_back(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(
        state=JobState.QUEUED, attempt=F("attempt") - 1, version=F("version") + 1, lease_until=None
    )


def _kinds() -> list[str]:
    """A worker leaves alone what it doesn't know: another machine's may be newer."""
    return [task.name for task in all_tasks()]
