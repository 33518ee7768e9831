"""Telling files apart that look alike: by the checksums of every byte of them.

A fast fingerprint says that two files are probably the same. Before they become one video they are
read whole, once; the checksums are kept.
"""

import errno
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet

from apps.core import audit
from apps.core.models import AuditAction
from apps.disk.reader import DiskSilent
from apps.disk.walk import storable_ns
from apps.ffmpeg.hashing import WHOLE_BYTES
from apps.library.models import File, Library, Video
from apps.library.services.facts import sync_facts
from apps.library.services.scan.counts import Counts
from apps.library.services.scan.crew import Crew
from apps.library.services.scan.roots import RootOffline, check_root
from apps.library.services.scan.rows import new_ids, new_video
from apps.library.services.scan.write import Guard, announce

_BATCH = 64
_PEERS = 64
_NOTHING = {errno.ENOENT, errno.ENOTDIR}


@dataclass(slots=True)
class Copies:
    """Settles a library's undecided files. ``waiting`` is called between files and may raise.

    Files like those of another library whose disk hangs stay undecided. In ``counts`` it adds to
    ``copies``, and to ``different`` what turned out to be itself.
    """

    library: Library
    crew: Crew
    guard: Guard
    now: datetime
    counts: Counts
    waiting: Callable[[], None]
    _read_bytes: int = 0

    def settle(self, *, most_bytes: int | None = None) -> None:
        """Give each undecided file its video, until about so many bytes were read.

        Raises RootOffline, DiskSilent and DiskHangs for the library itself.
        """
        last = 0
        while files := list(self._undecided().filter(pk__gt=last).order_by("pk")[:_BATCH]):
            for file in files:
                if most_bytes is not None and self._read_bytes >= most_bytes:
                    return
                self._settle_one(file)
                self.waiting()
            last = files[-1].pk

    def _undecided(self) -> QuerySet[File]:
        return self.library.files.undecided().select_related("folder", "library")

    def _settle_one(self, file: File) -> None:
        peers = list(
            File.objects.filter(content=file.content, size_bytes=file.size_bytes)
            .filter(video__isnull=False)
            .select_related("folder", "library")
            .order_by(F("missing_since").asc(nulls_first=True), "pk")[:_PEERS]
        )
        md5 = self._md5(file)
        if not md5 and file.size_bytes > WHOLE_BYTES:  # changed since, or unreadable: for later
            return
        same = next((peer for peer in peers if self._is_same(file, md5, peer)), None)
        same = same or next((peer for peer in peers if not peer.md5 and self._is_gone(peer)), None)
        if same is None and any(
            not peer.md5 and self.crew.checks.gave_up(peer.library_id) for peer in peers
        ):
            return  # its disk is silent: for later
        with self.guard():
            self._decide(file, same)

    def _decide(self, seen: File, same: File | None) -> None:
        """Unless another scan has meanwhile."""
        rows = self._undecided().filter(content=seen.content, size_bytes=seen.size_bytes)
        file = rows.select_for_update(of=("self",)).filter(pk=seen.pk).first()
        if file is None:
            return
        if same is None:
            self._part(file)
        elif video := Video.objects.select_for_update().filter(pk=same.video_id).first():
            self._join(file, video)

    def _is_same(self, file: File, md5: str, peer: File) -> bool:
        return file.size_bytes <= WHOLE_BYTES or md5 == self._md5(peer)

    def _md5(self, row: File) -> str:
        """Of the whole file, or nothing if it isn't as the row says; kept in the row."""
        if not row.md5 and row.size_bytes > WHOLE_BYTES and row.missing_since is None:
            result = self.crew.checks.read_row(row, own=self.library, md5=True)
            self._read_bytes += row.size_bytes
            stat = result.stat
            seen = stat and (stat.size, storable_ns(stat.mtime_ns))
            if seen == (row.size_bytes, row.mtime_ns):
                row.md5 = result.md5
                with self.guard():
                    File.objects.filter(pk=row.pk, content=row.content).update(md5=row.md5)
        return row.md5

    def _is_gone(self, row: File) -> bool:
        """Whether a row's file is nowhere, so that the one like it must be it."""
        if row.displaced:
            return True
        disk = self.crew.disk(row.library_id)
        try:
            (seen,) = disk.stats([row.location])
            check_root(disk, row.library.root_bytes, expect_files=True)
        except (DiskSilent, RootOffline):
            if row.library_id == self.library.pk:
                raise
            return False
        return seen in _NOTHING

    def _join(self, file: File, video: Video) -> None:
        """Make a file one of a video's."""
        File.objects.filter(pk=file.pk).update(video=video)
        self.counts.copies += 1
        change = {"video": (None, video.pk)}
        audit.record([audit.entry(file, AuditAction.CHANGED, change)])
        sync_facts([video.pk])

    def _part(self, file: File) -> None:
        """Make a file a video of its own."""
        video = new_video(file, pk=next(new_ids(Video, 1)), now=self.now)
        self.counts.different += 1
        Video.objects.bulk_create([video])
        File.objects.filter(pk=file.pk).update(video=video)
        audit.record([audit.entry(video, AuditAction.CREATED, {})])
        announce([video.pk], library_id=file.library_id)
