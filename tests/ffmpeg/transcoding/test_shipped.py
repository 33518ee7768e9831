"""The profiles that come with MediaHub."""

import json
from pathlib import Path

import pytest

from apps.ffmpeg.transcoding.faults import find_faults
from apps.ffmpeg.transcoding.plans import Deed
from apps.ffmpeg.transcoding.shipped import SHIPPED, Shipped, as_fixture
from apps.ffmpeg.transcoding.spec import Spec
from tests.ffmpeg.transcoding.planned import audio, failed, film, outcome, plan_of, video

_FIXTURE = Path(__file__).parents[3] / "fixtures" / "encoding_profiles.json"
_EACH = pytest.mark.parametrize("shipped", SHIPPED, ids=lambda one: one.slug)


@_EACH
def test_it_has_no_faults(shipped: Shipped) -> None:
    assert find_faults(shipped.spec) == ()
    assert Spec.from_json(json.loads(json.dumps(shipped.spec.to_json()))) == shipped.spec


@_EACH
def test_its_own_outcome_complies(shipped: Shipped) -> None:
    facts = film(
        video(codec="mpeg2video", width=1920, height=1080, frame_rate=50.0, profile="Main"),
        audio(codec="ac3", channels=6),
    )
    made = plan_of(facts, shipped.spec)

    assert made.is_work
    again = plan_of(outcome(made, facts, shipped.spec), shipped.spec, size_bytes=10**6)
    assert (failed(again), again.deed) == (set(), Deed.SKIP)


def test_names_are_each_its_own() -> None:
    assert len({one.slug for one in SHIPPED}) == len(SHIPPED)
    assert len({one.name for one in SHIPPED}) == len(SHIPPED)
    assert all("/" not in one.suffix and len(one.suffix) < 50 for one in SHIPPED)


def test_the_fixture_is_the_table() -> None:
    assert json.loads(_FIXTURE.read_text()) == as_fixture()


@pytest.mark.parametrize(
    ("slug", "complies"),
    [
        ("universal-safe", False), ("chromecast-1-2", False), ("chromecast-3", True),
        ("nest-hub", False), ("phone", False), ("chromecast-ultra", True),
        ("google-tv-streamer", True), ("archive-hevc", False),
    ],
)  # fmt: skip
def test_what_1080p_at_60_labelled_4_1_plays_on(slug: str, *, complies: bool) -> None:
    spec = next(one.spec for one in SHIPPED if one.slug == slug)

    made = plan_of(film(video(frame_rate=60.0, level=41), audio()), spec)

    assert (made.deed is Deed.SKIP) is complies
