"""A thousand jobs while workers are killed: each has one effect, and nothing is left behind."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from benchmarks import place
from benchmarks.report import Report
from benchmarks.running import wait_for

_JOBS, _WAVES, _KILLS = 1_000, 40, 20
_LONGEST_S = 0.25
_SEED = 20_261_121
_SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "benchmarks.jobs_settings", "MEDIAHUB_LOG_LEVEL": "ERROR",
    "MEDIAHUB_JOB_LEASE_SECONDS": "6", "MEDIAHUB_JOB_RETRY_SECONDS": "1",
}  # fmt: skip


def run(report: Report) -> None:
    """Two clusters with two workers each; whatever is killed as a whole is started again."""
    from apps.jobs.models import Job

    Job.objects.all().delete()
    chance = random.Random(_SEED)
    site = _Site()
    try:
        wait_for(site.is_up)
        began = time.monotonic()
        killed = _work_and_kill(site, chance)
        seconds = wait_for(lambda: not Job.objects.active().exists(), limit_s=300)
    finally:
        took = time.monotonic() - began
        site.stop()
    what = ", ".join(f"{n} {name}" for name, n in sorted(killed.items()))
    report.add(f"{_JOBS:,} jobs and {_KILLS} kills: until all are done", took, "s", note=what)
    report.add("after the last kill", seconds, "s")
    _judge(report, site)


def _work_and_kill(site: "_Site", chance: random.Random) -> dict[str, int]:
    """Jobs in waves, so that workers are idle between them; a kill after every other wave."""
    from apps.jobs.services.lifecycle import enqueue
    from tests.rigs.work import tasks

    killed: dict[str, int] = {}
    for wave in range(_WAVES):
        for _ in range(_JOBS // _WAVES):
            enqueue(tasks.effect, {"seconds": round(_LONGEST_S * chance.random(), 3)})
        time.sleep(2 * chance.random())
        if wave % (_WAVES // _KILLS) == 0:
            what, deed = chance.choice(site.deeds)
            deed(chance)
            killed[what] = killed.get(what, 0) + 1
        site.restart()
    return killed


def _judge(report: Report, site: "_Site") -> None:
    from django.db import connection

    from apps.jobs.models import Job

    states = set(Job.objects.order_by().values_list("state", flat=True).distinct())
    report.check("all jobs succeeded", holds=states == {"succeeded"}, note=f"{states}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT job) FROM rig_effect")
        effects, jobs = cursor.fetchone()
    report.check(
        "each had its effect exactly once", holds=effects == jobs == _JOBS, note=f"{effects}"
    )
    again = Job.objects.filter(attempt__gt=1).count()
    report.say("jobs that were begun more than once", f"{again}")
    left = [path for path in (site.data / "tmp").rglob("*") if path.is_file()]
    report.check("nothing is left in the temporary folder", holds=not left, note=f"{left[:3]}")
    report.check("no process is left", holds=not site.processes())


class _Site:
    """Two clusters and the scheduler, with a data folder of their own."""

    def __init__(self) -> None:
        self.data = place.BUILD / "running" / "jobs"
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)
        self._cluster_command = ["worker", "cpu", "--workers", "2"]
        self._clusters = [self._start(*self._cluster_command) for _ in range(2)]
        self._scheduler = self._start("scheduler")
        self.deeds: list[tuple[str, Callable[[random.Random], None]]] = [
            ("busy workers", lambda chance: self._kill_worker(chance, busy=True)),
            ("idle workers", lambda chance: self._kill_worker(chance, busy=False)),
            ("sentinels", self._kill_sentinel),
            ("clusters", lambda chance: chance.choice(self._clusters).kill()),
        ]

    def is_up(self) -> bool:
        from apps.jobs.models import Cluster

        pids = [cluster.pid for cluster in self._clusters]
        return sum(len(row.workers) for row in Cluster.objects.filter(pid__in=pids)) == 4

    def restart(self) -> None:
        """As the supervisor does."""
        for number, cluster in enumerate(self._clusters):
            if cluster.poll() is not None:
                self._clusters[number] = self._start(*self._cluster_command)

    def stop(self) -> None:
        for process in [*self._clusters, self._scheduler]:
            process.terminate()
        for process in [*self._clusters, self._scheduler]:
            process.wait(60)

    def processes(self) -> list[int]:
        """All that have this data folder in their environment."""
        mark = b"MEDIAHUB_DATA_DIR=" + os.fsencode(self.data)
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if mark in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
        return found

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments], cwd=place.ROOT,
            env={**os.environ, **_SETTINGS, "MEDIAHUB_DATA_DIR": str(self.data)},
        )  # fmt: skip

    def _kill_worker(self, chance: random.Random, *, busy: bool) -> None:
        """One that has a job, or has none, as far as that can be chosen."""
        from apps.jobs.models import Cluster, Job

        names = Job.objects.with_worker().values_list("worker", flat=True)
        at_work = {int(name.rpartition(":")[2]) for name in names}
        workers = [worker["pid"] for row in Cluster.objects.all() for worker in row.workers]
        wanted = [pid for pid in workers if (pid in at_work) == busy] or workers
        _kill(chance.choice(wanted) if wanted else 0)

    def _kill_sentinel(self, chance: random.Random) -> None:
        cluster = chance.choice(self._clusters)
        with suppress(OSError):
            children = Path(f"/proc/{cluster.pid}/task/{cluster.pid}/children").read_text().split()
            _kill(int(children[0]) if children else 0)


def _kill(pid: int) -> None:
    if pid:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
