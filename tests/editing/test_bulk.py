"""Changing many videos at once."""

from datetime import date

import pytest

from apps.editing.services.bulk import Changes, Selection, apply, preview
from apps.library.models import Tag, Video
from tests.factories import make_studio, make_tag, make_video

pytestmark = pytest.mark.django_db


def everything() -> Selection:
    return Selection(Video.objects.all())


def test_adds_and_removes_tags() -> None:
    one, two = make_tag(), make_tag()
    plain, tagged = make_video(tags=[two]), make_video(tags=[one])

    outcome = apply(
        everything(), Changes.read({"tags": {"add": [one.pk], "remove": [two.pk]}})
    )

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
