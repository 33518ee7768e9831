"""Whole tables as streams: memory stays flat however many rows there are."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import transaction
from django.http import StreamingHttpResponse
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

from apps.library.api.represent import represent_files
from apps.library.querysets import FileQuerySet

_CHUNK = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = (
    "id", "library", "video", "path", "relative_path", "size", "modified_at", "missing_since",
    "probe_state", "error_reason", "error_message", "duration", "width", "height", "container",
    "video_codec", "audio_codec", "frame_rate", "bitrate", "oshash", "md5", "content",
    "created_at", "updated_at",
)  # fmt: skip


def ndjson_lines(files: FileQuerySet) -> Iterator[str]:
    """A JSON object for each file, in chunks."""
    for rows in _chunks(files):
        yield "".join(json.dumps(row, cls=JSONEncoder) + "\n" for row in rows)


def csv_lines(files: FileQuerySet) -> Iterator[str]:
    """A table with a head, in chunks."""
    yield _csv([_COLUMNS])
    for rows in _chunks(files):
        flat = [{**row, **row["fingerprints"], **_flat_error(row["error"])} for row in rows]
        yield _csv([_cell(row[column]) for column in _COLUMNS] for row in flat)


def streamed(
    request: Request, lines: Iterator[str], content_type: str, *, name: str
) -> StreamingHttpResponse:
    """An answer that is made while it is sent."""
    under_asgi = isinstance(request._request, ASGIRequest)
    response = StreamingHttpResponse(_later(lines) if under_asgi else lines)
    response["Content-Type"] = content_type
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _later(lines: Iterator[str]) -> AsyncIterator[str]:
    """The same for the event loop: each chunk is made in the request's own thread."""
    take = sync_to_async(lambda: next(lines, None))
    try:
        while (chunk := await take()) is not None:
            yield chunk
    finally:
        await asyncio.shield(sync_to_async(lines.close)())  # type: ignore[attr-defined]


def _chunks(files: FileQuerySet) -> Iterator[list[dict[str, Any]]]:
    """One snapshot, read through a cursor that stays on the server."""
    with transaction.atomic():
        rows = files.order_by("pk").iterator(chunk_size=_CHUNK)
        while chunk := list(islice(rows, _CHUNK)):
            yield represent_files(chunk)


def _csv(rows: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _flat_error(error: dict[str, str] | None) -> dict[str, str]:
    return {f"error_{name}": (error or {}).get(name, "") for name in ("reason", "message")}


def _cell(value: Any) -> Any:
    """What a spreadsheet would take for a formula gets an apostrophe before it."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
