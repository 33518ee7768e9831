"""The order of a playlist by hand, whatever moves."""

import itertools
import threading
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.library.models import Video
from apps.playlists.models import Playlist, PlaylistItem
from apps.playlists.services import items
from apps.playlists.services.items import NotByHand, NotInPlaylist, PlaylistFull
from apps.playlists.services.places import LEAST_GAP, between, spread
from tests.factories import make_library, make_video
from tests.playlists.making import ids_of, make_playlist, make_smart

positions = st.integers(-(2**62), 2**62)


@given(low=positions | st.none(), high=positions | st.none())
def test_a_place_between_lies_between(low: int | None, high: int | None) -> None:
    if low is not None and high is not None and low >= high:
        low, high = high, low if low > high else high + 1

    place = between(low, high)

    if place is None:
        assert low is not None
        assert high is not None
        assert high - low < 2
    else:
        assert low is None or low < place
        assert high is None or place < high


@given(low=positions | st.none(), high=positions | st.none(), count=st.integers(1, 200))
def test_spread_places_rise_between_the_ends(low: int | None, high: int | None, count: int) -> None:
    if low is not None and high is not None and low > high:
        low, high = high, low

    places = spread(low, high, count)

    if places is None:
        assert low is not None
        assert high is not None
        assert (high - low) // (count + 1) < LEAST_GAP
        return
    ends = [*([low] if low is not None else []), *places, *([high] if high is not None else [])]
    assert len(places) == count
    assert all(one < other for one, other in itertools.pairwise(ends))


class TestAnyMoves(TestCase):
    """A list in Python, moved about in the same way, says what the order should be."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        gap=st.sampled_from([1, 2, 1 << 32]),
        moves=st.lists(st.tuples(st.integers(0, 7), st.integers(-1, 7)), max_size=40),
    )
    def test_order_is_that_of_a_list(self, gap: int, moves: list[tuple[int, int]]) -> None:
        playlist = make_playlist(videos=8)
        for number, item in enumerate(playlist.items.order_by("-position")):
            PlaylistItem.objects.filter(pk=item.pk).update(position=(8 - number) * gap)
        expected = ids_of(playlist)

        for moved, behind in moves:
            video = expected[moved]
            after = expected[behind] if behind >= 0 else None
            if after == video:
                continue
            items.move_video(playlist, video, after=after)
            expected.remove(video)
            expected.insert(0 if after is None else expected.index(after) + 1, video)
            assert ids_of(playlist) == expected


def _fill(count: int) -> Playlist:
    library = make_library()
    Video.objects.bulk_create(Video(title=f"V{n}", library=library) for n in range(count))
    playlist = make_playlist()
    items.add_found(playlist, Video.objects.order_by("pk"))
    return playlist


@pytest.mark.django_db
def test_a_move_among_many_writes_few_rows() -> None:
    playlist = _fill(3_000)
    ids, written = ids_of(playlist), 0

    for _ in range(100):  # always to the same place: between the first and the second
        before = dict(playlist.items.values_list("pk", "position"))
        items.move_video(playlist, ids[-1], after=ids[0])
        after = dict(playlist.items.values_list("pk", "position"))
        written += sum(before[pk] != position for pk, position in after.items())
        ids.insert(1, ids.pop())

    assert ids_of(playlist) == ids
    assert written < 500


@pytest.mark.django_db
def test_room_is_made_among_few_neighbours() -> None:
    playlist = _fill(3_000)
    ids = ids_of(playlist)
    first, second = playlist.items.order_by("position")[1_499:1_501]
    PlaylistItem.objects.filter(pk=first.pk).update(position=second.position - 1)
    before = dict(playlist.items.values_list("pk", "position"))

    with CaptureQueriesContext(
        connection,
    ) as queries:
        items.move_video(playlist, ids[-1], after=first.video_id)

    after = dict(playlist.items.values_list("pk", "position"))
    assert sum(before[pk] != position for pk, position in after.items()) <= 65
    assert ids_of(playlist)[1_500] == ids[-1]
    assert len(queries) < 20


@pytest.mark.django_db(transaction=True)
def test_moves_at_the_same_time_lose_and_double_nothing() -> None:
    playlist = make_playlist(videos=12)
    ids = ids_of(playlist)
    failures: list[BaseException] = []

    def shuffle(own: list[int]) -> None:
        try:
            for number in range(15):
                items.move_video(
                    Playlist.objects.get(pk=playlist.pk), own[number % len(own)], after=ids[-1]
                )
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=shuffle, args=(ids[n * 3 : n * 3 + 3],)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert failures == []
    assert sorted(ids_of(playlist)) == sorted(ids)
    assert ids_of(playlist)[:3] == [*ids[9:11], ids[11]]


@pytest.mark.django_db
class TestFilling:
    def test_keeps_the_order_given_and_what_is_there(self) -> None:
        playlist = make_playlist(videos=2)
        here = ids_of(playlist)
        new = [make_video().pk for _ in range(3)][::-1]

        added = items.add_named(playlist, [new[0], here[0], new[1], new[0], new[2]])

        assert (added, ids_of(playlist)) == (3, [*here, *new])

    def test_adds_what_a_queryset_finds_in_its_order(self) -> None:
        for title in ("b", "a", "c"):
            make_video(title)
        playlist = make_playlist()

        items.add_found(playlist, Video.objects.order_by("title"))

        titles = dict(Video.objects.values_list("pk", "title"))
        assert [titles[pk] for pk in ids_of(playlist)] == ["a", "b", "c"]

    def test_nothing_is_found_by_an_empty_queryset(self) -> None:
        assert items.add_found(make_playlist(), Video.objects.filter(pk__in=[])) == 0

    def test_count_follows_additions_removals_and_deleted_videos(self) -> None:
        playlist = make_playlist(videos=4)
        first, second, *_ = ids_of(playlist)

        items.remove_videos(playlist, [first])
        Video.objects.filter(pk=second).delete()

        playlist.refresh_from_db()
        assert playlist.video_count == playlist.items.count() == 2

    def test_refuses_more_than_fit(self, monkeypatch: Any) -> None:
        monkeypatch.setattr(items, "MOST_VIDEOS", 3)
        playlist = make_playlist(videos=2)

        with pytest.raises(PlaylistFull):
            items.add_named(playlist, [make_video().pk, make_video().pk])

    def test_smart_ones_are_not_filled_by_hand(self) -> None:
        with pytest.raises(NotByHand):
            items.add_named(make_smart(), [make_video().pk])

    @pytest.mark.parametrize("after", ["itself", "a stranger"])
    def test_moves_only_behind_others_of_the_playlist(self, after: str) -> None:
        playlist = make_playlist(videos=2)
        video = ids_of(playlist)[0]

        with pytest.raises(NotInPlaylist):
            items.move_video(playlist, video, after=video if after == "itself" else make_video().pk)
