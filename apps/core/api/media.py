"""Serving files of ours from the storage."""

import mimetypes
from collections.abc import Callable
from functools import partial

from django.core.files.storage import default_storage
from django.http import HttpResponse
from django.utils.http import parse_etags
from rest_framework.request import Request

from apps.core.errors import MediaHubError

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
        response = HttpResponse(whole, content_type=content_type)
    response["ETag"], response["Cache-Control"] = etag, _FOR_GOOD
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _read(path: str) -> bytes:
    try:
        with default_storage.open(path) as file:
            content: bytes = file.read()
    except FileNotFoundError as error:
        raise FileGone("The file has gone from the storage.") from error
    return content
