"""Files made of videos: pieces, and copies with chapters."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.serializers import Seconds, StrictSerializer
from apps.core.api.views import StrictView
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.library.models import Video
from apps.markers.api.files import find_video
from apps.markers.services.split_plan import MOST_CUTS, SplitPlan, marker_times, plan_split
from apps.markers.tasks import request_copy, request_split

WRITE_FILES = "library.change_video"
REMOVE_FILES = "library.delete_video"


class SplitSerializer(StrictSerializer):
    """Where to cut: at times, or at markers; one of the three."""

    at = serializers.ListField(
        child=Seconds(), required=False, max_length=MOST_CUTS, help_text="seconds"
    )
    markers = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), required=False,
        max_length=MOST_CUTS, help_text="ids of markers: where they begin and where ranges end",
    )  # fmt: skip
    by = serializers.ChoiceField(choices=["markers"], required=False, help_text="all markers")
    exact = serializers.BooleanField(
        default=False, help_text="at the very frame: what lies around cuts is encoded anew"
    )
    dry_run = serializers.BooleanField(default=False, help_text="only say what would come of it")
    remove_source = serializers.BooleanField(
        default=False, help_text="delete the file once all pieces are there and checked"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if sum(name in attrs for name in ("at", "markers", "by")) != 1:
            raise ValidationError({"at": ["Give one of at, markers and by."]})
        return attrs


class PieceShape(serializers.Serializer):
    number = serializers.IntegerField()
    name = serializers.CharField()
    start = serializers.FloatField(help_text="where it really begins, in seconds")
    end = serializers.FloatField()
    asked = serializers.FloatField(help_text="the time asked for")


class SplitPlanShape(serializers.Serializer):
    """What splitting would come to."""

    exact = serializers.BooleanField()
    codec = serializers.CharField()
    pieces = PieceShape(many=True)
    notes = serializers.ListField(child=serializers.CharField())


class SplitView(StrictView):
    """Cuts a video's file into pieces."""

    permission = WRITE_FILES

    @extend_schema(
        operation_id="videos_split",
        request=SplitSerializer,
        responses={200: SplitPlanShape, 202: JobSerializer},
    )
    def post(self, request: Request, pk: str) -> Response:
        """Say where the file would be cut, or start the job that cuts it.

        Cuts are at the key frames at or before the times, without loss, or exact. Pieces are new
        files beside the source; they become videos with its tags, performers, studio and markers.
        """
        video = find_video(pk)
        body = SplitSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        if asked["remove_source"] and not request.user.has_perm(REMOVE_FILES):
            raise PermissionDenied(f"You need the permission {REMOVE_FILES}.")
        times_ms, exact = _times(video, asked), asked["exact"]
        if asked["dry_run"]:
            return Response(_represent(plan_split(video, times_ms, exact=exact)))
        job = request_split(video, times_ms, exact=exact, remove_source=asked["remove_source"])
        return started(job, request)


class ChaptersView(StrictView):
    """Copies a video's file with its markers as chapters."""

    permission = WRITE_FILES

    @extend_schema(
        operation_id="videos_chapters_write", request=None, responses={202: JobSerializer}
    )
    def post(self, request: Request, pk: str) -> Response:
        """Start the job that writes ``<name>.chapters.<extension>`` beside the file."""
        return started(request_copy(find_video(pk)), request)


def _times(video: Video, asked: dict[str, Any]) -> list[int]:
    """Raises ValidationError."""
    if "at" in asked:
        return list(asked["at"])
    markers = video.markers.all()
    if "markers" in asked:
        markers = markers.filter(pk__in=asked["markers"])
        found = {marker.pk for marker in markers}
        if lacking := sorted(set(asked["markers"]) - found):
            raise ValidationError({"markers": [f"The video has no marker {lacking[0]}."]})
    return marker_times(markers)


def _represent(plan: SplitPlan) -> dict[str, Any]:
    return {
        "exact": plan.exact,
        "codec": plan.codec,
        "pieces": [
            {
                "number": piece.number, "name": piece.name, "start": piece.start_ms / 1_000,
                "end": piece.end_ms / 1_000, "asked": piece.asked_ms / 1_000,
            }
            for piece in plan.pieces
        ],
        "notes": plan.notes,
    }  # fmt: skip
