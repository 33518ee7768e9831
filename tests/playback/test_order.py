"""Which video comes next."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.library.models import Video
from apps.library.search import Asker
from apps.playback.services.order import VideoList
from tests.factories import NOON, make_tag, make_video

pytestmark = pytest.mark.django_db


def read(query: str) -> VideoList:
    return VideoList.read(query, asker=Asker(None, NOON))


def titles(query: str, video: Video) -> tuple[str | None, str | None]:
    before, after = read(query).neighbours(video)
    return before and before.title, after and after.title


def test_the_neighbours_are_those_of_the_grid() -> None:
    tag = make_tag("Dog")
    rows = {
        name: make_video(name, rating=rating, tags=[tag] if name != "C" else [])
        for name, rating in (("A", None), ("B", 50), ("C", 50), ("D", 90), ("E", None))
    }

    assert titles("", rows["B"]) == ("C", "A")  # the one added last comes first
    assert titles("ordering=title", rows["A"]) == (None, "B")
    assert titles("ordering=title", rows["E"]) == ("D", None)
    assert titles("ordering=title&q=tag:dog", rows["B"]) == ("A", "D")
    assert titles("ordering=title&q=tag:dog", rows["C"]) == ("B", "D")  # left the list meanwhile
    walk, at = [], rows["D"]
    while True:
        walk.append(at.title)
        _, following = read("ordering=-rating").neighbours(at)
        if following is None:
            break
        at = following
    assert walk == ["D", "C", "B", "E", "A"]


def test_by_the_best_match_they_are_those_of_the_grid_too() -> None:
    rows = {title: make_video(title) for title in ("The waves", "Waves", "Waves at night")}
    query = "q=waves&ordering=-relevance"

    assert titles(query, rows["Waves at night"]) == ("Waves", "The waves")
    assert titles(query, rows["Waves"]) == (None, "Waves at night")


def test_missing_ones_are_passed_over() -> None:
    first, _gone, last = make_video("A"), make_video("B", missing_since=NOON), make_video("C")

    assert titles("ordering=title", first) == (None, "C")
    assert titles("ordering=title", last) == ("A", None)


@pytest.mark.parametrize("query", ["ordering=nonsense&x=1", "sort=title", "ordering=\0"])
def test_an_order_that_there_is_not_is_the_usual_one(query: str) -> None:
    last = make_video("A", added_at=NOON)

    assert titles(query, make_video("B", added_at=NOON + timedelta(days=1))) == (None, last.title)


@pytest.mark.parametrize("query", ["q=tag:nonsense", "q=(a", "q=\0", "q=" + "a" * 9_000])
def test_a_query_that_cannot_be_answered_leads_nowhere(query: str) -> None:
    make_video("A")

    assert titles(query, make_video("B")) == (None, None)


def test_a_long_list_costs_the_queries_of_a_short_one() -> None:
    def cost(video: Video) -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            read("ordering=title").neighbours(video)
        return len(caught)

    video = make_video("M")
    alone = cost(video)
    for letter in "ABXYZ":
        make_video(letter)
    assert cost(video) == alone


def test_random_is_any_other_of_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = make_video("A"), make_video("B")
    make_video("C", missing_since=NOON)
    places: Callable[[int, int], int] = lambda _first, last: last  # noqa: E731
    monkeypatch.setattr("apps.playback.services.order.randint", places)

    assert read("").random(but=a.pk) == b
    assert read("").random(but=b.pk) == a
    assert read("q=A").random(but=a.pk) is None
