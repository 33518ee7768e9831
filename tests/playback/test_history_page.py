"""One's own history, as a page."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.library.models import Play, Viewing
from tests.factories import NOON, make_user, make_video

pytestmark = pytest.mark.django_db
HISTORY = "/admin/library/video/history/"


@pytest.fixture
def me() -> User:
    return make_user(Role.VIEWER)


@pytest.fixture
def browser(me: User) -> Client:
    client = Client()
    client.force_login(me)
    return client


def watched(user: User, title: str, *, days_ago: int = 0, **values: Any) -> Viewing:
    moment = NOON - timedelta(days=days_ago)
    viewing = Viewing.objects.create(
        user=user, video=make_video(title, **values), play_count=1, last_played_at=moment
    )
    Play.objects.create(viewing=viewing, user=user, counted=True)
    return viewing


def titles(browser: Client, **asked: str) -> list[str]:
    page = browser.get(HISTORY, asked)
    assert page.status_code == 200
    return [one["card"].title for one in page.context["watched"]]


def test_is_narrowed_by_days_and_query(me: User, browser: Client) -> None:
    watched(me, "old", days_ago=9)
    watched(me, "middle", days_ago=5, rating=90)
    watched(me, "new", rating=90)
    watched(make_user(), "another's")

    assert titles(browser) == ["new", "middle", "old"]
    assert titles(browser, since="2026-11-16", until="2026-11-16") == ["middle"]
    assert titles(browser, q="rating>50", until="2026-11-20") == ["middle"]


@pytest.mark.parametrize(
    "asked", [{"q": "colour:red"}, {"since": "soon"}, {"before": "x"}, {"until": "9999-12-31"}]
)
def test_nonsense_is_told_or_left_out(me: User, browser: Client, asked: dict[str, str]) -> None:
    watched(me, "film")

    page = browser.get(HISTORY, asked)

    assert page.status_code == 200
    assert bool(page.context["error"]) == bool(asked.keys() & {"q", "since"})


def test_goes_back_page_by_page(me: User, browser: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("apps.playback.pages.history._SHOWN", 2)
    for number in range(5):
        watched(me, f"{number}", days_ago=number)
    seen, url = [], HISTORY
    while url:
        context: Any = browser.get(url).context
        seen += [one["card"].title for one in context["watched"]]
        url = context["earlier"] and HISTORY + context["earlier"]

    assert seen == list("01234")


def test_one_entry_or_all_of_ones_own_are_forgotten(me: User, browser: Client) -> None:
    other = watched(make_user(), "another's")
    first, _second, _third = (watched(me, title) for title in "abc")

    browser.post(HISTORY, {"forget": str(first.video_id)})
    one_less = sorted(titles(browser))
    browser.post(HISTORY, {"forget": str(other.video_id)})
    browser.post(HISTORY, {"forget": "x"})
    browser.post(reverse("admin:playback_history"), {"forget_all": "1"})

    assert one_less == ["b", "c"]
    assert list(Viewing.objects.all()) == [other]
    assert Play.objects.count() == 1


def test_many_cost_the_queries_of_few(me: User, browser: Client) -> None:
    counts = []
    for _ in range(2):
        for _ in range(4):
            watched(me, "film")
        with CaptureQueriesContext(connection) as queries:
            browser.get(HISTORY)
        counts.append(len(queries))

    assert counts[0] == counts[1]
