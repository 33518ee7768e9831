"""A scan under way: what it waits for, what it found, what it counted."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import chain, count
from typing import cast

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.utils import timezone

from apps.core.context import logged
from apps.core.progress import Progress
from apps.disk.reader import Disk, DiskSilent, Stat
from apps.disk.walk import UNKNOWN, Listing, storable_ns
from apps.ffmpeg.messages import ProbeRequest, ProbeResult
from apps.ffmpeg.reasons import Reason
from apps.library.choices import Refresh, ScanKind
from apps.library.models import File, Library, Scan
from apps.library.services.mounts import mount_pace, probe_slots
from apps.library.services.scan.arrivals import Arrivals
from apps.library.services.scan.compare import Comparison, Difference, FolderVisit, Need
from apps.library.services.scan.copies import Copies
from apps.library.services.scan.counts import Counts
from apps.library.services.scan.crew import Crew
from apps.library.services.scan.gone import Gone
from apps.library.services.scan.identity import Found, Recognizer
from apps.library.services.scan.record import Note, Record
from apps.library.services.scan.roots import RootOffline, check_root
from apps.library.services.scan.scope import Scope
from apps.library.services.scan.write import Guard, Writer
from apps.library.services.storage import rule_arguments, rules_of

_BATCH_FILES = 256
_BATCH_S = 1.0
_BATCH_FOLDERS = 512
_BATCH_ENTRIES = 20_000
_TURN_S = 0.1


@contextmanager
def open_run(
    library: Library,
    scan: Scan,
    crew: Crew | None,
    *,
    report: Progress,
    guard: Guard,
    note: Note,
    refresh: frozenset[Refresh] = frozenset(),
) -> Iterator["Run"]:
    """A run that writes down what the scan came to. Without a ``crew`` it has one of its own."""
    with logged(scan_id=scan.pk), nullcontext(crew) if crew else Crew() as children:
        run = Run(library, scan, report, guard, note, refresh, children)
        children.begin(run.progress)
        try:
            yield run
        finally:
            run.close()


@dataclass(slots=True)
class Run:
    """The steps of a scan, to be called in order; ``begin`` first."""

    library: Library
    scan: Scan
    report: Progress
    guard: Guard
    note: Note
    refresh: frozenset[Refresh]
    crew: Crew
    counts: Counts = field(default_factory=Counts)
    unknown: list[bytes] = field(default_factory=list)
    comparison: Comparison = field(init=False)
    writer: Writer = field(init=False)
    record: Record = field(init=False)
    _expected: int = 0
    _asked: dict[int, Difference] = field(default_factory=dict)
    _found: list[Found] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)
    _written_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.record = Record(self.scan, self.counts, self.note)

    @property
    def disk(self) -> Disk:
        return self.crew.disk(self.library.pk)

    def begin(self, device: int) -> None:
        """``device`` is the root's, which was found to be there."""
        known = self.library.folders.aggregate(files=Sum("file_count"))
        self._expected = known["files"] or 0
        disk, now = self.disk, self.scan.started_at
        arrivals = Arrivals.of(self.library, disk, watched=self.scan.kind == ScanKind.WATCH)
        self.comparison = Comparison(
            self.library, disk, rules_of(self.library), self.counts, arrivals, now,
            self.scan.rescan, self.record.tell, device,
        )  # fmt: skip
        recognizer = Recognizer(self.library, device, self.crew)
        self.writer = Writer(
            self.scan, self.comparison, recognizer, self.guard, now, self.record.tell,
            self.refresh,
        )  # fmt: skip
        self.comparison.prepare()

    def work(self, requests: Iterator[ProbeRequest]) -> None:
        """Probe and write until there are no more requests or ``report`` raises."""
        first = next(requests, None)
        try:
            if first is not None:
                for result in self._probe(chain([first], requests)):
                    if result.error == Reason.TIMED_OUT:  # the file alone, or all of the disk?
                        check_root(self.disk, self.library.root_bytes, expect_files=True)
                    self._take(self._asked.pop(result.key), result)
                    if self._is_time():
                        self._flush()
        except (RootOffline, DiskSilent):
            self._found.clear()  # on a disk that is away nothing can be recognised
            raise
        finally:
            self._flush()

    def walk(self, scope: Scope) -> Iterator[ProbeRequest]:
        """What has to be probed after a walk."""
        for listings in self._listings(scope):
            yield from self._compared(listings)

    def look_again(self) -> None:
        """Wait until the files that still arrived may stand still, and take those that do."""
        arrivals = self.comparison.arrivals
        if not arrivals.folders:
            return
        while time.monotonic() < arrivals.noted_at + arrivals.settle_s:
            time.sleep(_TURN_S)
            self.progress()
        self.comparison.again = True
        del self.counts.skipped["arriving"]
        folders = arrivals.take_folders()
        self.work(self.walk(Scope(flat=tuple(folders))))

    def write_replaced(self) -> None:
        """What stands in the place of known files, now that those that moved are known."""
        self.writer.write_replaced()
        self._flush()

    def gone(self) -> Gone:
        """What to do about files that the walk didn't see."""
        comparison = self.comparison
        return Gone(
            self.library, self.scan, comparison.disk, comparison.rules, comparison.device,
            self.guard, self.scan.started_at, self.record.tell,
        )  # fmt: skip

    def tell_apart(self) -> None:
        """Compare whole files with those that they look like, as far as a scan may read."""
        copies = Copies(
            self.library, self.crew, self.guard, self.scan.started_at, self.counts,
            self.progress,
        )  # fmt: skip
        copies.settle(most_bytes=settings.MEDIAHUB_COMPARE_BYTES)

    def again(self, files: QuerySet[File]) -> Iterator[ProbeRequest]:
        """Files of the catalogue that are to be probed whatever they are."""
        disk, batch = self.disk, list[File]()
        for file in chain(files.iterator(chunk_size=_BATCH_FILES), [None]):
            if file is not None:
                batch.append(file)
            if file is not None and len(batch) < _BATCH_FILES:
                continue
            seen = disk.stats([one.location for one in batch])
            for one, stat in zip(batch, seen, strict=True):
                if isinstance(stat, Stat):
                    yield self._ask(_as_found(one, stat, device=self.comparison.device))
                else:
                    self.record.tell("vanished", os.fsencode(one.path), os.strerror(stat))
            batch.clear()

    def close(self) -> None:
        """Write down what the scan came to, however it ended."""
        if hasattr(self, "comparison"):
            self.scan.unsettled = self.comparison.arrivals.named()
        self.record.save(
            walked=self.scan.walked, unsettled=self.scan.unsettled, finished_at=timezone.now()
        )
        self.progress()

    def progress(self) -> None:
        done = self.counts.done
        self.report(done, max(self._expected, done) or None, **self.counts.as_json())

    def _listings(self, scope: Scope) -> Iterator[list[Listing]]:
        """The walk in batches that are bounded by folders, entries and time."""
        disk, root = self.disk, self.library.root_bytes
        device, rules = self.comparison.device, rule_arguments(self.library)
        batch: list[Listing] = []
        entries, began = 0, time.monotonic()
        for start, shallow in scope.starts():
            for listing in disk.walk(root, start, device=device, rules=rules, shallow=shallow):
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

    def _compared(self, listings: list[Listing]) -> Iterator[ProbeRequest]:
        """What differs has to be probed; files that only came back are found without."""
        for difference in self.comparison.differences(listings):
            if difference.need is Need.RETURN:
                self._found.append((difference, None))
                if self._is_time():
                    self._flush()
            else:
                yield self._ask(difference)
        if self._is_time():
            self._flush()

    def _ask(self, difference: Difference) -> ProbeRequest:
        key = next(self._numbers)
        self._asked[key] = difference
        location = os.path.join(self.library.root_bytes, difference.path)
        want_md5 = self.library.full_hash or Refresh.MD5 in self.refresh
        return ProbeRequest(
            key=key, path=location, want_md5=want_md5,
            bytes_per_second=self.library.bytes_per_second,
        )  # fmt: skip

    def _probe(self, requests: Iterator[ProbeRequest]) -> Iterator[ProbeResult]:
        limit = self.library.probes_at_once or settings.MEDIAHUB_PROBE_CHILDREN
        lane, device = "", self.comparison.device
        if self.scan.kind == ScanKind.WATCH:  # which must not wait for a long scan's end
            lane, limit = "watch", 1
        with probe_slots(device, limit=limit, waiting=self.progress, lane=lane) as children:
            pool = self.crew.pool(children)
            pool.pace = mount_pace(self.library, device)
            yield from cast("Iterator[ProbeResult]", pool.run(requests, beat=self.progress))

    def _take(self, difference: Difference, result: ProbeResult) -> None:
        stat = result.stat
        seen = stat and (stat.size, storable_ns(stat.mtime_ns))
        if seen and seen != (difference.size_bytes, difference.mtime_ns):
            self.comparison.leave_arriving(difference)  # written to since it was listed
            self.comparison.finish_one(difference.folder)
        else:
            self._found.append((difference, result))

    def _is_time(self) -> bool:
        waited = time.monotonic() - self._written_at
        return len(self._found) >= _BATCH_FILES or waited > _BATCH_S

    def _flush(self) -> None:
        """Write what was found, then report, which may raise."""
        found, self._found = self._found, []
        self.writer.write(found)
        self.record.save()
        self._written_at = time.monotonic()
        self.progress()

    def _fail(self, listing: Listing) -> None:
        """A folder that can't be read: nothing in or below it is known, so nothing is missing."""
        self.counts.skipped[f"folder_{listing.error}"] += 1
        self.record.tell(f"folder_{listing.error}", listing.path, "")
        if listing.error in UNKNOWN:
            self.unknown.append(listing.path)


def _as_found(file: File, stat: Stat, *, device: int) -> Difference:
    return Difference(
        folder=FolderVisit(file.folder_id, bytes(file.folder.path), b"", open_end=True),
        name=bytes(file.name),
        size_bytes=stat.size_bytes,
        mtime_ns=stat.mtime_ns,
        inode=stat.inode,
        device=0 if stat.device == device else stat.device,
    )
