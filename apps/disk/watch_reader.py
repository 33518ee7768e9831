"""Our side of a process that watches a library's root."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apps
from apps.core import process
from apps.disk import frames

_SOURCES = Path(apps.__file__).parents[1]
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
_START_S = 30.0  # to load Python, on a busy machine
_MOST_ALIVE_S = 2.0
_READ_BYTES = 1 << 16
_REAP_S = 0.2


@dataclass(frozen=True, slots=True)
class WatchOrder:
    """What to watch: ``rules`` are the arguments of ``Rules.of``; ``settle_s`` is how long a file
    has to stand still, ``timeout_s`` how long a disk may be silent.
    """

    root: bytes
    rules: dict[str, Any]
    settle_s: float
    timeout_s: float


class Watcher:
    """A watching process and what it says (``watcher.py`` lists it). Use it from one thread."""

    def __init__(self, order: WatchOrder, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises ProcessFailed."""
        self._clock = clock
        self._timeout_s = order.timeout_s
        self._process = process.spawn(
            [sys.executable, "-X", "utf8", "-m", "apps.disk.watcher"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT, cwd=_SOURCES,
        )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.fd = self._process.stdout.fileno()
        self.pid = self._process.pid
        os.set_blocking(self.fd, False)
        self._buffer = bytearray()
        self._heard_by = clock() + _START_S
        self.ended = False
        self._order(order)

    def _order(self, order: WatchOrder) -> None:
        alive_s = min(_MOST_ALIVE_S, order.timeout_s / 4)
        orders = {
            "root": order.root, "rules": order.rules, "settle_s": order.settle_s,
            "alive_s": alive_s,
        }  # fmt: skip
        try:
            frames.write(self._process.stdin.fileno(), orders)  # type: ignore[union-attr]
        except frames.PeerGone:
            self.ended = True

    def heard(self) -> list[tuple[Any, ...]]:
        """The frames that have come. ``ended`` is set once the process has closed its output."""
        try:
            while part := os.read(self.fd, _READ_BYTES):
                self._buffer += part
                self._heard_by = self._clock() + self._timeout_s
            self.ended = True
        except BlockingIOError:
            pass
        return frames.take_all(self._buffer)

    @property
    def silent(self) -> bool:
        """Whether it has said nothing for so long that its disk must be hanging."""
        return self._clock() > self._heard_by

    def end(self) -> None:
        """Kill the process; one that the kernel won't let go of is left behind, see ``lingers``."""
        process.kill(self._process, patience_s=_REAP_S)

    @property
    def lingers(self) -> bool:
        return self._process.poll() is None
