"""The workers, as their clusters wrote themselves down: who lives, who is stuck, who does what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models.functions import Now

from apps.core.units import say_seconds
from apps.jobs.models import Cluster, Job

_SILENT = timedelta(seconds=30)
_STUCK = timedelta(seconds=40)
_GETS_GOING = timedelta(seconds=30)
_REMEMBERED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkerView:
    """A worker process; ``job`` is what it runs now, ``memory_bytes`` its resident memory."""

    pid: int
    memory_bytes: int | None
    job: Job | None


@dataclass(frozen=True, slots=True)
class ClusterView:
    """A cluster as it is now. ``trouble`` says in a sentence what is wrong, else nothing."""

    row: Cluster
    workers: list[WorkerView]
    trouble: str

    @property
    def is_red(self) -> bool:
        return bool(self.trouble)

    @property
    def busy(self) -> int:
        """How many of its workers have a job."""
        return sum(worker.job is not None for worker in self.workers)


def clusters(*, now: datetime | None = None) -> list[ClusterView]:
    """All clusters by queue and host, each worker with its job: two queries, however many.

    ``now`` is the database's, whose clock their times are of, unless one is given. A cluster that
    fell silent is left out if another took its place on the same host.
    """
    known = list(Cluster.objects.annotate(asked_at=Now()).order_by("queue", "host", "pid"))
    if not known:
        return []
    now = now or known[0].asked_at
    rows = [row for row in known if not _was_replaced(row, known, now=now)]
    names = {_name(row, worker["pid"]) for row in rows for worker in row.workers}
    jobs = {job.worker: job for job in Job.objects.with_worker().filter(worker__in=names)}
    return [_view(row, jobs, now=now) for row in rows]


def forget_clusters(*, now: datetime) -> int:
    """Delete the rows of clusters that were killed: replaced ones, and those silent for a day."""
    known = list(Cluster.objects.all())
    gone = [
        row.pk
        for row in known
        if row.seen_at < now - _REMEMBERED or _was_replaced(row, known, now=now)
    ]
    return Cluster.objects.filter(pk__in=gone).delete()[0]


def _was_replaced(row: Cluster, known: Sequence[Cluster], *, now: datetime) -> bool:
    """Whether it fell silent and a younger one on its host, which lives, serves its queue."""
    return _is_silent(row, now=now) and any(
        (_machine(other), other.queue) == (_machine(row), row.queue)
        and other.started_at > row.started_at
        and not _is_silent(other, now=now)
        for other in known
    )


def _is_silent(row: Cluster, *, now: datetime) -> bool:
    return row.seen_at < now - _SILENT


def _view(row: Cluster, jobs: Mapping[str, Job], *, now: datetime) -> ClusterView:
    workers = [
        WorkerView(
            pid=each["pid"],
            memory_bytes=each.get("memory_bytes"),
            job=jobs.get(_name(row, each["pid"])),
        )
        for each in row.workers
    ]
    view = ClusterView(row=row, workers=workers, trouble="")
    return replace(view, trouble=_trouble(view, now=now))


def _trouble(view: ClusterView, *, now: datetime) -> str:
    row = view.row
    if _is_silent(row, now=now):
        return f"Not heard of for {say_seconds((now - row.seen_at).total_seconds())}."
    began = max(row.started_at, row.restarted_at or row.started_at)
    if row.stopping or began > now - _GETS_GOING:
        return ""
    if len(view.workers) < row.slots:
        return f"Only {len(view.workers)} of {row.slots} workers are there."
    if view.busy < row.slots and row.canary_at < now - _STUCK:
        idle = say_seconds((now - row.canary_at).total_seconds())
        return f"Its free workers have taken nothing for {idle}."
    return ""


def _machine(row: Cluster) -> str:
    """The host's name without what tells its boots apart."""
    return row.host.rpartition(".")[0] or row.host


def _name(row: Cluster, pid: int) -> str:
    """As in ``Job.worker``."""
    return f"{row.host}:{pid}"
