"""What once went wrong in the services, each fault with the test that showed it."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F, JSONField, Value
from django.db.models.functions import Now

from apps.core.context import Actor, acting
from apps.jobs import progress_log
from apps.jobs.choices import JobState
from apps.jobs.models import Job
from apps.jobs.services import batches, claims, ending, lifecycle, many, upkeep
from apps.jobs.services.items import Item, Lane
from apps.jobs.services.lifecycle import enqueue
from tests.factories import make_job
from tests.jobs import tasks

pytestmark = pytest.mark.django_db
AGO = datetime(2020, 1, 1, tzinfo=UTC)
commits = pytest.mark.django_db(transaction=True)


def claim() -> Job | None:
    return claims.claim("cpu", worker="test")


def state_of(job: Job) -> str:
    return str(Job.objects.values_list("state", flat=True).get(pk=job.pk))


def end(state: JobState, *jobs: Job, **values: Any) -> None:
    with transaction.atomic():
        ending.end(Job.objects.filter(pk__in=[job.pk for job in jobs]), state, **values)


@contextmanager
def elsewhere(do: Callable[[], object]) -> Iterator[Future[object]]:
    """Does something in a thread, with a connection of its own."""

    def closing() -> object:
        try:
            return do()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(closing)


def wait_until_somebody_waits() -> None:
    """For a lock."""
    deadline = time.monotonic() + 10
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT pg_stat_clear_snapshot()"
            )  # a transaction sees them as they were
            cursor.execute(
                "SELECT FROM pg_stat_activity "
                "WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if cursor.rowcount:
                return
            assert time.monotonic() < deadline, "nobody waits"
            time.sleep(0.01)


def lock(job: Job) -> None:
    assert Job.objects.select_for_update().get(pk=job.pk)


def check_at_once() -> None:
    """Foreign keys, rather than at the end."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class TestEnqueue:
    def test_says_what_is_wrong_though_it_has_a_key(self) -> None:
        check_at_once()

        with acting(Actor(user_id=99_999)), pytest.raises(IntegrityError):
            enqueue(tasks.count, {"to": 1}, dedupe_key="k")

    def test_a_broken_rule_is_not_a_twin(self) -> None:
        lane = Lane("mount:/a", 0)

        with pytest.raises(IntegrityError):
            enqueue(tasks.count, {"to": 1}, dedupe_key="k", lane=lane)


@commits
class TestLocks:
    def test_a_deed_to_all_and_an_end_do_not_block_each_other(self) -> None:
        needed = enqueue(tasks.count, {"to": 1})
        needing = enqueue(tasks.count, {"to": 1}, after=[needed])
        assert claim() == needed

        with elsewhere(lambda: many.pause(Job.objects.all())) as paused, transaction.atomic():
            lock(needed)
            wait_until_somebody_waits()
            ending.end(Job.objects.filter(pk=needed.pk), JobState.SUCCEEDED)

        assert paused.result() == 1
        assert (state_of(needed), state_of(needing)) == (JobState.SUCCEEDED, JobState.PAUSED)

    def test_a_deed_is_tried_again_when_it_met_another(self) -> None:
        first, second = enqueue(tasks.count, {"to": 1}), enqueue(tasks.count, {"to": 1})
        is_locked = Event()

        def pause() -> int:
            is_locked.wait(10)
            return many.pause(Job.objects.all())

        with elsewhere(pause) as paused, transaction.atomic():
            lock(second)
            is_locked.set()
            wait_until_somebody_waits()
            with suppress(OperationalError):  # on a busy machine PostgreSQL may end us instead
                lock(first)  # the other one has it, and waits for the second

        assert paused.result() == 2

    def test_ends_count_down_in_one_order(self) -> None:
        needed = [enqueue(tasks.count, {"to": 1}) for _ in range(2)]
        needing = [enqueue(tasks.count, {"to": 1}, after=needed) for _ in range(8)]

        with (
            elsewhere(lambda: end(JobState.SUCCEEDED, needed[1])) as ended,
            transaction.atomic(),
        ):
            lock(needing[0])
            wait_until_somebody_waits()
            ending.end(Job.objects.filter(pk=needed[0].pk), JobState.SUCCEEDED)

        ended.result()
        assert set(Job.objects.filter(waits=0, state="queued")) == set(needing)


def test_changes_of_many_are_told_of_as_fast_as_of_one() -> None:
    lifecycle.start_batch(tasks.count, (Item(str(n)) for n in range(10_000)))
    many.pause(Job.objects.filter(pk=Job.objects.latest("pk").pk))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '2s'")

    assert many.hurry(Job.objects.all()) == 10_001


class TestRetry:
    def test_of_nothing_that_can_be_is_nothing(self) -> None:
        make_job()

        assert many.retry(Job.objects.all()) == 0

    def test_one_of_each_key_is_run_again(self) -> None:
        old = [make_job(JobState.FAILED, dedupe_key="a") for _ in range(3)]
        other = make_job(JobState.FAILED, dedupe_key="b")
        make_job(dedupe_key="b")
        free = [make_job(JobState.FAILED) for _ in range(2)]

        assert many.retry(Job.objects.all()) == 3

        assert {state_of(job) for job in [*free, old[2]]} == {"queued"}
        assert {state_of(job) for job in [*old[:2], other]} == {"failed"}

    def test_many_with_keys_do_not_take_each_other_s_time(self) -> None:
        number = 10_000
        lifecycle.start_batch(tasks.count, (Item(str(n)) for n in range(number)))
        Job.objects.filter(is_batch=False).update(
            state="failed", finished_at=Now(), dedupe_key=F("item")
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE jobs_job")  # what autovacuum does where there is time for it
            cursor.execute("SET LOCAL statement_timeout = '20s'")

        assert many.retry(Job.objects.all()) == number

    def test_takes_along_what_has_a_key(self) -> None:
        needed = enqueue(tasks.count, {"to": 1})
        needing = enqueue(tasks.count, {"to": 1}, after=[needed], dedupe_key="a")
        has_twin = enqueue(tasks.count, {"to": 1}, after=[needed], dedupe_key="b")
        end(JobState.FAILED, needed)
        enqueue(tasks.count, {"to": 1}, dedupe_key="b")

        lifecycle.retry(needed)

        assert (state_of(needing), state_of(has_twin)) == ("queued", "failed")

    def test_of_a_key_one_alone_is_taken_along(self) -> None:
        needed = enqueue(tasks.count, {"to": 1})
        needing = []
        for _ in range(2):
            needing.append(enqueue(tasks.count, {"to": 1}, after=[needed], dedupe_key="a"))
            lifecycle.cancel(needing[-1])
        Job.objects.filter(dedupe_key="a").update(state="failed", error_type="needs_failed")
        end(JobState.FAILED, needed)

        lifecycle.retry(needed)

        assert [state_of(job) for job in needing] == ["failed", "queued"]


class TestBatches:
    @pytest.mark.parametrize(
        ("own", "of_item", "summary"),
        [
            ({"succeeded": "all"}, {}, {"succeeded": 1}),
            (
                {"found": 2},
                {"n": 1, "yes": True, "word": "x"},
                {"found": 2, "n": 1, "succeeded": 1},
            ),
            (None, [1], {"succeeded": 1}),
            ("x", None, {"succeeded": 1}),
            ({}, {"n": 10**400}, {"succeeded": 1}),
        ],
    )
    def test_adds_up_numbers_only(self, own: Any, of_item: Any, summary: Any) -> None:
        batch = lifecycle.start_batch(tasks.count, [Item("a")])
        Job.objects.filter(pk=batch.pk).update(summary=Value(own, JSONField()))
        part = batch.children.get()
        end(JobState.SUCCEEDED, part, summary=Value(of_item, JSONField()))

        batches.roll_up()

        batch.refresh_from_db()
        assert (batch.state, batch.summary) == (JobState.SUCCEEDED, summary)

    def test_one_that_cannot_end_does_not_keep_the_others_from_it(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        check_at_once()
        odd, sound = (lifecycle.start_batch(tasks.count, []) for _ in range(2))
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE jobs_job ADD CHECK (id <> %s OR state <> 'succeeded')", [odd.pk]
            )

        batches.roll_up()

        assert (state_of(odd), state_of(sound)) == ("running", "succeeded")
        assert f"batch {odd.pk} could not be added up" in caplog.text

    def test_ends_anew_when_an_item_is_run_again(self) -> None:
        batch = lifecycle.start_batch(tasks.count, [Item("a"), Item("b")])
        good, bad = batch.children.order_by("pk")
        end(JobState.SUCCEEDED, good, summary={"n": 2})
        end(JobState.FAILED, bad, error_type="refused")
        batches.roll_up()

        lifecycle.retry(bad)
        batch.refresh_from_db()
        reopened = batch.state, batch.finished_at
        batches.roll_up()
        still = state_of(batch)
        end(JobState.SUCCEEDED, bad, summary={"n": 3})
        batches.roll_up()

        batch.refresh_from_db()
        assert (reopened, still) == (("running", None), "running")
        assert (batch.state, batch.facts) == (JobState.SUCCEEDED, {"succeeded": 2})
        assert batch.summary == {"succeeded": 2, "n": 5}

    def test_is_not_reopened_beside_its_twin(self) -> None:
        batch = make_job(JobState.FAILED, is_batch=True, dedupe_key="a")
        part = make_job(JobState.FAILED, parent=batch, item="a")
        make_job(dedupe_key="a")

        lifecycle.retry(part)

        assert (state_of(part), state_of(batch)) == ("queued", "failed")

    def test_what_failed_is_run_again_once_at_a_time(self) -> None:
        batch = make_job(JobState.FAILED, is_batch=True, kind="tests.count")
        make_job(JobState.FAILED, parent=batch, item="a", kind="tests.count")
        again = lifecycle.retry(batch)

        with pytest.raises(batches.RetriedAlready, match=f"Job {again.pk} "):
            batches.retry_failed(batch)

        lifecycle.cancel(again)
        batches.roll_up()
        assert lifecycle.retry(batch) != again

    def test_a_part_is_no_batch(self) -> None:
        batch = lifecycle.start_batch(tasks.count, [Item("a")])

        with pytest.raises(lifecycle.BatchInBatch):
            lifecycle.add_items(batch.children.get(), tasks.count, [Item("b")])


class TestUpkeep:
    def test_delayed_jobs_become_due(self) -> None:
        soon = enqueue(tasks.count, {"to": 1}, delay=timedelta(seconds=10))
        enqueue(tasks.count, {"to": 1}, delay=timedelta(hours=1))
        early = upkeep.start_due(), claim()
        Job.objects.filter(pk=soon.pk).update(run_at=Now())

        assert early == (0, None)
        assert upkeep.start_due() == 1
        assert list(Job.objects.due("cpu")) == [soon]
        assert claim() == soon

    @pytest.mark.parametrize("state", [JobState.QUEUED, JobState.PAUSED])
    def test_what_waits_for_a_failed_job_fails(self, state: JobState) -> None:
        needed = enqueue(tasks.count, {"to": 1})
        needing = enqueue(tasks.count, {"to": 1}, after=[needed])
        last = enqueue(tasks.count, {"to": 1}, after=[needing])
        end(JobState.FAILED, needed)
        # retried in the moment in which the other failed
        Job.objects.exclude(pk=needed.pk).update(state=state, finished_at=None, waits=1)

        upkeep.fail_hopeless()

        assert {state_of(needing), state_of(last)} == {"failed"}

    def test_forgets_as_much_history_as_there_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(upkeep, "_PORTION", 2)
        monkeypatch.setattr(upkeep, "_MOST_PORTIONS", 3)
        for _ in range(7):
            make_job(JobState.FAILED, finished_at=AGO)

        assert [upkeep.forget_old() for _ in range(2)] == [6, 1]

    def test_forgets_logs_of_jobs_that_are_gone(
        self, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.MEDIAHUB_DATA_DIR = tmp_path
        monkeypatch.setattr(upkeep, "_PORTION", 1)
        assert upkeep.forget_stray_logs() == 0
        kept, gone, young = make_job().pk, 10**15, 10**15 + 1
        for number in (kept, gone, young):
            progress_log.folder(number).mkdir(parents=True)
        for number in (kept, gone):
            os.utime(progress_log.folder(number), (0, 0))
        (tmp_path / "logs/jobs/else").mkdir()

        assert [upkeep.forget_stray_logs() for _ in range(2)] == [1, 0]

        assert {path.name for path in (tmp_path / "logs/jobs").iterdir()} == {
            f"{kept}", f"{young}", "else",
        }  # fmt: skip
