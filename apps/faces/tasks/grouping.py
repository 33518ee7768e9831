"""Grouping all faces anew."""

from typing import Any

from apps.core.models import AuditEntry
from apps.faces.models import FaceChange
from apps.faces.services import regroup as grouping
from apps.faces.tasks.naming import request_names
from apps.jobs.choices import Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import task
from apps.jobs.services.lifecycle import enqueue


@task("faces.regroup", title="Group faces", queue=Queue.CPU, unit="faces", schedulable=True)
def regroup(job: JobContext) -> dict[str, Any]:
    """Names follow by a job of their own: they may come to change with the faces."""
    change = _done_before(job) or grouping.regroup(report=job.report, guard=job.guard)
    if change is None:
        return {"changed": 0}
    request_names()
    return {"changed": change.summary["faces"], "entry": change.entry, **change.summary}


def request_regroup() -> Job:
    """Ask for all faces to be grouped anew, once."""
    return enqueue(regroup, {}, dedupe_key="faces.regroup")


def _done_before(job: JobContext) -> FaceChange | None:
    """What the job changed before its worker was lost."""
    if job.job.attempt < 2:
        return None
    entries = AuditEntry.objects.filter(job_id=job.job.pk, row_count__gt=0).values("pk")
    found: FaceChange | None = FaceChange.objects.filter(entry__in=entries).order_by("pk").first()
    return found
