"""What was probably meant where a word finds nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from hypothesis import given
from hypothesis import strategies as st

from apps.library.models import Video, Word
from apps.library.search import Asker, Question
from apps.library.search.forgiving import distance, forgive
from apps.library.services.vocabulary import learn_words
from apps.library.tasks import vocabulary
from tests.factories import make_performer, make_studio, make_tag, make_video

pytestmark = pytest.mark.django_db
ASKER = Asker(None, datetime(2026, 11, 21, 12, tzinfo=UTC))


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()


def meant(text: str) -> str:
    """The query that is asked instead; empty if it is asked as it stands."""
    forgiven = forgive(Question.read(text, asker=ASKER))
    return forgiven.question.text if forgiven else ""


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("dorne", "drone"), ("dronne", "drone"), ("droone", "drone"), ("frone", "drone"),
        ("DRNOE", "drone"), ("holliday", "holiday"), ("hoilday", "holiday"),
        ("Zoë", "zoo"), ("cafeteia", "cafeteria"),
    ],
)  # fmt: skip
def test_word_becomes_the_most_similar_one(typed: str, known: str) -> None:
    make_video(f"A {known}")
    make_video("Something else entirely")
    learn_words()

    assert meant(typed) == known


def test_nearer_word_is_preferred() -> None:
    for title in ("drones", "drone", "drove"):
        make_video(title)
    learn_words()

    assert meant("dorne") == "drone"


@pytest.mark.parametrize(
    "text", ["drone", "", '"dorne"', "-dorne", "title:dorne", "xq", "12345", "qwxyzv", "dorne zzz"]
)
def test_nothing_else_is_replaced(text: str) -> None:
    make_video("drone")
    learn_words()

    assert meant(text) == ""


def test_only_words_that_find_nothing_are_replaced() -> None:
    make_video("night drone", video_codec="hevc")
    learn_words()

    assert meant("night dorne codec:hevc -cat") == "night drone codec:hevc -cat"
    assert meant("(dorne OR zzzz) night") == "(drone OR zzzz) night"
    assert meant("night dorne codec:hevc rating:5") == ""


def test_names_of_labels_are_known_too() -> None:
    make_video(tags=[make_tag("Waterfall")], performers=[make_performer("Lovelace")])
    make_video(studio=make_studio("Ghibli", aliases=["Kaguya"]))
    learn_words()

    assert (meant("watefall"), meant("lovelcae"), meant("kaguja")) == (
        "waterfall", "lovelace", "kaguya",
    )  # fmt: skip


def test_words_that_no_title_has_any_more_are_no_answer() -> None:
    video = make_video("drone")
    learn_words()
    Video.objects.filter(pk=video.pk).update(title="cat")

    assert meant("dorne") == ""


def test_vocabulary_holds_words_once_folded_and_no_numbers() -> None:
    make_video("Żółw: the Café 2024 of ab CAFÉ 1080p")
    make_video("cafe")

    learn_words()

    assert set(Word.objects.values_list("text", flat=True)) == {"zolw", "the", "cafe", "1080p"}
    assert learn_words() == 0


def test_only_what_changed_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([1, 2])
    monkeypatch.setattr(vocabulary, "_learnt_at", [])
    monkeypatch.setattr(vocabulary, "writes", lambda *_tables: next(counts))
    old = make_video("ancient")
    vocabulary.learn_new_words.call()
    Video.objects.filter(pk=old.pk).update(
        title="unseen", updated_at=old.updated_at - timedelta(days=1)
    )
    make_video("fresh")

    vocabulary.learn_new_words.call()

    assert set(Word.objects.values_list("text", flat=True)) == {"ancient", "fresh"}


def test_nothing_is_read_while_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(vocabulary, "_learnt_at", [])
    vocabulary.learn_new_words.call()

    with django_assert_num_queries(1):
        vocabulary.learn_new_words.call()


def test_learning_costs_a_statement_a_table(django_assert_num_queries: Any) -> None:
    for number in range(5):
        make_video(f"word{number} again")
    with django_assert_num_queries(4):
        learn_words()


@pytest.mark.parametrize("text", ["%%%", "___", "\\\\\\", "a'b\"c", "ﬃﬃ", "x" * 200, "🙂🙂🙂"])
def test_odd_words_are_no_error(text: str) -> None:
    make_video("drone")
    learn_words()

    assert forgive(Question.of(Question.read("zzz", asker=ASKER).node, asker=ASKER)) is None
    quoted = text.replace('"', "")
    assert meant(quoted) == ""


@given(st.text("abc", max_size=6), st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_distance_is_a_distance(one: str, other: str, third: str) -> None:
    assert (distance(one, other) == 0) == (one == other)
    assert distance(one, other) == distance(other, one)
    assert distance(one, other) <= max(len(one), len(other))


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [("dorne", "drone", 1), ("kitten", "sitting", 3), ("", "ab", 2), ("hlaf", "half", 1)],
)
def test_swapped_letters_are_one_error(one: str, other: str, far: int) -> None:
    assert distance(one, other) == far
