"""Videos."""

from contextlib import nullcontext
from typing import Any

from django.db import models
from django_filters.utils import translate_validation
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import ChangeableViewSet
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.library.api import filters, shapes
from apps.library.api.ranked import VideoPagination, with_ranks
from apps.library.api.represent import represent_videos
from apps.library.api.search_shapes import VideoListShape
from apps.library.api.selection import read_selection
from apps.library.api.views.search import SearchActions
from apps.library.models import File, Video
from apps.library.querysets import DEFERRED
from apps.library.search import ORDERS, Question
from apps.library.search.limits import limited
from apps.library.services import videos
from apps.library.tasks import request_probe, request_probes


class VideoViewSet(SearchActions, ChangeableViewSet):
    """The videos of all libraries. They come from scans, so none can be created here."""

    # Not shown, and long in a much edited video.
    queryset = Video.objects.defer(*DEFERRED, "provenance")
    serializer_class = shapes.VideoShape
    edit_serializer_class = shapes.VideoEditSerializer
    filterset_class = filters.VideoFilter
    ordering_fields = {key: column for key, (_label, column) in ORDERS.items()}
    default_ordering = "-added_at"
    pagination_class = VideoPagination
    question: Question | None = None  # what a list was asked by ``q``

    def filter_queryset(self, queryset: Any) -> Any:
        return self._filter(queryset, self.request.query_params)

    def filter_again(self, question: Question) -> Any:
        """The list by another question."""
        parameters = self.request.query_params.copy()
        parameters["q"] = question.text
        return self._filter(self.get_queryset(), parameters)

    def _filter(self, queryset: Any, parameters: Any) -> Any:
        chosen = self.filterset_class(parameters, queryset=queryset, request=self.request)
        if not chosen.is_valid():
            raise translate_validation(chosen.errors)
        found = chosen.qs
        self.question = chosen.question
        return found

    def represent_all(self, rows: list[Any]) -> list[dict[str, Any]]:
        shown = represent_videos([row.id for row in rows], request=self.request)
        if self.request.query_params.get("why") == "true":
            return with_ranks(shown, self.question)
        return shown

    def change(self, row: Any, values: dict[str, Any], version: int | None) -> models.Model:
        tags, performers = values.pop("tags", None), values.pop("performers", None)
        return videos.edit_video(
            row, values, tags=tags, performers=performers, expected_version=version
        )

    def remove(self, row: Any, version: int | None) -> None:
        videos.delete_video(row, expected_version=version)

    @extend_schema(request=shapes.RefreshSerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], permission="library.scan_library", write_scope="ops")
    def rescan(self, request: Request, **_kwargs: Any) -> Response:
        """Look at the video's files again."""
        body = shapes.RefreshSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        video = self.get_object()
        files = video.files.filter(library_id=video.library_id)
        return started(request_probe(video.library, files, **body.validated_data), request)

    @extend_schema(
        operation_id="videos_rescan_selection",
        request=shapes.SelectionSerializer,
        responses={202: JobSerializer},
    )
    @action(
        detail=False, methods=["post"], url_path="rescan", pagination_class=None,
        filter_backends=[], permission="library.scan_library", write_scope="ops",
    )  # fmt: skip
    def rescan_selection(self, request: Request, **_kwargs: Any) -> Response:
        """Look at the files of several videos again."""
        chosen, refresh = read_selection(request, self.get_queryset())
        files = File.objects.filter(video__in=chosen).select_related("library")
        return started(request_probes(files, refresh=refresh), request)

    @extend_schema(responses=VideoListShape)
    def list(self, _request: Request, *args: Any, **kwargs: Any) -> Response:
        """The videos of all libraries, or those that `q` and the filters choose."""
        with limited() if "q" in self.request.query_params else nullcontext():
            return super().list(_request, *args, **kwargs)
