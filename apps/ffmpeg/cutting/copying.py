"""Runs an ffmpeg that tells of its progress."""

import selectors
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence

from apps.core import process
from apps.ffmpeg.cutting.orders import CutFailed

_TURN_S = 0.25
_LONGEST = 300


def run_ffmpeg(
    command: Sequence[str | bytes],
    *,
    silence_s: float,
    memory_bytes: int,
    told: Callable[[int, int], None],
) -> None:
    """Run a command with ``-progress pipe:1`` to its end.

    ``told`` is called several times a second with the milliseconds done (and 0), and may raise to
    end it. Raises CutFailed with what ffmpeg said, also if its time stood still for ``silence_s``.
    """
    with tempfile.TemporaryFile() as said:
        running = process.spawn(
            command, stdout=subprocess.PIPE, stderr=said,
            limits=process.Limits(memory_bytes=memory_bytes),
        )  # fmt: skip
        try:
            _follow(running, silence_s, told)
            if running.wait(timeout=silence_s) != 0:
                said.seek(0)
                lines = said.read(10_000).decode("utf-8", "replace").strip().splitlines()
                raise CutFailed(f"ffmpeg says: {(lines or ['nothing'])[-1][:_LONGEST]}")
        finally:
            process.kill(running)


def _follow(
    running: "subprocess.Popen[bytes]", silence_s: float, told: Callable[[int, int], None]
) -> None:
    assert running.stdout is not None
    done_ms, moved_at = 0, time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(running.stdout, selectors.EVENT_READ)
        while True:
            told(done_ms, 0)
            if time.monotonic() - moved_at > silence_s:
                raise CutFailed("The disk, or the file, kept ffmpeg waiting for too long.")
            if not selector.select(_TURN_S):
                continue
            line = running.stdout.readline()
            if not line:
                return
            name, _, value = line.decode("ascii", "replace").strip().partition("=")
            if name == "total_size":
                moved_at = time.monotonic()
            if name == "out_time_us" and value.isdecimal():
                done_ms = int(value) // 1_000
