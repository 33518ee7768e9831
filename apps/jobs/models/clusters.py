"""The workers as the database knows them, and how busy the queues were."""

from django.db import models
from django.db.models.functions import Now

from apps.jobs.choices import Queue


class Cluster(models.Model):
    """A django-q2 cluster that serves a queue; its main process writes the row every few seconds.

    ``canary_at`` is when a worker of it last really executed something. ``workers`` lists them as
    ``{"pid": 12, "memory_bytes": 90000000}``; which job one has stands in ``Job.worker``.
    """

    host = models.CharField(max_length=80)
    pid = models.PositiveIntegerField()
    queue = models.CharField(max_length=10, choices=Queue)
    slots = models.PositiveSmallIntegerField(help_text="how many workers it should have")
    workers = models.JSONField(default=list)
    gates = models.JSONField(default=dict, help_text="kinds that it starts none of now, and why")
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    canary_at = models.DateTimeField(db_default=Now())
    stopping = models.BooleanField(default=False)
    restarts = models.PositiveIntegerField(default=0)
    restarted_at = models.DateTimeField(null=True, blank=True)
    restart_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["host", "pid"], name="jobs_cluster_one_of_a_process")
        ]

    def __str__(self) -> str:
        return f"{self.queue} on {self.host}:{self.pid}"


class QueueMinute(models.Model):
    """What a queue looked like at the end of a minute, and what ended within it."""

    queue = models.CharField(max_length=10, choices=Queue)
    minute = models.DateTimeField()
    waiting = models.PositiveIntegerField(default=0)
    running = models.PositiveIntegerField(default=0)
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    cancelled = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["minute", "queue"], name="jobs_queueminute_once")
        ]

    def __str__(self) -> str:
        return f"{self.queue} {self.minute:%Y-%m-%d %H:%M}"
