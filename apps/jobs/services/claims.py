"""Taking the next job: of many workers on many machines one gets it.

How the next one is found is written in the function ``jobs_claim`` of the database, so that a claim
is one exchange, and planned once a session. Jobs whose time hasn't come aren't looked at: upkeep
(``start_due``) makes them jobs whose time has.
"""

import json
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import JSONField

from apps.jobs.models import Job
from apps.jobs.registry import all_tasks
from apps.jobs.services.gates import is_open

_FIELDS = Job._meta.concrete_fields
_NAMES = [field.attname for field in _FIELDS]
_JSON = [place for place, field in enumerate(_FIELDS) if isinstance(field, JSONField)]
_CLAIM = f"""
    SELECT {", ".join(str(field.column) for field in _FIELDS)} FROM jobs_claim(%s, %s, %s, %s)
"""  # noqa: S608 - of constants
_SUCCEED = "SELECT jobs_succeed(%s, %s, %s, %s, %s, %s)"


def claim(queue: str, *, worker: str) -> Job | None:
    """Take the next job of a queue that may start, or nothing.

    The attempt is counted here, before any work, so that a job that kills its worker ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, _asked(queue, worker))
        return _job(cursor.fetchone())


def succeed(job: Job, *, then_claim: str | None, worker: str) -> tuple[bool, Job | None]:
    """Write down that a job has done its work; whether it was still its worker's, and the next.

    Both are one exchange and one transaction, which is what short jobs cost most. The next is
    claimed from the queue ``then_claim``, if any, even if the lease was lost. A job's summary and
    progress are taken from ``job``; it is no batch, whatever it was in an earlier attempt.
    """
    statement = _SUCCEED
    said: list[Any] = [
        job.pk, job.fence, json.dumps(job.summary), json.dumps(job.facts), job.done, job.total
    ]  # fmt: skip
    if then_claim:
        statement, said = f"{_SUCCEED}; {_CLAIM}", said + _asked(then_claim, worker)
    with connection.cursor() as cursor:
        cursor.execute(statement, said)
        (is_ours,) = cursor.fetchone()
        return is_ours, _job(cursor.fetchone()) if then_claim and cursor.nextset() else None


def is_due(queue: str) -> bool:
    """Whether a worker of the queue would find something to do now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT its_kind FROM jobs_next(%s, %s, '{}')", [queue, _kinds()])
        return bool(cursor.fetchone() != (None,))


def _asked(queue: str, worker: str) -> list[Any]:
    return [queue, _kinds(), worker, settings.MEDIAHUB_JOB_LEASE_SECONDS]


def _job(row: tuple[Any, ...] | None) -> Job | None:
    if row is None:
        return None
    values = list(row)
    for place in _JSON:
        values[place] = json.loads(values[place])
    return Job.from_db(connection.alias, _NAMES, values)


def _kinds() -> list[str]:
    """A worker leaves alone what it doesn't know: another machine's may be newer.

    It also leaves alone what this machine is in no state to do.
    """
    return [task.name for task in all_tasks() if is_open(task)]
