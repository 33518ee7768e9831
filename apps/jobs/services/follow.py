"""Waiting for a job's end."""

import time

from apps.core.progress import Progress, silent
from apps.jobs.choices import FINISHED
from apps.jobs.models import Job

_POLL_S = 0.5


def follow(job: Job, *, report: Progress = silent) -> Job:
    """Report a job's progress until it has ended, and return it as it is then."""
    while True:
        job.refresh_from_db()
        report(job.done, job.total, state=job.state)
        if job.state in FINISHED:
            return job
        time.sleep(_POLL_S)
