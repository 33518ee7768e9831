"""Standing orders: what is held, what is due at certain times, what a person has seen."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.models import Timestamped, Versioned
from apps.jobs.choices import Queue
from apps.jobs.models.job import Job


class Hold(models.Model):
    """Nothing of this queue, or of this kind in any queue, is started. Exactly one is named."""

    queue = models.CharField(max_length=10, choices=Queue, blank=True)
    kind = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    since = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["queue", "kind"], name="jobs_hold_once"),
            models.CheckConstraint(
                condition=Q(queue="") ^ Q(kind=""), name="jobs_hold_queue_or_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.queue or self.kind} is paused"


class Schedule(Timestamped, Versioned):
    """A job that is asked for at certain times. ``params`` are those of the kind's task."""

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=60, help_text="the task's name, such as library.scan")
    params = models.JSONField(default=dict, blank=True)
    cron = models.CharField(max_length=100, help_text="minute hour day month weekday: 0 3 * * *")
    priority = models.SmallIntegerField(default=0)
    enabled = models.BooleanField(default=True)
    next_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_job = models.ForeignKey(
        Job, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    last_error = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        indexes = [
            # what is due
            models.Index(fields=["next_at"], condition=Q(enabled=True), name="jobs_schedule_due"),
        ]

    def __str__(self) -> str:
        return self.name


class JobsSeen(models.Model):
    """Up to when a person has seen how their jobs ended."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+"
    )
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} until {self.until}"
