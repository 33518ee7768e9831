"""Candidates: looking at them, deciding about them, looking for others."""

from typing import Any

from django.db import models
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from apps.core.api.views import ListedViewSet
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.library.models import Performer, Video
from apps.stashbox.api import match_shapes as shapes
from apps.stashbox.api.filters import MatchFilter
from apps.stashbox.choices import MatchState
from apps.stashbox.models import StashBox, StashMatch
from apps.stashbox.querysets import made_by
from apps.stashbox.services import review
from apps.stashbox.services.apply import plan
from apps.stashbox.services.boxes import settings_of_all
from apps.stashbox.tasks import request_accept

_SEE, _DECIDE = "library.view_video", "library.change_video"


class MatchViewSet(ListedViewSet):
    """What stash-boxes and others know that may be about videos here."""

    queryset = StashMatch.objects.select_related("video", "box", "decided_by")
    serializer_class = shapes.MatchSerializer
    filterset_class = MatchFilter
    ordering_fields = {
        "id": "id", "score": "score", "created_at": "created_at", "decided_at": "decided_at",
    }  # fmt: skip
    permission = _SEE

    @extend_schema(responses=shapes.WholeMatchSerializer)
    def retrieve(self, _request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """A candidate, all that was answered about it, and what its acceptance would change."""
        return Response(self.whole(self.get_object()))

    @extend_schema(request=shapes.AcceptSerializer, responses=shapes.WholeMatchSerializer)
    @action(detail=True, methods=["post"], permission=_DECIDE)
    def accept(self, request: Request, **_kwargs: Any) -> Response:
        """Apply a candidate, and pass over the others of its video; or take some of its fields.

        What a person locked stays, and what a person gave unless just that field is taken.
        """
        body = _read(shapes.AcceptSerializer, request)
        review.accept(self.get_object(), fields=body.get("fields"))
        return Response(self.whole(self.get_object()))

    @extend_schema(request=None, responses=shapes.WholeMatchSerializer)
    @action(detail=True, methods=["post"], permission=_DECIDE)
    def reject(self, _request: Request, **_kwargs: Any) -> Response:
        """Never offer a candidate for its video again."""
        review.reject(self.get_object())
        return Response(self.whole(self.get_object()))

    @extend_schema(request=None, responses=shapes.WholeMatchSerializer)
    @action(detail=True, methods=["post"], permission=_DECIDE)
    def reopen(self, _request: Request, **_kwargs: Any) -> Response:
        """Let a candidate wait for a decision again. What was taken of it is undone, unless it was
        changed since (409)."""
        review.take_back([self.get_object()])
        return Response(self.whole(self.get_object()))

    @extend_schema(
        operation_id="stash_boxes_matches_reopen_video", request=shapes.OfVideoSerializer,
        responses=shapes.WholeMatchSerializer(many=True), filters=False,
    )  # fmt: skip
    @action(
        detail=False, methods=["post"], permission=_DECIDE, url_path="reopen",
        pagination_class=None,
    )  # fmt: skip
    def reopen_video(self, request: Request, **_kwargs: Any) -> Response:
        """Let all that was rejected or passed over of a video wait for a decision again."""
        video = get_object_or_404(Video, pk=_read(shapes.OfVideoSerializer, request)["video"])
        return Response(self.whole_of(review.open_again(video)))

    @extend_schema(request=shapes.LinkPerformerSerializer, responses=shapes.WholeMatchSerializer)
    @action(detail=True, methods=["post"], permission=_DECIDE, url_path="link-performer")
    def link_performer(self, request: Request, **_kwargs: Any) -> Response:
        """Say who somebody in a candidate is here, or make a performer of them."""
        body, person = _read(shapes.LinkPerformerSerializer, request), None
        deed = "change" if body.get("performer") else "add"
        if not request.user.has_perm(f"library.{deed}_performer"):
            raise PermissionDenied
        if pk := body.get("performer"):
            person = get_object_or_404(Performer, pk=pk)
        review.link_performer(self.get_object(), body["remote_id"], performer=person)
        return Response(self.whole(self.get_object()))

    @extend_schema(
        operation_id="stash_boxes_matches_accept_many", request=shapes.AcceptManySerializer,
        responses={200: shapes.ForeseenShape, 202: JobSerializer}, filters=False,
    )  # fmt: skip
    @action(detail=False, methods=["post"], permission=_DECIDE, url_path="accept")
    def accept_many(self, request: Request, **_kwargs: Any) -> Response:
        """Accept the best candidates of videos that wait, as a job; or say what would change.

        Left for a person are videos of which two candidates are nearly as good.
        """
        body = _read(shapes.AcceptManySerializer, request)
        matches = self.get_queryset().filter(state=MatchState.REVIEW)
        equal = {name: body[name] for name in ("box", "source") if name in body}
        matches = matches.filter(**equal)
        if studio := body.get("studio"):
            matches = matches.filter(made_by(studio))
        if body["dry_run"]:
            foreseen = review.foresee_bulk(matches, body["from_score"])
            return Response(shapes.represent_foreseen(foreseen))
        return started(request_accept(matches, from_score=body["from_score"]), request)

    @extend_schema(
        request=shapes.SearchSerializer, responses=shapes.WholeMatchSerializer(many=True),
        filters=False,
    )  # fmt: skip
    @action(detail=False, methods=["post"], permission=_DECIDE, pagination_class=None)
    def search(self, request: Request, **_kwargs: Any) -> Response:
        """Search a box by words; what it finds is a candidate for a video, to be reviewed."""
        body = _read(shapes.SearchSerializer, request)
        video = get_object_or_404(Video, pk=body["video"])
        box = get_object_or_404(StashBox, pk=body["box"], enabled=True)
        return Response(self.whole_of(review.search(video, box, body["text"])))

    @extend_schema(request=shapes.PasteSerializer, responses=shapes.WholeMatchSerializer)
    @action(detail=False, methods=["post"], permission=_DECIDE)
    def paste(self, request: Request, **_kwargs: Any) -> Response:
        """Make a scene, named by its address or id, a candidate for a video."""
        body = _read(shapes.PasteSerializer, request)
        video = get_object_or_404(Video, pk=body["video"])
        return Response(self.whole(review.paste(video, body["text"])))

    @extend_schema(request=shapes.OfVideoSerializer, responses={204: None})
    @action(detail=False, methods=["post"], permission=_DECIDE)
    def skip(self, request: Request, **_kwargs: Any) -> Response:
        """Pass over all that waits of a video."""
        review.skip(get_object_or_404(Video, pk=_read(shapes.OfVideoSerializer, request)["video"]))
        return Response(status=204)

    def whole(self, match: StashMatch) -> dict[str, Any]:
        return self.whole_of([match])[0]

    def whole_of(self, matches: list[StashMatch]) -> list[dict[str, Any]]:
        """Candidates with what each would change, read anew, in the order that is given."""
        rows: dict[int, StashMatch] = self.get_queryset().in_bulk([one.pk for one in matches])
        context = {"differences": plan(list(rows.values()), settings=settings_of_all())}
        ordered: list[models.Model] = [rows[one.pk] for one in matches if one.pk in rows]
        return list(shapes.WholeMatchSerializer(ordered, many=True, context=context).data)


def _read(serializer: type[Serializer], request: Request) -> dict[str, Any]:
    body = serializer(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)
