"""The labels that videos are found by: in step with them, and asked where that is shorter."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import BooleanField, Case, Exists, F, OuterRef, Q, Value, When
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.core.counting import expected_count
from apps.library import finding
from apps.library.finding import _ways, found
from apps.library.models import Marker, Studio, Tag, Video, VideoLabels, VideoPerformer, VideoTag
from apps.library.search.filed import filed_under
from apps.library.search.texts import holds
from tests.editing.states import check_labels
from tests.factories import make_library, make_performer, make_studio, make_tag, make_video

RATED = Q(Case(When(rating=3, then=Value(True)), default=Value(False), output_field=BooleanField()))
MARKED = Q(Exists(Marker.objects.filter(video=OuterRef("pk"))))


@pytest.mark.django_db
def test_every_writer_of_videos_keeps_it() -> None:
    video, other = make_video("Night"), make_video("Day")
    tag, performer, studio = make_tag(), make_performer(), make_studio()
    check_labels()
    video.tags.add(tag)
    video.performers.set([performer])
    check_labels()
    Video.objects.update(studio=studio)
    check_labels()
    Video.objects.filter(pk=video.pk).update(title="Noon")
    Video.objects.filter(pk=other.pk).update(path="a/b.mp4", rating=3)
    check_labels()
    VideoTag.objects.all().delete()
    VideoPerformer.objects.all().delete()
    check_labels()
    Studio.objects.all().delete()
    check_labels()
    video.delete()
    check_labels()
    library = make_library()
    Video.objects.bulk_create(Video(library=library, title=f"V{n}") for n in range(3))
    check_labels()
    library.delete()
    assert VideoLabels.objects.count() == Video.objects.count() == 1


@pytest.mark.django_db
def test_changes_of_nothing_that_it_holds_leave_it_alone() -> None:
    video = make_video("Night")
    with connection.cursor() as cursor:
        cursor.execute("SELECT ctid::text FROM library_videolabels")
        before = cursor.fetchone()
        Video.objects.update(rating=5, details="more", title="Night", version=F("version") + 1)
        cursor.execute("SELECT ctid::text FROM library_videolabels")
        assert cursor.fetchone() == before, video


@pytest.mark.django_db(transaction=True)
def test_tagging_a_video_writes_none_of_its_other_indexes() -> None:
    """PostgreSQL counts such updates as heap-only."""
    videos, tag = [make_video(f"Night {number}") for number in range(30)], make_tag()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM FULL library_video")  # as migration 0013 does: other tests' rows go
        with transaction.atomic():
            before = _updates(cursor)
            VideoTag.objects.bulk_create(VideoTag(video=video, tag=tag) for video in videos)
            updated, heap_only = (n - m for n, m in zip(_updates(cursor), before, strict=True))
            assert updated == 30
            assert heap_only > 25  # a page that was just half full may lack room for its last


def _updates(cursor: CursorWrapper) -> tuple[int, int]:
    """How many rows of videos this connection has updated, and how many of these heap-only."""
    cursor.execute(
        "SELECT pg_stat_get_xact_tuples_updated(oid), pg_stat_get_xact_tuples_hot_updated(oid)"
        " FROM pg_class WHERE relname = 'library_video'"
    )
    updated, heap_only = cursor.fetchone()
    return updated, heap_only


_TAGS = st.integers(1, 4)
_LEAVES = st.one_of(
    _TAGS.map(lambda tag: Q(tag_ids__overlap=[tag])),
    st.sampled_from([holds("ape"), holds("bee"), Q(tag_ids=[]), Q(studio__isnull=True)]),
    st.sampled_from([Q(rating__gte=3), Q(favorite=True), Q(rating__isnull=True), MARKED, RATED]),
)
_CONDITIONS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda both: both[0] & both[1]),
        st.tuples(inner, inner).map(lambda both: both[0] | both[1]),
        inner.map(lambda one: ~one),
    ),
    max_leaves=8,
)


class TestWays(TestCase):
    """Each finds the same videos, once."""

    @given(
        _CONDITIONS,
        st.lists(
            st.tuples(
                st.sampled_from(["ape", "bee", "ape bee", "cat"]),
                st.sets(_TAGS), st.none() | st.integers(1, 5), st.booleans(),
            ),
            max_size=6,
        ),
    )  # fmt: skip
    def test_find_the_same(self, condition: Q, videos: list[Any]) -> None:
        library = make_library()
        Video.objects.bulk_create(
            Video(library=library, title=title, tag_ids=sorted(tags), rating=rating, favorite=liked)
            for title, tags, rating, liked in videos
        )
        plain = sorted(Video.objects.filter(condition).values_list("pk", flat=True))
        for way in _ways(Video.objects.all(), condition):
            assert sorted(way.values_list("pk", flat=True)) == plain, way.query


@pytest.mark.django_db
def test_as_many_are_expected_by_either_way() -> None:
    """Of an array of a subquery the planner alone would expect ten elements."""
    common = make_tag()
    library = make_library()
    Video.objects.bulk_create(
        Video(library=library, title="Night", tag_ids=[common.pk]) for _ in range(2_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE library_video, library_videolabels")
    each, by_labels = _ways(Video.objects.all(), filed_under(Tag, [common.pk]))

    assert expected_count(each).rows == 2_000
    assert expected_count(by_labels).rows == 2_000
    assert expected_count(by_labels).cost > 2_000


@pytest.mark.django_db
def test_the_rare_are_found_by_their_labels_and_a_page_of_the_common_in_its_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(finding, "_CHEAP", 0.0)  # of so few videos each way is
    common, rare = make_tag(), make_tag()
    Video.objects.bulk_create(
        Video(library=make_library(), title="Night", tag_ids=[common.pk]) for _ in range(3_000)
    )
    make_video("Day", tags=[rare])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE library_video, library_videolabels")

    def by_labels(*tags: Tag, whole: bool) -> bool:
        condition = filed_under(Tag, [tag.pk for tag in tags])
        return "library_videolabels" in str(
            found(Video.objects.all(), condition, whole=whole).query
        )

    assert by_labels(rare, whole=False)
    assert by_labels(rare, whole=True)
    assert not by_labels(common, whole=False)
    assert not by_labels(common, rare, whole=True)
