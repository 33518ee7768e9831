"""Who is who: identities, their names, and what joins and parts them."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.filters import AnyOfFilter, FilterSet
from apps.core.api.views import ListedViewSet
from apps.faces.api import bodies, shapes
from apps.faces.api.reading import SAY as _SAY
from apps.faces.api.reading import SaidOfFaces, changed, need_sight, read
from apps.faces.models import Identity
from apps.faces.services import applying, naming, verdicts
from apps.faces.tasks.finding import request_wipe_person
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.library.models import Performer

_KINDS = [(kind, kind) for kind in ("unnamed", "to_confirm", "named", "ignored")]


class IdentityFilter(FilterSet):
    """Filters of identities. Several are all demanded."""

    performer = AnyOfFilter(field_name="performer")
    show = filters.ChoiceFilter(choices=_KINDS, method="of_kind")

    class Meta:
        model = Identity
        fields: list[str] = []

    def of_kind(self, identities: Any, _name: str, value: str) -> Any:
        return getattr(identities, value)() if value else identities


class IdentityViewSet(SaidOfFaces, ListedViewSet):
    """The people whose faces were found, named or not."""

    queryset = Identity.objects.select_related("performer")
    serializer_class = shapes.IdentitySerializer
    filterset_class = IdentityFilter
    ordering_fields = {
        "id": "id", "faces": "track_count", "videos": "video_count", "tightness": "tightness",
    }  # fmt: skip

    def get_queryset(self) -> QuerySet[Identity]:
        rows: QuerySet[Identity] = super().get_queryset()
        return rows.standing() if self.action == "list" else rows  # type: ignore[attr-defined]

    @extend_schema(responses=shapes.FaceCandidateShape(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def candidates(self, _request: Request, **_kwargs: Any) -> Response:
        """Who it may be, the likeliest first."""
        found = naming.candidates(self.get_object())
        return Response(shapes.FaceCandidateShape(found, many=True).data)

    @extend_schema(request=bodies.MergeIdentitySerializer, responses=shapes.FaceChangeShape)
    @action(detail=True, methods=["post"], permission=_SAY)
    def merge(self, request: Request, **_kwargs: Any) -> Response:
        """Say that it is the same person as another: its faces go there."""
        into = get_object_or_404(Identity, pk=read(bodies.MergeIdentitySerializer, request)["into"])
        return changed(verdicts.merge(self.get_object(), into=into))

    @extend_schema(request=bodies.FacesSerializer, responses=shapes.FaceChangeShape)
    @action(detail=True, methods=["post"], permission=_SAY)
    def split(self, request: Request, **_kwargs: Any) -> Response:
        """Say that some of its faces are somebody else: they become an identity of their own."""
        faces = read(bodies.FacesSerializer, request)["faces"]
        return changed(verdicts.split(self.get_object(), faces))

    @extend_schema(request=bodies.AssignSerializer, responses=shapes.FaceChangeShape)
    @action(detail=True, methods=["post"], permission=_SAY)
    def assign(self, request: Request, **_kwargs: Any) -> Response:
        """Say who it is: a performer, a new one by name, or (`performer: null`) nobody known."""
        body, identity = read(bodies.AssignSerializer, request), self.get_object()
        if "name" in body:
            if not request.user.has_perm("library.add_performer"):
                raise PermissionDenied
            return changed(verdicts.create_and_name(identity, body["name"]))
        if body["performer"] is None:
            return changed(verdicts.unname(identity))
        performer = get_object_or_404(Performer, pk=body["performer"])
        return changed(verdicts.name(identity, performer))

    @extend_schema(request=bodies.IgnoreSerializer, responses=shapes.FaceChangeShape)
    @action(detail=True, methods=["post"], permission=_SAY)
    def ignore(self, request: Request, **_kwargs: Any) -> Response:
        """Say that it is nobody who matters, or (`ignored: false`) that it is."""
        on = read(bodies.IgnoreSerializer, request)["ignored"]
        return changed(verdicts.ignore(self.get_object(), on=on))

    @extend_schema(request=bodies.ApartSerializer, responses=shapes.FaceChangeShape)
    @action(detail=True, methods=["post"], permission=_SAY, url_path="keep-apart")
    def keep_apart(self, request: Request, **_kwargs: Any) -> Response:
        """Say that two identities are two people: no merge of them is proposed again."""
        other = get_object_or_404(Identity, pk=read(bodies.ApartSerializer, request)["other"])
        return changed(verdicts.keep_apart(self.get_object(), other))

    @extend_schema(request=None, responses={201: None})
    @action(detail=True, methods=["post"], permission="library.change_performer")
    def avatar(self, request: Request, **_kwargs: Any) -> Response:
        """Give the performer the best picture of their face."""
        need_sight(request)
        applying.make_avatar(self.get_object())
        return Response(status=201)

    @extend_schema(request=bodies.WipePersonSerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], permission="faces.wipe", write_scope="ops")
    def wipe(self, request: Request, **_kwargs: Any) -> Response:
        """Start wiping all that is known of its faces, and who it is. For good."""
        body = read(bodies.WipePersonSerializer, request)
        return started(request_wipe_person(self.get_object(), **body), request)
