"""Changing many videos at once."""

from datetime import date
from typing import Any

import pytest

from apps.core import undo
from apps.core.undo import Contested, Undone
from apps.editing.services.bulk import Changes, Selection, apply, preview
from apps.library.models import Performer, Studio, Tag, Video
from tests.factories import make_custom_field, make_studio, make_tag, make_video

pytestmark = pytest.mark.django_db


def state() -> list[dict[str, Any]]:
    """All that a bulk edit may change, but versions and times."""
    fields = [
        "id", "title", "rating", "favorite", "organized", "date", "studio", "custom", "provenance",
        "tag_ids", "performer_ids",
    ]  # fmt: skip
    rows = list(Video.objects.order_by("pk").values(*fields))
    for row in rows:
        video = Video.objects.get(pk=row["id"])
        assert row["tag_ids"] == sorted(tag.pk for tag in video.tags.all())
        assert row["performer_ids"] == sorted(one.pk for one in video.performers.all())
    for model in (Tag, Performer, Studio):
        rows += list(model.objects.order_by("pk").values("pk", "video_count"))
    return rows


def everything() -> Selection:
    return Selection(Video.objects.all())


def test_adds_and_removes_tags() -> None:
    one, two = make_tag(), make_tag()
    plain, tagged = make_video(tags=[two]), make_video(tags=[one])

    outcome = apply(everything(), Changes.read({"tags": {"add": [one.pk], "remove": [two.pk]}}))

    assert (outcome.matched, outcome.changed, outcome.unchanged) == (2, 1, 1)
    plain.refresh_from_db()
    tagged.refresh_from_db()
    assert plain.tag_ids == [one.pk] == [tag.pk for tag in plain.tags.all()]
    assert (plain.version, tagged.version) == (2, 1)
    assert dict(Tag.objects.values_list("pk", "video_count")) == {one.pk: 2, two.pk: 0}
    assert outcome.samples[0].changes == {"tags": [[two.pk], [one.pk]]}


def test_sets_columns() -> None:
    old, new = make_studio(), make_studio()
    videos = [make_video(studio=old), make_video(), make_video(studio=new, rating=5)]
    changes = Changes.read(
        {"studio": new.pk, "rating": 5, "favorite": True, "organized": True, "date": "2020-02-03"}
    )

    foreseen = preview(everything(), changes)
    apply(everything(), changes)

    assert (foreseen.changed, foreseen.entry) == (3, None)
    for video in videos:
        video.refresh_from_db()
        assert (video.studio, video.rating, video.favorite) == (new, 5, True)
        assert (video.organized, video.date) == (True, date(2020, 2, 3))
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.video_count, new.video_count) == (0, 3)


def test_undo_brings_back_all() -> None:
    kept, gone, added = make_tag(), make_tag(), make_tag()
    studio = make_studio()
    make_custom_field("place")
    make_video("Old one", tags=[kept, gone], rating=3, custom={"place": "x"})
    make_video("two", tags=[added], studio=studio)
    before = state()
    changes = Changes.read(
        {
            "tags": {"add": [added.pk], "remove": [gone.pk]},
            "studio": None,
            "rating": 9,
            "title": {"find": "o", "replace": "0"},
            "custom": {"place": "y"},
            "date": "2001-01-01",
        }
    )

    outcome = apply(everything(), changes)

    assert outcome.entry
    assert outcome.changed == 2
    assert [v.title for v in Video.objects.order_by("pk")] == ["0ld 0ne", "tw0"]
    assert state() != before
    undone = undo.undo_many(outcome.entry, Contested.REFUSE)
    assert state() == before
    assert isinstance(undone, Undone)
    again = undo.undo_many(undone.entry, Contested.REFUSE)
    assert [v.title for v in Video.objects.order_by("pk")] == ["0ld 0ne", "tw0"]
    undo.undo_many(again.entry, Contested.REFUSE)
    assert state() == before
