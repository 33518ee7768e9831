"""What is known about a media file."""

from dataclasses import dataclass, field, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFacts:
    """Facts about one file, read from it and checked; unknown is ``None``, ``""`` or ``0``.

    ``format_name`` is FFmpeg's list of names, ``container`` one short name (mp4, matroska, webm).
    ``width`` and ``height`` are those of the first real video stream as it is displayed, that is,
    after ``rotation`` (degrees: 0, 90, 180, 270, counter-clockwise as FFmpeg counts); its coded
    size and sample aspect ratio stand in ``streams``. Bit rates are in bit/s. ``hdr`` is ``""``,
    ``"hdr10"`` (any PQ video), ``"hlg"`` or ``"dolby_vision"``. Values in ``streams`` that are
    unknown or false are left out.
    """

    format_name: str
    container: str
    duration_ms: int | None = None
    bitrate: int | None = None
    video_codec: str = ""
    audio_codec: str = ""
    width: int | None = None
    height: int | None = None
    rotation: int = 0
    frame_rate: float | None = None
    pixel_format: str = ""
    bit_depth: int | None = None
    profile: str = ""
    level: int | None = None
    color_range: str = ""
    color_space: str = ""
    color_transfer: str = ""
    color_primaries: str = ""
    hdr: str = ""
    audio_channels: int | None = None
    sample_rate: int | None = None
    audio_tracks: int = 0
    subtitle_tracks: int = 0
    has_attached_picture: bool = False
    streams: list[dict[str, Any]] = field(default_factory=list)
    chapters: list[dict[str, Any]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values that ``json.dumps`` takes; the lists are these facts' own."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The facts that ``to_json`` gave; names this version doesn't know are passed over."""
        known = {name.name for name in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})
