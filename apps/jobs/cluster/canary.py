"""A job that does nothing but show that jobs are really executed.

It takes the whole way: pusher, queue between the processes, worker, database.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.sharedctypes import RawValue
from typing import Any

from django.db.models.functions import Now

from apps.jobs.models import Cluster

EVERY_S = 15.0


class Perch:
    """Where a cluster's canaries sing: shared by the processes that are forked in ``shared``.

    It has no locks: a killed process would take them with it.
    """

    def __init__(self, cluster_id: int) -> None:
        self._cluster_id: Any = RawValue("q", cluster_id)
        self._sung_at: Any = RawValue("d", time.monotonic())

    def silent_s(self) -> float:
        """Seconds since a worker last executed a canary, by the stopwatch of this machine."""
        return float(time.monotonic() - self._sung_at.value)

    def rest(self) -> None:
        """Count the silence from now: nobody could sing."""
        self._sung_at.value = time.monotonic()

    def move_to(self, cluster_id: int) -> None:
        """Sing for another row from now on."""
        self._cluster_id.value = cluster_id

    def sing(self) -> None:
        Cluster.objects.filter(pk=self._cluster_id.value).update(canary_at=Now())
        self.rest()

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Processes forked meanwhile sing here."""
        global _perch  # noqa: PLW0603 - inherited by fork, which passes no arguments on
        _perch = self
        try:
            yield
        finally:
            _perch = None


_perch: Perch | None = None


def sing() -> None:
    """What a worker executes."""
    if _perch is not None:
        _perch.sing()
