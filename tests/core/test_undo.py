"""Taking changes back."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core import audit, undo
from apps.core.models import AuditAction, AuditEntry
from apps.core.undo import rules
from apps.library.models import CustomField, Marker, Studio, Tag, Video
from apps.library.services.merge import merge_tags
from apps.library.services.tags import edit_tag
from apps.library.services.videos import edit_video
from tests.factories import (
    make_custom_field,
    make_marker,
    make_performer,
    make_studio,
    make_tag,
    make_user,
    make_video,
)

pytestmark = pytest.mark.django_db


def newest() -> AuditEntry:
    return AuditEntry.objects.order_by("-pk")[0]


def entry_about(object_type: str, **values: Any) -> AuditEntry:
    values = {
        "action": AuditAction.CHANGED,
        "object_id": 1,
        "changes": {"name": ["a", "b"]},
    } | values
    return AuditEntry.objects.create(object_type=object_type, object_name="x", **values)


class TestChange:
    def test_goes_back_and_forth(self) -> None:
        studio = make_studio()
        video = make_video("old", date=date(2000, 1, 1), studio=studio)
        audit.update(video, {"title": "new", "date": None, "studio": None, "rating": 5})

        undone = undo.undo(newest())

        video.refresh_from_db()
        assert (video.title, video.date, video.studio, video.rating) == (
            "old", date(2000, 1, 1), studio, None,
        )  # fmt: skip
        assert video.version == 3
        assert (undone.lost, undone.entry.action) == ([], AuditAction.CHANGED)
        assert undone.entry.changes["title"] == ["new", "old"]
        undo.undo(undone.entry)
        video.refresh_from_db()
        assert (video.title, video.date, video.studio, video.rating) == ("new", None, None, 5)

    def test_leaves_alone_what_came_later(self) -> None:
        video = make_video("old")
        audit.update(video, {"title": "new"})
        first = newest()
        audit.update(video, {"rating": 5})

        undo.undo(first)

        video.refresh_from_db()
        assert (video.title, video.rating) == ("old", 5)

    def test_of_what_was_changed_again_is_refused_by_name_unless_forced(self) -> None:
        video = make_video("old", rating=1)
        audit.update(video, {"title": "new", "rating": 2})
        first = newest()
        audit.update(video, {"title": "newest"})
        count = AuditEntry.objects.count()

        with pytest.raises(undo.ChangedSince) as refused:
            undo.undo(first)

        assert (refused.value.code, refused.value.status, refused.value.field) == (
            "changed_since", 409, "title",
        )  # fmt: skip
        assert "“newest” now, would become “old”" in str(refused.value)
        video.refresh_from_db()
        assert (video.rating, AuditEntry.objects.count()) == (2, count)
        undo.undo(first, force=True)
        video.refresh_from_db()
        assert (video.title, video.rating) == ("old", 1)

    def test_takes_from_sets_what_was_added_and_returns_what_was_removed(self) -> None:
        stays, removed, added, later = (make_tag() for _ in range(4))
        video = make_video(tags=[stays, removed])
        edit_video(video, {}, tags=[stays, added])
        first = newest()
        edit_video(video, {}, tags=[stays, added, later])

        undo.undo(first)

        assert set(video.tags.all()) == {stays, removed, later}

    def test_names_what_a_set_cannot_get_back(self) -> None:
        removed, gone = make_tag(), make_tag("gone")
        video = make_video(tags=[removed, gone])
        edit_video(video, {}, tags=[])
        first = newest()
        audit.delete(gone)

        undone = undo.undo(first)

        assert list(video.tags.all()) == [removed]
        assert undone.lost == ["tags gone (deleted)"]

    def test_of_custom_values_goes_by_their_keys(self) -> None:
        make_custom_field("mood"), make_custom_field("place")
        video = make_video()
        edit_video(video, {"custom": {"mood": "calm"}})
        first = newest()
        edit_video(video, {"custom": {"place": "Rome"}})

        undo.undo(first)

        video.refresh_from_db()
        assert video.custom == {"place": "Rome"}

    def test_twice_has_nothing_to_do(self) -> None:
        audit.update(make_tag("old"), {"name": "new"})
        first = newest()
        undo.undo(first)

        with pytest.raises(undo.NotUndoable, match="nothing to undo"):
            undo.undo(first)

    def test_to_what_is_gone_is_refused(self) -> None:
        studio = make_studio("Acme")
        audit.update(make_video(studio=studio), {"studio": None})
        first = newest()
        audit.delete(studio)

        with pytest.raises(undo.NotUndoable, match=r"studio Acme \(deleted\)"):
            undo.undo(first)

    def test_to_a_name_that_is_taken_is_refused(self) -> None:
        audit.update(make_tag("old"), {"name": "new"})
        first = newest()
        make_tag("OLD")

        with pytest.raises(undo.NotUndoable, match="another tag with this name"):
            undo.undo(first)

    def test_keeps_the_rules_of_the_service(self) -> None:
        upper = make_tag("upper")
        lower = make_tag("lower", parents=[upper])
        edit_tag(lower, {}, parents=[])
        first = newest()
        edit_tag(upper, {}, parents=[lower])

        with pytest.raises(Exception, match="already") as refused:
            undo.undo(first)

        assert getattr(refused.value, "code", "") == "tag_cycle"

    def test_of_what_is_gone_is_refused(self) -> None:
        tag = make_tag()
        audit.update(tag, {"name": "new"})
        first = newest()
        audit.delete(tag)

        with pytest.raises(undo.NotUndoable, match="deleted since"):
            undo.undo(first)

    def test_that_scans_made_is_refused(self) -> None:
        entry = entry_about("library.video", changes={"duration_ms": [1, 2]})

        with pytest.raises(undo.NotUndoable, match="duration_ms"):
            undo.undo(entry)


class TestDeletion:
    def test_comes_back_under_its_id(self) -> None:
        parent = make_tag("parent")
        tag = make_tag("gone", parents=[parent], aliases=["away"], color="#aabbcc")
        make_video(tags=[tag])
        audit.update(tag, {"details": "text"})
        before = Tag.objects.get(pk=tag.pk)
        audit.delete(Tag.objects.get(pk=tag.pk))

        undone = undo.undo(newest())

        back = Tag.objects.get(pk=before.pk)
        assert (back.name, back.aliases, back.color, back.details) == (
            "gone", ["away"], "#aabbcc", "text",
        )  # fmt: skip
        assert list(back.parents.all()) == [parent]
        assert (back.created_at, back.provenance) == (before.created_at, before.provenance)
        assert (back.video_count, back.version) == (0, before.version + 1)
        assert undone.lost[0] == "its videos, markers and the tags below it"
        assert undone.entry.action == AuditAction.CREATED

    def test_without_what_is_gone_too(self) -> None:
        large, small = make_studio("large"), make_studio("small")
        audit.update(small, {"parent": large})
        audit.delete(small)
        entry = newest()
        audit.delete(large)

        undone = undo.undo(entry)

        assert Studio.objects.get().parent is None
        assert undone.lost[0] == "parent large (deleted)"

    def test_of_a_part_of_what_is_gone_is_refused(self) -> None:
        marker = make_marker()
        audit.delete(marker)
        entry = newest()
        Video.objects.all().delete()

        with pytest.raises(undo.NotUndoable, match="belongs to is gone"):
            undo.undo(entry)

    def test_brings_back_performers_markers_and_fields(self) -> None:
        performer = make_performer("P", birth_date=date(1990, 5, 6))
        marker, field = make_marker(title="M"), make_custom_field("mood")
        for row in (performer, marker, field):
            audit.delete(row)
            undo.undo(newest())

        performer.refresh_from_db()
        assert performer.birth_date == date(1990, 5, 6)
        assert (Marker.objects.get().title, CustomField.objects.get().key) == ("M", "mood")

    def test_is_refused_when_it_is_there_again(self) -> None:
        audit.delete(make_tag())
        entry = newest()
        undo.undo(entry)

        with pytest.raises(undo.NotUndoable, match="there again"):
            undo.undo(entry)

    def test_is_refused_when_its_name_is_taken(self) -> None:
        audit.delete(make_tag("taken"))
        entry = newest()
        make_tag("Taken")

        with pytest.raises(undo.NotUndoable, match="another tag"):
            undo.undo(entry)

    def test_of_a_video_is_for_scans(self) -> None:
        with pytest.raises(undo.NotUndoable, match="can't be brought back"):
            undo.undo(entry_about("library.video", action=AuditAction.DELETED))


class TestRefusal:
    def test_creation_is_not_undone_but_deleted(self) -> None:
        audit.create(Tag(name="new"))

        with pytest.raises(undo.NotUndoable, match="deleted"):
            undo.undo(newest())

    @pytest.mark.parametrize("object_type", ["plugin.thing", "", "x", "a.b.c"])
    def test_unknown_kind_is_said(self, object_type: str) -> None:
        entry = entry_about(object_type)

        assert not undo.is_offered(entry)
        with pytest.raises(undo.NotUndoable, match="plug-in") as refused:
            undo.undo(entry)
        assert (refused.value.code, refused.value.status) == ("not_undoable", 409)

    def test_unknown_field_is_said(self) -> None:
        entry = entry_about("library.tag", changes={"of_a_plugin": [1, 2]})

        with pytest.raises(undo.NotUndoable, match="of_a_plugin"):
            undo.undo(entry)

    def test_users_and_tokens_are_not_undone(self) -> None:
        user = make_user()
        audit.update(user, {"is_superuser": True})

        with pytest.raises(undo.NotUndoable, match=r"auth\.user"):
            undo.undo(newest())

    def test_value_of_another_type_is_said(self) -> None:
        tag = make_tag("b")
        entry = entry_about("library.tag", object_id=tag.pk, changes={"favorite": ["maybe", False]})

        with pytest.raises(undo.NotUndoable, match="favorite can't hold"):
            undo.undo(entry)

    def test_merge_is_not_undone(self) -> None:
        source, into = make_tag(), make_tag()
        merge_tags(source, into=into)

        entry = AuditEntry.objects.get(changes__has_key="merged_into")
        with pytest.raises(undo.NotUndoable, match="merged_into"):
            undo.undo(entry)


def test_every_allowed_field_exists() -> None:
    for rule in rules._allowed.values():
        own = {f.name for f in (*rule.model._meta.fields, *rule.model._meta.many_to_many)}
        assert rule.fields <= own, rule.model


EDITS = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["a", "b", "c"]),
        "rating": st.sampled_from([None, 1, 2]),
        "urls": st.lists(st.sampled_from(["http://a.example", "http://b.example"]), max_size=2),
        "date": st.sampled_from([None, date(2000, 1, 1), date(2020, 2, 29)]),
        "tags": st.sets(st.integers(0, 2)),
    },
)


@pytest.fixture
def tags() -> list[Tag]:
    return [make_tag() for _ in range(3)]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(moves=st.lists(EDITS | st.integers(0, 10), max_size=12))
def test_any_edits_and_undos(tags: list[Tag], moves: list[Any]) -> None:
    """Against a model: what the newest entries say is what is there, and undo is three-way."""
    video = make_video("a")
    for move in moves:
        video.refresh_from_db()
        entries = list(AuditEntry.objects.about(video))
        if isinstance(move, dict):
            chosen = [tags[n] for n in move["tags"]] if "tags" in move else None
            edit_video(video, {k: v for k, v in move.items() if k != "tags"}, tags=chosen)
        elif entries:
            _undo_and_compare(video, entries[move % len(entries)])
    video.refresh_from_db()
    assert video.version == 1 + AuditEntry.objects.about(video).count()


def _undo_and_compare(video: Video, entry: AuditEntry) -> None:
    before = _state(video)
    columns = {k: pair for k, pair in entry.changes.items() if k != "tags"}
    contested = {k for k, (old, new) in columns.items() if before[k] not in (old, new)}
    expected = before | {k: old for k, (old, _new) in columns.items()}
    old, new = (set(ids) for ids in entry.changes.get("tags", ([], [])))
    expected["tags"] = sorted((set(before["tags"]) - (new - old)) | (old - new))
    if expected == before or contested:
        with pytest.raises(undo.ChangedSince if contested else undo.NotUndoable):
            undo.undo(entry)
        assert _state(video) == before
    else:
        again = undo.undo(entry).entry
        assert _state(video) == expected
        undo.undo(again)
        assert _state(video) == before


def _state(video: Video) -> dict[str, Any]:
    video = Video.objects.get(pk=video.pk)
    columns = {
        name: audit.plain(getattr(video, name)) for name in ("title", "rating", "urls", "date")
    }
    return columns | {"tags": sorted(tag.pk for tag in video.tags.all())}


class TestProvenance:
    def test_comes_back_forth_and_back_where_the_entry_keeps_it(self) -> None:
        video = make_video("old")
        audit.update(video, {"rating": 5})
        before = Video.objects.get().provenance
        audit.update(video, {"title": "new", "rating": 6}, marks={"title": {"source": "a box"}})
        changed = Video.objects.get().provenance

        undone = undo.undo(newest())

        assert Video.objects.get().provenance == before
        assert list(before) == ["rating"]
        undo.undo(undone.entry)
        assert Video.objects.get().provenance == changed

    def test_of_a_set_that_a_person_changed_since_is_theirs(self) -> None:
        video, added, later = make_video(), make_tag(), make_tag()
        marks = {"tags": {"source": "a box"}}
        audit.update(video, {}, related={"tags": [added]}, marks=marks)
        first = newest()
        edit_video(video, {}, tags=[added, later])
        theirs = Video.objects.get().provenance

        undo.undo(first)

        assert Video.objects.get().provenance == theirs
        assert theirs["tags"]["source"] == "person"

    def test_is_no_change_that_people_are_told_of(self) -> None:
        audit.update(make_video("old"), {"title": "new"}, marks={"title": None})

        assert [step.field for step in undo.steps(newest())] == ["title"]
        assert Video.objects.get().provenance == {}

    def test_whoever_asked_is_called_back(self) -> None:
        told: list[AuditEntry] = []
        undo.notice(Video, told.append)
        try:
            audit.update(make_video("old"), {"title": "new"})
            first = newest()
            undo.undo(first)
        finally:
            rules._noticed[Video._meta.label_lower].remove(told.append)

        assert told == [first]
