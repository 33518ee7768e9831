"""What each level of a codec promises: how large, how fast, how many bits, how many references.

From ITU-T H.264 table A-1, ITU-T H.265 tables A.8 and A.9, the AV1 specification's annex A.3, and
the VP9 levels that WebM publishes. A label in a file is no proof: encoders write what they are
told, so files are measured against these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, isqrt

_MOST_FRAMES_H264 = 172  # a second, at any level and size
_MOST_FRAMES_HEVC = 300


@dataclass(frozen=True, slots=True)
class Limits:
    """One level. ``area`` and ``rate`` count what the codec counts: macroblocks, or luma samples.

    ``bits`` and ``high_bits`` are bit/s of the main and the high tier, for 8 bits 4:2:0.
    ``references`` is the area that all kept frames may have together, where a codec bounds that.
    """

    area: int
    rate: int
    bits: int
    high_bits: int = 0
    references: int = 0
    width: int = 0
    height: int = 0


def _h264(rate: int, area: int, kept: int, kilobits: int) -> Limits:
    return Limits(area, rate, kilobits * 1000, references=kept)


def _hevc(area: int, rate: int, kilobits: int, high: int = 0) -> Limits:
    return Limits(area, rate, kilobits * 1000, high * 1000)


def _av1(area: int, sides: tuple[int, int], rate: int, bits: float, high: float = 0) -> Limits:
    return Limits(area, rate, round(bits * 1e6), round(high * 1e6), width=sides[0], height=sides[1])


def _vp9(rate: int, area: int, kilobits: int, side: int) -> Limits:
    return Limits(area, rate, kilobits * 1000, width=side, height=side)


_SMALL, _FULL, _HUGE = (6144, 3456), (8192, 4352), (16384, 8704)

LEVELS: Mapping[str, Mapping[str, Limits]] = {
    "h264": {
        "1.0": _h264(1_485, 99, 396, 64),
        "1b": _h264(1_485, 99, 396, 128),
        "1.1": _h264(3_000, 396, 900, 192),
        "1.2": _h264(6_000, 396, 2_376, 384),
        "1.3": _h264(11_880, 396, 2_376, 768),
        "2.0": _h264(11_880, 396, 2_376, 2_000),
        "2.1": _h264(19_800, 792, 4_752, 4_000),
        "2.2": _h264(20_250, 1_620, 8_100, 4_000),
        "3.0": _h264(40_500, 1_620, 8_100, 10_000),
        "3.1": _h264(108_000, 3_600, 18_000, 14_000),
        "3.2": _h264(216_000, 5_120, 20_480, 20_000),
        "4.0": _h264(245_760, 8_192, 32_768, 20_000),
        "4.1": _h264(245_760, 8_192, 32_768, 50_000),
        "4.2": _h264(522_240, 8_704, 34_816, 50_000),
        "5.0": _h264(589_824, 22_080, 110_400, 135_000),
        "5.1": _h264(983_040, 36_864, 184_320, 240_000),
        "5.2": _h264(2_073_600, 36_864, 184_320, 240_000),
        "6.0": _h264(4_177_920, 139_264, 696_320, 240_000),
        "6.1": _h264(8_355_840, 139_264, 696_320, 480_000),
        "6.2": _h264(16_711_680, 139_264, 696_320, 800_000),
    },
    "hevc": {
        "1.0": _hevc(36_864, 552_960, 128),
        "2.0": _hevc(122_880, 3_686_400, 1_500),
        "2.1": _hevc(245_760, 7_372_800, 3_000),
        "3.0": _hevc(552_960, 16_588_800, 6_000),
        "3.1": _hevc(983_040, 33_177_600, 10_000),
        "4.0": _hevc(2_228_224, 66_846_720, 12_000, 30_000),
        "4.1": _hevc(2_228_224, 133_693_440, 20_000, 50_000),
        "5.0": _hevc(8_912_896, 267_386_880, 25_000, 100_000),
        "5.1": _hevc(8_912_896, 534_773_760, 40_000, 160_000),
        "5.2": _hevc(8_912_896, 1_069_547_520, 60_000, 240_000),
        "6.0": _hevc(35_651_584, 1_069_547_520, 60_000, 240_000),
        "6.1": _hevc(35_651_584, 2_139_095_040, 120_000, 480_000),
        "6.2": _hevc(35_651_584, 4_278_190_080, 240_000, 800_000),
    },
    "av1": {
        "2.0": _av1(147_456, (2048, 1152), 4_423_680, 1.5),
        "2.1": _av1(278_784, (2816, 1584), 8_363_520, 3),
        "3.0": _av1(665_856, (4352, 2448), 19_975_680, 6),
        "3.1": _av1(1_065_024, (5504, 3096), 31_950_720, 10),
        "4.0": _av1(2_359_296, _SMALL, 70_778_880, 12, 30),
        "4.1": _av1(2_359_296, _SMALL, 141_557_760, 20, 50),
        "5.0": _av1(8_912_896, _FULL, 267_386_880, 30, 100),
        "5.1": _av1(8_912_896, _FULL, 534_773_760, 40, 160),
        "5.2": _av1(8_912_896, _FULL, 1_069_547_520, 60, 240),
        "5.3": _av1(8_912_896, _FULL, 1_069_547_520, 60, 240),
        "6.0": _av1(35_651_584, _HUGE, 1_069_547_520, 60, 240),
        "6.1": _av1(35_651_584, _HUGE, 2_139_095_040, 100, 480),
        "6.2": _av1(35_651_584, _HUGE, 4_278_190_080, 160, 800),
        "6.3": _av1(35_651_584, _HUGE, 4_278_190_080, 160, 800),
    },
    "vp9": {
        "1.0": _vp9(829_440, 36_864, 200, 512),
        "1.1": _vp9(2_764_800, 73_728, 800, 768),
        "2.0": _vp9(4_608_000, 122_880, 1_800, 960),
        "2.1": _vp9(9_216_000, 245_760, 3_600, 1_344),
        "3.0": _vp9(20_736_000, 552_960, 7_200, 2_048),
        "3.1": _vp9(36_864_000, 983_040, 12_000, 2_752),
        "4.0": _vp9(83_558_400, 2_228_224, 18_000, 4_160),
        "4.1": _vp9(160_432_128, 2_228_224, 30_000, 4_160),
        "5.0": _vp9(311_951_360, 8_912_896, 60_000, 8_384),
        "5.1": _vp9(588_251_136, 8_912_896, 120_000, 8_384),
        "5.2": _vp9(1_176_502_272, 8_912_896, 180_000, 8_384),
        "6.0": _vp9(1_176_502_272, 35_651_584, 180_000, 16_832),
        "6.1": _vp9(2_353_004_544, 35_651_584, 240_000, 16_832),
        "6.2": _vp9(4_706_009_088, 35_651_584, 480_000, 16_832),
    },
}
"""Levels by codec, the smallest first. AV1's rate is that of display."""

_MORE_BITS = {
    "h264": {"high": 1.25, "high10": 3.0, "high422": 4.0, "high444p": 4.0, "high444": 4.0},
    "hevc": {"main12": 1.5, "main422-10": 5 / 3, "main444-8": 2.0, "main444-10": 2.5, "rext": 2.0},
    "av1": {"high": 2.0, "professional": 3.0},
}
"""How many times the bits a profile may have."""


def written(codec: str, level: str) -> str:
    """The level as the tables write it: ``4`` is ``4.0``. Empty if the codec has no such level."""
    name = level.strip().lower()
    full = name if "." in name or name == "1b" else f"{name}.0"
    return full if full in LEVELS.get(codec, {}) else ""


def labelled(codec: str, number: int | None) -> str:
    """The level that a file's own number stands for (ffprobe's), or empty."""
    if number is None:
        return ""
    if codec == "h264":
        found = "1b" if number == 9 else f"{number // 10}.{number % 10}"
    elif codec == "hevc":
        found = f"{number // 30}.{number % 30 // 3}"
    elif codec == "av1":
        found = f"{2 + number // 4}.{number % 4}"
    else:
        found = f"{number // 10}.{number % 10}"
    return written(codec, found)


def is_above(codec: str, level: str, other: str) -> bool:
    """Whether ``level`` is the larger of two that the codec has; False where one isn't known."""
    names = list(LEVELS.get(codec, {}))
    one, two = written(codec, level), written(codec, other)
    return bool(one and two) and names.index(one) > names.index(two)


def smallest_level(
    codec: str,
    *,
    width: int,
    height: int,
    frame_rate: float,
    bitrate: int | None = None,
    reference_frames: int | None = None,
    tier: str = "main",
    profile: str = "",
) -> str | None:
    """The first level that holds all of it; None if none does, or the codec has no levels here.

    Sizes are those that are coded, in pixels; ``bitrate`` is bit/s at its height.
    """
    for level in LEVELS.get(codec, {}):
        if not beyond(
            codec,
            level,
            width=width,
            height=height,
            frame_rate=frame_rate,
            bitrate=bitrate,
            reference_frames=reference_frames,
            tier=tier,
            profile=profile,
        ):
            return level
    return None


def beyond(
    codec: str,
    level: str,
    *,
    width: int,
    height: int,
    frame_rate: float,
    bitrate: int | None = None,
    reference_frames: int | None = None,
    tier: str = "main",
    profile: str = "",
) -> tuple[str, ...]:
    """Sentences on what goes beyond the level; none if it holds all, or the level isn't known."""
    limits = LEVELS.get(codec, {}).get(written(codec, level))
    if limits is None or width <= 0 or height <= 0:
        return ()
    said = [
        *_beyond_size(codec, limits, width, height),
        *_beyond_rate(codec, limits, width, height, frame_rate),
    ]
    most_bits = most_bitrate(codec, level, tier=tier, profile=profile)
    if bitrate is not None and most_bits is not None and bitrate > most_bits:
        said.append(f"{bitrate / 1e6:.1f} Mbit/s are more than {most_bits / 1e6:.1f} Mbit/s.")
    kept = most_references(codec, level, width=width, height=height)
    if reference_frames is not None and kept is not None and reference_frames > kept:
        said.append(f"{reference_frames} reference frames are more than {kept} at this size.")
    return tuple(said)


def most_bitrate(codec: str, level: str, *, tier: str = "main", profile: str = "") -> int | None:
    """Bit/s that the level allows at most; levels without a high tier give the main one's."""
    limits = LEVELS.get(codec, {}).get(written(codec, level))
    if limits is None:
        return None
    bits = limits.high_bits if tier == "high" and limits.high_bits else limits.bits
    return round(bits * _MORE_BITS.get(codec, {}).get(profile, 1.0))


def most_references(codec: str, level: str, *, width: int, height: int) -> int | None:
    """Frames that a decoder of the level keeps for pictures of this size; None if not bounded."""
    limits = LEVELS.get(codec, {}).get(written(codec, level))
    if limits is None or width <= 0 or height <= 0:
        return None
    area = _area(codec, width, height)
    if codec == "h264":
        return min(limits.references // area, 16)
    if codec == "hevc":
        return next((kept for part, kept in _HEVC_KEPT if area <= limits.area * part), 6)
    return None


def most_frame_rate(codec: str, level: str, *, width: int, height: int) -> float | None:
    """Frames a second that the level allows at this size; None if the level isn't known."""
    limits = LEVELS.get(codec, {}).get(written(codec, level))
    if limits is None or width <= 0 or height <= 0:
        return None
    most = limits.rate / _area(codec, width, height)
    ceiling = {"h264": _MOST_FRAMES_H264, "hevc": _MOST_FRAMES_HEVC}.get(codec)
    return most if ceiling is None else min(most, ceiling)


_HEVC_KEPT = ((0.25, 16), (0.5, 12), (0.75, 8))


def _area(codec: str, width: int, height: int) -> int:
    if codec == "h264":
        return ceil(width / 16) * ceil(height / 16)
    if codec == "hevc":
        return ceil(width / 8) * 8 * ceil(height / 8) * 8
    return width * height


def _beyond_size(codec: str, limits: Limits, width: int, height: int) -> list[str]:
    what = "macroblocks" if codec == "h264" else "pixels"
    area = _area(codec, width, height)
    if area > limits.area:
        return [f"{width}x{height} has {area} {what} a frame, more than {limits.area}."]
    wide, high = limits.width, limits.height
    if codec in ("h264", "hevc"):
        wide = high = isqrt(8 * limits.area) * (16 if codec == "h264" else 1)
    if width > wide or height > high:
        return [f"{width}x{height} has a side longer than {wide}x{high} pixels."]
    return []


def _beyond_rate(codec: str, limits: Limits, width: int, height: int, rate: float) -> list[str]:
    what = "macroblocks" if codec == "h264" else "pixels"
    found = _area(codec, width, height) * rate
    ceiling = {"h264": _MOST_FRAMES_H264, "hevc": _MOST_FRAMES_HEVC}.get(codec)
    if found > limits.rate * 1.0005:  # rates such as 29.970 are rounded where facts are stored
        return [f"{found:.0f} {what} a second are more than {limits.rate}."]
    if ceiling is not None and rate > ceiling * 1.0005:
        return [f"{rate:g} frames a second are more than {ceiling}."]
    return []
