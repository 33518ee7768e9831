"""Small scans in threads of the watch, so that nothing waits behind a long job."""

import logging
import os
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum, auto
from threading import Event

from django.db import connection
from django.utils import timezone

from apps.library.choices import ScanKind
from apps.library.models import Library
from apps.library.services.scan import RootOffline, scan_library
from apps.library.services.scan.roots import PathRefused
from apps.library.services.watch.dirty import Scope

logger = logging.getLogger(__name__)

_THREADS = 2  # libraries scanned at the same moment
_LONGEST_S = 20.0


class Outcome(Enum):
    """What came of a small scan."""

    DONE = auto()
    TAKES_LONG = auto()  # what was found is kept; the rest is for a job
    PATH_REFUSED = auto()
    FAILED = auto()  # to be tried again


class _TakesLong(Exception):
    """The scan is not a small one."""


class SmallScans:
    """At most one scan of a library at a time.

    ``wake`` is a file descriptor that can be read when a scan has ended.
    """

    def __init__(self) -> None:
        self.wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._stopping = Event()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="scan")
        self._running: dict[int, tuple[Scope, Future[Outcome]]] = {}

    def close(self) -> None:
        """Stop the scans; what they found is kept."""
        self._stopping.set()
        self._threads.shutdown(cancel_futures=True)
        os.close(self.wake)

    def is_busy(self, library_id: int) -> bool:
        return library_id in self._running

    def start(self, library_id: int, scope: Scope) -> None:
        future = self._threads.submit(self._scan, library_id, scope)
        self._running[library_id] = scope, future
        future.add_done_callback(lambda _: os.eventfd_write(self.wake, 1))

    def ended(self) -> list[tuple[int, Scope, Outcome]]:
        """The scans that have ended since."""
        done = [pk for pk, (_, future) in self._running.items() if future.done()]
        ended = [(pk, *self._running.pop(pk)) for pk in done]
        return [(pk, scope, future.result()) for pk, scope, future in ended]

    def _scan(self, library_id: int, scope: Scope) -> Outcome:
        try:
            library = Library.objects.filter(pk=library_id).first()
            if library is not None:
                self._look(library, scope)
        except _TakesLong:
            return Outcome.TAKES_LONG
        except PathRefused:
            return Outcome.PATH_REFUSED
        except RootOffline as error:  # the scan has written that down; what comes back is scanned
            logger.info("%s: %s", library, error)
        except Exception:
            logger.exception("library %s: a small scan failed", library_id)
            return Outcome.FAILED
        finally:
            connection.close()
        return Outcome.DONE

    def _look(self, library: Library, scope: Scope) -> None:
        until = time.monotonic() + _LONGEST_S

        def report(_done: int, _total: int | None = None, /, **_facts: object) -> None:
            if self._stopping.is_set() or time.monotonic() > until:
                raise _TakesLong

        for paths, shallow in ((scope.whole, False), (scope.files, True)):
            if paths:
                scan_library(
                    library, now=timezone.now(), paths=_names(paths), kind=ScanKind.WATCH,
                    shallow=shallow, report=report,
                )  # fmt: skip


def _names(paths: Sequence[bytes]) -> list[str]:
    return [os.fsdecode(path) for path in paths]
