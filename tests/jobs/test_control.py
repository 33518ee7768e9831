"""What people do to many jobs at once: by a filter, to batches and their parts."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.jobs import worker
from apps.jobs.choices import JobState
from apps.jobs.context import JobContext, LeaseLost
from apps.jobs.models import Job
from apps.jobs.services import claims, crashes, lifecycle, many
from apps.jobs.services.lifecycle import Item, enqueue, start_batch
from apps.jobs.services.many import UnknownDeed
from tests.jobs import tasks

pytestmark = pytest.mark.django_db


def batch(items: int = 2) -> Job:
    return start_batch(tasks.count, (Item(str(number), {"to": 1}) for number in range(items)))


def claim() -> Job:
    job = claims.claim("cpu", worker="somewhere:1")
    assert job is not None
    return job


def states(job: Job) -> list[str]:
    """Its own and its children's."""
    job.refresh_from_db()
    return [job.state, *job.children.order_by("pk").values_list("state", flat=True)]


class TestByFilter:
    """What a deed does to a parent may take it out of the filter; its children follow anyway."""

    def test_cancels_the_parts_of_running_batches(self) -> None:
        job = batch()

        many.control("cancel", Job.objects.roots().filter(state="running"))

        assert states(job) == ["cancelling", "cancelled", "cancelled"]

    def test_resumes_the_parts_of_paused_batches(self) -> None:
        job = batch()
        lifecycle.pause(job)

        many.control("resume", Job.objects.roots().filter(state="paused"))

        assert states(job) == ["running", "queued", "queued"]

    def test_pauses_the_parts_at_work_of_running_batches(self) -> None:
        job = batch()
        part = claim()

        many.control("pause", Job.objects.roots().filter(state="running"))

        assert states(job) == ["paused", "running", "paused"]
        assert Job.objects.get(pk=part.pk).pause_requested

    def test_leaves_alone_what_a_deed_cannot_be_done_to(self) -> None:
        enqueue(tasks.count)

        assert [many.control(deed, Job.objects.all()) for deed in ("resume", "retry")] == [0, 0]

    def test_knows_its_deeds(self) -> None:
        with pytest.raises(UnknownDeed) as raised:
            many.control("explode", Job.objects.all())
        assert raised.value.code == "unknown_deed"

    @pytest.mark.parametrize("deed", ["cancel", "pause", "hurry"])
    def test_many_cost_the_queries_of_few(self, deed: str) -> None:
        few, lots = batch(2), batch(40)

        with CaptureQueriesContext(connection) as first:
            many.control(deed, Job.objects.filter(pk=few.pk))
        with CaptureQueriesContext(connection) as second:
            many.control(deed, Job.objects.filter(pk=lots.pk))

        assert len(first) == len(second)


class TestPauseIsNotLost:
    """Whatever brings a job back to the queue that a person wanted to hold."""

    def test_by_a_worker_that_is_stopped(self) -> None:
        job = enqueue(tasks.count)
        claim()
        lifecycle.pause(job)

        crashes.give_back("somewhere:1")

        assert states(job) == ["paused"]

    def test_by_a_passing_failure(self) -> None:
        job = enqueue(tasks.count)
        held = claim()
        lifecycle.pause(job)

        worker._move(Job.objects.held(held.pk, held.fence), JobState.QUEUED, {"attempt": 0})

        assert states(job) == ["paused"]

    def test_by_its_being_split(self) -> None:
        job = enqueue(tasks.count)
        held = claim()
        JobContext(held).split(tasks.count, [Item("a")])
        lifecycle.pause(job)

        worker._move(Job.objects.held(held.pk, held.fence), JobState.SUCCEEDED, {"is_batch": True})

        assert states(job) == ["paused", "paused"]


class TestCancelIsNotLost:
    def test_by_its_being_split(self) -> None:
        job = enqueue(tasks.count)
        held = claim()
        lifecycle.cancel(job)
        JobContext(held).split(tasks.count, [Item("a")])

        worker._move(Job.objects.held(held.pk, held.fence), JobState.SUCCEEDED, {"is_batch": True})

        assert states(job) == ["cancelled", "cancelled"]

    def test_by_a_worker_that_lost_its_lease(self) -> None:
        job = enqueue(tasks.count)
        running = JobContext(claim())
        crashes.release_worker("somewhere:1", exit_code=-9)
        lifecycle.cancel(job)

        with pytest.raises(LeaseLost):
            running.split(tasks.count, [Item("a")])

        assert states(job) == ["cancelled"]
