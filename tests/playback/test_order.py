"""Which video comes next."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.library.models import Video
from apps.playback.services.order import VideoList
from tests.factories import NOON, make_tag, make_video

pytestmark = pytest.mark.django_db


def titles(query: str, video: Video) -> tuple[str | None, str | None]:
    before, after = VideoList.read(query).neighbours(video)
    return before and before.title, after and after.title


def test_the_neighbours_are_those_of_the_grid() -> None:
    tag = make_tag()
    rows = {
        name: make_video(name, rating=rating, tags=[tag] if name != "C" else [])
        for name, rating in (("A", None), ("B", 50), ("C", 50), ("D", 90), ("E", None))
    }

    assert titles("", rows["B"]) == ("C", "A")  # the one added last comes first
    assert titles("sort=title", rows["A"]) == (None, "B")
    assert titles("sort=title", rows["E"]) == ("D", None)
    assert titles(f"sort=title&tag={tag.pk}", rows["B"]) == ("A", "D")
    assert titles(f"sort=title&tag={tag.pk}", rows["C"]) == ("B", "D")  # left the list meanwhile
    walk, at = [], rows["D"]
    while True:
        walk.append(at.title)
        _, following = VideoList.read("sort=rating").neighbours(at)
        if following is None:
            break
        at = following
    assert walk == ["D", "C", "B", "E", "A"]


def test_missing_ones_are_passed_over() -> None:
    first, _gone, last = make_video("A"), make_video("B", missing_since=NOON), make_video("C")

    assert titles("sort=title", first) == (None, "C")
    assert titles("sort=title", last) == ("A", None)


@pytest.mark.parametrize("query", ["sort=nonsense&x=1", "tag=999999", "page=x", "q=" + "a" * 5_000])
def test_what_makes_no_sense_counts_as_not_asked(query: str) -> None:
    make_video("A")

    VideoList.read(query).neighbours(make_video("B"))


def test_a_long_list_costs_the_queries_of_a_short_one() -> None:
    def cost(video: Video) -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            VideoList.read("sort=title").neighbours(video)
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

    assert VideoList.read("").random(but=a.pk) == b
    assert VideoList.read("").random(but=b.pk) == a
    assert VideoList.read("q=A").random(but=a.pk) is None
