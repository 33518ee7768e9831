"""Jobs: to be watched by many, controlled by operators."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.jobs.api.backups import JobBackups
from apps.jobs.api.control import JobControl, started
from apps.jobs.api.events import JobEvents
from apps.jobs.api.filters import JobFilter
from apps.jobs.api.overview import JobOverview
from apps.jobs.api.serializers import (
    JobLogSerializer,
    JobSerializer,
    LogLineSerializer,
    represent_jobs,
)
from apps.jobs.models import Job

__all__ = ["JobViewSet", "started"]

_LOG_LINES = 1_000


class JobViewSet(JobEvents, JobOverview, JobBackups, JobControl):
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

    def represent_all(self, rows: list[Any]) -> list[dict[str, Any]]:
        return represent_jobs(rows)

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
