"""What forgetting missing files would take away, as the API asks and shows it."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from apps.library.models import Library
from apps.library.services.forget import Choice, Line, foresee, listed, path_below

_PAGE = 200


def read_choice(library: Library, values: Mapping[str, Any], *, now: datetime) -> Choice:
    """The files that a body means. Raises PathRefused."""
    until = min(now, values.get("until", now)) - timedelta(days=values.get("older_than_days", 0))
    path = values.get("path", "")
    return Choice(library, until=until, path=path_below(library, path) if path else b"")


def represent_losses(choice: Choice, *, until: datetime, after: int) -> dict[str, Any]:
    lines = listed(choice, after=after, limit=_PAGE + 1)
    shown = lines[:_PAGE]
    return {
        "until": until,
        **asdict(foresee(choice)),
        "results": [_line(line) for line in shown],
        "next": shown[-1].file.pk if len(lines) > _PAGE else None,
    }


def _line(line: Line) -> dict[str, Any]:
    file, video = line.file, line.video
    return {
        "id": file.pk,
        "relative_path": file.path,
        "size": file.size_bytes,
        "missing_since": file.missing_since,
        "video": video
        and {
            "id": video.pk,
            "title": video.title,
            "rating": video.rating,
            "favorite": video.favorite,
            "tags": video.tags_lost,
            "performers": video.performers_lost,
            "markers": video.markers_lost,
            "plays": video.plays_lost,
        },
    }
