"""Serving files of ours from the storage."""

import mimetypes
from collections.abc import Callable
from functools import partial

from django.core.files.storage import default_storage
from django.http import HttpResponse
from django.utils.http import parse_etags
from rest_framework.request import Request

from apps.core.errors import MediaHubError
from apps.core.ranges import parse_range

# Python before 3.13 knows it only from the system's list, which small containers lack
mimetypes.add_type("image/webp", ".webp")

_FOR_GOOD = "private, max-age=31536000, immutable"


class FileGone(MediaHubError):
    """The file was never made, or has gone from the storage."""

    code = "file_gone"
    status = 404


def stored_file(request: Request, path: str | None, *, tag: str) -> HttpResponse:
    """A file that never changes under its address; not sent to who has it by its ``tag``.

    Raises FileGone.
    """
    if not path:
        raise FileGone("There is no such file.")
    return for_good(request, partial(_read, path), mimetypes.guess_type(path)[0], tag=tag)


def for_good(
    request: Request, content: bytes | Callable[[], bytes], content_type: str | None, *, tag: str
) -> HttpResponse:
    """An answer that clients may keep for good; ``content`` is asked only when it is sent."""
    etag = f'"{tag}"'
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponse(status=304)
    else:
        whole = content if isinstance(content, bytes) else content()
        response = _part_of(request, whole, etag=etag)
        response["Content-Type"] = content_type or "application/octet-stream"
    response["ETag"], response["Cache-Control"] = etag, _FOR_GOOD
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _part_of(request: Request, whole: bytes, *, etag: str) -> HttpResponse:
    """All of it, or the range that is asked for: Safari plays no clip without. Raises
    NotSatisfiable."""
    headers = {"Accept-Ranges": "bytes"}
    span = None
    if request.headers.get("If-Range", etag).strip() == etag:
        span = parse_range(request.headers.get("Range", ""), size=len(whole))
    if span is None:
        return HttpResponse(whole, headers=headers)
    headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{len(whole)}"
    return HttpResponse(whole[span.start : span.end], status=206, headers=headers)


def _read(path: str) -> bytes:
    try:
        with default_storage.open(path) as file:
            content: bytes = file.read()
    except FileNotFoundError as error:
        raise FileGone("The file has gone from the storage.") from error
    return content
