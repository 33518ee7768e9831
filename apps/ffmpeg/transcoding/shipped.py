"""Profiles that come with MediaHub. What devices play is from Google's page on media for Cast.

The fixture ``encoding_profiles.json`` is written from this table.
"""

from dataclasses import dataclass, replace
from typing import Any

from apps.ffmpeg.transcoding.spec import (
    AudioCodec,
    Container,
    Hdr,
    ImageSubtitles,
    RateControl,
    Spec,
    Speed,
    TextSubtitles,
    VideoCodec,
)


@dataclass(frozen=True, slots=True)
class Shipped:
    """``slug`` is the profile's lasting name; the others may be changed by people."""

    slug: str
    name: str
    description: str
    suffix: str  # of names beside the source
    spec: Spec


_PLAYED = ("aac", "mp3", "opus", "flac")  # what every Cast device decodes by itself
_CAST = Spec(
    container=Container.MP4,
    video_codec=VideoCodec.H264,
    video_profile="high",
    level="4.1",
    pixel_format="yuv420p",
    max_width=1920,
    max_height=1080,
    max_frame_rate=30.0,
    quality=21.0,
    max_bitrate=20_000_000,
    buffer_bits=40_000_000,
    copy_audio=("aac", "mp3"),
    text_subtitles=TextSubtitles.SIDECAR,  # receivers show WebVTT beside a file, not what is in it
    image_subtitles=ImageSubtitles.DROP,
)
_CAST_4K = replace(
    _CAST,
    video_codec=VideoCodec.HEVC,
    video_profile="main10",
    level="5.1",
    pixel_format="yuv420p10le",
    max_width=3840,
    max_height=2160,
    max_frame_rate=60.0,
    quality=20.0,
    max_bitrate=35_000_000,
    buffer_bits=70_000_000,
    hdr=Hdr.KEEP,
    copy_audio=_PLAYED,
    max_channels=6,
)
_GOOD_SOUND = (
    "aac", "opus", "flac", "ac3", "eac3", "dts", "mp3", "mp2", "vorbis", "truehd", "alac"
)  # fmt: skip
_ARCHIVE = Spec(
    container=Container.MATROSKA,
    video_codec=VideoCodec.HEVC,
    video_profile="main10",
    pixel_format="yuv420p10le",
    quality=19.0,
    speed=Speed.SLOW,
    square_pixels=False,
    hdr=Hdr.KEEP,
    audio_codec=AudioCodec.OPUS,
    copy_audio=_GOOD_SOUND,
    max_channels=None,
    audio_bitrate=128_000,
    max_sample_rate=None,
    text_subtitles=TextSubtitles.KEEP,
    image_subtitles=ImageSubtitles.KEEP,
    max_size_percent=90,
    ssim_floor=0.95,
)

SHIPPED: tuple[Shipped, ...] = (
    Shipped(
        "universal-safe", "Universal-safe",
        "Plays on everything: H.264 High 4.1, 1080p at 30, 8 bits, SDR, stereo AAC, MP4.",
        " (safe)",
        replace(_CAST, max_bitrate=10_000_000, buffer_bits=20_000_000, copy_audio=("aac",)),
    ),
    Shipped(
        "chromecast-1-2", "Chromecast, 1st and 2nd generation",
        "H.264 High 4.1 up to 1080p at 30 frames a second; no HEVC, whatever they claim.",
        " (cast 1080p30)",
        _CAST,
    ),
    Shipped(
        "chromecast-3", "Chromecast, 3rd generation",
        "H.264 High 4.2 up to 1080p at 60 frames a second; no HEVC.",
        " (cast 1080p60)",
        replace(_CAST, level="4.2", max_frame_rate=60.0),
    ),
    Shipped(
        "chromecast-ultra", "Chromecast Ultra",
        "HEVC Main 10, level 5.1, up to 2160p at 60 frames a second, HDR kept; H.264 stays.",
        " (cast 4K)",
        replace(_CAST_4K, other_codecs=("h264/high/4.2",)),
    ),
    Shipped(
        "google-tv", "Chromecast with Google TV (4K)",
        "HEVC Main 10, level 5.1, up to 2160p at 60 frames a second, HDR kept; H.264 stays.",
        " (Google TV)",
        replace(_CAST_4K, other_codecs=("h264/high/5.1",)),
    ),
    Shipped(
        "google-tv-streamer", "Google TV Streamer",
        "AV1 Main, level 5.1, up to 2160p at 60 frames a second, HDR kept; H.264 and HEVC stay.",
        " (Streamer)",
        replace(_CAST_4K, video_codec=VideoCodec.AV1, video_profile="main", quality=21.0,
                max_bitrate=30_000_000, buffer_bits=60_000_000,
                other_codecs=("h264/high/5.2", "hevc/main10/5.1")),
    ),
    Shipped(
        "nest-hub", "Nest Hub",
        "H.264 High 4.1 up to 720p; 30 frames a second, so that the Nest Hub Max plays it too.",
        " (Nest Hub)",
        replace(_CAST, max_width=1280, max_height=720, max_bitrate=5_000_000,
                buffer_bits=10_000_000),
    ),
    Shipped(
        "phone", "Phone",
        "Small files for the way: H.264 High 4.0 up to 720p at 30 frames a second.",
        " (phone)",
        replace(_CAST, level="4.0", max_width=1280, max_height=720, quality=24.0,
                max_bitrate=2_500_000, buffer_bits=5_000_000, copy_audio=("aac",),
                audio_bitrate=96_000, text_subtitles=TextSubtitles.KEEP),
    ),
    Shipped(
        "archive-av1", "Archive, AV1",
        "Much smaller at the same look: AV1 in 10 bits, everything kept, Matroska.",
        " (AV1)",
        replace(_ARCHIVE, video_codec=VideoCodec.AV1, video_profile="main", quality=21.0),
    ),
    Shipped(
        "archive-hevc", "Archive, HEVC",
        "Smaller at the same look: HEVC in 10 bits, everything kept, Matroska.",
        " (HEVC)",
        _ARCHIVE,
    ),
    Shipped(
        "audio-only", "Sound alone",
        "Every track of sound as AAC, in an M4A file, with its tags and chapters.",
        " (sound)",
        Spec(
            container=Container.M4A,
            video_codec=VideoCodec.NONE,
            rate_control=RateControl.QUALITY,
            copy_audio=("aac", "alac"),
            audio_bitrate=192_000,
            text_subtitles=TextSubtitles.DROP,
            image_subtitles=ImageSubtitles.DROP,
            attachments=False,
        ),
    ),
)  # fmt: skip
"""In the order in which people are shown them."""


def as_fixture() -> list[dict[str, Any]]:
    """The table as a fixture of the database's rows; times are those of the table's writing."""
    return [
        {
            "model": "transcodes.encodingprofile",
            "fields": {
                "name": one.name, "description": one.description, "shipped": one.slug,
                "suffix": one.suffix, "created_at": _WRITTEN, "updated_at": _WRITTEN,
                **one.spec.to_json(),
            },
        }
        for one in SHIPPED
    ]  # fmt: skip


_WRITTEN = "2026-11-22T00:00:00Z"
