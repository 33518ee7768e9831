"""What the statistics say, and that Browse says the same."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.insights.services.largest import largest, longest, most_played
from apps.insights.services.statistics import Statistics, add_up, statistics
from apps.library.models import Video, Viewing
from apps.library.search import Asker, Question
from tests.client import Api
from tests.factories import (
    NOON,
    make_artifact,
    make_library,
    make_performer,
    make_studio,
    make_tag,
    make_user,
    make_video,
)

NASTY = '<img src=x onerror=alert(1)> "quoted\\" * OR none, {found} %s'


def ask(query: str = "") -> Statistics:
    return add_up(Question.read(query, asker=Asker.of(None)))


def count(query: str) -> int:
    return Question.read(query, asker=Asker.of(None)).videos().count()


def make_mixed_library() -> None:
    """Of everything some, with and without values, and names that are hard to ask for."""
    films, nasty = make_library(name="films"), make_library(name=NASTY[:80])
    tags = [make_tag("sea"), make_tag(NASTY), make_tag("none"), make_tag("Séa")]
    people = [
        make_performer("Ada", disambiguation="poet"), make_performer("Ada", aliases=["Countess"]),
        make_performer("countess"), make_performer(NASTY),
    ]  # fmt: skip
    studios = [make_studio("Any"), make_studio("small", parent=make_studio("large"))]
    sizes: list[tuple[int | None, int | None, str]] = [
        (1920, 1080, "landscape"), (1080, 1920, "portrait"), (3840, 2160, "landscape"),
        (500, 500, "square"), (None, None, ""), (320, 240, "landscape"), (640, 360, "landscape"),
    ]  # fmt: skip
    for n in range(14):
        width, height, orientation = sizes[n % len(sizes)]
        make_video(
            f"video {n}", library=nasty if n % 5 == 0 else films, width=width, height=height,
            orientation=orientation, rating=[None, 1, 10, 11, 55, 91, 100][n % 7],
            date=None if n % 4 == 0 else date(1999 + n, 1 + n % 12, 1),
            video_codec=["h264", "", "hevc"][n % 3], container=["mp4", "matroska"][n % 2],
            studio=[None, *studios][n % 3], tags=tags[: n % 5], performers=people[: n % 4],
            size_bytes=1_000 * n, duration_ms=None if n == 3 else 1_000 * n,
            details="text" if n % 6 == 0 else "",
            added_at=NOON - timedelta(days=40 * n),
        )  # fmt: skip
    make_artifact(Video.objects.order_by("pk")[0])


@pytest.mark.django_db
class TestNumbers:
    @pytest.mark.parametrize("query", ["", "rating>=11", "tag:sea OR codec:none", "is:watched"])
    def test_each_equals_the_count_of_its_query(self, query: str) -> None:
        make_mixed_library()

        found = ask(query)

        assert found.total.count == count(query)
        assert {chart.name for chart in found.charts} == {
            "resolution", "codec", "container", "orientation", "rating", "library", "growth",
            "year", "studio", "tag", "performer", "complete",
        }  # fmt: skip
        for chart in found.charts:
            for bar in chart.bars:
                assert bar.sum.count == count(bar.query), (chart.name, bar)
            if chart.name in ("resolution", "codec", "container", "orientation", "rating", "year"):
                assert sum(bar.sum.count for bar in chart.bars) == found.total.count
        for bar in found.chart("complete").bars:
            assert found.total.count - bar.sum.count == count(bar.rest_query), bar

    def test_sizes_and_lengths_are_added_up(self) -> None:
        for codec, size, ms in (("h264", 5, 1_000), ("h264", 7, None), ("hevc", 1, 500)):
            make_video(video_codec=codec, size_bytes=size, duration_ms=ms)

        found = ask()

        assert (found.total.bytes, found.total.duration_ms) == (13, 1_500)
        sums = {bar.label: (bar.sum.bytes, bar.sum.duration_ms) for bar in found.charts[1].bars}
        assert sums == {"h264": (12, 1_000), "hevc": (1, 500)}

    def test_months_are_those_of_the_calendar_without_gaps(self) -> None:
        for moment in ("2025-11-30T23:59:59Z", "2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"):
            make_video(added_at=datetime.fromisoformat(moment))

        bars = ask().chart("growth").bars

        assert [(bar.label, bar.sum.count) for bar in bars] == [
            ("Nov 2025", 1), ("Dec 2025", 0), ("Jan 2026", 1), ("Feb 2026", 1),
        ]  # fmt: skip

    def test_labels_that_a_name_does_not_tell_apart_are_counted_together(self) -> None:
        one, other = (make_performer("Ada", disambiguation=what) for what in ("poet", "chess"))
        make_video(performers=[one])
        make_video(performers=[one, other])
        make_video(performers=[other])

        bars = ask().chart("performer").bars

        assert [(bar.label, bar.sum.count) for bar in bars] == [
            ("Ada (poet)", 3),
            ("Ada (chess)", 3),
        ]

    def test_nothing_is_zero_and_no_charts_have_bars(self) -> None:
        for found in (ask(), ask("tag:none is:missing")):
            assert found.total.count == 0
            assert not any(bar.sum.count for chart in found.charts for bar in chart.bars)

    def test_many_videos_cost_the_queries_of_few(self) -> None:
        make_mixed_library()
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                ask("rating>=1")
            counts.append(len(queries))
            for _ in range(3):
                make_video(rating=7, performers=[make_performer()], tags=[make_tag()])

        assert counts[0] == counts[1]


class TestAnyVideos(TestCase):
    """Whatever they hold, each number equals the count of its query."""

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        rows=st.lists(
            st.fixed_dictionaries(
                {
                    "width": st.none() | st.integers(1, 9_000),
                    "height": st.none() | st.integers(1, 9_000),
                    "rating": st.none() | st.integers(1, 100),
                    "date": st.none() | st.dates(date(1000, 1, 1), date(2200, 1, 1)),
                    "added_at": st.datetimes(
                        datetime(2024, 1, 1), datetime(2026, 1, 1)
                    ).map(timezone.make_aware),
                }
            ),
            min_size=1, max_size=8,
        )
    )  # fmt: skip
    def test_numbers_are_those_of_queries(self, rows: list[dict[str, Any]]) -> None:
        library = make_library()
        Video.objects.bulk_create(Video(title="v", library=library, **row) for row in rows)

        for chart in ask().charts:
            for bar in chart.bars:
                assert bar.sum.count == count(bar.query), (chart.name, bar)


@pytest.mark.django_db
class TestKeeping:
    def test_numbers_are_kept_until_they_are_counted_anew(self) -> None:
        make_video()
        question = Question.read("", asker=Asker.of(None))
        first = statistics(question)
        make_video()

        kept, anew = statistics(question), statistics(question, refresh=True)

        assert (first.total.count, kept.total.count, anew.total.count) == (1, 1, 2)

    def test_what_one_watched_is_not_told_to_others(self) -> None:
        me, other = make_user(), make_user()
        Viewing.objects.create(user=me, video=make_video(), play_count=1, last_played_at=NOON)

        totals = [
            statistics(Question.read("is:watched", asker=Asker.of(user))).total.count
            for user in (me, other)
        ]

        assert totals == [1, 0]


@pytest.mark.django_db
class TestTops:
    def test_largest_of_an_orientation_and_longest_come_first(self) -> None:
        videos = [
            make_video(size_bytes=n, duration_ms=9 - n, orientation="portrait") for n in (1, 3, 2)
        ]
        make_video(size_bytes=99, duration_ms=None)
        question = Question.read("", asker=Asker.of(None))

        assert list(largest(question, "portrait", top=2)) == [videos[1], videos[2]]
        assert list(longest(question, top=1)) == [videos[0]]

    def test_most_played_are_ones_own(self) -> None:
        me, video = make_user(), make_video()
        Viewing.objects.create(user=me, video=video, play_count=3)
        Viewing.objects.create(user=make_user(), video=make_video(), play_count=9)

        question = Question.read("", asker=Asker.of(me))

        assert most_played(question, top=5) == [(video, 3)]


class TestApi:
    def test_answers_with_charts_and_tops(self, api: Api) -> None:
        make_video(size_bytes=7, rating=90)
        make_video(size_bytes=5)

        answer = api.get("statistics/", q="rating>50", top=5).json()

        assert (answer["q"], answer["total"]["count"]) == ("rating>50", 1)
        assert [bar["query"] for bar in answer["charts"][1]["bars"]] == ['rating>50 codec:"h264"']
        assert [row["size"] for row in answer["largest"]["landscape"]] == [7]

    @pytest.mark.parametrize("asked", [{"q": "a:b"}, {"top": "7"}, {"refresh": "x"}, {"p": "1"}])
    def test_refuses_nonsense(self, api: Api, asked: dict[str, str]) -> None:
        assert api.get("statistics/", **asked).status_code == 400


@pytest.fixture
def boss(db: None) -> Client:
    client = Client()
    client.force_login(make_user(superuser=True))
    return client


class TestPage:
    def page(self, client: Client, **asked: Any) -> Any:
        return client.get(reverse("admin:insights_statistics"), asked)

    def test_shows_every_chart_as_a_table_with_links(self, boss: Client) -> None:
        make_mixed_library()

        page = self.page(boss)

        html = page.content.decode()
        for chart in page.context["charts"]:
            for row in chart["rows"]:
                assert row["url"].replace("&", "&amp;") in html
        assert "<img src=x" not in html
        assert "</script><" not in html.partition('id="mh-charts"')[2].partition("</script>")[0]

    def test_an_unusable_query_is_a_message(self, boss: Client) -> None:
        page = self.page(boss, q="colour:red")

        assert page.status_code == 200
        assert "There is no field" in page.content.decode()

    def test_what_takes_too_long_is_a_message(self, boss: Client, monkeypatch: Any) -> None:
        def give_up(*_given: Any, **_options: Any) -> Any:
            raise OperationalError("canceling statement due to statement timeout")

        monkeypatch.setattr("apps.insights.pages.statistics.statistics", give_up)

        page = self.page(boss)
        posted = boss.post(reverse("admin:insights_statistics"), {"q": ""})

        assert (page.status_code, posted.status_code) == (200, 302)
        assert "took the database too long" in page.content.decode()

    def test_can_be_counted_anew(self, boss: Client) -> None:
        self.page(boss)
        make_video()
        before = self.page(boss).context["is_empty"]
        answer = boss.post(reverse("admin:insights_statistics"), {"q": ""})

        assert (before, answer.status_code) == (True, 302)
        assert not self.page(boss).context["is_empty"]

    @pytest.mark.parametrize("top", ["50", "7", "x"])
    def test_n_can_be_chosen(self, boss: Client, top: str) -> None:
        assert self.page(boss, top=top).context["top"] == (50 if top == "50" else 10)
