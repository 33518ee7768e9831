"""Which faces of a video are compared: an engine is told here whom a crop shows, and counts."""

import itertools
from collections.abc import Sequence
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from apps.faces.engines import Detection, align, load
from apps.faces.finding.glance import LENGTH, SURE, glance
from apps.faces.finding.look import Seen
from apps.faces.finding.messages import FindWay
from apps.faces.finding.people import People
from tests.faces.clips import IMAGES
from tests.faces.factories import person

WAY = FindWay("yunet-sface-1")
BOX = (0.4, 0.2, 0.1, 0.2)
PICTURES = (
    "barack_obama/obama.jpg", "emmanuel_macron/person_a_1.jpg",
    "grace_hopper/grace_hopper_512x512.jpg",
    "jacinda_ardern/person_b_1.jpg", "joe_biden/biden.jpg", "rishi_sunak/sunak.jpg",
    "_group/sample1.jpg",
)  # fmt: skip


class Told:
    """Knows whom a crop shows, and how clearly, by a pixel of its margin, which is not glanced
    at."""

    id, detector, dimensions, device = "yunet-sface-1", "yunet-2023mar", 128, "CPU"

    def __init__(self) -> None:
        self.compared = 0

    def detect(self, _image: Any, *, width_px: int, score: float) -> list[Detection]:
        raise NotImplementedError(width_px, score)

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        self.compared += len(crops)
        return np.stack([float(crop[0, 0, 1]) * person(int(crop[0, 0, 0])) for crop in crops])


class Frame:
    at_ms = 0
    whole: NDArray[np.uint8] = np.zeros((90, 160, 3), np.uint8)

    def small(self, _side_px: int) -> NDArray[np.uint8]:
        return self.whole


@cache
def looks_like(look: int) -> NDArray[np.uint8]:
    """A crop; no two look alike."""
    coarse = np.random.default_rng(look).integers(0, 255, (20, 20, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (160, 160), interpolation=cv2.INTER_CUBIC), np.uint8)


def seen(frame: int, who: int, look: int, *, quality: float = 9.0, norm: int = 12) -> Seen:
    crop = looks_like(look).copy()
    crop[0, 0] = who, norm, 0
    return Seen(frame, 1_000 * frame, BOX, 80, 0.9, quality, crop)


def meet(*faces: Seen) -> tuple[People, Told]:
    engine = Told()
    people = People(engine, WAY)
    for _, of_frame in itertools.groupby(faces, key=lambda one: one.frame):
        people.meet(of_frame, Frame())
    return people, engine


def times_s(people: People) -> list[list[int]]:
    return sorted([at // 1_000 for at in track.times_ms] for track in people.tracks())


def test_what_looks_the_same_is_compared_ever_more_rarely() -> None:
    people, engine = meet(*(seen(frame, 1, 1) for frame in range(100)))

    assert times_s(people) == [list(range(100))]
    assert people.count == people.met == 100
    assert engine.compared == 6  # the first, and after 5, 10, 20, 40 and 80 others


def test_a_few_are_compared_of_everybody_and_kept() -> None:
    people, engine = meet(*(seen(frame, 1, 1) for frame in range(4)))

    track, = people.tracks()  # fmt: skip
    assert engine.compared == 3
    assert len(track.shots) == 3
    assert len(track.times_ms) == 4
    assert {shot.at_ms for shot in track.shots} <= set(track.times_ms)


def test_who_looks_otherwise_is_compared_and_may_be_the_same() -> None:
    people, engine = meet(seen(0, 1, 1), seen(1, 1, 2), seen(2, 2, 3))

    assert times_s(people) == [[0, 1], [2]]
    assert engine.compared == 3


def test_a_face_that_shows_more_is_compared() -> None:
    people, engine = meet(seen(0, 1, 1), seen(1, 1, 1, quality=9.5), seen(2, 1, 1, quality=18))

    assert engine.compared == 2
    assert people.tracks()[0].shots[0].at_ms == 2_000


def test_two_faces_of_a_frame_are_two_however_alike_they_look() -> None:
    people, _ = meet(*(seen(frame, 1, 1) for frame in (0, 0, 1, 1, 2, 2)))

    assert times_s(people) == [[0, 1, 2], [0, 1, 2]]


def test_whose_faces_can_not_be_told_is_not_kept_nor_compared_again() -> None:
    people, engine = meet(*(seen(frame, 1, 1, norm=7) for frame in range(5)))

    assert people.tracks() == []
    assert (people.count, engine.compared) == (0, 1)


def test_one_clear_face_is_enough_to_follow_unclear_ones() -> None:
    faces = [seen(0, 1, 1, norm=7), seen(1, 1, 1, quality=18), seen(2, 1, 1), seen(3, 1, 1)]

    assert times_s(meet(*faces)[0]) == [[1, 2, 3]]


def test_a_check_that_finds_somebody_else_has_the_others_compared() -> None:
    two = [seen(frame, 1 if frame < 3 else 2, 1) for frame in range(12)]

    people, engine = meet(*two)

    assert times_s(people) == [[0, 1, 2], list(range(3, 12))]
    assert engine.compared == 12  # nothing looks alike enough in this video any more


def test_who_looks_like_two_people_is_compared() -> None:
    faces = [seen(0, 1, 1), seen(0, 2, 1), seen(1, 2, 1), seen(2, 1, 1)]

    people, engine = meet(*faces)

    assert times_s(people) == [[0, 1], [0, 2]] or times_s(people) == [[0, 2], [0, 1]]
    assert engine.compared == 4


@settings(max_examples=10, deadline=None)
@given(
    st.lists(
        st.dictionaries(keys=st.integers(1, 4), values=st.integers(1, 3), max_size=3), max_size=15
    )
)
def test_everybody_is_found_wherever_they_are(frames: list[dict[int, int]]) -> None:
    """Four people, who look one of three ways each that are theirs alone."""
    faces = [
        seen(number, who, 10 * who + look)
        for number, frame in enumerate(frames) for who, look in frame.items()
    ]  # fmt: skip
    people, engine = meet(*faces)

    there: dict[int, list[int]] = {}
    for number, frame in enumerate(frames):
        for who in frame:
            there.setdefault(who, []).append(number)
    assert times_s(people) == sorted(there.values())
    assert engine.compared <= len(faces)


@cache
def crops() -> dict[str, NDArray[np.uint8]]:
    engine, found = load(WAY.engine), {}
    for name in PICTURES:
        path = IMAGES / name
        image = cv2.imread(str(path))
        assert image is not None
        for number, face in enumerate(engine.detect(image, width_px=640, score=0.8)):
            found[f"{path.parent.name}/{path.name}/{number}"] = align.crop(image, face.landmarks)
    return found


class TestGlance:
    def test_is_of_length_one(self) -> None:
        grey = np.full((160, 160, 3), 90, np.uint8)

        assert np.linalg.norm(glance(grey)) == pytest.approx(1, abs=1e-4)
        assert glance(grey).shape == (LENGTH,)

    def test_bears_dark_blur_noise_and_a_small_turn(self) -> None:
        draw = np.random.default_rng(1)
        for crop in crops().values():
            dark = cv2.convertScaleAbs(crop, alpha=0.5)
            blurred = cv2.GaussianBlur(crop, (0, 0), 1.2)
            noise = cv2.add(crop, draw.integers(0, 20, crop.shape, dtype=np.uint8))
            turn = cv2.warpAffine(crop, cv2.getRotationMatrix2D((80, 80), 3, 1.02), (160, 160))
            own = glance(crop)
            for changed in (dark, blurred, noise, turn):
                assert own @ glance(np.asarray(changed, np.uint8)) > SURE

    def test_takes_nobody_for_another(self) -> None:
        looks = {name: glance(crop) for name, crop in crops().items()}
        for one, other in itertools.combinations(looks, 2):
            assert looks[one] @ looks[other] < SURE - 0.1
