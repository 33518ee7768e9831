"""The picture of a file as planning sees it: one stream of MediaFacts, judged."""

import re
from dataclasses import dataclass
from typing import Any

from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.transcoding.measured import NOTHING, Measured

HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})
_INTERLACED = frozenset({"tt", "bb", "tb", "bt"})
_ODDEST_PIXELS = 5.0  # wider or taller than this is a lie: nobody sees pictures so
_KNOWN_PIXELS = {
    "nv12": (420, 8), "nv21": (420, 8), "p010le": (420, 10), "p010be": (420, 10),
    "p016le": (420, 16), "nv16": (422, 8), "p210le": (422, 10), "yuyv422": (422, 8),
    "uyvy422": (422, 8), "yuv410p": (410, 8), "pal8": (444, 8),
}  # fmt: skip
_PLANAR = re.compile(r"^yuva?j?(410|411|420|422|440|444)p(\d+)?(?:[lb]e)?$")
_GRAY = re.compile(r"^gray(\d+)?(?:[lb]e)?$")


@dataclass(frozen=True, slots=True)
class Picture:
    """Unknown is 0 or empty. ``width`` and ``height`` are pixels as turned for showing.

    ``pixel_aspect`` is how wide a shown pixel is against its height. ``chroma`` is 420, 422, 444,
    or 400 for grey.
    """

    index: int
    codec: str
    width: int
    height: int
    rotation: int = 0
    pixel_aspect: float = 1.0
    frame_rate: float = 0.0
    peak_frame_rate: float = 0.0
    pixel_format: str = ""
    chroma: int = 0
    depth: int = 0
    profile: str = ""
    level: int | None = None
    tag: str = ""
    bitrate: int | None = None
    interlaced: bool = False
    transfer: str = ""
    primaries: str = ""
    space: str = ""
    dolby: bool = False

    @property
    def coded(self) -> tuple[int, int]:
        """Width and height as they are coded, before turning."""
        if self.rotation in (90, 270):
            return self.height, self.width
        return self.width, self.height

    @property
    def fastest(self) -> float:
        """Frames a second where they follow closest, if that is notably more than on average."""
        peak = self.peak_frame_rate
        return peak if peak > self.frame_rate * 1.05 + 1 else self.frame_rate

    @property
    def is_known(self) -> bool:
        return bool(self.codec and self.width and self.height)

    @property
    def hdr_transfer(self) -> str:
        """The transfer that makes it HDR; ``"unknown"`` for Dolby Vision without a common base."""
        if self.transfer in HDR_TRANSFERS:
            return self.transfer
        return "unknown" if self.dolby and not self.transfer else ""

    @property
    def is_odd(self) -> bool:
        """Whether its pixels are said to be of a shape that nobody sees."""
        return not 1 / _ODDEST_PIXELS <= self.pixel_aspect <= _ODDEST_PIXELS

    @property
    def shown(self) -> tuple[int, int]:
        """The size in square pixels: what is narrow is drawn out, nothing is pressed together."""
        if self.is_odd:
            return self.width, self.height
        if self.pixel_aspect >= 1:
            return round(self.width * self.pixel_aspect), self.height
        return self.width, round(self.height / self.pixel_aspect)


def pictures_of(facts: MediaFacts) -> list[dict[str, Any]]:
    """The streams that move: covers and other still pictures are left out."""
    return [
        one for one in facts.streams if one.get("type") == "video" and not one.get("attached_pic")
    ]


def picture_of(
    facts: MediaFacts, *, size_bytes: int = 0, measured: Measured = NOTHING
) -> Picture | None:
    """The first real picture, or None. Its bit rate is worked out if the file doesn't tell."""
    streams = pictures_of(facts)
    if not streams and not facts.video_codec:
        return None
    stream = streams[0] if streams else {}
    lost = bool(facts.streams) and not streams  # beyond the streams that facts keep
    rotation = facts.rotation
    form = facts.pixel_format
    chroma, depth = _pixels(form, facts.bit_depth)
    return Picture(
        index=stream.get("index", 0),
        codec="" if lost else facts.video_codec,
        width=facts.width or 0,
        height=facts.height or 0,
        rotation=rotation,
        pixel_aspect=_aspect(stream.get("sample_aspect_ratio"), rotation),
        frame_rate=facts.frame_rate or 0.0,
        peak_frame_rate=measured.peak_frame_rate or 0.0,
        pixel_format=form,
        chroma=chroma,
        depth=depth,
        profile=facts.profile,
        level=facts.level,
        tag=stream.get("codec_tag", ""),
        bitrate=_bitrate(facts, stream, size_bytes),
        interlaced=stream.get("field_order", "") in _INTERLACED,
        transfer=facts.color_transfer,
        primaries=facts.color_primaries,
        space=facts.color_space,
        dolby=facts.hdr == "dolby_vision",
    )


def pixels_of(pixel_format: str) -> tuple[int, int]:
    """Chroma (420, 422, 444; 400 is grey) and bits of a component; 0 for what isn't known."""
    if known := _KNOWN_PIXELS.get(pixel_format):
        return known
    if found := _PLANAR.match(pixel_format):
        return int(found[1]), int(found[2] or 8)
    if found := _GRAY.match(pixel_format):
        return 400, int(found[1] or 8)
    return (444, 8) if pixel_format.startswith(("rgb", "bgr", "gbr", "argb")) else (0, 0)


def _pixels(pixel_format: str, depth: int | None) -> tuple[int, int]:
    chroma, bits = pixels_of(pixel_format)
    return chroma, depth or bits


def _aspect(written: object, rotation: int) -> float:
    across, _, down = str(written or "1:1").partition(":")
    try:
        aspect = int(across) / int(down)
    except (ValueError, ZeroDivisionError, OverflowError):
        return 1.0
    if aspect <= 0:
        return 1.0
    return 1 / aspect if rotation in (90, 270) else aspect


def _bitrate(facts: MediaFacts, stream: dict[str, Any], size_bytes: int) -> int | None:
    told = stream.get("bitrate")
    if isinstance(told, int):
        return told
    seconds = (facts.duration_ms or 0) / 1000
    whole = facts.bitrate or (round(size_bytes * 8 / seconds) if seconds and size_bytes else 0)
    if not whole:
        return None
    return max(whole - sum(_sound_bitrate(one) for one in facts.streams), whole // 4)


def _sound_bitrate(stream: dict[str, Any]) -> int:
    if stream.get("type") != "audio":
        return 0
    guess = 64_000 * min(int(stream.get("channels", 2)), 8)
    return int(stream.get("bitrate", guess))
