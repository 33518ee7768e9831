"""What Stash does for a video, command for command, and what that takes."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

_TILES, _HASHED, _PIECES, _PIECE_S = 81, 25, 12, 0.75


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processors and on the clock, how many processes, and the largest one's memory."""

    cpu_s: float
    wall_s: float
    processes: int
    peak_mb: float

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.cpu_s + other.cpu_s, self.wall_s + other.wall_s,
            self.processes + other.processes, max(self.peak_mb, other.peak_mb),
        )  # fmt: skip


def stash(ffmpeg: str, path: Path, duration_s: float) -> dict[str, Callable[[], Cost]]:
    """What to run for each kind."""
    return {
        "phash": lambda: _all(_hash_frames(ffmpeg, path, duration_s)),
        "sprite": lambda: _all(_tiles(ffmpeg, path, duration_s)),
        "cover": lambda: _all(_cover(ffmpeg, path, duration_s)),
        "preview": lambda: _preview(ffmpeg, path, duration_s),
    }


def _hash_frames(ffmpeg: str, path: Path, duration_s: float) -> Iterable[list[str]]:
    step_s = 0.9 * duration_s / _HASHED
    return (_frame(ffmpeg, path, 0.05 * duration_s + n * step_s) for n in range(_HASHED))


def _tiles(ffmpeg: str, path: Path, duration_s: float) -> Iterable[list[str]]:
    return (_frame(ffmpeg, path, n * duration_s / _TILES) for n in range(_TILES))


def _frame(ffmpeg: str, path: Path, at_s: float) -> list[str]:
    return [ffmpeg, "-v", "error", "-y", "-ss", repr(at_s), "-i", str(path), "-frames:v", "1",
            "-vf", "scale=160:-2", "-c:v", "bmp", "-f", "rawvideo", "-"]  # fmt: skip


def _cover(ffmpeg: str, path: Path, duration_s: float) -> Iterable[list[str]]:
    yield [ffmpeg, "-v", "error", "-y", "-ss", repr(0.2 * duration_s), "-i", str(path),
           "-frames:v", "1", "-q:v", "2", "-f", "image2", "-c:v", "mjpeg", os.devnull]  # fmt: skip


def _preview(ffmpeg: str, path: Path, duration_s: float) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        pieces = [Path(folder) / f"{n}.mp4" for n in range(_PIECES)]
        cost = _all(
            [ffmpeg, "-v", "error", "-y", "-xerror", "-ss", repr(n * duration_s / _PIECES),
             "-i", str(path), "-t", str(_PIECE_S), "-max_muxing_queue_size", "1024",
             "-c:v", "libx264", "-vf", "scale=640:-2", "-pix_fmt", "yuv420p", "-profile:v", "high",
             "-level", "4.2", "-preset", "slow", "-crf", "21", "-threads", "4", "-strict", "-2",
             "-c:a", "aac", "-b:a", "128k", str(piece)]
            for n, piece in enumerate(pieces)
        )  # fmt: skip
        listed = Path(folder) / "list.txt"
        listed.write_text("".join(f"file '{piece}'\n" for piece in pieces))
        joined = [ffmpeg, "-v", "error", "-f", "concat", "-safe", "0", "-i", str(listed), "-y",
                  "-c:v", "copy", "-c:a", "copy", f"{folder}/preview.mp4"]  # fmt: skip
        return cost + _all([joined])


def _all(commands: Iterable[list[str]]) -> Cost:
    """One after the other. Raises CalledProcessError."""
    cost = Cost(0, 0, 0, 0)
    for command in commands:
        cost += _one(command)
    return cost


def _one(command: list[str]) -> Cost:
    began = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    wall_s = time.perf_counter() - began
    return Cost(used.ru_utime + used.ru_stime, wall_s, 1, used.ru_maxrss / 1024)
