"""What artifacts add to a video as the API shows it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.urls import reverse

from apps.artifacts.choices import ArtifactKind

_KINDS = ArtifactKind.values
# by hand, and of the files no more than their names: a page of videos has hundreds of artifacts
_MADE = """
    SELECT id, video_id, kind, ARRAY(SELECT jsonb_object_keys(files)),
        coalesce(to_char(made_at AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS'), '') AS stamp
    FROM artifacts_artifact WHERE video_id = ANY(%s) AND state = 'made'
"""
_HASHES = """
    SELECT content, lpad(to_hex(phash), 16, '0') FROM artifacts_fingerprint
    WHERE content = ANY(%s)
"""


def artifacts_of(video_ids: Sequence[int], /, *, url: Callable[[str], str]) -> dict[int, Any]:
    """By video and kind: the addresses of the files, or ``None`` where there are none."""
    base = url(reverse("v1:artifact-list"))
    found: dict[int, Any] = {pk: dict.fromkeys(_KINDS) for pk in video_ids}
    for pk, video_id, kind, files, version in _rows(_MADE, video_ids):
        names = [*files, "vtt"] if kind == ArtifactKind.SPRITE else files
        found[video_id][kind] = links(base, pk, names, version)
    return found


def phashes_of(contents: Collection[str], /) -> dict[str, str]:
    """The perceptual hashes of contents, as 16 hex digits."""
    return dict(_rows(_HASHES, contents))


def links(base: str, pk: int, names: Iterable[str], version: str) -> dict[str, str]:
    """Addresses by name. A new file has a new address, so that each may be cached for good."""
    return {name: f"{base}{pk}/file/?size={name}&v={version}" for name in names}


def stamp(made_at: datetime | None) -> str:
    """What tells the addresses of an artifact's files from those of the one before it."""
    return f"{made_at:%Y%m%d%H%M%S%f}" if made_at else ""


def _rows(statement: str, values: Collection[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(values)])
        return list(cursor.fetchall())
