"""Videos and files as plain dictionaries: lists of them are what clients ask for most.

A page costs the same number of queries whatever its length; none of them builds model instances,
which with serializers took several times as long as the database. Those of videos are written by
hand, since Django takes longer to make one than PostgreSQL to answer it.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from django.db import connection
from rest_framework.request import Request

from apps.library.models import File, Library

Dicts = list[dict[str, Any]]
# Columns are named as the API names them, and in its order.
_VIDEOS = """
    SELECT video.id, video.title, rtrim(library.root, '/') || '/' || video.path AS path,
        video.library_id AS library, video.size_bytes AS size,
        video.duration_ms / 1000::float8 AS duration, video.width, video.height,
        CASE WHEN video.width > 0 AND video.height > 0
            THEN video.width || 'x' || video.height ELSE '-' END AS resolution,
        video.container, video.video_codec, video.audio_codec, video.frame_rate, video.bitrate,
        coalesce(nullif(video.orientation, ''), 'none') AS orientation, video.rating,
        video.favorite, video.organized, video.date, video.details, video.urls, video.custom,
        video.locked_fields, video.missing_since IS NOT NULL AS missing, video.missing_since,
        video.added_at, video.updated_at, video.version,
        coalesce(viewing.play_count, 0) AS play_count, viewing.last_played_at,
        video.tag_ids AS tags, video.performer_ids AS performers, video.studio_id AS studio,
        video.primary_file_id
    FROM library_video video JOIN library_library library ON library.id = video.library_id
        LEFT JOIN library_viewing viewing
            ON viewing.video_id = video.id AND viewing.user_id = %(user)s
    WHERE video.id = ANY(%(videos)s)
"""
_LABELS = """
    SELECT 'tags', id, name FROM library_tag WHERE id = ANY(%(tags)s)
    UNION ALL SELECT 'performers', id, name FROM library_performer WHERE id = ANY(%(performers)s)
    UNION ALL SELECT 'studio', id, name FROM library_studio WHERE id = ANY(%(studios)s)
"""
_FILES = """
    SELECT file.video_id, file.id, rtrim(library.root, '/') || '/' || file.path, file.size_bytes,
        file.missing_since IS NOT NULL, file.oshash, file.md5, file.content
    FROM library_file file JOIN library_library library ON library.id = file.library_id
    WHERE file.video_id = ANY(%(videos)s) ORDER BY file.id
"""


class VideoPart(Protocol):
    """What an app above this one adds to each video of a page, by id."""

    def __call__(self, video_ids: Sequence[int], /, *, url: Callable[[str], str]) -> dict[int, Any]:
        """``url`` makes an address of a path."""


parts: dict[str, VideoPart] = {}
"""By name; ``mediahub.api`` puts them together."""


def phashes(_contents: Collection[str], /) -> dict[str, str]:
    """The perceptual hashes of contents that have one; ``mediahub.api`` says whose."""
    return {}


def represent_videos(ids: Sequence[int], *, request: Request) -> Dicts:
    """Videos as the API shows them, with what the asking user did with them."""
    found = {video["id"]: video for video in _videos(ids, user_id=request.user.pk)}
    _name_labels(found.values())
    _add_files(found)
    for name, part in parts.items():
        values = part(ids, url=request.build_absolute_uri)
        for pk, video in found.items():
            video[name] = values.get(pk)
    return [found[pk] for pk in ids if pk in found]


def represent_files(files: Sequence[File]) -> Dicts:
    """Files as the API shows them."""
    roots = library_roots(file.library_id for file in files)
    return [
        {
            "id": file.pk,
            "library": file.library_id,
            "video": file.video_id,
            "path": _absolute(roots, file.library_id, file.path),
            "relative_path": file.path,
            "size": file.size_bytes,
            "modified_at": datetime.fromtimestamp(file.mtime_ns / 1e9, UTC),
            "missing": file.missing_since is not None,
            "missing_since": file.missing_since,
            "probe_state": file.probe_state,
            "error": _error(file),
            "integrity": file.integrity or "unknown",
            "integrity_detail": file.integrity_detail,
            "verified_at": file.verified_at,
            **_media_facts(file),
            "fingerprints": _fingerprints(file.oshash, file.md5, file.content),
            "streams": file.streams,
            "chapters": file.chapters,
            "facts": file.facts,
            "warnings": file.warnings,
            "created_at": file.created_at,
            "updated_at": file.updated_at,
        }
        for file in files
    ]


def _videos(ids: Sequence[int], *, user_id: int | None) -> Dicts:
    """What stands in the videos' own rows, labels as their ids."""
    with connection.cursor() as cursor:
        cursor.execute(_VIDEOS, {"videos": list(ids), "user": user_id})
        names = [column.name for column in cursor.description]
        videos = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for video in videos:
        video["custom"] = json.loads(video["custom"])
    return videos


def _name_labels(videos: Collection[dict[str, Any]]) -> None:
    """Put tags, performers and studio in place of their ids, in the order of their names."""
    ids = {
        "tags": list({pk for video in videos for pk in video["tags"]}),
        "performers": list({pk for video in videos for pk in video["performers"]}),
        "studios": list({video["studio"] for video in videos} - {None}),
    }
    labels: dict[str, dict[int, tuple[str, int, dict[str, Any]]]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_LABELS, ids)
        for kind, pk, name in cursor.fetchall():
            labels[kind][pk] = (name.lower(), pk, {"id": pk, "name": name})
    for video in videos:
        for kind in ("tags", "performers"):
            known = labels[kind]
            named = sorted(known[pk] for pk in video[kind] if pk in known)
            video[kind] = [label for _name, _pk, label in named]
        video["studio"] = labels["studio"].get(video["studio"], (None,))[-1]


def _add_files(videos: dict[int, dict[str, Any]]) -> None:
    """Add the videos' files, and the fingerprints of the primary ones."""
    for video in videos.values():
        video |= {"fingerprints": _fingerprints("", "", ""), "files": []}
    with connection.cursor() as cursor:
        cursor.execute(_FILES, {"videos": list(videos)})
        rows = cursor.fetchall()
    for video_id, pk, path, size, missing, *hashes in rows:
        video = videos[video_id]
        primary = pk == video["primary_file_id"]
        if primary:
            video["fingerprints"] = _fingerprints(*hashes)
        file = {"id": pk, "path": path, "size": size, "primary": primary, "missing": missing}
        video["files"].append(file)
    hashed = phashes({video["fingerprints"]["content"] or "" for video in videos.values()})
    for video in videos.values():
        del video["primary_file_id"]
        prints = video["fingerprints"]
        prints["phash"] = hashed.get(prints["content"])


def library_roots(ids: Iterable[int]) -> dict[int, str]:
    """Absolute paths without a closing slash."""
    roots = Library.objects.filter(pk__in=set(ids)).values_list("pk", "root")
    return {pk: root.rstrip("/") for pk, root in roots}


def _media_facts(row: File) -> dict[str, Any]:
    duration = row.duration_ms
    return {
        "duration": None if duration is None else duration / 1_000,
        "width": row.width,
        "height": row.height,
        "resolution": f"{row.width}x{row.height}" if row.width and row.height else "-",
        "container": row.container,
        "video_codec": row.video_codec,
        "audio_codec": row.audio_codec,
        "frame_rate": row.frame_rate,
        "bitrate": row.bitrate,
    }


def _absolute(roots: dict[int, str], library_id: int, path: str) -> str:
    return f"{roots.get(library_id, '')}/{path}"


def _fingerprints(oshash: str, md5: str, content: str) -> dict[str, Any]:
    return {"oshash": oshash or None, "md5": md5 or None, "content": content or None}


def _error(file: File) -> dict[str, str] | None:
    if not file.probe_error:
        return None
    return {"reason": file.probe_error, "message": file.probe_message}
