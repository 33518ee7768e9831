"""The process that watches one library's root: ``python -m apps.disk.watcher``.

It may hang with the disk; ``watch_reader.Watcher`` starts, hears and kills it. Its orders are the
first frame on stdin, and it ends when stdin does. Frames out are tuples:

- ``("alive",)`` every few seconds, after a look at the root;
- ``("ready", watches)``: from now on nothing goes unnoticed; whatever came before might have;
- ``("changed", [(path, whole), …])``: look at these paths below the root;
- ``("overflow",)``: events were lost; another ``ready`` follows;

and as its last ``("shared", file_system)``, ``("limit", name, needed, allowed)`` with the name of
the kernel's setting, or ``("lost", what became of the root)``.
"""

import errno
import os
import select
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from apps.disk import frames
from apps.disk.rules import Rules
from apps.disk.watch_events import Overflow, RootLost, Watches
from apps.disk.watch_mounts import allowed_by_kernel, file_system_of, tells_of_changes
from apps.disk.watch_settle import Settling

_GATHER_S = 0.03  # lets the kernel put equal events together


class _Ended(Exception):
    """Nobody hears us any more."""


def main() -> None:
    """Watch until stdin ends."""
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    signal.signal(signal.SIGIO, signal.SIG_IGN)  # see leases.py
    with suppress(_Ended, frames.PeerGone):
        orders = frames.read(0)
        frames.write(out, _watch(out, **orders))


def _watch(
    out: int, *, root: bytes, rules: dict[str, Any], settle_s: float, alive_s: float
) -> tuple[Any, ...]:
    """Watch until that comes to an end, and tell why."""
    frames.write(out, ("alive",))
    try:
        if shared := _shared(root):  # a share that hangs isn't even touched
            return ("shared", shared)
        real = os.path.realpath(root, strict=True)
        if shared := _shared(real):
            return ("shared", shared)
        settling = Settling(real, settle_s=settle_s)
        look = _Look(root, every_s=alive_s)
        while True:
            with Watches(real, Rules.of(**rules), settling) as watches:
                try:
                    return _Watching(out, watches, settling, look).go_on()
                except Overflow:
                    frames.write(out, ("overflow",))
    except RootLost as error:
        return ("lost", str(error))
    except OSError as error:
        if error.errno == errno.EMFILE:
            return ("limit", "max_user_instances", 0, allowed_by_kernel("max_user_instances"))
        return ("lost", error.strerror or "can't be read")


def _shared(root: bytes) -> str:
    """The type of a file system that doesn't tell of all changes, else empty."""
    file_system = file_system_of(root, Path("/proc/self/mountinfo").read_bytes())
    return "" if tells_of_changes(file_system) else file_system


class _Look:
    """Looks at the root now and then: a mount over it, say, makes no event."""

    def __init__(self, root: bytes, *, every_s: float) -> None:
        self._root, self._every_s = root, every_s
        self._known = self._identity()
        self.due = 0.0

    def again(self, now: float) -> None:
        """Raises RootLost."""
        try:
            identity = self._identity()
        except OSError as error:
            raise RootLost(error.strerror or "can't be read") from error
        if identity != self._known:
            raise RootLost("is another folder or disk now")
        self.due = now + self._every_s

    def _identity(self) -> tuple[int, int]:
        found = os.stat(self._root)
        return found.st_dev, found.st_ino


class _Watching:
    """The loop around one set of watches."""

    def __init__(self, out: int, watches: Watches, settling: Settling, look: _Look) -> None:
        self._out, self._watches, self._settling, self._look = out, watches, settling, look
        self._ready = False
        self._poll = select.poll()
        self._poll.register(0, select.POLLIN | select.POLLHUP)
        self._poll.register(watches.inotify.fileno(), select.POLLIN)

    def go_on(self) -> tuple[Any, ...]:
        """Raises Overflow, RootLost."""
        while not (self._watches.limited and self._watches.complete):
            self._wait()
            now = time.monotonic()
            self._watches.read(now=now)
            self._watches.grow(now=now, wall=time.time())
            if self._watches.complete and not self._ready and not self._watches.limited:
                self._ready = True
                frames.write(self._out, ("ready", len(self._watches.tree)))
            if changes := self._settling.take(now=now, wall=time.time()):
                frames.write(self._out, ("changed", [tuple(change) for change in changes]))
            if now >= self._look.due:
                self._look.again(now)
                frames.write(self._out, ("alive",))
        name = "max_user_watches"
        return ("limit", name, self._watches.folders, allowed_by_kernel(name))

    def _wait(self) -> None:
        if not self._watches.complete:
            patience_s = 0.0
        else:
            now = time.monotonic()
            times = (self._settling.next_due(), self._watches.next_due(), self._look.due)
            patience_s = max(min(one for one in times if one is not None) - now, 0.0)
        happened = dict(self._poll.poll(patience_s * 1_000 + 1))
        if 0 in happened:
            raise _Ended
        if happened and self._watches.complete:
            time.sleep(_GATHER_S)


if __name__ == "__main__":
    main()
