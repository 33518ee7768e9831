"""Faces: which there are, their pictures, what people say of them, and finding more."""

from hashlib import blake2b
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.artifacts.tasks import request_cover
from apps.core.api.filters import AnyOfFilter, FilterSet, FlagFilter
from apps.core.api.media import FileGone, for_good
from apps.core.api.views import ListedViewSet
from apps.faces.api import bodies, shapes
from apps.faces.api.reading import SAY as _SAY
from apps.faces.api.reading import SaidOfFaces, changed, need_sight, read
from apps.faces.choices import Band, Verdict
from apps.faces.models import Identity, Track
from apps.faces.services import applying, naming, pictures, verdicts
from apps.faces.tasks.finding import request_find
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.library.models import Video

_SEE = "faces.view_identity"
_PICTURE = {(200, "image/webp"): OpenApiTypes.BINARY}


class FaceFilter(FilterSet):
    """Filters of faces. Several are all demanded."""

    video = AnyOfFilter(field_name="video", label="any of these videos")
    identity = AnyOfFilter(field_name="identity", label="any of these identities")
    performer = AnyOfFilter(field_name="identity__performer", label="any of these performers")
    verdict = filters.ChoiceFilter(choices=[v for v in Verdict.choices if v[0]])
    band = filters.ChoiceFilter(choices=Band.choices)
    waiting = FlagFilter(method="that_wait", label="placed by the machine, not judged by a person")

    class Meta:
        model = Track
        fields: list[str] = []

    def that_wait(self, faces: Any, _name: str, value: Any) -> Any:
        if value in (None, ""):
            return faces
        # one by one as the list is read: NOT IN of a million would be worked out first
        waiting = Exists(Track.objects.waiting().filter(pk=OuterRef("pk")))
        return faces.filter(waiting) if value else faces.exclude(waiting)


class FaceViewSet(SaidOfFaces, ListedViewSet):
    """Faces in videos and in pictures of performers."""

    queryset = Track.objects.light().select_related("identity__performer")
    serializer_class = shapes.FaceSerializer
    filterset_class = FaceFilter
    ordering_fields = {"id": "id", "quality": "quality", "similarity": "similarity"}
    permission = _SEE

    def represent_all(self, rows: list[Any]) -> list[dict[str, Any]]:
        named = naming.with_names([row.candidates for row in rows])
        for row, candidates in zip(rows, named, strict=True):
            row.candidates = candidates
        return super().represent_all(rows)

    @extend_schema(responses=_PICTURE)
    @action(detail=True)
    def portrait(self, request: Request, **_kwargs: Any) -> HttpResponse:
        """The best picture of a face, with its surroundings."""
        return picture(request, pictures.portrait_of(self.get_object()))

    @extend_schema(request=bodies.FacesSerializer, responses=shapes.FaceChangeShape, filters=False)
    @action(detail=False, methods=["post"], permission=_SAY)
    def confirm(self, request: Request, **_kwargs: Any) -> Response:
        """Say that faces are of the identity that each is placed with."""
        return changed(verdicts.confirm(read(bodies.FacesSerializer, request)["faces"]))

    @extend_schema(request=bodies.FacesSerializer, responses=shapes.FaceChangeShape, filters=False)
    @action(detail=False, methods=["post"], permission=_SAY)
    def reject(self, request: Request, **_kwargs: Any) -> Response:
        """Say that faces aren't of the identity that each is placed with: they never come back."""
        return changed(verdicts.reject(read(bodies.FacesSerializer, request)["faces"]))

    @extend_schema(request=bodies.FacesSerializer, responses=shapes.FaceChangeShape, filters=False)
    @action(detail=False, methods=["post"], permission=_SAY, url_path="not-a-face")
    def not_a_face(self, request: Request, **_kwargs: Any) -> Response:
        """Say that what was found is no face."""
        return changed(verdicts.not_a_face(read(bodies.FacesSerializer, request)["faces"]))

    @extend_schema(request=bodies.FacesSerializer, responses=shapes.FaceChangeShape, filters=False)
    @action(detail=False, methods=["post"], permission=_SAY)
    def ignore(self, request: Request, **_kwargs: Any) -> Response:
        """Say that faces are of nobody who matters."""
        return changed(verdicts.ignore_tracks(read(bodies.FacesSerializer, request)["faces"]))

    @extend_schema(request=bodies.FacesSerializer, responses=shapes.FaceChangeShape, filters=False)
    @action(detail=False, methods=["post"], permission=_SAY)
    def clear(self, request: Request, **_kwargs: Any) -> Response:
        """Take back what people said of faces."""
        return changed(verdicts.clear(read(bodies.FacesSerializer, request)["faces"]))

    @extend_schema(
        request=bodies.AssignFacesSerializer, responses=shapes.FaceChangeShape, filters=False
    )
    @action(detail=False, methods=["post"], permission=_SAY)
    def assign(self, request: Request, **_kwargs: Any) -> Response:
        """Say whose faces they are: an identity's, or (`null`) a new one's."""
        body = read(bodies.AssignFacesSerializer, request)
        pk = body["identity"]
        identity = get_object_or_404(Identity, pk=pk) if pk else None
        return changed(verdicts.assign(body["faces"], identity))

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], permission="library.change_video")
    def cover(self, request: Request, **_kwargs: Any) -> Response:
        """Have the video's cover show this face, and start making it."""
        need_sight(request)
        face: Track = self.get_object()
        video = get_object_or_404(Video, pk=face.video_id)
        return started(request_cover(video, applying.best_moment_ms(face)), request)

    @extend_schema(request=bodies.FindSerializer, responses={202: JobSerializer}, filters=False)
    @action(detail=False, methods=["post"], permission="faces.find")
    def find(self, request: Request, **_kwargs: Any) -> Response:
        """Start looking for faces in videos, where that is switched on."""
        body = read(bodies.FindSerializer, request)
        job = request_find(q=body["q"], ids=body.get("ids"), again=body["again"])
        return started(job, request)


def picture(request: Request, told: tuple[bytes, str] | None) -> HttpResponse:
    """A picture under the digest of its own bytes; asked for anew after minutes, for what is wiped
    is to be gone from browsers as well. Raises FileGone."""
    if told is None:
        raise FileGone("There is no such picture.")
    content, content_type = told
    tag = blake2b(content, digest_size=16).hexdigest()
    answer = for_good(request, content, content_type, tag=tag)
    answer["Cache-Control"] = f"private, max-age={pictures.FRESH_SECONDS}"
    return answer
