"""What a transcode is to come to: plain values that an encoding profile gives."""

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Self


class VideoCodec(StrEnum):
    H264 = "h264"
    HEVC = "hevc"
    AV1 = "av1"
    VP9 = "vp9"
    COPY = "copy"
    NONE = "none"


class AudioCodec(StrEnum):
    AAC = "aac"
    OPUS = "opus"
    MP3 = "mp3"
    AC3 = "ac3"
    EAC3 = "eac3"
    FLAC = "flac"
    COPY = "copy"
    NONE = "none"


class Container(StrEnum):
    MP4 = "mp4"
    MATROSKA = "matroska"
    WEBM = "webm"
    M4A = "m4a"
    OGG = "ogg"
    MP3 = "mp3"


class RateControl(StrEnum):
    QUALITY = "quality"
    BITRATE = "bitrate"


class Speed(StrEnum):
    """How long an encoder may think; each encoder has its own names for these."""

    SLOWEST = "slowest"
    SLOW = "slow"
    MEDIUM = "medium"
    FAST = "fast"
    FASTEST = "fastest"


class Hdr(StrEnum):
    KEEP = "keep"
    TONE_MAP = "tone_map"
    REFUSE = "refuse"


class Tracks(StrEnum):
    FIRST = "first"
    LANGUAGES = "languages"
    ALL = "all"


class Downmix(StrEnum):
    STANDARD = "standard"
    DIALOGUE = "dialogue"


class TextSubtitles(StrEnum):
    KEEP = "keep"
    SIDECAR = "sidecar"
    DROP = "drop"


class ImageSubtitles(StrEnum):
    KEEP = "keep"
    BURN = "burn"
    DROP = "drop"


class CpuFallback(StrEnum):
    """Whether the processor may do what the graphics card can't or won't."""

    ALWAYS = "always"
    SHORT = "short"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What is wanted of a file. Empty text, ``None`` and 0 stand for "whatever it is".

    Sizes are those of the picture as it is shown, for a picture that is wider than tall; a taller
    one is held to them turned. Bit rates are in bit/s, ``quality`` counts as x264's CRF does and is
    put into each encoder's own scale. ``level`` is written as people do (``4.1``).
    """

    container: Container = Container.MP4
    fast_start: bool = True

    video_codec: VideoCodec = VideoCodec.H264
    copy_video: bool = True  # what complies already is copied
    other_codecs: tuple[str, ...] = ()  # that may be copied, too: h264/high/4.2
    video_profile: str = ""
    tier: str = "main"
    level: str = ""
    pixel_format: str = "yuv420p"
    max_width: int | None = None
    max_height: int | None = None
    max_frame_rate: float | None = None
    max_reference_frames: int | None = None
    max_b_frames: int | None = None
    gop_seconds: float | None = None
    rate_control: RateControl = RateControl.QUALITY
    quality: float = 22.0
    video_bitrate: int | None = None
    max_bitrate: int | None = None
    buffer_bits: int | None = None
    speed: Speed = Speed.MEDIUM
    scaler: str = "lanczos"
    square_pixels: bool = True
    deinterlace: bool = True
    constant_frame_rate: bool = False
    hdr: Hdr = Hdr.TONE_MAP

    audio_codec: AudioCodec = AudioCodec.AAC
    copy_audio: tuple[str, ...] = ("aac",)  # codecs that may stay as they are
    audio_tracks: Tracks = Tracks.ALL
    audio_languages: tuple[str, ...] = ()  # ISO 639-2, the preferred first
    max_channels: int | None = 2
    audio_bitrate: int = 160_000  # of two channels; more have more
    max_sample_rate: int | None = 48_000
    downmix: Downmix = Downmix.STANDARD

    text_subtitles: TextSubtitles = TextSubtitles.KEEP
    image_subtitles: ImageSubtitles = ImageSubtitles.DROP
    subtitle_languages: tuple[str, ...] = ()  # empty: all
    chapters: bool = True
    metadata: bool = True
    attachments: bool = True  # where the container takes them

    use_gpu: bool = True
    cpu_fallback: CpuFallback = CpuFallback.ALWAYS
    short_seconds: int = 600  # what CpuFallback.SHORT takes for short

    ssim_floor: float | None = None  # 0 to 1, of samples
    vmaf_floor: float | None = None  # 0 to 100, where ffmpeg has it
    max_size_percent: int | None = 100  # of the source; larger ones are given up

    def to_json(self) -> dict[str, Any]:
        """Plain values that ``json.dumps`` takes."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The spec that ``to_json`` gave; names that this version doesn't know are passed over.

        Raises ValueError for a word that isn't among a field's choices.
        """
        values: dict[str, Any] = {}
        for field in fields(cls):
            if field.name in stored:
                value = stored[field.name]
                if isinstance(value, list):
                    value = tuple(value)
                values[field.name] = _CHOICES.get(field.name, lambda given: given)(value)
        return cls(**values)


_CHOICES: dict[str, Any] = {
    "container": Container, "video_codec": VideoCodec, "rate_control": RateControl, "speed": Speed,
    "hdr": Hdr, "audio_codec": AudioCodec, "audio_tracks": Tracks, "downmix": Downmix,
    "text_subtitles": TextSubtitles, "image_subtitles": ImageSubtitles,
    "cpu_fallback": CpuFallback,
}  # fmt: skip
