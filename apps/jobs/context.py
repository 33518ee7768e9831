"""What work sees of its job: progress out, cancel and lost leases in.

The worker's heart renews the lease, writes progress and log lines once a second, and learns whether
the job should stop. ``report`` itself touches no database, so that work may call it for every file.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Self

from django.conf import settings
from django.db import DataError, Error, connection, transaction
from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.jobs.choices import JobState, LogLevel
from apps.jobs.heart import Heart
from apps.jobs.models import Job, JobLogLine
from apps.jobs.policy import policy_of
from apps.jobs.progress_log import ProgressLog
from apps.jobs.registry import Task
from apps.jobs.services import beats
from apps.jobs.services.items import Item
from apps.jobs.services.lifecycle import add_items, add_last

logger = logging.getLogger(__name__)

_SPLIT = 1_000
_SHORT_S = 2.0  # what ends within this time of a shutdown may end


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


class JobTimedOut(JobStopped):
    """The attempt took longer than its kind may."""

    code = "time_limit"


class JobPostponed(JobStopped):
    """Raised by work that can't be done now: the job gives its worker back and is started again.

    It counts as no attempt. ``reason``, in a few words, stands on the job until then; it is not
    started before ``delay`` is over.
    """

    code = "job_postponed"

    def __init__(self, reason: str, delay: timedelta) -> None:
        super().__init__(reason)
        self.reason, self.delay = reason, delay


class LeaseLost(JobStopped):
    """Another worker may have the job by now: nothing more may be written."""

    code = "lease_lost"


class JobContext:
    """Passed to every task. Use it as a context manager around the work.

    ``stopping`` says whether the worker is to end. ``on_deaf`` is called, in the heart's thread,
    with the reason when work has not heard for ``MEDIAHUB_JOB_STOP_SECONDS`` that it should stop.
    Without a ``heart`` that beats for several jobs it has one of its own.
    """

    def __init__(
        self,
        job: Job,
        *,
        stopping: Callable[[], bool] = lambda: False,
        on_deaf: Callable[[JobStopped], None] = lambda _reason: None,
        heart: Heart | None = None,
    ) -> None:
        self.job = job
        self._heart, self._alive = heart, ExitStack()
        self._stopping, self._on_deaf = stopping, on_deaf
        self._stop: JobStopped | None = None
        self._stopped_at = self._told_to_end_at = 0.0
        self._lines: deque[JobLogLine] = deque()
        self._logged = job.log_lines.count() if job.fence > 1 else 0  # earlier ones' lines count
        self._began = time.monotonic()
        self._time_limit_s = policy_of(job.kind).time_limit_s
        self._progress = ProgressLog(job)
        self.has_split = False
        self.was_long = False  # at least one beat

    def __enter__(self) -> Self:
        heart = self._heart or self._alive.enter_context(Heart())
        self._alive.enter_context(heart.beating(partial(copy_context().run, self._beat)))
        return self

    def __exit__(self, *_exc: object) -> None:
        self._alive.close()

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

    def split(
        self, task: Task, items: Iterable[Item], *, last: tuple[Task, Item] | None = None
    ) -> None:
        """Leave the work to children, a job for each item; those made already aren't made again.

        When the work returns, the job waits for them, and its progress and summary are theirs.
        ``last`` is one more, of few, that starts when all of them have succeeded. Raises LeaseLost.
        """
        self.has_split = True
        if last is not None:
            with self.guard():
                add_items(self.job, task, items)
                add_last(self.job, *last)
            return
        rest = iter(items)
        while some := list(islice(rest, _SPLIT)):
            with self.guard():
                add_items(self.job, task, some)

    @contextmanager
    def guard(self) -> Iterator[None]:
        """A transaction in which the lease is still ours, to its commit. Raises LeaseLost."""
        with transaction.atomic():
            held = Job.objects.held(self.job.pk, self.job.fence).select_for_update(of=("self",))
            if not held.exists():
                raise LeaseLost(f"{self.job} was taken over by another worker.")
            yield

    def last_words(self) -> list[JobLogLine]:
        """The log lines that no beat has written, for whoever writes the job's end."""
        return list(self._lines)

    def close_progress(self, state: str) -> None:
        """Write the last line of the progress log."""
        self._progress.close(state=state)

    def _beat(self) -> None:
        self.was_long = True
        self._try_to_write()
        self._progress.write(state=self.job.state)
        self._insist()

    def _try_to_write(self) -> None:
        """Nothing stops the heart: neither a database that is away, nor facts that can't be stored.

        The lines are kept for the next beat.
        """
        try:
            self._write()
        except (DataError, TypeError, ValueError) as error:
            logger.warning("job %s: its progress can't be stored: %s", self.job.pk, error)
            self.job.done, self.job.total, self.job.facts = 0, None, {}
        except Error as error:
            logger.warning("job %s: no heartbeat: %s", self.job.pk, error)
            connection.close()

    def _write(self) -> None:
        self.job.rate_per_s = self._rate()
        lines = list(self._lines)
        asked = beats.beat(self.job, lines)
        if asked is None:
            self._end_with(LeaseLost(f"{self.job} was taken over by another worker."))
            return
        for _ in lines:
            self._lines.popleft()
        self._listen(asked.state, pause=asked.pause)

    def _listen(self, state: str, *, pause: bool) -> None:
        """Learn what was asked of the job meanwhile."""
        self.job.state = state
        if state == JobState.CANCELLING:
            self._end_with(JobCancelled("A person cancelled the job."))
        elif pause:
            self._end_with(JobPaused("A person paused the job."))
        elif self._time_limit_s and time.monotonic() - self._began > self._time_limit_s:
            minutes = self._time_limit_s / 60
            self._end_with(JobTimedOut(f"It took longer than the {minutes:g} min it may take."))
        elif self._stopping() and not self._is_short():
            self._end_with(JobInterrupted("The worker is shutting down."))

    def _is_short(self) -> bool:
        """Whether work that is to be interrupted will soon be over anyway."""
        now = time.monotonic()
        self._told_to_end_at = self._told_to_end_at or now
        left_s = settings.MEDIAHUB_JOB_STOP_SECONDS / 2 - (now - self._told_to_end_at)
        eta_s = self.job.eta_s
        return left_s > 0 and (now - self._began < _SHORT_S if eta_s is None else eta_s < left_s)

    def _end_with(self, reason: JobStopped) -> None:
        if self._stop is None:
            self._stopped_at = time.monotonic()
        self._stop = reason

    def _insist(self) -> None:
        if self._stop and time.monotonic() - self._stopped_at > settings.MEDIAHUB_JOB_STOP_SECONDS:
            self._on_deaf(self._stop)

    def _rate(self) -> float | None:
        """Units per second since the work began to count."""
        elapsed = time.monotonic() - self._began
        return self.job.done / elapsed if elapsed > 1 else None


def storable(text: str) -> str:
    """Text as PostgreSQL takes it: what a file's name brought along may not be."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
