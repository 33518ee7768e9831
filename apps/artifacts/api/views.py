"""Artifacts: which there are, the files themselves, and making those that are missing."""

from typing import Any

from django.http import HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.artifacts.api.serializers import (
    ArtifactSerializer,
    CoverageSerializer,
    GenerateSerializer,
)
from apps.artifacts.choices import ArtifactState
from apps.artifacts.models import Artifact
from apps.artifacts.tasks import request_covers
from apps.core.api.filters import AnyOfFilter, FilterSet, WordsFilter
from apps.core.api.media import stored_picture
from apps.core.api.views import ListedViewSet
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.library.models import Library

_SIZES = ("card", "full")


class ArtifactFilter(FilterSet):
    video = AnyOfFilter(field_name="video")
    library = AnyOfFilter(field_name="video__library")
    kind = WordsFilter(field_name="kind")
    state = filters.ChoiceFilter(choices=ArtifactState.choices)
    error = WordsFilter(field_name="error", label="any of these reasons")

    class Meta:
        model = Artifact
        fields: list[str] = []


class ArtifactViewSet(ListedViewSet):
    """What MediaHub derived from videos; all of it can be made again."""

    queryset = Artifact.objects.all()
    serializer_class = ArtifactSerializer
    filterset_class = ArtifactFilter
    ordering_fields = {"id": "id", "size": "size_bytes", "made_at": "made_at"}
    write_scope = "ops"

    @extend_schema(
        parameters=[
            OpenApiParameter("size", enum=_SIZES, default="card"),
            OpenApiParameter("v", description="ignored: makes new addresses for new pictures"),
        ],
        responses={(200, "image/webp"): OpenApiTypes.BINARY},
    )
    @action(detail=True, parameters=("size", "v"))
    def file(self, request: Request, **_kwargs: Any) -> HttpResponse:
        """One file of an artifact."""
        size = request.query_params.get("size", "card")
        if size not in _SIZES:
            raise ValidationError({"size": [f"Known: {', '.join(_SIZES)}."]})
        artifact: Artifact = self.get_object()
        tag = f"{artifact.parameters}-{artifact.source}-{size}"
        return stored_picture(request, artifact.storage_path(size), tag=tag)

    @extend_schema(responses=CoverageSerializer(many=True), filters=False)
    @action(detail=False, pagination_class=None)
    def coverage(self, _request: Request, **_kwargs: Any) -> Response:
        """How many videos of each library have each kind of artifact."""
        return Response(CoverageSerializer(Artifact.objects.coverage(), many=True).data)

    @extend_schema(request=GenerateSerializer, responses={202: JobSerializer})
    @action(detail=False, methods=["post"], permission="artifacts.add_artifact")
    def generate(self, request: Request, **_kwargs: Any) -> Response:
        """Start making what is missing."""
        body = GenerateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        library = body.validated_data.get("library")
        if library and not Library.objects.filter(pk=library).exists():
            raise ValidationError({"library": [f"There is no library {library}."]})
        return started(request_covers(library), request)
