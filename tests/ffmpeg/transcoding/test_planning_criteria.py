"""Every field of a spec is judged, or there is a reason why not."""

from dataclasses import fields, replace

from apps.ffmpeg.transcoding.planning import compliance
from apps.ffmpeg.transcoding.spec import (
    RateControl,
    Spec,
    VideoCodec,
)
from tests.ffmpeg.transcoding.planned import (
    SAFE,
    audio,
    film,
    text,
    video,
)

_JUDGED = {
    "container", "fast_start", "video_codec", "video_profile", "level", "pixel_format",
    "max_width", "max_height", "max_frame_rate", "max_reference_frames", "max_b_frames",
    "gop_seconds", "video_bitrate", "max_bitrate", "square_pixels", "deinterlace",
    "constant_frame_rate", "hdr", "audio_codec", "audio_tracks", "max_channels", "audio_bitrate",
    "max_sample_rate", "text_subtitles", "image_subtitles", "subtitle_languages", "chapters",
    "metadata", "attachments",
}  # fmt: skip
_WITHIN_OTHERS = {
    "tier": "level", "buffer_bits": "max_bitrate", "rate_control": "video_bitrate",
    "other_codecs": "video_codec", "copy_audio": "audio_codec", "audio_languages": "audio_tracks",
}  # fmt: skip
_ONLY_FOR_THE_WORK = {
    "copy_video", "quality", "speed", "scaler", "downmix", "use_gpu", "cpu_fallback",
    "short_seconds",
}  # fmt: skip
_AGAINST_THE_SOURCE = {"ssim_floor", "vmaf_floor", "max_size_percent"}


def test_every_field_of_a_spec_is_judged_or_cannot_be() -> None:
    accounted = _JUDGED | set(_WITHIN_OTHERS) | _ONLY_FOR_THE_WORK | _AGAINST_THE_SOURCE

    assert accounted == {one.name for one in fields(Spec)}


def test_everything_that_is_judged() -> None:
    spec = replace(
        SAFE, max_reference_frames=4, max_b_frames=3, gop_seconds=2.0, constant_frame_rate=True,
        rate_control=RateControl.BITRATE, video_bitrate=4_000_000, chapters=False,
        metadata=False, attachments=False, subtitle_languages=("eng",),
    )  # fmt: skip
    facts = film(video(), audio(), text(2, "mov_text"), text(3, language="fre"))

    names = {one.name for one in compliance(facts, spec, size_bytes=1)}

    assert names == _JUDGED


def test_a_picture_of_another_codec_stays_within_its_own_limits() -> None:
    spec = replace(
        SAFE, video_codec=VideoCodec.HEVC, video_profile="main10", level="5.1",
        pixel_format="yuv420p10le", other_codecs=("h264/high/4.2",),
    )  # fmt: skip

    def faults(**values: object) -> set[str]:
        facts = film(video(**values), audio())
        return {one.name for one in compliance(facts, spec, size_bytes=1) if not one.ok}

    assert faults() == set()
    assert faults(profile="High 10", pixel_format="yuv420p10le", bit_depth=10) == {"video_profile"}
    assert faults(level=51) == {"level"}
    assert faults(codec="mpeg4", profile="", level=None) == {"video_codec"}
    assert "video_codec" not in faults(codec="hevc", profile="Main 10", level=153, codec_tag="hvc1")
