"""What survives what: each row of the table in docs/jobs.md, on real clusters.

The clusters are quicker than in production: a lease lasts 6 s, a canary sings every 2 s.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from apps.jobs import worker
from apps.jobs.choices import JobState
from apps.jobs.cluster.broker import JobTableBroker
from apps.jobs.context import JobContext, LeaseLost
from apps.jobs.models import Job, JobLogLine
from apps.jobs.services import claims, crashes, lifecycle
from apps.jobs.services.lifecycle import enqueue
from mediahub import postgres
from tests.rigs.mounts import own_mounts
from tests.rigs.work import tasks
from tests.rigs.work.site import (
    Site,
    alive,
    effects,
    kill,
    kill_all,
    make_effects,
    parent,
    programs,
    row_of,
    wait_for,
    wait_for_state,
    worker_of,
    workers_of,
)

pytestmark = pytest.mark.django_db(transaction=True)

FOREVER = 600.0


@pytest.fixture(scope="module")
def site(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """With a scheduler; clusters come and go."""
    site = Site(tmp_path_factory.mktemp("site"))
    with django_db_blocker.unblock():
        make_effects()
        site.start("scheduler")
    yield site
    site.close()


@pytest.fixture(autouse=True)
def no_effects(db: None) -> None:
    make_effects()


@pytest.fixture(scope="class")
def one_cluster(
    site: Site, django_db_blocker: DjangoDbBlocker
) -> Iterator["subprocess.Popen[bytes]"]:
    with django_db_blocker.unblock():
        cluster = site.cluster()
    yield cluster
    site.kill_clusters()


@pytest.fixture
def cluster(one_cluster: "subprocess.Popen[bytes]") -> "subprocess.Popen[bytes]":
    """With two workers. Tests leave no rows behind; it writes its own anew."""
    wait_for(lambda: len(alive(workers_of(one_cluster))) == 2)
    return one_cluster


@pytest.mark.usefixtures("cluster")
class TestOneCluster:
    """The same for all of these."""

    def test_a_killed_worker_takes_its_program_with_it_and_another_goes_on(self) -> None:
        job = enqueue(tasks.stumble, {"seconds": FOREVER + 1})
        pid = worker_of(job)
        wait_for(lambda: programs("sleep", str(FOREVER + 1)))

        kill(pid)

        wait_for_state(job, "succeeded")
        assert (job.attempt, job.crashes, len(effects())) == (2, 1, 1)
        assert job.evidence["signal"] == "SIGKILL"
        assert job.evidence["command"] == f"sleep {FOREVER + 1}"
        assert "died by SIGKILL" in JobLogLine.objects.filter(job=job).earliest("pk").message
        wait_for(lambda: not programs("sleep", str(FOREVER + 1)))

    def test_an_idle_worker_that_is_killed_stops_nothing_for_long(
        self, cluster: "subprocess.Popen[bytes]"
    ) -> None:
        """One of them holds the lock of django-q2's queue, with which all would stop for good."""
        before = row_of(cluster).restarts
        for pid in workers_of(cluster):
            with suppress(ProcessLookupError):  # replaced with the first
                kill(pid)
            jobs = [enqueue(tasks.effect) for _ in range(4)]
            for job in jobs:
                wait_for_state(job, "succeeded", limit_s=120)
            wait_for(lambda: len(alive(workers_of(cluster))) == 2)
        assert len(effects()) == 8
        row = row_of(cluster)  # it is by chance whether one held the lock just then
        assert row.restarts == before or "canary" in row.restart_reason

    def test_a_killed_sentinel_is_replaced(self, cluster: "subprocess.Popen[bytes]") -> None:
        job = enqueue(tasks.stumble, {"seconds": FOREVER + 2})
        pid = worker_of(job)
        before = row_of(cluster).restarts

        kill(parent(pid))

        wait_for_state(job, "succeeded")
        assert job.attempt == 2
        wait_for(lambda: row_of(cluster).restarts > before)
        assert not programs("sleep", str(FOREVER + 2))

    def test_a_worker_that_slept_past_its_lease_can_write_nothing(self) -> None:
        job = enqueue(tasks.effect, {"seconds": 2})
        zombie = worker_of(job)
        os.kill(zombie, signal.SIGSTOP)
        try:
            wait_for_state(job, "succeeded")
        finally:
            os.kill(zombie, signal.SIGCONT)

        others = [enqueue(tasks.effect, {"seconds": 1}) for _ in range(4)]
        for other in others:
            wait_for_state(other, "succeeded")
        job.refresh_from_db()
        assert (job.state, job.attempt, job.fence) == ("succeeded", 2, 3)
        assert [w for j, w in effects() if j == job.pk] == [job.worker]
        assert not job.worker.endswith(f":{zombie}")

    def test_a_job_that_kills_its_workers_holds_nobody_up(self) -> None:
        killer = enqueue(tasks.die)
        others = []

        def is_over() -> bool:
            others.append(enqueue(tasks.effect))
            killer.refresh_from_db()
            return killer.finished_at is not None

        wait_for(is_over)
        for other in others:
            wait_for_state(other, "succeeded")
        assert (killer.state, killer.quarantined, killer.crashes) == ("failed", True, 3)
        assert killer.error_type == "worker_died"
        assert (killer.evidence["signal"], killer.evidence["command"]) == ("SIGKILL", "true")
        waits = [other.started_at - other.created_at for other in others]
        assert max(waits) < timedelta(seconds=15)
        assert sorted(waits)[len(waits) // 2] < timedelta(seconds=2)

    def test_a_job_that_does_not_listen_is_cancelled_with_its_worker_and_program(self) -> None:
        job = enqueue(tasks.deaf, {"seconds": FOREVER + 3})
        pid = worker_of(job)
        wait_for(lambda: programs("sleep", str(FOREVER + 3)))

        lifecycle.cancel(job)

        wait_for_state(job, "cancelled")
        wait_for(lambda: not alive([pid]) and not programs("sleep", str(FOREVER + 3)))
        after = enqueue(tasks.effect)
        wait_for_state(after, "succeeded")


class TestWholeClusters:
    @pytest.fixture(autouse=True)
    def no_clusters(self, site: Site) -> Iterator[None]:
        yield
        site.kill_clusters()

    def test_the_next_of_the_same_machine_takes_over_at_once(self, site: Site) -> None:
        """Long before the lease is over."""
        cluster = site.cluster(workers=1, MEDIAHUB_JOB_LEASE_SECONDS="600")
        job = enqueue(tasks.stumble, {"seconds": FOREVER + 4})
        worker_of(job)

        kill_all(cluster)
        site.cluster(workers=1, MEDIAHUB_JOB_LEASE_SECONDS="600")

        wait_for_state(job, "succeeded")
        assert job.attempt == 2
        assert job.crashes <= 1  # none if the worker had the time to give it back
        assert not programs("sleep", str(FOREVER + 4))

    def test_another_machine_takes_over_when_the_lease_is_over(self, site: Site) -> None:
        cluster = site.cluster(workers=1)
        job = enqueue(tasks.stumble, {"seconds": FOREVER + 5})
        worker_of(job)
        site.cluster(workers=1, through=another_machine())

        kill_all(cluster)

        wait_for_state(job, "succeeded")
        assert job.worker.startswith("elsewhere.")
        assert (job.attempt, job.crashes, len(effects())) == (2, 0, 1)

    def test_one_that_is_asked_to_end_takes_nothing_new_and_gives_long_jobs_back(
        self, site: Site
    ) -> None:
        cluster = site.cluster(workers=2)
        long = enqueue(tasks.effect, {"seconds": FOREVER})
        worker_of(long)
        short = enqueue(tasks.effect, {"seconds": 1.5})
        worker_of(short)
        waiting = enqueue(tasks.effect)
        began = time.monotonic()

        cluster.terminate()

        assert cluster.wait(30) == 0
        assert time.monotonic() - began < 15
        for job in (long, short, waiting):
            job.refresh_from_db()
        assert short.state == "succeeded"
        assert (long.state, long.attempt, long.crashes) == ("queued", 0, 0)
        assert (waiting.state, waiting.attempt) == ("queued", 0)
        assert not [path for path in (site.data / "tmp").rglob("*") if path.is_file()]


class TestDatabase:
    def test_a_killed_postgresql_costs_an_attempt_at_most(self, tmp_path: Path) -> None:
        """A server of its own, embedded as ``make run`` has it."""
        site = Site(tmp_path / "data")
        settings = {"DATABASE_URL": ""}
        try:
            assert site.start("migrate", "--verbosity", "0", **settings).wait(120) == 0
            server = postgres.ensure(site.data)
            site.start("scheduler", **settings)
            site.start("worker", "cpu", "--workers", "2", **settings)
            with psycopg.connect(server.url, autocommit=True) as own:
                own.execute(tasks.EFFECTS)
                number = own.execute(_ASK).fetchone()[0]
            wait_for(lambda: ask(server.url, number) == ("running",))

            (pid_file,) = site.data.glob("postgres/data-*/postmaster.pid")
            kill(int(pid_file.read_text().split()[0]))

            wait_for(lambda: ask(server.url, number) == ("succeeded",), limit_s=90)
        finally:
            site.close()
            postgres.leave(site.data)


class TestWakeUps:
    """A message of the broker means only: look what is due."""

    def test_a_lost_one_is_sent_again(self) -> None:
        enqueue(tasks.nothing)
        broker = an_awake_broker()

        lost = broker.dequeue()

        assert lost
        assert broker.dequeue()

    def test_a_doubled_or_late_one_does_nothing(self) -> None:
        done, cancelled = enqueue(tasks.effect), enqueue(tasks.effect)
        lifecycle.cancel(cancelled)

        for _message in range(3):
            worker.work_off("cpu")

        done.refresh_from_db()
        assert (done.state, done.attempt) == ("succeeded", 1)
        assert [job for job, _worker in effects()] == [done.pk]
        assert an_awake_broker().dequeue() is None


class TestLease:
    def test_nobody_takes_a_job_whose_worker_is_writing(self) -> None:
        job = enqueue(tasks.effect)
        claimed = claims.claim("cpu", worker="somewhere:1")
        assert claimed is not None
        running = JobContext(claimed)

        with running.guard():
            assert in_another_connection(lambda: release(job)) == 0
        assert release(job) == 1

        with pytest.raises(LeaseLost), running.guard():
            Job.objects.filter(pk=job.pk).update(done=99)
        job.refresh_from_db()
        assert (job.state, job.done) == (JobState.QUEUED, 0)


class TestDiskFull:
    def test_a_log_that_cannot_be_written_costs_no_job(
        self, tmp_path: Path, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        job = enqueue(tasks.count_slowly, {"seconds": 3.5})
        with own_mounts() as mounts:
            mounts.tmpfs(tmp_path / "full")
            with suppress(OSError), (tmp_path / "full" / "everything").open("wb") as file:
                while True:
                    file.write(bytes(1 << 20))
            settings.MEDIAHUB_DATA_DIR = tmp_path / "full"
            worker.run_next("cpu")

        job.refresh_from_db()
        assert job.state == "succeeded"
        assert caplog.text.count("no progress.log: No space left on device") == 1


_ASK = """
INSERT INTO jobs_job (kind, state, queue, priority, params, dedupe_key, item, is_batch, waits, lane,
    lane_limit, target_type, created_at, attempt, max_attempts, crashes, quarantined, evidence,
    pause_requested, fence, worker, version, done, unit, facts, summary, error_type, error_message)
VALUES ('tests.rig_effect', 'queued', 'cpu', 0, '{"seconds": 4}', '', '', false, 0, '',
    0, '', now(), 0, 3, 0, false, '{}', false, 0, '', 1, 0, '', '{}', '{}', '', '')
RETURNING id
"""


def ask(url: str, job: int) -> tuple[str, ...] | None:
    """A job's state; nothing while the database is away."""
    with suppress(psycopg.Error), psycopg.connect(url) as own:
        return own.execute("SELECT state FROM jobs_job WHERE id = %s", (job,)).fetchone()
    return None


def an_awake_broker() -> JobTableBroker:
    """One that has sung."""
    broker = JobTableBroker(list_key="cpu")
    broker.dequeue()
    return broker


def release(job: Job) -> int:
    return crashes.release_silent(Job.objects.with_worker().filter(pk=job.pk))


def in_another_connection(deed: "Callable[[], int]") -> int:
    found: list[int] = []

    def do() -> None:
        found.append(deed())
        connection.close()

    thread = threading.Thread(target=do)
    thread.start()
    thread.join()
    return found[0]


def another_machine() -> list[str]:
    """What starts a program under another host's name; skips where that isn't permitted."""
    if os.geteuid():
        pytest.skip("needs a host name of its own (run as root)")
    return ["unshare", "--uts", "sh", "-c", 'hostname elsewhere && exec "$@"', "sh"]
