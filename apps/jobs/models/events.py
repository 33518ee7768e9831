"""What happened to jobs, in one order for everybody.

A trigger writes each change of a job into ``JobChange`` in the same transaction. Ids are drawn
before commits, so that a reader of that table could miss one that commits late: therefore one
process at a time moves what is committed over to ``JobEvent``, whose ids grow in the order in which
they become visible.
"""

from django.db import models
from django.db.models.functions import Now

from apps.jobs.choices import JobState

EVENT_CHANNEL = "mediahub_job_events"


class _Happened(models.Model):
    job_id = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=JobState)
    version = models.PositiveIntegerField()
    is_progress = models.BooleanField(help_text="only its progress changed")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        abstract = True


class JobChange(_Happened):
    """A change that waits for its place in the order."""

    def __str__(self) -> str:
        return f"job {self.job_id} {self.state}"


class JobEvent(_Happened):
    """A change in its place. Kept for ``MEDIAHUB_JOB_EVENT_MINUTES``."""

    def __str__(self) -> str:
        return f"job {self.job_id} {self.state}"
