"""The workers, the numbers and one's own news: what a dashboard shows besides the jobs."""

from dataclasses import asdict, fields
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.core.api.serializers import StrictSerializer
from apps.core.counting import RowCount
from apps.jobs.api.serializers import JobSerializer, job_title, represent_jobs
from apps.jobs.choices import Queue
from apps.jobs.services import notices, statistics
from apps.jobs.services.clusters import ClusterView, WorkerView, clusters

_MOST_NOTICES = 100


class WorkerJobShape(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()


class WorkerShape(serializers.Serializer):
    pid = serializers.IntegerField()
    memory = serializers.IntegerField(allow_null=True, help_text="bytes")
    job = WorkerJobShape(allow_null=True)


class ClusterSerializer(serializers.Serializer):
    """A process that serves a queue with some workers."""

    id = serializers.IntegerField()
    queue = serializers.ChoiceField(choices=Queue.choices)
    host = serializers.CharField()
    pid = serializers.IntegerField()
    slots = serializers.IntegerField(help_text="how many workers it should have")
    workers = WorkerShape(many=True)
    gates = serializers.DictField(
        child=serializers.CharField(), help_text="kinds that it starts none of now, and why"
    )
    trouble = serializers.CharField(help_text="what is wrong with it, if anything")
    stopping = serializers.BooleanField()
    started_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField()
    canary_at = serializers.DateTimeField(help_text="when a worker last really did something")
    restarts = serializers.IntegerField()
    restarted_at = serializers.DateTimeField(allow_null=True)
    restart_reason = serializers.CharField()


class ClustersSerializer(serializers.Serializer):
    clusters = ClusterSerializer(many=True)


class NumberShape(serializers.Serializer):
    count = serializers.IntegerField()
    count_is_estimate = serializers.BooleanField()


class TotalsShape(serializers.Serializer):
    running = NumberShape()
    waiting = NumberShape()
    paused = NumberShape()
    failed = NumberShape()
    finished = NumberShape()
    succeeded_today = serializers.IntegerField(help_text="in the last 24 hours")
    failed_today = serializers.IntegerField(help_text="in the last 24 hours")


class PointShape(serializers.Serializer):
    at = serializers.DateTimeField()
    waiting = serializers.FloatField(allow_null=True, help_text="the mean; null: no sample")
    running = serializers.FloatField(allow_null=True)
    succeeded = serializers.IntegerField()
    failed = serializers.IntegerField()
    cancelled = serializers.IntegerField()


class StatisticsSerializer(serializers.Serializer):
    totals = TotalsShape()
    points = PointShape(many=True)


class NoticesSerializer(serializers.Serializer):
    """One's own jobs that ended and weren't seen yet, at most 100."""

    until = serializers.DateTimeField(help_text="give this to say that they were seen")
    jobs = JobSerializer(many=True)


class SeenSerializer(StrictSerializer):
    until = serializers.DateTimeField(help_text="when what was seen had been read")


class JobOverview(GenericViewSet):
    """The part of the jobs' views that is not about single jobs."""

    @extend_schema(responses=ClustersSerializer, filters=False)
    @action(detail=False, pagination_class=None)
    def clusters(self, _request: Request, **_kwargs: Any) -> Response:
        """The workers by queue and host: whether they live, what they do, their memory."""
        views = clusters()
        return Response({"clusters": [_cluster(view) for view in views]})

    @extend_schema(
        parameters=[
            OpenApiParameter("hours", OpenApiTypes.INT, description="1 to 336, 24 if not given"),
            OpenApiParameter("queue", OpenApiTypes.STR, description="of one queue"),
        ],
        responses=StatisticsSerializer,
        filters=False,
    )
    @action(detail=False, parameters=("hours", "queue"), pagination_class=None)
    def statistics(self, request: Request, **_kwargs: Any) -> Response:
        """How many jobs there are, and how deep and busy the queues were in the last hours."""
        hours, queue = _hours(request), request.query_params.get("queue", "")
        if queue and queue not in settings.MEDIAHUB_QUEUES:
            known = ", ".join(settings.MEDIAHUB_QUEUES)
            raise ValidationError({"queue": [f"There is no such queue. Known: {known}."]})
        now = timezone.now()
        totals = statistics.totals(now=now)
        numbers = {each.name: _number(getattr(totals, each.name)) for each in fields(totals)}
        points = statistics.history(hours=hours, now=now, queue=queue)
        return Response({"totals": numbers, "points": [asdict(point) for point in points]})

    @extend_schema(responses=NoticesSerializer, filters=False)
    @action(detail=False, pagination_class=None)
    def notices(self, request: Request, **_kwargs: Any) -> Response:
        """How one's own jobs ended since one last said that one has seen it."""
        now = timezone.now()
        jobs = list(notices.unseen(_person(request))[:_MOST_NOTICES])
        return Response({"until": now, "jobs": represent_jobs(jobs)})

    @extend_schema(request=SeenSerializer, responses={204: None})
    @action(
        detail=False, methods=["post"], url_path="notices/seen", permission="jobs.view_job",
        write_scope="write",
    )  # fmt: skip
    def notices_seen(self, request: Request, **_kwargs: Any) -> Response:
        """Say that one has seen how one's jobs ended, up to a time."""
        body = SeenSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        notices.mark_seen(_person(request), now=body.validated_data["until"])
        return Response(status=204)


def _person(request: Request) -> User:
    assert isinstance(request.user, User)  # nobody else gets past the permissions
    return request.user


def _cluster(view: ClusterView) -> dict[str, Any]:
    row = view.row
    return {
        "id": row.pk,
        "queue": row.queue,
        "host": row.host,
        "pid": row.pid,
        "slots": row.slots,
        "workers": [_worker(worker) for worker in view.workers],
        "gates": row.gates,
        "trouble": view.trouble,
        "stopping": row.stopping,
        "started_at": row.started_at,
        "seen_at": row.seen_at,
        "canary_at": row.canary_at,
        "restarts": row.restarts,
        "restarted_at": row.restarted_at,
        "restart_reason": row.restart_reason,
    }


def _worker(worker: WorkerView) -> dict[str, Any]:
    job = worker.job
    shown = job and {"id": job.pk, "kind": job.kind, "title": job_title(job.kind)}
    return {"pid": worker.pid, "memory": worker.memory_bytes, "job": shown}


def _number(value: RowCount | int) -> Any:
    if isinstance(value, RowCount):
        return {"count": value.rows, "count_is_estimate": not value.is_exact}
    return value


def _hours(request: Request) -> int:
    text = request.query_params.get("hours", "24")
    valid = text.isascii() and text.isdigit() and len(text) < 5
    if not valid or not 1 <= int(text) <= statistics.LONGEST_HOURS:
        raise ValidationError({"hours": [f"Give 1 to {statistics.LONGEST_HOURS} hours."]})
    return int(text)
