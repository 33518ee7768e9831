"""What scans have found, for servers that want to be told of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet

from apps.library.models import File
from apps.mediaservers.models import MediaServer
from apps.mediaservers.services.notices import Change, tell

_NEW = timedelta(hours=1)  # that a file counts as new


def wanting(library_id: int) -> QuerySet[MediaServer]:
    """The servers that are told what scans find in a library."""
    found: QuerySet[MediaServer] = MediaServer.objects.of_library(library_id)
    return found.filter(enabled=True, tell_scans=True)


def note_scanned(video_ids: Sequence[int], *, library_id: int, now: datetime) -> int:
    """Have the files of videos that are new or have changed told of; returns how many notices.

    What is gone no scan tells of: servers notice that by themselves when they next look.
    """
    files = File.objects.filter(video__in=list(video_ids), library=library_id).present()
    changes = [
        Change(
            file.location, "created" if file.created_at > now - _NEW else "modified", library_id,
            file.size_bytes,
        )
        for file in files.select_related("library", "folder").order_by("pk")
    ]  # fmt: skip
    return len(tell(changes, servers=wanting(library_id), now=now))
