"""Turning what a scan found into rows, without writing any."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from apps.core import audit
from apps.core.models import AuditAction, AuditEntry
from apps.ffmpeg.hashing import WHOLE_BYTES
from apps.ffmpeg.messages import ProbeResult
from apps.ffmpeg.reasons import Reason
from apps.library.choices import ProbeState, Refresh
from apps.library.models import File, Scan, Video
from apps.library.services.scan.compare import PASSING_REASONS, Difference
from apps.library.services.scan.counts import Counts
from apps.library.services.scan.identity import Recognized
from apps.library.services.scan.rows import changed_row, new_ids, new_row, new_video

_REPORTED = (
    "size_bytes", "mtime_ns", "path", "content", "oshash", "md5", "missing_since", "probe_error",
    "duration_ms", "container", "video_codec", "audio_codec", "width", "height", "frame_rate",
    "bitrate", "integrity",
)  # fmt: skip
_COMPARED = (*_REPORTED, "inode", "facts", "streams", "chapters", "video_id")


class Overtaken(Exception):
    """Another scan has moved or written rows since they were recognised."""


@dataclass(slots=True)
class Batch:
    """The rows that a batch of findings comes to, and what to count once they are written.

    ``placed`` are rows that get another path, ``displaced`` those in whose place another comes.
    ``touched`` are videos whose facts have to follow their files; ``fresh`` those of new content;
    ``left`` are folders that files moved away from.
    """

    files: list[File] = field(default_factory=list)
    videos: list[Video] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    placed: set[int] = field(default_factory=set)
    displaced: set[int] = field(default_factory=set)
    touched: set[int] = field(default_factory=set)
    fresh: set[int] = field(default_factory=set)
    left: set[int] = field(default_factory=set)
    entries: list[AuditEntry] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    failures: list[tuple[str, bytes, str]] = field(default_factory=list)


@dataclass(slots=True)
class Collector:
    """Collects one batch."""

    scan: Scan
    now: datetime
    refresh: frozenset[Refresh] = frozenset()
    batch: Batch = field(default_factory=Batch)
    _old: dict[int, File] = field(default_factory=dict)
    _new_videos: dict[tuple[str, int, int], int] = field(default_factory=dict)
    _new_contents: dict[str, int] = field(default_factory=dict)
    _file_ids: Iterator[int] = field(default_factory=lambda: iter(()))
    _video_ids: Iterator[int] = field(default_factory=lambda: iter(()))

    def collect(self, found: Sequence[Recognized]) -> Batch:
        """Rows get their ids here, so that files and videos can name each other at once.

        Locks the rows that will change. Raises Overtaken.
        """
        probed = [one for one in found if one.result is not None]
        self._old = _locked(found)
        self._file_ids = new_ids(File, len(probed))
        self._video_ids = new_ids(Video, len(probed))
        for one in probed:
            self._take(one)
        for one in found:
            if one.result is None:
                self._take_back(one)
        self._note_displaced()
        return self.batch

    def _take(self, one: Recognized) -> None:
        difference, result = one.difference, one.result
        assert result is not None
        if result.error == Reason.VANISHED:  # whether it stays away is for the next scan to tell
            difference.folder.open_end = True
            self.batch.counts.skipped[result.error] += 1
            self.batch.failures.append((result.error, difference.path, result.message))
            return
        row = one.row and self._old[one.row.pk]
        moved = one.moved and self._old[one.moved.pk]
        before = moved or row
        file = self._file(difference, result, before)
        if result.error:
            self.batch.counts.failed[result.error] += 1
            self.batch.failures.append((result.error, difference.path, result.message))
        if moved is not None:
            self.batch.left.add(moved.folder_id)
            self.batch.placed.add(moved.pk)
            if row is not None:
                self.batch.displaced.add(row.pk)
        self._assign(file, one)
        if self._count(before, file, moved=moved is not None):
            if before is not None:
                self._note(before, file)
            self.batch.files.append(file)

    def _count(self, before: File | None, after: File, *, moved: bool) -> bool:
        """Count what became of a file; False if a second look found it as it was."""
        counts = self.batch.counts
        if before is None:
            counts.added += 1
        elif moved:
            counts.moved += 1
        elif before.missing_since is not None:
            counts.returned += 1
        elif all(getattr(before, name) == getattr(after, name) for name in _COMPARED):
            counts.unchanged += 1
            return False
        else:
            counts.changed += 1
            counts.resized(before=before.size_bytes, after=after.size_bytes)
        return True

    def _file(self, difference: Difference, result: ProbeResult, before: File | None) -> File:
        if result.error in PASSING_REASONS:
            difference.folder.open_end = True
        if before is not None:
            stays = (
                before.folder_id == difference.folder.pk and bytes(before.name) == difference.name
            )
            refresh = self.refresh if stays else frozenset()
            row = changed_row(before, difference, result, refresh=refresh)
            row.library_id = self.scan.library_id
            return row
        pk = next(self._file_ids)
        return new_row(difference, result, pk=pk, scan=self.scan, now=self.now)

    def _assign(self, file: File, one: Recognized) -> None:
        """Give a file its video: the one it has, its twin's, a new one, or none yet."""
        if file.video_id is None and file.probe_state == ProbeState.DONE:
            # Some network shares number all files alike, so that the content has to agree, too.
            key = (file.content, int(file.device), int(file.inode))
            file.video_id = one.twin.video_id if one.twin else self._new_videos.get(key)
            if file.video_id is None and file.size_bytes <= WHOLE_BYTES:
                file.video_id = self._new_contents.get(file.content)
            if file.video_id is None:
                if not one.undecided and file.content not in self._new_contents:
                    self._add_video(file)
                return
        if file.video_id:
            self.batch.touched.add(file.video_id)
            self.batch.fresh.add(file.video_id)

    def _add_video(self, file: File) -> None:
        video = new_video(file, pk=next(self._video_ids), now=self.now)
        self.batch.videos.append(video)
        self.batch.entries.append(audit.entry(video, AuditAction.CREATED, {}))
        self.batch.fresh.add(video.pk)
        self._new_contents[file.content] = video.pk
        self._new_videos[file.content, int(file.device), int(file.inode)] = video.pk

    def _take_back(self, one: Recognized) -> None:
        """A missing file is there again, as it was."""
        row = one.row and self._old[one.row.pk]
        if row is None or row.missing_since is None:  # another scan was faster
            return
        self.batch.counts.returned += 1
        self.batch.back.append(row.pk)
        if row.video_id:
            self.batch.touched.add(row.video_id)
        change = {"missing_since": (row.missing_since, None)}
        self.batch.entries.append(audit.entry(row, AuditAction.CHANGED, change))

    def _note_displaced(self) -> None:
        """Rows that another file stands in for, and that didn't turn up elsewhere themselves."""
        self.batch.displaced -= self.batch.placed
        for pk in self.batch.displaced:
            row = self._old[pk]
            if row.video_id:
                self.batch.touched.add(row.video_id)
            change = {"missing_since": (row.missing_since, self.now)}
            self.batch.entries.append(audit.entry(row, AuditAction.CHANGED, change))

    def _note(self, before: File, after: File) -> None:
        changes = {
            name: (getattr(before, name), getattr(after, name))
            for name in _REPORTED
            if getattr(before, name) != getattr(after, name)
        }
        if changes:
            self.batch.entries.append(audit.entry(after, AuditAction.CHANGED, changes))


def _locked(found: Sequence[Recognized]) -> dict[int, File]:
    """The known rows of a batch, locked, if they are as they were recognised."""
    seen = {row.pk: row for one in found for row in (one.row, one.moved) if row is not None}
    now = File.objects.filter(pk__in=seen).order_by("pk").select_for_update()
    rows = {row.pk: row for row in now}
    if len(rows) < len(seen) or any(_place_of(rows[pk]) != _place_of(seen[pk]) for pk in seen):
        raise Overtaken
    return rows


def _place_of(row: File) -> tuple[int, bytes, int, str]:
    return row.folder_id, bytes(row.name), row.displaced, row.content
