"""Settings of faces, grouping anew, what that proposes, a video's timeline, and wiping."""

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.filters import AnyOfFilter, FilterSet
from apps.core.api.views import ListedViewSet, StrictView, expected_version
from apps.faces.api import bodies, shapes, shapes_settings
from apps.faces.api.faces import picture
from apps.faces.api.reading import SAY as _SAY
from apps.faces.api.reading import SaidOfFaces, changed, read
from apps.faces.choices import ProposalKind, ProposalState
from apps.faces.engines.files import statuses
from apps.faces.models import FaceLibrary, FaceSettings, Proposal, Shot, Track
from apps.faces.services import libraries, pictures, preview, proposals, regroup
from apps.faces.services.settings import settings_of_all
from apps.faces.tasks.finding import request_wipe
from apps.faces.tasks.grouping import request_regroup
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.library.models import Library, Video

_SEE = "faces.view_identity"


class RegroupView(StrictView):
    """Grouping all faces anew."""

    permission = "faces.find"

    @extend_schema(
        operation_id="faces_recluster", request=bodies.RegroupSerializer,
        responses={200: shapes_settings.RegroupPlanShape, 202: JobSerializer},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Start grouping all faces anew, or say what it would change. What a person said stays."""
        if read(bodies.RegroupSerializer, request)["dry_run"]:
            return Response(shapes_settings.RegroupPlanShape(regroup.foresee_at_once()).data)
        return started(request_regroup(), request)


class ProposalFilter(FilterSet):
    state = filters.ChoiceFilter(choices=ProposalState.choices)
    kind = filters.ChoiceFilter(choices=ProposalKind.choices)
    identity = AnyOfFilter(field_name="identity")

    class Meta:
        model = Proposal
        fields: list[str] = []


class ProposalViewSet(SaidOfFaces, ListedViewSet):
    """What a regrouping would do where a person has spoken."""

    queryset = Proposal.objects.all()
    serializer_class = shapes.ProposalSerializer
    filterset_class = ProposalFilter
    ordering_fields = {"id": "id", "similarity": "similarity"}
    permission = _SEE

    @extend_schema(request=None, responses=shapes.FaceChangeShape)
    @action(detail=True, methods=["post"], permission=_SAY)
    def take(self, _request: Request, **_kwargs: Any) -> Response:
        """Do what is proposed."""
        return changed(proposals.take(self.get_object()))

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"], permission=_SAY)
    def refuse(self, _request: Request, **_kwargs: Any) -> Response:
        """Never propose it again."""
        proposals.refuse(self.get_object())
        return Response(status=204)


class FaceSettingsView(StrictView):
    """How faces are found, grouped and named."""

    queryset = FaceSettings.objects.all()
    write_scope = "ops"

    @extend_schema(operation_id="faces_settings", responses=bodies.FaceSettingsSerializer)
    def get(self, _request: Request) -> Response:
        return Response(bodies.FaceSettingsSerializer(settings_of_all()).data)

    @extend_schema(
        operation_id="faces_settings_change", request=bodies.FaceSettingsSerializer,
        responses=bodies.FaceSettingsSerializer,
    )  # fmt: skip
    def patch(self, request: Request) -> Response:
        body = bodies.FaceSettingsSerializer(settings_of_all(), data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        version = expected_version(request)
        row = libraries.edit_settings(dict(body.validated_data), expected_version=version)
        return Response(bodies.FaceSettingsSerializer(row).data)


class PreviewView(StrictView):
    """What settings would come to."""

    permission = "faces.view_facesettings"

    @extend_schema(
        operation_id="faces_settings_preview", request=bodies.FaceSettingsSerializer,
        responses=shapes_settings.PreviewShape,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """How well settings tell your confirmed faces apart. Nothing is changed."""
        body = bodies.FaceSettingsSerializer(settings_of_all(), data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        return Response(
            shapes_settings.PreviewShape(preview.preview(dict(body.validated_data))).data
        )


class EnginesView(StrictView):
    """What can find and compare faces here."""

    permission = "faces.view_facesettings"

    @extend_schema(operation_id="faces_engines", responses=shapes_settings.EngineShape(many=True))
    def get(self, _request: Request) -> Response:
        """Each engine: whether its models are whole, and what it runs on."""
        return Response([asdict(status) for status in statuses()])


class ComparedView(StrictView):
    """Engines beside one another."""

    permission = "faces.view_facesettings"

    @extend_schema(
        operation_id="faces_engines_compared", responses=shapes_settings.ComparedShape(many=True)
    )
    def get(self, _request: Request) -> Response:
        """How well each engine that has read your confirmed faces tells them apart."""
        return Response([asdict(compared) for compared in preview.compare_engines()])


class FaceLibraryView(StrictView):
    """Whether faces are looked for in a library."""

    queryset = FaceLibrary.objects.all()
    write_scope = "ops"

    @extend_schema(operation_id="faces_library", responses=bodies.FaceLibrarySerializer)
    def get(self, _request: Request, pk: int) -> Response:
        library = get_object_or_404(Library, pk=pk)
        row = FaceLibrary.objects.filter(library=library).first() or FaceLibrary(library=library)
        return Response(bodies.FaceLibrarySerializer(row).data)

    @extend_schema(
        operation_id="faces_library_change", request=bodies.FaceLibrarySerializer,
        responses=bodies.FaceLibrarySerializer,
    )  # fmt: skip
    def patch(self, request: Request, pk: int) -> Response:
        """Switch it on or off. What is known stays until it is wiped."""
        library = get_object_or_404(Library, pk=pk)
        body = bodies.FaceLibrarySerializer(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        row = libraries.edit_library(
            library, expected_version=expected_version(request), **body.validated_data
        )
        return Response(bodies.FaceLibrarySerializer(row).data)


class WipeView(StrictView):
    """Forgetting faces."""

    permission = "faces.wipe"
    write_scope = "ops"

    @extend_schema(operation_id="faces_wipe", request=bodies.WipeSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Start wiping what is known of the faces of a library, or of all. For good."""
        body = read(bodies.WipeSerializer, request)
        library = get_object_or_404(Library, pk=body["library"]) if "library" in body else None
        return started(request_wipe(library), request)


class VideoFacesView(StrictView):
    """Who appears when in a video."""

    permission = _SEE

    @extend_schema(operation_id="videos_faces", responses=shapes.FaceSerializer(many=True))
    def get(self, _request: Request, pk: int) -> Response:
        """A video's faces, the first to be seen first."""
        video = get_object_or_404(Video, pk=pk)
        faces = Track.objects.light().select_related("identity__performer")
        shown = faces.filter(video=video).order_by("start_ms", "pk")
        return Response(shapes.FaceSerializer(shown, many=True).data)


class ShotView(StrictView):
    """One frame of a face."""

    permission = _SEE

    @extend_schema(operation_id="faces_shot", responses={(200, "image/webp"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> HttpResponse:
        """A face in one frame, aligned by the eyes."""
        return picture(request, pictures.crop_of(get_object_or_404(Shot, pk=pk)))
