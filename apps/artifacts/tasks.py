"""The artifacts' jobs."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.artifacts.services.covers import make_covers, videos_lacking_covers
from apps.jobs.choices import JobState, Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import periodic, task
from apps.jobs.services.lifecycle import enqueue

_AFTER_FAILURE = timedelta(minutes=10)


@task(
    "artifacts.covers", title="Covers", queue=Queue.CPU, unit="videos",
    target=("library_id", "library.library"), schedulable=True,
)  # fmt: skip
def covers(job: JobContext, *, library_id: int | None = None) -> dict[str, Any]:
    return dict(make_covers(library_id=library_id, report=job.report, guard=job.guard))


def request_covers(library_id: int | None = None) -> Job:
    """Ask for the covers that are missing, of one library or of all."""
    key = f"artifacts.covers:{library_id or 'all'}"
    return enqueue(covers, {"library_id": library_id}, dedupe_key=key)


@periodic("artifacts.missing_covers", every_s=30)
def request_missing_covers() -> None:
    """Catch what a job that was just ending missed; after a failure not at once."""
    now = timezone.now()
    failed = Job.objects.filter(
        kind=covers.name, state=JobState.FAILED, finished_at__gt=now - _AFTER_FAILURE
    )
    if not failed.exists() and videos_lacking_covers(now=now).exists():
        request_covers()
