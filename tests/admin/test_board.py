"""The board: everything about the jobs on one screen."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.choices import Role
from apps.jobs.choices import JobState, Queue
from apps.jobs.models import Cluster, Hold, Job, JobDependency, QueueMinute, Schedule
from apps.jobs.services.schedules import create
from tests.factories import make_job, make_library, make_user

BOARD = "admin:jobs_job_board"


def seen(client: Client, part: str = "") -> str:
    """The words of the board, or of one of its parts."""
    response = client.get(reverse(BOARD))
    assert response.status_code == 200
    page = response.content.decode()
    if part:
        page = page[page.index(f'id="board-{part}"') :].split("</section>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def make_cluster(queue: Queue = Queue.DISK, **values: Any) -> Cluster:
    number = Cluster.objects.count() + 1
    values = {"host": "nas", "pid": number, "slots": 1, **values}
    values.setdefault("workers", [{"pid": 1000 + number, "memory_bytes": 90_000_000}])
    return Cluster.objects.create(queue=queue, **values)


class TestWhatComesNext:
    """Each job that waits says why."""

    def test_a_free_worker_takes_it(self, boss: Client) -> None:
        make_cluster()
        make_job()

        assert "next, once a worker is free" in seen(boss, "waiting")

    def test_nobody_serves_its_queue(self, boss: Client) -> None:
        make_job(queue=Queue.GPU)

        assert "no worker serves the queue gpu" in seen(boss, "waiting")

    def test_its_plugin_was_removed(self, boss: Client) -> None:
        make_cluster()
        make_job(kind="gone.task")

        assert "nothing installed here does gone.task" in seen(boss, "waiting")

    def test_its_queue_or_kind_is_paused(self, boss: Client) -> None:
        make_cluster()
        make_cluster(Queue.CPU)
        make_job()
        make_job(queue=Queue.CPU, kind="artifacts.generate")
        Hold.objects.create(queue=Queue.DISK)
        Hold.objects.create(kind="artifacts.generate")

        part = seen(boss, "waiting")

        assert "the queue disk is paused" in part
        assert "Artifacts is paused" in part

    def test_its_lane_is_full(self, boss: Client) -> None:
        make_cluster()
        make_job(JobState.RUNNING, lane="mount:/media/a", lane_limit=1)
        make_job(lane="mount:/media/a", lane_limit=1)

        assert "the disk at /media/a is busy with 1 other " in seen(boss, "waiting")

    def test_it_needs_another(self, boss: Client) -> None:
        first = make_job(JobState.RUNNING)
        JobDependency.objects.create(job=make_job(waits=1), needs=first)

        assert f"needs job {first.pk}" in seen(boss, "waiting")

    def test_it_comes_later(self, boss: Client) -> None:
        later = timezone.now() + timedelta(minutes=30, seconds=5)
        make_job(run_at=later)
        make_job(run_at=later, attempt=1)

        part = seen(boss, "waiting")

        assert "not before 30 min from now" in part
        assert "tried again in 30 min" in part


class TestAlarms:
    def test_there_are_none_when_all_is_well(self, boss: Client) -> None:
        make_cluster()
        make_job()

        assert '"mh-alarm"' not in boss.get(reverse(BOARD)).content.decode().split("board-tiles")[0]

    def test_a_silent_cluster_is_red_here_and_at_home(self, boss: Client) -> None:
        make_cluster(seen_at=timezone.now() - timedelta(minutes=2))
        make_library()

        for name in (BOARD, "admin:index"):
            page = boss.get(reverse(name)).content.decode()
            assert "Disk workers on nas: Not heard of for 2 min." in page, name

    def test_jobs_that_nobody_serves_are_red(self, boss: Client) -> None:
        make_job(queue=Queue.NET)

        assert "Jobs wait in the queue Network, which no worker serves." in seen(boss)

    def test_a_silent_scheduler_is_red(self, boss: Client) -> None:
        ago = timezone.now() - timedelta(minutes=10)
        QueueMinute.objects.create(queue=Queue.DISK, minute=ago)

        assert "The scheduler has not been heard of for 10 min" in seen(boss)


class TestParts:
    def test_running_tells_rate_end_attempt_worker_and_who(self, boss: Client) -> None:
        make_job(
            JobState.RUNNING, done=1_000, total=4_000, rate_per_s=1_500.5, attempt=2,
            worker="nas:7", requested_by=make_user(username="ann"),
        )  # fmt: skip

        part = seen(boss, "running")

        for said in ("25 %", "1,500 a second", "2 s left", "attempt 2 of 3", "nas:7", "for ann"):
            assert said in part

    def test_quarantined_is_told_apart(self, boss: Client) -> None:
        make_job(JobState.FAILED, quarantined=True, error_message="It died.")

        assert "quarantined" in seen(boss, "failed")

    def test_parts_of_batches_are_not_listed_among_what_ended(self, boss: Client) -> None:
        batch = make_job(JobState.SUCCEEDED, is_batch=True, summary={"succeeded": 1, "failed": 1})
        make_job(JobState.FAILED, parent=batch, item="bad.mp4")

        assert "bad.mp4" not in seen(boss, "failed")
        assert "1 failed" in seen(boss, "finished")

    def test_workers_tell_what_they_do(self, boss: Client) -> None:
        library = make_library(name="Films")
        make_cluster(restarts=2, restarted_at=timezone.now(), restart_reason="it hung")
        make_job(
            JobState.RUNNING, worker="nas:1001", target_type="library.library",
            target_id=library.pk,
        )  # fmt: skip

        part = seen(boss, "crew")

        for said in ("Disk on nas", "90 MB", "Scan Films", "restarted 2 times", "it hung"):
            assert said in part

    def test_schedules_tell_when(self, boss: Client) -> None:
        create(Schedule(name="Nightly", kind="artifacts.generate", cron="0 3 * * *"))

        assert "At 03:00 every day" in seen(boss, "schedules")

    def test_the_chart_is_told_in_words(self, boss: Client) -> None:
        minute = timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=5)
        QueueMinute.objects.create(queue=Queue.DISK, minute=minute, waiting=7, succeeded=3)

        assert "3 succeeded, 0 failed. At most 7 waited" in seen(boss, "chart")


class TestHolds:
    def test_queues_and_kinds_are_paused_and_resumed(self, boss: Client) -> None:
        pause, resume = (
            reverse("admin:jobs_job_hold", args=[deed]) for deed in ("pause", "resume")
        )

        for named in ({"queue": "disk"}, {"kind": "artifacts.generate"}):
            assert boss.post(pause, named)["Location"] == reverse(BOARD)
            assert Hold.objects.filter(**named).exists()
            boss.post(resume, named)
            assert not Hold.objects.filter(**named).exists()

    def test_what_cannot_be_is_explained(self, boss: Client) -> None:
        resume = reverse("admin:jobs_job_hold", args=["resume"])

        page = boss.post(resume, {"queue": "disk"}, follow=True).content.decode()

        assert "held" in page

    def test_operators_only(self, as_role: Callable[[Role], Client]) -> None:
        pause = reverse("admin:jobs_job_hold", args=["pause"])
        editor = as_role(Role.EDITOR)

        assert editor.post(pause, {"queue": "disk"}).status_code == 403
        assert pause not in editor.get(reverse(BOARD)).content.decode()


@pytest.fixture
def one_of_each(db: None) -> Callable[[], None]:
    """Makes a job in each state, with all that can hang on one."""

    def make() -> None:
        user, library = make_user(), make_library()
        about = {"requested_by": user, "target_type": "library.library", "target_id": library.pk}
        cluster = make_cluster()
        worker = f"nas:{cluster.workers[0]['pid']}"
        first = make_job(JobState.RUNNING, worker=worker, lane="mount:/a", lane_limit=1, **about)
        JobDependency.objects.create(job=make_job(waits=1, **about), needs=first)
        make_job(lane=f"host:{first.pk}", lane_limit=1, **about)
        batch = make_job(JobState.RUNNING, is_batch=True, **about)
        make_job(JobState.RUNNING, parent=batch, item="one", **about)
        for state in (JobState.FAILED, JobState.SUCCEEDED, JobState.CANCELLED, JobState.PAUSED):
            make_job(state, **about)
        create(Schedule(name=f"Covers {first.pk}", kind="artifacts.generate", cron="0 3 * * *"))

    return make


@pytest.mark.parametrize("query", ["", "?fragment=live"])
def test_many_jobs_cost_the_queries_of_few(
    boss: Client, one_of_each: Callable[[], None], query: str
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert boss.get(reverse(BOARD) + query).status_code == 200
        return len(captured)

    one_of_each()
    count()
    few = count()
    for _ in range(5):
        one_of_each()
    Job.objects.bulk_create(
        Job(kind="library.scan", queue=Queue.DISK, state=JobState.QUEUED) for _ in range(500)
    )

    assert count() == few
    assert few <= 40


def test_opens_empty(boss: Client) -> None:
    page = seen(boss)

    for said in (
        "Nothing is running.",
        "Nothing waits.",
        "Nothing has failed.",
        "nothing was done",
    ):
        assert said in page


def test_an_odd_number_of_hours_is_passed_over(boss: Client) -> None:
    for hours in ("1", "168", "x", "²", "999999999"):
        assert boss.get(reverse(BOARD), {"hours": hours}).status_code == 200
