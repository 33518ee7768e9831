"""What jobs do and what is done to them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from apps.jobs import worker
from apps.jobs.choices import FINISHED, JobState
from apps.jobs.models import Job, JobLogLine
from apps.jobs.services import beats, claims, crashes, lifecycle, upkeep
from apps.jobs.services.lifecycle import WrongState, enqueue
from tests.factories import make_job, make_tag
from tests.jobs import tasks

AGO = datetime(2020, 1, 1, tzinfo=UTC)


def claim() -> Job | None:
    return claims.claim("cpu", worker="test")


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
        lifecycle.cancel(first)
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

    def test_leaves_alone_what_no_task_here_can_do(self) -> None:
        job = make_job(kind="gone.task", queue="cpu")
        known = enqueue(tasks.count, {"to": 1})

        assert (worker.run_next("cpu"), worker.run_next("cpu")) == (known.pk, None)

        job.refresh_from_db()
        assert job.state == JobState.QUEUED

    @pytest.mark.parametrize(
        ("deed", "state"), [("cancel", JobState.CANCELLED), ("pause", JobState.PAUSED)]
    )
    def test_hears_of_it_while_running(self, deed: str, state: JobState) -> None:
        job = enqueue(tasks.hang)
        claimed = claim()
        assert claimed is not None
        if deed == "cancel":
            lifecycle.cancel(job)
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
        lifecycle.resume(job)

        assert held is None
        assert claim() == job

    @pytest.mark.parametrize("state", FINISHED)
    def test_a_finished_job_can_only_be_retried(self, state: JobState) -> None:
        job = make_job(state, queue="cpu")
        for deed in (
            lambda: lifecycle.cancel(job),
            lambda: lifecycle.pause(job),
            lambda: lifecycle.resume(job),
        ):
            with pytest.raises(WrongState):
                deed()

        lifecycle.retry(job)

        assert (job.state, job.attempt, job.finished_at) == (JobState.QUEUED, 0, None)

    def test_cancelling_twice_is_the_same_as_once(self) -> None:
        job = make_job(JobState.RUNNING)
        lifecycle.cancel(job)

        assert lifecycle.cancel(job).state == JobState.CANCELLING


@pytest.mark.django_db
class TestUpkeep:
    def test_takes_back_what_a_dead_worker_left_behind(self) -> None:
        job = make_job(JobState.RUNNING, kind="tests.count", lease_until=AGO, attempt=1)

        assert crashes.release_silent(Job.objects.filter(pk=job.pk)) == 1

        job.refresh_from_db()
        assert (job.state, job.attempt, job.crashes) == (JobState.QUEUED, 1, 0)
        assert job.run_at > timezone.now()

    @pytest.mark.parametrize(("code", "name"), [(-9, "SIGKILL"), (-37, "signal 37")])
    def test_keeps_the_signal_that_ended_the_worker(self, code: int, name: str) -> None:
        job = make_job(JobState.RUNNING, kind="tests.count", worker="a:1", attempt=1)

        crashes.release_worker("a:1", exit_code=code)

        job.refresh_from_db()
        assert (job.crashes, job.evidence["signal"]) == (1, name)

    def test_believes_a_lease_only_after_some_silence(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_job(JobState.RUNNING, lease_until=AGO)
        watch = upkeep.LeaseWatch()
        clock = Clock()
        monkeypatch.setattr(upkeep.time, "monotonic", clock)

        taken = [watch()]
        clock.now += 2
        taken += [watch()]
        clock.now += 2
        taken += [watch()]

        assert taken == [0, 0, 1]

    def test_a_clock_that_jumped_ahead_takes_no_job_from_a_living_worker(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = make_job(JobState.RUNNING, lease_until=AGO)
        watch = upkeep.LeaseWatch()
        clock = Clock()
        monkeypatch.setattr(upkeep.time, "monotonic", clock)

        for _beat in range(5):
            assert watch() == 0
            clock.now += 2
            beats.beat(job, [])

    def test_a_clock_that_jumped_back_leaves_no_job_with_a_dead_worker(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_job(JobState.RUNNING, lease_until=timezone.now() + timedelta(hours=1))
        watch = upkeep.LeaseWatch()
        clock = Clock()
        monkeypatch.setattr(upkeep.time, "monotonic", clock)

        early = watch()
        clock.now += 61

        assert (early, watch()) == (0, 1)

    def test_forgets_old_history_only(self) -> None:
        now = timezone.now()
        old = {"finished_at": now - timedelta(days=400)}
        make_job(JobState.SUCCEEDED, **old)
        batch = make_job(JobState.SUCCEEDED, is_batch=True, **old)
        make_job(JobState.SUCCEEDED, parent=batch, item="a", **old)
        kept = make_job(JobState.SUCCEEDED, finished_at=now, is_batch=True)
        part = make_job(JobState.SUCCEEDED, parent=kept, item="a", **old)

        assert [upkeep.forget_old() for _ in range(2)] == [3, 0]

        assert list(Job.objects.order_by("pk")) == [kept, part]


class Clock:
    """A stopwatch that the test moves."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now
