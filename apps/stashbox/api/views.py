"""Stash-boxes, asking them, and how videos are identified."""

from typing import Any

from django.db import models
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import EditableViewSet, StrictView, expected_version
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.stashbox.api.shapes import (
    BoxStateShape,
    IdentifySerializer,
    IdentifySettingsSerializer,
    StashBoxSerializer,
)
from apps.stashbox.models import IdentifySettings, StashBox
from apps.stashbox.services.boxes import (
    create_box,
    delete_box,
    edit_box,
    edit_settings,
    settings_of_all,
    test_box,
)
from apps.stashbox.tasks import request_identify


class StashBoxViewSet(EditableViewSet):
    """Servers that are asked what videos are."""

    queryset = StashBox.objects.all()
    serializer_class = StashBoxSerializer
    ordering_fields = {"id": "id", "name": "name", "position": "position"}
    default_ordering = "position"
    write_scope = "ops"

    def make(self, values: dict[str, Any]) -> models.Model:
        key = values.pop("api_key", "")
        return create_box(StashBox(**values), api_key=key)

    def change(self, row: Any, values: dict[str, Any], version: int | None) -> models.Model:
        key = values.pop("api_key", None)
        return edit_box(row, values, api_key=key, expected_version=version)

    def remove(self, row: Any, version: int | None) -> None:
        delete_box(row, expected_version=version)

    @extend_schema(request=None, responses=BoxStateShape)
    @action(detail=True, methods=["post"], permission="stashbox.change_stashbox")
    def test(self, _request: Request, **_kwargs: Any) -> Response:
        """Ask a box who the key is of, and which version it is."""
        return Response(BoxStateShape(test_box(self.get_object())).data)

    @extend_schema(request=IdentifySerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], permission="stashbox.identify", write_scope="write")
    def identify(self, request: Request, **_kwargs: Any) -> Response:
        """Start asking a box about videos."""
        return _identify(request, [self.get_object().pk])

    @extend_schema(
        operation_id="stash_boxes_identify_everywhere", request=IdentifySerializer,
        responses={202: JobSerializer}, filters=False,
    )  # fmt: skip
    @action(
        detail=False, methods=["post"], permission="stashbox.identify", write_scope="write",
        url_path="identify",
    )  # fmt: skip
    def identify_everywhere(self, request: Request, **_kwargs: Any) -> Response:
        """Start asking all boxes that are enabled about videos, in their order."""
        return _identify(request, None)


class IdentifySettingsView(StrictView):
    """How videos are identified."""

    queryset = IdentifySettings.objects.all()
    write_scope = "ops"

    @extend_schema(operation_id="stash_boxes_settings", responses=IdentifySettingsSerializer)
    def get(self, _request: Request) -> Response:
        return Response(IdentifySettingsSerializer(settings_of_all()).data)

    @extend_schema(
        operation_id="stash_boxes_settings_change", request=IdentifySettingsSerializer,
        responses=IdentifySettingsSerializer,
    )  # fmt: skip
    def patch(self, request: Request) -> Response:
        row = settings_of_all()
        body = IdentifySettingsSerializer(row, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        values = dict(body.validated_data)
        if "policies" in values:
            values["policies"] = {**row.policies, **values["policies"]}
        nightly = values.pop("nightly", None)
        row = edit_settings(values, nightly=nightly, expected_version=expected_version(request))
        return Response(IdentifySettingsSerializer(row).data)


def _identify(request: Request, box_ids: list[int] | None) -> Response:
    body = IdentifySerializer(data=request.data)
    body.is_valid(raise_exception=True)
    asked = body.validated_data
    job = request_identify(
        q=asked["q"], ids=asked.get("ids"), box_ids=box_ids, again=asked["again"]
    )
    return started(job, request)
