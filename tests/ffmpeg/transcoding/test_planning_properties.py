"""What holds for every file and every spec that can work."""

import json
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.ffmpeg.transcoding.measured import Measured
from apps.ffmpeg.transcoding.picture import picture_of
from apps.ffmpeg.transcoding.plans import Deed
from tests.ffmpeg.transcoding.any_film import any_film, any_measure, any_spec
from tests.ffmpeg.transcoding.planned import card, failed, machine, outcome, plan_of

_MACHINE = machine(card(), card(encoder="hevc_nvenc", codec="hevc", ten_bit=True))
_SEEDS = st.integers(0, 2**40)


@settings(max_examples=120)
@given(_SEEDS)
def test_what_a_plan_makes_needs_no_further_plan(seed: int) -> None:
    facts, spec, measured = any_film(seed), any_spec(seed), any_measure(seed)
    made = plan_of(facts, spec, abilities=_MACHINE, measured=measured)

    if made.is_work:
        copied = made.video is None or made.video.copy
        then = Measured(peak_frame_rate=measured.peak_frame_rate if copied else None)
        again = plan_of(outcome(made, facts, spec), spec, measured=then, size_bytes=10**6)
        assert failed(again) == set()
        assert again.deed is Deed.SKIP


@settings(max_examples=60)
@given(_SEEDS)
def test_pictures_never_grow(seed: int) -> None:
    facts, spec, measured = any_film(seed), any_spec(seed), any_measure(seed)
    made = plan_of(facts, spec, abilities=_MACHINE, measured=measured)
    picture = picture_of(facts, measured=measured)

    if made.video is not None and not made.video.copy:
        assert picture is not None
        width, height = picture.shown if spec.square_pixels else (picture.width, picture.height)
        assert made.video.width <= width
        assert made.video.height <= height
        assert (made.video.width % 2, made.video.height % 2) == (0, 0)
        assert made.video.frame_rate <= picture.fastest * 1.001
        assert math.isfinite(made.video.frame_rate)


@settings(max_examples=60)
@given(_SEEDS)
def test_a_plan_is_whole(seed: int) -> None:
    facts = any_film(seed)
    made = plan_of(facts, any_spec(seed), abilities=_MACHINE)

    assert json.dumps(made.to_json())
    assert made.reason.endswith(".")
    assert all(one.wanted and one.found for one in made.criteria)
    assert bool(made.code) == (made.deed is Deed.REFUSE)
    if made.is_work:
        assert made.rungs
        named = {one.index for one in (*made.audio, *made.subtitles)}
        named |= {*made.attachments, *made.covers} | ({made.video.index} if made.video else set())
        assert len(facts.streams) == len(named) + len(made.dropped)
        assert made.foreseen_bytes > 0
        assert made.foreseen_s > 0
