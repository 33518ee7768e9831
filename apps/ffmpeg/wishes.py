"""What can be made from a media file, and how: options as the settings give them.

They travel as JSON, and a hash of them with the maker's version tells what is out of date.
"""

from dataclasses import dataclass
from typing import Any

VERSIONS = {
    "cover": 2, "sprite": 1, "preview": 1, "phash": 1, "heatmap": 1, "waveform": 1,
    "subtitles": 1, "chapters": 1,
}  # fmt: skip
"""Grows when something is made in another way, so that the old ones count as stale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverOptions:
    """``sizes``: name to greatest width in pixels and quality 1..100; ``format``: webp or avif.

    ``at_ms`` is the time that a person chose, or None for the best of several frames.
    """

    sizes: dict[str, tuple[int, int]]
    format: str = "webp"
    at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpriteOptions:
    """At most ``tiles`` pictures, whose longer side has ``side`` pixels, one each ``seconds``.

    0 seconds: as many as there may be, evenly over the video. ``exact`` shows the frame at each
    time; otherwise the nearest key frame, with its own time.
    """

    tiles: int = 81
    seconds: int = 0
    side: int = 160
    exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewOptions:
    """``segments`` pieces of ``segment_ms`` each, ``width`` pixels wide, muted, H.264 (``crf``)."""

    segments: int = 12
    segment_ms: int = 750
    width: int = 640
    crf: int = 23


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundOptions:
    """How many values a heatmap or waveform has over the length of the video."""

    points: int


Wishes = dict[str, dict[str, Any]]
"""Kind to its options as JSON; kinds without options have ``{}``."""
