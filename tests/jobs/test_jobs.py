"""What jobs do and what is done to them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.jobs import worker
from apps.jobs.choices import FINISHED, JobState
from apps.jobs.models import Job, JobLogLine
from apps.jobs.services import lifecycle, upkeep
from apps.jobs.services.lifecycle import WrongState, enqueue
from tests.factories import make_job, make_tag
from tests.jobs import tasks

LEASE = timedelta(seconds=60)


def claim() -> Job | None:
    job: Job | None = Job.objects.claim("cpu", worker="test", now=timezone.now(), lease=LEASE)
    return job


@pytest.mark.django_db
class TestEnqueue:
    def test_writes_a_row_about_its_target(self) -> None:
        tag = make_tag()

        job = enqueue(tasks.count, {"to": 3}, target=tag)

        assert (job.state, job.kind, job.queue) == (JobState.QUEUED, "tests.count", "cpu")
        assert (job.target_type, job.target_id) == ("library.tag", tag.pk)
        assert list(lifecycle.active_for(tag)) == [job]

    def test_returns_the_active_job_of_the_same_key(self) -> None:
        first = enqueue(tasks.count, {"to": 3}, dedupe_key="same")
        second = enqueue(tasks.count, {"to": 3}, dedupe_key="same")
        lifecycle.cancel(first, now=timezone.now())
        third = enqueue(tasks.count, {"to": 3}, dedupe_key="same")

        assert second == first
        assert third != first


@pytest.mark.django_db
class TestClaim:
    def test_takes_the_most_urgent_first_and_each_once(self) -> None:
        late = enqueue(tasks.count, {"to": 1})
        urgent = enqueue(tasks.count, {"to": 1}, priority=5)
        enqueue(tasks.count, {"to": 1}, delay=timedelta(hours=1))

        assert [claim(), claim(), claim()] == [urgent, late, None]

    def test_counts_the_attempt_before_the_work(self) -> None:
        enqueue(tasks.count, {"to": 1})

        job = claim()

        assert job is not None
        assert (job.state, job.attempt, job.fence) == (JobState.RUNNING, 1, 1)


# The heartbeat has a connection of its own, so that rows must be committed to be seen.
@pytest.mark.django_db(transaction=True)
class TestRun:
    def test_keeps_summary_progress_and_log(self) -> None:
        job = enqueue(tasks.count, {"to": 3})

        assert worker.run_next("cpu") == job.pk

        job.refresh_from_db()
        assert (job.state, job.summary, job.done, job.total) == (
            JobState.SUCCEEDED, {"counted": 3}, 3, 3,
        )  # fmt: skip
        assert job.lease_until is None
        assert JobLogLine.objects.get(job=job).message == "counted"

    def test_does_nothing_without_a_job(self) -> None:
        assert worker.run_next("cpu") is None

    @pytest.mark.parametrize(
        ("task", "kind", "message"),
        [
            (tasks.refuse, "refused", "That can't be done."),
            (tasks.fail, "ZeroDivisionError", "unforeseen"),
        ],
    )
    def test_says_why_it_failed(self, task: tasks.Task, kind: str, message: str) -> None:
        job = enqueue(task)

        worker.run_next("cpu")

        job.refresh_from_db()
        assert (job.state, job.error_type, job.error_message) == (JobState.FAILED, kind, message)

    def test_a_job_of_no_task_fails_alone(self) -> None:
        job = make_job(kind="gone.task", queue="cpu")

        worker.run_next("cpu")

        job.refresh_from_db()
        assert job.error_type == "unknown_task"

    @pytest.mark.parametrize(
        ("deed", "state"), [("cancel", JobState.CANCELLED), ("pause", JobState.PAUSED)]
    )
    def test_hears_of_it_while_running(self, deed: str, state: JobState) -> None:
        job = enqueue(tasks.hang)
        claimed = claim()
        assert claimed is not None
        if deed == "cancel":
            lifecycle.cancel(job, now=timezone.now())
        else:
            lifecycle.pause(job)

        worker.run(claimed)

        job.refresh_from_db()
        assert job.state == state

    def test_gives_the_job_back_when_the_worker_stops(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = enqueue(tasks.hang)
        monkeypatch.setattr(worker.stopping, "is_set", lambda: True)

        worker.run_next("cpu")

        job.refresh_from_db()
        assert (job.state, job.attempt) == (JobState.QUEUED, 0)

    def test_writes_nothing_after_the_lease_is_lost(self) -> None:
        job = enqueue(tasks.hang)
        claimed = claim()
        assert claimed is not None
        Job.objects.filter(pk=job.pk).update(fence=9)

        worker.run(claimed)

        job.refresh_from_db()
        assert (job.state, job.done, job.fence) == (JobState.RUNNING, 0, 9)


@pytest.mark.django_db
class TestLifecycle:
    def test_a_paused_job_waits_until_resumed(self) -> None:
        job = enqueue(tasks.count, {"to": 1})
        lifecycle.pause(job)
        held = claim()
        lifecycle.resume(job, now=timezone.now())

        assert held is None
        assert claim() == job

    @pytest.mark.parametrize("state", FINISHED)
    def test_a_finished_job_can_only_be_retried(self, state: JobState) -> None:
        job = make_job(state, queue="cpu")
        for deed in (
            lambda: lifecycle.cancel(job, now=timezone.now()),
            lambda: lifecycle.pause(job),
            lambda: lifecycle.resume(job, now=timezone.now()),
        ):
            with pytest.raises(WrongState):
                deed()

        lifecycle.retry(job, now=timezone.now())

        assert (job.state, job.attempt, job.finished_at) == (JobState.QUEUED, 0, None)

    def test_cancelling_twice_is_the_same_as_once(self) -> None:
        job = make_job(JobState.RUNNING)
        lifecycle.cancel(job, now=timezone.now())

        assert lifecycle.cancel(job, now=timezone.now()).state == JobState.CANCELLING


@pytest.mark.django_db
class TestUpkeep:
    def test_requeues_what_a_dead_worker_left_behind(self) -> None:
        enqueue(tasks.count, {"to": 1})
        job = claim()
        assert job is not None
        later = timezone.now() + LEASE * 2

        upkeep.requeue_abandoned(now=later)

        job.refresh_from_db()
        assert (job.state, job.attempt) == (JobState.QUEUED, 1)
        assert job.run_at > later

    def test_gives_up_on_a_job_that_kills_its_workers(self) -> None:
        job = make_job(JobState.RUNNING, attempt=3, max_attempts=3, lease_until=timezone.now())

        upkeep.requeue_abandoned(now=timezone.now() + LEASE)

        job.refresh_from_db()
        assert (job.state, job.error_type) == (JobState.FAILED, "worker_died")

    def test_leaves_living_workers_alone(self) -> None:
        enqueue(tasks.count, {"to": 1})
        claim()

        assert upkeep.requeue_abandoned(now=timezone.now()) == 0

    def test_forgets_old_history_only(self) -> None:
        now = timezone.now()
        make_job(JobState.SUCCEEDED, finished_at=now - timedelta(days=400))
        kept = make_job(JobState.SUCCEEDED, finished_at=now)

        upkeep.forget_old(now=now)

        assert Job.objects.get() == kept
