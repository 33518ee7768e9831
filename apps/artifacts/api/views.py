"""Artifacts: which there are, the files themselves, and making those that are missing."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.artifacts.api import serializers
from apps.artifacts.api.parts import stamp
from apps.artifacts.choices import ArtifactState
from apps.artifacts.models import Artifact
from apps.artifacts.services import coverage
from apps.artifacts.services.cues import sprite_cues
from apps.artifacts.tasks import request_again, request_artifacts, request_clean, request_cover
from apps.core.api.filters import AnyOfFilter, FilterSet, WordsFilter
from apps.core.api.media import for_good, stored_file
from apps.core.api.views import ListedViewSet, StrictView
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.library.models import Library, Video
from apps.library.search import Asker, Question


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
    serializer_class = serializers.ArtifactSerializer
    filterset_class = ArtifactFilter
    ordering_fields = {"id": "id", "size": "size_bytes", "made_at": "made_at"}
    write_scope = "ops"

    @extend_schema(
        parameters=[
            OpenApiParameter("size", description="which of its `files`; else the first"),
            OpenApiParameter("v", description="ignored: makes new addresses for new files"),
        ],
        responses={(200, "image/webp"): OpenApiTypes.BINARY},
    )
    @action(detail=True, parameters=("size", "v"))
    def file(self, request: Request, **_kwargs: Any) -> HttpResponse:
        """One file of an artifact; of a sprite also `vtt`, which names the parts of its sheet."""
        artifact: Artifact = self.get_object()
        known = [*artifact.files, *(["vtt"] if artifact.has_cues else [])]
        name = request.query_params.get("size", known[0] if known else "")
        if known and name not in known:
            raise ValidationError({"size": [f"Known: {', '.join(known)}."]})
        tag = f"{artifact.parameters}-{artifact.source}-{stamp(artifact.made_at)}-{name}"
        if name == "vtt" and artifact.has_cues:
            cues = sprite_cues(artifact, sheet=f"?size=sheet&v={stamp(artifact.made_at)}")
            return for_good(request, cues.encode(), "text/vtt", tag=tag)
        return stored_file(request, artifact.storage_path(name), tag=tag)

    @extend_schema(responses=serializers.CoverageSerializer(many=True), filters=False)
    @action(detail=False, pagination_class=None)
    def coverage(self, _request: Request, **_kwargs: Any) -> Response:
        """How many videos of each library have each kind of artifact."""
        return Response(serializers.CoverageSerializer(coverage.coverage(), many=True).data)

    @extend_schema(request=serializers.GenerateSerializer, responses={202: JobSerializer})
    @action(detail=False, methods=["post"], permission="artifacts.add_artifact")
    def generate(self, request: Request, **_kwargs: Any) -> Response:
        """Start making what is missing, or again what failed."""
        body = serializers.GenerateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        wanted = body.validated_data
        library = wanted.get("library")
        if library and not Library.objects.filter(pk=library).exists():
            raise ValidationError({"library": [f"There is no library {library}."]})
        question = Question.read(wanted.get("q", ""), asker=Asker.of(request.user))
        if "failed" in wanted:
            failed = Artifact.objects.failed(wanted["failed"], kinds=wanted["kinds"])
            if question.node:
                failed = failed.filter(video__in=question.videos())
            job = request_again(failed.filter(video__library=library) if library else failed)
            if job is None:
                raise ValidationError({"failed": ["Nothing failed for this reason."]})
            return started(job, request)
        job = request_artifacts(library, kinds=wanted["kinds"], question=question)
        return started(job, request)

    @extend_schema(request=serializers.CleanSerializer, responses={202: JobSerializer})
    @action(detail=False, methods=["post"], permission="artifacts.delete_artifact")
    def clean(self, request: Request, **_kwargs: Any) -> Response:
        """Start deleting stored files that no artifact names."""
        body = serializers.CleanSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return started(request_clean(search=body.validated_data["search"]), request)


class CoverView(StrictView):
    """The frame that is the cover of a video."""

    permission = "library.change_video"

    @extend_schema(request=serializers.CoverTimeSerializer, responses={202: JobSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Choose the frame that is the cover of a video, and start making it."""
        body = serializers.CoverTimeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        video = get_object_or_404(Video.objects.select_related("library"), pk=pk)
        at_s = body.validated_data["at"]
        return started(request_cover(video, None if at_s is None else round(at_s * 1000)), request)
