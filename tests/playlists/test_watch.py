"""Watching a playlist."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.factories import make_user, make_video
from tests.playlists.making import ids_of, make_playlist, make_smart

pytestmark = pytest.mark.django_db


@pytest.fixture
def me() -> User:
    return make_user(superuser=True)


@pytest.fixture
def browser(me: User) -> Client:
    client = Client()
    client.force_login(me)
    return client


def watch(pk: int, playlist: int) -> str:
    return reverse("admin:playback_watch", args=[pk], query={"playlist": playlist})


def test_next_and_previous_follow_the_playlist(me: User, browser: Client) -> None:
    playlist = make_playlist(me, 3)
    first, second, third = ids_of(playlist)

    page = browser.get(watch(second, playlist.pk)).context

    player = page["player"]
    assert player["previous"] == watch(first, playlist.pk)
    assert player["next"] == watch(third, playlist.pk)
    assert page["grid"] == reverse("admin:playlists_playlist_change", args=[playlist.pk])


def test_a_smart_one_is_followed_in_its_order(me: User, browser: Client) -> None:
    long, short = make_video(duration_ms=9_000), make_video(duration_ms=1_000)
    playlist = make_smart(me, ordering="-duration")

    player = browser.get(watch(long.pk, playlist.pk)).context["player"]

    assert (player["previous"], player["next"]) == ("", watch(short.pk, playlist.pk))


def test_any_other_is_of_the_playlist(me: User, browser: Client) -> None:
    playlist = make_playlist(me, 2)
    first, second = ids_of(playlist)
    make_video()
    random = browser.get(watch(first, playlist.pk)).context["player"]["random"]

    assert {browser.get(random)["Location"] for _ in range(4)} == {watch(second, playlist.pk)}


def test_anothers_secret_playlist_tells_nothing(browser: Client) -> None:
    secret = make_playlist(videos=2)
    other = make_video()

    page = browser.get(watch(other.pk, secret.pk))

    assert page.status_code == 200
    assert (
        browser.get(reverse("admin:playlists_playlist_change", args=[secret.pk])).status_code == 404
    )


@pytest.mark.parametrize("playlist", ["x", "0", "9" * 30, "-1"])
def test_nonsense_is_every_video(browser: Client, playlist: str) -> None:
    address = reverse("admin:playback_watch", args=[make_video().pk])

    assert browser.get(address, {"playlist": playlist}).status_code == 200
