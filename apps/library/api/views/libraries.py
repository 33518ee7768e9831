"""Libraries, and the scans that are asked of them."""

from typing import Any

from django.db import models
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.views import EditableViewSet, expected_version
from apps.jobs.api.serializers import JobSerializer
from apps.jobs.api.views import started
from apps.library.api import filters, serializers, shapes
from apps.library.api.forgetting import read_choice, represent_losses
from apps.library.api.status import LibraryStatusShape, library_status
from apps.library.models import Library
from apps.library.services import library_edits
from apps.library.services.forget import check_forgettable
from apps.library.tasks import request_forget, request_removal, request_scan, request_verify


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

    @extend_schema(
        request=shapes.ForgetSerializer, responses={200: shapes.LossesShape, 202: JobSerializer}
    )
    @action(
        detail=True, methods=["post"], url_path="forget-missing", permission="library.delete_video"
    )
    def forget_missing(self, request: Request, **_kwargs: Any) -> Response:
        """List what forgetting missing files would take, or start the job that does it.

        Videos without another file go along, with all that people wrote on them.
        """
        library, now = self.get_object(), timezone.now()
        body = shapes.ForgetSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        choice = read_choice(library, asked, now=now)
        if not asked["dry_run"]:
            return started(request_forget(choice), request)
        check_forgettable(library)
        until = min(now, asked.get("until", now))
        return Response(represent_losses(choice, until=until, after=asked["after"]))

    @extend_schema(request=shapes.LibraryCheckSerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], permission="library.scan_library")
    def verify(self, request: Request, **_kwargs: Any) -> Response:
        """Start a check of what files hold: of all, or of some."""
        library = self.get_object()
        body = shapes.LibraryCheckSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        ids = body.validated_data.get("file_ids")
        files = library.files.filter(pk__in=ids) if ids else None
        whole = body.validated_data["whole"]
        return started(request_verify(library, whole=whole, files=files), request)

    @extend_schema(responses=LibraryStatusShape)
    @action(detail=True)
    def status(self, _request: Request, **_kwargs: Any) -> Response:
        """What is in a library, and what its last scan and the one under way came to."""
        return Response(library_status(self.get_object()))
