"""What one watched, and how one wants the player."""

from typing import Any
from uuid import uuid4

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.filters import AnyOfFilter, FilterSet
from apps.core.api.serializers import Seconds, StrictSerializer
from apps.core.api.views import ListedViewSet, StrictView
from apps.library.models import Play, Video, Viewing
from apps.playback.choices import ACTIONS
from apps.playback.models import PlayerSettings
from apps.playback.services.history import record_stretch
from apps.playback.services.settings import change_settings, settings_of
from apps.playback.services.shortcuts import keys_in_force


class PlayedSerializer(StrictSerializer):
    """A stretch that was played, in seconds from the video's beginning.

    ``session`` is any UUID that a player keeps while it plays: reports of one session are one play.
    """

    session = serializers.UUIDField(required=False)
    to = Seconds()
    position = Seconds(required=False, help_text="where to go on; `to`, if it isn't given")

    def get_fields(self) -> dict[str, serializers.Field]:
        return {**super().get_fields(), "from": Seconds(default=0)}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["to"] < attrs["from"]:
            raise serializers.ValidationError({"to": ["It can't end before it starts."]})
        return attrs


class ViewingSerializer(serializers.Serializer):
    """What one did with a video so far."""

    video = serializers.IntegerField(source="video_id")
    play_count = serializers.IntegerField()
    played = Seconds(source="played_ms")
    position = Seconds(source="position_ms")
    last_played_at = serializers.DateTimeField(allow_null=True)


class PlayedVideoShape(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()


class PlaySerializer(serializers.Serializer):
    """One time that one played a video."""

    id = serializers.IntegerField()
    video = PlayedVideoShape(source="viewing.video")
    session = serializers.UUIDField()
    started_at = serializers.DateTimeField()
    start = Seconds(source="from_ms")
    end = Seconds(source="to_ms")
    played = Seconds(source="played_ms", help_text="seconds, what was played twice once")
    counted = serializers.BooleanField(help_text="enough was played to count")


class PlayFilter(FilterSet):
    video = AnyOfFilter(field_name="viewing__video")

    class Meta:
        model = Play
        fields: list[str] = []


class PlayerSettingsSerializer(StrictSerializer):
    """How one wants the player. ``shortcuts`` has the keys of the actions that one changed."""

    autoplay = serializers.BooleanField(required=False, help_text="play when the page opens")
    play_next = serializers.BooleanField(required=False, help_text="go on with the next video")
    shortcuts_on = serializers.BooleanField(required=False)
    shortcuts = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(max_length=40), max_length=5),
        required=False,
        help_text=f"by action: {', '.join(action.name for action in ACTIONS)}",
    )
    keys = serializers.SerializerMethodField(help_text="of every action, as they are in force")

    def get_keys(self, row: PlayerSettings) -> dict[str, list[str]]:
        return keys_in_force(row.shortcuts)


class PlayedView(StrictView):
    """Playing a video."""

    permission = "library.view_video"

    @extend_schema(
        operation_id="videos_played", request=PlayedSerializer, responses=ViewingSerializer
    )
    def post(self, request: Request, video: str) -> Response:
        """Note that you played a stretch of the video."""
        row = get_object_or_404(Video, pk=video)
        body = PlayedSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        viewing: Viewing = record_stretch(
            row, _user(request), session=given.get("session") or uuid4(), from_ms=given["from"],
            to_ms=given["to"], position_ms=given.get("position", given["to"]), now=timezone.now(),
        )  # fmt: skip
        return Response(ViewingSerializer(viewing).data)


class PlayViewSet(ListedViewSet):
    """What you played, newest first; nobody sees another's."""

    queryset = Play.objects.select_related("viewing__video").only(
        "id", "session", "started_at", "from_ms", "to_ms", "played_ms", "counted",
        "viewing__video__title",
    )  # fmt: skip
    serializer_class = PlaySerializer
    filterset_class = PlayFilter
    permission = "library.view_video"

    def get_queryset(self) -> QuerySet[Play]:
        return super().get_queryset().filter(user_id=self.request.user.pk)


class PlayerSettingsView(StrictView):
    """How you want the player."""

    permission = "library.view_video"

    @extend_schema(operation_id="player_settings", responses=PlayerSettingsSerializer)
    def get(self, request: Request) -> Response:
        return Response(PlayerSettingsSerializer(settings_of(_user(request))).data)

    @extend_schema(
        operation_id="player_settings_change",
        request=PlayerSettingsSerializer,
        responses=PlayerSettingsSerializer,
    )
    def patch(self, request: Request) -> Response:
        """Change what is named; `shortcuts` are all that differ from the usual ones then."""
        body = PlayerSettingsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        changed = change_settings(_user(request), body.validated_data)
        return Response(PlayerSettingsSerializer(changed).data)


def _user(request: Request) -> AbstractBaseUser:
    assert isinstance(request.user, AbstractBaseUser)  # the permission lets nobody else in
    return request.user
