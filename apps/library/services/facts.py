"""The facts of a video's primary file, repeated on the video for its lists."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from apps.library.choices import Orientation
from apps.library.models import File

_COPIED = (
    "path",
    "size_bytes",
    "duration_ms",
    "width",
    "height",
    "container",
    "video_codec",
    "audio_codec",
    "frame_rate",
    "bitrate",
    "missing_since",
)

# A missing primary file gives way to one that is present, the largest first.
_SYNC = f"""
    UPDATE library_video video SET
        {", ".join(f"{name} = best.{name}" for name in _COPIED)},
        primary_file_id = best.id,
        library_id = best.library_id,
        orientation = CASE
            WHEN best.width IS NULL OR best.height IS NULL THEN ''
            WHEN best.width > best.height THEN '{Orientation.LANDSCAPE}'
            WHEN best.width < best.height THEN '{Orientation.PORTRAIT}'
            ELSE '{Orientation.SQUARE}' END
    FROM (
        SELECT DISTINCT ON (file.video_id) file.*
        FROM library_file file JOIN library_video owner ON owner.id = file.video_id
        WHERE file.video_id = ANY(%s)
        ORDER BY file.video_id, file.missing_since IS NOT NULL, file.id <> owner.primary_file_id,
            file.size_bytes DESC, file.id
    ) best
    WHERE video.id = best.video_id
"""  # noqa: S608 - names from above only


def facts_of(file: File) -> dict[str, Any]:
    """The columns that a video takes from its primary file."""
    facts = {name: getattr(file, name) for name in _COPIED}
    return {**facts, "orientation": orientation(file.width, file.height)}


def sync_facts(video_ids: Sequence[int]) -> None:
    """Choose the primary files of these videos anew and copy their facts."""
    with connection.cursor() as cursor:
        cursor.execute(_SYNC, [list(video_ids)])


def orientation(width: int | None, height: int | None) -> Orientation:
    if not width or not height:
        return Orientation.NONE
    if width == height:
        return Orientation.SQUARE
    return Orientation.LANDSCAPE if width > height else Orientation.PORTRAIT
