"""Videos and files as plain dictionaries: lists of them are what clients ask for most.

A page costs the same number of queries whatever its length; none of them builds model instances,
which with serializers took several times as long as the database.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from django.db import connection
from rest_framework.request import Request

from apps.library.models import File, Library, Video, Viewing

Dicts = list[dict[str, Any]]
_FILE_FACTS = ("id", "video_id", "library_id", "path", "size_bytes", "missing_since")
_FINGERPRINTS = ("oshash", "md5", "content")


class VideoPart(Protocol):
    """What an app above this one adds to each video of a page, by id."""

    def __call__(self, video_ids: Sequence[int], /, *, url: Callable[[str], str]) -> dict[int, Any]:
        """``url`` makes an address of a path."""


parts: dict[str, VideoPart] = {}
"""By name; ``mediahub.api`` puts them together."""


def phashes(_contents: Collection[str], /) -> dict[str, str]:
    """The perceptual hashes of contents that have one; ``mediahub.api`` says whose."""
    return {}


def represent_videos(videos: Sequence[Video], *, request: Request) -> Dicts:
    """Videos as the API shows them, with what the asking user did with them."""
    ids = [video.pk for video in videos]
    roots = library_roots(video.library_id for video in videos)
    tags, performers, studios = _labels(ids)
    viewings = _viewings(ids, request)
    files = _files(ids)
    primary = {video.primary_file_id for video in videos}
    hashed = phashes({row[-1] for rows in files.values() for row in rows if row[0] in primary})
    added = {name: part(ids, url=request.build_absolute_uri) for name, part in parts.items()}
    return [
        {
            **_video_facts(video, roots),
            "play_count": viewings[video.pk][0],
            "last_played_at": viewings[video.pk][1],
            "tags": tags[video.pk],
            "performers": performers[video.pk],
            "studio": next(iter(studios[video.pk]), None),
            **_video_files(video, files[video.pk], roots, hashed),
            **{name: values.get(video.pk) for name, values in added.items()},
        }
        for video in videos
    ]


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


def library_roots(ids: Iterable[int]) -> dict[int, str]:
    """Absolute paths without a closing slash."""
    roots = Library.objects.filter(pk__in=set(ids)).values_list("pk", "root")
    return {pk: root.rstrip("/") for pk, root in roots}


def _video_facts(video: Video, roots: dict[int, str]) -> dict[str, Any]:
    return {
        "id": video.pk,
        "title": video.title,
        "path": _absolute(roots, video.library_id, video.path),
        "library": video.library_id,
        "size": video.size_bytes,
        **_media_facts(video),
        "orientation": video.orientation or "none",
        "rating": video.rating,
        "favorite": video.favorite,
        "organized": video.organized,
        "date": video.date,
        "details": video.details,
        "urls": video.urls,
        "custom": video.custom,
        "locked_fields": video.locked_fields,
        "missing": video.missing_since is not None,
        "missing_since": video.missing_since,
        "added_at": video.added_at,
        "updated_at": video.updated_at,
        "version": video.version,
    }


def _media_facts(row: Video | File) -> dict[str, Any]:
    """What the probe found, which files and videos have alike."""
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


def _video_files(
    video: Video, files: list[tuple[Any, ...]], roots: dict[int, str], hashed: dict[str, str]
) -> dict[str, Any]:
    """The files of a video, the primary one's fingerprints among them."""
    prints: dict[str, Any] = _fingerprints("", "", "")
    shown = []
    for pk, _video_id, library_id, path, size, missing_since, *hashes in files:
        primary = pk == video.primary_file_id
        if primary:
            prints = _fingerprints(*hashes)
        shown.append(
            {
                "id": pk,
                "path": _absolute(roots, library_id, path),
                "size": size,
                "primary": primary,
                "missing": missing_since is not None,
            }
        )
    phash = hashed.get(prints["content"] or "")
    return {"fingerprints": {**prints, "phash": phash}, "files": shown}


def _files(video_ids: Sequence[int]) -> dict[int, list[tuple[Any, ...]]]:
    rows = File.objects.filter(video_id__in=video_ids).order_by("pk")
    grouped: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows.values_list(*_FILE_FACTS, *_FINGERPRINTS):
        grouped[row[1]].append(row)
    return grouped


# One statement, since each costs more to make and send than to answer.
_LABELS = """
    SELECT 0, link.video_id, tag.id, tag.name
    FROM library_videotag link JOIN library_tag tag ON tag.id = link.tag_id
    WHERE link.video_id = ANY(%(videos)s)
    UNION ALL
    SELECT 1, link.video_id, performer.id, performer.name
    FROM library_videoperformer link JOIN library_performer performer
        ON performer.id = link.performer_id
    WHERE link.video_id = ANY(%(videos)s)
    UNION ALL
    SELECT 2, video.id, studio.id, studio.name
    FROM library_video video JOIN library_studio studio ON studio.id = video.studio_id
    WHERE video.id = ANY(%(videos)s)
"""


def _labels(video_ids: Sequence[int]) -> tuple[dict[int, Dicts], ...]:
    """Tags, performers and studio by video, in the order of their names."""
    grouped: tuple[dict[int, Dicts], ...] = tuple(defaultdict(list) for _kind in range(3))
    with connection.cursor() as cursor:
        cursor.execute(_LABELS, {"videos": list(video_ids)})
        for kind, video_id, pk, name in cursor.fetchall():
            grouped[kind][video_id].append({"id": pk, "name": name})
    for by_video in grouped:
        for labels in by_video.values():
            labels.sort(key=lambda label: (label["name"].lower(), label["id"]))
    return grouped


def _viewings(video_ids: Sequence[int], request: Request) -> dict[int, tuple[int, datetime | None]]:
    rows = Viewing.objects.filter(user=request.user, video_id__in=video_ids)  # type: ignore[misc]
    seen: dict[int, tuple[int, datetime | None]] = defaultdict(lambda: (0, None))
    for video_id, plays, last in rows.values_list("video_id", "play_count", "last_played_at"):
        seen[video_id] = (plays, last)
    return seen


def _absolute(roots: dict[int, str], library_id: int, path: str) -> str:
    return f"{roots.get(library_id, '')}/{path}"


def _fingerprints(oshash: str, md5: str, content: str) -> dict[str, Any]:
    return {"oshash": oshash or None, "md5": md5 or None, "content": content or None}


def _error(file: File) -> dict[str, str] | None:
    if not file.probe_error:
        return None
    return {"reason": file.probe_error, "message": file.probe_message}
