"""Looking for faces in videos."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.core.progress import Progress, silent
from apps.faces.finding.messages import FindRequest, Found
from apps.faces.models import FaceLibrary, Finding
from apps.faces.services.applying import apply_names
from apps.faces.services.embed import vectors_of_spoken
from apps.faces.services.identities import take_turn
from apps.faces.services.keep import keep, note_failure
from apps.faces.services.settings import settings_of_all
from apps.faces.services.ways import check_able, digest_of, shared_finder, way_now
from apps.ffmpeg.messages import FileStat
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.library.choices import ProbeState
from apps.library.models import File, Video
from apps.library.services.scan.compare import PASSING_REASONS

Guard = Callable[[], AbstractContextManager[Any]]

PASSING = (*PASSING_REASONS, Reason.OUT_OF_MEMORY.value)
_TRY_AGAIN_AFTER = timedelta(hours=1)


def videos_to_look_through(*, again: bool = False) -> QuerySet[Video]:
    """Videos of libraries with faces that were not looked through, as they are, in today's way.

    Those that failed for a reason that may pass come again after an hour. ``again``: all.
    """
    enabled = FaceLibrary.objects.filter(enabled=True).values("library")
    videos: QuerySet[Video] = Video.objects.present().filter(
        library__in=enabled, primary_file__probe_state=ProbeState.DONE
    )
    if again:
        return videos
    return videos.exclude(Exists(_done(digest_of(way_now()))))


def videos_never_looked_through() -> QuerySet[Video]:
    """As ``videos_to_look_through``, but not for the way: settings that were changed have nothing
    searched again before somebody asks for it."""
    return videos_to_look_through(again=True).exclude(Exists(_done(None)))


def find_in_video(
    video_id: int, *, again: bool = False, report: Progress = silent,
    guard: Guard = transaction.atomic,
) -> dict[str, int]:  # fmt: skip
    """Look for faces in a video, keep them, and name who is sure; how many, in how many tracks.

    Nothing is done where it was done already, in a library without faces, or of a missing file.
    A file that can't be read gets a row that says why; what was known of it stays. Killed anywhere
    it leaves the video as it was. ``report`` counts frames. Raises FacesUnable, FinderBroken.
    """
    video = videos_to_look_through(again=again).filter(pk=video_id).select_related(
        "primary_file__folder", "primary_file__library"
    ).first()  # fmt: skip
    if video is None or video.primary_file is None:
        return {}
    way, file = way_now(), video.primary_file
    request = FindRequest(file.location, way, video.duration_ms)
    found = shared_finder().find(request, told=report)
    check_able(found)
    if not found.error and not _is_known(file, found.stat):
        changed = MediaRefused(Reason.CHANGED_WHILE_READING)
        found = Found(error=changed.code, message=str(changed), cpu_ms=found.cpu_ms)
    if found.error:
        with guard():
            note_failure(video, found, way=digest_of(way))
        return {"failed": 1}
    spoken = vectors_of_spoken(video, engine=found.engine)
    with guard():
        take_turn()
        if not _is_wanted(video, found):
            return {}
        ids = keep(video, found, way=digest_of(way), vectors=spoken)
        apply_names([video.pk])
    return {"faces": found.faces, "tracks": len(ids)}


def _is_wanted(video: Video, found: Found) -> bool:
    """Not if it was switched off meanwhile, and perhaps wiped, or if another engine was chosen."""
    enabled = FaceLibrary.objects.filter(library=video.library_id, enabled=True)
    return enabled.exists() and settings_of_all().engine == found.engine


def _done(way: str | None) -> QuerySet[Finding]:
    soon = timezone.now() - _TRY_AGAIN_AFTER
    done = Finding.objects.filter(
        ~Q(error__in=PASSING) | Q(found_at__gt=soon),
        video=OuterRef("pk"), content=OuterRef("primary_file__content"),
    )  # fmt: skip
    return done if way is None else done.filter(way=way)


def _is_known(file: File, stat: FileStat | None) -> bool:
    """Whether what was read is what the catalogue knows: a scan tells of the rest."""
    return stat is not None and (stat.size, stat.mtime_ns) == (file.size_bytes, file.mtime_ns)
