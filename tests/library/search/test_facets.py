"""How many videos have each value of some fields."""

import random
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.library.models import Tag, Video
from apps.library.search import Asker, Question
from apps.library.search import facets_counts as counting
from apps.library.search.facets import (
    USUAL,
    Facets,
    FacetUnknown,
    count_facets,
    facets_of,
)
from tests.factories import make_library, make_performer, make_studio, make_tag, make_video

pytestmark = pytest.mark.django_db
ASKER = Asker(None, datetime(2026, 11, 21, 12, tzinfo=UTC))


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()


def facets(text: str = "", *names: str) -> Facets:
    return facets_of(text, asker=ASKER, names=names or USUAL)


def counted(text: str, name: str) -> dict[str, int]:
    return {one.query: one.count for one in facets(text, name).fields[name].values}


def make_random_library(seed: int, videos: int = 40) -> None:
    """Videos with values of all kinds, and some that lack each."""
    chance = random.Random(seed)
    libraries = [make_library(name=f"L {n}") for n in range(2)]
    roots = [make_tag(f"root {n}") for n in range(2)]
    tags = [*roots, *(make_tag(f"tag {n}", parents=[chance.choice(roots)]) for n in range(4))]
    tags.append(make_tag("deep", parents=[tags[2], tags[3]]))
    top = make_studio("top")
    studios = [None, top, make_studio("below", parent=top), make_studio("other")]
    people = [make_performer(f"P {n}") for n in range(4)]
    for _ in range(videos):
        size = chance.choice([(1920, 1080), (3840, 2160), (640, 360), (320, 200), (None, None)])
        make_video(
            library=chance.choice(libraries), studio=chance.choice(studios),
            tags=chance.sample(tags, chance.randint(0, 3)),
            performers=chance.sample(people, chance.randint(0, 2)),
            video_codec=chance.choice(["h264", "hevc", ""]),
            audio_codec=chance.choice(["aac", "opus", ""]),
            container=chance.choice(["mp4", "webm"]),
            orientation=chance.choice(["landscape", "portrait", ""]),
            width=size[0], height=size[1], rating=chance.choice([None, 1, 20, 21, 60, 99, 100]),
            date=chance.choice([None, date(2020, 1, 1), date(2020, 12, 31), date(2021, 6, 5)]),
            favorite=chance.random() < 0.3, organized=chance.random() < 0.5,
            missing_since=chance.choice([None, None, ASKER.now]),
        )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "text", ["", "codec:hevc", 'tag:"root 0"', "rating>=20 -tag:deep codec:h264", "studio:top"]
)
def test_counts_are_what_the_conditions_find(seed: int, text: str) -> None:
    make_random_library(seed)

    found = facets(text)

    question = Question.read(text, asker=ASKER)
    assert (found.count, found.count_is_estimate) == (question.videos().count(), False)
    for name, facet in found.fields.items():
        rest = question.without(name)
        assert not facet.is_estimate
        for value in facet.values:
            chosen = Question.read(f"{rest.text} {value.query}", asker=ASKER)
            assert (value.query, value.count) == (value.query, chosen.videos().count())


@pytest.mark.parametrize("name", ["codec", "rating", "resolution", "date", "library", "missing"])
def test_values_of_one_kind_add_up(name: str) -> None:
    make_random_library(7)

    assert sum(one.count for one in facets("", name).fields[name].values) == Video.objects.count()


def test_all_labels_in_use_are_there() -> None:
    make_random_library(5)

    direct = Counter(pk for video in Video.objects.all() for pk in video.tag_ids)

    shown = {one.value for one in facets("", "tag").fields["tag"].values}
    assert {tag.name for tag in Tag.objects.filter(pk__in=direct)} <= shown


def test_own_conditions_are_left_aside() -> None:
    for codec, rating in (("hevc", 90), ("h264", 90), ("h264", 10)):
        make_video(video_codec=codec, rating=rating)

    assert counted("codec:hevc rating>50", "codec") == {"codec:h264": 1, "codec:hevc": 1}
    assert counted("-codec:hevc rating>50", "codec") == {"codec:h264": 1, "codec:hevc": 1}
    assert counted("codec:hevc rating>50", "rating") == {"rating:81..100": 1}


def test_conditions_beside_or_count() -> None:
    make_video("a", video_codec="hevc")
    make_video("b", video_codec="h264")

    assert counted("codec:hevc OR title:zzz", "codec") == {"codec:hevc": 1}


def test_most_come_first_then_the_alphabet() -> None:
    for codec in ("vp9", "av1", "hevc", "hevc"):
        make_video(video_codec=codec)

    assert list(counted("", "codec")) == ["codec:hevc", "codec:av1", "codec:vp9"]


def test_names_are_quoted_so_that_they_mean_the_label() -> None:
    make_video(tags=[make_tag('none "x"'), make_tag("none")])
    make_video()

    assert counted("", "tag") == {'tag:"none \\"x\\""': 1, 'tag:"none"': 1, "tag:none": 1}


def test_same_answer_for_a_minute_and_for_the_same_tree() -> None:
    make_video(video_codec="hevc")
    first = facets("codec:hevc  rating:none")
    make_video(video_codec="hevc")

    assert facets("codec:hevc rating:none") == first
    cache.clear()
    assert facets("codec:hevc rating:none").count == 2


def test_cached_answer_costs_no_statement(django_assert_num_queries: Any) -> None:
    make_video(video_codec="hevc")
    facets("ban codec:hevc")
    with django_assert_num_queries(0):
        facets("ban codec:hevc")


def test_what_one_person_played_is_not_told_another() -> None:
    make_video()

    mine = facets_of("watched:no", asker=Asker(1, ASKER.now), names=["codec"])
    make_video()
    others = facets_of("watched:no", asker=Asker(2, ASKER.now), names=["codec"])

    assert (mine.count, others.count) == (1, 2)


def test_costs_the_same_however_many_videos() -> None:
    make_random_library(1, videos=5)
    few = _statements()
    for _ in range(20):
        make_video(tags=[make_tag()], performers=[make_performer()])

    assert _statements() == few


def _statements() -> int:
    question = Question.read("codec:hevc rating:none", asker=ASKER)
    with CaptureQueriesContext(connection) as found:
        count_facets(question, USUAL)
    return len(found)


@pytest.fixture
def _sampling(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a hundred videos were many: all pages are read, and the numbers count as sampled."""
    monkeypatch.setattr(counting, "MOST_EXACT", 10)
    monkeypatch.setattr(counting, "table_rows", lambda: 1_000)
    monkeypatch.setattr(counting, "PILOT_PERCENT", 99.999)
    monkeypatch.setattr(counting, "SAMPLE", 10_000)
    monkeypatch.setattr(counting, "MOST_PERCENT", 99.999)


@pytest.mark.usefixtures("_sampling")
def test_many_videos_are_estimated_and_it_is_said() -> None:
    for number in range(60):
        make_video(video_codec="hevc" if number % 2 else "h264")
    tag = make_tag("few")
    make_video(tags=[tag], video_codec="av1")

    many, few = facets("container:mp4", "codec"), facets("tag:few", "codec")

    assert many.count_is_estimate
    assert many.fields["codec"].is_estimate
    assert 50 <= many.count <= 70
    assert (few.count, few.count_is_estimate) == (1, False)


@pytest.mark.usefixtures("_sampling")
def test_of_the_whole_catalogue_what_is_rare_is_exact() -> None:
    for number in range(30):
        make_video(video_codec="hevc", tags=[make_tag(f"t {number}")])
    make_video(video_codec="av1", favorite=True)

    found = facets("", "codec", "favorite", "tag")

    assert {one.query: one.count for one in found.fields["codec"].values}["codec:av1"] == 1
    assert {one.query: one.count for one in found.fields["favorite"].values}["favorite:yes"] == 1
    assert not found.fields["codec"].is_estimate
    assert [one.count for one in found.fields["tag"].values if one.value != "none"] == [1] * 30


def test_what_videos_cannot_be_counted_by_is_refused() -> None:
    with pytest.raises(FacetUnknown) as error:
        facets("", "codex")

    assert error.value.code == "facet"
    assert "codec" in str(error.value)


def test_nothing_found_has_empty_facets() -> None:
    make_video()

    assert facets("phash:none title:zzz").count == 0
    assert facets("played:yes", "codec") == Facets(0, False, facets("played:yes", "codec").fields)
    assert facets("played:yes", "codec").fields["codec"].values == []
