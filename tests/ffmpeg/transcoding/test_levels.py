"""Levels, against figures of the specifications."""

from itertools import pairwise

import pytest

from apps.ffmpeg.transcoding.levels import (
    LEVELS,
    beyond,
    is_above,
    labelled,
    most_bitrate,
    most_references,
    smallest_level,
    written,
)


@pytest.mark.parametrize(
    ("codec", "size", "rate", "level"),
    [
        ("h264", (176, 144), 15, "1.0"), ("h264", (352, 288), 30, "1.3"),
        ("h264", (720, 480), 30, "3.0"), ("h264", (720, 576), 25, "3.0"),
        ("h264", (1280, 720), 30, "3.1"), ("h264", (1280, 720), 60, "3.2"),
        ("h264", (1920, 1080), 30, "4.0"), ("h264", (1920, 1080), 30.2, "4.2"),
        ("hevc", (1920, 1080), 33, "4.1"),
        ("av1", (1920, 1080), 35, "4.1"),
        ("vp9", (1920, 1080), 41, "4.1"),
        ("h264", (1920, 1080), 59.94, "4.2"),
        ("h264", (1920, 1080), 64, "4.2"), ("h264", (2560, 1920), 30, "5.0"),
        ("h264", (3840, 2160), 30, "5.1"), ("h264", (3840, 2160), 60, "5.2"),
        ("h264", (7680, 4320), 30, "6.0"), ("h264", (8192, 4320), 120, "6.2"),
        ("hevc", (416, 240), 30, "2.0"), ("hevc", (960, 540), 30, "3.0"),
        ("hevc", (1280, 720), 30, "3.1"), ("hevc", (1920, 1080), 30, "4.0"),
        ("hevc", (1920, 1080), 60, "4.1"), ("hevc", (3840, 2160), 30, "5.0"),
        ("hevc", (3840, 2160), 60, "5.1"), ("hevc", (3840, 2160), 120, "5.2"),
        ("hevc", (8192, 4320), 30, "6.0"),
        ("av1", (1280, 720), 30, "3.1"), ("av1", (1920, 1080), 30, "4.0"),
        ("av1", (1920, 1080), 60, "4.1"), ("av1", (3840, 2160), 60, "5.1"),
        ("av1", (7680, 4320), 30, "6.0"),
        ("vp9", (1280, 720), 30, "3.1"), ("vp9", (1920, 1080), 30, "4.0"),
        ("vp9", (3840, 2160), 60, "5.1"),
    ],
)  # fmt: skip
def test_the_smallest_level(codec: str, size: tuple[int, int], rate: float, level: str) -> None:
    found = smallest_level(codec, width=size[0], height=size[1], frame_rate=rate)

    assert found == level


def test_what_was_measured_with_x264() -> None:
    """Its own warning for 1080p at 60 in level 4.1, and its 16 reference frames in level 5.1."""
    fast = beyond("h264", "4.1", width=1920, height=1080, frame_rate=60)
    referring = beyond("h264", "4.1", width=1920, height=1080, frame_rate=30, reference_frames=16)

    assert fast == ("489600 macroblocks a second are more than 245760.",)
    assert referring == ("16 reference frames are more than 4 at this size.",)
    assert smallest_level(
        "h264", width=1920, height=1080, frame_rate=30, reference_frames=16
    ) == "5.1"  # fmt: skip


def test_rates_that_facts_round_are_no_excess() -> None:
    assert beyond("h264", "3.0", width=720, height=576, frame_rate=25.001) == ()
    assert beyond("h264", "4.1", width=1920, height=1088, frame_rate=30.118) == ()


@pytest.mark.parametrize(
    ("codec", "level", "size", "kept"),
    [
        ("h264", "4.1", (1920, 1080), 4), ("h264", "4.1", (1280, 720), 9),
        ("h264", "4.1", (640, 360), 16), ("h264", "5.1", (3840, 2160), 5),
        ("hevc", "5.1", (3840, 2160), 6), ("hevc", "5.1", (1920, 1080), 16),
        ("hevc", "4.0", (1920, 1080), 6), ("av1", "5.1", (1920, 1080), None),
    ],
)  # fmt: skip
def test_how_many_frames_are_kept(
    codec: str, level: str, size: tuple[int, int], kept: int | None
) -> None:
    assert most_references(codec, level, width=size[0], height=size[1]) == kept


@pytest.mark.parametrize(
    ("codec", "level", "tier", "profile", "bits"),
    [
        ("h264", "4.1", "main", "main", 50_000_000), ("h264", "4.1", "main", "high", 62_500_000),
        ("h264", "4.0", "main", "high10", 60_000_000), ("hevc", "5.1", "main", "", 40_000_000),
        ("hevc", "5.1", "high", "main10", 160_000_000), ("hevc", "3.1", "high", "", 10_000_000),
        ("av1", "5.1", "high", "main", 160_000_000), ("vp9", "4.1", "main", "", 30_000_000),
        ("h264", "9.9", "main", "", None),
    ],
)  # fmt: skip
def test_bits_by_tier_and_profile(
    codec: str, level: str, tier: str, profile: str, bits: int | None
) -> None:
    assert most_bitrate(codec, level, tier=tier, profile=profile) == bits


def test_bits_beyond_a_level() -> None:
    said = beyond(
        "hevc", "5.1", width=3840, height=2160, frame_rate=60, bitrate=50_000_000, tier="main"
    )

    assert said == ("50.0 Mbit/s are more than 40.0 Mbit/s.",)
    assert not beyond(
        "hevc", "5.1", width=3840, height=2160, frame_rate=60, bitrate=50_000_000, tier="high"
    )


def test_long_sides() -> None:
    assert smallest_level("h264", width=8192, height=16, frame_rate=1) == "5.1"  # sqrt(8 · 36864)
    assert beyond("h264", "4.1", width=8192, height=16, frame_rate=1)
    assert beyond("av1", "4.0", width=16, height=4000, frame_rate=1)


def test_nothing_holds_what_is_too_fast() -> None:
    assert smallest_level("h264", width=64, height=64, frame_rate=200) is None
    assert smallest_level("hevc", width=64, height=64, frame_rate=301) is None
    assert smallest_level("theora", width=64, height=64, frame_rate=25) is None


def test_what_is_not_known_exceeds_nothing() -> None:
    assert beyond("h264", "4.1", width=0, height=0, frame_rate=60) == ()
    assert beyond("h264", "seven", width=1920, height=1080, frame_rate=60) == ()


def test_how_people_write_levels() -> None:
    assert written("h264", "4") == "4.0"
    assert written("h264", " 1B ") == "1b"
    assert written("av1", "5.3") == "5.3"
    assert written("hevc", "5.3") == ""


@pytest.mark.parametrize(
    ("codec", "number", "level"),
    [
        ("h264", 41, "4.1"), ("h264", 9, "1b"), ("h264", 40, "4.0"), ("hevc", 153, "5.1"),
        ("hevc", 120, "4.0"), ("av1", 8, "4.0"), ("av1", 13, "5.1"), ("vp9", 31, "3.1"),
        ("h264", 10_000, ""), ("hevc", None, ""),
    ],
)  # fmt: skip
def test_numbers_that_files_bear(codec: str, number: int | None, level: str) -> None:
    assert labelled(codec, number) == level


def test_which_of_two_is_above() -> None:
    assert is_above("h264", "5.1", "4.1")
    assert not is_above("h264", "4", "4.0")
    assert not is_above("h264", "", "4.1")


def test_levels_grow() -> None:
    """Each holds at least what the one before it holds."""
    for levels in LEVELS.values():
        rows = list(levels.values())
        for lower, higher in pairwise(rows):
            assert lower.area <= higher.area
            assert lower.rate <= higher.rate
            assert lower.bits <= higher.bits
            assert lower.references <= higher.references
