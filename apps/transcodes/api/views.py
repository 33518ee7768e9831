"""Profiles, what they would do, rules, and transcodes."""

from typing import Any

from django.db import models
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from apps.core.api.views import EditableViewSet, ListedViewSet, expected_version
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.library.models import Video
from apps.machines.services import inventory
from apps.transcodes.api import shapes
from apps.transcodes.api.filters import TranscodeFilter
from apps.transcodes.models import EncodingProfile, Transcode, TranscodeRule
from apps.transcodes.services import profiles, rules
from apps.transcodes.services.explain import explain
from apps.transcodes.services.requests import Wish, foresee
from apps.transcodes.tasks.asking import (
    chosen,
    request_forecast,
    request_many,
    request_one,
    request_rule_forecast,
    request_rules,
)
from apps.transcodes.tasks.trash import request_empty_trash, request_restore

_ADD = "transcodes.add_transcode"
_RESTORE = "transcodes.restore_transcode"
_AT_ONCE = 500  # videos that are foreseen while the caller waits


class ProfileViewSet(EditableViewSet):
    """What files are to become: codecs, sizes, rates, tracks, and where the new file goes."""

    queryset = EncodingProfile.objects.all()
    serializer_class = shapes.EncodingProfileSerializer
    ordering_fields = {"id": "id", "name": "name"}
    default_ordering = "name"
    write_scope = "ops"

    def make(self, values: dict[str, Any]) -> models.Model:
        return profiles.create_profile(EncodingProfile(**values))

    def change(self, row: Any, values: dict[str, Any], version: int | None) -> models.Model:
        return profiles.edit_profile(row, values, expected_version=version)

    def remove(self, row: Any, version: int | None) -> None:
        profiles.delete_profile(row, expected_version=version)

    @extend_schema(
        parameters=[
            OpenApiParameter("video", OpenApiTypes.INT, required=True, description="its id"),
            OpenApiParameter("encoder", str, description="only the ways by this one of ffmpeg's"),
        ],
        responses=shapes.TranscodeExplanationShape,
    )
    @action(detail=True, methods=["get"], parameters=("video", "encoder"))
    def command(self, request: Request, **_kwargs: Any) -> Response:
        """What the profile would do with a video: its exact commands, or why it is skipped."""
        pk = request.query_params.get("video", "")
        if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
            raise ValidationError({"video": ["Give the id of a video."]})
        video = get_object_or_404(Video, pk=int(pk))
        encoder = request.query_params.get("encoder", "")
        found = explain(video, self.get_object(), inventory.all_abilities(), encoder=encoder)
        return Response(shapes.represent_explanation(found))

    @extend_schema(responses=shapes.EncodingProfileVersionSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def versions(self, _request: Request, **_kwargs: Any) -> Response:
        """What the profile was, the newest first."""
        rows = self.get_object().versions.order_by("-number")
        return Response(shapes.EncodingProfileVersionSerializer(rows, many=True).data)

    @extend_schema(request=shapes.RollBackSerializer, responses=shapes.EncodingProfileSerializer)
    @action(
        detail=True, methods=["post"], permission="transcodes.change_encodingprofile",
        url_path="roll-back",
    )  # fmt: skip
    def roll_back(self, request: Request, **_kwargs: Any) -> Response:
        """Give the profile the values of one of its versions, as a new version."""
        body = _read(shapes.RollBackSerializer, request)
        version = expected_version(request)
        row = profiles.roll_back(self.get_object(), body["number"], expected_version=version)
        return Response(self.represent(row))

    @extend_schema(
        request=shapes.TranscodeManySerializer,
        responses={200: shapes.TranscodeForecastShape, 202: JobSerializer},
    )
    @action(detail=True, methods=["post"], permission=_ADD, write_scope="write")
    def transcode(self, request: Request, **_kwargs: Any) -> Response:
        """Transcode the videos that don't comply, a job each; or say what it would come to."""
        body = _read(shapes.TranscodeManySerializer, request)
        profile = self.get_object()
        which = {"q": body["q"], "ids": body.get("ids")}
        asked = {**which, "place": body.get("place", ""), "again": body["again"]}
        if not body["dry_run"]:
            return started(request_many(profile, **asked), request)
        videos = chosen(**which, user_id=request.user.pk)
        if videos.order_by()[: _AT_ONCE + 1].count() > _AT_ONCE:
            return started(request_forecast(profile, **asked), request)
        wish = Wish.of(profile, inventory.all_abilities(), place=asked["place"])
        return Response(shapes.represent_forecast(foresee(videos, wish, again=body["again"])))


class RuleViewSet(EditableViewSet):
    """Which videos are transcoded by themselves, and when."""

    queryset = TranscodeRule.objects.all()
    serializer_class = shapes.TranscodeRuleSerializer
    ordering_fields = {"id": "id", "name": "name", "position": "position", "ran_at": "ran_at"}
    default_ordering = "position"
    write_scope = "ops"

    def make(self, values: dict[str, Any]) -> models.Model:
        return rules.create_rule(TranscodeRule(**values), now=timezone.localtime())

    def change(self, row: Any, values: dict[str, Any], version: int | None) -> models.Model:
        now = timezone.localtime()
        return rules.edit_rule(row, values, now=now, expected_version=version)

    @extend_schema(request=shapes.RunTranscodeRuleSerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], permission=_ADD, write_scope="write")
    def run(self, request: Request, **_kwargs: Any) -> Response:
        """Ask for what the rule finds, as a job; dry, its summary only says what that would be."""
        rule = self.get_object()
        if _read(shapes.RunTranscodeRuleSerializer, request)["dry_run"]:
            return started(request_rule_forecast(rule), request)
        return started(request_rules([rule.pk]), request)


class TranscodeViewSet(ListedViewSet):
    """Files that were given another form, that wait for it, or that failed."""

    queryset = Transcode.objects.with_state().select_related("profile")
    serializer_class = shapes.TranscodeSerializer
    filterset_class = TranscodeFilter
    ordering_fields = {
        "id": "id", "created_at": "created_at", "finished_at": "finished_at",
        "source_bytes": "source_bytes", "target_bytes": "target_bytes", "took_s": "took_s",
    }  # fmt: skip

    @extend_schema(request=shapes.AskTranscodeSerializer, responses={202: JobSerializer})
    def create(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Ask for one video to be transcoded. 409 if it complies already, with the reason."""
        body = _read(shapes.AskTranscodeSerializer, request)
        video = get_object_or_404(Video, pk=body["video"])
        profile = get_object_or_404(EncodingProfile, pk=body["profile"])
        _transcode, job = request_one(video, profile, place=body.get("place", ""))
        return started(job, request)

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], permission=_RESTORE)
    def restore(self, request: Request, **_kwargs: Any) -> Response:
        """Bring the replaced source back, while it is in the trash; the new file goes."""
        return started(request_restore(self.get_object()), request)

    @extend_schema(
        operation_id="transcodes_empty_trash", request=shapes.EmptyTrashSerializer,
        responses={202: JobSerializer}, filters=False,
    )  # fmt: skip
    @action(detail=False, methods=["post"], permission=_RESTORE, url_path="empty-trash")
    def empty_trash(self, request: Request, **_kwargs: Any) -> Response:
        """Delete replaced sources for good: those whose time is over, or of some transcodes."""
        body = _read(shapes.EmptyTrashSerializer, request)
        return started(request_empty_trash(body.get("ids")), request)


def _read(serializer: type[Serializer], request: Request) -> dict[str, Any]:
    body = serializer(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)
