"""What MediaHub does for a video, through the pool that its jobs use, and the bare decoding."""

import os
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from apps.ffmpeg.frames import phash, sprite
from apps.ffmpeg.frames.opening import open_video
from apps.ffmpeg.frames.video import Video
from apps.ffmpeg.messages import Made, MakeRequest, MakeResult
from apps.ffmpeg.pool import MediaPool
from apps.ffmpeg.wishes import SpriteOptions
from benchmarks.artifacts_peer import Cost
from benchmarks.processes import family

_TIMEOUT_S = 600.0
_TICKS = os.sysconf("SC_CLK_TCK")
WISHES: dict[str, dict[str, Any]] = {
    "phash": {},
    "sprite": {},
    "cover": {"sizes": {"thumb": (160, 70), "card": (480, 75), "full": (1920, 80)}},
    "preview": {},
}


def make(pool: MediaPool, path: Path, wishes: dict[str, Any]) -> tuple[Cost, tuple[Made, ...]]:
    """Have the pool's helper make something. Raises RuntimeError if it can't."""
    (pid,) = pool.pids()
    with suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak of memory starts anew
    own_s, began_s, began = time.process_time(), _cpu_s(pid), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, _Family(pid) as watched:
        request = MakeRequest(
            key=1, path=bytes(path), folder=os.fsencode(folder), wishes=wishes, timeout_s=_TIMEOUT_S
        )
        (result,) = pool.run([request])
    wall_s = time.perf_counter() - began
    assert isinstance(result, MakeResult)
    if failed := "".join([result.message, *(made.message for made in result.made)]):
        raise RuntimeError(f"Not everything could be made of {path}: {failed}")
    cpu_s = _cpu_s(pid) - began_s + time.process_time() - own_s
    return Cost(cpu_s, wall_s, len(watched.pids), _peak_mb(pid)), result.made


def bare(path: Path) -> dict[str, Any]:
    """For each kind something that decodes what it needs, and throws it away."""
    return {
        "phash": lambda: _decode(path, "hash"),
        "sprite": lambda: _decode(path, "keys"),
        "sprite, exact": lambda: _decode(path, "tiles"),
    }


def _decode(path: Path, what: str) -> Cost:
    began_s, began = time.process_time(), time.perf_counter()
    with open_video(bytes(path), head=b"", beat=lambda: None) as video:
        if what == "hash":
            for at_s in phash.times_s(video.duration_us or 0):
                video.frame_at(round(at_s * 1_000_000))
        elif what == "keys":
            for ticks in sprite.nearest(video.key_times, _tile_ticks(video)):
                video.key_frame(ticks)
        else:
            for at_us in _tile_times_us(video):
                video.frame_at(at_us)
    return Cost(time.process_time() - began_s, time.perf_counter() - began, 0, 0)


def _tile_times_us(video: Video) -> list[int]:
    length_us = video.length_us or 0
    count = sprite.count_tiles(length_us, SpriteOptions())
    return [round((n + 0.5) * length_us / count) for n in range(count)]


def _tile_ticks(video: Video) -> list[int]:
    return [video.ticks(at_us) for at_us in _tile_times_us(video)]


class _Family(threading.Thread):
    """Counts the processes that a process has had, itself among them."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pids: set[int] = set()
        self._pid = pid
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        self.pids.update(family(self._pid))
        while not self._ended.wait(0.05):
            self.pids.update(family(self._pid))


def _cpu_s(pid: int) -> float:
    """Of a process and its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / _TICKS


def _peak_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
