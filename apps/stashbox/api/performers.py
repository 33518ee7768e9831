"""Performers at stash-boxes: searched, linked, brought up to date, decided about, shown."""

from dataclasses import asdict
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from apps.core.api.filters import AnyOfFilter, FilterSet
from apps.core.api.views import ListedViewSet, StrictView
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.library.models import Performer, PerformerImage
from apps.stashbox.api import shapes_performers as shapes
from apps.stashbox.models import PerformerLookup, StashBox
from apps.stashbox.services import performers
from apps.stashbox.services.pictures import choose_picture, fetch_known
from apps.stashbox.tasks import request_performers

_SEE, _CHANGE = "library.view_performer", "library.change_performer"


class PerformersAtBoxesViewSet(StrictView, GenericViewSet):
    """Who performers here are at stash-boxes."""

    queryset = Performer.objects.all()
    permission = _CHANGE
    pagination_class = None
    filter_backends = []

    @extend_schema(request=shapes.SearchPerformersSerializer, responses=shapes.HitShape(many=True))
    @action(detail=False, methods=["post"])
    def search(self, request: Request) -> Response:
        """Whom a box finds by a text, or by a performer's name; the likest first."""
        body = _read(shapes.SearchPerformersSerializer, request)
        hits = performers.search(*_named(body), body["text"])
        return Response([shapes.represent_hit(hit) for hit in hits])

    @extend_schema(request=shapes.LinkToBoxSerializer, responses=shapes.LinkedShape)
    @action(detail=False, methods=["post"])
    def link(self, request: Request) -> Response:
        """Say who a performer is at a box, and take over what is empty here."""
        body = _read(shapes.LinkToBoxSerializer, request)
        person, box = _named(body)
        there = performers.link_performer(person, box, body["remote_id"])
        return Response(
            {"performer": person.pk, "box": box.pk, "remote_id": there.id, "name": there.name}
        )

    @extend_schema(request=shapes.PerformerAtBoxSerializer, responses=shapes.UnlinkedShape)
    @action(detail=False, methods=["post"])
    def unlink(self, request: Request) -> Response:
        """Forget who a performer is at a box; what was taken over stays."""
        body = _read(shapes.PerformerAtBoxSerializer, request)
        person = get_object_or_404(Performer, pk=body["performer"])
        box = get_object_or_404(StashBox, pk=body["box"])  # one that is switched off, too
        return Response({"removed": performers.unlink_performer(person, box)})

    @extend_schema(
        request=shapes.RefreshPerformersSerializer,
        responses={200: shapes.RefreshedShape, 202: JobSerializer},
    )
    @action(detail=False, methods=["post"], permission="stashbox.identify")
    def refresh(self, request: Request) -> Response:
        """Bring some who are linked at a box up to date; without ids look all up, as a job."""
        body = _read(shapes.RefreshPerformersSerializer, request)
        if "ids" in body:
            box = get_object_or_404(StashBox, pk=body["box"], enabled=True)
            return Response(asdict(performers.refresh(box, performer_ids=body["ids"])))
        boxes = [body["box"]] if "box" in body else None
        return started(request_performers(boxes), request)

    @extend_schema(request=shapes.FetchPicturesSerializer, responses=shapes.FetchedPicturesShape)
    @action(detail=False, methods=["post"])
    def pictures(self, request: Request) -> Response:
        """Fetch the pictures that boxes know of a performer who is linked there."""
        body = _read(shapes.FetchPicturesSerializer, request)
        outcome = fetch_known(get_object_or_404(Performer, pk=body["performer"]))
        failed = [{"url": url, "reason": reason} for url, reason in outcome.failed.items()]
        return Response({"kept": shapes.represent_pictures(outcome.kept), "failed": failed})

    @extend_schema(request=shapes.ChoosePictureSerializer, responses=shapes.PerformerPictureShape)
    @action(detail=False, methods=["post"], url_path="pictures/choose")
    def choose(self, request: Request) -> Response:
        """Make a picture the first of its performer, which is the one that is shown."""
        body = _read(shapes.ChoosePictureSerializer, request)
        picture = get_object_or_404(PerformerImage, pk=body["image"])
        return Response(shapes.represent_pictures([choose_picture(picture)])[0])


class WaitingFilter(FilterSet):
    """Filters of performers who wait. Several are all demanded."""

    box = AnyOfFilter(field_name="box", label="any of these stash-boxes")
    performer = AnyOfFilter(field_name="performer", label="any of these performers")

    class Meta:
        model = PerformerLookup
        fields: list[str] = []


class WaitingViewSet(ListedViewSet):
    """Performers of whose name a box has somebody, but nothing else says that it is them."""

    queryset = performers.to_review()
    serializer_class = shapes.WaitingSerializer
    filterset_class = WaitingFilter
    ordering_fields = {"id": "id", "asked_at": "asked_at"}
    permission = _SEE

    @extend_schema(request=shapes.DecideSerializer, responses={204: None})
    @action(detail=True, methods=["post"], permission=_CHANGE)
    def confirm(self, request: Request, **_kwargs: Any) -> Response:
        """A candidate is meant: link them, and take over what is empty here."""
        body = _read(shapes.DecideSerializer, request)
        performers.confirm(self.get_object(), body["remote_id"])
        return Response(status=204)

    @extend_schema(request=shapes.DecideSerializer, responses={204: None})
    @action(detail=True, methods=["post"], permission=_CHANGE)
    def reject(self, request: Request, **_kwargs: Any) -> Response:
        """A candidate is somebody else: never offer them again."""
        body = _read(shapes.DecideSerializer, request)
        performers.reject(self.get_object(), body["remote_id"])
        return Response(status=204)


def _named(body: dict[str, Any]) -> tuple[Performer, StashBox]:
    """Raises Http404; a box that is switched off isn't asked."""
    return (
        get_object_or_404(Performer, pk=body["performer"]),
        get_object_or_404(StashBox, pk=body["box"], enabled=True),
    )


def _read(serializer: type[Serializer], request: Request) -> dict[str, Any]:
    body = serializer(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)
