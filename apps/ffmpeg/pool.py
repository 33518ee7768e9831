"""Reads many media files in child processes that may crash or hang without harm.

Only subprocesses are used, no multiprocessing: it works in daemonic workers too.
"""

import selectors
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from signal import Signals
from types import TracebackType
from typing import Protocol, Self

from apps.core.errors import MediaHubError
from apps.ffmpeg.messages import Request, Result, answer
from apps.ffmpeg.peer import Peer
from apps.ffmpeg.reasons import MediaRefused, Reason

_BATCH = 16
_LOW = 8  # a child with fewer files left is sent the next batch, so that it never waits
_BATCH_BYTES = 32_768  # of paths; their frame fits into an empty pipe
_RECYCLE_AFTER = 5_000  # files; FFmpeg's leaks and fragmented memory end with the process
_FAILED_STARTS = 3
_MOST_LINGERING = 8  # killed children that a dead disk holds, at some 70 MB each


class MediaPoolBroken(MediaHubError):
    """The helper processes end before they read a file; nothing can be read."""

    code = "media_pool_broken"
    status = 500


class DiskHangs(MediaHubError):
    """So many reads hang in the kernel that going on would only make it worse."""

    code = "disk_hangs"
    status = 503


class MediaPool:
    """A few child processes that probe files and make covers; a context manager.

    ``timeout_s`` bounds one file (a request may name its own), ``memory_bytes`` the address space
    of a child, ``pace`` how fast files are opened, ``batch`` how many a child is handed at once (1
    where each takes long, so that all children have some). ``ffmpeg`` and ``ffprobe`` are paths of
    programs for what PyAV can't do, or None. Use it from one thread.
    """

    def __init__(
        self,
        *,
        children: int = 2,
        timeout_s: float = 10.0,
        memory_bytes: int = 3 << 30,
        pace: "Pace | None" = None,
        ffmpeg: str | None = None,
        ffprobe: str | None = None,
        batch: int = _BATCH,
    ) -> None:
        self._children = children
        self._batch = batch
        self._timeout_s = timeout_s
        self._arguments = [f"--timeout-s={timeout_s}", f"--memory-bytes={memory_bytes}"]
        self._arguments += [f"--ffmpeg={ffmpeg}"] if ffmpeg else []
        self._arguments += [f"--ffprobe={ffprobe}"] if ffprobe else []
        self.pace: Pace = pace or NoPace()
        self._peers: list[Peer] = []
        self._again: deque[Request] = deque()
        self._lingering: list[Peer] = []
        self._failed_starts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the children. The pool may be used again."""
        for peer in self._peers:
            peer.end()
        self._peers.clear()

    def pids(self) -> list[int]:
        """The process ids of the children that run now."""
        return [peer.pid for peer in self._peers]

    def run(
        self, requests: Iterable[Request], *, beat: Callable[[], None] = lambda: None
    ) -> Iterator[Result]:
        """Answer each request exactly once, in any order.

        ``beat`` is called whenever a child gave a sign of life, and may raise to end it all.

        Requests are taken from the iterable only as children are free (about 24 each are in
        hand), so a slow consumer slows whoever makes them. Whatever is in hand when the generator
        is closed is given up. Raises MediaPoolBroken and DiskHangs.
        """
        source = iter(requests)
        try:
            while True:
                exhausted = self._feed(source)
                if exhausted and not any(peer.pending for peer in self._peers):
                    return
                yield from self._collect()
                beat()
        finally:
            self._again.clear()
            for peer in [peer for peer in self._peers if peer.pending]:
                self._drop(peer)

    def _feed(self, source: Iterator[Request]) -> bool:
        """Give work to every child that wants some; whether there is no more to give."""
        for peer in [peer for peer in self._peers if peer.answered >= _RECYCLE_AFTER]:
            if not peer.pending:
                self._drop(peer)
        while free := self._free_peers():
            batch, exhausted = self._next_batch(source)
            if batch:
                (free[0] or self._start()).send(batch, now=time.monotonic())
            if exhausted or not batch:
                return exhausted
        return False

    def _free_peers(self) -> list[Peer | None]:
        """Children that want work; None stands for one that may be started."""
        low = min(_LOW, self._batch - 1)
        free: list[Peer | None] = [
            peer for peer in self._peers if peer.answered < _RECYCLE_AFTER and peer.wants_more(low)
        ]
        return free + [None] * (self._children - len(self._peers))

    def _start(self) -> Peer:
        peer = Peer(self._arguments, timeout_s=self._timeout_s, now=time.monotonic())
        self._peers.append(peer)
        return peer

    def _next_batch(self, source: Iterator[Request]) -> tuple[list[Request], bool]:
        batch: list[Request] = []
        size = 0
        while len(batch) < self._batch and size < _BATCH_BYTES and self._is_time():
            request = self._again.popleft() if self._again else next(source, None)
            if request is None:
                return batch, True
            self.pace.count()
            batch.append(request)
            size += len(request.path)
        return batch, False

    def _is_time(self) -> bool:
        return self.pace.next_at <= time.monotonic()

    def _collect(self) -> Iterator[Result]:
        """Wait until something happens, then give what has come of it."""
        with selectors.DefaultSelector() as selector:
            for peer in self._peers:
                selector.register(peer.from_child, selectors.EVENT_READ)
            selector.select(self._patience())
        now = time.monotonic()
        for peer in list(self._peers):
            results = peer.receive(now=now)
            if results:
                self._failed_starts = 0
            yield from results
            if peer.gone:
                yield from self._bury(peer, Reason.CRASHED)
            elif peer.deadline is not None and peer.deadline <= now:
                yield from self._bury(peer, Reason.TIMED_OUT)

    def _patience(self) -> float:
        """Seconds until a child has taken too long or the pace allows the next file."""
        until = [peer.deadline for peer in self._peers if peer.deadline is not None]
        now = time.monotonic()
        if self.pace.next_at > now:
            until.append(self.pace.next_at)
        return max(min(until, default=now) - now, 0)

    def _bury(self, peer: Peer, reason: Reason) -> Iterator[Result]:
        """End a child; the file it had in hand is lost, the others go to another child."""
        pending = list(peer.pending)
        number = self._drop(peer)
        self._lingering = [one for one in [*self._lingering, peer] if one.lingers()]
        if len(self._lingering) > _MOST_LINGERING:
            raise DiskHangs("The disk or network share does not answer; try again when it does.")
        if not peer.ready:
            self._again.extendleft(reversed(pending))
            self._failed_starts += 1
            if self._failed_starts >= _FAILED_STARTS:
                raise MediaPoolBroken(
                    "The helper processes that read media files end before they begin; "
                    "run “python -m apps.ffmpeg.child --help” to see why."
                )
        elif pending:
            self._again.extendleft(reversed(pending[1:]))
            refused = _refusal(reason, number)
            yield answer(pending[0], error=refused.code, message=str(refused))

    def _drop(self, peer: Peer) -> int:
        self._peers.remove(peer)
        return peer.end()


def _refusal(reason: Reason, number: int) -> MediaRefused:
    if reason is Reason.TIMED_OUT or number == Signals.SIGXCPU:
        return MediaRefused(Reason.TIMED_OUT)
    return MediaRefused(reason, f"signal {number}" if number else "")


class Pace(Protocol):
    """Says when the next file may be opened."""

    @property
    def next_at(self) -> float:
        """The time, by the monotonic clock, before which none may."""

    def count(self) -> None:
        """One is about to be opened."""


class NoPace:
    """As fast as it goes."""

    next_at = 0.0

    def count(self) -> None:
        """Any number may."""
