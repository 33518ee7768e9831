"""Changing many videos at once."""

from datetime import date

import pytest

from apps.core import undo
from apps.core.context import Actor, acting
from apps.core.models import AuditEntry, AuditRow
from apps.core.undo import Contested
from apps.editing.services.bulk import (
    Changes,
    ChangesRefused,
    Outcome,
    Selection,
    apply,
    preview,
    undo_bulk,
)
from apps.library.models import Studio, Tag, Video
from apps.library.services.merge import merge_tags
from apps.library.services.videos import edit_video
from tests.editing.states import state
from tests.factories import (
    make_custom_field,
    make_performer,
    make_studio,
    make_tag,
    make_user,
    make_video,
)

pytestmark = pytest.mark.django_db


def change(changes: dict[str, object]) -> Outcome:
    """Change all videos there are."""
    return apply(Selection(Video.objects.all()), Changes.read(changes))


def entry_of(outcome: Outcome) -> AuditEntry:
    assert outcome.entry
    return outcome.entry


class TestApply:
    def test_adds_and_removes_labels(self) -> None:
        one, two, person = make_tag(), make_tag(), make_performer()
        plain, tagged = make_video(tags=[two], performers=[person]), make_video(tags=[one])

        outcome = change(
            {
                "tags": {"add": [one.pk], "remove": [two.pk]},
                "performers": {"remove": [person.pk]},
            }
        )

        assert (outcome.matched, outcome.changed, outcome.unchanged) == (2, 1, 1)
        plain.refresh_from_db()
        tagged.refresh_from_db()
        assert (plain.tag_ids, plain.performer_ids, tagged.tag_ids) == ([one.pk], [], [one.pk])
        assert (plain.version, tagged.version) == (2, 1)
        assert state()
        changes = {"tags": [[two.pk], [one.pk]], "performers": [[person.pk], []]}
        assert outcome.samples[0].changes == changes

    def test_sets_columns(self) -> None:
        old, new = make_studio(), make_studio()
        videos = [make_video(studio=old), make_video(), make_video(studio=new, rating=5)]
        changes = Changes.read(
            {
                "studio": new.pk, "rating": 5, "favorite": True, "organized": True,
                "date": "2020-02-03",
            }
        )  # fmt: skip
        everything = Selection(Video.objects.all())

        foreseen = preview(everything, changes)
        apply(everything, changes)

        assert (foreseen.changed, foreseen.entry) == (3, None)
        for video in videos:
            video.refresh_from_db()
            assert (video.studio, video.rating, video.favorite) == (new, 5, True)
            assert (video.organized, video.date) == (True, date(2020, 2, 3))
        assert state()
        assert apply(everything, changes).entry is None

    def test_says_who_gave_the_values(self) -> None:
        user, tag = make_user(), make_tag()
        video = make_video()
        with acting(Actor(user_id=user.pk, request_id="r1")):
            entry = entry_of(change({"tags": {"add": [tag.pk]}}))

        video.refresh_from_db()
        mark = video.provenance["tags"]
        assert (mark["source"], mark["by"]) == ("person", user.pk)
        assert (entry.user, entry.request_id, entry.row_count) == (user, "r1", 1)
        assert entry.changes == {"tags": [[], [tag.pk]]}
        row = AuditRow.objects.get()
        assert row.changes == {"tags": [[], [tag.pk]], "provenance": [{}, {"tags": mark}]}

    def test_jobs_of_nobody_leave_locked_fields(self) -> None:
        locked, free = make_video(locked_fields=["rating"]), make_video()
        with acting(Actor(job_id=7)):
            outcome = change({"rating": 3, "favorite": True})
        with acting(Actor(job_id=8, user_id=make_user().pk)):
            asked = change({"rating": 4})

        assert (outcome.changed, asked.changed) == (2, 2)
        own = AuditRow.objects.get(entry=entry_of(outcome), object_id=locked.pk)
        assert own.changes.keys() == {"favorite", "provenance"}
        free.refresh_from_db()
        assert free.rating == 4

    def test_a_label_that_is_gone_is_named(self) -> None:
        tag = make_tag()
        make_video()
        changes = Changes.read({"tags": {"add": [tag.pk]}})
        Tag.objects.all().delete()

        with pytest.raises(ChangesRefused, match=str(tag.pk)):
            apply(Selection(Video.objects.all()), changes)

    def test_several_in_one_transaction(self) -> None:
        make_video()
        for rating in (1, 2, 3):
            change({"rating": rating})
        assert Video.objects.get().rating == 3


class TestUndo:
    def test_brings_back_all(self) -> None:
        kept, gone, added = make_tag(), make_tag(), make_tag()
        make_custom_field("place")
        first = make_video("Old one", tags=[kept, gone], rating=3, custom={"place": "x"})
        make_video("two", tags=[added], studio=make_studio(), date=date(2000, 2, 29))
        edit_video(first, {"rating": 4})
        before = state()
        entry = entry_of(
            change(
                {
                    "tags": {"add": [added.pk], "remove": [gone.pk]}, "studio": None, "rating": 9,
                    "title": {"find": "o", "replace": "0"}, "custom": {"place": "y"},
                    "date": "2001-01-01", "favorite": True,
                }
            )
        )  # fmt: skip
        after = state()

        undone = undo_bulk(entry)
        assert state() == before
        again = undo_bulk(undone.entry)
        assert state() == after
        undo_bulk(again.entry)
        assert state() == before
        with pytest.raises(undo.NotUndoable, match="as it was before"):
            undo_bulk(entry)

    def test_leaves_later_edits_of_other_fields(self) -> None:
        one, two = make_tag(), make_tag()
        video = make_video(rating=1)
        entry = entry_of(change({"tags": {"add": [one.pk]}, "rating": 5}))
        edit_video(video, {"title": "new"}, tags=[one, two])

        undo_bulk(entry)

        video.refresh_from_db()
        assert (video.title, video.rating, video.tag_ids) == ("new", 1, [two.pk])
        assert video.provenance.keys() == {"title", "tags"}

    def test_conflicts_are_refused_kept_or_overwritten(self) -> None:
        make_custom_field("a")
        make_custom_field("b")
        video, other = make_video(custom={"a": "1"}), make_video()
        entry = entry_of(change({"custom": {"a": "2", "b": "2"}, "rating": 2}))
        edit_video(video, {"custom": {"a": "3"}, "rating": 3})
        before = state()

        with pytest.raises(undo.ChangedSince) as refused:
            undo_bulk(entry)
        assert state() == before
        assert refused.value.details["conflicts"] == 1
        assert refused.value.details["samples"][0]["contested"] == ["rating", "custom"]
        foreseen = undo.foresee(entry)
        assert (foreseen.changed, foreseen.contested) == (2, 1)
        assert state() == before

        undo_bulk(entry, Contested.KEEP)
        video.refresh_from_db()
        other.refresh_from_db()
        assert (video.custom, video.rating) == ({"a": "3"}, 3)
        assert (other.custom, other.rating) == ({}, None)
        undo_bulk(entry, Contested.OVERWRITE)
        video.refresh_from_db()
        assert (video.custom, video.rating) == ({"a": "1"}, None)

    def test_what_is_gone_is_told(self) -> None:
        tag, studio = make_tag("beach"), make_studio("Acme")
        kept, gone = make_video(tags=[tag], studio=studio, rating=1), make_video(tags=[tag])
        entry = entry_of(change({"tags": {"set": []}, "studio": None, "rating": 2}))
        merge_tags(tag, into=make_tag("sea"))
        Studio.objects.all().delete()
        gone.delete()

        undone = undo_bulk(entry)

        kept.refresh_from_db()
        assert (kept.rating, kept.tag_ids, kept.studio) == (1, [], None)
        assert undone.lost == [
            "tags beach (deleted)", f"studio #{studio.pk}", "1 of the videos, deleted since",
        ]  # fmt: skip
        with pytest.raises(undo.NotUndoable, match="beach"):
            undo_bulk(entry)

    def test_a_tag_that_went_and_came_by_hand_stays_counted(self) -> None:
        tag = make_tag()
        video = make_video()
        entry = entry_of(change({"tags": {"add": [tag.pk]}}))
        edit_video(video, {}, tags=[])
        edit_video(video, {}, tags=[tag])

        undo_bulk(entry)

        assert state(provenance=False)
        assert Tag.objects.get().video_count == 0

    def test_one_video_has_its_own_history(self) -> None:
        one, two = make_video(rating=1), make_video()
        entry_of(change({"rating": 3}))

        [mine] = AuditEntry.objects.about(one)
        assert mine.own_changes.pop("provenance")  # type: ignore[attr-defined]
        assert mine.own_changes == {"rating": [1, 3]}  # type: ignore[attr-defined]
        assert not AuditEntry.objects.about(make_tag())
        assert AuditEntry.objects.about(two).count() == 1
