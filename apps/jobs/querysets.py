from datetime import datetime, timedelta
from typing import Self

from django.db import models, transaction
from django.db.models import F

from apps.jobs.choices import ACTIVE, AT_WORK, FINISHED, JobState


class JobQuerySet(models.QuerySet["Job"]):  # type: ignore[name-defined]
    def active(self) -> Self:
        """Jobs that are waiting, held or at work."""
        return self.filter(state__in=ACTIVE)

    def finished(self) -> Self:
        return self.filter(state__in=FINISHED)

    def due(self, queue: str, *, now: datetime) -> Self:
        """Jobs of a queue that may start, the most urgent first."""
        waiting = self.filter(state=JobState.QUEUED, queue=queue, run_at__lte=now)
        return waiting.order_by("-priority", "run_at", "pk")

    def abandoned(self, *, now: datetime) -> Self:
        """Jobs whose worker has not been heard of within its lease."""
        return self.filter(state__in=AT_WORK, lease_until__lt=now)

    def held(self, job_id: int, fence: int) -> Self:
        """The job, if whoever holds ``fence`` still has its lease; nothing otherwise."""
        return self.filter(pk=job_id, fence=fence, state__in=AT_WORK)

    @transaction.atomic
    def claim(self, queue: str, *, worker: str, now: datetime, lease: timedelta) -> "Job | None":  # type: ignore[name-defined]  # noqa: F821
        """Take the next due job of a queue, or nothing: of many callers one gets it.

        The attempt is counted here, before any work, so that a job that kills its worker ends.
        """
        job = self.due(queue, now=now).select_for_update(skip_locked=True).first()
        if job is None:
            return None
        self.filter(pk=job.pk).update(
            state=JobState.RUNNING,
            attempt=F("attempt") + 1,
            fence=F("fence") + 1,
            version=F("version") + 1,
            worker=worker,
            started_at=now,
            lease_until=now + lease,
        )
        job.refresh_from_db()
        return job
