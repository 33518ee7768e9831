"""The watch over all libraries: one process each, small scans, and their state in the rows."""

import fcntl
import logging
import os
import selectors
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Protocol, Self

from django.conf import settings
from django.db import Error as DatabaseFailed
from django.db import connection
from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.library.choices import BLIND, WatchState
from apps.library.models import Library
from apps.library.services.watch.dirty import Job
from apps.library.services.watch.library import LibraryWatch
from apps.library.services.watch.scans import SmallScans

logger = logging.getLogger(__name__)

_TURN_S = 0.5
_REFRESH_S = 2.0
_SEEN_EVERY_S = 10.0
_AGAIN_S = 5.0
# These say how the library is scanned while nobody watches.
_LASTING = (*BLIND, WatchState.OFF)


class WatchRunning(MediaHubError):
    """Another process watches with the same data folder."""

    code = "watch_running"
    status = 409


class RequestScan(Protocol):
    """Asks for a scan by a job, of everything or of ``paths`` below the root.

    Answers whether one will begin from now on: one at work may have passed a change already.
    """

    def __call__(self, library: Library, *, paths: Sequence[str] = ()) -> bool: ...


def watch_libraries(
    *, stop: Event, request_scan: RequestScan, request_comparison: Callable[[Library], object]
) -> None:
    """Keep the catalogue up with what changes on disk, until ``stop`` is set.

    ``request_comparison`` asks for a job that tells likely copies apart; it is called in threads.
    Raises WatchRunning.
    """
    with _alone(), _Service(request_scan, SmallScans(request_comparison)) as service:
        while not stop.is_set():
            service.turn()


@contextmanager
def _alone() -> Iterator[None]:
    """Hold a lock that the kernel drops when we die. Raises WatchRunning."""
    folder: Path = settings.MEDIAHUB_DATA_DIR / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "watch").open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WatchRunning("Another process watches these libraries already.") from None
        yield


class _Service:
    """The loop. Only the small scans run in other threads."""

    def __init__(self, request_scan: RequestScan, scans: SmallScans) -> None:
        self._request_scan = request_scan
        self._watches: dict[int, LibraryWatch] = {}
        self._written: dict[int, tuple[str, str]] = {}
        self._scans = scans
        self._refresh_at = self._seen_at = self._ask_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        for watch in self._watches.values():
            watch.end()
        self._scans.close()
        with suppress(DatabaseFailed):
            Library.objects.exclude(watch_state__in=_LASTING).update(
                watch_state=WatchState.OFF, watch_detail=""
            )
        connection.close()

    def turn(self) -> None:
        """Wait a moment for news, and do what they ask for."""
        self._wait()
        for watch in self._watches.values():
            watch.turn()
        for ended in self._scans.ended():
            if ended.library_id in self._watches:
                self._watches[ended.library_id].note_scan(ended)
        try:
            self._refresh()
            for watch in self._watches.values():
                self._scan(watch)
            self._write_states()
        except DatabaseFailed as error:  # it restarts, say; we go on as soon as it is back
            logger.warning("The database does not answer: %s", str(error).partition("\n")[0])
            connection.close()
            self._refresh_at = self._ask_at = time.monotonic() + _AGAIN_S

    def _wait(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._scans.wake, selectors.EVENT_READ)
            for watch in self._watches.values():
                if watch.watcher is not None and not watch.watcher.ended:
                    selector.register(watch.watcher.fd, selectors.EVENT_READ)
            selector.select(_TURN_S)
        with suppress(BlockingIOError):
            os.eventfd_read(self._scans.wake)

    def _refresh(self) -> None:
        """Take up libraries that are new or were changed, leave those that aren't watched now."""
        if time.monotonic() < self._refresh_at:
            return
        self._refresh_at = time.monotonic() + _REFRESH_S
        libraries = {library.pk: library for library in Library.objects.filter(watch=True)}
        for pk in self._watches.keys() - libraries.keys():
            self._watches.pop(pk).end()
            self._written.pop(pk, None)
        for pk, library in libraries.items():
            fresh = LibraryWatch(library)
            watch = self._watches.setdefault(pk, fresh)
            if not watch.fits(fresh):
                watch.end()
                self._watches[pk] = fresh
        Library.objects.filter(watch=False).exclude(watch_state=WatchState.OFF).update(
            watch_state=WatchState.OFF, watch_detail=""
        )

    def _scan(self, watch: LibraryWatch) -> None:
        """Begin a small scan of what has changed, or ask for a job."""
        if watch.owed is not None:
            self._ask(watch, watch.owed)
        if not watch.may_scan or self._scans.is_busy(watch.library_id):
            return
        scope = watch.dirty.take()
        if isinstance(scope, Job):
            watch.owe(scope)
        else:
            self._scans.start(watch.library_id, scope)

    def _ask(self, watch: LibraryWatch, job: Job) -> None:
        if time.monotonic() < self._ask_at:
            return
        library = Library.objects.filter(pk=watch.library_id).first()
        paths = [os.fsdecode(folder) for folder in job.folders]
        if library is None or self._request_scan(library, paths=paths):
            watch.owed = None
        else:  # one that began earlier is at work
            self._ask_at = time.monotonic() + _AGAIN_S

    def _write_states(self) -> None:
        for pk, watch in self._watches.items():
            told = (str(watch.state), watch.detail)
            if self._written.get(pk) != told:
                Library.objects.filter(pk=pk).update(
                    watch_state=watch.state, watch_detail=watch.detail, watch_seen_at=timezone.now()
                )
                self._written[pk] = told
        if time.monotonic() >= self._seen_at:
            self._seen_at = time.monotonic() + _SEEN_EVERY_S
            Library.objects.filter(pk__in=self._watches).update(watch_seen_at=timezone.now())
