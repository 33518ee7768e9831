"""Scans in processes of their own, and how much memory these and their children hold."""

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import place

_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class Watched:
    """What the scans said, one a scan, and the most memory of the process with its children.

    ``peak_mb`` is the proportional set size: pages that several share are counted once.
    """

    scans: list[dict[str, Any]]
    peak_mb: float

    @property
    def last(self) -> dict[str, Any]:
        return self.scans[-1]


def scan_apart(root: Path, *, turns: int = 0) -> Watched:
    """Scan a folder in a new process, ``turns`` times beside the bare walk, else once."""
    command = [sys.executable, "-m", "benchmarks.scanning", str(root), str(turns)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=place.ROOT)
    watch = _Watch(process.pid)
    watch.start()
    said, _ = process.communicate()
    watch.stop()
    if process.returncode:
        raise RuntimeError(f"The scan of {root} ended with {process.returncode}.")
    return Watched([json.loads(line) for line in said.splitlines()], watch.peak_kb / 1024)


class _Watch(threading.Thread):
    """Looks at a process and its children again and again."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak_kb = 0
        self._pid = pid
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(_EVERY_S):
            self.peak_kb = max(self.peak_kb, sum(map(size_kb, family(self._pid))))

    def stop(self) -> None:
        self._ended.set()
        self.join()


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for one in found:
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{one}/task"):
                listed = Path(f"/proc/{one}/task/{thread}/children").read_text()
                found += map(int, listed.split())
    return found


def size_kb(pid: int) -> int:
    """Proportional set size; 0 for a process that has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
