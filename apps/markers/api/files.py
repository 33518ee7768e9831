"""Markers as files: out in four formats, in from each of them."""

from dataclasses import asdict
from typing import IO, Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.serializers import StrictSerializer
from apps.core.api.views import StrictView
from apps.library.models import Video
from apps.markers.services.formats import FORMATS, Format, read_markers
from apps.markers.services.formats.cue import MOST_BYTES
from apps.markers.services.transfer import Mode, export_markers, import_markers

_REPLACING = ("library.change_marker", "library.delete_marker")


def find_video(pk: str) -> Video:
    """Raises Http404."""
    video: Video = get_object_or_404(Video.objects.defer("provenance", "tag_ids"), pk=pk)
    return video


class ExportView(StrictView):
    """A video's markers as a file."""

    permission = "library.view_marker"
    to: Format

    def get(self, _request: Request, pk: str) -> HttpResponse:
        text = export_markers(find_video(pk), self.to)
        response = HttpResponse(text, content_type=f"{self.to.media_type}; charset=utf-8")
        response["Content-Disposition"] = f'inline; filename="{self.to.file_name}"'
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-cache"
        return response


def export_view(name: str) -> type[ExportView]:
    """The view that writes one format."""
    written = FORMATS[name]

    class View(ExportView):
        to = written

        @extend_schema(
            operation_id=f"videos_markers_{name}",
            description=f"The video's markers as {written.title}.",
            responses={(200, written.media_type): OpenApiTypes.STR},
        )
        def get(self, request: Request, pk: str) -> HttpResponse:
            return super().get(request, pk)

    return View


class AnyParser(BaseParser):
    """The body as it is, as far as it may be read."""

    media_type = "*/*"
    CONTENT = object()  # a key that no field of a form has

    def parse(
        self, stream: IO[bytes], _media_type: str | None = None, _context: Any = None
    ) -> dict[Any, Any]:
        return {self.CONTENT: stream.read(MOST_BYTES + 1)}


class ImportSerializer(StrictSerializer):
    """How to import; given in the address or, of a form, as fields beside the ``file``."""

    mode = serializers.ChoiceField(choices=Mode.choices, default=Mode.ADD)
    dry_run = serializers.BooleanField(default=False)
    type = serializers.ChoiceField(choices=sorted(FORMATS), required=False)


class ImportedShape(serializers.Serializer):
    """What an import came to or, of a dry run, would come to."""

    dry_run = serializers.BooleanField()
    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    removed = serializers.IntegerField()
    same = serializers.IntegerField(help_text="markers that were there already")
    beyond = serializers.IntegerField(help_text="markers past the end of the video")
    new_tags = serializers.ListField(child=serializers.CharField())
    unknown_tags = serializers.ListField(
        child=serializers.CharField(), help_text="left out: you may not make tags"
    )


class ImportView(StrictView):
    """Takes in markers from a file."""

    permission = "library.add_marker"
    parser_classes = [MultiPartParser, AnyParser]
    parameters = ("mode", "dry_run", "type")

    @extend_schema(
        operation_id="videos_markers_import",
        parameters=[
            OpenApiParameter("mode", OpenApiTypes.STR, enum=Mode.values),
            OpenApiParameter("dry_run", OpenApiTypes.BOOL),
            OpenApiParameter(
                "type", OpenApiTypes.STR, enum=sorted(FORMATS),
                description="if it is to be another than the file begins like",
            ),
        ],
        request={
            **{one.media_type: OpenApiTypes.STR for one in FORMATS.values()},
            "multipart/form-data": {
                "type": "object", "properties": {"file": {"type": "string", "format": "binary"}},
            },
        },
        responses=ImportedShape,
    )  # fmt: skip
    def post(self, request: Request, pk: str) -> Response:
        """Give a video the markers of a WebVTT, ffmetadata, JSON or EDL file, up to 2 MB."""
        video = find_video(pk)
        content, asked = _read(request)
        mode, dry_run = Mode(asked["mode"]), asked["dry_run"]
        if mode == Mode.REPLACE and not request.user.has_perms(_REPLACING):
            raise PermissionDenied(f"You need the permissions {' and '.join(_REPLACING)}.")
        told = import_markers(
            video, read_markers(content, name=asked.get("type", "")), mode=mode, dry_run=dry_run,
            may_make_tags=request.user.has_perm("library.add_tag"),
        )  # fmt: skip
        return Response({"dry_run": dry_run, **asdict(told)})


def _read(request: Request) -> tuple[bytes, dict[str, Any]]:
    """The file's content, and how to import it. Raises ValidationError."""
    assert isinstance(request.data, dict)  # both parsers make one
    given: dict[Any, Any] = {name: request.data[name] for name in request.data}
    content = given.pop(AnyParser.CONTENT, b"")
    if hasattr(file := given.pop("file", None), "read"):
        content = file.read(MOST_BYTES + 1)
    if not content:  # an oversight; replacing by it would remove every marker
        raise ValidationError({"file": ["Give a file."]})
    body = ImportSerializer(data={**given, **dict(request.query_params.items())})
    body.is_valid(raise_exception=True)
    return content, body.validated_data
