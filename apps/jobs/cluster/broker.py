"""Wake-ups for django-q2's workers.

The broker has no queue of its own: the Job table is the queue. ``dequeue`` looks whether a job is
due and, if so, hands a worker a wake-up that means "run what is due in this queue". So no message
can be lost or go stale, one too many does nothing, and no task or result is kept as a pickle. Now
and then it hands out a canary instead, which a worker really has to execute.
"""

import logging
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
from django.db import Error, connection
from django.utils import timezone
from django_q.brokers import Broker
from django_q.signing import SignedPackage

from apps.jobs import worker
from apps.jobs.cluster import canary
from apps.jobs.models import JOB_CHANNEL, Job
from apps.jobs.services.claims import is_due

logger = logging.getLogger(__name__)

_LONGEST_WAIT_S = 1.0


class JobTableBroker(Broker):  # type: ignore[misc]
    """Draws wake-ups from the Job table: at a NOTIFY, and by the clock for delayed jobs."""

    _next_canary = 0.0

    def dequeue(self) -> list[tuple[None, str]] | None:
        """One message if a canary or a job is due now or becomes so within a second, else nothing.

        A database that is away is waited for: django-q2 would end the whole pusher.
        """
        if time.monotonic() >= self._next_canary:
            self._next_canary = time.monotonic() + canary.EVERY_S
            return self._message(canary.sing)
        try:
            if not is_due(self.list_key):
                self._wait()
                if not is_due(self.list_key):
                    return None
        except (Error, psycopg.Error) as error:
            logger.warning("queue %s: %s", self.list_key, error)
            connection.close()
            time.sleep(_LONGEST_WAIT_S)
            return None
        return self._message(worker.work_off, self.list_key)

    def enqueue(self, task: str) -> None:
        """Refused: whoever wants work done writes a Job row."""
        raise NotImplementedError(f"{type(self).__name__} takes no tasks: use lifecycle.enqueue")

    def queue_size(self) -> int:
        return Job.objects.due(self.list_key).count()

    def ping(self) -> bool:
        connection.ensure_connection()
        return True

    def info(self) -> str:
        return "PostgreSQL job table"

    def _message(self, function: Callable[..., object], *arguments: str) -> list[tuple[None, str]]:
        message: dict[str, Any] = {
            "id": uuid4().hex, "name": self.list_key, "args": arguments, "kwargs": {},
            "func": f"{function.__module__}.{function.__name__}",
            "started": timezone.now(), "save": False, "timeout": -1,
        }  # fmt: skip
        return [(None, SignedPackage.dumps(message))]

    def _wait(self) -> None:
        """Sleep until a job is announced for this queue, at most ``_LONGEST_WAIT_S``."""
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {JOB_CHANNEL}")
        until = time.monotonic() + _LONGEST_WAIT_S
        while (left_s := until - time.monotonic()) > 0:
            for told in connection.connection.notifies(timeout=left_s, stop_after=1):
                if told.payload == self.list_key:
                    return
