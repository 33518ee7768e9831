"""Which frames are looked at, which faces are one person's, which tracks were known: sums only."""

import json
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.faces.finding import messages
from apps.faces.finding.link import link, middle
from apps.faces.finding.matching import Known, match, same_place
from apps.faces.finding.messages import FoundShot, FoundTrack, WrongAnswer
from apps.faces.finding.plan import FAR_MS, plan_times
from tests.faces.factories import alike, person

BOX = (0.4, 0.2, 0.1, 0.2)
WEBP = b"RIFF\0\0\0\0WEBP"


def track(number: int = 1, *times_ms: int, vector=None, box=BOX) -> FoundTrack:
    times = times_ms or (0, 1_000)
    return FoundTrack(
        times, tuple(box for _ in times),
        tuple(FoundShot(at, box, 80, 0.9, 12.0, WEBP) for at in times[:5]),
        person(number) if vector is None else vector, 12.0, 100.0, WEBP,
    )  # fmt: skip


def known(number: int = 1, *times_ms: int, pk=1, vector=None, box=BOX, spoken=False) -> Known:
    times = times_ms or (0, 1_000)
    own = person(number) if vector is None else vector
    return Known(pk, frozenset(times), dict.fromkeys(times, box), own, spoken)


def each(frames: Iterable[int]) -> list[list[int]]:
    """Of faces that are in one frame each."""
    return [[frame] for frame in frames]


class TestPlan:
    def test_key_frames_do_where_none_is_far_from_the_next(self) -> None:
        wanted = plan_times(range(0, 60_000, 10_000), 60_000, frames=240, gap_ms=1_000)

        assert [one.at_ms for one in wanted] == [0, 10_000, 20_000, 30_000, 40_000, 50_000]
        assert not any(one.exact for one in wanted)

    def test_many_key_frames_are_thinned_to_the_budget(self) -> None:
        wanted = plan_times(range(0, 1_800_000, 500), 1_800_000, frames=240, gap_ms=1_000)

        assert len(wanted) == 240
        assert wanted[1].at_ms - wanted[0].at_ms == 7_500

    def test_gaps_are_filled_with_exact_frames(self) -> None:
        keys = [0, 1_000, 2_000, 3_000, 63_000]

        wanted = plan_times(keys, 64_000, frames=240, gap_ms=1_000)

        exact = [one.at_ms for one in wanted if one.exact]
        assert exact == [15_000, 27_000, 39_000, 51_000]

    def test_a_key_frame_that_was_passed_over_fills_a_gap(self) -> None:
        wanted = plan_times([0, 6_000, 16_000, 26_000], 30_000, frames=4, gap_ms=1_000)

        assert [one.at_ms for one in wanted] == [0, 6_000, 16_000, 26_000]
        assert not any(one.exact for one in wanted)

    def test_a_key_frame_far_from_the_middle_fills_a_gap_if_that_is_enough(self) -> None:
        keys = [0, 3_000, 13_000, 21_000, 29_000, 37_000]

        wanted = plan_times(keys, 44_000, frames=6, gap_ms=1_000)

        assert [one.at_ms for one in wanted] == keys
        assert not any(one.exact for one in wanted)

    def test_a_short_video_of_one_key_frame_is_looked_at_more_than_once(self) -> None:
        wanted = plan_times([0], 10_000, frames=240, gap_ms=1_000)

        assert [one.at_ms for one in wanted] == [0, 1_900, 3_800, 5_700, 7_600]

    def test_without_key_frames_all_are_exact(self) -> None:
        wanted = plan_times([], 60_000, frames=240, gap_ms=1_000)

        assert wanted
        assert all(one.exact for one in wanted)

    @given(
        keys=st.lists(st.integers(0, 400_000), max_size=60), duration_ms=st.integers(1, 400_000),
        frames=st.integers(1, 60),
    )  # fmt: skip
    def test_is_rising_within_the_video_and_the_budget(self, keys, duration_ms, frames) -> None:
        wanted = plan_times(keys, duration_ms, frames=frames, gap_ms=1_000)

        times = [one.at_ms for one in wanted]
        assert times == sorted(set(times))
        assert all(0 <= at < duration_ms for at in times)
        assert len(times) <= frames
        if len(times) < frames and frames * FAR_MS > 2 * duration_ms + frames:
            edges = [0, *times, duration_ms]
            widest = max(b - a for a, b in pairwise(edges))
            assert widest <= FAR_MS + 1_000


class TestLink:
    @settings(max_examples=30)
    @given(
        faces=st.lists(
            st.tuples(st.integers(0, 5), st.integers(0, 6), st.floats(0.3, 0.99)),
            min_size=1, max_size=40,
        ),
        block=st.sampled_from([3, 8, 1_500]),
    )  # fmt: skip
    def test_never_joins_two_faces_of_one_frame(self, faces, block) -> None:
        vectors = np.stack([
            alike(person(who), near, number) for number, (who, _, near) in enumerate(faces, 1)
        ])  # fmt: skip
        frames = [frame for _, frame, _ in faces]

        groups = link(vectors, each(frames), similarity=0.42, block=block)

        assert sorted(one for group in groups for one in group) == list(range(len(faces)))
        for group in groups:
            assert len({frames[one] for one in group}) == len(group)

    def test_joins_who_is_alike_and_parts_strangers(self) -> None:
        vectors = np.stack([alike(person(n % 3), 0.8, n + 1) for n in range(12)])

        groups = link(vectors * 12, each(range(12)), similarity=0.42)

        assert groups == [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]]

    def test_blocks_come_to_the_same(self) -> None:
        vectors = np.stack([alike(person(n % 4), 0.85, n + 1) for n in range(80)])

        assert link(vectors, each(range(80)), similarity=0.42, block=10) == link(
            vectors, each(range(80)), similarity=0.42
        )

    def test_faces_of_many_frames_part_by_any_of_them(self) -> None:
        vectors = np.stack([person(1)] * 3)

        groups = link(vectors, [[0, 3, 5], [1, 3], [2]], similarity=0.42)

        assert sorted(map(len, groups)) == [1, 2]

    def test_two_alike_people_of_a_frame_stay_two(self) -> None:
        twin = alike(person(1), 0.9)
        vectors = np.stack([person(1), twin, person(1), twin])

        assert link(vectors, each([0, 0, 1, 1]), similarity=0.42) == [[0, 2], [1, 3]]

    def test_the_middle_leans_to_what_weighs_more(self) -> None:
        vectors = np.stack([person(1), person(2)]) * 7

        found = middle(vectors, np.array([9.0, 1.0]))

        assert found @ person(1) > 0.95
        assert np.linalg.norm(found) == pytest.approx(1, abs=1e-5)


class TestMatch:
    def test_the_same_place_at_the_same_time_is_the_same(self) -> None:
        found = match([known(1)], [track(2)], similarity=0.42, same_content=True)

        assert found.known == {0: 1}

    def test_of_another_file_only_likeness_counts(self) -> None:
        two = [known(1, pk=1), known(2, pk=2)]

        found = match(two, [track(2, 500)], similarity=0.42, same_content=False)

        assert found.known == {0: 2}

    def test_who_was_spoken_of_comes_first(self) -> None:
        two = [known(1, pk=1), known(1, pk=2, vector=alike(person(1), 0.7), spoken=True)]
        new = [track(1, 5_000, 6_000)]

        assert match(two, new, similarity=0.42, same_content=True).known == {0: 2}

    def test_a_face_that_was_spoken_of_twice_is_not_taken_from_either(self) -> None:
        two = [known(1, 0, 1_000, pk=1, spoken=True), known(1, 4_000, pk=2, spoken=True)]

        found = match(two, [track(1, 0, 1_000, 4_000)], similarity=0.42, same_content=True)

        assert found.known == {0: 1}
        assert found.taken == {0: frozenset([4_000])}

    def test_strangers_are_new(self) -> None:
        found = match([known(1)], [track(2, 7_000)], similarity=0.42, same_content=True)

        assert not found.known
        assert not found.taken

    def test_boxes_that_share_half_are_one_place(self) -> None:
        assert same_place(BOX, (0.41, 0.21, 0.1, 0.2))
        assert not same_place(BOX, (0.46, 0.3, 0.1, 0.2))
        assert not same_place(BOX, (0.4, 0.2, 0.0, 0.0))


class TestAnswers:
    def test_a_track_comes_back_as_it_went(self) -> None:
        sent = track(3, 0, 400, 900)

        got = messages.track_from_json(json.loads(json.dumps(messages.track_to_json(sent))))

        assert got.times_ms == sent.times_ms
        assert got.shots == sent.shots
        assert np.allclose(got.vector, sent.vector)

    @pytest.mark.parametrize(
        ("field", "lie"),
        [
            ("times_ms", [1_000, 0]), ("times_ms", [0, 0]), ("times_ms", [0]),
            ("times_ms", [0, "x"]), ("times_ms", None), ("boxes", [[0, 0, 2, 1]] * 2),
            ("boxes", [[0, 0, float("nan"), 1]] * 2), ("shots", []), ("shots", [7]),
            ("vector", "AAAA"), ("vector", "?"), ("vector", None), ("vector", ""),
            ("portrait", messages.to_text(b"<svg>")), ("norm", float("inf")), ("quality", -1),
            ("quality", True),
        ],
    )  # fmt: skip
    def test_what_a_child_can_not_have_found_is_refused(self, field, lie) -> None:
        sent = {**json.loads(json.dumps(messages.track_to_json(track()))), field: lie}

        with pytest.raises(WrongAnswer):
            messages.track_from_json(sent)
