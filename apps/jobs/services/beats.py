"""A worker's sign of life, and what it learns by giving it."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from apps.jobs.models import Job, JobLogLine


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a running job by now."""

    state: str
    pause: bool


@transaction.atomic
def beat(job: Job, lines: list[JobLogLine]) -> Asked | None:
    """Renew the lease, write progress and log lines; nothing, if the lease was lost."""
    held = Job.objects.held(job.pk, job.fence)
    # waits for the end of a guard; the lease counts from then
    asked = held.select_for_update().values_list("state", "pause_requested").first()
    if asked is None:
        return None
    held.update(
        lease_until=Now() + timedelta(seconds=settings.MEDIAHUB_JOB_LEASE_SECONDS),
        done=job.done, total=job.total, facts=job.facts, rate_per_s=job.rate_per_s,
    )  # fmt: skip
    JobLogLine.objects.bulk_create(lines)
    return Asked(*asked)
