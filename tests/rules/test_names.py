"""Names of labels found in titles and paths."""

import re
import unicodedata
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.models import AuditEntry
from apps.editing.services.bulk import undo_bulk
from apps.library.models import Performer, Tag, Video
from apps.rules.choices import Where
from apps.rules.services import autotag
from apps.rules.services.autotag import auto_tag, foresee, settings_of_all
from apps.rules.services.names import FOUND, covered, find
from tests.factories import make_performer, make_studio, make_tag, make_video

pytestmark = pytest.mark.django_db


def with_settings(**values: Any) -> Any:
    row = settings_of_all()
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    return row


def run(**values: Any) -> Any:
    return auto_tag(Video.objects.all(), with_settings(**values))


def tags_of(video: Video) -> set[str]:
    return set(video.tags.values_list("name", flat=True))


@pytest.mark.parametrize(
    ("name", "path", "found"),
    [
        ("Beach", "x/beach-day.mp4", True),
        ("Beach", "x/BEACH.mp4", True),
        ("Beach", "x/beaches.mp4", False),
        ("Beach", "x/my_beach_2024.mp4", True),
        ("Café Noir", "cafe.noir/1.mp4", True),
        ("cafe noir", "CAFÉ (NOIR)/1.mp4", True),
        ("Big Sky", "big/sky.mp4", True),
        ("Big Sky", "big blue sky.mp4", False),
        ("Straße", "strasse 5.mp4", True),
        ("Пляж", "лето/пляж.mp4", True),
        ("Пляж", "пляжный.mp4", False),
        ("宮崎駿", "監督宮崎駿作品集.mp4", True),
        ("東京", "東京タワー.mp4", True),
        ("東", "東京.mp4", False),
        ("100%", "100% real.mp4", True),
        ("ab_c", "ab c.mp4", True),
        ("ab", "ab.mp4", False),
    ],
)
def test_names_are_whole_words_however_they_are_written(name: str, path: str, found: bool) -> None:
    make_tag(name)
    video = make_video("-", path=path)

    run()

    assert tags_of(video) == ({name} if found else set())


def test_other_names_count_and_the_label_comes_once() -> None:
    make_tag("Ocean", aliases=["Sea", "Deep blue"])
    video = make_video("The deep blue sea")

    assert run().outcome.changed == 1
    assert tags_of(video) == {"Ocean"}


def test_a_name_within_a_longer_one_is_not_meant() -> None:
    for name in ("Ann", "Ann Smith", "Smith Jones"):
        make_performer(name)
    one, both, chain = (
        make_video("with Ann Smith"), make_video("Ann Smith and Ann"), make_video("Ann Smith Jones")
    )  # fmt: skip

    run()

    def names(video: Video) -> set[str]:
        return set(video.performers.values_list("name", flat=True))

    assert names(one) == {"Ann Smith"}
    assert names(both) == {"Ann Smith", "Ann"}
    assert names(chain) == {"Ann Smith", "Smith Jones"}


def test_a_name_that_two_have_is_nobodys() -> None:
    make_performer("Ann", disambiguation="actor")
    make_performer("Ann", disambiguation="singer")
    video = make_video("Ann"), make_video("Ann, actor")

    run()

    assert not video[0].performers.exists()
    assert video[1].performers.get().disambiguation == "actor"


def test_a_studio_is_given_to_videos_without_one_if_there_is_no_doubt() -> None:
    acme, other = make_studio("Acme"), make_studio("Other")
    plain, taken = make_video("Acme 1"), make_video("Acme 2", studio=other)
    doubtful = make_video("Acme or Other")

    run()

    for video in (plain, taken, doubtful):
        video.refresh_from_db()
    assert (plain.studio, taken.studio, doubtful.studio) == (acme, other, None)
    acme.refresh_from_db()
    assert acme.video_count == 1


def test_locked_fields_and_ignored_labels_stay_out() -> None:
    beach, sky = make_tag("Beach"), make_tag("Sky")
    locked, free = make_video("Beach", locked_fields=["tags"]), make_video("Beach and sky")
    settings_of_all().ignored_tags.add(sky)

    run()

    assert tags_of(locked) == set()
    assert set(free.tags.all()) == {beach}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (Where.ANYWHERE, {"title", "file", "folder", "both"}),
        (Where.TITLE, {"title"}),
        (Where.PATH, {"file", "folder", "both"}),
        (Where.FOLDERS, {"folder"}),
    ],
)
def test_where_names_are_looked_for(where: Where, found: set[str]) -> None:
    make_tag("Big Sky")
    make_video("title Big Sky", path="a/b.mp4")
    make_video("file", path="a/big sky.mp4")
    make_video("folder", path="x/Big_Sky!/b.mp4")
    make_video("both", path="x/more big sky/b.mp4")

    run(where=where)

    tagged = Video.objects.filter(tags__name="Big Sky").values_list("title", flat=True)
    assert {title.split()[0] for title in tagged} == found


def test_kinds_can_be_left_out() -> None:
    make_tag("Beach")
    make_performer("Ann")
    video = make_video("Ann at the beach")

    run(tags=False)

    assert tags_of(video) == set()
    assert video.performers.count() == 1


def test_a_dry_run_writes_nothing_and_says_the_same() -> None:
    tag = make_tag("Beach")
    make_video("Beach")
    make_video("Mountain")

    found = foresee(Video.objects.all(), settings_of_all())

    assert (found.outcome.matched, found.outcome.changed, found.outcome.entry) == (2, 1, None)
    assert found.outcome.samples[0].changes == {"tags": [[], [tag.pk]]}
    assert found.busiest == [("tag", tag.pk, "Beach", 1)]
    assert not AuditEntry.objects.exists()


def test_one_entry_that_is_undone_as_a_whole() -> None:
    make_tag("Beach")
    make_studio("Acme")
    videos = [make_video(f"Acme beach {n}") for n in range(3)]

    entry = run().outcome.entry
    assert entry.row_count == 3
    assert run().outcome.entry is None
    undo_bulk(entry)

    for video in videos:
        video.refresh_from_db()
        assert tags_of(video) == set()
        assert video.studio is None


def test_a_label_that_is_deleted_meanwhile_is_given_to_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone, kept = make_tag("Beach"), make_tag("Sunny")
    video = make_video("Sunny beach")

    def find_and_delete(*args: Any) -> None:
        find(*args)
        gone.delete()

    monkeypatch.setattr(autotag, "find", find_and_delete)
    run()

    video.refresh_from_db()
    assert video.tag_ids == [kept.pk]
    connection.check_constraints()


def test_many_videos_cost_the_queries_of_few(django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        make_tag(f"Name {number:02}")
        make_video(f"Name {number:02}")

    with django_assert_max_num_queries(60):
        assert run().outcome.changed == 30


def test_covered_names_are_those_that_stand_nowhere_else() -> None:
    names = [(" ann ", False), (" ann smith ", False)]

    assert covered(" ann smith | ", names) == {" ann "}
    assert covered(" ann smith | ann ", names) == set()


_WORDS = ["ann", "smith", "éa", "big", "sky", "海", "東京"]
_names = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=3).map(" ".join)
_texts = st.lists(
    st.tuples(st.sampled_from(_WORDS), st.sampled_from([" ", "-", "_", ". ", "", ", "])), max_size=7
).map(lambda parts: "".join(word + gap for word, gap in parts))


def naive(names: dict[int, str], text: str) -> set[int]:
    """The same, one name after the other."""

    def fold(raw: str) -> list[str]:
        plain = unicodedata.normalize("NFKD", raw.lower())
        plain = "".join(c for c in plain if not unicodedata.combining(c))
        return [word for word in re.split(r"[\x01-\x2f:-@\[-`{-\x7f]+", plain) if word]

    joined = f" {' '.join(fold(text))} "
    places = {}
    for pk, name in names.items():
        words = " ".join(fold(name))
        if len(words.replace(" ", "")) < (2 if re.search("[海東京]", words) else 3):
            continue
        loose = bool(re.search("[海東京]", words)) and " " not in words
        wanted, margin = (words, 0) if loose else (f" {words} ", 1)
        places[pk] = (
            len(words),
            [
                (at + margin, at + len(wanted) - margin)
                for at in range(len(joined)) if joined.startswith(wanted, at)
            ],
        )  # fmt: skip
    found = {pk: spans for pk, (_, spans) in places.items() if spans}
    return {
        pk for pk, spans in found.items()
        if not all(
            any(
                a <= at and to <= b
                for other, more in found.items() if places[other][0] > places[pk][0]
                for a, b in more
            )
            for at, to in spans
        )
    }  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(_names, max_size=6, unique_by=lambda n: n.lower()), st.lists(_texts, max_size=4))
def test_the_database_finds_what_a_person_would_one_by_one(
    names: list[str], texts: list[str]
) -> None:
    with transaction.atomic():
        save = transaction.savepoint()
        tags = {Tag.objects.create(name=name).pk: name for name in names}
        videos = {make_video("-", path=text or "-").pk: text for text in texts}

        find(Video.objects.all(), with_settings(where=Where.PATH))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id, label_id FROM {FOUND}")
            found = set(cursor.fetchall())
        transaction.savepoint_rollback(save)

    assert found == {(pk, tag) for pk, text in videos.items() for tag in naive(tags, text)}
    assert Performer.objects.count() == 0
