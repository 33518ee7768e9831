"""Turning what a scan found into rows, without writing any."""

import re
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, models

from apps.core import audit
from apps.core.models import AuditAction, AuditEntry
from apps.ffmpeg.messages import ProbeResult
from apps.ffmpeg.reasons import Reason
from apps.library.choices import ProbeState
from apps.library.models import File, Scan, Video
from apps.library.services.facts import facts_of
from apps.library.services.scan.compare import PASSING_REASONS, Difference
from apps.library.services.scan.counts import Counts
from apps.library.services.scan.identity import known_by_content, linked_to, moved_from

Found = tuple[Difference, ProbeResult | None]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_TITLE_CHARS = 500
_FACTS = (
    "container", "video_codec", "audio_codec", "width", "height", "duration_ms", "frame_rate",
    "bitrate", "streams", "chapters",
)  # fmt: skip
_REPORTED = ("size_bytes", "path", "content", "missing_since", "probe_error")
_COMPARED = (*_REPORTED, "mtime_ns", "inode", "md5", "facts", *_FACTS)


@dataclass(slots=True)
class Batch:
    """The rows that a batch of findings comes to, and what to count once they are written.

    ``touched`` are videos whose facts have to follow their files; ``fresh`` those of new content;
    ``left`` are folders that files moved away from.
    """

    files: list[File] = field(default_factory=list)
    videos: list[Video] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
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
    batch: Batch = field(default_factory=Batch)
    _linked: dict[tuple[int, int, str], int] = field(default_factory=dict)
    _moved: set[int] = field(default_factory=set)
    _file_ids: Iterator[int] = field(default_factory=lambda: iter(()))
    _video_ids: Iterator[int] = field(default_factory=lambda: iter(()))

    def collect(self, found: Sequence[Found]) -> Batch:
        """Rows get their ids here, so that files and videos can name each other at once."""
        probed = [(d, r) for d, r in found if r is not None]
        known = known_by_content(r.content for d, r in probed if d.file_id is None)
        old = File.objects.select_related("folder").in_bulk(
            [d.file_id for d, _r in found if d.file_id]
        )
        self._moved.update(old)  # a row that is here under its old path hasn't moved
        self._file_ids = new_ids(File, len(probed))
        self._video_ids = new_ids(Video, len(probed))
        for difference, result in probed:
            row = old.get(difference.file_id or 0)
            unsure = row is not None or result.error in PASSING_REASONS
            candidates = [] if unsure else known.get(result.content, [])
            self._take(difference, result, row, candidates)
        for difference, unprobed in found:
            if unprobed is None and difference.file_id in old:
                self._take_back(old[difference.file_id])
        return self.batch

    def _take(
        self,
        difference: Difference,
        result: ProbeResult,
        row: File | None,
        candidates: list[File],
    ) -> None:
        if result.error == Reason.VANISHED:  # whether it stays away is for the next scan to tell
            difference.folder.open_end = True
            self.batch.counts.skipped[result.error] += 1
            self.batch.failures.append((result.error, difference.path, result.message))
            return
        moved = None
        if row is None:
            moved = moved_from(
                candidates, name=difference.name, size_bytes=difference.size_bytes,
                taken=self._moved,
            )  # fmt: skip
            if moved is not None:
                self.batch.left.add(moved.folder_id)
        before = row or moved
        file = self._file(difference, result, before)
        if result.error:
            self.batch.counts.failed[result.error] += 1
            self.batch.failures.append((result.error, difference.path, result.message))
        if not self._count(difference, before, file, moved=moved is not None):
            return
        if before is not None:
            self._note(before, file)
        self._assign(file, candidates)
        self.batch.files.append(file)

    def _count(
        self, difference: Difference, before: File | None, after: File, *, moved: bool
    ) -> bool:
        """Count what became of a file; False if a second look found it as it was."""
        counts = self.batch.counts
        if before is None:
            counts.added += 1
        elif moved:
            counts.moved += 1
        elif difference.was_missing:
            counts.returned += 1
        elif all(getattr(before, name) == getattr(after, name) for name in _COMPARED):
            counts.unchanged += 1
            return False
        else:
            counts.changed += 1
            counts.resized(before=before.size_bytes, after=after.size_bytes)
        return True

    def _file(
        self,
        difference: Difference,
        result: ProbeResult,
        before: File | None,
    ) -> File:
        failure = {
            "scan": self.scan,
            "probe_state": ProbeState.FAILED if result.error else ProbeState.DONE,
            "probe_error": result.error,
            "probe_message": result.message,
        }
        if result.error in PASSING_REASONS:
            difference.folder.open_end = True
            if before is not None:  # what was known is still the best there is to know
                return replaced(before, missing_since=None, **failure)
        file = File(
            pk=before.pk if before else next(self._file_ids),
            created_at=before.created_at if before else self.now,
            video_id=before.video_id if before else None,
            library_id=self.scan.library_id,
            folder_id=difference.folder.pk,
            name=difference.name,
            path=difference.path.decode("utf-8", "backslashreplace"),
            size_bytes=difference.size_bytes,
            mtime_ns=difference.mtime_ns,
            inode=difference.inode,
            device=difference.device,
            oshash=result.oshash,
            content=result.content,
            md5=result.md5,
            **failure,
        )
        if result.facts:
            for name in _FACTS:
                setattr(file, name, getattr(result.facts, name))
            further = result.facts.to_json().items()
            file.facts = {name: value for name, value in further if name not in _FACTS}
        return file

    def _assign(self, file: File, candidates: list[File]) -> None:
        """Give a file its video: the one it has, that of a hard link to it, or a new one."""
        # Some network shares number all files alike, so that the content has to agree, too.
        key = (int(file.device), int(file.inode), file.content)
        if file.video_id is None and file.probe_state == ProbeState.DONE:
            twin = linked_to(candidates, device=key[0], inode=key[1])
            file.video_id = twin.video_id if twin else self._linked.get(key)
            if file.video_id is None:
                self.batch.videos.append(self._video(file, next(self._video_ids)))
                self._linked[key] = self.batch.videos[-1].pk
                return
        if file.video_id:
            self.batch.touched.add(file.video_id)
            self.batch.fresh.add(file.video_id)

    def _video(self, file: File, pk: int) -> Video:
        video = Video(
            pk=pk, title=title_of(bytes(file.name)), library_id=file.library_id,
            primary_file_id=file.pk, added_at=self.now, **facts_of(file),
        )  # fmt: skip
        file.video_id = pk
        self.batch.entries.append(audit.entry(video, AuditAction.CREATED, {}))
        self.batch.fresh.add(pk)
        return video

    def _take_back(self, row: File) -> None:
        """A missing file is there again, as it was."""
        self.batch.counts.returned += 1
        self.batch.back.append(row.pk)
        if row.video_id:
            self.batch.touched.add(row.video_id)
        change = {"missing_since": (row.missing_since, None)}
        self.batch.entries.append(audit.entry(row, AuditAction.CHANGED, change))

    def _note(self, before: File, after: File) -> None:
        changes = {
            name: (getattr(before, name), getattr(after, name))
            for name in _REPORTED
            if getattr(before, name) != getattr(after, name)
        }
        if changes:
            self.batch.entries.append(audit.entry(after, AuditAction.CHANGED, changes))


def replaced(file: File, **values: object) -> File:
    """A copy of a row with other values."""
    twin = copy(file)
    for name, value in values.items():
        setattr(twin, name, value)
    return twin


def title_of(name: bytes) -> str:
    """A title from a file's name, without its extension and control characters, and not too long:
    bytes beyond UTF-8 take four characters each.
    """
    stem = (name.rpartition(b".")[0] or name).decode("utf-8", "backslashreplace")
    return _CONTROL.sub(" ", stem).strip()[:_TITLE_CHARS].rstrip() or "untitled"


def new_ids(model: type[models.Model], count: int) -> Iterator[int]:
    """Ids from a model's sequence, for rows that are written later."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return iter([row[0] for row in cursor.fetchall()])
