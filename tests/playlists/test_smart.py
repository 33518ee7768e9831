"""Playlists that ask, and ``playlist:`` in queries."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.library.models import Video
from apps.library.search import Asker, Question
from apps.playlists.models import Playlist
from apps.playlists.services import playlists
from apps.playlists.services.contents import contents_of
from apps.playlists.services.playlists import (
    AsksNothing,
    KindSettled,
    PlaylistCycle,
    copy_playlist,
    create_playlist,
    edit_playlist,
)
from apps.query import QueryError
from tests.factories import make_tag, make_user, make_video
from tests.playlists.making import ids_of, make_playlist, make_smart

pytestmark = pytest.mark.django_db


@pytest.fixture
def me() -> User:
    return make_user()


def found(query: str, user: User) -> set[int]:
    return set(Question.read(query, asker=Asker.of(user)).videos().values_list("pk", flat=True))


def in_order(playlist: Playlist, user: User) -> list[int]:
    contents = contents_of(playlist, asker=Asker.of(user))
    return list(contents.in_order().values_list("pk", flat=True))


class TestContents:
    def test_are_asked_anew_in_their_order(self, me: User) -> None:
        tag = make_tag("sea")
        make_video("no")
        short, long = (make_video(tags=[tag], duration_ms=ms) for ms in (1_000, 9_000))
        playlist = make_smart(me, "tag:sea", ordering="-duration")
        before = in_order(playlist, me)

        middle = make_video(tags=[tag], duration_ms=5_000)

        assert before == [long.pk, short.pk]
        assert in_order(playlist, me) == [long.pk, middle.pk, short.pk]

    def test_limit_takes_the_first(self, me: User) -> None:
        for ms in (3_000, 1_000, 2_000):
            make_video(duration_ms=ms)
        playlist = make_smart(me, ordering="duration", limit=2)

        durations = contents_of(playlist, asker=Asker.of(me)).in_order()

        assert list(durations.values_list("duration_ms", flat=True)) == [1_000, 2_000]

    @pytest.mark.parametrize("smart", [True, False])
    def test_neighbours_follow_the_order(self, me: User, smart: bool) -> None:
        videos = [make_video(duration_ms=ms) for ms in (3_000, 1_000, 2_000)]
        ids = [video.pk for video in videos]
        playlist = make_smart(me, ordering="-duration") if smart else make_playlist(me, ids)
        contents = contents_of(playlist, asker=Asker.of(me))
        order = in_order(playlist, me)

        ways = {video.pk: contents.neighbours(video) for video in videos}

        assert order == ([ids[0], ids[2], ids[1]] if smart else ids)
        for number, pk in enumerate(order):
            before, after = ways[pk]
            assert before == (videos[ids.index(order[number - 1])] if number else None)
            assert (after and after.pk) == (order[number + 1] if number < 2 else None)

    @pytest.mark.parametrize("smart", [True, False])
    def test_any_other_is_one_of_it(self, me: User, smart: bool) -> None:
        tag = make_tag("sea")
        one, other, stranger = make_video(tags=[tag]), make_video(tags=[tag]), make_video()
        playlist = make_smart(me, "tag:sea") if smart else make_playlist(me, [one.pk, other.pk])
        contents = contents_of(playlist, asker=Asker.of(me))

        assert {contents.random(but=one.pk) for _ in range(5)} == {other}
        assert contents.neighbours(stranger)[0] is None
        assert contents.random(but=0) in {one, other}


class TestField:
    def test_finds_the_videos_of_a_playlist_in_any_case(self, me: User) -> None:
        playlist = make_playlist(me, 2, name="To Watch")
        other = make_video()

        assert found('playlist:"to watch"', me) == set(ids_of(playlist))
        assert found('-playlist:"to watch"', me) == {other.pk}
        assert found("playlist:any", me) == set(ids_of(playlist))
        assert found("playlist:none", me) == {other.pk}

    def test_asks_smart_ones(self, me: User) -> None:
        video, _other = make_video(rating=90), make_video(rating=10)
        make_smart(me, "rating>50", name="good")
        make_smart(me, "playlist:good -is:missing", name="better")

        assert found("playlist:better", me) == {video.pk}

    def test_keeps_to_the_limit_of_smart_ones(self, me: User) -> None:
        _long, short = make_video(duration_ms=9_000), make_video(duration_ms=1_000)
        make_smart(me, ordering="duration", limit=1, name="shortest")

        assert found("playlist:shortest", me) == {short.pk}

    def test_names_only_what_one_may_see(self, me: User) -> None:
        make_playlist(make_user(), 1, name="secret")
        shared = make_playlist(make_user(), 1, name="ours", shared=True)

        with pytest.raises(QueryError) as refused:
            found("playlist:secret", me)

        assert "secret" not in refused.value.expected
        assert found("playlist:ours", me) == set(ids_of(shared))
        assert found("playlist:any", me) == set(ids_of(shared))

    def test_ones_own_of_a_name_goes_before_what_others_share(self, me: User) -> None:
        mine = make_playlist(me, 1, name="favourites")
        make_playlist(make_user(), 1, name="Favourites", shared=True)
        make_smart(make_user(), "playlist:gone", name="favourites", shared=True)

        assert found("playlist:favourites", me) == set(ids_of(mine))

    def test_says_where_a_name_is_wrong_and_which_is_near(self, me: User) -> None:
        make_playlist(me, name="holidays")

        with pytest.raises(QueryError) as refused:
            found("rating>5 playlist:holydays", me)

        assert (refused.value.position, refused.value.suggestion) == (18, "holidays")

    def test_a_circle_that_came_about_later_is_an_error(self, me: User) -> None:
        make_smart(me, "playlist:b", name="a")
        make_smart(me, "playlist:a", name="b")

        with pytest.raises(QueryError, match="asks for itself"):
            found("playlist:a", me)

    def test_those_that_grow_by_asking_for_each_other_are_given_up_soon(self, me: User) -> None:
        make_smart(me, "rating>5", name="n0")
        for level in range(1, 9):
            make_smart(me, "playlist:" + ",".join([f"n{level - 1}"] * 90), name=f"n{level}")

        with (
            CaptureQueriesContext(connection) as asked,
            pytest.raises(QueryError, match="more than 1,000 values"),
        ):
            found("playlist:n8", me)

        assert len(asked) < 300


class TestSaving:
    def test_keeps_a_query_in_its_plainest_form(self, me: User) -> None:
        playlist = Playlist(owner=me, name="p", kind="smart", query="( rating>5 )  (title:x)")

        saved = create_playlist(playlist, asker=Asker.of(me))

        assert saved.query == "rating>5 title:x"

    def test_refuses_what_cannot_be_asked(self, me: User) -> None:
        for values in ({"query": "colour:red"}, {"ordering": "luck"}):
            playlist = Playlist(owner=me, name="p", kind="smart", **values)
            with pytest.raises(Exception, match="There is no"):
                create_playlist(playlist, asker=Asker.of(me))

        assert not Playlist.objects.exists()

    def test_refuses_circles(self, me: User) -> None:
        asker = Asker.of(me)
        first = make_smart(me, "", name="First")
        make_smart(me, "playlist:first", name="second")
        third = make_smart(me, "playlist:second", name="third")

        for query in ("playlist:first", "playlist:THIRD", 'rating>1 OR -playlist:"second"'):
            with pytest.raises(PlaylistCycle):
                edit_playlist(first, {"query": query}, asker=asker)
        third.refresh_from_db()
        edit_playlist(third, {"query": "playlist:first"}, asker=asker)

    def test_a_name_may_close_no_circle_either(self, me: User) -> None:
        make_playlist(me, name="old")
        playlist = make_smart(me, "playlist:old", name="mine")

        with pytest.raises(PlaylistCycle):
            edit_playlist(playlist, {"name": "OLD"}, asker=Asker.of(me))

    def test_manual_ones_ask_nothing(self, me: User) -> None:
        with pytest.raises(AsksNothing):
            create_playlist(Playlist(owner=me, name="p", query="rating>5"), asker=Asker.of(me))
        with pytest.raises(AsksNothing):
            edit_playlist(make_playlist(me), {"limit": 5}, asker=Asker.of(me))
        with pytest.raises(KindSettled):
            edit_playlist(make_playlist(me), {"kind": "smart"}, asker=Asker.of(me))

    def test_a_copy_holds_what_is_found_now(self, me: User) -> None:
        tag = make_tag("sea")
        videos = [make_video(tags=[tag], duration_ms=ms) for ms in (1_000, 3_000, 2_000)]
        smart = make_smart(me, "tag:sea", name="Sea", ordering="-duration", limit=2)

        copy = copy_playlist(smart, owner_id=me.pk, asker=Asker.of(me))
        again = copy_playlist(copy, owner_id=me.pk, asker=Asker.of(me))

        assert ids_of(copy) == ids_of(again) == [videos[1].pk, videos[2].pk]
        assert (copy.name, again.name) == ("Sea (2)", "Sea (2) (2)")
        assert (copy.is_smart, copy.video_count) == (False, 2)

    def test_deleting_one_keeps_its_videos(self, me: User) -> None:
        playlist = make_playlist(me, 2)

        playlists.delete_playlist(playlist)

        assert Video.objects.count() == 2
