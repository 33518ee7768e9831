"""What codecs are called in playlists (RFC 6381): browsers judge by these names."""

from collections.abc import Mapping
from typing import Any

ENCODED_SOUND = "mp4a.40.2"
_H264 = {
    "Constrained Baseline": "42E0", "Baseline": "4200", "Extended": "5800", "Main": "4D40",
    "High": "6400",
}  # fmt: skip
_SUBSAMPLED = ("yuv420p", "yuvj420p", "yuv420p10le", "nv12")
# the lowest level that the pictures of so many pixels fit into, at up to 60 a second
_VP9_LEVELS = ((500_000, 31), (1_000_000, 40), (2_300_000, 41), (9_500_000, 51), (10**9, 61))

Stream = Mapping[str, Any]


def copied_picture(stream: Stream) -> str:
    """The name of a video stream's codec if browsers may play it copied, else ``""``."""
    if stream.get("pixel_format") not in _SUBSAMPLED or stream.get("rotation"):
        return ""
    name = {"h264": _h264, "hevc": _hevc, "av1": _av1, "vp9": _vp9}.get(stream.get("codec", ""))
    return name(stream) if name else ""


def copied_sound(stream: Stream) -> str:
    """The name of a sound stream's codec if it may be copied, else ``""``."""
    if stream.get("codec") != "aac" or stream.get("channels", 9) > 2:
        return ""
    return {"LC": "mp4a.40.2", "HE-AAC": "mp4a.40.5"}.get(stream.get("profile", ""), "")


def encoded_picture(width: int, height: int, rate: float) -> str:
    """The name of what x264 makes at profile High, at the level that the size takes."""
    blocks = -(-width // 16) * -(-height // 16)
    for level, most, most_per_s in _H264_LEVELS:
        if blocks <= most and blocks * rate <= most_per_s:
            return f"avc1.6400{level:02X}"
    return "avc1.640034"


# level, macroblocks in a frame, and in a second (H.264, table A-1)
_H264_LEVELS = (
    (30, 1_620, 40_500), (31, 3_600, 108_000), (32, 5_120, 216_000), (40, 8_192, 245_760),
    (42, 8_704, 522_240), (51, 36_864, 983_040),
)  # fmt: skip


def _h264(stream: Stream) -> str:
    profile = _H264.get(stream.get("profile", ""))
    if profile is None or stream.get("bit_depth", 8) != 8:
        return ""
    return f"avc1.{profile}{_between(stream.get('level'), 10, 62, or_else=40):02X}"


def _hevc(stream: Stream) -> str:
    level = _between(stream.get("level"), 30, 186, or_else=120)
    profile = {"Main": "1.6", "Main 10": "2.4"}.get(stream.get("profile", ""))
    return f"hvc1.{profile}.L{level}.B0" if profile else ""


def _av1(stream: Stream) -> str:
    if stream.get("profile") != "Main":
        return ""
    level = _between(stream.get("level"), 1, 23, or_else=8)
    return f"av01.0.{level:02}M.{stream.get('bit_depth', 8):02}"


def _vp9(stream: Stream) -> str:
    profile = {"Profile 0": 0, "Profile 2": 2}.get(stream.get("profile", ""))
    if profile is None:
        return ""
    pixels = stream.get("width", 0) * stream.get("height", 0)
    level = next(level for most, level in _VP9_LEVELS if pixels <= most)
    return f"vp09.{profile:02}.{level}.{stream.get('bit_depth', 8):02}"


def _between(value: Any, low: int, high: int, *, or_else: int) -> int:
    return value if isinstance(value, int) and low <= value <= high else or_else
