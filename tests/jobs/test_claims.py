"""The end of one job and the claim of the next in one exchange, and claims that meet."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from django.db import connection, transaction

from apps.jobs import worker
from apps.jobs.choices import JobState
from apps.jobs.models import Job
from apps.jobs.services import claims
from apps.jobs.services.lifecycle import Lane, enqueue
from tests.jobs import tasks

ONE, TWO = Lane("mount:/a", 1), Lane("host:b", 1)


def claim() -> Job | None:
    return claims.claim("cpu", worker="x:1")


def succeed(job: Job | None) -> tuple[bool, Job | None]:
    assert job is not None
    job.summary = {"counted": 1}
    return claims.succeed(job, then_claim="cpu", worker="x:1")


@pytest.mark.django_db
class TestSucceed:
    def test_a_short_job_costs_one_exchange(self, django_assert_num_queries: Any) -> None:
        first, second = enqueue(tasks.silent), enqueue(tasks.silent)
        held = claim()
        assert held is not None

        with django_assert_num_queries(1):
            following = worker.run(held, then=lambda: "cpu")

        assert following == second
        first.refresh_from_db()
        assert (first.state, first.lease_until) == (JobState.SUCCEEDED, None)

    def test_the_next_is_whole(self) -> None:
        enqueue(tasks.count, {"to": 1})
        enqueue(tasks.count, {"to": 2})

        _is_ours, following = succeed(claim())

        assert following is not None
        stored = Job.objects.get(pk=following.pk)
        names = [field.attname for field in Job._meta.concrete_fields]
        assert [getattr(following, name) for name in names] == [
            getattr(stored, name) for name in names
        ]
        assert following.params == {"to": 2}

    def test_the_place_in_its_lane_is_free_for_the_next(self) -> None:
        _first, second = enqueue(tasks.count, lane=ONE), enqueue(tasks.count, lane=ONE)

        assert succeed(claim()) == (True, second)

    def test_what_needed_it_may_be_the_next(self) -> None:
        first = enqueue(tasks.count)
        second = enqueue(tasks.count, after=[first])

        assert succeed(claim()) == (True, second)

    def test_without_the_lease_nothing_is_written_but_the_next_is_claimed(self) -> None:
        first, second = enqueue(tasks.count), enqueue(tasks.count)
        held = claim()
        Job.objects.filter(pk=first.pk).update(fence=9)

        assert succeed(held) == (False, second)

        first.refresh_from_db()
        assert (first.state, first.summary) == (JobState.RUNNING, {})


def _claim_elsewhere() -> Job | None:
    try:
        return claim()
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
class TestClaimsThatMeet:
    def test_do_not_both_get_a_lane_s_last_place_nor_wait_for_a_second_lane(self) -> None:
        """While one waits for the lane's other claim, a third has locked the next lane."""
        first, *_rest = [enqueue(tasks.count, lane=lane) for lane in (ONE, ONE, TWO)]
        plain = enqueue(tasks.count)
        third = connection.get_new_connection(connection.get_connection_params())
        with closing(third), ThreadPoolExecutor(1) as elsewhere:
            third.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [TWO.name])
            with transaction.atomic():
                assert claim() == first
                other = elsewhere.submit(_claim_elsewhere)
                _wait_for_a_lock()
            assert other.result(timeout=10) == plain


def _wait_for_a_lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '10s'")
        cursor.execute(
            "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted "
            "AND locktype = 'advisory') LOOP PERFORM pg_sleep(0.01); END LOOP; END $$"
        )
