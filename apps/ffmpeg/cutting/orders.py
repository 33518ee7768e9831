"""What is asked of a cutting child and what it answers: plain values that survive JSON."""

from dataclasses import dataclass
from typing import Any

from apps.core.errors import MediaHubError

# By extension: what a piece of such a file is written as.
MUXERS = {
    "mp4": "mp4", "m4v": "mp4", "mov": "mov", "mkv": "matroska", "webm": "webm",
    "ts": "mpegts", "m2ts": "mpegts", "mts": "mpegts", "avi": "avi", "m4a": "ipod",
    "mka": "matroska",
}  # fmt: skip
# Codecs of which a newly encoded beginning or end can be joined with copied frames.
JOINABLE = frozenset({"h264", "hevc", "vp8", "vp9"})
# What can be cut exactly at all: MPEG-2 and its like take few frame rates and no odd times.
ENCODERS = {
    "h264": "libx264", "hevc": "libx265", "vp8": "libvpx", "vp9": "libvpx-vp9",
    "av1": "libsvtav1",
}  # fmt: skip


class CutFailed(MediaHubError):
    """A file could not be cut; nothing but temporary files was written."""

    code = "cut_failed"


@dataclass(frozen=True, slots=True)
class Cut:
    """One place to cut. ``key`` and ``frame`` are times of the first picture (or sound) after it,
    in the units of the stream that is cut by: at the key frame at or before, and at the frame at or
    after what was asked. The other numbers are milliseconds from the beginning of the file.
    """

    asked_ms: int
    key: int
    key_ms: int
    frame: int
    frame_ms: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a file can be cut. ``first`` is when its first picture is shown (as ``Cut.key``);
    ``left_out`` names streams that pieces can't keep.
    """

    duration_ms: int
    first: int
    codec: str
    cuts: tuple[Cut, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """From one place to another (None: the file's own end), as ``Cut.key`` or ``Cut.frame``.

    ``mode``: "copy" for key frames, "join" to encode only the edges, "encode" to encode it all.
    """

    start: int | None
    end: int | None
    mode: str = "copy"


@dataclass(frozen=True, slots=True)
class Written:
    """What a piece holds: ``frames`` pictures (or sounds) of the stream that was cut by, and
    ``others`` packets of the rest, cover pictures aside.

    Pictures before ``head_ms`` and after ``tail_ms`` were encoded; ``leading`` are those at the
    beginning that refer to pictures of the piece before.
    """

    frames: int
    encoded: int
    others: int
    duration_ms: int
    streams: int
    head_ms: int = 0
    tail_ms: int = 0
    leading: int = 0


def plan_from(values: dict[str, Any]) -> Plan:
    cuts = tuple(Cut(**one) for one in values["cuts"])
    return Plan(**{**values, "cuts": cuts, "left_out": tuple(values["left_out"])})
