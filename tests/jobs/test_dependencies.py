"""Jobs that need others."""

import pytest

from apps.jobs.choices import JobState
from apps.jobs.models import Job
from apps.jobs.services import claims, lifecycle, many
from apps.jobs.services.ending import end
from apps.jobs.services.lifecycle import WrongState, enqueue
from tests.jobs import tasks

pytestmark = pytest.mark.django_db


def ask(*after: Job) -> Job:
    return enqueue(tasks.count, {"to": 1}, after=after)


def finish(job: Job, state: JobState = JobState.SUCCEEDED) -> None:
    end(Job.objects.filter(pk=job.pk), state)
    job.refresh_from_db()


def waits(job: Job) -> tuple[str, int]:
    job.refresh_from_db()
    return job.state, job.waits


def test_a_job_is_not_started_before_all_that_it_needs_succeeded() -> None:
    one, two = ask(), ask()
    job = ask(one, two)

    assert [claims.claim("cpu", worker="x:1") for _ in range(3)] == [one, two, None]
    finish(one)
    assert waits(job) == ("queued", 1)
    finish(two)

    assert claims.claim("cpu", worker="x:1") == job


def test_what_needs_a_failed_one_fails_and_so_on() -> None:
    one = ask()
    two = ask(one)
    three = ask(two)

    finish(one, JobState.FAILED)

    for job in (two, three):
        job.refresh_from_db()
        assert (job.state, job.error_type) == ("failed", "needs_failed")
    with pytest.raises(WrongState) as raised:
        ask(one)
    assert raised.value.code == "wrong_state"


def test_a_retry_takes_along_what_failed_for_want_of_it() -> None:
    one = ask()
    two = ask(one)
    three = ask(two)
    finish(one, JobState.CANCELLED)

    lifecycle.retry(one)

    assert [waits(job) for job in (one, two, three)] == [
        ("queued", 0),
        ("queued", 1),
        ("queued", 1),
    ]


def test_a_retry_leaves_alone_what_also_needs_another_that_failed() -> None:
    one, two = ask(), ask()
    job = ask(one, two)
    finish(one, JobState.FAILED)
    finish(two, JobState.FAILED)

    lifecycle.retry(one)
    assert waits(job)[0] == "failed"
    lifecycle.retry(two)

    assert waits(job) == ("queued", 2)


def test_what_needs_a_failed_one_is_not_retried_without_it() -> None:
    one = ask()
    job = ask(one)
    finish(one, JobState.FAILED)

    assert many.control("retry", Job.objects.filter(pk=job.pk)) == 0
    assert many.control("retry", Job.objects.filter(pk__in=[one.pk, job.pk])) == 2


def test_one_that_succeeds_twice_counts_once() -> None:
    one, two = ask(), ask()
    job = ask(one, two)
    finish(one)

    lifecycle.retry(one)
    assert waits(job) == ("queued", 2)
    finish(one)

    assert waits(job) == ("queued", 1)
