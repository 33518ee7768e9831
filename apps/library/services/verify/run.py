"""Checks files one by one, and writes down what each came to."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.core.models import AuditAction, AuditEntry
from apps.core.progress import Progress, silent
from apps.ffmpeg.messages import VerifyRequest, VerifyResult
from apps.library.choices import Integrity
from apps.library.models import File
from apps.library.services.media import media_pool
from apps.library.services.mounts import mount_pace, probe_slots
from apps.library.services.scan.roots import check_known_disk
from apps.library.services.storage import open_disk
from apps.library.services.verify.choice import Scope
from apps.library.services.verify.judge import judge

_BATCH_FILES = 100
_BATCH_S = 2.0
_TURN_S = 60.0
_PAUSE_S = 1.0  # longer than a scan waits between two looks for a free slot
_PATIENCE = 4  # times that of a probe: a seek in a file without an index reads all of it
_WRITTEN = ["integrity", "integrity_detail", "verified_at", "md5", "updated_at"]
_SOUND = frozenset({"", Integrity.GOOD})

Guard = Callable[[], AbstractContextManager[Any]]
Note = Callable[[str], None]


def verify_files(
    scope: Scope,
    *,
    whole: bool,
    clock: Callable[[], datetime] = timezone.now,
    report: Progress = silent,
    guard: Guard = transaction.atomic,
    note: Note = lambda _line: None,
) -> dict[str, int]:
    """Read the files of a scope and decode them, ``whole`` or at some places; nothing is changed.

    Whole files are summed up, too: the first sum is kept, a later one that differs is rot. Files
    that are gone are left to the scan. Counts by what files came to are returned; ``report``
    counts files and may raise, and what was checked until then is kept. ``note`` gets a line for
    each unsound file. Raises RootOffline.
    """
    run = _Run(scope, whole=whole, clock=clock, report=report, guard=guard, note=note)
    run.check_root()
    try:
        run.work(scope.files())
    finally:
        run.flush()
    run.progress()
    return run.summary()


@dataclass(slots=True)
class _Run:
    scope: Scope
    whole: bool
    clock: Callable[[], datetime]
    report: Progress
    guard: Guard
    note: Note
    counts: Counter[str] = field(default_factory=Counter)
    read_bytes: int = 0
    _expected: int | None = None
    _device: int = 0
    _asked: dict[int, File] = field(default_factory=dict)
    _found: list[tuple[File, VerifyResult]] = field(default_factory=list)
    _written_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._expected = self.scope.count()

    def check_root(self) -> None:
        """Whether the library is there. Raises RootOffline."""
        with open_disk(waiting=self.progress) as disk:
            self._device = check_known_disk(disk, self.scope.library, expect_files=True)

    def work(self, files: Iterator[File]) -> None:
        """In turns, so that a scan of the same mount waits for a minute, not for days."""
        limit = self.scope.library.probes_at_once or settings.MEDIAHUB_PROBE_CHILDREN
        ours = max(1, limit - 1)
        while (first := next(files, None)) is not None:
            with probe_slots(self._device, limit=ours, waiting=self.progress) as children:
                self._turn(chain([first], files), children)
            time.sleep(_PAUSE_S if limit == 1 else 0)

    def _turn(self, files: Iterator[File], children: int) -> None:
        ends_at = time.monotonic() + _TURN_S
        pace = mount_pace(self.scope.library, self._device)
        with media_pool(children=children, pace=pace, batch=1) as pool:
            requests = (self._ask(file, children) for file in _until(ends_at, files))
            for result in pool.run(requests, beat=self.progress):
                self._note(cast("VerifyResult", result))

    def _ask(self, file: File, children: int) -> VerifyRequest:
        self._asked[file.pk] = file
        rate = self.scope.library.bytes_per_second
        return VerifyRequest(
            key=file.pk, path=file.location, whole=self.whole, want_md5=self.whole,
            bytes_per_second=max(1, rate // children) if rate else None,
            timeout_s=_PATIENCE * settings.MEDIAHUB_PROBE_TIMEOUT_SECONDS,
        )  # fmt: skip

    def _note(self, result: VerifyResult) -> None:
        self._found.append((self._asked.pop(result.key), result))
        waited = time.monotonic() - self._written_at
        if len(self._found) >= _BATCH_FILES or waited > _BATCH_S:
            self.flush()

    def progress(self) -> None:
        done = self.counts.total()
        self.report(done, self._expected, **self.summary())

    def summary(self) -> dict[str, int]:
        named = {state.value: self.counts[state] for state in Integrity if state}
        return {
            "checked": sum(named.values()),
            **named,
            "skipped": self.counts["skipped"],
            "bytes": self.read_bytes,
        }

    def flush(self) -> None:
        """Write what was found. Files gone because their disk is raise RootOffline."""
        found, self._found = self._found, []
        self._written_at = time.monotonic()
        with self.guard():
            lines = self._write(found)
        for line in lines:
            self.note(line)
        if any(result.error == "vanished" for _file, result in found):
            self.check_root()

    def _write(self, found: list[tuple[File, VerifyResult]]) -> list[str]:
        """Lines about the unsound ones. Rows that a scan wrote meanwhile are left alone."""
        ids = [file.pk for file, _result in found]
        now_there = {
            row.pk: row
            for row in File.objects.filter(pk__in=ids).select_for_update().order_by("pk")
        }
        rows, entries, lines = [], [], []
        for asked, result in found:
            row = now_there.get(asked.pk)
            if row is None or _identity(row) != _identity(asked) or not self._apply(row, result):
                self.counts["skipped"] += 1
                continue
            rows.append(row)
            self.counts[row.integrity] += 1
            self.read_bytes += row.size_bytes if self.whole else 0
            if row.integrity not in _SOUND:
                lines.append(f"{row.integrity}: {row.path}: {row.integrity_detail}")
            entries += _audited(asked, row)
        File.objects.bulk_update(rows, _WRITTEN)
        audit.record(entries)
        return lines

    def _apply(self, row: File, result: VerifyResult) -> bool:
        judged = judge(row, result)
        if judged is None:
            return False
        now = self.clock()
        if (row.integrity, row.md5) != (judged.integrity, judged.md5):
            row.updated_at = now
        row.integrity, row.integrity_detail = judged.integrity, judged.detail
        row.md5, row.verified_at = judged.md5, now
        return True


def _audited(before: File, after: File) -> list[AuditEntry]:
    """An entry if the file became unsound, or sound again."""
    if before.integrity == after.integrity or {before.integrity, after.integrity} <= _SOUND:
        return []
    changes = {
        "integrity": (before.integrity, after.integrity),
        "integrity_detail": (before.integrity_detail, after.integrity_detail),
    }
    return [audit.entry(after, AuditAction.CHANGED, changes)]


def _identity(file: File) -> tuple[Any, ...]:
    """What must not have changed while a file was read, for the reading to be about it."""
    name = bytes(file.name)
    return file.folder_id, name, file.size_bytes, file.mtime_ns, file.md5, file.missing_since


def _until(ends_at: float, files: Iterator[File]) -> Iterator[File]:
    """Files until a time has come; the others stay in ``files``."""
    while time.monotonic() < ends_at and (file := next(files, None)) is not None:
        yield file
