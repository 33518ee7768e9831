"""What happened to jobs: every change once, in one order, for whoever reads on by id."""

import random
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from hypothesis import HealthCheck, Phase, given, settings, strategies
from hypothesis.extra.django import TestCase, TransactionTestCase

from apps.jobs.choices import JobState
from apps.jobs.models import Job, JobChange, JobEvent
from apps.jobs.services import events
from tests.factories import NOON, make_job

SETTINGS = settings(
    max_examples=25, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip


def changes_of(job: Job) -> list[tuple[str, int, bool]]:
    """What is told of a job, put in order."""
    events.put_in_order()
    told = JobEvent.objects.filter(job_id=job.pk).order_by("pk")
    return list(told.values_list("state", "version", "is_progress"))


def move(job: Job, **values: Any) -> None:
    Job.objects.filter(pk=job.pk).update(**values)


def turn(job: Job, state: JobState = JobState.RUNNING) -> None:
    move(job, state=state, lease_until=NOON, version=F("version") + 1)


@pytest.mark.django_db
class TestTelling:
    def test_every_change_of_state_is_told(self) -> None:
        job = make_job()
        turn(job)
        turn(job, JobState.PAUSED)
        turn(job)

        assert changes_of(job) == [
            ("queued", 1, False), ("running", 2, False), ("paused", 3, False),
            ("running", 4, False),
        ]  # fmt: skip
        assert not JobChange.objects.exists()

    def test_progress_in_a_row_is_told_once(self) -> None:
        job, other = make_job(JobState.RUNNING), make_job(JobState.RUNNING)
        for done in range(5):
            move(job, done=done + 1)
            move(other, done=done + 1)
        turn(job)
        move(job, done=9)

        assert changes_of(job) == [
            ("running", 1, False), ("running", 1, True), ("running", 2, False),
            ("running", 2, True),
        ]  # fmt: skip
        assert changes_of(other) == [("running", 1, False), ("running", 1, True)]

    def test_a_renewed_lease_is_no_news(self) -> None:
        job = make_job(JobState.RUNNING)

        move(job, lease_until=NOON, rate_per_s=5.0)

        assert changes_of(job) == [("running", 1, False)]

    def test_children_are_told_of_once_they_move(self) -> None:
        child = make_job(parent=make_job(JobState.RUNNING, is_batch=True))
        before = changes_of(child)

        turn(child)

        assert (before, changes_of(child)) == ([], [("running", 2, False)])


@pytest.mark.django_db
class TestReading:
    def test_events_are_read_on_in_pages(self) -> None:
        jobs = [make_job() for _ in range(5)]
        events.put_in_order()

        first = events.after(0, limit=3)
        rest = events.after(first[-1].id, limit=3)

        assert [event.job for event in [*first, *rest]] == [job.pk for job in jobs]
        assert events.newest() == rest[-1].id

    def test_they_say_what_the_job_is_like_now(self) -> None:
        job = make_job(JobState.RUNNING, done=3, total=9)
        turn(job, JobState.PAUSED)
        events.put_in_order()

        (_, event) = events.after(0, limit=9)

        assert (event.state, event.version, event.kind, event.queue) == (
            "paused", 2, "library.scan", "disk",
        )  # fmt: skip
        assert (event.done, event.total, event.parent, event.requested_by) == (3, 9, None, None)

    def test_an_event_outlives_its_job(self) -> None:
        make_job().delete()
        events.put_in_order()

        (event,) = events.after(0, limit=9)

        assert (event.kind, event.state) == ("", "queued")

    @pytest.mark.parametrize("count", [1, 30])
    def test_costs_two_queries(self, django_assert_num_queries: Any, count: int) -> None:
        for _ in range(count):
            make_job()
        events.put_in_order()

        with django_assert_num_queries(2):
            assert len(events.after(0, limit=100)) == count


@pytest.mark.django_db
class TestForgetting:
    def test_only_a_beginning_is_forgotten(self, settings: Any) -> None:
        settings.MEDIAHUB_JOB_EVENT_MINUTES = 60
        old, late, young, newest = (
            JobEvent.objects.create(
                job_id=1, state="queued", version=1, is_progress=False, at=NOON - age
            )
            for age in (timedelta(hours=3), timedelta(), timedelta(hours=2), timedelta())
        )

        assert events.forget_old(now=NOON) == 1
        assert list(JobEvent.objects.order_by("pk")) == [late, young, newest]
        assert not events.are_kept_after(old.pk - 1)
        assert events.are_kept_after(old.pk)
        assert events.are_kept_after(newest.pk)
        assert not events.are_kept_after(newest.pk + 1)

    def test_the_newest_stays(self) -> None:
        make_job()
        make_job()
        events.put_in_order()
        last = events.newest()

        assert events.forget_old(now=NOON + timedelta(days=900)) == 1
        assert events.newest() == last

    def test_before_the_first_event_nothing_is_missing(self) -> None:
        assert events.are_kept_after(0)
        assert not events.are_kept_after(1)


DEEDS = strategies.lists(
    strategies.tuples(
        strategies.integers(0, 2), strategies.sampled_from(["turn", "move", "order"])
    ),
    max_size=30,
)


class TestOrderIsThatOfChanges(TestCase):
    @SETTINGS
    @given(deeds=DEEDS)
    def test_each_version_once_and_the_last_progress_always(
        self, deeds: list[tuple[int, str]]
    ) -> None:
        jobs = [make_job(JobState.RUNNING) for _ in range(3)]
        expected: dict[int, list[tuple[int, bool]]] = {job.pk: [(1, False)] for job in jobs}
        fresh = set(expected)  # whose last change has no place yet
        for done, (which, deed) in enumerate(deeds, 1):
            job = jobs[which]
            told = expected[job.pk]
            if deed == "order":
                events.put_in_order()
                fresh.clear()
                continue
            if deed == "turn":
                turn(job)
                told.append((told[-1][0] + 1, False))
            else:
                move(job, done=done)
                if not (told[-1][1] and job.pk in fresh):
                    told.append((told[-1][0], True))
            fresh.add(job.pk)

        for job in jobs:
            assert [change[1:] for change in changes_of(job)] == expected[job.pk]


class TestNothingIsLostBetweenMany(TransactionTestCase):
    """Writers that commit in another order than they began, movers, and readers that follow."""

    @settings(SETTINGS, max_examples=6)
    @given(seed=strategies.integers(0, 10_000))
    def test_readers_see_each_change_once_in_order(self, seed: int) -> None:
        jobs = [make_job(JobState.RUNNING) for _ in range(6)]
        start = events.put_in_order() and events.newest()
        written = threading.Event()
        with ThreadPoolExecutor(9) as pool:
            writers = [
                pool.submit(_write, random.Random(seed + n), jobs[n % 3], 12) for n in range(4)
            ]
            movers = [pool.submit(_keep_moving, written) for _ in range(3)]
            readers = [pool.submit(_read_along, written, start) for _ in range(2)]
            for writer in writers:
                writer.result(timeout=60)
            written.set()
            for mover in movers:
                mover.result(timeout=60)
            seen = [reader.result(timeout=60) for reader in readers]

        versions = defaultdict(list)
        for event in seen[0]:
            versions[event.job].append(event.version)
        assert [event.id for event in seen[0]] == sorted({event.id for event in seen[0]})
        assert [event.id for event in seen[0]] == [event.id for event in seen[1]]
        assert not JobChange.objects.exists()
        for job in jobs:
            job.refresh_from_db()
            assert versions[job.pk] == list(range(2, job.version + 1))


def _write(chance: random.Random, job: Job, times: int) -> None:
    """Changes of a job, some of which are told long before they are committed."""
    try:
        for _ in range(times):
            with transaction.atomic():
                turn(job)
                time.sleep(chance.random() * 0.02)
    finally:
        connection.close()


def _keep_moving(written: threading.Event) -> None:
    try:
        while not written.is_set() or JobChange.objects.exists():
            events.put_in_order()
    finally:
        connection.close()


def _read_along(written: threading.Event, place: int) -> list[events.Event]:
    seen: list[events.Event] = []
    try:
        while True:
            is_last = written.is_set() and not JobChange.objects.exists()
            found = events.after(place, limit=7)
            seen += found
            place = found[-1].id if found else place
            if is_last and not found:
                return seen
    finally:
        connection.close()
