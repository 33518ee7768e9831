"""Every field of a spec changes what is done: none is there for show."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import pytest

from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.transcoding.spec import (
    AudioCodec,
    Container,
    CpuFallback,
    Downmix,
    Hdr,
    ImageSubtitles,
    RateControl,
    Spec,
    Speed,
    TextSubtitles,
    Tracks,
    VideoCodec,
)
from tests.ffmpeg.transcoding.commanded import line, planned, rungs, sources
from tests.ffmpeg.transcoding.planned import audio, film, video

_JUDGED_LATER = frozenset({"ssim_floor", "vmaf_floor", "max_size_percent"})
"""Asked of the output, and while it is written: ``checking`` and ``running`` have tests of them."""

_CHANGES: Mapping[str, tuple[str, Mapping[str, Any], Any]] = {
    # field: the source, what else the spec says, the field's other value
    "container": ("film", {}, Container.MATROSKA),
    "fast_start": ("film", {}, False),
    "video_codec": ("film", {}, VideoCodec.HEVC),
    "copy_video": ("fitting", {"max_sample_rate": 44_100}, False),
    "other_codecs": (
        "fitting",
        {"video_codec": VideoCodec.HEVC, "max_sample_rate": 44_100},
        ("h264",),
    ),
    "video_profile": ("film", {}, "main"),
    "tier": ("film", {"video_codec": VideoCodec.HEVC, "level": "5.1"}, "high"),
    "level": ("film", {}, "5.2"),
    "pixel_format": ("film", {"video_codec": VideoCodec.AV1}, "yuv420p10le"),
    "max_width": ("film", {}, 1280),
    "max_height": ("film", {}, 720),
    "max_frame_rate": ("hdr", {}, 30.0),
    "max_reference_frames": ("film", {}, 3),
    "max_b_frames": ("film", {}, 0),
    "gop_seconds": ("film", {}, 2.0),
    "rate_control": ("film", {"video_bitrate": 3_000_000}, RateControl.BITRATE),
    "quality": ("film", {}, 30.0),
    "video_bitrate": ("film", {"rate_control": RateControl.BITRATE}, 5_000_000),
    "max_bitrate": ("film", {}, 8_000_000),
    "buffer_bits": ("film", {"max_bitrate": 8_000_000}, 9_000_000),
    "speed": ("film", {}, Speed.FASTEST),
    "scaler": ("film", {"max_width": 640}, "bicubic"),
    "square_pixels": ("dvd", {}, False),
    "deinterlace": ("dvd", {}, False),
    "constant_frame_rate": ("film", {}, True),
    "hdr": ("hdr", {"video_codec": VideoCodec.HEVC, "pixel_format": "yuv420p10le"}, Hdr.KEEP),
    "audio_codec": ("film", {}, AudioCodec.OPUS),
    "copy_audio": ("film", {"container": Container.MATROSKA}, ("mp2",)),
    "audio_tracks": ("film", {}, Tracks.FIRST),
    "audio_languages": ("film", {"audio_tracks": Tracks.LANGUAGES}, ("eng",)),
    "max_channels": ("film", {}, 6),
    "audio_bitrate": ("film", {}, 96_000),
    "max_sample_rate": ("film", {}, 32_000),
    "downmix": ("film", {}, Downmix.DIALOGUE),
    "text_subtitles": ("film", {}, TextSubtitles.DROP),
    "image_subtitles": ("film", {}, ImageSubtitles.BURN),
    "subtitle_languages": ("film", {}, ("fre",)),
    "chapters": ("film", {}, False),
    "metadata": ("film", {}, False),
    "attachments": ("film", {"container": Container.MATROSKA}, False),
    "use_gpu": ("film", {}, False),
    "cpu_fallback": ("film", {}, CpuFallback.NEVER),
    "short_seconds": ("film", {"cpu_fallback": CpuFallback.SHORT}, 60),
}


def test_no_field_is_forgotten() -> None:
    assert {one.name for one in fields(Spec)} == set(_CHANGES) | _JUDGED_LATER


@pytest.mark.parametrize("field", _CHANGES)
def test_a_field_changes_what_is_done(field: str) -> None:
    source, besides, value = _CHANGES[field]
    spec = Spec(**besides)
    assert getattr(spec, field) != value

    before = _done(_source(source), spec)
    after = _done(_source(source), replace(spec, **{field: value}))

    assert before != after


@pytest.mark.parametrize(
    ("field", "value", "encoders"),
    [
        ("max_reference_frames", 3, ("libx264", "libx265", "nvenc", "qsv")),
        ("max_b_frames", 0, ("libx264", "libx265", "libsvtav1", "libvpx-vp9", "nvenc", "qsv",
                             "vaapi", "videotoolbox")),
        ("gop_seconds", 2.0, ("libx264", "libx265", "libsvtav1", "libvpx-vp9", "nvenc", "qsv",
                              "vaapi", "videotoolbox")),
        ("quality", 30.0, ("libx264", "libx265", "libsvtav1", "libvpx-vp9", "nvenc", "qsv",
                           "vaapi", "videotoolbox")),
        ("max_bitrate", 9_000_000, ("libx264", "libx265", "libsvtav1", "libvpx-vp9", "nvenc",
                                    "qsv", "vaapi", "videotoolbox")),
        ("speed", Speed.FASTEST, ("libx264", "libx265", "libsvtav1", "libvpx-vp9", "nvenc", "qsv",
                                  "vaapi", "videotoolbox")),
        ("level", "5.1", ("libx264", "libx265", "libsvtav1", "libvpx-vp9", "qsv", "vaapi")),
        ("tier", "high", ("libx265", "libsvtav1", "nvenc", "vaapi")),
    ],
)  # fmt: skip
def test_encoders_are_told(field: str, value: Any, encoders: tuple[str, ...]) -> None:
    """Each kind of encoder in its own words, for every codec that it makes."""
    told: dict[str, bool] = {}
    for codec, level in (("h264", "4.1"), ("hevc", "4.1"), ("av1", "4.1"), ("vp9", "4.1")):
        container = Container.WEBM if codec == "vp9" else Container.MP4
        sound = AudioCodec.OPUS if codec == "vp9" else AudioCodec.AAC
        spec = Spec(
            video_codec=VideoCodec(codec), level=level, container=container, audio_codec=sound
        )
        before, after = (
            _ways(sources()["film"], one) for one in (spec, replace(spec, **{field: value}))
        )
        for way, words in before.items():
            if "reduced" not in way:
                told[f"{codec} {way}"] = words != after[way]

    silent = {way for way, changed in told.items() if not changed}
    wanted = {way for way in told if any(name in way for name in encoders)}
    if field == "tier":  # H.264 and VP9 have none
        wanted = {way for way in wanted if way.startswith(("hevc", "av1"))}
    if field == "level":
        wanted = {way for way in wanted if "vp9_vaapi" not in way and "vp9_qsv" not in way}
    assert not silent & wanted


def _done(facts: MediaFacts, spec: Spec) -> tuple[str, dict[str, str]]:
    return planned(facts, spec).deed, _ways(facts, spec)


def _ways(facts: MediaFacts, spec: Spec) -> dict[str, str]:
    made = planned(facts, spec)
    return {way: line(made, spec, rung) for way, rung in rungs(made)}


def _source(name: str) -> MediaFacts:
    if name == "fitting":
        return film(video(), audio(1, channels=2, sample_rate=48_000))
    return sources()[name]
