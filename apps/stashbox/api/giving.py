"""Giving back to stash-boxes: fingerprints, and drafts of videos and performers."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.core.api.views import StrictView
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.library.models import Performer, Video
from apps.stashbox.api import shapes_giving as shapes
from apps.stashbox.models import StashBox
from apps.stashbox.services.drafts import draft_of
from apps.stashbox.services.submit import PrintGift, foresee
from apps.stashbox.tasks import chosen, request_draft, request_submit

_GIVE = "stashbox.submit"
_MOST_SHOWN = 100
_MOST_COUNTED = 10_000


class GivingViewSet(StrictView, GenericViewSet):
    """Stash-boxes that may be given to."""

    queryset = StashBox.objects.all()
    lookup_value_regex = "[0-9]+"
    permission = _GIVE
    write_scope = "ops"

    @extend_schema(
        request=shapes.GiveSerializer, responses={200: shapes.GivingShape, 202: JobSerializer}
    )
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, **_kwargs: Any) -> Response:
        """Give a box the fingerprints of sure matches, as a job; or say what would be sent."""
        body = shapes.GiveSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        box, q = self.get_object(), body.validated_data["q"]
        if body.validated_data["dry_run"]:
            return Response(_told(foresee(box, videos=chosen(q=q) if q else None)))
        return started(request_submit(box, q=q), request)

    @extend_schema(
        request=shapes.GiveDraftSerializer, responses={200: shapes.DraftShape, 202: JobSerializer}
    )
    @action(detail=True, methods=["post"])
    def drafts(self, request: Request, **_kwargs: Any) -> Response:
        """Give a box the draft of a video or performer, as a job; or say what would be sent."""
        body = shapes.GiveDraftSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked, box = body.validated_data, self.get_object()
        row: Video | Performer
        if "video" in asked:
            row = get_object_or_404(Video, pk=asked["video"])
        else:
            row = get_object_or_404(Performer, pk=asked["performer"])
        if asked["dry_run"]:
            draft = draft_of(row, box)
            size = len(draft.image or b"")
            return Response({"would_send": dict(draft.fields), "image_bytes": size})
        return started(request_draft(row, box, again=asked["again"]), request)


def _told(gifts: Iterator[PrintGift]) -> dict[str, Any]:
    """Counted up to a bound, since nobody waits for an answer about a whole library."""
    shown, videos, scenes, number = [], set(), set(), 0
    for number, gift in enumerate(islice(gifts, _MOST_COUNTED), start=1):
        videos.add(gift.video_id)
        scenes.add(gift.scene_id)
        if number <= _MOST_SHOWN:
            shown.append(gift.as_input())
    return {
        "fingerprints": number, "videos": len(videos), "scenes": len(scenes),
        "counted_all": next(gifts, None) is None, "would_send": shown,
    }  # fmt: skip
