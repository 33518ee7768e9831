"""Jobs whose database, worker or person does something at the wrong moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.jobs import worker
from apps.jobs.choices import JobState
from apps.jobs.context import JobContext
from apps.jobs.models import Job, JobLogLine
from apps.jobs.registry import Task
from apps.jobs.services import crashes
from apps.jobs.services.lifecycle import enqueue
from tests.factories import make_job
from tests.jobs import tasks
from tests.jobs.test_jobs import claim

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_heart_beats_on_after_the_database_was_away() -> None:
    job = enqueue(tasks.hang)
    claimed = claim()
    assert claimed is not None
    with JobContext(claimed) as running:
        _wait_for_beat(job)
        tasks.cut_off_others()
        running.log("after")
        _wait_for_beat(job)
        _wait_for_beat(job)

    assert JobLogLine.objects.filter(message="after").exists()


def _wait_for_beat(job: Job) -> None:
    old = Job.objects.get(pk=job.pk).lease_until
    deadline = timezone.now() + timedelta(seconds=10)
    while Job.objects.get(pk=job.pk).lease_until == old:
        assert timezone.now() < deadline, "no beat"


def test_goes_back_into_the_queue_when_the_database_restarts() -> None:
    job = enqueue(tasks.cut_off)

    worker.run_next("cpu")

    job.refresh_from_db()
    assert (job.state, job.attempt, job.lease_until) == (JobState.QUEUED, 1, None)
    assert job.run_at > timezone.now()


def test_fails_after_so_many_restarts() -> None:
    job = enqueue(tasks.cut_off)
    Job.objects.update(attempt=2)

    worker.run_next("cpu")

    job.refresh_from_db()
    assert (job.state, job.error_type) == (JobState.FAILED, "OperationalError")


@pytest.mark.parametrize(
    "task",
    [tasks.odd_summary, tasks.odd_error, tasks.odd_log, tasks.no_summary, tasks.odd_facts],
)
def test_ends_whatever_it_says(task: Task) -> None:
    job = enqueue(task)

    worker.run_next("cpu")

    job.refresh_from_db()
    assert (job.state, job.lease_until) == (JobState.FAILED, None)
    assert job.error_message


def test_a_cancel_is_not_lost_to_a_pause() -> None:
    job = enqueue(tasks.cancel_while_pausing)
    claimed = claim()
    assert claimed is not None

    worker.run(claimed)

    job.refresh_from_db()
    assert (job.state, job.finished_at is None) == (JobState.CANCELLED, False)


def test_a_job_in_a_long_transaction_is_not_abandoned() -> None:
    job = make_job(JobState.RUNNING, lease_until=timezone.now())

    with JobContext(job).guard(), ThreadPoolExecutor(1) as elsewhere:
        assert elsewhere.submit(_requeue_later).result(timeout=10) == 0
    assert _requeue_later() == 1


def _requeue_later() -> int:
    try:
        return crashes.release_silent(Job.objects.all())
    finally:
        connection.close()


def test_the_heart_beats_on_though_facts_cannot_be_stored() -> None:
    job = enqueue(tasks.hang)
    claimed = claim()
    assert claimed is not None
    with JobContext(claimed) as running:
        running.report(1, 2, thing=object(), name="nul \0")
        _wait_for_beat(job)
        running.report(3, 4, half="\ud800")
        _wait_for_beat(job)


def test_an_end_is_written_when_the_database_is_back() -> None:
    job = enqueue(tasks.count, {"to": 1})
    claimed = claim()
    assert claimed is not None
    lost = [True]

    def cut_off_once() -> None:
        if lost and lost.pop():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    worker.run(claimed, then=cut_off_once)

    job.refresh_from_db()
    assert (job.state, job.crashes, job.attempt) == (JobState.SUCCEEDED, 0, 1)
