"""What keeps a spec from working, and what each fault says."""

from typing import Any

import pytest

from apps.ffmpeg.transcoding.faults import find_faults
from apps.ffmpeg.transcoding.spec import (
    AudioCodec,
    Container,
    CpuFallback,
    Hdr,
    ImageSubtitles,
    RateControl,
    Spec,
    TextSubtitles,
    Tracks,
    VideoCodec,
)


def test_the_usual_spec_has_none() -> None:
    assert find_faults(Spec()) == ()


_WEBM: dict[str, Any] = {
    "container": Container.WEBM, "video_codec": VideoCodec.VP9, "audio_codec": AudioCodec.OPUS,
    "copy_audio": ("opus",),
}  # fmt: skip
_SOUND: dict[str, Any] = {"video_codec": VideoCodec.NONE, "text_subtitles": TextSubtitles.DROP}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (_WEBM | {"video_codec": VideoCodec.H264}, "video_codec"),
        (_WEBM | {"audio_codec": AudioCodec.AAC}, "audio_codec"),
        (_WEBM | {"copy_audio": ("aac",)}, "copy_audio"),
        ({"container": Container.M4A, "text_subtitles": TextSubtitles.DROP}, "container"),
        ({"video_codec": VideoCodec.NONE, "audio_codec": AudioCodec.NONE}, "audio_codec"),
        ({"video_profile": "main10"}, "video_profile"),
        ({"video_profile": "constrained baseline"}, "video_profile"),
        ({"video_codec": VideoCodec.HEVC, "video_profile": "rext"}, "video_profile"),
        ({"other_codecs": ("mpeg4",)}, "other_codecs"),
        ({"other_codecs": ("hevc/high",)}, "other_codecs"),
        ({"other_codecs": ("hevc/main/9.9",)}, "other_codecs"),
        ({"other_codecs": ("hevc/main/5.1/x",)}, "other_codecs"),
        ({"other_codecs": ("h264",)}, "other_codecs"),
        ({"other_codecs": ("hevc",), "copy_video": False}, "other_codecs"),
        (_WEBM | {"other_codecs": ("h264",)}, "other_codecs"),
        ({"tier": "low"}, "tier"),
        ({"level": "4.5"}, "level"),
        ({"video_codec": VideoCodec.HEVC, "level": "3.1", "tier": "high"}, "tier"),
        ({"pixel_format": "yuv411p"}, "pixel_format"),
        ({"video_codec": VideoCodec.AV1, "pixel_format": "yuv444p"}, "pixel_format"),
        ({"video_profile": "high", "pixel_format": "yuv420p10le"}, "pixel_format"),
        ({"video_profile": "high10", "pixel_format": "yuv422p10le"}, "pixel_format"),
        ({"level": "4.1", "max_width": 3840, "max_height": 2160}, "level"),
        ({"level": "4.1", "max_width": 1920, "max_height": 1080, "max_frame_rate": 60.0}, "level"),
        ({"level": "4.1", "max_width": 1920, "max_height": 1080, "max_reference_frames": 5},
         "level"),
        ({"level": "3.0", "max_bitrate": 20_000_000}, "max_bitrate"),
        ({"level": "3.0", "video_bitrate": 20_000_000}, "video_bitrate"),
        ({"rate_control": RateControl.BITRATE}, "video_bitrate"),
        ({"rate_control": RateControl.BITRATE, "video_bitrate": 9_000_000,
          "max_bitrate": 8_000_000}, "max_bitrate"),
        ({"quality": 52.0}, "quality"), ({"quality": -1.0}, "quality"),
        ({"buffer_bits": 1_000_000}, "buffer_bits"),
        ({"max_width": 8}, "max_width"), ({"max_frame_rate": 0.0}, "max_frame_rate"),
        ({"max_frame_rate": float("nan")}, "max_frame_rate"),
        ({"gop_seconds": 0.0}, "gop_seconds"), ({"ssim_floor": 1.5}, "ssim_floor"),
        ({"scaler": "magic"}, "scaler"),
        ({"max_b_frames": 2, "max_reference_frames": 1}, "max_b_frames"),
        ({"max_b_frames": 2, "video_profile": "baseline"}, "max_b_frames"),
        ({"hdr": Hdr.KEEP}, "hdr"),
        ({"hdr": Hdr.KEEP, "video_codec": VideoCodec.HEVC}, "hdr"),
        ({"hdr": Hdr.KEEP, "video_codec": VideoCodec.HEVC, "pixel_format": "",
          "video_profile": "main"}, "hdr"),
        ({"audio_codec": AudioCodec.MP3, "max_channels": 6}, "max_channels"),
        ({"audio_codec": AudioCodec.MP3, "max_channels": None}, "max_channels"),
        ({"audio_codec": AudioCodec.AC3, "max_channels": 8}, "max_channels"),
        ({"audio_codec": AudioCodec.OPUS, "max_sample_rate": 44_100}, "max_sample_rate"),
        ({"audio_codec": AudioCodec.AC3, "max_sample_rate": 22_050}, "max_sample_rate"),
        ({"audio_codec": AudioCodec.MP3, "audio_bitrate": 512_000}, "audio_bitrate"),
        ({"audio_tracks": Tracks.LANGUAGES}, "audio_languages"),
        (_SOUND | {"container": Container.MP3, "audio_codec": AudioCodec.MP3,
                   "copy_audio": ("mp3",)}, "audio_tracks"),
        (_SOUND | {"container": Container.M4A, "text_subtitles": TextSubtitles.KEEP},
         "text_subtitles"),
        (_WEBM | {"image_subtitles": ImageSubtitles.KEEP}, "image_subtitles"),
        ({"image_subtitles": ImageSubtitles.KEEP}, "image_subtitles"),
        ({"image_subtitles": ImageSubtitles.BURN, "video_codec": VideoCodec.COPY},
         "image_subtitles"),
        ({"use_gpu": False, "cpu_fallback": CpuFallback.NEVER}, "cpu_fallback"),
    ],
)  # fmt: skip
def test_each_fault(values: dict[str, Any], field: str) -> None:
    found = find_faults(Spec(**values))

    assert [one.field for one in found] == [field]
    assert found[0].message.endswith(".")


def test_a_fault_of_the_level_says_what_would_do() -> None:
    spec = Spec(level="4.1", max_width=1920, max_height=1080, max_frame_rate=60.0)

    (found,) = find_faults(spec)

    assert found.message == (
        "Level 4.1 of h264 doesn't hold what the profile allows: 489600 macroblocks a second are"
        " more than 245760. Take level 4.2, or allow less."
    )


def test_what_is_copied_is_not_judged() -> None:
    """A profile that copies pictures may have what would be wrong for encoding."""
    spec = Spec(video_codec=VideoCodec.COPY, level="99", pixel_format="odd", quality=999.0)

    assert find_faults(spec) == ()


def test_several_faults_come_together() -> None:
    spec = Spec(level="4.5", quality=99.0, audio_codec=AudioCodec.MP3, max_channels=6)

    assert {one.field for one in find_faults(spec)} == {"level", "quality", "max_channels"}
