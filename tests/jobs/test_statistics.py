"""How many jobs there are and how busy the queues were."""

from datetime import timedelta

import pytest
from django.conf import settings
from pytest_django import DjangoAssertNumQueries

from apps.jobs.choices import JobState
from apps.jobs.models import QueueMinute
from apps.jobs.services.statistics import Point, history, sample_minute, sampled_at, totals
from tests.factories import NOON, make_job

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def sampled(ago: timedelta, queue: str = "disk", **numbers: int) -> None:
    QueueMinute.objects.create(queue=queue, minute=NOON - ago, **numbers)


def test_samples_the_minute_that_ended_once() -> None:
    make_job()
    make_job(queue="cpu")
    make_job(JobState.RUNNING)
    make_job(JobState.RUNNING, is_batch=True, lease_until=None)  # no worker has it
    make_job(JobState.SUCCEEDED, finished_at=NOON - MINUTE)
    make_job(JobState.FAILED, finished_at=NOON - timedelta(seconds=1))
    make_job(JobState.SUCCEEDED, finished_at=NOON)
    make_job(JobState.CANCELLED, finished_at=NOON - timedelta(seconds=61))

    sample_minute(now=NOON + timedelta(seconds=5))
    make_job()
    sample_minute(now=NOON + timedelta(seconds=15))

    rows = {row.queue: row for row in QueueMinute.objects.filter(minute=NOON - MINUTE)}
    disk = rows["disk"]
    assert set(rows) == set(settings.MEDIAHUB_QUEUES)
    assert (disk.waiting, disk.running, disk.succeeded, disk.failed, disk.cancelled) == (
        1, 1, 1, 1, 0,
    )  # fmt: skip
    assert rows["cpu"].waiting == 1
    assert sampled_at() == NOON - MINUTE


def test_samples_are_kept_for_a_fortnight() -> None:
    sampled(timedelta(days=15))
    sampled(timedelta(days=13))

    sample_minute(now=NOON)

    assert QueueMinute.objects.order_by("minute")[0].minute == NOON - timedelta(days=13)


def test_history_of_an_hour_has_a_point_for_each_minute() -> None:
    sampled(2 * MINUTE, waiting=5, running=1, succeeded=3)
    sampled(2 * MINUTE, queue="cpu", waiting=2, running=1, failed=4)

    points = history(hours=1, now=NOON + timedelta(seconds=30))

    assert len(points) == 60
    assert points[-3] == Point(NOON - 2 * MINUTE, 7.0, 2.0, 3, 4, 0)
    assert points[-2] == Point(NOON - MINUTE, None, None, 0, 0, 0)
    assert history(hours=1, now=NOON, queue="cpu")[-3].waiting == 2.0


@pytest.mark.parametrize(
    ("hours", "number", "step"),
    [(24, 96, 15 * MINUTE), (168, 168, 60 * MINUTE), (336, 168, 120 * MINUTE)],
)
def test_history_of_days_has_the_mean_depth(hours: int, number: int, step: timedelta) -> None:
    sampled(step - MINUTE, waiting=10, succeeded=1)
    sampled(step - 2 * MINUTE, waiting=20, succeeded=2)

    points = history(hours=hours, now=NOON)

    assert [points[1].at - points[0].at, len(points)] == [step, number]
    assert [(p.waiting, p.succeeded) for p in points if p.succeeded] == [(15.0, 3)]
    assert points[-1].at == NOON


def test_totals(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    numbers = {
        JobState.QUEUED: 3, JobState.RUNNING: 2, JobState.CANCELLING: 1, JobState.PAUSED: 1,
        JobState.FAILED: 2, JobState.SUCCEEDED: 4,
    }  # fmt: skip
    for state, number in numbers.items():
        for _ in range(number):
            make_job(state)
    sampled(timedelta(hours=23), succeeded=7, failed=1)
    sampled(timedelta(hours=25), succeeded=100, failed=100)

    with django_assert_num_queries(11):
        found = totals(now=NOON)

    shown = [found.running, found.waiting, found.paused, found.failed, found.finished]
    assert [str(number) for number in shown] == ["3", "3", "1", "2", "6"]
    assert (found.succeeded_today, found.failed_today) == (7, 1)
