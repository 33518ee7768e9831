"""Applying candidates field by field."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

from apps.core import undo
from apps.core.models import AuditEntry
from apps.library.models import Performer, Studio, Tag, Video
from apps.library.services.videos import edit_video
from apps.stashbox.choices import FieldPolicy, Kind, MatchState
from apps.stashbox.models import IdentifySettings, RemoteLink, StashMatch
from apps.stashbox.services.apply import FIELDS, FieldChange, apply_matches, plan
from tests.factories import make_performer, make_studio, make_tag, make_video
from tests.stashbox.factories import (
    make_box,
    make_link,
    make_match,
    remote_performer,
    remote_studio,
    remote_tag,
    scene,
)

pytestmark = pytest.mark.django_db

_UNSAVED = {"version", "updated_at"}
_SOMEBODY_WAITS = """
    SET LOCAL statement_timeout = '20s';
    DO $$ BEGIN
        WHILE NOT EXISTS (SELECT FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND datname = current_database())
        LOOP PERFORM pg_sleep(0.01), pg_stat_clear_snapshot(); END LOOP;
    END $$
"""


def policies(**given: str) -> IdentifySettings:
    return IdentifySettings(pk=1, policies=given)


def apply(*matches: StashMatch, state: MatchState = MatchState.APPLIED, **given: Any) -> Video:
    """Applied and read again."""
    settings = given.pop("settings", IdentifySettings(pk=1))
    apply_matches(matches, state=state, settings=settings, **given)
    return Video.objects.get(pk=matches[0].video_id)


def row(video: Video) -> dict[str, Any]:
    """All that an undo has to give back."""
    stored = Video.objects.values().get(pk=video.pk)
    return {name: value for name, value in stored.items() if name not in _UNSAVED}


def outcomes(changes: list[FieldChange]) -> dict[str, str]:
    return {change.field: change.outcome for change in changes}


class TestFields:
    def test_are_filled_and_marked(self) -> None:
        wanted = scene("Told there", urls=("https://example.com/1",))
        match = make_match(of=wanted)

        video = apply(match)

        assert (video.title, video.details, video.date) == (
            "Told there", wanted.details, date(2020, 5, 17),
        )  # fmt: skip
        assert video.urls == ["https://example.com/1"]
        assert video.studio is not None
        assert video.studio.name == wanted.studio.name  # type: ignore[union-attr]
        assert [each.name for each in video.tags.all()] == [wanted.tags[0].name]
        assert [p.name for p in video.performers.all()] == [wanted.performers[0].performer.name]
        assert set(video.provenance) == set(FIELDS)
        for mark in video.provenance.values():
            assert (mark["source"], mark["box"], mark["by"]) == ("stashbox", match.box_id, None)
        match.refresh_from_db()
        assert (match.state, match.decided_by) == (MatchState.APPLIED, None)
        assert match.entry == AuditEntry.objects.about(video).get().pk

    def test_of_the_arrays_and_counts_stay_true(self) -> None:
        old, kept = make_tag(), make_tag("kept")
        video = make_video(tags=[old, kept])
        match = make_match(video, of=scene(tags=(remote_tag("Kept"), remote_tag("new"))))

        video = apply(match, settings=policies(tags=FieldPolicy.REPLACE))

        new = Tag.objects.get(name="new")
        assert sorted(video.tag_ids) == sorted([kept.pk, new.pk])
        assert set(video.tags.all()) == {kept, new}
        counts = dict(Tag.objects.values_list("name", "video_count"))
        assert counts == {old.name: 0, "kept": 1, "new": 1}
        assert Studio.objects.get(pk=video.studio_id).video_count == 1
        assert Performer.objects.get().video_count == 1

    def test_that_have_values_stay_unless_they_are_to_be_replaced(self) -> None:
        video = make_video(details="here", date=date(2001, 1, 1))

        video = apply(make_match(video), settings=policies(date=FieldPolicy.REPLACE))

        assert (video.details, video.date) == ("here", date(2020, 5, 17))

    def test_title_of_the_file_name_is_nobodys_and_filled(self) -> None:
        of_file, of_job = make_video("clip01"), make_video("clip02")
        Video.objects.filter(pk=of_job.pk).update(
            provenance={"title": {"source": "job", "by": None}}
        )
        fill = policies(title=FieldPolicy.FILL)

        one = apply(make_match(of_file, of=scene("Told")), settings=fill)
        other = apply(make_match(of_job, of=scene("Told")), settings=fill)

        assert (one.title, other.title) == ("Told", "clip02")

    def test_merge_only_adds(self) -> None:
        tag = make_tag()
        video = make_video(tags=[tag], urls=["https://example.com/here"])
        wanted = scene(urls=("https://example.com/there", "https://example.com/here"))

        video = apply(make_match(video, of=wanted))

        assert video.urls == ["https://example.com/here", "https://example.com/there"]
        assert tag.pk in video.tag_ids
        assert len(video.tag_ids) == 2

    def test_that_nothing_is_said_of_stay(self) -> None:
        video = make_video("clip", details="here", urls=["https://example.com/here"])
        nothing = scene(performers=[], studio=None, tags=(), urls=(), date="", details="")
        match = make_match(video, of=nothing)
        everything = policies(**dict.fromkeys(FIELDS, FieldPolicy.REPLACE))

        video = apply(match, settings=everything)

        assert (video.details, video.urls) == ("here", ["https://example.com/here"])
        assert list(video.provenance) == ["title"]

    def test_that_are_ignored_make_no_labels(self) -> None:
        none = policies(**dict.fromkeys(FIELDS, FieldPolicy.IGNORE))
        video = make_video()
        before = row(video)

        apply(make_match(video), settings=none)

        assert row(video) == before
        counts = [model.objects.count() for model in (Tag, Performer, Studio)]
        assert (counts, AuditEntry.objects.count()) == ([0, 0, 0], 0)

    def test_of_less_than_a_day_begin_it(self) -> None:
        assert apply(make_match(of=scene(date="2019"))).date == date(2019, 1, 1)

    def test_that_a_persons_job_gave_are_added_to_but_not_replaced(self) -> None:
        tag = make_tag()
        video = make_video(tags=[tag], details="by a bulk edit")
        given = {"source": "job", "by": 7}
        Video.objects.filter(pk=video.pk).update(provenance={"tags": given, "details": given})
        replace = policies(tags=FieldPolicy.REPLACE, details=FieldPolicy.REPLACE)

        video = apply(make_match(video), settings=replace)

        assert (video.details, len(video.tag_ids)) == ("by a bulk edit", 2)


class TestPersons:
    @pytest.mark.parametrize("policy", list(FieldPolicy))
    def test_edits_stay_in_every_policy(self, policy: FieldPolicy) -> None:
        tag, performer, studio = make_tag(), make_performer(), make_studio()
        video = make_video()
        edit_video(
            video,
            {"title": "mine", "details": "mine", "date": date(2000, 1, 1), "studio": studio,
             "urls": ["https://example.com/mine"]},
            tags=[tag], performers=[performer],
        )  # fmt: skip
        before = row(video)

        apply(make_match(video), settings=policies(**dict.fromkeys(FIELDS, policy)))

        assert row(video) == before

    @pytest.mark.parametrize("policy", list(FieldPolicy))
    def test_locks_hold_in_every_policy_and_even_where_a_field_is_chosen(
        self, policy: FieldPolicy
    ) -> None:
        video = make_video("locked", locked_fields=list(FIELDS))
        before = row(video)
        match = make_match(video)
        settings = policies(**dict.fromkeys(FIELDS, policy))

        apply(match, settings=settings)
        apply(match, settings=settings, fields=list(FIELDS), state=MatchState.ACCEPTED)

        assert row(video) == before

    def test_emptied_field_stays_empty(self) -> None:
        video = make_video(details="old")
        edit_video(video, {"details": ""})

        assert apply(make_match(video)).details == ""

    def test_choice_of_a_field_replaces_what_a_person_gave(self) -> None:
        video = make_video()
        edit_video(video, {"title": "mine", "details": "mine"})
        match = make_match(video, of=scene("theirs"))
        ignore = policies(title=FieldPolicy.IGNORE)

        video = apply(match, settings=ignore, fields=["title"], state=MatchState.ACCEPTED)

        assert (video.title, video.details, video.date) == ("theirs", "mine", None)
        match.refresh_from_db()
        assert match.state == MatchState.ACCEPTED


class TestUndo:
    def test_gives_the_row_back_to_the_byte(self) -> None:
        gone, kept = make_tag(), make_tag("kept")
        performer = make_performer()
        video = make_video("clip", tags=[gone, kept], performers=[performer])
        edit_video(video, {"rating": 7})
        before = row(video)
        replace = policies(**dict.fromkeys(FIELDS, FieldPolicy.REPLACE))
        match = make_match(video, of=scene(tags=(remote_tag("kept"), remote_tag())))
        apply(match, settings=replace)
        assert row(video) != before
        match.refresh_from_db()

        undo.undo(AuditEntry.objects.get(pk=match.entry))

        assert row(video) == before
        assert set(video.tags.all()) == {gone, kept}
        assert set(video.performers.all()) == {performer}

    def test_lets_the_candidate_and_those_passed_over_wait_for_a_person(self) -> None:
        box, video = make_box(), make_video()
        match, other = make_match(video, box=box), make_match(video, box=box)
        apply(match)
        other.refresh_from_db()
        assert other.state == MatchState.PASSED
        assert RemoteLink.objects.filter(kind=Kind.SCENE, video=video).count() == 1
        match.refresh_from_db()
        entry = AuditEntry.objects.get(pk=match.entry)
        undo.undo(entry)
        undone = row(video)

        apply(match)

        assert row(video) == undone
        states = StashMatch.objects.values_list("state", flat=True)
        assert set(states) == {MatchState.REVIEW}
        assert not RemoteLink.objects.filter(kind=Kind.SCENE).exists()
        assert apply(match, state=MatchState.ACCEPTED).title == match.payload["title"]

    def test_leaves_what_a_person_did_since(self) -> None:
        theirs = make_tag()
        video = make_video()
        match = make_match(video)
        apply(match)
        match.refresh_from_db()
        video.refresh_from_db()
        edit_video(video, {"locked_fields": ["title"]}, tags=[*video.tags.all(), theirs])
        entry = AuditEntry.objects.get(pk=match.entry)

        undo.undo(entry)

        video.refresh_from_db()
        assert (video.locked_fields, list(video.tags.all())) == (["title"], [theirs])
        assert video.provenance["tags"]["source"] == "person"

    def test_is_refused_where_a_person_gave_another_value_since(self) -> None:
        match = make_match()
        video = apply(match)
        match.refresh_from_db()
        edit_video(video, {"title": "mine"})

        with pytest.raises(undo.ChangedSince) as refused:
            undo.undo(AuditEntry.objects.get(pk=match.entry))

        assert refused.value.field == "title"
        video.refresh_from_db()
        assert video.title == "mine"


class TestCandidates:
    def test_are_applied_once(self) -> None:
        match = make_match()
        video = apply(match)
        edit_video(video, {"title": "mine"})
        before, entries = row(video), AuditEntry.objects.count()

        apply(match)
        apply(match, state=MatchState.ACCEPTED)

        assert (row(video), AuditEntry.objects.count()) == (before, entries)

    def test_that_were_rejected_are_never_applied_unasked(self) -> None:
        match = make_match(state=MatchState.REJECTED)
        before = row(match.video)

        apply(match)

        assert row(match.video) == before

    def test_of_one_video_in_a_batch_follow_each_other_under_one_entry(self) -> None:
        video = make_video()
        first = make_match(video, of=scene(details="first"))
        second = make_match(video, of=scene(details="second"))

        video = apply(first, second)

        assert (video.details, len(video.tag_ids)) == ("first", 2)
        assert video.provenance["tags"]["box"] == second.box_id
        entry = AuditEntry.objects.about(video).get()
        assert {entry.pk} == set(StashMatch.objects.values_list("entry", flat=True))

    def test_that_cannot_be_read_are_left_out(self) -> None:
        broken, fine = make_match(payload={"id": 3}), make_match()

        apply(broken, fine)

        assert list(StashMatch.objects.order_by("pk").values_list("state", flat=True)) == [
            MatchState.REVIEW, MatchState.APPLIED,
        ]  # fmt: skip

    def test_of_other_sources_mark_those(self) -> None:
        match = make_match(source="sidecar")
        StashMatch.objects.filter(pk=match.pk).update(box=None)

        video = apply(match)

        assert video.provenance["title"]["source"] == "sidecar"
        assert not RemoteLink.objects.exists()

    def test_cost_the_statements_of_few(self, django_assert_max_num_queries: Any) -> None:
        box = make_box()
        parts = [
            make_match(
                make_video(tags=[make_tag()], performers=[make_performer()]), box=box,
                of=scene(studio=remote_studio(parent=remote_studio())),
            )
            for _ in range(42)
        ]  # fmt: skip
        settings = policies(**dict.fromkeys(FIELDS, FieldPolicy.REPLACE))
        counts = []
        for some in (parts[:2], parts[2:]):
            with django_assert_max_num_queries(80) as asked:
                apply_matches(some, state=MatchState.APPLIED, settings=settings)
            counts.append(len(asked))
        with django_assert_max_num_queries(20) as asked:
            plan(parts, settings=settings)

        assert counts[0] == counts[1]
        assert Video.objects.filter(tag_ids__len=1, performer_ids__len=1).count() == 42


class TestPlan:
    def test_says_what_would_become_of_each_field_and_writes_nothing(self) -> None:
        here = make_tag("here")
        video = make_video("clip", details="here", locked_fields=["date"], tags=[here])
        Video.objects.filter(pk=video.pk).update(provenance={"urls": {"source": "person"}})
        person = make_performer("Known")
        box = make_box()
        remote = remote_performer("Another name")
        make_link(box, person, remote.id)
        wanted = scene(
            "Told", performers=[remote], studio=remote_studio("Made"), details="there",
            tags=(remote_tag("there"), remote_tag("HERE")),
        )  # fmt: skip
        match = make_match(video, box=box, of=wanted)
        before = row(video)

        changes = plan([match], settings=IdentifySettings(pk=1))[match.pk]

        assert outcomes(changes) == {
            "title": "set", "details": "kept", "date": "locked", "urls": "kept",
            "studio": "set", "tags": "set", "performers": "set",
        }  # fmt: skip
        told = {change.field: change for change in changes}
        assert (told["title"].old, told["title"].new) == ("clip", "Told")
        assert (told["date"].old, told["date"].new) == (None, "2020-05-17")
        assert (told["details"].old, told["details"].new) == ("here", "there")
        assert (told["studio"].old, told["studio"].new) == (None, "Made")
        assert told["studio"].names["makes"] == ["Made"]
        assert told["tags"].new == ["here", "there"]
        assert told["tags"].names["come"] == told["tags"].names["makes"] == ["there"]
        assert told["performers"].new == ["Known"]
        assert row(video) == before
        assert (Tag.objects.count(), Studio.objects.count()) == (1, 0)

    def test_foretells_what_is_applied(self) -> None:
        video = make_video("clip", details="here", tags=[make_tag()])
        match = make_match(video)
        settings = IdentifySettings(pk=1)
        [foreseen] = plan([match], settings=settings).values()

        apply(match)

        [after] = plan([match], settings=settings).values()
        assert {change.field for change in foreseen if change.outcome == "set"} == {
            "title", "date", "urls", "studio", "tags", "performers",
        }  # fmt: skip
        by_field = {change.field: change for change in after}
        for change in foreseen:
            assert change.outcome != "set" or by_field[change.field].old == change.new

    def test_of_a_chosen_field_goes_over_what_a_person_gave(self) -> None:
        video = make_video()
        edit_video(video, {"title": "mine"})
        match = make_match(video)
        settings = IdentifySettings(pk=1)

        without = plan([match], settings=settings)[match.pk]
        chosen = plan([match], settings=settings, fields=["title"])[match.pk]

        assert (outcomes(without)["title"], outcomes(chosen)["title"]) == ("kept", "set")


@pytest.mark.django_db(transaction=True)
def test_an_undo_holds_labels_in_the_order_of_whoever_applies() -> None:
    video = make_video(tags=[make_tag("first")])
    match = make_match(video, of=scene(tags=(remote_tag("second"),)))
    settings = policies(tags=FieldPolicy.REPLACE)
    [match] = apply_matches([match], state=MatchState.APPLIED, settings=settings)

    def take_back() -> None:
        try:
            undo.undo(AuditEntry.objects.get(pk=match.entry))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():  # as if somebody applied these to another video
            Tag.objects.select_for_update(no_key=True).get(name="first")
            undone = thread.submit(take_back)
            with connection.cursor() as cursor:
                cursor.execute(_SOMEBODY_WAITS)
            at_once = Tag.objects.select_for_update(no_key=True, nowait=True)
            assert at_once.get(name="second").video_count == 1
        undone.result(timeout=30)

    assert dict(Tag.objects.values_list("name", "video_count")) == {"first": 1, "second": 0}


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_time_apply_each_once_and_never_wait_for_each_other_in_a_circle() -> None:
    box, old = make_box(), [make_tag(f"old {n}") for n in range(6)]
    shared = [remote_tag(f"tag {n}") for n in range(6)]
    matches = [
        make_match(make_video(tags=old), box=box, of=scene(tags=tuple(tags)))
        for tags in (shared, shared[::-1], shared[3:] + shared[:3])
    ]
    settings = policies(tags=FieldPolicy.REPLACE)
    begin = Barrier(2)

    def take(order: int) -> int:
        try:
            begin.wait(timeout=30)
            given = {"state": MatchState.APPLIED, "settings": settings}
            return len(apply_matches(matches[::order], **given))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        counts = list(threads.map(take, (1, -1)))

    assert sum(counts) == 3
    assert AuditEntry.objects.filter(object_type="library.video").count() == 3
    assert set(StashMatch.objects.values_list("state", flat=True)) == {MatchState.APPLIED}
    tags = dict(Tag.objects.values_list("name", "video_count"))
    assert tags == {f"old {n}": 0 for n in range(6)} | {f"tag {n}": 3 for n in range(6)}
