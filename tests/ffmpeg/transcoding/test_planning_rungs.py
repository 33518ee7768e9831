"""Who encodes: what a machine has decides, and what the profile allows."""

from dataclasses import replace
from typing import Any

import pytest

from apps.ffmpeg.transcoding.abilities import Abilities, Ability
from apps.ffmpeg.transcoding.plans import Deed, Rung
from apps.ffmpeg.transcoding.spec import CpuFallback, Hdr, ImageSubtitles, Spec, VideoCodec
from tests.ffmpeg.transcoding.planned import (
    SOFTWARE,
    audio,
    card,
    film,
    machine,
    plan_of,
    text,
    video,
)

_SPEC = Spec(video_profile="high", level="4.1", max_width=1920, max_height=1080)
_HEVC = Spec(video_codec=VideoCodec.HEVC, pixel_format="yuv420p10le")
_OLD = video(codec="mpeg2video")


def _ways(rungs: tuple[Rung, ...]) -> list[tuple[str, str, str, bool]]:
    return [(one.card, one.encoder, one.decoder, one.reduced) for one in rungs]


def _rungs(
    stream: dict[str, Any], *cards: Ability, spec: Spec = _SPEC
) -> list[tuple[str, str, str, bool]]:
    return _ways(plan_of(film(stream, audio()), spec, abilities=machine(*cards)).rungs)


def test_the_ladder() -> None:
    assert _rungs(_OLD, card("A"), card("B", device="1")) == [
        ("A", "h264_nvenc", "cuda", False),
        ("B", "h264_nvenc", "cuda", False),
        ("A", "h264_nvenc", "", False),
        ("B", "h264_nvenc", "", False),
        ("A", "h264_nvenc", "", True),
        ("B", "h264_nvenc", "", True),
        ("", "libx264", "", False),
    ]


def test_a_card_that_is_old_is_asked_for_little() -> None:
    assert _rungs(_OLD, card("A", reduced=True)) == [
        ("A", "h264_nvenc", "cuda", True),
        ("A", "h264_nvenc", "", True),
        ("", "libx264", "", False),
    ]


def test_cards_that_do_not_encode_are_left_out() -> None:
    broken = card("A", encodes=False, reason="No capable devices found")

    assert _rungs(_OLD, broken) == [("", "libx264", "", False)]


def test_a_processor_may_decode_for_a_card() -> None:
    assert _rungs(_OLD, card("A", decoder=""))[0] == ("A", "h264_nvenc", "", False)


@pytest.mark.parametrize(
    ("stream", "on_card"),
    [
        ({"codec": "hevc", "pixel_format": "yuv420p10le", "bit_depth": 10}, True),
        ({"codec": "av1"}, True),
        ({"codec": "vp9", "pixel_format": "yuv420p10le", "bit_depth": 10}, True),
        ({"codec": "h264", "frame_rate": 60.0}, True),
        ({"codec": "mpeg2video", "width": 3840, "height": 2160}, True),
        ({"codec": "h264", "pixel_format": "yuv420p10le", "bit_depth": 10}, False),
        ({"codec": "h264", "pixel_format": "yuv422p"}, False),
        ({"codec": "hevc", "pixel_format": "yuv444p10le", "bit_depth": 10}, False),
        ({"codec": "h264", "width": 5120, "height": 2880}, False),
        ({"codec": "prores", "pixel_format": "yuv422p10le", "bit_depth": 10}, False),
        ({"codec": "hevc", "rotation": 90}, False),
        ({"codec": "mpeg2video", "field_order": "tt"}, False),
        ({"codec": "mpeg2video", "sample_aspect_ratio": "16:11"}, False),
        ({"codec": "hevc", "color_transfer": "smpte2084", "hdr": "hdr10",
          "pixel_format": "yuv420p10le", "bit_depth": 10}, False),
    ],
)  # fmt: skip
def test_what_stays_on_the_card(stream: dict[str, Any], *, on_card: bool) -> None:
    ways = _rungs(video(**stream), card())

    assert (ways[0][2] == "cuda") is on_card
    assert ways[-1] == ("", "libx264", "", False)


def test_what_is_drawn_on_comes_down_from_the_card() -> None:
    spec = replace(_SPEC, image_subtitles=ImageSubtitles.BURN)
    facts = film(_OLD, audio(), text(2, "dvd_subtitle"))

    ways = _ways(plan_of(facts, spec, abilities=machine(card())).rungs)

    assert ways[0] == ("GPU-1", "h264_nvenc", "", False)


def test_ten_bits_want_a_card_that_makes_them() -> None:
    plain = card(encoder="hevc_nvenc", codec="hevc")
    deep = replace(plain, card="GPU-2", ten_bit=True)

    assert {way[0] for way in _rungs(_OLD, plain, deep, spec=_HEVC)} == {"GPU-2", ""}


def test_no_card_makes_twelve_bits() -> None:
    spec = replace(_HEVC, pixel_format="yuv420p12le")
    deep = card(encoder="hevc_nvenc", codec="hevc", ten_bit=True)

    assert _rungs(_OLD, deep, spec=spec) == [("", "libx265", "", False)]


def test_what_the_processor_decodes_takes_a_card_longer() -> None:
    facts = film(_OLD, audio())

    with_decoder = plan_of(facts, _SPEC, abilities=machine(card()))
    without = plan_of(facts, _SPEC, abilities=machine(card(decoder="")))

    assert with_decoder.foreseen_s < without.foreseen_s


def test_no_card_makes_ten_bits_of_h264_or_finer_colours() -> None:
    deep = replace(_SPEC, video_profile="high10", pixel_format="yuv420p10le")
    fine = replace(_SPEC, video_profile="high422", pixel_format="yuv422p")

    for spec in (deep, fine):
        assert _rungs(_OLD, card(ten_bit=True), spec=spec) == [("", "libx264", "", False)]


@pytest.mark.parametrize("size", [(128, 96), (8192, 4096)])
def test_no_card_takes_pictures_so_small_or_so_large(size: tuple[int, int]) -> None:
    stream = video(codec="vp9", width=size[0], height=size[1])

    assert _rungs(stream, card(), spec=Spec()) == [("", "libx264", "", False)]


def test_svt_av1_takes_no_pictures_so_small() -> None:
    spec = Spec(video_codec=VideoCodec.AV1)
    facts = film(video(width=320, height=48), audio())

    assert plan_of(facts, spec).code == "no_encoder"


def test_cards_are_kept_out() -> None:
    spec = replace(_SPEC, use_gpu=False)

    assert _rungs(_OLD, card(), spec=spec) == [("", "libx264", "", False)]


def test_the_processor_is_kept_out() -> None:
    spec = replace(_SPEC, cpu_fallback=CpuFallback.NEVER)

    assert {way[0] for way in _rungs(_OLD, card(), spec=spec)} == {"GPU-1"}
    made = plan_of(film(_OLD, audio()), spec)
    assert (made.deed, made.code) == (Deed.REFUSE, "processor_kept_out")
    assert made.reason == (
        "No graphics card here encodes it, and the profile keeps the processor out."
    )


def test_the_processor_does_what_is_short() -> None:
    spec = replace(_SPEC, cpu_fallback=CpuFallback.SHORT, short_seconds=60)
    short, long = (film(_OLD, audio(), duration_ms=one) for one in (60_000, 61_000))

    assert [one.encoder for one in plan_of(short, spec).rungs] == ["libx264"]
    assert plan_of(long, spec).code == "too_long_for_processor"
    assert plan_of(film(_OLD, audio(), duration_ms=None), spec).code == "too_long_for_processor"
    assert plan_of(long, spec, abilities=machine(card())).rungs[-1].card == "GPU-1"


def test_why_nothing_encodes() -> None:
    tried = Ability("av1_nvenc", "av1", encodes=False, reason="Unknown encoder 'av1_nvenc'")
    able = Abilities(encoders=(tried, *SOFTWARE.encoders[:2]))

    made = plan_of(film(_OLD, audio()), Spec(video_codec=VideoCodec.AV1), abilities=able)

    assert made.reason == (
        "Nothing on this machine encodes av1 as yuv420p, 1920x1080. av1_nvenc: Unknown encoder"
        " 'av1_nvenc'."
    )


def test_copying_needs_nobody() -> None:
    spec = replace(_SPEC, cpu_fallback=CpuFallback.NEVER)
    facts = film(video(), audio(codec="ac3"), container="matroska")

    assert plan_of(facts, spec, abilities=Abilities()).rungs == (Rung(encoder=""),)


def test_hdr_that_stays_may_stay_on_the_card() -> None:
    deep = card(encoder="hevc_nvenc", codec="hevc", ten_bit=True)
    stream = video(
        codec="vp9", color_transfer="smpte2084", hdr="hdr10", pixel_format="yuv420p10le",
        bit_depth=10,
    )  # fmt: skip

    ways = _rungs(stream, deep, spec=replace(_HEVC, hdr=Hdr.KEEP))

    assert ways[0] == ("GPU-1", "hevc_nvenc", "cuda", False)
