"""One scan from its beginning to its end."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, count
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from apps.core.progress import Progress, silent
from apps.ffmpeg.messages import ProbeRequest, ProbeResult
from apps.library.choices import LibraryState
from apps.library.models import File, Folder, Library, Scan
from apps.library.services.media import media_pool
from apps.library.services.mounts import probe_slots
from apps.library.services.scan.collect import Found
from apps.library.services.scan.compare import Comparison, Difference, FolderVisit, Need
from apps.library.services.scan.counts import Counts
from apps.library.services.scan.record import Note, Record
from apps.library.services.scan.roots import (
    RootOffline,
    below,
    check_inside,
    check_root,
    check_same_disk,
    outermost,
)
from apps.library.services.scan.rules import Rules
from apps.library.services.scan.walk import Listing, mtime_ns, walk
from apps.library.services.scan.write import Guard, Writer

_BATCH_FILES = 256
_BATCH_S = 1.0
_BATCH_FOLDERS = 512
_BATCH_ENTRIES = 20_000
_MOST_NAMED = 100
# What these folders hold can't be known; elsewhere what wasn't seen is gone.
_UNKNOWN = frozenset({"unreadable", "read_error"})


def _unread(_line: str) -> None:
    """Where notes go that nobody reads."""


def scan_library(
    library: Library,
    *,
    now: datetime,
    paths: Sequence[str] = (),
    rescan: bool = False,
    job_id: int | None = None,
    report: Progress = silent,
    guard: Guard = transaction.atomic,
    note: Note = _unread,
) -> Scan:
    """Bring files and videos up to date with what lies under the library's root.

    ``paths`` (folders below the root) limit the scan; with ``rescan`` unchanged files are probed,
    too. Files that are gone are marked missing, never deleted; nothing on disk is touched. Stopped
    at any point and called again it goes on where it was. ``report`` counts files and may raise;
    what was found until then is kept. Each write happens under ``guard``. ``note`` gets a line for
    each file that people should know of. Raises RootOffline, PathRefused, LibraryGone.
    """
    starts = outermost([below(path) for path in paths])
    for start in starts:
        check_inside(library.root_bytes, start)
    scan = Scan.objects.create(
        library=library, paths=list(paths), rescan=rescan, started_at=now, job_id=job_id
    )
    run = _Run(library=library, scan=scan, report=report, guard=guard, note=note, starts=starts)
    try:
        known = library.files.present().exists()
        device = check_root(library.root_bytes, expect_files=known)
        run.work(device, run.walk())
        known = known or run.counts.done > 0
        check_same_disk(library.root_bytes, device=device, expect_files=known)
        run.finish()
    except RootOffline as error:
        _note_state(library, LibraryState.OFFLINE, str(error))
        raise
    finally:
        run.close()
    _note_state(library, LibraryState.ONLINE, "", device=device, scanned_at=now)
    return scan


def probe_again(
    library: Library,
    file_ids: Sequence[int],
    *,
    now: datetime,
    job_id: int | None = None,
    report: Progress = silent,
    guard: Guard = transaction.atomic,
    note: Note = _unread,
) -> Scan:
    """Read the facts and fingerprints of some of a library's files anew, unchanged or not.

    A file that isn't there is left to the next scan. Raises RootOffline.
    """
    files = library.files.filter(pk__in=file_ids).select_related("folder", "library")
    paths = [file.path for file in files[:_MOST_NAMED]]
    scan = Scan.objects.create(
        library=library, paths=paths, rescan=True, started_at=now, job_id=job_id
    )
    run = _Run(library=library, scan=scan, report=report, guard=guard, note=note)
    try:
        run.work(check_root(library.root_bytes, expect_files=True), run.again(files))
    finally:
        run.close()
    return scan


def _note_state(library: Library, state: LibraryState, detail: str, **values: Any) -> None:
    Library.objects.filter(pk=library.pk).update(state=state, state_detail=detail, **values)


@dataclass(slots=True)
class _Run:
    """A scan under way: what it waits for, what it found, what it counted."""

    library: Library
    scan: Scan
    report: Progress
    guard: Guard
    note: Note
    starts: Sequence[bytes] = ()
    counts: Counts = field(default_factory=Counts)
    comparison: Comparison = field(init=False)
    writer: Writer = field(init=False)
    record: Record = field(init=False)
    _expected: int = 0
    _asked: dict[int, Difference] = field(default_factory=dict)
    _found: list[Found] = field(default_factory=list)
    _unknown: list[bytes] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)
    _written_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        rules = Rules.of(
            extensions=self.library.extensions,
            include=self.library.include,
            exclude=self.library.exclude,
        )
        known = self.library.folders.aggregate(files=Sum("file_count"))
        self._expected = known["files"] or 0
        now, self.record = self.scan.started_at, Record(self.scan, self.counts, self.note)
        self.comparison = Comparison(
            self.library, rules, self.counts, now, self.scan.rescan, self.record.tell
        )
        self.writer = Writer(self.scan, self.comparison, self.guard, now, self.record.tell)
        self.comparison.prepare()

    def work(self, device: int, requests: Iterator[ProbeRequest]) -> None:
        """Probe and write until there are no more requests or ``report`` raises."""
        first = next(requests, None)
        try:
            if first is not None:
                for result in self._probe(device, chain([first], requests)):
                    self._found.append((self._asked.pop(result.key), result))
                    if self._is_time():
                        self._flush()
        finally:
            self._flush()

    def finish(self) -> None:
        """After a walk that reached its end: what it didn't see is missing."""
        unseen = Folder.objects.filter(library=self.library, seen_at__lt=self.scan.started_at)
        scope = Folder.objects.none()
        for path in self.starts:
            scope |= unseen.within(path)
        for path in self._unknown:
            scope = scope.exclude(pk__in=unseen.within(path))
        self.counts.missing += self.writer.mark_missing(list(scope.values_list("pk", flat=True)))
        self.scan.walked = True

    def close(self) -> None:
        """Write down what the scan came to, however it ended."""
        self.record.save(walked=self.scan.walked, finished_at=timezone.now())
        self._progress()

    def _listings(self) -> Iterator[list[Listing]]:
        """The walk in batches that are bounded by folders, entries and time."""
        rules, root = self.comparison.rules, self.library.root_bytes
        batch: list[Listing] = []
        entries, began = 0, time.monotonic()
        for start in self.starts:
            for listing in walk(root, start, seed=rules.seed, skips=rules.skips_folder):
                if listing.error:
                    self._fail(listing)
                    continue
                batch.append(listing)
                entries += listing.size
                full = entries >= _BATCH_ENTRIES or len(batch) >= _BATCH_FOLDERS
                if full or time.monotonic() - began > _BATCH_S:
                    yield batch
                    batch, entries, began = [], 0, time.monotonic()
        yield batch

    def walk(self) -> Iterator[ProbeRequest]:
        """What has to be probed after a walk. Files that only came back are found without."""
        for listings in self._listings():
            for difference in self.comparison.differences(listings):
                if difference.need is Need.RETURN:
                    self._found.append((difference, None))
                    if self._is_time():
                        self._flush()
                else:
                    yield self._ask(difference)
            if self._is_time():
                self._flush()

    def again(self, files: QuerySet[File]) -> Iterator[ProbeRequest]:
        """Files of the catalogue that are to be probed whatever they are."""
        for file in files.iterator(chunk_size=_BATCH_FILES):
            try:
                now = os.lstat(file.location)
            except OSError as error:
                self.record.tell("vanished", os.fsencode(file.path), error.strerror or "")
                continue
            folder = FolderVisit(file.folder_id, bytes(file.folder.path), b"", open_end=True)
            yield self._ask(
                Difference(
                    folder=folder,
                    name=bytes(file.name),
                    size_bytes=now.st_size,
                    mtime_ns=mtime_ns(now),
                    inode=now.st_ino,
                    device=now.st_dev,
                    file_id=file.pk,
                    was_missing=file.missing_since is not None,
                )
            )

    def _ask(self, difference: Difference) -> ProbeRequest:
        key = next(self._numbers)
        self._asked[key] = difference
        location = os.path.join(self.library.root_bytes, difference.path)
        return ProbeRequest(key=key, path=location, want_md5=self.library.full_hash)

    def _probe(self, device: int, requests: Iterator[ProbeRequest]) -> Iterator[ProbeResult]:
        limit = self.library.probes_at_once or settings.MEDIAHUB_PROBE_CHILDREN
        with (
            probe_slots(device, limit=limit, waiting=self._progress) as children,
            media_pool(children=children, files_per_second=self.library.files_per_second) as pool,
        ):
            yield from cast("Iterator[ProbeResult]", pool.run(requests))

    def _is_time(self) -> bool:
        waited = time.monotonic() - self._written_at
        return len(self._found) >= _BATCH_FILES or waited > _BATCH_S

    def _flush(self) -> None:
        """Write what was found, then report, which may raise."""
        found, self._found = self._found, []
        self.writer.write(found)
        self.record.save()
        self._written_at = time.monotonic()
        self._progress()

    def _progress(self) -> None:
        done = self.counts.done
        self.report(done, max(self._expected, done) or None, **self.counts.as_json())

    def _fail(self, listing: Listing) -> None:
        """A folder that can't be read: nothing in or below it is known, so nothing is missing."""
        self.counts.skipped[f"folder_{listing.error}"] += 1
        self.record.tell(f"folder_{listing.error}", listing.path, "")
        if listing.error in _UNKNOWN:
            self._unknown.append(listing.path)
