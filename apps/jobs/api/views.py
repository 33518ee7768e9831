"""Jobs: to be watched by many, controlled by operators."""

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from apps.accounts.api.permissions import ModelAndScopePermissions, OpsCaller
from apps.core.api.views import ListedViewSet
from apps.jobs.api.events import JobEvents
from apps.jobs.api.filters import JobFilter
from apps.jobs.api.serializers import (
    JobLogSerializer,
    JobSerializer,
    LogLineSerializer,
    represent_job,
)
from apps.jobs.models import Job
from apps.jobs.services import lifecycle

_LOG_LINES = 1_000
_CONTROL: dict[str, Any] = {
    "detail": True,
    "methods": ["post"],
    "permission": "jobs.control_job",
    "permission_classes": [ModelAndScopePermissions, OpsCaller],
}


def started(job: Job, request: Request) -> Response:
    """The answer to a request that started work: 202, the job and its address."""
    location = reverse("v1:job-detail", args=[job.pk], request=request)
    return Response(represent_job(job), status=202, headers={"Location": location})


class JobViewSet(JobEvents, ListedViewSet):
    """Pieces of long work. They are started where their objects are."""

    queryset = Job.objects.all()
    serializer_class = JobSerializer
    filterset_class = JobFilter
    ordering_fields = {
        "id": "id",
        "created_at": "created_at",
        "started_at": "started_at",
        "finished_at": "finished_at",
        "priority": "priority",
    }
    write_scope = "ops"

    @extend_schema(request=None, responses=JobSerializer)
    @action(**_CONTROL)
    def cancel(self, _request: Request, **_kwargs: Any) -> Response:
        """End a job: a waiting one at once, a running one when its worker hears of it."""
        return Response(represent_job(lifecycle.cancel(self.get_object(), now=timezone.now())))

    @extend_schema(request=None, responses=JobSerializer)
    @action(**_CONTROL)
    def pause(self, _request: Request, **_kwargs: Any) -> Response:
        """Hold a job; what it has done is kept."""
        return Response(represent_job(lifecycle.pause(self.get_object())))

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(**_CONTROL)
    def resume(self, request: Request, **_kwargs: Any) -> Response:
        """Let a held job go on."""
        return started(lifecycle.resume(self.get_object(), now=timezone.now()), request)

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(**_CONTROL)
    def retry(self, request: Request, **_kwargs: Any) -> Response:
        """Run a finished job once more."""
        return started(lifecycle.retry(self.get_object(), now=timezone.now()), request)

    @extend_schema(
        parameters=[OpenApiParameter("after", OpenApiTypes.INT, description="a line's id")],
        responses=JobLogSerializer,
    )
    @action(detail=True, parameters=("after",))
    def log(self, request: Request, **_kwargs: Any) -> Response:
        """The job's log after a line, or from its beginning."""
        after = _line_id(request.query_params.get("after", "0"))
        lines = self.get_object().log_lines.filter(pk__gt=after).order_by("pk")
        found = list(lines[: _LOG_LINES + 1])
        shown = found[:_LOG_LINES]
        return Response(
            {
                "lines": LogLineSerializer(shown, many=True).data,
                "last": shown[-1].pk if shown else after,
                "more": len(found) > _LOG_LINES,
            }
        )


def _line_id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValidationError({"after": ["Give the id of a line."]})
    return int(text)
