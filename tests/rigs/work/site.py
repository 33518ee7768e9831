"""Clusters and a scheduler in processes of their own, with the rig's tasks."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from django.db import connection

from apps.jobs.models import Cluster, Job
from tests.rigs.work import tasks

ROOT = Path(__file__).parents[3]
QUICK = {
    "DJANGO_SETTINGS_MODULE": "tests.rigs.work.settings",
    "MEDIAHUB_JOB_LEASE_SECONDS": "6",
    "MEDIAHUB_JOB_RETRY_SECONDS": "1",
    "MEDIAHUB_JOB_STOP_SECONDS": "3",
    "MEDIAHUB_LOG_LEVEL": "WARNING",
    "RIG_CANARY_SECONDS": "2",
    "RIG_TURN_SECONDS": "1",
}


class Site:
    """Each process leads a session of its own; ``close`` kills what is left of them."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._started: list[subprocess.Popen[bytes]] = []
        self._clusters: list[subprocess.Popen[bytes]] = []

    def start(
        self, *arguments: str, through: Sequence[str] = (), **settings: str
    ) -> "subprocess.Popen[bytes]":
        """``manage.py …``, started by the program ``through``."""
        process = subprocess.Popen(
            [*through, sys.executable, "manage.py", *arguments],
            cwd=ROOT, start_new_session=True,
            env={**os.environ, **QUICK, "MEDIAHUB_DATA_DIR": str(self.data), **settings},
        )  # fmt: skip
        self._started.append(process)
        return process

    def cluster(
        self, *, workers: int = 2, through: Sequence[str] = (), **settings: str
    ) -> "subprocess.Popen[bytes]":
        """One of the queue ``cpu`` whose workers are there."""
        process = self.start_cluster(workers=workers, through=through, **settings)
        wait_for(lambda: len(workers_of(process)) == workers)
        return process

    def start_cluster(
        self, *, workers: int = 2, through: Sequence[str] = (), **settings: str
    ) -> "subprocess.Popen[bytes]":
        """One that needs some seconds to get going."""
        arguments = ("worker", "cpu", "--workers", str(workers))
        process = self.start(*arguments, through=through, **settings)
        self._clusters.append(process)
        return process

    def kill_clusters(self) -> None:
        """All that were started with ``cluster``."""
        for process in self._clusters:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._clusters.clear()

    def close(self) -> None:
        self.kill_clusters()
        for process in self._started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        shutil.rmtree(self.data, ignore_errors=True)


def row_of(cluster: "subprocess.Popen[bytes]") -> Cluster | None:
    """The newest of its process number."""
    return Cluster.objects.filter(pid=cluster.pid).order_by("-pk").first()


def workers_of(cluster: "subprocess.Popen[bytes]") -> list[int]:
    """The process numbers of its workers, as it wrote them down."""
    row = row_of(cluster)
    return [worker["pid"] for worker in row.workers] if row else []


def kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def kill_all(cluster: "subprocess.Popen[bytes]") -> None:
    os.killpg(cluster.pid, signal.SIGKILL)
    cluster.wait()


def wait_for(condition: Callable[[], object], *, limit_s: float = 60) -> float:
    """Seconds until it was so."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < limit_s, "waited in vain"
        time.sleep(0.05)
    return time.monotonic() - began


def wait_for_state(job: Job, *states: str, limit_s: float = 60) -> float:
    def is_so() -> bool:
        job.refresh_from_db()
        return job.state in states

    return wait_for(is_so, limit_s=limit_s)


def worker_of(job: Job) -> int:
    """The process that runs a job, once one does."""
    wait_for_state(job, "running")
    return int(job.worker.rpartition(":")[2])


def make_effects() -> None:
    """An empty table of effects."""
    with connection.cursor() as cursor:
        cursor.execute(f"{tasks.EFFECTS}; TRUNCATE rig_effect")


def effects() -> list[tuple[int, str]]:
    """Each effect: the job, and the worker that had it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT job, worker FROM rig_effect ORDER BY 1, 2")
        return list(cursor.fetchall())


def programs(*arguments: str) -> list[int]:
    """The living processes of a program with these arguments."""
    wanted = b"\0".join(os.fsencode(argument) for argument in arguments) + b"\0"
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if path.read_bytes() == wanted:
                found.append(int(path.parent.name))
    return found


def alive(pids: list[int]) -> list[int]:
    """Those that aren't dead."""
    return [pid for pid in pids if _stat(pid)[:1] not in ([], ["Z"], ["X"])]


def parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _stat(pid: int) -> list[str]:
    """What proc(5) says of a process after its name."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
