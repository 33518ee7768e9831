"""``videos/{id}/stream/`` and ``videos/{id}/hls/``: videos as players read them."""

import re
import secrets
from collections.abc import Iterable
from email.utils import formatdate
from urllib.parse import quote

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from apps.core.api.errors import problem
from apps.core.api.views import StrictView
from apps.core.ranges import NotSatisfiable, Span, parse_range
from apps.library.models import File, Video
from apps.playback.services.hls import playlists, watching
from apps.playback.services.hls.slots import SessionsFull
from apps.playback.services.hls.watching import Watching
from apps.playback.services.streams import OpenFile, file_of

_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,64}")
_PLAYLIST = "application/vnd.apple.mpegurl"
_TYPES = {
    "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/mp4", "webm": "video/webm",
    "matroska": "video/x-matroska", "avi": "video/x-msvideo", "mpegts": "video/mp2t",
    "mpeg": "video/mpeg", "flv": "video/x-flv", "asf": "video/x-ms-asf", "ogg": "video/ogg",
    "3gp": "video/3gpp", "m4a": "audio/mp4", "mp3": "audio/mpeg", "flac": "audio/flac",
    "wav": "audio/wav", "aac": "audio/aac",
}  # fmt: skip
_FILE = OpenApiParameter("file", int, description="another of the video's files")
_PLAYER = OpenApiParameter("s", description="the player's own token: 8 to 64 letters and digits")
_START = OpenApiParameter("start", float, description="seconds: where the player will begin")


class _Anything(BaseContentNegotiation):
    """Players say what they accept in ways of their own; there is only this one answer."""

    def select_parser(self, _request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, _request: Request, renderers: Iterable[BaseRenderer], _suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        chosen = next(iter(renderers))
        return chosen, chosen.media_type or ""


class PlayableView(StrictView):
    """A view of a video's content for whoever may see the video."""

    permission = "library.view_video"
    content_negotiation_class = _Anything
    parameters: tuple[str, ...] = ("file",)

    def file(self, video_id: str) -> File:
        """Raises Http404, FileAway and ValidationError."""
        video = get_object_or_404(Video.objects.only("pk", "primary_file_id"), pk=int(video_id))
        given = self.request.query_params.get("file")
        if given is not None and not re.fullmatch(r"[0-9]{1,18}", given, re.ASCII):
            raise ValidationError({"file": ["Give the number of a file."]})
        return file_of(video, file_id=int(given) if given else None)


class StreamView(PlayableView):
    """The bytes of a video's file."""

    @extend_schema(
        operation_id="videos_stream",
        parameters=[_FILE],
        responses={(200, "video/*"): OpenApiTypes.BINARY, (206, "video/*"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, video: str) -> HttpResponseBase:
        """The file as it is, or one range of it (of several ranges the first)."""
        file = self.file(video)
        _let_go_of_database()
        opened = OpenFile(file)
        try:
            response = _answer(request, opened)
        except BaseException:
            opened.close()
            raise
        response["ETag"], response["Last-Modified"] = (
            opened.etag,
            formatdate(opened.modified_at, usegmt=True),
        )
        response["Accept-Ranges"] = "bytes"
        response["Cache-Control"] = "private, no-cache"
        response["X-Content-Type-Options"] = "nosniff"
        if response.status_code in (200, 206):
            response["Content-Type"] = _TYPES.get(file.container, "application/octet-stream")
            response["Content-Disposition"] = _disposition(bytes(file.name))
        return response


class MasterView(PlayableView):
    """The variants in which a video can be watched."""

    parameters = ("file", "s", "start")

    @extend_schema(
        operation_id="videos_hls_master",
        parameters=[_FILE, _PLAYER, _START],
        responses={(200, _PLAYLIST): OpenApiTypes.STR},
    )
    def get(self, request: Request, video: str) -> HttpResponseBase:
        """The playlist of variants: `copy` without loss where that can be, and qualities."""
        handed_on = _handed_on(request)
        file = self.file(video)
        _let_go_of_database()
        return _playlist(playlists.master(watching.offered(file), handed_on))


class IndexView(PlayableView):
    """The segments of a variant."""

    parameters = ("file", "s", "start")

    @extend_schema(
        operation_id="videos_hls_index",
        parameters=[_FILE, _PLAYER, _START],
        responses={(200, _PLAYLIST): OpenApiTypes.STR},
    )
    def get(self, request: Request, video: str, variant: str) -> HttpResponseBase:
        """The playlist of a variant's segments."""
        handed_on = _handed_on(request)
        file = self.file(video)
        _let_go_of_database()
        return _playlist(playlists.index(watching.variant_of(file, variant), handed_on))


class SegmentView(PlayableView):
    """One piece of a variant, made when it is asked for."""

    parameters = ("file", "s", "start")

    @extend_schema(
        operation_id="videos_hls_segment",
        parameters=[_FILE, _PLAYER, _START],
        responses={(200, "video/mp4"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, video: str, variant: str, piece: str) -> HttpResponseBase:
        """`init.mp4`, or the segment of a number; 503 with `Retry-After` when too many watch."""
        handed_on = _handed_on(request)
        file = self.file(video)
        _let_go_of_database()
        watched = Watching(
            viewer=str(request.user.pk), token=handed_on["s"], file=file,
            variant=watching.variant_of(file, variant),
            start_s=float(handed_on.get("start", 0)),
        )  # fmt: skip
        try:
            if piece == "init.mp4":
                content = watching.beginning(watched)
            else:
                content = watching.segment(watched, int(piece.removesuffix(".m4s")))
        except SessionsFull as error:
            wait = {"Retry-After": str(error.retry_after_s)}
            return problem(error.status, str(error), code=error.code, headers=wait)
        response = HttpResponse(content, content_type="video/mp4")
        response["Cache-Control"] = "private, no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response


def _answer(request: Request, opened: OpenFile) -> HttpResponseBase:
    """The response without the headers that all have; closes the file where it isn't sent."""
    known = request.headers.get("If-None-Match", "")
    if opened.etag in known or known.strip() == "*":
        opened.close()
        return HttpResponse(status=304)
    if settings.MEDIAHUB_ACCEL_REDIRECT:  # nginx reads the range itself
        opened.close()
        prefix = settings.MEDIAHUB_ACCEL_REDIRECT.rstrip("/")
        return HttpResponse(headers={"X-Accel-Redirect": prefix + quote(opened.path)})
    try:
        span = _span(request, opened)
    except NotSatisfiable as error:
        opened.close()
        there = {"Content-Range": f"bytes */{opened.size}"}
        return problem(error.status, str(error), code=error.code, headers=there)
    whole = span or Span(0, opened.size)
    response = _body(request, opened, whole)
    response["Content-Length"] = str(whole.size)
    if span is not None:
        response["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{opened.size}"
    response.status_code = 200 if span is None else 206
    return response


def _span(request: Request, opened: OpenFile) -> Span | None:
    """What is asked for; the whole file if what the client has of it is of another content."""
    header = request.headers.get("Range", "")
    condition = request.headers.get("If-Range", "").strip()
    if not header or (condition and condition != opened.etag):
        return None
    return parse_range(header, size=opened.size)


def _body(request: Request, opened: OpenFile, span: Span) -> HttpResponseBase:
    if request.method == "HEAD":
        opened.close()
        return HttpResponse()
    later = isinstance(request._request, ASGIRequest)
    response = (
        StreamingHttpResponse(opened.chunks_later(span))
        if later
        else StreamingHttpResponse(opened.chunks(span))
    )
    response._resource_closers.append(opened.close)  # type: ignore[attr-defined]
    return response


def _disposition(name: bytes) -> str:
    """Any file name, as percent-encoded bytes; what isn't UTF-8 becomes U+FFFD."""
    readable = name.decode("utf-8", "replace")
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", readable)
    return f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(readable, safe='')}"


def _handed_on(request: Request) -> dict[str, str]:
    """The parameters of all addresses below a playlist. Raises ValidationError."""
    given = request.query_params
    token = given.get("s") or secrets.token_urlsafe(12)
    if not _TOKEN.fullmatch(token):
        raise ValidationError({"s": ["Give 8 to 64 letters, digits, - or _."]})
    start = given.get("start", "")
    if start and not re.fullmatch(r"[0-9]{1,8}(\.[0-9]{1,6})?", start, re.ASCII):
        raise ValidationError({"start": ["Give seconds."]})
    optional = {"file": given.get("file", ""), "start": start}
    return {"s": token, **{name: value for name, value in optional.items() if value}}


def _playlist(text: str) -> HttpResponse:
    response = HttpResponse(text, content_type=_PLAYLIST)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _let_go_of_database() -> None:
    """Its pool is small, and the rest may take hours."""
    if not connection.in_atomic_block:
        connection.close()
