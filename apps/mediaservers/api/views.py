"""Media servers, whether they can be told, and what they were told."""

from typing import Any

from django.db import models
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import EditableViewSet, ListedViewSet
from apps.mediaservers.api.filters import NoticeFilter
from apps.mediaservers.api.shapes import (
    MappedPathSerializer,
    MappedPathShape,
    MediaServerSerializer,
    NoticeSerializer,
    ServerStateShape,
    TellAgainSerializer,
    TellAgainShape,
)
from apps.mediaservers.models import MediaServer, Notice
from apps.mediaservers.services import testing
from apps.mediaservers.services.notices import tell_again
from apps.mediaservers.services.servers import create_server, delete_server, edit_server

_CHANGE = "mediaservers.change_mediaserver"


class MediaServerViewSet(EditableViewSet):
    """Servers that are told which files have changed."""

    queryset = MediaServer.objects.with_counts().prefetch_related("libraries")
    serializer_class = MediaServerSerializer
    ordering_fields = {"id": "id", "name": "name", "asked_at": "asked_at"}
    default_ordering = "name"
    write_scope = "ops"

    def make(self, values: dict[str, Any]) -> models.Model:
        token, related = values.pop("token", ""), _related(values)
        return create_server(MediaServer(**values), token=token, related=related)

    def change(self, row: Any, values: dict[str, Any], version: int | None) -> models.Model:
        token, related = values.pop("token", None), _related(values)
        return edit_server(row, values, token=token, related=related, expected_version=version)

    def remove(self, row: Any, version: int | None) -> None:
        delete_server(row, expected_version=version)

    @extend_schema(request=None, responses=ServerStateShape)
    @action(detail=True, methods=["post"], permission=_CHANGE)
    def test(self, _request: Request, **_kwargs: Any) -> Response:
        """Ask a server who it is, whether it knows the token, and which folders it shows."""
        state = testing.test_server(self.get_object(), now=timezone.now())
        return Response(ServerStateShape(state).data)

    @extend_schema(request=MappedPathSerializer, responses=MappedPathShape)
    @action(detail=True, methods=["post"], permission=_CHANGE)
    def preview(self, request: Request, **_kwargs: Any) -> Response:
        """Say where a file is for a server, by its path map. Nothing is asked of it."""
        body = MappedPathSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        found = testing.preview(self.get_object(), body.validated_data["path"])
        return Response(MappedPathShape(found).data)


class NoticeViewSet(ListedViewSet):
    """What servers were told, and are to be told, file by file."""

    queryset = Notice.objects.defer("path", "key")
    serializer_class = NoticeSerializer
    filterset_class = NoticeFilter
    ordering_fields = {"id": "id", "changed_at": "changed_at"}

    @extend_schema(request=TellAgainSerializer, responses=TellAgainShape)
    @action(
        detail=False, methods=["post"], permission="mediaservers.tell", write_scope="ops",
        pagination_class=None, filterset_class=None,
    )  # fmt: skip
    def again(self, request: Request) -> Response:
        """Tell servers once more what is over, such as what has failed."""
        body = TellAgainSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        chosen = Notice.objects.filter(pk__in=body.validated_data["ids"])
        return Response({"told": tell_again(chosen, now=timezone.now())})


def _related(values: dict[str, Any]) -> dict[str, Any]:
    return {name: values.pop(name) for name in ("libraries",) if name in values}
