"""Fragmented MP4 taken apart."""

import contextlib
import itertools
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.ffmpeg.commands.hls import Recipe, Stretch, segments
from apps.ffmpeg.fragments import Beginning, Fragment, NoFragments, Splitter
from tests.media import ffmpeg
from tests.playback.serving import LONG, clip

_COPY = Recipe(picture="copy", sound="copy")


@pytest.fixture(scope="module")
def written() -> bytes:
    stretch = Stretch(number=0, start_s=0, end_s=60, segment_s=4)
    command = segments(ffmpeg(), bytes(clip(LONG)), _COPY, stretch)
    return subprocess.run(command, check=True, capture_output=True).stdout


def pieces(parts: list[bytes]) -> list[Beginning | Fragment]:
    splitter = Splitter()
    return [piece for part in parts for piece in splitter.feed(part)]


def test_fragments_follow_one_another(written: bytes, tmp_path: Path) -> None:
    beginning, *fragments = pieces([written])

    assert isinstance(beginning, Beginning)
    times = [(one.start_s, one.end_s) for one in fragments if isinstance(one, Fragment)]
    assert times == [(2.0 * number, 2.0 * number + 2) for number in range(30)]
    assert b"".join(one.content for one in [beginning, *fragments]) == written


@settings(deadline=None, max_examples=20)
@given(cuts=st.lists(st.integers(0, 200_000), max_size=30))
def test_it_does_not_matter_how_bytes_come(written: bytes, cuts: list[int]) -> None:
    part = written[:200_000]
    places = [0, *sorted(min(cut, len(part)) for cut in cuts), len(part)]

    cut_up = [part[a:b] for a, b in itertools.pairwise(places)]

    assert pieces(cut_up) == pieces([part])


@settings(deadline=None, max_examples=100)
@given(place=st.integers(0, 3_000), byte=st.integers(0, 255))
def test_damage_is_foreseen(written: bytes, place: int, byte: int) -> None:
    damaged = bytearray(written[:200_000])
    damaged[place] = byte
    with contextlib.suppress(NoFragments):
        pieces([bytes(damaged)])


@pytest.mark.parametrize("given", [b"\0\0\0\1ftypabcdefgh", b"\0\0\0\4moof" + bytes(20)])
def test_refuses_boxes_of_impossible_size(given: bytes) -> None:
    with pytest.raises(NoFragments):
        pieces([given])


def test_times_before_the_beginning_become_the_beginning() -> None:
    source = bytes(clip(LONG))
    stretch = Stretch(number=0, start_s=0, end_s=60, segment_s=4)
    command = segments(ffmpeg(), source, _COPY, stretch)
    place = next(at for at, word in enumerate(command) if word == "-bsf:a")
    del command[place : place + 2]  # what keeps the encoder's first packet out
    out = subprocess.run(command, check=True, capture_output=True).stdout

    _, first, *_ = pieces([out])

    assert (0xFFFFFFFFFFFFF).to_bytes(8, "big")[1:4] not in first.content[:2_000]
    assert isinstance(first, Fragment)
    assert first.start_s == 0
