"""Serving pictures of ours from the storage."""

import mimetypes

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


def stored_picture(request: Request, path: str | None, *, tag: str) -> HttpResponse:
    """A picture that never changes under its address; not sent to who has it by its ``tag``.

    Raises FileGone.
    """
    if not path:
        raise FileGone("There is no such file.")
    etag = f'"{tag}"'
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(_read(path), content_type=mimetypes.guess_type(path)[0])
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
