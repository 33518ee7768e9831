"""The job, the queue that the jobs are, and their logs."""

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from apps.jobs.choices import ACTIVE, AT_WORK, FINISHED, JobState, LogLevel, Queue
from apps.jobs.querysets import JobQuerySet

JOB_CHANNEL = "mediahub_jobs"
ONE_OF_A_KEY = "jobs_job_one_active_of_a_key"


class Job(models.Model):
    """One piece of long work. ``services.lifecycle`` and the worker are its only writers.

    ``fence`` grows with every claim: a worker writes only ``WHERE fence = its own``, so that one
    whose lease ran out can write nothing more. Times that decide anything are the database's, for
    the clocks of several machines differ.

    A batch (``is_batch``) has split its work into children and is running, without a worker, until
    the last of them has ended; its progress and summary are theirs.
    """

    uid = models.UUIDField(db_default=RandomUUID(), unique=True, editable=False)
    kind = models.CharField(max_length=60, help_text="the task's name, such as library.scan")
    state = models.CharField(max_length=10, choices=JobState, default=JobState.QUEUED)
    queue = models.CharField(max_length=10, choices=Queue)
    priority = models.SmallIntegerField(default=0, help_text="the higher, the sooner")
    params = models.JSONField(default=dict, blank=True)
    dedupe_key = models.CharField(max_length=200, blank=True)
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, db_index=False, related_name="children"
    )
    item = models.CharField(
        max_length=200, blank=True, help_text="what of its parent's work it does, once in each"
    )
    is_batch = models.BooleanField(default=False, help_text="waits for its children's end")
    after = models.ManyToManyField(
        "self",
        symmetrical=False,
        through="JobDependency",
        through_fields=("job", "needs"),
        related_name="dependants",
    )
    waits = models.PositiveIntegerField(default=0, help_text="jobs that it needs and haven't ended")
    lane = models.CharField(
        max_length=200, blank=True, help_text="what it shares, such as mount:/media/a"
    )
    lane_limit = models.PositiveSmallIntegerField(
        default=0, help_text="how many of its lane may run at once"
    )
    target_type = models.CharField(max_length=60, blank=True, help_text="app_label.model")
    target_id = models.BigIntegerField(null=True, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    created_at = models.DateTimeField(default=timezone.now)
    # upkeep sets it to null when it has come: what backs off is in no worker's way
    run_at = models.DateTimeField(null=True, blank=True, help_text="not before")
    urgency = models.DateTimeField(
        db_default=Now(), help_text="who came first, each point of priority counting as so long ago"
    )
    wait_reason = models.CharField(
        max_length=300, blank=True, default="", db_default="",
        help_text="why it was put off, until it is started again",
    )  # fmt: skip
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    attempt = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    crashes = models.PositiveSmallIntegerField(default=0, help_text="workers that died of it")
    quarantined = models.BooleanField(default=False, help_text="it killed too many workers")
    evidence = models.JSONField(
        default=dict, blank=True, help_text="of its last crash: signal, command, worker"
    )
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
                name=ONE_OF_A_KEY,
            ),
            models.CheckConstraint(
                condition=~Q(state__in=AT_WORK) | Q(lease_until__isnull=False) | Q(is_batch=True),
                name="jobs_job_at_work_has_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=FINISHED) | Q(finished_at__isnull=False),
                name="jobs_job_finished_has_time",
            ),
            models.UniqueConstraint(
                fields=["parent", "item"], condition=~Q(item=""), name="jobs_job_item_once"
            ),
            models.CheckConstraint(
                condition=Q(lane="") | Q(lane_limit__gte=1), name="jobs_job_lane_has_limit"
            ),
        ]
        indexes = [
            # a worker's claim: the most urgent of each lane and kind of a queue
            models.Index(
                fields=["queue", "lane", "kind", "urgency", "id"],
                condition=Q(state=JobState.QUEUED, waits=0, run_at__isnull=True),
                name="jobs_job_claim",
            ),
            # what is delayed or backs off
            models.Index(
                fields=["run_at"],
                condition=Q(state=JobState.QUEUED, run_at__isnull=False),
                name="jobs_job_later",
            ),
            # what waits, in its order, for people; the second condition keeps the planner from
            # using it for claims, where a paused kind in front would be read through
            models.Index(
                fields=["urgency", "id"],
                condition=Q(state=JobState.QUEUED, finished_at__isnull=True),
                name="jobs_job_waiting",
            ),
            # a batch's children by how they are
            models.Index(
                fields=["parent", "state", "id"],
                condition=Q(parent__isnull=False),
                name="jobs_job_children",
            ),
            # how one's own jobs ended
            models.Index(
                fields=["requested_by", "-finished_at"],
                condition=Q(
                    requested_by__isnull=False, finished_at__isnull=False, parent__isnull=True
                ),
                name="jobs_job_own",
            ),
            # what ended last in which way, and all lists: without the parts of batches
            models.Index(
                fields=["state", "-finished_at"],
                condition=Q(finished_at__isnull=False, parent__isnull=True),
                name="jobs_job_ended",
            ),
            models.Index(
                fields=["state", "-id"],
                condition=Q(parent__isnull=True),
                name="jobs_job_root_state",
            ),
            models.Index(fields=["-id"], condition=Q(parent__isnull=True), name="jobs_job_roots"),
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
    def is_waiting_for_children(self) -> bool:
        """A batch that has been split and has no worker any more."""
        return self.is_batch and self.state in AT_WORK and self.lease_until is None

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


class JobDependency(models.Model):
    """``job`` is not started before ``needs`` has succeeded."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="+", db_index=False)
    needs = models.ForeignKey(Job, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "needs"], name="jobs_jobdependency_once"),
            models.CheckConstraint(
                condition=~Q(job=models.F("needs")), name="jobs_jobdependency_not_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} after {self.needs_id}"


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
