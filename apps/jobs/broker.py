"""The one module that knows django-q2.

Its broker has no queue of its own: the Job table is the queue. ``dequeue`` looks whether a job is
due and, if so, hands a worker a wake-up that means "run the next job of this queue". So no message
can be lost or go stale, one too many does nothing, and no task or result is kept as a pickle.
"""

import ctypes
import logging
import os
import signal
import time
from types import FrameType
from typing import Any
from uuid import uuid4

import psycopg
from django.db import Error, connection, connections
from django.utils import timezone
from django_q.brokers import Broker
from django_q.cluster import Cluster
from django_q.conf import Conf
from django_q.signing import SignedPackage

from apps.jobs import worker
from apps.jobs.models import JOB_CHANNEL, Job

logger = logging.getLogger(__name__)

_LONGEST_WAIT_S = 1.0
_PR_SET_PDEATHSIG = 1


class JobTableBroker(Broker):  # type: ignore[misc]
    """Draws wake-ups from the Job table: at a NOTIFY, and by the clock for delayed jobs."""

    def dequeue(self) -> list[tuple[None, str]] | None:
        """One wake-up if a job is due now or becomes so within a second, else nothing.

        A database that is away is waited for: django-q2 would end the whole pusher.
        """
        try:
            if not self._is_due():
                self._wait()
                if not self._is_due():
                    return None
        except (Error, psycopg.Error) as error:
            logger.warning("queue %s: %s", self.list_key, error)
            connection.close()
            time.sleep(_LONGEST_WAIT_S)
            return None
        message = {
            "id": uuid4().hex, "name": self.list_key, "func": "apps.jobs.worker.run_next",
            "args": (self.list_key,), "kwargs": {}, "started": timezone.now(), "save": False,
            "timeout": -1,
        }  # fmt: skip
        return [(None, SignedPackage.dumps(message))]

    def enqueue(self, task: str) -> None:
        """Refused: whoever wants work done writes a Job row."""
        raise NotImplementedError(f"{type(self).__name__} takes no tasks: use lifecycle.enqueue")

    def queue_size(self) -> int:
        return Job.objects.due(self.list_key, now=timezone.now()).count()

    def ping(self) -> bool:
        connection.ensure_connection()
        return True

    def info(self) -> str:
        return "PostgreSQL job table"

    def _is_due(self) -> bool:
        return Job.objects.due(self.list_key, now=timezone.now()).exists()

    def _wait(self) -> None:
        """Sleep until a job is announced for any queue, at most ``_LONGEST_WAIT_S``."""
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {JOB_CHANNEL}")
        for _notification in connection.connection.notifies(timeout=_LONGEST_WAIT_S, stop_after=1):
            return


class _Cluster(Cluster):  # type: ignore[misc]
    def sig_handler(self, signum: int, frame: FrameType | None) -> None:
        """On SIGTERM let workers give back what they run instead of waiting for its end."""
        worker.stopping.set()
        super().sig_handler(signum, frame)


def run_cluster(queue: str, *, workers: int) -> None:
    """Serve one queue with a django-q2 cluster until SIGTERM or SIGINT."""
    Conf.CLUSTER_NAME, Conf.WORKERS = queue, workers
    # A cluster's parts outlive a killed parent (facts in docs/adr/0002-jobs.md): tie them to it.
    os.register_at_fork(after_in_child=_die_with_parent)
    connections.close_all()
    cluster = _Cluster()
    cluster.start()
    cluster.sentinel.join()


def _die_with_parent() -> None:
    libc: Any = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
