"""Which videos come first where words decide."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.library.models import Video, Viewing
from apps.library.search import Asker, OrderUnknown, Question, ranking
from apps.library.search.ranking import explain_ranks, in_order
from apps.library.search.ranking_score import WEIGHTS
from tests.factories import NOON, make_performer, make_studio, make_tag, make_user, make_video

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ASKER = Asker(None, NOW)


def ranked(text: str, ordering: str = "-relevance") -> list[str]:
    found = in_order(Question.read(text, asker=ASKER), ordering)
    return [video.title for video in found.videos.order_by(*found.order.order_by())]


def parts(text: str, video: Video, asker: Asker = ASKER) -> dict[str, float]:
    rank = explain_ranks(Question.read(text, asker=asker), [video.pk])[video.pk]
    assert set(rank["parts"]) == set(WEIGHTS)
    return {name: points for name, points in rank["parts"].items() if points}


def test_title_beats_path_and_labels() -> None:
    make_video("Other", path="drone/clip.mp4", added_at=NOON)
    make_video("Labelled", tags=[make_tag("drone")], added_at=NOON)
    make_video("My drone", added_at=NOON)
    make_video("Dronette", added_at=NOON)

    assert ranked("drone")[0] == "My drone"
    assert ranked("drone")[-1] == "Other"


def test_whole_words_beat_parts_of_words() -> None:
    make_video("Catalogue of things", added_at=NOON)
    make_video("Things of a cat there", added_at=NOON)

    assert ranked("cat of")[0] == "Things of a cat there"


@pytest.mark.parametrize("title", ["Żółw café", "zolw CAFE", "Zólw: Café!"])
def test_case_accents_and_punctuation_do_not_count(title: str) -> None:
    video = make_video(title)

    assert parts("zolw cafe", video)["exact_title"] == WEIGHTS["exact_title"]


def test_parts_are_shares_of_the_words() -> None:
    video = make_video(
        "Night flight", path="films/drone.mp4", rating=100, added_at=NOW,
        performers=[make_performer("Ann Flight")], studio=make_studio("Moon"),
    )  # fmt: skip

    found = parts("night drone moon ann", video)

    assert found["title_words"] == WEIGHTS["title_words"] / 4
    assert found["path_words"] == WEIGHTS["path_words"] / 4
    assert found["labels"] == WEIGHTS["labels"] / 2
    assert found["rating"] == WEIGHTS["rating"]
    assert "exact_title" not in found
    assert "duration" not in found


def test_newer_ones_gain_half_after_a_year() -> None:
    new = make_video("Night", added_at=NOW)
    old = make_video("Night", added_at=NOW.replace(hour=0) - timedelta(days=365.25))

    assert parts("night", new)["recency"] == WEIGHTS["recency"]
    assert parts("night", old)["recency"] == pytest.approx(WEIGHTS["recency"] / 2, abs=0.01)


def test_length_counts_as_asked_for_else_as_usual() -> None:
    user = make_user()
    usual = make_video("Played", duration_ms=600_000)
    Viewing.objects.create(user=user, video=usual, play_count=1, last_played_at=NOON)
    short = make_video("Night", duration_ms=300_000)

    asker = Asker(user.pk, NOW)
    assert parts("night", short, asker)["duration"] == pytest.approx(WEIGHTS["duration"] / 2)
    asked = parts("night duration:4m..6m", short, asker)
    assert asked["duration"] == WEIGHTS["duration"]
    for text in ("night duration:none", "night duration:4m..", "night duration>1m"):
        assert "duration" not in parts(text, short)


def test_only_words_that_must_hold_are_ranked_by() -> None:
    video = make_video("Night flight")

    assert "title_words" not in parts("night OR day", video)
    assert parts("night -day", video)["title_words"] == WEIGHTS["title_words"]
    assert parts('"night flight"', video)["title_words"] == WEIGHTS["title_words"]


def test_of_many_matches_the_candidates_are_the_likeliest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "MOST", 5)
    monkeypatch.setattr(ranking, "_NEWEST", 3)
    monkeypatch.setattr(ranking, "_BEST_RATED", 1)
    for number in range(20):
        make_video(f"A night {number}", added_at=NOON - timedelta(days=number))
    make_video("Night", added_at=NOON - timedelta(days=90))
    make_video("NIGHT flight", added_at=NOON - timedelta(days=90))
    make_video("One night", rating=99, added_at=NOON - timedelta(days=90))

    found = ranked("night")

    assert found[:2] == ["Night", "NIGHT flight"]
    assert "One night" in found
    assert {"A night 0", "A night 1", "A night 2"} <= set(found)
    assert len(found) == 6


def test_other_keys_decide_between_equals() -> None:
    for codec in ("b", "a"):
        make_video("Night", bitrate=ord(codec), added_at=NOON, path="same")

    found = in_order(Question.read("night", asker=ASKER), "-relevance,bitrate")

    assert [v.bitrate for v in found.videos.order_by(*found.order.order_by())] == [97, 98]


def test_worst_match_first_if_one_asks_for_it() -> None:
    make_video("Night", added_at=NOON)
    make_video("The long night of the drones", added_at=NOON)

    assert ranked("night", "relevance")[-1] == "Night"


@pytest.mark.parametrize("ordering", ["nope", "-relevance,nope", "nope,-relevance"])
def test_unknown_keys_are_refused(ordering: str) -> None:
    with pytest.raises(OrderUnknown):
        ranked("night", ordering)


def test_takes_five_statements_of_few_matches(django_assert_max_num_queries: Any) -> None:
    for number in range(10):
        make_video(f"Night {number}", tags=[make_tag()])
    question = Question.read("night", asker=ASKER)
    with django_assert_max_num_queries(5):
        found = in_order(question, "-relevance")
        list(found.order.rows_after(found.videos, (), limit=5))
