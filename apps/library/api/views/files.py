"""Files as they are on disk."""

import os
from typing import Any
from urllib.parse import parse_qsl

from django.http import Http404, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.streaming import streamed
from apps.core.api.views import ListedViewSet
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.library.api import filters, shapes
from apps.library.api.export import csv_lines, ndjson_lines
from apps.library.api.represent import represent_files
from apps.library.api.selection import read_selection
from apps.library.models import File
from apps.library.services.explain import explain, patient_disk
from apps.library.services.libraries import find_library
from apps.library.services.paths import unescaped
from apps.library.services.verify import accept_content
from apps.library.tasks import request_probe, request_probes, request_verify


class FileViewSet(ListedViewSet):
    """The media files of all libraries. Only scans write them."""

    queryset = File.objects.all()
    serializer_class = shapes.FileShape
    filterset_class = filters.FileFilter
    ordering_fields = {
        "id": "id",
        "size": "size_bytes",
        "duration": "duration_ms",
        "modified_at": "mtime_ns",
    }

    def represent_all(self, rows: list[Any]) -> list[dict[str, Any]]:
        return represent_files(rows)

    def known_parameters(self) -> set[str]:
        known = super().known_parameters()
        if self.action.startswith("export"):
            known |= set(filters.FileFilter.base_filters)
        return known

    @extend_schema(
        parameters=[OpenApiParameter("path", OpenApiTypes.STR, required=True)],
        responses=shapes.FileShape,
        filters=False,
    )
    @action(detail=False, parameters=("path",), pagination_class=None)
    def lookup(self, request: Request, **_kwargs: Any) -> Response:
        """The file at an absolute path, by a library's root or one of its further prefixes."""
        path = _path_parameter(request)
        found = find_library(path)
        file = found and File.objects.at(*found).first()
        if not file and b"\\x" in path:
            found = find_library(unescaped(path))
            file = found and File.objects.at(*found).first()
        if not file:
            raise Http404
        return Response(represent_files([file])[0])

    @extend_schema(
        parameters=[OpenApiParameter("path", OpenApiTypes.STR, required=True)],
        responses=shapes.ExplanationShape,
        filters=False,
    )
    @action(
        detail=False, parameters=("path",), pagination_class=None, permission="library.view_library"
    )
    def why(self, request: Request, **_kwargs: Any) -> Response:
        """Whether the file at an absolute path is in the catalogue, and if not, why."""
        path = _path_parameter(request)
        with patient_disk() as disk:
            return Response(explain(path, disk=disk).as_json())

    @extend_schema(request=shapes.RefreshSerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], permission="library.scan_library", write_scope="ops")
    def reprobe(self, request: Request, **_kwargs: Any) -> Response:
        """Read the file's facts anew."""
        body = shapes.RefreshSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        file = self.get_object()
        return started(request_probe(file.library, [file], **body.validated_data), request)

    @extend_schema(
        operation_id="files_reprobe_selection",
        request=shapes.SelectionSerializer,
        responses={202: JobSerializer},
    )
    @action(
        detail=False, methods=["post"], url_path="reprobe", pagination_class=None,
        filter_backends=[], permission="library.scan_library", write_scope="ops",
    )  # fmt: skip
    def reprobe_selection(self, request: Request, **_kwargs: Any) -> Response:
        """Read the facts of several files anew."""
        files, refresh = read_selection(request, self.get_queryset())
        files = files.select_related("library")
        return started(request_probes(files, refresh=refresh), request)

    @extend_schema(request=shapes.CheckSerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], permission="library.scan_library", write_scope="ops")
    def verify(self, request: Request, **_kwargs: Any) -> Response:
        """Check the file's content: whether it can be decoded and is what it was."""
        file = self.get_object()
        body = shapes.CheckSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return started(request_verify(file.library, files=[file], **body.validated_data), request)

    @extend_schema(request=None, responses=shapes.FileShape)
    @action(
        detail=True, methods=["post"], url_path="accept-content",
        permission="library.scan_library", write_scope="ops",
    )  # fmt: skip
    def accept_content(self, _request: Request, **_kwargs: Any) -> Response:
        """Take what an unsound file holds now for right; the next check sums it up anew."""
        file = self.get_object()
        accept_content([file], now=timezone.now())
        file.refresh_from_db()
        return Response(represent_files([file])[0])

    @extend_schema(responses={(200, "application/x-ndjson"): OpenApiTypes.STR})
    def export_ndjson(self, request: Request, **_kwargs: Any) -> StreamingHttpResponse:
        """All files that the filters leave, a JSON object on each line."""
        files: Any = self.filter_queryset(self.get_queryset())
        return streamed(request, ndjson_lines(files), "application/x-ndjson", name="files.ndjson")

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    def export_csv(self, request: Request, **_kwargs: Any) -> StreamingHttpResponse:
        """All files that the filters leave, as a table."""
        files: Any = self.filter_queryset(self.get_queryset())
        return streamed(request, csv_lines(files), "text/csv; charset=utf-8", name="files.csv")


def _path_parameter(request: Request) -> bytes:
    """As bytes, for names needn't be text: ``%FF`` stands for itself."""
    query = request.META.get("QUERY_STRING", "")
    given = dict(parse_qsl(query, errors="surrogateescape"))
    path = os.fsencode(given.get("path", ""))
    if not path.startswith(b"/"):
        raise ValidationError({"path": ["Give an absolute path."]})
    return os.path.normpath(path)
