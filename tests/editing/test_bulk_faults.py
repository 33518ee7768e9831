"""Bulk edits that are killed, stopped or overtaken: all or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from apps.core import context
from apps.core.models import AuditEntry, AuditRow
from apps.core.undo import Contested
from apps.editing.services.bulk import Changes, Selection, apply, undo_bulk, write
from apps.editing.tasks import request_bulk, request_undo
from apps.jobs.choices import JobState
from apps.jobs.context import JobCancelled, LeaseLost
from apps.jobs.models import Job
from apps.jobs.worker import run_next
from apps.library.models import Tag, Video
from tests.editing.states import state
from tests.factories import NOON, make_studio, make_tag, make_user, make_video


class Fault(Exception):
    """What nobody foresaw."""


def _changes() -> Changes:
    return Changes.read(
        {
            "tags": {"add": [make_tag().pk]}, "studio": make_studio().pk, "rating": 3,
            "title": {"find": "V(.)", "replace": r"\1", "regex": True},
        }
    )  # fmt: skip


def _everything() -> Selection:
    return Selection(Video.objects.all())


@contextmanager
def failing_at(number: int) -> Iterator[list[str]]:
    """Let the statement of this number fail; gives those that were run."""
    seen: list[str] = []

    def execute(call: Any, sql: str, params: Any, many: bool, around: Any) -> Any:
        if "SAVEPOINT" in sql:  # which are the test's transaction within a transaction
            return call(sql, params, many, around)
        if len(seen) == number:
            raise Fault
        seen.append(sql)
        return call(sql, params, many, around)

    with connection.execute_wrapper(execute):
        yield seen


@pytest.mark.django_db
def test_a_fault_in_any_statement_leaves_nothing() -> None:
    for _ in range(3):
        make_video()
    changes, before = _changes(), state()
    with failing_at(-1) as all_of_them, transaction.atomic():
        apply(_everything(), changes)
        transaction.set_rollback(True)
    assert state() == before
    assert len(all_of_them) > 15

    for number in range(len(all_of_them)):
        with pytest.raises(Fault), failing_at(number):
            apply(_everything(), changes)
        assert state() == before
        assert not AuditRow.objects.exists()

    entry = apply(_everything(), changes).entry
    assert entry
    after, rows = state(), AuditRow.objects.count()
    for number in range(15):
        with pytest.raises(Fault), failing_at(number):
            undo_bulk(entry)
        assert (state(), AuditRow.objects.count()) == (after, rows)
    undo_bulk(entry)
    assert state() == before


@pytest.mark.django_db
def test_triggers_keep_up_again_after_a_bulk_edit() -> None:
    video, tag, other = make_video(), make_tag(), make_tag()
    apply(_everything(), Changes.read({"tags": {"add": [tag.pk]}}))

    video.tags.add(other)

    assert state()
    assert Tag.objects.get(pk=other.pk).video_count == 1


@pytest.mark.django_db
@pytest.mark.parametrize("reason", [JobCancelled("x"), LeaseLost("x")])
def test_a_job_that_is_stopped_leaves_nothing(
    reason: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "_AT_ONCE", 2)
    for _ in range(5):
        make_video()
    changes, before, heard = _changes(), state(), []

    def report(done: int, total: int | None = None, /, **_facts: object) -> None:
        heard.append((done, total))
        if done == 4:
            raise reason

    with pytest.raises(type(reason)):
        apply(_everything(), changes, report=report)

    assert heard == [(0, 5), (2, 5), (4, 5)]
    assert state() == before
    assert not AuditEntry.objects.filter(row_count__gt=0).exists()


@pytest.mark.django_db
def test_a_job_that_lost_its_lease_leaves_nothing() -> None:
    make_video()
    before, changes = state(), Changes.read({"rating": 3})

    @contextmanager
    def guard() -> Iterator[None]:
        raise LeaseLost("another worker has it")
        yield

    with pytest.raises(LeaseLost):
        apply(_everything(), changes, guard=guard)
    assert state() == before


@pytest.mark.django_db(transaction=True)
def test_a_killed_connection_leaves_nothing_and_the_job_is_done_again() -> None:
    for _ in range(3):
        make_video()
    before, tag = state(), make_tag()
    before.append({"label": str(tag), "count": 0})

    def kill(call: Any, sql: str, params: Any, many: bool, around: Any) -> Any:
        if "INSERT INTO library_videotag" in sql:
            other = connection.copy()
            with other.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid]
                )
            other.close()
        return call(sql, params, many, around)

    changes = {"tags": {"add": [tag.pk]}}
    with pytest.raises(OperationalError), connection.execute_wrapper(kill):
        apply(_everything(), Changes.read(changes))
    connection.close()

    assert state() == before
    assert not AuditEntry.objects.filter(row_count__gt=0).exists()
    with context.acting(context.Actor(user_id=make_user().pk)):
        job = request_bulk(changes, now=NOON, q="")
    run_next("disk")
    job.refresh_from_db()
    assert (job.state, job.summary["changed"]) == (JobState.SUCCEEDED, 3)
    assert Tag.objects.get().video_count == 3


@pytest.mark.django_db(transaction=True)
def test_an_edit_by_somebody_else_is_waited_for_and_kept() -> None:
    """The other's edit is written between the choice of the videos and the lock on them."""
    video, tag = make_video(), make_tag()
    other = connection.copy()

    def overtake(call: Any, sql: str, params: Any, many: bool, around: Any) -> Any:
        if "FROM library_video video" in sql and "FOR NO KEY UPDATE" in sql:
            with other.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO library_videotag (video_id, tag_id) VALUES (%s, %s)",
                    [video.pk, tag.pk],
                )
                cursor.execute("UPDATE library_video SET rating = 7")
            other.close()
        return call(sql, params, many, around)

    with connection.execute_wrapper(overtake):
        entry = apply(
            _everything(), Changes.read({"rating": 3, "tags": {"add": [make_tag().pk, tag.pk]}})
        ).entry

    assert entry
    assert entry.rows.get().changes["rating"] == [7, 3]
    undo_bulk(entry)
    video.refresh_from_db()
    assert (video.rating, video.tag_ids) == (7, [tag.pk])
    assert state()


@pytest.mark.django_db(transaction=True)
def test_a_job_that_is_taken_up_after_its_commit_does_nothing_twice() -> None:
    """Its worker is lost between the edit and the job's end."""
    video = make_video(title="V")
    changes = {"title": {"find": "V", "replace": "VV"}}

    def twice(job: Job, title: str) -> None:
        run_next("disk")
        Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, finished_at=None)
        run_next("disk")
        job.refresh_from_db()
        video.refresh_from_db()
        assert (job.state, job.summary["changed"], video.title) == (JobState.SUCCEEDED, 1, title)

    with context.acting(context.Actor(user_id=make_user().pk)):
        twice(request_bulk(changes, now=NOON, q=""), "VV")
        entry = AuditEntry.objects.get(row_count=1)
        twice(Job.objects.get(pk=request_undo(entry, Contested.REFUSE)), "V")
    assert AuditEntry.objects.filter(row_count=1).count() == 2


@pytest.mark.django_db(transaction=True)
def test_all_labels_are_held_before_any_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two edits that held them one after the other would wait for each other."""
    monkeypatch.setattr(write, "_AT_ONCE", 1)
    tags = [make_tag(), make_tag()]
    for tag in reversed(tags):
        make_video().tags.add(tag)
    other = connection.copy()
    held: list[set[int]] = []

    def look(call: Any, sql: str, params: Any, many: bool, around: Any) -> Any:
        if sql.startswith("UPDATE library_tag") and not held:
            with other.cursor() as cursor:
                cursor.execute("SELECT id FROM library_tag FOR NO KEY UPDATE SKIP LOCKED")
                held.append({tag.pk for tag in tags} - {pk for (pk,) in cursor.fetchall()})
        return call(sql, params, many, around)

    with connection.execute_wrapper(look):
        apply(_everything(), Changes.read({"tags": {"set": []}}))
    other.close()

    assert held == [{tag.pk for tag in tags}]
