"""Scans from their beginning to their end."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.core.progress import Progress, silent
from apps.disk.reader import DiskSilent
from apps.ffmpeg.pool import DiskHangs
from apps.library.choices import LibraryState, Question, Refresh, ScanKind
from apps.library.models import Library, Scan
from apps.library.services.scan.copies import Copies
from apps.library.services.scan.counts import Counts
from apps.library.services.scan.crew import Crew
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
    crew: Crew | None = None,
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
    of. A ``crew`` of children that is given is kept. Raises RootOffline, PathRefused, LibraryGone.
    """
    for path in paths:
        below(path, root=library.root_bytes)
    scan = Scan.objects.create(
        library=library, paths=[_shown(path) for path in paths[:_MOST_NAMED]], rescan=rescan,
        kind=kind, started_at=now, job_id=job_id,
    )  # fmt: skip
    asked = _Asked(paths, shallow, accept)
    with (
        open_run(library, scan, crew, report=report, guard=guard, note=note) as run,
        _offline_noted(library),
    ):
        device = _scan(run, asked)
    _note_end(library, run, asked, device=device)
    return scan


@dataclass(frozen=True, slots=True)
class _Asked:
    """What of a library is to be scanned, and what a person has answered."""

    paths: Sequence[str]
    shallow: bool
    accept: frozenset[Question]


def _scan(run: Run, asked: _Asked) -> int:
    """The steps of a scan; returns the root's device."""
    library, scan = run.library, run.scan
    disk = run.disk
    accepted = Question.GONE in asked.accept
    known = not accepted and library.files.present().exists()
    device = check_known_disk(
        disk, library, expect_files=known, accept_other=Question.OTHER_DISK in asked.accept
    )
    by_person = scan.kind == ScanKind.SCAN
    scope = find_scope(disk, library, asked.paths, shallow=asked.shallow, strict=by_person)
    run.begin(device)
    run.work(run.walk(scope))
    if by_person:  # the watch comes back by itself
        run.look_again()
    run.write_replaced()
    known = known or (run.counts.done > 0 and not accepted)
    check_same_disk(disk, library.root_bytes, device=device, expect_files=known)
    unseen = scope.unseen_folders(library, run.unknown, since=scan.started_at)
    hold_all = bool(asked.paths) and library.question == Question.GONE
    run.counts.missing, run.counts.held = run.gone().settle(
        unseen, accepted=accepted, hold_all=hold_all
    )
    scan.walked = True
    if by_person:
        run.tell_apart()
    return device


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
    with (
        open_run(
            library, scan, None, report=report, guard=guard, note=note, refresh=refresh
        ) as run,
        _offline_noted(library),
    ):
        run.begin(check_known_disk(run.disk, library, expect_files=True))
        run.work(run.again(files))
        run.write_replaced()
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

    with Crew() as crew, _offline_noted(library):
        crew.begin(waiting)
        Copies(library, crew, guard, now, counts, waiting).settle()
    return {"copies": counts.copies, "different": counts.different}


@contextmanager
def _offline_noted(library: Library) -> Iterator[None]:
    """Writes down at the library that its root is away. Raises RootOffline for whatever hangs."""
    try:
        yield
    except (DiskSilent, DiskHangs) as error:
        message = f"{library.root} does not answer: does its disk or share hang?"
        _note_state(library, LibraryState.OFFLINE, message)
        raise RootOffline(message) from error
    except RootOffline as error:
        question = {"question": error.question} if error.question else {}
        _note_state(library, LibraryState.OFFLINE, str(error), **question)
        raise


def _note_end(library: Library, run: Run, asked: _Asked, *, device: int) -> None:
    values: dict[str, Any] = {"device": device}
    detail = ""
    if run.scan.kind == ScanKind.SCAN and not asked.paths:
        values["scanned_at"] = run.scan.started_at
    if run.counts.held:
        values["question"] = Question.GONE
        detail = (
            f"{run.counts.held:,} files are gone at once. Nothing was marked: look whether a disk "
            "or folder is missing, or tell that they are gone."
        )
    elif not asked.paths or library.question == Question.OTHER_DISK:
        values["question"] = Question.NONE
    elif library.question:
        detail = library.state_detail
    _note_state(library, LibraryState.ONLINE, detail, **values)


def _note_state(library: Library, state: LibraryState, detail: str, **values: Any) -> None:
    Library.objects.filter(pk=library.pk).update(state=state, state_detail=detail, **values)


def _shown(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")
