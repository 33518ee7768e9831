"""The watch over one library: its process, what that said, and when to try again."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings

from apps.core.process import ProcessFailed
from apps.disk.watch_mounts import allowed_by_kernel
from apps.disk.watch_reader import Watcher, WatchOrder
from apps.library.choices import WatchState
from apps.library.models import Library
from apps.library.services.storage import rule_arguments
from apps.library.services.watch.dirty import Change, Dirty, Job
from apps.library.services.watch.scans import Ended, Outcome
from apps.library.services.watch.sentences import limited, lost, shared

logger = logging.getLogger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 10.0, 30.0
_SHARE_PAUSE_S = 300.0  # until we look whether another file system is mounted now
_LIMIT_PAUSE_S = 1_800.0  # or until it is raised
_AFTER_FAILURE_S, _MOST_FAILURES = 5.0, 3
_MOST_DOUBLINGS = 5
_FIRST_LOOK_S, _LONGEST_LOOK_S = 2.0, 60.0  # until we look again at files that still arrive

Clock = Callable[[], float]


def order_for(library: Library) -> WatchOrder:
    """What its process is told."""
    return WatchOrder(
        root=library.root_bytes,
        rules=rule_arguments(library),
        settle_s=settings.MEDIAHUB_SETTLE_SECONDS,
        timeout_s=settings.MEDIAHUB_DISK_TIMEOUT_SECONDS,
    )


class LibraryWatch:
    """Keeps a watching process for a library, and gathers what it tells. Asks no database.

    ``dirty`` is for small scans; ``owed`` is a job that has to be asked for.
    """

    def __init__(self, library: Library, *, clock: Clock = time.monotonic) -> None:
        self.library_id, self.order = library.pk, order_for(library)
        self.every_minutes = library.scan_every_minutes or settings.MEDIAHUB_SHARE_SCAN_MINUTES
        self.state, self.detail = WatchState.STARTING, ""
        self.dirty = Dirty()
        self.owed: Job | None = None
        self.watcher: Watcher | None = None
        self._left: Watcher | None = None
        self._limit: tuple[str, int] | None = None
        self._clock = clock
        self._due = 0.0
        self._pause_s = 0.0
        self._failures = 0
        self._scan_due = 0.0
        self._arriving: list[Change] = []
        self._look_s = _FIRST_LOOK_S
        self._look_due = 0.0

    def turn(self) -> None:
        """Start the process if it is time, take in what it said, end it if its disk hangs."""
        if self._arriving and self._clock() >= self._look_due:
            self.dirty.add(self._arriving)
            self._arriving = []
        watcher = self.watcher
        if watcher is None:
            self._start()
            return
        for frame in watcher.heard():
            self._take(*frame)
        if watcher is not self.watcher:  # its last word was the end of it
            return
        if watcher.ended:
            self._retry(WatchState.LOST, "The process that watches it has ended by itself.")
        elif watcher.silent:
            self._retry(WatchState.LOST, lost("does not answer"))

    def fits(self, other: "LibraryWatch") -> bool:
        """Whether the other one would watch the same in the same way."""
        return (self.order, self.every_minutes) == (other.order, other.every_minutes)

    @property
    def may_scan(self) -> bool:
        return bool(self.dirty) and self._clock() >= self._scan_due

    def owe(self, job: Job) -> None:
        """A job is needed, beside what is needed already."""
        self.owed = job if self.owed is None else self.owed | job

    def note_scan(self, ended: Ended) -> None:
        """What came of a small scan decides who goes on with it."""
        failed = ended.outcome in {Outcome.FAILED, Outcome.OFFLINE}
        self._failures = self._failures + 1 if failed else 0
        match ended.outcome:
            case Outcome.DONE:
                self._wait_for(ended.arriving)
            case Outcome.FAILED if self._failures < _MOST_FAILURES:
                self.dirty.put_back(ended.scope)
                self._scan_due = self._clock() + _AFTER_FAILURE_S
            case Outcome.FAILED | Outcome.PATH_REFUSED:  # a job has a log that people can read
                self.owe(Job())
            case Outcome.TAKES_LONG:
                self.owe(Job.over(ended.scope.folders))
            case Outcome.OFFLINE if self.state is WatchState.WATCHING:  # a stall that it outlived
                self.dirty.put_back(ended.scope)
                doublings = min(self._failures - 1, _MOST_DOUBLINGS)
                self._scan_due = self._clock() + _AFTER_FAILURE_S * 2**doublings
            case Outcome.OFFLINE:  # everything is scanned when the next watch begins
                pass

    def end(self) -> None:
        """End the process; what was gathered is kept."""
        if self.watcher is not None:
            self.watcher.end()
            self._left, self.watcher = self.watcher, None

    def _wait_for(self, arriving: Sequence[Change]) -> None:
        """Come back to these, each time later. Some may make no event when they are done."""
        if not self._arriving:
            self._look_due = self._clock() + self._look_s
            longer_s = min(2 * self._look_s, _LONGEST_LOOK_S)
            self._look_s = longer_s if arriving else _FIRST_LOOK_S
        self._arriving += arriving

    def _start(self) -> None:
        # one that a dead disk holds must be gone before the next runs into the same
        waits = self._clock() < self._due and not self._limit_was_raised()
        if waits or (self._left is not None and self._left.lingers):
            return
        self._limit = None
        try:
            self.watcher = Watcher(self.order, clock=self._clock)
        except ProcessFailed as error:
            self._retry(WatchState.LOST, str(error))

    def _limit_was_raised(self) -> bool:
        return self._limit is not None and allowed_by_kernel(self._limit[0]) > self._limit[1]

    def _take(self, kind: str, *facts: Any) -> None:
        match kind, *facts:
            case "ready", int(folders):
                self.state, self.detail = WatchState.WATCHING, _told(folders)
                self._pause_s = 0.0
                self.owe(Job())  # whatever came before the watch
            case "changed", changes:
                self.dirty.add(changes)
            case "overflow", *_:
                logger.warning("%s: changes came too fast to be told", self.order.root)
            case "shared", str(file_system):
                detail = shared(file_system, every_minutes=self.every_minutes)
                self._retry(WatchState.NO_EVENTS, detail, pause_s=_SHARE_PAUSE_S)
            case "limit", str(name), needed, allowed:
                self._limit = name, allowed
                detail = limited(name, needed=needed, allowed=allowed)
                self._retry(WatchState.LIMITED, detail, pause_s=_LIMIT_PAUSE_S)
            case "lost", str(what):
                self._retry(WatchState.LOST, lost(what))

    def _retry(self, state: WatchState, detail: str, *, pause_s: float | None = None) -> None:
        self.end()
        self.state, self.detail = state, detail
        if pause_s is None:
            self._pause_s = min(self._pause_s + _FIRST_PAUSE_S, _LONGEST_PAUSE_S)
            pause_s = self._pause_s
        self._due = self._clock() + pause_s


def _told(folders: int) -> str:
    return "1 folder" if folders == 1 else f"{folders:,} folders"
