"""One tree of django-q2's processes: a sentinel with its pusher, monitor and workers."""

import ctypes
import logging
import multiprocessing
import os
import signal
import time
import uuid
from multiprocessing.sharedctypes import RawArray
from pathlib import Path
from typing import Any

from django.db import Error, connections
from django_q.cluster import Sentinel
from django_q.conf import Conf

from apps.jobs import blackbox
from apps.jobs.cluster.broker import JobTableBroker
from apps.jobs.cluster.canary import Perch
from apps.jobs.flag import Flag
from apps.jobs.models import Job
from apps.jobs.places import here, is_alive
from apps.jobs.services.crashes import release_worker

logger = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_FORK = multiprocessing.get_context("fork")


class _Sentinel(Sentinel):  # type: ignore[misc]
    """Django-q2's, which also takes a dead worker's job from it at once, with the signal."""

    pids: Any  # shared with the main process

    def spawn_worker(self) -> None:
        super().spawn_worker()
        for number, process in enumerate(self.pool):
            self.pids[number] = process.pid

    def reincarnate(self, process: Any) -> None:
        if process in self.pool and process.exitcode not in (None, 0):
            self._examine(f"{here()}:{process.pid}", process.exitcode)
        super().reincarnate(process)

    def _examine(self, worker: str, exit_code: int) -> None:
        command = blackbox.last_command(worker)
        logger.error("%s ended with %s; it was running: %s", worker, exit_code, command or "-")
        try:
            release_worker(worker, exit_code=exit_code, command=command)
        except Error as error:  # the main process will find the job
            logger.warning("its job could not be given back: %s", error)
        blackbox.forget(worker)


class Tree:
    """Starts with its creation. All of it dies with this process, whatever happens to that."""

    def __init__(self, cluster_id: int, queue: str, *, slots: int) -> None:
        self._queue, self.slots = queue, slots
        self.perch = Perch(cluster_id)
        self._stop = Flag()
        self._pids: Any = RawArray("i", slots)
        self._short_since: float | None = None
        self._sentinel = _FORK.Process(target=self._run, name="sentinel")
        connections.close_all()
        _note_parent()
        self._sentinel.start()

    def _run(self) -> None:
        # Its parts outlive a killed parent (facts in docs/adr/0002-jobs.md): tie them to it.
        _die_with_parent()
        os.register_at_fork(before=_note_parent, after_in_child=_die_with_parent)
        Conf.WORKERS, _Sentinel.pids = self.slots, self._pids
        with self.perch.shared():
            broker = JobTableBroker(list_key=self._queue)
            _Sentinel(self._stop, Flag(), uuid.uuid4(), broker)

    def is_alive(self) -> bool:
        return self._sentinel.is_alive()

    def workers(self) -> list[int]:
        """Its living worker processes."""
        return [pid for pid in self._pids[:] if pid and is_alive(f"{here()}:{pid}")]

    def shortage_s(self) -> float:
        """For how many seconds workers have been missing, as far as anybody has looked."""
        now = time.monotonic()
        is_short = len(self.workers()) < self.slots
        self._short_since = (self._short_since or now) if is_short else None
        return now - self._short_since if self._short_since else 0.0

    def busy(self) -> int:
        """How many of its workers have a job."""
        names = [f"{here()}:{pid}" for pid in self.workers()]
        return Job.objects.with_worker().filter(worker__in=names).count()

    def stop(self) -> None:
        """Ask it to end: take nothing new, finish or give back what runs."""
        self._stop.set()

    def kill(self) -> list[int]:
        """End it at once, and all that its workers started; return the workers' process numbers."""
        workers = self.workers()
        if self._sentinel.is_alive():
            self._sentinel.kill()
        self._sentinel.join()
        return workers


def memory_of(pid: int) -> int:
    """Bytes of memory that are resident of a process; 0 if it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


_parent = 0


def _note_parent() -> None:
    global _parent  # noqa: PLW0603 - the child inherits it
    _parent = os.getpid()


def _die_with_parent() -> None:
    libc: Any = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != _parent:  # it died before we could say so
        os._exit(1)
