"""Rules, and finding labels by their names."""

from typing import Any

from django.db import models
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import audit
from apps.core.api.views import EditableViewSet, StrictView, expected_version
from apps.editing.api.shapes import BulkShape, represent
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.rules.api.shapes import (
    AutoTagSerializer,
    AutoTagSettingsSerializer,
    FindingShape,
    RuleSerializer,
    RunSerializer,
    represent_finding,
)
from apps.rules.models import Rule
from apps.rules.services.autotag import foresee, settings_of_all
from apps.rules.services.rules import create_rule, edit_rule, foresee_rule
from apps.rules.tasks import chosen, request_autotag, request_run

_EDIT = "library.change_video"


class RuleViewSet(EditableViewSet):
    """What is done to videos that a query finds."""

    queryset = Rule.objects.all()
    serializer_class = RuleSerializer
    ordering_fields = {"id": "id", "name": "name", "position": "position", "ran_at": "ran_at"}
    default_ordering = "position"

    def make(self, values: dict[str, Any]) -> models.Model:
        return create_rule(Rule(**values))

    def change(self, row: Any, values: dict[str, Any], version: int | None) -> models.Model:
        return edit_rule(row, values, expected_version=version)

    @extend_schema(request=RunSerializer, responses={200: BulkShape, 202: JobSerializer})
    @action(detail=True, methods=["post"], permission=_EDIT)
    def run(self, request: Request, **_kwargs: Any) -> Response:
        """Change the videos that the rule finds, as a job; or say what would change."""
        body = RunSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        rule = self.get_object()
        if body.validated_data["dry_run"]:
            return Response(represent(foresee_rule(rule, now=timezone.localtime())))
        return started(request_run([rule.pk]), request)


class AutoTagView(StrictView):
    """Labels whose names stand in titles or paths."""

    permission = _EDIT

    @extend_schema(
        operation_id="rules_autotag", request=AutoTagSerializer,
        responses={200: FindingShape, 202: JobSerializer},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Add labels to the videos in which their names are found, as a job; or say which.

        All of it is one entry of the audit.
        """
        body = AutoTagSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        which = {"q": asked["q"], "ids": asked.get("ids")}
        videos = chosen(**which)
        if asked["dry_run"]:
            return Response(represent_finding(foresee(videos, settings_of_all())))
        return started(request_autotag(**which), request)


class AutoTagSettingsView(StrictView):
    """How names are looked for."""

    permission = _EDIT

    @extend_schema(operation_id="rules_autotag_settings", responses=AutoTagSettingsSerializer)
    def get(self, _request: Request) -> Response:
        return Response(AutoTagSettingsSerializer(settings_of_all()).data)

    @extend_schema(
        operation_id="rules_autotag_settings_change", request=AutoTagSettingsSerializer,
        responses=AutoTagSettingsSerializer,
    )  # fmt: skip
    def patch(self, request: Request) -> Response:
        row = settings_of_all()
        body = AutoTagSettingsSerializer(row, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        related = {n: body.validated_data.pop(n) for n in _IGNORED if n in body.validated_data}
        row = audit.update(
            row, body.validated_data, related=related, expected_version=expected_version(request)
        )
        return Response(AutoTagSettingsSerializer(row).data)


_IGNORED = ("ignored_tags", "ignored_performers", "ignored_studios")
