"""Jobs as the API shows them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework import serializers

from apps.core.api.serializers import AnyObject
from apps.jobs.choices import JobState, LogLevel, Queue
from apps.jobs.models import Job, JobDependency, JobLogLine
from apps.jobs.registry import UnknownTask, find_task
from apps.jobs.services.gates import shut_for


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
    uid = serializers.UUIDField(help_text="the same wherever its backup is restored")
    kind = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=JobState.choices)
    queue = serializers.ChoiceField(choices=Queue.choices)
    priority = serializers.IntegerField(help_text="the higher, the sooner")
    params = AnyObject()
    target = JobTargetShape(allow_null=True)
    parent = serializers.IntegerField(allow_null=True)  # type: ignore[assignment]
    item = serializers.CharField(help_text="what of its parent's work it does")
    is_batch = serializers.BooleanField(help_text="its progress and summary are its children's")
    after = serializers.ListField(
        child=serializers.IntegerField(), help_text="the jobs that have to succeed first"
    )
    waits = serializers.IntegerField(help_text="how many of these haven't yet")
    lane = serializers.CharField(help_text="what it shares with others, such as a mount")
    requested_by = serializers.IntegerField(allow_null=True, help_text="the user's id")
    created_at = serializers.DateTimeField()
    run_at = serializers.DateTimeField(allow_null=True, help_text="not before")
    wait_reason = serializers.CharField(
        help_text="why it was put off, or why no machine starts its kind now"
    )
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    attempt = serializers.IntegerField()
    max_attempts = serializers.IntegerField()
    crashes = serializers.IntegerField(help_text="workers that died of it")
    quarantined = serializers.BooleanField(help_text="it killed too many workers")
    evidence = AnyObject(help_text="of its last crash: signal, command, worker")
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
    return represent_jobs([job])[0]


def represent_jobs(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """Jobs as the API shows them, with one query for what they need."""
    after: dict[int, list[int]] = defaultdict(list)
    needs = JobDependency.objects.filter(job__in=[job.pk for job in jobs]).order_by("needs")
    for job_id, needed in needs.values_list("job", "needs"):
        after[job_id].append(needed)
    shut = shut_for(jobs)
    return [_represent(job, after[job.pk], shut) for job in jobs]


def _wait_reason(job: Job, shut: Mapping[tuple[str, str], str]) -> str:
    is_due = job.state == JobState.QUEUED and not job.wait_reason and not job.waits
    return shut.get((job.queue, job.kind), "") if is_due else job.wait_reason


def _represent(job: Job, after: list[int], shut: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    return {
        "id": job.pk,
        "uid": job.uid,
        "kind": job.kind,
        "title": job_title(job.kind),
        "state": job.state,
        "queue": job.queue,
        "priority": job.priority,
        "params": job.params,
        "target": {"type": job.target_type, "id": job.target_id} if job.target_id else None,
        "parent": job.parent_id,
        "item": job.item,
        "is_batch": job.is_batch,
        "after": after,
        "waits": job.waits,
        "lane": job.lane,
        "requested_by": job.requested_by_id,
        "created_at": job.created_at,
        "run_at": job.run_at,
        "wait_reason": _wait_reason(job, shut),
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "attempt": job.attempt,
        "max_attempts": job.max_attempts,
        "crashes": job.crashes,
        "quarantined": job.quarantined,
        "evidence": job.evidence,
        "pause_requested": job.pause_requested,
        "progress": _progress(job),
        "facts": job.facts,
        "summary": job.summary,
        "error": {"type": job.error_type, "message": job.error_message} if job.error_type else None,
        "worker": job.worker,
        "version": job.version,
    }


def _progress(job: Job) -> dict[str, Any]:
    return {
        "done": job.done,
        "total": job.total,
        "unit": job.unit,
        "rate_per_s": job.rate_per_s,
        "eta_s": job.eta_s,
    }


def job_title(kind: str) -> str:
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
