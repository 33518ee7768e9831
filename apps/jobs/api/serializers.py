"""Jobs as the API shows them."""

from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import AnyObject
from apps.jobs.choices import JobState, LogLevel, Queue
from apps.jobs.models import Job, JobLogLine
from apps.jobs.registry import UnknownTask, find_task


class JobProgressShape(serializers.Serializer):
    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    unit = serializers.CharField()
    rate_per_s = serializers.FloatField(allow_null=True)
    eta_s = serializers.FloatField(allow_null=True)


class JobErrorShape(serializers.Serializer):
    type = serializers.CharField()
    message = serializers.CharField()


class JobTargetShape(serializers.Serializer):
    type = serializers.CharField(help_text="such as `library.library`")
    id = serializers.IntegerField()


class JobSerializer(serializers.Serializer):
    """A job: a piece of long work."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=JobState.choices)
    queue = serializers.ChoiceField(choices=Queue.choices)
    priority = serializers.IntegerField(help_text="the higher, the sooner")
    params = AnyObject()
    target = JobTargetShape(allow_null=True)
    parent = serializers.IntegerField(allow_null=True)  # type: ignore[assignment]
    requested_by = serializers.IntegerField(allow_null=True, help_text="the user's id")
    created_at = serializers.DateTimeField()
    run_at = serializers.DateTimeField(help_text="not before")
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    attempt = serializers.IntegerField()
    max_attempts = serializers.IntegerField()
    pause_requested = serializers.BooleanField()
    progress = JobProgressShape()
    facts = AnyObject(help_text="running counts")
    summary = AnyObject()
    error = JobErrorShape(allow_null=True)
    worker = serializers.CharField()
    version = serializers.IntegerField()

    def to_representation(self, instance: Job) -> dict[str, Any]:
        return represent_job(instance)


def represent_job(job: Job) -> dict[str, Any]:
    return {
        "id": job.pk,
        "kind": job.kind,
        "title": _title(job.kind),
        "state": job.state,
        "queue": job.queue,
        "priority": job.priority,
        "params": job.params,
        "target": {"type": job.target_type, "id": job.target_id} if job.target_id else None,
        "parent": job.parent_id,
        "requested_by": job.requested_by_id,
        "created_at": job.created_at,
        "run_at": job.run_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "attempt": job.attempt,
        "max_attempts": job.max_attempts,
        "pause_requested": job.pause_requested,
        "progress": {
            "done": job.done,
            "total": job.total,
            "unit": job.unit,
            "rate_per_s": job.rate_per_s,
            "eta_s": job.eta_s,
        },
        "facts": job.facts,
        "summary": job.summary,
        "error": {"type": job.error_type, "message": job.error_message} if job.error_type else None,
        "worker": job.worker,
        "version": job.version,
    }


def _title(kind: str) -> str:
    try:
        return find_task(kind).title
    except UnknownTask:  # of a plug-in that was removed
        return kind


class LogLineSerializer(serializers.ModelSerializer):
    """A line of a job's log."""

    level = serializers.ChoiceField(choices=LogLevel.choices)

    class Meta:
        model = JobLogLine
        fields = ["id", "at", "level", "message"]


class JobLogSerializer(serializers.Serializer):
    """Some lines of a log, oldest first."""

    lines = LogLineSerializer(many=True)
    last = serializers.IntegerField(help_text="give this as `after` to read on")
    more = serializers.BooleanField(help_text="whether there are lines after these by now")
