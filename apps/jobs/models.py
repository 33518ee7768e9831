"""The jobs: what a person sees of long work, and the truth that the workers share."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.jobs.choices import ACTIVE, AT_WORK, FINISHED, JobState, LogLevel, Queue
from apps.jobs.querysets import JobQuerySet

JOB_CHANNEL = "mediahub_jobs"


class Job(models.Model):
    """One piece of long work. ``services.lifecycle`` and the worker are its only writers.

    ``fence`` grows with every claim: a worker writes only ``WHERE fence = its own``, so that one
    whose lease ran out can write nothing more.
    """

    kind = models.CharField(max_length=60, help_text="the task's name, such as library.scan")
    state = models.CharField(max_length=10, choices=JobState, default=JobState.QUEUED)
    queue = models.CharField(max_length=10, choices=Queue)
    priority = models.SmallIntegerField(default=0, help_text="the higher, the sooner")
    params = models.JSONField(default=dict, blank=True)
    dedupe_key = models.CharField(max_length=200, blank=True)
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="children"
    )
    target_type = models.CharField(max_length=60, blank=True, help_text="app_label.model")
    target_id = models.BigIntegerField(null=True, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    created_at = models.DateTimeField(default=timezone.now)
    run_at = models.DateTimeField(default=timezone.now, help_text="not before")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    attempt = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    pause_requested = models.BooleanField(default=False)
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=100, blank=True)
    version = models.PositiveIntegerField(default=1)

    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    rate_per_s = models.FloatField(null=True, blank=True)
    facts = models.JSONField(default=dict, blank=True, help_text="running counts")
    summary = models.JSONField(default=dict, blank=True)
    error_type = models.CharField(max_length=100, blank=True)
    error_message = models.TextField(blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        permissions = [("control_job", "Can cancel, retry, pause and resume jobs")]
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe_key"],
                condition=Q(state__in=ACTIVE) & ~Q(dedupe_key=""),
                name="jobs_job_one_active_of_a_key",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=AT_WORK) | Q(lease_until__isnull=False),
                name="jobs_job_at_work_has_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=FINISHED) | Q(finished_at__isnull=False),
                name="jobs_job_finished_has_time",
            ),
        ]
        indexes = [
            # a worker's claim: due jobs of a queue by urgency
            models.Index(
                fields=["queue", "-priority", "run_at", "id"],
                condition=Q(state=JobState.QUEUED),
                name="jobs_job_due",
            ),
            # upkeep's search for abandoned jobs
            models.Index(
                fields=["lease_until"], condition=Q(state__in=AT_WORK), name="jobs_job_leases"
            ),
            # lists by state, newest first
            models.Index(fields=["state", "-id"], name="jobs_job_state"),
            # the last scan of a library
            models.Index(fields=["target_type", "target_id", "-id"], name="jobs_job_target"),
            # upkeep's removal of old history
            models.Index(
                fields=["finished_at"], condition=Q(finished_at__isnull=False), name="jobs_job_old"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"

    @property
    def eta_s(self) -> float | None:
        """Seconds until the end at the present rate, if both rate and total are known."""
        if self.state != JobState.RUNNING or not self.rate_per_s or self.total is None:
            return None
        return max(0.0, (self.total - self.done) / self.rate_per_s)

    @property
    def percent(self) -> int | None:
        """How far it is, 0 to 100, if the total is known."""
        if not self.total:
            return None
        return min(100, int(100 * self.done / self.total))


class JobLogLine(models.Model):
    """A line of a job's log, bounded in number by ``MEDIAHUB_JOB_LOG_LINES``."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="log_lines", db_index=False)
    at = models.DateTimeField(default=timezone.now)
    level = models.CharField(max_length=10, choices=LogLevel, default=LogLevel.INFO)
    message = models.TextField()

    class Meta:
        indexes = [
            # a job's log after a line already read
            models.Index(fields=["job", "id"], name="jobs_joblogline_job"),
        ]

    def __str__(self) -> str:
        return self.message
