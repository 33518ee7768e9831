"""What a template's placeholders stand for, of each video."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Prefetch, QuerySet

from apps.library.models import CustomField, Performer, Tag, Video
from apps.renaming.template import Value


def known_fields() -> list[str]:
    """The keys of the fields that people invented."""
    return list(CustomField.objects.values_list("key", flat=True))


def with_values(videos: QuerySet[Video]) -> QuerySet[Video]:
    """Videos with all that ``values_of`` reads, in a constant number of queries."""
    named: Any = [
        Prefetch(name, model.objects.order_by("name", "pk").only("name"))
        for name, model in (("tags", Tag), ("performers", Performer))
    ]
    return videos.select_related("studio", "library", "primary_file__folder").prefetch_related(
        *named
    )


def values_of(video: Video) -> dict[str, Value]:
    """Of a video with a file."""
    file = video.primary_file
    assert file is not None
    stem, dot, extension = os.fsdecode(bytes(file.name)).rpartition(".")
    return {
        **_plain(video.custom),
        "title": video.title,
        "studio": video.studio.name if video.studio else None,
        "performers": _names(video.performers.all()),
        "tags": _names(video.tags.all()),
        "date": video.date,
        "rating": video.rating,
        "resolution": f"{video.lines}p" if video.lines else None,
        "width": video.width,
        "height": video.height,
        "codec": video.video_codec,
        "library": video.library.name,
        "id": video.pk,
        "oshash": file.oshash,
        "original": stem if dot and stem else f"{stem}{extension}",
        "folder": os.fsdecode(bytes(file.folder.path)),
        "ext": extension if dot and stem else "",
    }


def _names(labels: Iterable[Any]) -> list[str]:
    return [label.name for label in labels]


def _plain(custom: Mapping[str, Any]) -> dict[str, Value]:
    """Numbers without a needless fraction; yes or no as words."""
    plain: dict[str, Value] = {}
    for key, value in custom.items():
        if isinstance(value, bool):
            plain[key] = "yes" if value else "no"
        elif isinstance(value, float) and value.is_integer():
            plain[key] = int(value)
        else:
            plain[key] = value if isinstance(value, str | int) else str(value)
    return plain
