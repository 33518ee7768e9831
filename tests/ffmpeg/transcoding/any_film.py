"""Files and specs of every kind, made from a number: drawing each value apart takes too long."""

from random import Random
from typing import Any

from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.transcoding.faults import find_faults
from apps.ffmpeg.transcoding.measured import Measured
from apps.ffmpeg.transcoding.shipped import SHIPPED
from apps.ffmpeg.transcoding.spec import Container, Spec
from tests.ffmpeg.transcoding.planned import audio, film, text, video

_ODD = 0.12  # how often a value is one that ordinary files don't have

_SIDES = [(1920, 1080), (1280, 720), (3840, 2160), (720, 576), (720, 480), (640, 360), (1080, 1920)]
_ODD_SIDES = [
    (853, 480),
    (1, 1),
    (9000, 20),
    (65_535, 65_535),
    (None, None),
    (1919, 1081),
    (17, 17),
]
_RATES = [23.976, 25.0, 29.97, 30.0, 50.0, 59.94]
_ODD_RATES = [None, 1.0, 12.5, 31.0, 120.0, 240.0, 1000.0]
_PIXELS = [("yuv420p", 8), ("yuv420p", 8), ("yuv420p10le", 10), ("yuvj420p", 8)]
_ODD_PIXELS = [("yuv422p10le", 10), ("yuv444p", 8), ("gray", 8), ("gbrp", 8), ("", None)]
_LIGHT = [("", ""), ("bt709", "")]
_ODD_LIGHT = [
    ("smpte2084", "hdr10"), ("arib-std-b67", "hlg"), ("smpte2084", "dolby_vision"),
    ("", "dolby_vision"), ("bt709", "dolby_vision"),
]  # fmt: skip
_TITLES = ["", "", "Director's commentary", "Surround"]
_LANGUAGES = ["", "eng", "ger", "deu", "fre", "jpn", "x-klingon", "../../etc"]
_TEXTS = [
    "subrip",
    "ass",
    "mov_text",
    "webvtt",
    "hdmv_pgs_subtitle",
    "dvd_subtitle",
    "dvb_teletext",
]
_OTHERS: list[dict[str, Any]] = [
    {"type": "attachment", "codec": "ttf"}, {"type": "data", "codec": "bin_data"},
    {"type": "video", "codec": "mjpeg", "attached_pic": True, "width": 600, "height": 800},
    {"type": "video", "codec": "mjpeg", "width": 160, "height": 90},
]  # fmt: skip

CHANGES: dict[str, list[Any]] = {
    "container": list(Container), "level": ["", "1.0", "3.1", "4", "4.1", "5.1", "6.2"],
    "video_codec": ["h264", "hevc", "av1", "vp9", "copy", "none"],
    "video_profile": ["", "main", "high", "main10"], "pixel_format": ["", "yuv420p", "yuv420p10le"],
    "max_width": [None, 16, 333, 640, 1280, 3840], "max_height": [None, 16, 240, 721, 2160],
    "max_frame_rate": [None, 10.0, 24.0, 29.97, 30.0, 60.0], "square_pixels": [True, False],
    "deinterlace": [True, False], "copy_video": [True, False],
    "constant_frame_rate": [True, False], "hdr": ["keep", "tone_map", "refuse"],
    "max_bitrate": [None, 3_000_000], "buffer_bits": [None],
    "audio_codec": ["aac", "opus", "mp3", "ac3", "eac3", "flac", "copy", "none"],
    "other_codecs": [[], ["h264/high/4.2"], ["hevc", "vp9"]],
    "copy_audio": [[], ["aac"], ["aac", "mp3", "opus"]],
    "audio_tracks": ["first", "languages", "all"], "audio_languages": [[], ["ger"], ["en", "de"]],
    "max_channels": [None, 1, 2, 6], "max_sample_rate": [None, 22050, 44100, 48000],
    "text_subtitles": ["keep", "sidecar", "drop"], "image_subtitles": ["keep", "burn", "drop"],
    "subtitle_languages": [[], ["eng"]], "chapters": [True, False], "metadata": [True, False],
    "attachments": [True, False], "cpu_fallback": ["always", "short"],
}  # fmt: skip
"""Values for a spec's fields, for edits of the profiles that are shipped."""


class Chance(Random):
    """Chooses among what is ordinary, and now and then among what isn't."""

    def of(self, usual: list[Any], odd: list[Any]) -> Any:
        return self.choice(odd if self.random() < _ODD else usual)


def any_film(seed: int) -> MediaFacts:
    """An ordinary file, or a hostile one."""
    chance = Chance(seed)
    streams = [_picture(chance)] if chance.random() > 0.05 else []
    streams += [_sound(chance) for _ in range(chance.choice([0, 1, 1, 1, 2, 3]))]
    for _ in range(chance.choice([0, 0, 1, 3])):
        told = {"language": chance.choice(_LANGUAGES), "forced": chance.random() < 0.2}
        streams.append(text(0, chance.choice(_TEXTS), **told))
    streams += chance.sample(_OTHERS, chance.choice([0, 0, 1, 2]))
    return film(
        *[one | {"index": at} for at, one in enumerate(streams)],
        container=chance.choice(["mp4", "mp4", "mov", "matroska", "webm", "avi", "m4a", "ogg"]),
        duration_ms=chance.of([4_000, 5_400_000], [None, 1, 10_000_000_000]),
        chapters=chance.choice([[], [{"start_ms": 0, "end_ms": 1000, "title": "One"}]]),
        tags=chance.choice([{}, {"title": "Film", "encoder": "x"}]),
    )


def any_measure(seed: int) -> Measured:
    chance = Chance(seed)
    return Measured(
        fast_start=chance.choice([None, True, False]),
        reference_frames=chance.choice([None, 3, 16]),
        peak_frame_rate=chance.choice([None, None, 30.0, 60.0, 240.0]),
        constant_frame_rate=chance.choice([None, True, False]),
    )


def any_spec(seed: int) -> Spec:
    """A shipped one with a few fields edited, as long as it can work."""
    chance = Chance(seed)
    found = chance.choice(SHIPPED).spec
    for name in chance.sample(list(CHANGES), chance.randrange(12)):
        edited = Spec.from_json(found.to_json() | {name: chance.choice(CHANGES[name])})
        if not find_faults(edited):
            found = edited
    return found


def _picture(chance: Chance) -> dict[str, Any]:
    width, height = chance.of(_SIDES, _ODD_SIDES)
    form, depth = chance.of(_PIXELS, _ODD_PIXELS)
    transfer, hdr = chance.of(_LIGHT, _ODD_LIGHT)
    return video(
        codec=chance.of(["h264", "h264", "hevc", "av1", "vp9"], ["mpeg2video", "prores", ""]),
        width=width, height=height, frame_rate=chance.of(_RATES, _ODD_RATES),
        pixel_format=form, bit_depth=depth, color_transfer=transfer, hdr=hdr,
        rotation=chance.of([None], [90, 180, 270]),
        sample_aspect_ratio=chance.of([""], ["16:11", "4:3", "8:9", "40:33", "1:1000", "x:0"]),
        level=chance.choice([None, 40, 41, 51, 153]),
        field_order=chance.of([None, "progressive"], ["tt", "bb", "nonsense"]),
        profile=chance.of([None, "High", "Main", "Main 10"], ["High 10", "Odd"]),
        bitrate=chance.choice([None, 1, 3_000_000, 90_000_000]),
        codec_tag=chance.choice([None, "hvc1", "hev1", "dvh1"]),
    )  # fmt: skip


def _sound(chance: Chance) -> dict[str, Any]:
    return audio(
        codec=chance.of(["aac", "aac", "mp3", "ac3", "opus", "flac"], ["dts", "wmav2", ""]),
        channels=chance.of([2, 2, 6], [None, 1, 3, 7, 8, 64]),
        sample_rate=chance.of([44100, 48000], [None, 8000, 11025, 37800, 88200, 96000, 192000]),
        bitrate=chance.choice([None, 32_000, 128_000, 1_500_000]),
        language=chance.choice(_LANGUAGES), title=chance.choice(_TITLES),
        default=chance.random() < 0.5,
    )  # fmt: skip
