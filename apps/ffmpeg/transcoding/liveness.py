"""Whether a program still does anything, by what the kernel counts of it."""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

_LOOK_EVERY_S = 2.0
_BUSY_SHARE = 0.02  # of a processor: to print that there is no progress takes less
_PATIENCE_BUSY = 12  # times as long may it compute without coming further
_TICKS = os.sysconf("SC_CLK_TCK")


class Liveness:
    """Watches the session that ``pid`` leads; give it what shows progress every now and then.

    A program is alive while ``progress`` changes or it reads. One that only computes is believed
    for twelve times ``patience_s``.
    """

    def __init__(self, pid: int, *, patience_s: float) -> None:
        self._pid, self._patience_s = pid, patience_s
        self._moved_at = self._worked_at = self._looked_at = time.monotonic()
        self._progress: Any = None
        self._read, self._cpu_s = 0, 0.0

    @property
    def idle_s(self) -> float:
        """Seconds since it last did anything."""
        return time.monotonic() - self._worked_at

    @property
    def is_stalled(self) -> bool:
        stuck_s = time.monotonic() - self._moved_at
        return self.idle_s > self._patience_s or stuck_s > self._patience_s * _PATIENCE_BUSY

    def forgive(self, seconds: float) -> None:
        """It was halted for so long."""
        self._moved_at += seconds
        self._worked_at += seconds

    def look(self, *, progress: Any) -> None:
        """Take note of what it did since the last time."""
        now = time.monotonic()
        if progress != self._progress:
            self._progress, self._moved_at, self._worked_at = progress, now, now
        if now - self._looked_at < min(_LOOK_EVERY_S, self._patience_s / 4):
            return
        read, cpu_s = self._count()
        if read > self._read:
            self._moved_at = self._worked_at = now
        elif cpu_s - self._cpu_s > _BUSY_SHARE * (now - self._looked_at):
            self._worked_at = now
        self._looked_at, self._read, self._cpu_s = now, read, cpu_s

    def _count(self) -> tuple[int, float]:
        """Bytes read and seconds computed by all of the session that live."""
        read, cpu_s = 0, 0.0
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ValueError, IndexError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == self._pid:
                    cpu_s += (int(fields[11]) + int(fields[12])) / _TICKS
                    read += int((folder / "io").read_text().split()[1])
        return read, cpu_s
