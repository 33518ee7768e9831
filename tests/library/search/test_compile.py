"""Questions: their parts, and how many statements they cost."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.library.models import Video
from apps.library.search import Asker, QueryError, Question, all_fields, order_of
from apps.query import And, Word, parse
from tests.factories import (
    NOON,
    make_custom_field,
    make_library,
    make_performer,
    make_studio,
    make_tag,
    make_user,
    make_video,
)

pytestmark = pytest.mark.django_db
NOBODY = Asker(None, NOON)


def ask(text: str, asker: Asker = NOBODY) -> set[int]:
    return set(Question.read(text, asker=asker).videos().values_list("pk", flat=True))


def statements(text: str) -> int:
    asker = Asker.of(make_user())
    cache.clear()
    with CaptureQueriesContext(
        connection,
    ) as seen:
        list(Question.read(text, asker=asker).videos().order_by(*order_of("").order_by())[:50])
    return len(seen)


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("ape", 'ape bee OR -dog "the cat" ox'),
        ("tag:t1", "tag:t1,t2,t3 tag=t2 -tag:t1 OR tag!=t3"),
        ("performer:p1", "performer:p1,p2 OR -performer=p3"),
        ("studio:s1", "studio:s1,s2 OR -studio=s3"),
        ("path:/srv", "path:/srv,/media path:/srv/* -path:/x"),
        ("codec:h26*", "codec:h264,h26* -codec:h264 codec!=h264"),
        ("rating>1 size>1GB", "rating>1 size>1GB duration<1h -width:7 OR date:2024 added:7d"),
        ("watched:yes", "watched:yes plays>3 -played:7d markers>2 marker:x"),
        ("mood:x", "mood:x mood:y -mood:z stars>3 OR seen_on:2024"),
    ],
)
def test_a_kind_of_condition_costs_the_same_however_often_it_stands(one: str, many: str) -> None:
    for number in range(1, 4):
        make_tag(f"t{number}")
        make_performer(f"p{number}")
        make_studio(f"s{number}")
    for key, kind in {"mood": "text", "stars": "number", "seen_on": "date"}.items():
        make_custom_field(key, kind=kind)
    make_video()

    assert statements(one) == statements(many) <= 5


def test_a_question_of_numbers_is_one_statement() -> None:
    assert statements("rating>=80 -duration:10m..20m has:cover OR is:favorite") == 1


def test_families_cost_the_same_however_large() -> None:
    parent = make_tag("animal")
    small = statements("tag:animal")
    for number in range(5):
        make_tag(f"animal {number}", parents=[parent])

    assert statements("tag:animal") == small


def test_parts_stand_side_by_side() -> None:
    question = Question.read("ape rating>50 (bee OR dog) -rating:70", asker=NOBODY)

    assert [type(part).__name__ for part in question.parts] == ["Word", "Term", "Or", "Not"]
    assert question.words == [Word("ape")]
    assert question.text == "ape rating>50 (bee OR dog) -rating:70"
    assert Question.read("", asker=NOBODY).parts == ()
    assert Question.read("a OR b", asker=NOBODY).words == []


def test_without_takes_a_fields_own_conditions_away() -> None:
    question = Question.read("ape rating>50 (rating:1 OR dog) -rating:70", asker=NOBODY)

    assert question.without("rating").text == "ape (rating:1 OR dog)"
    assert question.without("size") is question
    assert question.without("rating").node == parse("ape (rating:1 OR dog)")
    assert isinstance(question.node, And)


def test_without_finds_what_the_rest_asks_for() -> None:
    low, high = make_video("ape", rating=10), make_video("ape", rating=90)
    question = Question.read("ape rating>50", asker=NOBODY)

    assert set(question.videos()) == {high}
    assert set(question.without("rating").videos()) == {low, high}
    assert set(question.without("rating", "title").within(Video.objects.filter(rating=10))) == {low}


def test_a_label_that_is_unknown_suggests_its_neighbour() -> None:
    make_tag("Holiday")

    with pytest.raises(QueryError) as caught:
        Question.read("ape tag:holidya", asker=NOBODY)

    assert (caught.value.position, caught.value.length) == (8, 7)
    assert caught.value.suggestion == "Holiday"


def test_a_field_that_is_unknown_suggests_its_neighbour() -> None:
    with pytest.raises(QueryError) as caught:
        Question.read("duratoin>10m", asker=NOBODY)

    assert caught.value.suggestion == "duration>10m"


def test_an_operator_that_a_field_has_not_is_told_those_it_has() -> None:
    with pytest.raises(QueryError) as caught:
        Question.read("codec>h264", asker=NOBODY)

    assert caught.value.expected == (":", "=", "!=")


def test_what_no_file_is_now_can_be_asked_for() -> None:
    assert ask("codec:av1") == ask("audio:truehd") == ask("container:m2ts") == set()


def test_containers_go_by_their_endings_too() -> None:
    cache.clear()
    video = make_video(container="matroska")

    assert ask("container:mkv") == ask("container:matroska") == {video.pk}


def test_an_invented_field_cannot_take_the_place_of_another() -> None:
    make_custom_field("rating", kind="text")
    video = make_video(rating=90)

    assert ask("rating:90") == {video.pk}


def test_days_begin_at_the_local_midnight() -> None:
    with timezone.override("Pacific/Auckland"):
        asker = Asker(None, timezone.localtime(NOON))  # one o'clock on the 22nd
        late = make_video(added_at=NOON - timedelta(hours=2))  # the 21st there
        early = make_video(added_at=NOON)

        assert ask("added:today", asker) == {early.pk}
        assert ask("added:yesterday", asker) == {late.pk}
        assert ask("added:2026-11-22", asker) == {early.pk}


def test_each_user_has_their_own_plays() -> None:
    from apps.library.models import Viewing

    one, other = make_user(), make_user()
    video, never = make_video(), make_video()
    Viewing.objects.create(user=one, video=video, play_count=2, last_played_at=NOON)

    assert ask("watched:yes", Asker(one.pk, NOON)) == {video.pk}
    assert ask("watched:yes", Asker(other.pk, NOON)) == set()
    assert ask("plays:2", Asker(one.pk, NOON)) == {video.pk}
    assert ask("plays:0", Asker(other.pk, NOON)) == {video.pk, never.pk}
    assert ask("watched:yes OR plays>0 OR played:any") == set()
    assert ask("plays:0 -played:2020..") == {video.pk, never.pk}


def test_a_path_begins_at_its_library_whatever_its_root() -> None:
    root, films = make_library(root="/"), make_library(root="/srv/films")
    from tests.factories import make_file

    one = make_video(file=make_file(b"srv/a/ape.mp4", library=root))
    two = make_video(file=make_file(b"a/ape.mp4", library=films))

    assert ask("path:/srv") == {one.pk, two.pk}
    assert ask("path:/srv/films") == {two.pk}
    assert ask("path:/srv/a") == {one.pk}
    assert ask("path:/srv/*ape*") == {one.pk, two.pk}
    assert ask("path:/sr") == set()


def test_every_choice_can_be_asked_for(settings: Any) -> None:
    make_video()
    for field in all_fields():
        for value, _label in field.choices():
            Question.read(f'{field.name}:"{value}"', asker=NOBODY)


class TestMended:
    """What the random queries found."""

    def test_sounds_have_no_resolution_and_are_not_of_one(self) -> None:
        sound = make_video(width=None, height=None)
        assert ask("-resolution:1080p") == {sound.pk}

    def test_an_invented_text_that_is_null_is_not_what_is_asked(self) -> None:
        make_custom_field("mood")
        video = make_video(custom={"mood": None})
        assert ask("-mood:happy") == {video.pk}

    def test_several_stars_in_a_choice(self) -> None:
        cache.clear()
        video = make_video(video_codec="mpeg2video")
        assert ask("codec:m*2*o") == {video.pk}

    def test_an_accent_does_not_change_where_a_letter_counts(self) -> None:
        make_video("ape")
        assert ask("é") == ask("e") == set()

    def test_invented_fields_can_be_asked_for(self) -> None:
        make_custom_field("stars", kind="number")
        video = make_video(custom={"stars": 4})
        assert ask("stars>3") == {video.pk}
