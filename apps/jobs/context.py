"""What work sees of its job: progress out, cancel and lost leases in.

The worker's heart beats in a thread of its own: it renews the lease, writes progress and log lines
at most once a second, and learns whether the job should stop. ``report`` itself touches no
database, so that work may call it for every file.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import Error, connection, transaction
from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.jobs.choices import JobState, LogLevel
from apps.jobs.models import Job, JobLogLine

logger = logging.getLogger(__name__)

_BEAT_S = 1.0


class JobStopped(MediaHubError):
    """Raised by ``report`` when the work should end here; what is done is kept."""

    code = "job_stopped"


class JobCancelled(JobStopped):
    """A person cancelled the job."""

    code = "job_cancelled"


class JobPaused(JobStopped):
    """A person paused the job."""

    code = "job_paused"


class JobInterrupted(JobStopped):
    """The worker is shutting down; the job goes back into the queue."""

    code = "job_interrupted"


class LeaseLost(JobStopped):
    """Another worker may have the job by now: nothing more may be written."""

    code = "lease_lost"


class JobContext:
    """Passed to every task. Use it as a context manager around the work."""

    def __init__(self, job: Job, *, stopping: Callable[[], bool] = lambda: False) -> None:
        self.job = job
        self._stopping = stopping
        self._stop: JobStopped | None = None
        self._lines: deque[JobLogLine] = deque()
        self._logged = 0
        self._rate_start = (time.monotonic(), 0)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ended.set()
        self._thread.join()

    def report(self, done: int, total: int | None = None, /, **facts: object) -> None:
        """The task's Progress. Raises JobStopped when the work should end."""
        self.job.done, self.job.total = done, total
        if facts:
            self.job.facts = facts
        if self._stop:
            raise self._stop

    def log(self, message: str, *, level: LogLevel = LogLevel.INFO) -> None:
        """Add a line to the job's log; past the bound lines are dropped, which the log says."""
        bound = settings.MEDIAHUB_JOB_LOG_LINES
        self._logged += 1
        if self._logged > bound + 1:
            return
        text = message if self._logged <= bound else f"More than {bound} lines: no more are kept."
        line = JobLogLine(job=self.job, level=level, message=storable(text), at=timezone.now())
        self._lines.append(line)

    @contextmanager
    def guard(self) -> Iterator[None]:
        """A transaction in which the lease is still ours, to its commit. Raises LeaseLost."""
        with transaction.atomic():
            held = Job.objects.held(self.job.pk, self.job.fence).select_for_update(of=("self",))
            if not held.exists():
                raise LeaseLost(f"{self.job} was taken over by another worker.")
            yield

    def _beat(self) -> None:
        try:
            while not self._ended.wait(_BEAT_S):
                self._try_to_write()
            self._try_to_write()
        finally:
            connection.close()

    def _try_to_write(self) -> None:
        """A database that is away costs beats, not the heart; the lines are kept for the next."""
        try:
            self._write()
        except Error as error:
            logger.warning("job %s: no heartbeat: %s", self.job.pk, error)
            connection.close()

    @transaction.atomic
    def _write(self) -> None:
        held = Job.objects.held(self.job.pk, self.job.fence)
        # waits for the end of a guard; the lease counts from then
        asked = held.select_for_update().values_list("state", "pause_requested").first()
        if asked is None:
            self._stop = LeaseLost(f"{self.job} was taken over by another worker.")
            return
        held.update(
            lease_until=timezone.now() + timedelta(seconds=settings.MEDIAHUB_JOB_LEASE_SECONDS),
            done=self.job.done,
            total=self.job.total,
            facts=self.job.facts,
            rate_per_s=self._rate(),
        )
        lines = list(self._lines)
        JobLogLine.objects.bulk_create(lines)
        transaction.on_commit(lambda: self._forget(len(lines)))
        self._listen(asked[0], pause=asked[1])

    def _forget(self, written: int) -> None:
        for _ in range(written):
            self._lines.popleft()

    def _listen(self, state: str, *, pause: bool) -> None:
        """Learn what was asked of the job meanwhile."""
        if state == JobState.CANCELLING:
            self._stop = JobCancelled("A person cancelled the job.")
        elif pause:
            self._stop = JobPaused("A person paused the job.")
        elif self._stopping():
            self._stop = JobInterrupted("The worker is shutting down.")

    def _rate(self) -> float | None:
        """Units per second since the work began to count."""
        began, first = self._rate_start
        elapsed = time.monotonic() - began
        return (self.job.done - first) / elapsed if elapsed > 1 else None


def storable(text: str) -> str:
    """Text as PostgreSQL takes it: what a file's name brought along may not be."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
