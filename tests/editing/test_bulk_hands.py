"""Edits of so many videos that two connections share them: as if one had done all, or nothing."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection

from apps.core import context
from apps.core.models import AuditEntry, AuditRow
from apps.core.undo import ChangedSince, Contested
from apps.editing.services.bulk import Changes, Selection, TitleRefused, apply, hands, undo_bulk
from apps.editing.services.bulk.edit import samples
from apps.editing.services.bulk.plan import planned
from apps.editing.services.bulk.selection import chosen
from apps.editing.tasks import request_bulk, request_undo
from apps.jobs.choices import JobState
from apps.jobs.context import JobCancelled
from apps.jobs.models import Job
from apps.jobs.worker import run_next
from apps.library.models import Studio, Tag, Video
from tests.editing.states import state
from tests.factories import NOON, make_studio, make_tag, make_user, make_video

pytestmark = pytest.mark.django_db(transaction=True)

VIDEOS = 7


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "LARGE", 2)


def everything() -> Selection:
    return Selection(Video.objects.all())


def prepared() -> tuple[Tag, Changes]:
    """Some videos, and a change of each that isn't what it was if it is made twice."""
    tag, old, studio = make_tag("new"), make_tag("old"), make_studio()
    for number in range(VIDEOS):
        make_video(f"V{number}").tags.set([old])
    changes = Changes.read(
        {
            "tags": {"add": [tag.pk], "remove": [old.pk]}, "studio": studio.pk,
            "title": {"find": "V", "replace": "VV"},
        }
    )  # fmt: skip
    return tag, changes


def titles() -> list[str]:
    return list(Video.objects.order_by("pk").values_list("title", flat=True))


@contextmanager
def between_the_commits(
    deed: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Once, when the first hand has committed, and before the other one does."""
    commit = hands._OtherHand.commit

    def first(other: Any) -> None:
        monkeypatch.setattr(hands._OtherHand, "commit", commit)
        deed()
        commit(other)

    monkeypatch.setattr(hands._OtherHand, "commit", first)
    yield


def lose_connection() -> None:
    pid = connection.connection.info.backend_pid
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    other.close()


def is_whole(tag: Tag) -> bool:
    entry = AuditEntry.objects.get(row_count=VIDEOS)
    return (
        titles() == [f"VV{number}" for number in range(VIDEOS)]
        and entry.rows.count() == VIDEOS
        and list(Tag.objects.order_by("-name").values_list("video_count", flat=True)) == [0, VIDEOS]
        and Studio.objects.get().video_count == VIDEOS
    )


def test_two_do_and_undo_what_one_would() -> None:
    tag, changes = prepared()
    before, heard = state(), []

    def report(done: int, total: int | None = None, /, **_facts: object) -> None:
        heard.append((done, total))

    outcome = apply(everything(), changes, shared=True, report=report)

    assert outcome.entry
    assert (outcome.matched, outcome.changed, len(outcome.samples)) == (VIDEOS, VIDEOS, VIDEOS)
    assert is_whole(tag)
    assert {total for _done, total in heard} == {VIDEOS}
    undone = undo_bulk(outcome.entry, shared=True)
    assert (state(), undone.entry.row_count, undone.lost) == (before, VIDEOS, [])


@pytest.mark.parametrize("whose", ["VV0", "V6"])
def test_what_one_refuses_neither_does(whose: str) -> None:
    """The titles of both halves are looked at before any is written."""
    _tag, changes = prepared()
    before = state()
    empty = Changes.read({"title": {"find": f"^V{whose[-1]}$", "replace": "", "regex": True}})

    with pytest.raises(TitleRefused):
        apply(everything(), empty, shared=True)
    entry = apply(everything(), changes, shared=True).entry
    assert entry
    Video.objects.filter(title=f"VV{whose[-1]}").update(title="by hand")
    with pytest.raises(ChangedSince):
        undo_bulk(entry, shared=True)

    assert AuditEntry.objects.filter(row_count__gt=0).count() == 1
    undo_bulk(entry, Contested.OVERWRITE, shared=True)
    assert state() == before


@pytest.mark.parametrize(
    ("deed", "statement", "whose"),
    [
        ("write", "INSERT INTO core_auditrow", "first"),
        ("write", "INSERT INTO core_auditrow", "other"),
        ("write", "library_videotag", "other"),
        ("end", "UPDATE library_tag", "first"),
    ],
)
def test_a_fault_of_one_leaves_nothing(
    deed: str, statement: str, whose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tag, changes = prepared()
    before, do = state(), getattr(hands.Hand, deed)
    mine = threading.current_thread()

    def fail(call: Any, sql: str, params: Any, many: bool, around: Any) -> Any:
        if statement in sql:
            lose_connection()
        return call(sql, params, many, around)

    def faulty(hand: Any, *args: Any) -> None:
        is_first = threading.current_thread() is mine
        with connection.execute_wrapper(fail) if is_first == (whose == "first") else nullcontext():
            do(hand, *args)

    monkeypatch.setattr(hands.Hand, deed, faulty)
    with pytest.raises(OperationalError):
        apply(everything(), changes, shared=True)
    connection.close()

    assert state() == before
    assert not AuditRow.objects.exists()


def test_a_job_that_is_stopped_leaves_nothing() -> None:
    _tag, changes = prepared()
    before = state()

    def report(*_done: object, **_facts: object) -> None:
        raise JobCancelled("x")

    with pytest.raises(JobCancelled):
        apply(everything(), changes, shared=True, report=report)

    assert state() == before


def test_a_connection_lost_between_the_commits_is_made_up_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tag, changes = prepared()
    before = state()

    with between_the_commits(lose_connection, monkeypatch):
        entry = apply(everything(), changes, shared=True).entry
    assert entry
    assert is_whole(tag)
    with between_the_commits(lose_connection, monkeypatch):
        undone = undo_bulk(entry, shared=True)

    assert state() == before
    assert undone.entry.rows.count() == undone.entry.row_count == VIDEOS


def test_a_job_killed_between_the_commits_does_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    tag, _changes = prepared()
    before = state()

    class Killed(BaseException):
        """What nothing of ours catches."""

    def kill() -> None:
        raise Killed

    def killed_and_taken_up(job: Job) -> None:
        with between_the_commits(kill, monkeypatch), pytest.raises(Killed):
            run_next("disk")
        job.refresh_from_db()
        half = AuditEntry.objects.get(job_id=job.pk, row_count__gt=0)
        assert 0 < half.rows.count() < half.row_count
        Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, finished_at=None)
        run_next("disk")
        job.refresh_from_db()
        assert (job.state, job.summary["changed"]) == (JobState.SUCCEEDED, VIDEOS)

    changes = {
        "tags": {"add": [tag.pk], "remove": [Tag.objects.get(name="old").pk]},
        "studio": Studio.objects.get().pk, "title": {"find": "V", "replace": "VV"},
    }  # fmt: skip
    with context.acting(context.Actor(user_id=make_user().pk)):
        killed_and_taken_up(request_bulk(changes, now=NOON, q="-tag:new"))
        assert is_whole(tag)
        entry = AuditEntry.objects.get(row_count=VIDEOS)
        undo = request_undo(entry, Contested.REFUSE)
        killed_and_taken_up(Job.objects.get(pk=undo))
    assert state() == before


def test_who_waits_too_long_lets_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may wait for the one half and hold some of the other."""
    monkeypatch.setattr(hands, "_PATIENCE", "SET LOCAL lock_timeout = '50ms'")
    _tag, changes = prepared()
    before, last = state(), Video.objects.order_by("-pk")[0]
    make = partial(hands.Hand, partial(planned, changes), samples)
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT FROM library_video WHERE id = %s FOR UPDATE", [last.pk])

        with (
            pytest.raises(hands.HandsTied),
            hands.hands(partial(chosen, everything()), make, guard=_free, shared=True) as team,
        ):
            team.plan()
        assert state() == before

        def let_go() -> None:
            cursor.execute("ROLLBACK")

        _call_when_waited_for(let_go, monkeypatch)
        assert apply(everything(), changes, shared=True).changed == VIDEOS
    other.close()


@contextmanager
def _free() -> Iterator[None]:
    yield


def _call_when_waited_for(deed: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """When both hands have let go, and before the one that does all begins."""
    in_turn = hands.in_turn
    turns: list[bool] = []

    def watched(edit: Any, **named: Any) -> Any:
        def watch(*, shared: bool, but: Any) -> Any:
            turns.append(shared)
            if not shared:
                deed()
            return edit(shared=shared, but=but)

        done = in_turn(watch, **named)
        assert turns == [True, False]
        return done

    monkeypatch.setattr("apps.editing.services.bulk.edit.in_turn", watched)
