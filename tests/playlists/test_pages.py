"""Playlists in the admin."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Func, TextField, Value
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.core import counting
from apps.core.counting import Expected
from apps.library.models import Video
from apps.library.search import Question
from apps.playlists.models import Playlist
from tests.factories import make_user, make_video
from tests.playlists.making import ids_of, make_playlist, make_smart

pytestmark = pytest.mark.django_db
NASTY = "<script>alert(1)</script>"


@pytest.fixture
def me() -> User:
    return make_user(Role.VIEWER)


@pytest.fixture
def browser(me: User) -> Client:
    client = Client()
    client.force_login(me)
    return client


def address(playlist: Playlist | None = None) -> str:
    if playlist is None:
        return reverse("admin:playlists_playlist_changelist")
    return reverse("admin:playlists_playlist_change", args=[playlist.pk])


class TestAll:
    def test_makes_both_kinds(self, me: User, browser: Client) -> None:
        browser.post(address(), {"kind": "manual", "name": "Later"})
        browser.post(address(), {"kind": "smart", "name": "Best", "query": "rating>5",
                                 "ordering": "-rating", "limit": "7"})  # fmt: skip

        rows = Playlist.objects.order_by("pk").values_list("kind", "query", "ordering", "limit")
        assert list(rows) == [("manual", "", "", None), ("smart", "rating>5", "-rating", 7)]
        assert {one.owner for one in Playlist.objects.all()} == {me}

    @pytest.mark.parametrize(
        ("given", "told"),
        [({"query": "ratng>5"}, "Did you mean"), ({"name": ""}, "required"),
         ({"limit": "0"}, "greater than"), ({"name": "TAKEN"}, "of this name already")],
    )  # fmt: skip
    def test_says_what_is_wrong(
        self, me: User, browser: Client, given: dict[str, str], told: str
    ) -> None:
        make_playlist(me, name="taken")

        page = browser.post(address(), {"kind": "smart", "name": "x", **given})

        assert (page.status_code, Playlist.objects.count()) == (200, 1)
        assert told in page.content.decode()

    def test_many_cost_the_queries_of_few(self, me: User, browser: Client) -> None:
        make_playlist(me, videos=5)
        make_smart(me, "rating>5")
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                browser.get(address())
            counts.append(len(queries))
            for _ in range(4):
                make_playlist(me, videos=2)
                make_smart(me, "rating>5")

        assert counts[0] == counts[1]


class TestOne:
    def test_escapes_what_people_wrote(self, me: User, browser: Client) -> None:
        video = make_video(NASTY)
        playlist = make_playlist(me, [video.pk], name=NASTY, description=NASTY)

        for page in (browser.get(address(playlist)), browser.get(address())):
            assert NASTY not in page.content.decode()

    def test_only_its_owner_has_its_forms(self, browser: Client) -> None:
        playlist = make_playlist(videos=1, shared=True)

        page = browser.get(address(playlist)).content.decode()
        refused = [
            browser.post(address(playlist), {deed: "1"}) for deed in ("change", "add", "delete")
        ]

        assert "data-move" not in page
        assert 'name="delete"' not in page
        assert {answer.status_code for answer in refused} == {403}

    def test_anybody_copies_a_shared_one(self, me: User, browser: Client) -> None:
        playlist = make_playlist(videos=2, shared=True)

        browser.post(address(playlist), {"copy": "1"})

        assert ids_of(Playlist.objects.get(owner=me)) == ids_of(playlist)

    def test_is_changed_filled_and_deleted(self, me: User, browser: Client) -> None:
        video, playlist = make_video(rating=90), make_playlist(me)
        make_video()

        browser.post(address(playlist), {"change": "1", "name": "new", "shared": "on"})
        browser.post(address(playlist), {"add": "1", "q": "rating>50"})
        playlist.refresh_from_db()
        filled = ids_of(playlist)
        browser.post(address(playlist), {"delete": "1"})

        assert (playlist.name, playlist.shared, filled) == ("new", True, [video.pk])
        assert not Playlist.objects.exists()

    def test_a_query_that_no_longer_works_is_told(self, me: User, browser: Client) -> None:
        playlist = make_smart(me, "tag:gone")

        page = browser.get(address(playlist))

        assert page.status_code == 200
        assert "There is no tag" in page.content.decode()

    def test_pages_go_on_and_back(self, me: User, browser: Client, monkeypatch: Any) -> None:
        monkeypatch.setattr("apps.playlists.pages.one._SHOWN", 2)
        playlist = make_playlist(me, videos=5)
        ids, seen, url = ids_of(playlist), [], address(playlist)
        context: Any = None
        while url:
            context = browser.get(url).context
            seen.append([row["card"].pk for row in context["rows"]])
            url = context["next"]

        assert seen == [ids[:2], ids[2:4], ids[4:]]
        assert (context["first"], context["leading"]) == (5, f"{ids[3]},{ids[2]}")
        back = browser.get(context["previous"]).context
        assert [row["card"].pk for row in back["rows"]] == ids[2:4]
        assert back["trailing"] == str(ids[4])

    def test_counts_no_fewer_than_it_shows(
        self, me: User, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        playlist = make_smart(me, "rating>0")
        make_video(rating=3)
        monkeypatch.setattr(counting, "expected", lambda _rows: Expected(0, 1e9))

        assert str(browser.get(address(playlist)).context["count"]) == "≈ 1"

    @pytest.mark.parametrize("smart", [True, False])
    def test_many_cost_the_queries_of_few(self, me: User, browser: Client, smart: bool) -> None:
        playlist = make_smart(me) if smart else make_playlist(me, videos=2)
        make_video()
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                browser.get(address(playlist))
            counts.append(len(queries))
            ids = [make_video().pk for _ in range(6)]
            if not smart:
                playlist = make_playlist(me, ids)

        assert counts[0] == counts[1]


def test_a_change_of_what_was_changed_meanwhile_is_refused(me: User, browser: Client) -> None:
    playlist = make_smart(me, "rating>5", ordering="-rating,duration")
    form = {
        "change": "1", "name": "First", "query": "rating>6", "ordering": "-rating,duration",
        "version": playlist.version,
    }  # fmt: skip

    browser.post(address(playlist), form)
    page = browser.post(address(playlist), {**form, "name": "Second"}, follow=True)

    playlist.refresh_from_db()
    assert (playlist.name, playlist.query, playlist.version) == ("First", "rating>6", 2)
    assert "Nothing was written" in page.content.decode()
    assert 'name="version" value="2"' in page.content.decode()


def test_a_query_that_takes_too_long_is_told_and_can_be_changed(
    me: User, browser: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.MEDIAHUB_SEARCH_TIMEOUT_MS = 100
    make_video()
    playlist = make_smart(me, "rating>5")
    nap = Func(Value(2), function="pg_sleep", output_field=TextField())
    asleep = Video.objects.annotate(nap=nap)
    monkeypatch.setattr(Question, "listed", lambda _question: asleep)

    page = browser.get(address(playlist)).content.decode()

    assert "too long" in page
    assert 'value="rating&gt;5"' in page
