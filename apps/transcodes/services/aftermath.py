"""What follows once a new file stands in its place."""

import os
from contextlib import suppress

from django.utils import timezone

from apps.core.progress import Guard
from apps.disk.moves import Move
from apps.disk.reader import Disk
from apps.library.models import File, Video
from apps.library.services.scan import scan_library
from apps.markers.services.carry import Made, carry_over
from apps.mediaservers.services.notices import Change, tell
from apps.transcodes.choices import Place
from apps.transcodes.models import Transcode
from apps.transcodes.services.catalogue import read_again
from apps.transcodes.services.names import Names, below, names_of


def follow(transcode: Transcode, *, disk: Disk, job_id: int | None, guard: Guard) -> None:
    """Have the new file read, its subtitles placed and media servers told; again is no harm.

    Raises RootOffline, DiskSilent.
    """
    names = names_of(transcode)
    _place_sidecars(transcode, names, disk)
    if transcode.place == Place.BESIDE:
        _take_in(transcode, names, job_id=job_id, guard=guard)
    elif transcode.place != Place.TREE:
        chosen = transcode.file_id if transcode.place == Place.REPLACE else transcode.made_file_id
        if chosen:
            read_again(transcode.library, [chosen], job_id=job_id, guard=guard)
    if transcode.profile.values["tell_servers"]:
        with guard():
            tell(_changes(transcode, names))


def _place_sidecars(transcode: Transcode, names: Names, disk: Disk) -> None:
    """Beside the new file, under its stem; one that is there already stays as it is."""
    stem = names.target.rpartition(b".")[0]
    root = names.target_root
    for suffix in map(bytes.fromhex, transcode.sidecars):
        old, new = below(root, names.draft + suffix), below(root, stem + suffix)
        (number,) = disk.move([Move(root, old, new)])
        if number:
            with suppress(OSError):  # else all that follows would be in vain, again and again
                disk.remove(names.draft + suffix)


def _take_in(transcode: Transcode, names: Names, *, job_id: int | None, guard: Guard) -> None:
    """A video of its own, with what people know of the one that it was made of."""
    path = below(names.root, names.target)
    scan_library(
        transcode.library, now=timezone.now(), paths=[os.fsdecode(path)], job_id=job_id, guard=guard
    )
    file = File.objects.at(transcode.library, path).first()
    if file is None:
        return
    Transcode.objects.filter(pk=transcode.pk).update(made_file=file)
    video = Video.objects.filter(pk=transcode.video_id).select_related("library").first()
    if video is not None and file.video_id is not None:
        end_ms = file.duration_ms or video.duration_ms or 0
        carry_over(video, [Made(names.target, 0, end_ms)])


def _changes(transcode: Transcode, names: Names) -> list[Change]:
    library, size = transcode.library_id, transcode.target_bytes
    if transcode.place == Place.REPLACE and names.replaces_name:
        return [Change(names.target, "modified", library, size)]
    made = Change(names.target, "created", library, size)
    if transcode.place != Place.REPLACE:
        return [made]
    return [made, Change(names.source, "deleted", library)]
