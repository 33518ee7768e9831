"""Small scans in threads of the watch, so that nothing waits behind a long job."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from threading import Event, Lock

from django.db import connection
from django.utils import timezone

from apps.library.choices import ScanKind
from apps.library.models import Library, Scan
from apps.library.services.scan import RootOffline, scan_library
from apps.library.services.scan.crew import Crew
from apps.library.services.scan.roots import PathRefused
from apps.library.services.watch.dirty import Change, Scope

logger = logging.getLogger(__name__)

_THREADS = 2  # libraries scanned at the same moment
_LONGEST_S = 20.0
_IDLE_S = 120.0  # some 200 MB are too much to keep for long


class Outcome(Enum):
    """What came of a small scan."""

    DONE = auto()
    TAKES_LONG = auto()  # what was found is kept; the rest is for a job
    PATH_REFUSED = auto()
    OFFLINE = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Ended:
    """A small scan that has ended; ``arriving`` is where files were still being written."""

    library_id: int
    scope: Scope
    outcome: Outcome
    arriving: tuple[Change, ...] = ()


class _TakesLong(Exception):
    """The scan is not a small one."""


class SmallScans:
    """At most one scan of a library at a time.

    ``wake`` is a file descriptor that can be read when a scan has ended. The scans read no whole
    files: where some have to be compared, a job is asked for by ``request_comparison``.
    """

    def __init__(self, request_comparison: Callable[[Library], object]) -> None:
        self._request_comparison = request_comparison
        self.wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._stopping = Event()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="scan")
        self._running: dict[int, Future[Ended]] = {}
        self._crews = _Crews()

    def close(self) -> None:
        """Stop the scans; what they found is kept."""
        self._stopping.set()
        self._threads.shutdown(cancel_futures=True)
        self._crews.tidy(idle_s=0)
        os.close(self.wake)

    def is_busy(self, library_id: int) -> bool:
        return library_id in self._running

    def start(self, library_id: int, scope: Scope) -> None:
        future = self._threads.submit(self._scan, library_id, scope)
        self._running[library_id] = future
        future.add_done_callback(lambda _: os.eventfd_write(self.wake, 1))

    def ended(self) -> list[Ended]:
        """The scans that have ended since."""
        self._crews.tidy(idle_s=_IDLE_S)
        done = [pk for pk, future in self._running.items() if future.done()]
        return [self._running.pop(pk).result() for pk in done]

    def _scan(self, library_id: int, scope: Scope) -> Ended:
        arriving: tuple[Change, ...] = ()
        outcome = Outcome.DONE
        try:
            library = Library.objects.filter(pk=library_id).first()
            if library is not None:
                arriving = tuple(self._look(library, scope))
        except _TakesLong:
            outcome = Outcome.TAKES_LONG
        except PathRefused:
            outcome = Outcome.PATH_REFUSED
        except RootOffline as error:
            logger.info("%s: %s", library, error)
            outcome = Outcome.OFFLINE
        except Exception:
            logger.exception("library %s: a small scan failed", library_id)
            outcome = Outcome.FAILED
        finally:
            connection.close()
        return Ended(library_id, scope, outcome, arriving)

    def _look(self, library: Library, scope: Scope) -> list[Change]:
        """Scan, and tell where files were still being written."""
        until = time.monotonic() + _LONGEST_S

        def report(_done: int, _total: int | None = None, /, **_facts: object) -> None:
            if self._stopping.is_set() or time.monotonic() > until:
                raise _TakesLong

        arriving: list[Change] = []
        with self._crews.one() as crew:
            for paths, shallow in ((scope.whole, False), (scope.files, True)):
                if paths:
                    done = scan_library(
                        library, now=timezone.now(), paths=_names(paths), kind=ScanKind.WATCH,
                        shallow=shallow, report=report, crew=crew,
                    )  # fmt: skip
                    arriving += _arriving(done)
        if library.files.undecided().exists():
            self._request_comparison(library)
        return arriving


class _Crews:
    """Crews that wait for the next scan; starting one takes longer than most scans."""

    def __init__(self) -> None:
        self._idle: list[tuple[float, Crew]] = []
        self._lock = Lock()

    @contextmanager
    def one(self) -> Iterator[Crew]:
        """A crew, which is kept if all went well."""
        with self._lock:
            crew = self._idle.pop()[1] if self._idle else Crew()
        try:
            yield crew
        except BaseException:
            crew.close()
            raise
        with self._lock:
            self._idle.append((time.monotonic(), crew))

    def tidy(self, *, idle_s: float) -> None:
        """Send home who has had nothing to do for so long."""
        until = time.monotonic() - idle_s
        with self._lock:
            leaving = [crew for since, crew in self._idle if since <= until]
            self._idle = [(since, crew) for since, crew in self._idle if since > until]
        for crew in leaving:
            crew.close()


def _arriving(scan: Scan) -> list[Change]:
    """A slash ends the names of folders with all below which are meant."""
    return [(name.rstrip("/").encode(), name.endswith("/")) for name in scan.unsettled]


def _names(paths: Sequence[bytes]) -> list[str]:
    return [os.fsdecode(path) for path in paths]
