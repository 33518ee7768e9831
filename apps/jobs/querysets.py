from typing import Self

from django.db import models

from apps.jobs.choices import ACTIVE, AT_WORK, FINISHED, JobState


class JobQuerySet(models.QuerySet["Job"]):  # type: ignore[name-defined]
    def active(self) -> Self:
        """Jobs that are waiting, held or at work."""
        return self.filter(state__in=ACTIVE)

    def finished(self) -> Self:
        return self.filter(state__in=FINISHED)

    def roots(self) -> Self:
        """Jobs that aren't parts of a batch."""
        return self.filter(parent__isnull=True)

    def waiting(self) -> Self:
        """What is queued, the most urgent first."""
        queued = self.filter(state=JobState.QUEUED, finished_at__isnull=True)
        return queued.order_by("urgency", "pk")

    def due(self, queue: str) -> Self:
        """Jobs of a queue whose time has come; holds and full lanes may still keep them."""
        return self.waiting().filter(run_at__isnull=True, queue=queue, waits=0)

    def with_worker(self) -> Self:
        """Jobs that a worker has, unlike batches that wait for their children."""
        return self.filter(state__in=AT_WORK, lease_until__isnull=False)

    def open_batches(self) -> Self:
        """Batches whose children haven't all ended, as far as anybody has looked."""
        return self.filter(state__in=ACTIVE, is_batch=True, lease_until__isnull=True)

    def held(self, job_id: int, fence: int) -> Self:
        """The job, if whoever holds ``fence`` still has its lease; nothing otherwise."""
        return self.with_worker().filter(pk=job_id, fence=fence)
