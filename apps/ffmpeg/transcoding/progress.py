"""What ffmpeg tells about its work by ``-progress``, and how long the rest will take."""

import math
import re
from dataclasses import dataclass

_LONGEST_LINE = 4_096
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_FADE_S = 20.0  # how far back the speed is remembered


@dataclass(frozen=True, slots=True)
class Tick:
    """One block of ``-progress``; ``None`` where ffmpeg doesn't know or doesn't say.

    ``out_ms`` is how far the output reaches. ``repeated`` and ``dropped`` count frames that ffmpeg
    showed twice or left out to keep a constant rate. ``ended``: it is the last one.
    """

    out_ms: int | None = None
    frames: int | None = None
    fps: float | None = None
    speed: float | None = None
    size_bytes: int | None = None
    repeated: int = 0
    dropped: int = 0
    ended: bool = False


class ProgressReader:
    """Makes blocks of the bytes that come, wherever they are cut."""

    def __init__(self) -> None:
        self._rest = b""
        self._block: dict[str, str] = {}

    def feed(self, part: bytes) -> list[Tick]:
        """The blocks that ``part`` completes."""
        *lines, rest = (self._rest + part).split(b"\n")
        self._rest = rest[:_LONGEST_LINE]
        found = []
        for line in lines:
            name, _, value = line.decode("utf-8", "replace").partition("=")
            self._block[name.strip()[:40]] = value.strip()[:100]
            if name == "progress":
                found.append(_tick(self._block))
                self._block = {}
        return found


def _tick(block: dict[str, str]) -> Tick:
    # out_time_ms counts microseconds, too; out_time_us is there since 4.1
    out_us = _number(block.get("out_time_us"))
    frames, size = _number(block.get("frame")), _number(block.get("total_size"))
    return Tick(
        out_ms=None if out_us is None else max(0, int(out_us) // 1_000),
        frames=None if frames is None else int(frames),
        fps=_number(block.get("fps")),
        speed=_number(block.get("speed")),
        size_bytes=None if size is None else int(size),
        repeated=int(_number(block.get("dup_frames")) or 0),
        dropped=int(_number(block.get("drop_frames")) or 0),
        ended=block.get("progress") == "end",
    )


def _number(text: str | None) -> float | None:
    """The number that a text such as ``1.06x``, ``5.8e+03x`` or ``N/A`` begins with."""
    found = _NUMBER.match(text or "")
    value = float(found[0]) if found else math.nan
    return value if math.isfinite(value) else None


class Pace:
    """How fast it goes, of late: ffmpeg's own figure is that of all the time, pauses included."""

    def __init__(self) -> None:
        self._at_s: float | None = None
        self._out_ms = 0
        self.speed: float | None = None

    def note(self, out_ms: int, *, at_s: float) -> None:
        """The output reached ``out_ms`` at a second of a clock that stands still in pauses."""
        if self._at_s is None:
            self._at_s, self._out_ms = at_s, out_ms
        elif (passed_s := at_s - self._at_s) >= 0.2:
            speed = max(0, out_ms - self._out_ms) / 1_000 / passed_s
            weight = 1.0 if self.speed is None else 1 - math.exp(-passed_s / _FADE_S)
            self.speed = (self.speed or 0.0) * (1 - weight) + speed * weight
            self._at_s, self._out_ms = at_s, out_ms

    def eta_s(self, left_ms: int) -> int | None:
        """Seconds until ``left_ms`` more are done; ``None`` while that can't be told."""
        return round(left_ms / 1_000 / self.speed) if self.speed else None
