"""When to tell of what has changed: files once they stand still, the rest after a short pause.

A plain state machine: the clocks are handed in, so that it can be tested without waiting.
"""

import os
import stat
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

from apps.disk.leases import open_for_writing

_PAUSE_S = 0.2  # so that what belongs together (a swap of names, say) is told together
_GONE_PAUSE_S = 0.5  # editors and downloaders delete and write anew
_LONGEST_OPEN_S = 60.0  # open for writing and silent: whoever holds it may never close it
_AHEAD_S = 600.0  # dated further ahead than a clock may be wrong, a date says nothing
_MOST = 50_000


class Change(NamedTuple):
    """A path below the root to look at; ``whole`` for a folder with all below it."""

    path: bytes
    whole: bool


@dataclass(slots=True)
class _Waiting:
    """Something that has changed, for the last time at ``since``. Times are monotonic seconds."""

    since: float
    pause_s: float
    not_before: float = 0.0
    whole: bool = False
    gone: bool = False
    is_open: bool = False  # opened for writing, as far as we saw, and not closed since
    seen: tuple[int, int] | None = None
    also: set[bytes] = field(default_factory=set)  # its former names, to be told with it
    queued_for: float = 0.0

    @property
    def due(self) -> float:
        return max(self.since + self.pause_s, self.not_before)

    @property
    def is_file(self) -> bool:
        return not self.gone and not self.whole


class Settling:
    """What has changed below ``root`` and wasn't told yet. ``now`` is ``time.monotonic()``."""

    def __init__(self, root: bytes, *, settle_s: float) -> None:
        self._root = root
        self._settle_s = settle_s
        self._waiting: dict[bytes, _Waiting] = {}
        self._queue: list[tuple[float, bytes]] = []

    def written(self, path: bytes, *, now: float, opened: bool = False) -> None:
        """A file's bytes or times have changed; ``opened``: through a handle that is open."""
        one = self._waiting.get(path)
        if one is None or not one.is_file:
            one = self._put(path, _Waiting(now, self._settle_s))
        one.since, one.pause_s, one.seen = now, self._settle_s, None
        one.is_open = one.is_open or opened

    def closed(self, path: bytes, *, now: float) -> None:
        """A file that was open for writing has been closed."""
        self.written(path, now=now)
        self._waiting[path].is_open = False

    def found(self, path: bytes, *, now: float) -> None:
        """A file is there that nothing was heard of: its own time says whether it is new."""
        one = self._waiting.get(path)
        if one is None or not one.is_file:
            self._put(path, _Waiting(now, _PAUSE_S))

    def renamed(self, old: bytes | None, new: bytes, *, now: float, tell_old: bool = False) -> None:
        """A file has another name (None: it came from elsewhere). What is known of its writing
        goes with it.
        """
        one = self._waiting.pop(old, None) if old is not None else None
        if one is None or not one.is_file:
            one = _Waiting(now, _PAUSE_S)
        one.since = now  # whoever still writes it is at work
        if old is not None and tell_old:
            one.also.add(old)
        self._put(new, one)

    def gone(self, path: bytes, *, now: float) -> None:
        self._put(path, _Waiting(now, _GONE_PAUSE_S, gone=True))

    def folder(self, path: bytes, *, now: float) -> None:
        """A folder came or went with all that is in it."""
        self._put(path, _Waiting(now, _GONE_PAUSE_S, whole=True))

    def folder_renamed(self, old: bytes, new: bytes, *, now: float) -> None:
        for path in [path for path in self._waiting if path.startswith(old + b"/")]:
            self._put(new + path[len(old) :], self._waiting.pop(path))
        self._put(new, _Waiting(now, _PAUSE_S, whole=True, also={old}))

    def next_due(self) -> float | None:
        """When to call ``take``."""
        return self._queue[0][0] if self._queue else None

    def take(self, *, now: float, wall: float) -> list[Change]:
        """What is to be told now. ``wall`` is the time of day, by which files are dated."""
        changes: list[Change] = []
        while self._queue and self._queue[0][0] <= now:
            queued_for, path = heappop(self._queue)
            one = self._waiting.get(path)
            if one is None or one.queued_for != queued_for:
                continue
            if one.is_file and one.due <= now:
                one.not_before = self._unsettled_until(path, one, now, wall)
            if one.due > now:
                self._enqueue(path, one)
                continue
            del self._waiting[path]
            # where something new stands under an old name, that is told when it is settled
            olds = sorted(old for old in one.also if old not in self._waiting)
            changes += [Change(old, one.whole) for old in olds]
            changes.append(Change(path, one.whole))
        return changes

    def _put(self, path: bytes, one: _Waiting) -> _Waiting:
        if len(self._waiting) >= _MOST:
            self._waiting.clear()
            self._queue.clear()
            path, one = b"", _Waiting(one.since, self._settle_s, whole=True)
        if before := self._waiting.get(path):
            one.also |= before.also
        self._waiting[path] = one
        self._enqueue(path, one)
        return one

    def _enqueue(self, path: bytes, one: _Waiting) -> None:
        one.queued_for = one.due
        heappush(self._queue, (one.due, path))

    def _unsettled_until(self, path: bytes, one: _Waiting, now: float, wall: float) -> float:
        """When to look at a file again; 0 if it stands still (or isn't there: that is news)."""
        location = os.path.join(self._root, path)
        try:
            found = os.lstat(location)
        except OSError:
            return 0.0
        if not stat.S_ISREG(found.st_mode) or not self._settle_s:
            return 0.0
        age = wall - found.st_mtime
        if -_AHEAD_S < age < self._settle_s:
            return now + self._settle_s - age
        facts = (found.st_size, found.st_mtime_ns)
        if age < 0 and one.seen != facts:  # only a second look can tell
            one.seen = facts
            return now + self._settle_s
        held = open_for_writing(location)
        if held is None:  # a second hard link is made without opening
            held = one.is_open and found.st_nlink == 1
        return now + self._settle_s if held and now < one.since + _LONGEST_OPEN_S else 0.0
