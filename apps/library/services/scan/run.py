"""Scans from their beginning to their end."""

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.core.progress import Progress, silent
from apps.disk.reader import DiskSilent
from apps.ffmpeg.pool import DiskHangs
from apps.library.choices import LibraryState, Question, Refresh, ScanKind
from apps.library.models import Library, Scan
from apps.library.services.scan.checks import open_checks
from apps.library.services.scan.copies import Copies
from apps.library.services.scan.counts import Counts
from apps.library.services.scan.disks import Disks
from apps.library.services.scan.gone import Gone
from apps.library.services.scan.record import Note
from apps.library.services.scan.roots import RootOffline, below, check_known_disk, check_same_disk
from apps.library.services.scan.scope import find_scope
from apps.library.services.scan.under_way import Run, open_run
from apps.library.services.scan.write import Guard

_MOST_NAMED = 100


def _unread(_line: str) -> None:
    """Where notes go that nobody reads."""


def scan_library(
    library: Library,
    *,
    now: datetime,
    paths: Sequence[str] = (),
    shallow: bool = False,
    rescan: bool = False,
    accept: frozenset[Question] = frozenset(),
    kind: ScanKind = ScanKind.SCAN,
    job_id: int | None = None,
    report: Progress = silent,
    guard: Guard = transaction.atomic,
    note: Note = _unread,
) -> Scan:
    """Bring files and videos up to date with what lies under the library's root.

    ``paths`` (folders or files below the root) limit the scan, and ``shallow`` leaves out what is
    below those folders; with ``rescan`` unchanged files are probed, too. Files that are gone are
    marked missing, never deleted, and not before a person was asked if they are many, which
    ``accept`` answers. Nothing on disk is touched. Files that are still being written are left
    alone; ``unsettled`` of the scan names their folders. Stopped at any point and called again it
    goes on where it was. ``report`` counts files and may raise; what was found until then is kept.
    Each write happens under ``guard``. ``note`` gets a line for each file that people should know
    of. Raises RootOffline, PathRefused, LibraryGone.
    """
    for path in paths:
        below(path, root=library.root_bytes)
    scan = Scan.objects.create(
        library=library, paths=[_shown(path) for path in paths[:_MOST_NAMED]], rescan=rescan,
        kind=kind, started_at=now, job_id=job_id,
    )  # fmt: skip
    whole = not paths
    with open_run(library, scan, report=report, guard=guard, note=note) as run:
        try:
            known = library.files.present().exists()
            disk = run.disks.of(library.pk)
            device = check_known_disk(
                disk, library, expect_files=known, accept_other=Question.OTHER_DISK in accept
            )
            scope = find_scope(disk, library, paths, shallow=shallow, strict=kind == ScanKind.SCAN)
            run.begin(device)
            run.work(run.walk(scope))
            if kind != ScanKind.WATCH:  # which comes back by itself
                run.look_again()
            known = known or run.counts.done > 0
            check_same_disk(disk, library.root_bytes, device=device, expect_files=known)
            gone = Gone(
                library, scan, disk, run.comparison.rules, device, guard, now, run.record.tell
            )
            unseen = scope.unseen_folders(library, run.unknown, since=now)
            accepted = Question.GONE in accept
            run.counts.missing, run.counts.held = gone.settle(unseen, accepted=accepted)
            scan.walked = True
            run.tell_apart()
        except (DiskSilent, DiskHangs) as error:
            _note_state(library, LibraryState.OFFLINE, f"{library.root} does not answer.")
            raise RootOffline(f"{library.root} does not answer: does it hang?") from error
        except RootOffline as error:
            asked = {"question": error.question} if error.question else {}
            _note_state(library, LibraryState.OFFLINE, str(error), **asked)
            raise
    _note_end(library, run, device=device, whole=whole, kind=kind, accept=accept)
    return scan


def probe_again(
    library: Library,
    file_ids: Sequence[int],
    *,
    now: datetime,
    refresh: frozenset[Refresh] = frozenset(),
    job_id: int | None = None,
    report: Progress = silent,
    guard: Guard = transaction.atomic,
    note: Note = _unread,
) -> Scan:
    """Read some of a library's files anew, unchanged or not: what ``refresh`` names, or everything.

    A file that isn't there is left to the next scan. Raises RootOffline.
    """
    files = library.files.filter(pk__in=file_ids, displaced=0).select_related("folder", "library")
    paths = [file.path for file in files[:_MOST_NAMED]]
    scan = Scan.objects.create(
        library=library, paths=paths, rescan=True, kind=ScanKind.PROBE, started_at=now,
        job_id=job_id,
    )  # fmt: skip
    with open_run(library, scan, report=report, guard=guard, note=note, refresh=refresh) as run:
        disk = run.disks.of(library.pk)
        try:
            run.begin(check_known_disk(disk, library, expect_files=True))
            run.work(run.again(files))
        except (DiskSilent, DiskHangs) as error:
            raise RootOffline(f"{library.root} does not answer: does it hang?") from error
    return scan


def tell_apart(
    library: Library,
    *,
    now: datetime,
    report: Progress = silent,
    guard: Guard = transaction.atomic,
) -> dict[str, int]:
    """Read a library's likely copies whole and give each its video. Touches no file."""
    counts = Counts()
    total = library.files.undecided().count()

    def waiting() -> None:
        report(min(total, counts.copies + counts.different), total)

    with Disks(waiting=waiting) as disks, open_checks(waiting) as checks:
        copies = Copies(library, disks, checks, guard, now, counts, waiting)
        copies.settle()
    return {"copies": counts.copies, "different": counts.different}


def _note_end(
    library: Library,
    run: Run,
    *,
    device: int,
    whole: bool,
    kind: ScanKind,
    accept: frozenset[Question],
) -> None:
    values: dict[str, Any] = {"device": device}
    detail = ""
    if kind == ScanKind.SCAN:
        values["scanned_at"] = run.scan.started_at
    if run.counts.held:
        values["question"] = Question.GONE
        detail = (
            f"{run.counts.held:,} files are gone at once. Nothing was marked: look whether a disk "
            "or folder is missing, or tell that they are gone."
        )
    elif whole or accept:
        values["question"] = Question.NONE
    elif library.question:
        detail = library.state_detail
    _note_state(library, LibraryState.ONLINE, detail, **values)


def _note_state(library: Library, state: LibraryState, detail: str, **values: Any) -> None:
    Library.objects.filter(pk=library.pk).update(state=state, state_detail=detail, **values)


def _shown(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")
