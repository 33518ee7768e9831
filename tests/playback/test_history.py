"""What was played: counted once a session, however often and in which order it is told."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from apps.accounts.choices import Role
from apps.library.models import Play, Viewing
from apps.playback.services.history import record_stretch, resume_ms
from apps.playback.services.stretches import length_ms, merged
from tests.client import Api
from tests.factories import NOON, make_token, make_user, make_video

SESSION = UUID("00000000-0000-4000-8000-000000000001")
STRETCHES = st.lists(st.tuples(st.integers(0, 50_000), st.integers(0, 5_000)), max_size=30).map(
    lambda pairs: [(start, start + length) for start, length in pairs]
)


@settings(deadline=None)
@given(STRETCHES)
def test_stretches_are_the_union_in_order_and_apart(given: list[tuple[int, int]]) -> None:
    found: list[list[int]] = []
    for stretch in given:
        found = merged(found, stretch)
        assert merged(found, stretch) == found

    covered = {ms for start, end in given for ms in range(start, end)}
    assert covered <= {ms for start, end in found for ms in range(start, end)}
    assert all(a[1] + 500 < b[0] for a, b in pairwise(found))
    assert sorted(found) == found


def test_stretches_stay_few() -> None:
    found: list[list[int]] = []
    for number in range(400):
        found = merged(found, (number * 10_000, number * 10_000 + 1_000))

    assert len(found) == 200
    assert length_ms(found) >= 400_000


@pytest.mark.django_db
class TestRecord:
    def test_counts_once_enough_was_played_in_a_session(self) -> None:
        user, video = make_user(), make_video(duration_ms=60_000)

        def play(start: int, end: int, session: UUID = SESSION) -> Viewing:
            return record_stretch(
                video, user, session=session, from_ms=start, to_ms=end, position_ms=end, now=NOON
            )

        assert play(0, 8_000).play_count == 0
        assert play(0, 8_000).played_ms == 8_000  # told twice
        assert play(30_000, 34_000).play_count == 1  # 12 of 60 s are 20 %
        assert play(8_000, 30_000).play_count == 1
        found = play(0, 60_000)
        assert (found.play_count, found.played_ms, found.position_ms) == (1, 60_000, 60_000)
        assert play(0, 20_000, uuid4()).play_count == 2
        first = Play.objects.get(session=SESSION)
        assert (first.counted, first.stretches, first.played_ms) == (True, [[0, 60_000]], 60_000)

    def test_a_seek_alone_moves_the_place_only(self) -> None:
        user, video = make_user(), make_video()

        found = record_stretch(
            video, user, session=SESSION, from_ms=9_000, to_ms=9_000, position_ms=9_000, now=NOON
        )

        assert (found.position_ms, found.play_count, found.last_played_at) == (9_000, 0, None)
        assert not Play.objects.exists()

    def test_without_a_length_anything_counts(self) -> None:
        video = make_video(duration_ms=None)

        found = record_stretch(
            video, make_user(), session=SESSION, from_ms=0, to_ms=900, position_ms=900, now=NOON
        )

        assert found.play_count == 1


@pytest.mark.parametrize(
    ("position", "duration", "expected"),
    [(0, 60_000, 0), (30_000, 60_000, 30_000), (58_799, 60_000, 58_799), (58_800, 60_000, 0),
     (90_000, 60_000, 0), (30_000, None, 30_000)],
)  # fmt: skip
def test_goes_on_where_it_stopped(position: int, duration: int | None, expected: int) -> None:
    assert resume_ms(Viewing(position_ms=position), duration) == expected


def test_never_watched_begins_at_the_beginning() -> None:
    assert resume_ms(None, 60_000) == 0


@pytest.mark.django_db
class TestApi:
    def test_reports_and_history(self, as_role: Callable[..., Api]) -> None:
        ann, bob = as_role(Role.VIEWER), as_role(Role.VIEWER)
        video = make_video("Film", duration_ms=60_000)
        address = f"videos/{video.pk}/played/"

        body = {"session": str(SESSION), "from": 0, "to": 30.5, "position": 31}
        assert ann.post(address, body).json()["play_count"] == 1
        shown = ann.post(address, body).json()

        assert shown["last_played_at"]
        assert {k: shown[k] for k in ("video", "play_count", "played", "position")} == {
            "video": video.pk, "play_count": 1, "played": 30.5, "position": 31,
        }  # fmt: skip
        assert ann.get(f"videos/{video.pk}/").json()["play_count"] == 1
        assert bob.get(f"videos/{video.pk}/").json()["play_count"] == 0
        (play,) = ann.results("plays/")
        assert (play["video"], play["start"], play["end"], play["counted"]) == (
            {"id": video.pk, "title": "Film"}, 0, 30.5, True,
        )  # fmt: skip
        assert bob.results("plays/") == []
        assert bob.get(f"plays/{play['id']}/").status_code == 404
        assert ann.results("plays/", video=video.pk + 1) == []

    @pytest.mark.parametrize(
        "body",
        [{"from": 9, "to": 1}, {}, {"to": -1}, {"to": 1, "session": "x"}, {"to": 1, "what": 1}],
    )
    def test_refuses_what_makes_no_sense(
        self, as_role: Callable[..., Api], body: dict[str, object]
    ) -> None:
        assert (
            as_role(Role.VIEWER).post(f"videos/{make_video().pk}/played/", body).status_code == 400
        )
        assert as_role(Role.VIEWER).post("videos/999999/played/", {"to": 1}).status_code == 404

    def test_many_plays_cost_the_queries_of_one(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        user = make_user(Role.VIEWER)
        api = Api(user, token=make_token(user)[1])
        for number in range(3):
            record_stretch(
                make_video(), user, session=uuid4(), from_ms=0, to_ms=50_000, position_ms=0,
                now=NOON + timedelta(hours=number),
            )  # fmt: skip
        api.results("plays/")

        with django_assert_num_queries(4):  # the token, permissions twice, plays with their videos
            assert len(api.results("plays/")) == 3
