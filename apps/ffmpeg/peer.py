"""One media helper process as the pool sees it."""

import fcntl
import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import apps
from apps.core import process
from apps.ffmpeg import wire
from apps.ffmpeg.message_json import request_to_json, result_from_json
from apps.ffmpeg.messages import Request, Result

_ROOT = Path(apps.__file__).parents[1]
_START_S = 60.0  # to load Python and PyAV, on a busy machine
_ANSWERS_BYTES = 1 << 20  # lets the child work on while nobody reads
_REAP_S = 0.5
# Nothing secret of ours goes to a process that reads hostile files. One thread for numpy: each
# more would take address space from the limit.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}


class Peer:
    """A child, the requests it has not answered yet (in order), and how long it may take.

    ``gone`` says that it has ended or broken the rules: give its requests to another.
    """

    def __init__(self, arguments: Sequence[str], *, timeout_s: float, now: float) -> None:
        command = [sys.executable, "-X", "utf8", "-m", "apps.ffmpeg.child", *arguments]
        self._process = process.spawn(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT, cwd=_ROOT,
        )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to_child = self._process.stdin.fileno()
        self.from_child = self._process.stdout.fileno()
        os.set_blocking(self.from_child, False)
        with suppress(OSError):  # a kindness of the kernel, not needed
            fcntl.fcntl(self.from_child, fcntl.F_SETPIPE_SZ, _ANSWERS_BYTES)
        self.pid = self._process.pid
        self.pending: deque[Request] = deque()
        self.answered = 0
        self.ready = False
        self.gone = False
        self.deadline: float | None = now + _START_S
        self._frame_unread = False
        self._timeout_s = timeout_s
        self._buffer = bytearray()

    def wants_more(self, low: int) -> bool:
        """Whether the child is about to run out of work and has taken what it was sent.

        The second keeps ``send`` from ever waiting: its frame fits into an empty pipe.
        """
        return not self.gone and not self._frame_unread and len(self.pending) <= low

    def send(self, batch: Sequence[Request], *, now: float) -> None:
        """Give the child more to do."""
        was_idle = not self.pending
        self.pending.extend(batch)
        if was_idle:
            self._restart_clock(now)
        self._frame_unread = True
        try:
            wire.write_all(self._to_child, wire.encode([request_to_json(one) for one in batch]))
        except wire.WireBroken:
            self.gone = True

    def receive(self, *, now: float) -> list[Result]:
        """The answers that have come."""
        with suppress(BlockingIOError):
            while part := os.read(self.from_child, _ANSWERS_BYTES):
                self._buffer += part
                self._restart_clock(now)
            self.gone = True
        results: list[Result] = []
        try:
            for message in wire.decode_all(self._buffer):
                if message == wire.ALIVE:
                    self.ready = True
                else:
                    results.append(result_from_json(self.pending[0], message))
                    self.pending.popleft()
                    self._frame_unread = False
                self._restart_clock(now)
        except (wire.WireBroken, TypeError, KeyError, ValueError, IndexError):
            self.gone = True
        self.answered += len(results)
        return results

    def end(self) -> int:
        """Kill the child if it still runs; the number of the signal that ended it before, or 0.

        A child that the kernel won't let go of (a dead mount) is left behind: see ``lingers``.
        """
        if self.gone:  # it has closed its output: its end is near, and tells why
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=_REAP_S)
        status = self._process.poll()
        process.kill(self._process, patience_s=_REAP_S)
        return -status if status is not None and status < 0 else 0

    def lingers(self) -> bool:
        """Whether the child is still there."""
        return self._process.poll() is None

    def _restart_clock(self, now: float) -> None:
        if not self.pending:
            self.deadline = None if self.ready else now + _START_S
            return
        budget = self.pending[0].timeout_s or self._timeout_s
        self.deadline = now + budget + (0 if self.ready else _START_S)
