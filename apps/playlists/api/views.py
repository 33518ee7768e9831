"""``playlists/``."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.streaming import streamed
from apps.core.api.views import EditableViewSet
from apps.core.errors import Conflict
from apps.library.api.represent import represent_videos
from apps.library.api.shapes import VideoShape
from apps.library.api.views import VideoViewSet
from apps.library.models import Video
from apps.library.search import Asker, Question, order_of
from apps.playlists.api import serializers
from apps.playlists.models import Playlist, PlaylistItem
from apps.playlists.search import DEFAULT_ORDERING
from apps.playlists.services import items, playlists
from apps.playlists.services.contents import ByHand, contents_of
from apps.playlists.services.m3u8 import Paths, m3u8_lines

_PATHS = [one.value for one in Paths]


class CountChanged(Conflict):
    """The query finds another number of videos than was said; nothing was changed."""

    code = "count_changed"


class _ItemOrder:
    """How the items of a playlist are paged."""

    ordering_fields = {"position": "position"}
    default_ordering = "position"


class PlaylistViewSet(EditableViewSet):
    """Your playlists, and those that others share. Only its owner changes one."""

    queryset = Playlist.objects.select_related("owner")
    serializer_class = serializers.PlaylistSerializer
    permission = "library.view_video"
    ordering_fields = {
        "id": "id", "name": "name", "video_count": "video_count", "created_at": "created_at",
        "updated_at": "updated_at",
    }  # fmt: skip
    default_ordering = "name"

    def get_queryset(self) -> QuerySet[Playlist]:
        rows: Any = super().get_queryset()
        visible: QuerySet[Playlist] = rows.visible_to(self.request.user.pk)
        return visible

    def get_own(self) -> Playlist:
        """Raises PermissionDenied for another's."""
        return self._check_own(self.get_object())

    def _check_own(self, playlist: Playlist) -> Playlist:
        if playlist.owner_id != self.request.user.pk:
            raise PermissionDenied
        return playlist

    @property
    def asker(self) -> Asker:
        return Asker.of(self.request.user)

    def make(self, values: dict[str, Any]) -> models.Model:
        user: Any = self.request.user
        playlist = Playlist(owner_id=user.pk, **values)
        return playlists.create_playlist(playlist, asker=self.asker)

    def change(self, row: Any, values: dict[str, Any], version: int | None) -> models.Model:
        own = self._check_own(row)
        return playlists.edit_playlist(own, values, asker=self.asker, expected_version=version)

    def remove(self, row: Any, version: int | None) -> None:
        playlists.delete_playlist(self._check_own(row), expected_version=version)

    @extend_schema(responses=VideoShape(many=True), filters=False)
    @action(detail=True, parameters=("cursor", "page", "page_size"))
    def videos(self, request: Request, **_kwargs: Any) -> Response:
        """Its videos, in its order."""
        playlist: Playlist = self.get_object()
        paginator: Any = self.paginator
        contents = contents_of(playlist, asker=self.asker)
        if isinstance(contents, ByHand):
            rows = PlaylistItem.objects.filter(playlist=playlist)
            page = paginator.paginate_queryset(rows, request, _ItemOrder)
            ids = [item.video_id for item in page]
        else:
            order = type("_Order", (), {
                "ordering_fields": VideoViewSet.ordering_fields,
                "default_ordering": playlist.ordering or DEFAULT_ORDERING,
            })  # fmt: skip
            page = paginator.paginate_queryset(contents.videos, request, order)
            ids = [video.pk for video in page]
        answer: Response = paginator.get_paginated_response(represent_videos(ids, request=request))
        return answer

    @extend_schema(request=serializers.AddSerializer, responses=serializers.AddedShape)
    @action(detail=True, methods=["post"])
    def add(self, request: Request, **_kwargs: Any) -> Response:
        """Append videos, by their ids in that order or all that a query finds."""
        playlist = self.get_own()
        chosen = _read(serializers.AddSerializer, request)
        if "ids" in chosen:
            _check_known(chosen["ids"])
            added = items.add_named(playlist, chosen["ids"])
        else:
            order = order_of(chosen.get("ordering") or DEFAULT_ORDERING)
            found = self._found(chosen).order_by(*order.order_by())
            added = items.add_found(playlist, found)
        playlist.refresh_from_db()
        return Response({"added": added, "video_count": playlist.video_count})

    @extend_schema(request=serializers.ChoiceSerializer, responses=serializers.RemovedShape)
    @action(detail=True, methods=["post"], url_path="remove")
    def remove_videos(self, request: Request, **_kwargs: Any) -> Response:
        """Take videos out; they stay in the catalogue."""
        playlist = self.get_own()
        chosen = _read(serializers.ChoiceSerializer, request)
        which = chosen["ids"] if "ids" in chosen else self._found(chosen).values("pk")
        removed = items.remove_videos(playlist, which)
        playlist.refresh_from_db()
        return Response({"removed": removed, "video_count": playlist.video_count})

    @extend_schema(request=serializers.MoveSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    def move(self, request: Request, **_kwargs: Any) -> Response:
        """Put a video behind another of the playlist, or at the top."""
        playlist = self.get_own()
        body = _read(serializers.MoveSerializer, request)
        items.move_video(playlist, body["video"], after=body["after"])
        return Response(status=204)

    @extend_schema(request=None, responses={201: serializers.PlaylistSerializer})
    @action(detail=True, methods=["post"])
    def duplicate(self, request: Request, **_kwargs: Any) -> Response:
        """A manual playlist of your own with what this one holds now."""
        user: Any = request.user
        copy = playlists.copy_playlist(self.get_object(), owner_id=user.pk, asker=self.asker)
        location = {"Location": self.location(copy)}
        return Response(self.represent(copy), status=201, headers=location)

    @extend_schema(
        parameters=[OpenApiParameter("paths", enum=_PATHS, description="`absolute` by default")],
        responses={(200, "application/vnd.apple.mpegurl"): OpenApiTypes.STR},
        filters=False,
    )
    def export(self, request: Request, **_kwargs: Any) -> StreamingHttpResponse:
        """Its files for other players, as extended M3U."""
        wanted = request.query_params.get("paths", Paths.ABSOLUTE)
        if wanted not in _PATHS:
            raise ValidationError({"paths": [f"Give one of {', '.join(_PATHS)}."]})
        playlist: Playlist = self.get_object()
        videos = contents_of(playlist, asker=self.asker).in_order()
        lines = m3u8_lines(playlist, videos, paths=Paths(wanted))
        name = f"playlist-{playlist.pk}.m3u8"
        return streamed(request, lines, "application/vnd.apple.mpegurl; charset=utf-8", name=name)

    def _found(self, chosen: dict[str, Any]) -> QuerySet[Video]:
        """Raises CountChanged and QueryError."""
        videos = Question.read(chosen["q"], asker=self.asker).videos()
        if but := chosen.get("but"):
            videos = videos.exclude(pk__in=but)
        if "count" in chosen and (found := videos.count()) != chosen["count"]:
            raise CountChanged(f"The query finds {found:,} videos now, not {chosen['count']:,}.")
        return videos


def _read(serializer: type[Any], request: Request) -> dict[str, Any]:
    body = serializer(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def _check_known(ids: list[int]) -> None:
    """Raises ValidationError for a video that isn't there."""
    known = set(Video.objects.filter(pk__in=ids).values_list("pk", flat=True))
    if unknown := [str(pk) for pk in ids if pk not in known]:
        named = ", ".join(unknown[:20])
        raise ValidationError({"ids": [f"There is no video {named}."]})
