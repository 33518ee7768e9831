"""Libraries, and the scans that are asked of them."""

from typing import Any

from django.db import models
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import EditableViewSet, expected_version
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.library.api import filters, serializers
from apps.library.api.status import LibraryStatusShape, library_status
from apps.library.models import Library
from apps.library.services import library_edits
from apps.library.tasks import request_removal, request_scan


class LibraryViewSet(EditableViewSet):
    """The folders that MediaHub looks after."""

    queryset = Library.objects.prefetch_related("prefixes")
    serializer_class = serializers.LibrarySerializer
    filterset_class = filters.LibraryFilter
    ordering_fields = {"id": "id", "name": "name", "scanned_at": "scanned_at"}
    default_ordering = "name"
    write_scope = "ops"

    def make(self, values: dict[str, Any]) -> models.Model:
        prefixes = values.pop("prefixes", [])
        return library_edits.create_library(values, prefixes=prefixes)

    def change(self, row: Any, values: dict[str, Any], version: int | None) -> models.Model:
        prefixes = values.pop("prefixes", None)
        return library_edits.edit_library(row, values, prefixes=prefixes, expected_version=version)

    @extend_schema(request=None, responses={202: JobSerializer})
    def destroy(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Start a job that forgets a library with its videos. Files on disk stay as they are."""
        library = self.get_object()
        library_edits.check_removable(library, expected_version=expected_version(request))
        return started(request_removal(library), request)

    @extend_schema(request=serializers.ScanRequestSerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], permission="library.scan_library")
    def scan(self, request: Request, **_kwargs: Any) -> Response:
        """Start a scan; one of the same scope that is under way is answered instead."""
        library = self.get_object()
        body = serializers.ScanRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return started(request_scan(library, **body.validated_data), request)

    @extend_schema(responses=LibraryStatusShape)
    @action(detail=True)
    def status(self, _request: Request, **_kwargs: Any) -> Response:
        """What is in a library, and what its last scan and the one under way came to."""
        return Response(library_status(self.get_object()))
