"""What is shared: mounts and hosts, and the order in which jobs get their turn."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from apps.jobs.models import Job
from apps.jobs.services import claims, holds, lifecycle
from apps.jobs.services.lifecycle import Item, Lane, enqueue
from tests.jobs import tasks

pytestmark = pytest.mark.django_db

ONE, TWO = Lane("mount:/a", 1), Lane("host:b", 2)


def claim() -> Job | None:
    return claims.claim("cpu", worker="x:1")


def test_no_more_of_a_lane_are_started_than_it_bears() -> None:
    jobs = [enqueue(tasks.count, lane=lane) for lane in (ONE, ONE, TWO, TWO, TWO)]

    assert [claim() for _ in range(4)] == [jobs[0], jobs[2], jobs[3], None]
    assert not claims.is_due("cpu")


def test_a_full_lane_keeps_nobody_else_waiting() -> None:
    for _ in range(3):
        enqueue(tasks.count, lane=ONE, priority=5)
    other = enqueue(tasks.count)
    claim()

    assert claim() == other


def test_a_batch_takes_no_place_in_its_lane_from_its_parts() -> None:
    """Else it would wait for them, and they for it."""
    parent = enqueue(tasks.count, lane=ONE)
    claim()
    lifecycle.add_items(parent, tasks.count, [Item("a", lane=ONE)])
    Job.objects.filter(pk=parent.pk).update(is_batch=True, lease_until=None)

    part = claim()

    assert part is not None
    assert part.parent_id == parent.pk


def test_settings_say_how_many_for_a_mount_and_for_a_host(settings: Any) -> None:
    settings.MEDIAHUB_JOBS_PER_MOUNT, settings.MEDIAHUB_JOBS_PER_HOST = 3, 4

    assert (Lane.of_mount("/a").limit, Lane.of_host("b").limit) == (3, 4)


def test_a_held_kind_keeps_nobody_else_waiting() -> None:
    enqueue(tasks.count, priority=5)
    other = enqueue(tasks.refuse)
    holds.hold(kind="tests.count")

    assert [claim(), claim()] == [other, None]


def test_priority_goes_first_but_waiting_counts() -> None:
    """A point of priority is worth an hour of waiting."""
    old = enqueue(tasks.count)
    urgent = enqueue(tasks.count, priority=2)
    very_urgent = enqueue(tasks.count, priority=4)
    Job.objects.filter(pk=old.pk).update(urgency=Now() - timedelta(hours=3))

    assert [claim(), claim(), claim()] == [very_urgent, old, urgent]


def test_a_hurried_job_goes_before_any_priority() -> None:
    enqueue(tasks.count, priority=100)
    late = enqueue(tasks.count, priority=-5, delay=timedelta(hours=1))

    lifecycle.hurry(late)

    assert claim() == late


def test_a_claim_takes_one_job_whatever_the_plan() -> None:
    for _ in range(5):
        enqueue(tasks.count, {"to": 1})
    with connection.cursor() as cursor:  # would pass many rows, and look for a job at each
        cursor.execute("SET LOCAL enable_hashjoin = off")
        cursor.execute("SET LOCAL enable_mergejoin = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")

    taken = [claim() for _ in range(3)]

    assert len({job.pk for job in taken if job}) == 3
    assert Job.objects.with_worker().count() == 3
