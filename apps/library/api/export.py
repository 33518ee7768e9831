"""Whole tables as streams: memory stays flat however many rows there are."""

import csv
import io
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import transaction
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
