"""What is asked of pictures, and what becomes of them."""

from dataclasses import replace
from typing import Any

import pytest

from apps.ffmpeg.transcoding.measured import Measured
from apps.ffmpeg.transcoding.planning import compliance
from apps.ffmpeg.transcoding.plans import Deed
from apps.ffmpeg.transcoding.spec import (
    Container,
    Hdr,
    ImageSubtitles,
    RateControl,
    Spec,
    VideoCodec,
)
from tests.ffmpeg.transcoding.planned import (
    MKV,
    SAFE,
    audio,
    failed,
    film,
    outcome,
    plan_of,
    video,
)


@pytest.mark.parametrize(
    ("stream", "names"),
    [
        ({"codec": "vp9"}, {"video_codec"}),
        ({"profile": "High 10"}, {"video_profile"}),
        ({"level": 51}, {"level"}),
        ({"pixel_format": "yuv420p10le", "bit_depth": 10}, {"pixel_format"}),
        ({"pixel_format": "yuv422p"}, {"pixel_format"}),
        ({"pixel_format": "gray"}, {"pixel_format"}),
        ({"width": 3840, "height": 2160}, {"max_width", "max_height", "level"}),
        ({"width": 1080, "height": 2400}, {"max_width", "level"}),
        ({"frame_rate": 60.0}, {"max_frame_rate", "level"}),
        ({"sample_aspect_ratio": "4:3"}, {"square_pixels"}),
        ({"field_order": "tt"}, {"deinterlace"}),
        ({"color_transfer": "smpte2084", "hdr": "hdr10"}, {"hdr"}),
        ({"color_transfer": "arib-std-b67", "hdr": "hlg"}, {"hdr"}),
        ({"hdr": "dolby_vision"}, {"hdr"}),
        ({"bitrate": 11_000_000}, {"max_bitrate"}),
        ({"bitrate": 70_000_000}, {"max_bitrate", "level"}),
    ],
)  # fmt: skip
def test_each_thing_that_a_picture_may_lack(stream: dict[str, Any], names: set[str]) -> None:
    made = plan_of(film(video(**stream), audio()), SAFE)

    assert failed(made) == names


@pytest.mark.parametrize(
    "stream",
    [
        {"profile": "Constrained Baseline"}, {"profile": "Main"}, {"profile": None},
        {"pixel_format": "yuvj420p"}, {"level": None}, {"level": 41}, {"frame_rate": 29.97},
        {"frame_rate": None}, {"bitrate": None}, {"field_order": "progressive"},
        {"width": 1080, "height": 1920}, {"color_transfer": "bt709", "hdr": "dolby_vision"},
        {"rotation": 90}, {"codec_tag": "avc3"},
    ],
)  # fmt: skip
def test_what_is_as_good_or_not_known(stream: dict[str, Any]) -> None:
    made = plan_of(film(video(**stream), audio(), duration_ms=600_000), SAFE)

    assert failed(made) == set()


def test_the_label_of_a_level_proves_nothing() -> None:
    """x264 labels 1080p at 60 as 4.1 if it is told to."""
    spec = replace(SAFE, max_frame_rate=None)
    made = plan_of(film(video(frame_rate=60.0, level=41), audio()), spec)

    (level,) = [one for one in made.criteria if one.name == "level"]
    assert not level.ok
    assert level.found == (
        "4.2 by size and rate. 489600 macroblocks a second are more than 245760."
    )


@pytest.mark.parametrize(
    ("measured", "names"),
    [
        ({"reference_frames": 16}, {"level", "max_reference_frames"}),
        ({"reference_frames": 4}, set()),
        ({"b_frames": 5}, {"max_b_frames"}),
        ({"longest_gop_ms": 9_000}, {"gop_seconds"}),
        ({"longest_gop_ms": 2_040}, set()),
        ({"peak_frame_rate": 60.0}, {"max_frame_rate", "level"}),
        ({"peak_frame_rate": 26.0}, set()),
        ({"constant_frame_rate": False}, {"constant_frame_rate"}),
        ({"fast_start": False}, {"fast_start"}),
    ],
)  # fmt: skip
def test_what_was_measured_counts(measured: dict[str, Any], names: set[str]) -> None:
    spec = replace(
        SAFE, max_reference_frames=4, max_b_frames=3, gop_seconds=2.0, constant_frame_rate=True
    )
    facts = film(video(), audio())

    found = compliance(facts, spec, size_bytes=1, measured=Measured(**measured))

    assert {one.name for one in found if not one.ok} == names


def test_a_bit_rate_is_worked_out_where_the_file_has_none() -> None:
    facts = film(video(bitrate=None), audio(), duration_ms=60_000)

    made = plan_of(facts, SAFE, size_bytes=60 * 2_000_000)

    assert failed(made) == {"max_bitrate"}


def test_a_rate_that_is_aimed_at() -> None:
    spec = replace(
        SAFE, rate_control=RateControl.BITRATE, video_bitrate=2_000_000, max_bitrate=None
    )

    assert failed(plan_of(film(video(bitrate=2_400_000), audio()), spec)) == set()
    assert failed(plan_of(film(video(bitrate=2_600_000), audio()), spec)) == {"video_bitrate"}
    short = film(video(bitrate=2_600_000), audio(), duration_ms=5_000)
    assert failed(plan_of(short, spec)) == set()


@pytest.mark.parametrize(
    ("rate", "most", "made"),
    [
        (50.0, 30.0, 25.0), (59.94, 30.0, 29.97), (60.0, 30.0, 30.0), (120.0, 30.0, 30.0),
        (48.0, 30.0, 24.0), (31.0, 30.0, 30.0), (40.0, 30.0, 30.0), (25.0, 30.0, 0.0),
        (29.97, 29.97, 0.0), (30.0, 29.97, 0.0), (119.88, 60.0, 59.94), (100.0, 60.0, 50.0),
    ],
)  # fmt: skip
def test_frames_are_left_out_evenly(rate: float, most: float, made: float) -> None:
    spec = replace(SAFE, max_frame_rate=most, level="")
    picture = plan_of(film(video(codec="vp9", frame_rate=rate), audio()), spec).video

    assert picture is not None
    assert picture.frame_rate == made


@pytest.mark.parametrize(
    ("stream", "size"),
    [
        ({"width": 3840, "height": 2160}, (1920, 1080)),
        ({"width": 3840, "height": 1600}, (1920, 800)),
        ({"width": 2160, "height": 3840}, (1080, 1920)),
        ({"width": 3840, "height": 2160, "rotation": 90}, (1080, 1920)),
        ({"width": 853, "height": 480}, (852, 480)),
        ({"width": 1919, "height": 1079}, (1918, 1078)),
        ({"width": 720, "height": 576, "sample_aspect_ratio": "16:11"}, (1046, 576)),
        ({"width": 720, "height": 480, "sample_aspect_ratio": "8:9"}, (720, 540)),
        ({"width": 1440, "height": 1080, "sample_aspect_ratio": "4:3"}, (1920, 1080)),
        ({"width": 576, "height": 720, "sample_aspect_ratio": "3:4", "rotation": 90}, (960, 576)),
        ({"width": 640, "height": 360, "sample_aspect_ratio": "1:1000"}, (640, 360)),
    ],
)  # fmt: skip
def test_sizes(stream: dict[str, Any], size: tuple[int, int]) -> None:
    picture = plan_of(film(video(codec="vp9", **stream), audio()), SAFE).video

    assert picture is not None
    assert (picture.width, picture.height) == size


def test_the_shape_of_pixels_is_kept_if_it_may_be() -> None:
    spec = replace(SAFE, square_pixels=False)
    facts = film(video(codec="vp9", width=720, height=576, sample_aspect_ratio="16:11"), audio())

    picture = plan_of(facts, spec).video

    assert picture is not None
    assert (picture.width, picture.height, picture.scales) == (720, 576, False)


@pytest.mark.parametrize(
    ("stream", "level", "made"),
    [
        ({"frame_rate": 60.0}, "4.1", (1920, 1080, 30.0)),
        ({"frame_rate": 50.0}, "4.1", (1920, 1080, 25.0)),
        ({"frame_rate": 60.0}, "4.2", (1920, 1080, 0.0)),
        ({"frame_rate": 25.0}, "3.1", (1280, 720, 0.0)),
        ({"frame_rate": 60.0, "width": 1280, "height": 720}, "4.1", (1280, 720, 0.0)),
        ({"frame_rate": 120.0, "width": 3840, "height": 2160}, "5.1", (3840, 2160, 30.0)),
    ],
)  # fmt: skip
def test_a_level_makes_pictures_slower_then_smaller(
    stream: dict[str, Any], level: str, made: tuple[int, int, float]
) -> None:
    spec = Spec(level=level)
    done = plan_of(film(video(codec="vp9", **stream), audio()), spec)

    assert done.video is not None
    found = (done.video.width, done.video.height)
    assert abs(found[0] - made[0]) <= 64
    assert found[0] <= made[0]
    assert done.video.frame_rate == made[2]
    assert bool(done.notes) is ((*found, done.video.frame_rate) != (
        video(**stream)["width"], video(**stream)["height"], 0.0
    ))  # fmt: skip


def test_a_variable_rate_stays_unless_its_peaks_are_too_fast() -> None:
    facts = film(video(codec="vp9", frame_rate=24.1), audio())
    calm, fast = Measured(peak_frame_rate=26.0), Measured(peak_frame_rate=60.0)

    def rate(measured: Measured) -> float:
        picture = plan_of(facts, SAFE, measured=measured).video
        assert picture is not None
        return picture.frame_rate

    assert rate(calm) == 0.0
    assert rate(fast) == 30.0


def test_a_constant_rate_is_the_average() -> None:
    facts = film(video(codec="vp9", frame_rate=29.87), audio())
    spec = replace(SAFE, constant_frame_rate=True)

    picture = plan_of(facts, spec).video

    assert picture is not None
    assert picture.frame_rate == 29.87


def test_rotation_is_undone_where_the_picture_is_encoded() -> None:
    stream = video(codec="hevc", rotation=270, width=1920, height=1080)

    picture = plan_of(film(stream, audio()), SAFE).video

    assert picture is not None
    assert (picture.rotation, picture.width, picture.height) == (270, 1080, 1920)


def test_a_copy_keeps_the_note_that_players_turn_it() -> None:
    made = plan_of(film(video(rotation=90), audio(codec="ac3")), SAFE)

    assert made.video is not None
    assert made.video.copy
    assert made.notes == ("Players have to turn it by 90 degrees, as before.",)


def test_matroska_would_lose_that_note() -> None:
    facts = film(video(codec="hevc", rotation=90), audio())

    assert plan_of(facts, MKV).deed is Deed.VIDEO


def test_hdr_is_brought_down() -> None:
    stream = video(
        codec="hevc", color_transfer="smpte2084", color_primaries="bt2020", hdr="hdr10",
        color_space="bt2020nc", pixel_format="yuv420p10le", bit_depth=10,
    )  # fmt: skip

    picture = plan_of(film(stream, audio()), SAFE).video

    assert picture is not None
    assert (picture.tone_map, picture.pixel_format) == ("smpte2084", "yuv420p")
    assert picture.color == ("bt709", "bt709", "bt709")


def test_hdr_is_kept() -> None:
    stream = video(
        codec="vp9", color_transfer="arib-std-b67", color_primaries="bt2020", hdr="hlg",
        color_space="bt2020nc", pixel_format="yuv420p10le", bit_depth=10,
    )  # fmt: skip

    made = plan_of(film(stream, audio()), MKV)

    assert made.video is not None
    assert (made.video.tone_map, made.video.pixel_format) == ("", "yuv420p10le")
    assert made.video.color == ("bt2020", "arib-std-b67", "bt2020nc")
    assert "It stays HDR; what scenes add for single displays may be lost." in made.notes


def test_dolby_vision_with_a_common_layer_goes_by_that() -> None:
    stream = video(codec="hevc", color_transfer="smpte2084", hdr="dolby_vision")

    made = plan_of(film(stream, audio()), SAFE)

    assert made.video is not None
    assert made.video.tone_map == "smpte2084"
    assert made.notes == ("What makes it Dolby Vision is lost; the layer below stays.",)


def test_hevc_is_tagged_so_that_cast_devices_take_it() -> None:
    spec = replace(
        SAFE, video_codec=VideoCodec.HEVC, video_profile="main10", level="5.1",
        pixel_format="yuv420p10le",
    )  # fmt: skip
    stream = video(codec="hevc", codec_tag="hev1", profile="Main", level=120)

    made = plan_of(film(stream, audio()), spec)

    assert made.deed is Deed.REMUX
    assert made.video is not None
    assert made.video.dispose == ("hvc1",)
    again = plan_of(outcome(made, film(stream, audio()), spec), spec)
    assert again.deed is Deed.SKIP


def test_what_matroska_loses_of_a_copied_picture_is_said() -> None:
    spec = replace(MKV, video_codec=VideoCodec.COPY)

    made = plan_of(film(video(rotation=90), audio()), spec)

    assert made.notes == ("It has to be turned by 90 degrees, and no longer says so.",)


@pytest.mark.parametrize(
    ("values", "made"),
    [
        ({"video_codec": VideoCodec.HEVC, "hdr": Hdr.KEEP}, "yuv420p10le"),
        ({"video_codec": VideoCodec.HEVC, "hdr": Hdr.REFUSE, "video_profile": "main"}, "yuv420p"),
        ({"video_codec": VideoCodec.HEVC}, "yuv420p10le"), ({}, "yuv420p"),
    ],
)  # fmt: skip
def test_bits_that_nobody_asked_for(values: dict[str, Any], made: str) -> None:
    stream = video(codec="av1", pixel_format="yuv420p10le", bit_depth=10)

    picture = plan_of(film(stream, audio()), Spec(pixel_format="", **values)).video

    assert picture is not None
    assert picture.pixel_format == made


def test_levels_and_profiles_are_written_as_encoders_take_them() -> None:
    spec = Spec(level="4", video_profile="High")

    picture = plan_of(film(video(codec="vp9"), audio()), spec).video

    assert picture is not None
    assert (picture.level, picture.profile) == ("4.0", "high")


def test_a_buffer_lets_short_films_have_more() -> None:
    spec = replace(SAFE, max_bitrate=10_000_000, buffer_bits=20_000_000)
    stream = video(bitrate=12_000_000)

    assert failed(plan_of(film(stream, audio(), duration_ms=8_000), spec)) == set()
    assert failed(plan_of(film(stream, audio(), duration_ms=80_000), spec)) == {"max_bitrate"}


def test_pixels_that_become_square_are_scaled() -> None:
    stream = video(codec="vp9", width=1440, height=1080, sample_aspect_ratio="4:3")

    picture = plan_of(film(stream, audio()), SAFE).video

    assert picture is not None
    assert picture.scales


def test_the_tag_of_dolby_vision_stays() -> None:
    spec = replace(MKV, container=Container.MP4, image_subtitles=ImageSubtitles.DROP)
    facts = film(video(codec="hevc", codec_tag="dvh1"), audio(codec="ac3"))

    picture = plan_of(facts, spec).video

    assert picture is not None
    assert (picture.copy, picture.dispose) == (True, ())
