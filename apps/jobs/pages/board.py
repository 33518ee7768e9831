"""All about the jobs on one screen that may be left open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone

from apps.core.counting import RowCount, count_rows
from apps.core.pages import AdminPage
from apps.core.units import say_ago, say_bytes, say_seconds
from apps.jobs.choices import AT_WORK, JobState, Queue
from apps.jobs.models import Hold, Job, Schedule
from apps.jobs.pages.alarms import alarms, served
from apps.jobs.pages.chart import draw, say_hours
from apps.jobs.pages.own import bell
from apps.jobs.pages.views import JobView, job_title, job_views
from apps.jobs.pages.waiting import Reasons
from apps.jobs.registry import all_tasks
from apps.jobs.services.clusters import ClusterView, clusters
from apps.jobs.services.gates import shut_everywhere
from apps.jobs.services.holds import holds
from apps.jobs.services.schedules import describe
from apps.jobs.services.statistics import Totals, history, totals

_HOURS = (1, 24, 24 * 7)
_RUNNING, _WAITING, _ENDED, _SCHEDULES = 20, 20, 8, 12


class Panel(Protocol):
    """What another app shows on the board: ``template``, and what that takes; None: nothing."""

    def __call__(self, request: HttpRequest, *, now: datetime) -> dict[str, Any] | None: ...


panels: list[Panel] = []
"""Apps above add theirs when they are ready."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that leads to the jobs that it counts."""

    label: str
    count: str
    query: str
    icon: str
    variant: str = ""


@dataclass(frozen=True, slots=True)
class QueueView:
    """A queue, its workers taken together."""

    name: str
    label: str
    slots: int
    busy: int
    waiting: RowCount
    hold: Hold | None
    is_served: bool

    @property
    def percent(self) -> int:
        return min(100, 100 * self.busy // self.slots) if self.slots else 0


class BoardPage(AdminPage):
    """What runs, what comes next, what ended, who works: live."""

    title = "Jobs"
    name = "jobs_job_board"
    route = "board/"
    permission_required = "jobs.view_job"
    template_name = "admin/jobs/board.html"
    fragments = {"live": "admin/jobs/_board_live.html"}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        asked = self.request.GET.get("hours", "")
        hours = int(asked) if asked in {str(each) for each in _HOURS} else _HOURS[1]
        crew, held, total = clusters(), holds(), totals(now=now)
        return super().get_context_data(
            alarms=alarms(crew, now=now),
            tiles=_tiles(total),
            chart=draw(history(hours=hours, now=now), hours=hours),
            hours=hours,
            ranges=[(each, f"Last {say_hours(each)}") for each in _HOURS],
            queues=_queues(crew, held),
            held_kinds=[(hold, job_title(hold.kind)) for hold in held if hold.kind],
            kinds=[(task.name, task.title) for task in all_tasks()],
            schedules=_schedules(now=now),
            panels=[told for each in panels if (told := each(self.request, now=now))],
            bell=bell(self.request),
            may_control=self.request.user.has_perm("jobs.control_job"),
            may_schedule=self.request.user.has_perm("jobs.change_schedule"),
            **_jobs(crew, held, now=now),
            **kwargs,
        )


def _tiles(total: Totals) -> list[Tile]:
    failed = "danger" if total.failed_today else ""
    paused = "warning" if total.paused.rows else ""
    return [
        Tile("running", str(total.running), "state=running", "play_circle"),
        Tile("waiting", str(total.waiting), "state=queued&parts=all", "hourglass_top"),
        Tile("paused", str(total.paused), "state=paused&parts=all", "pause_circle", paused),
        Tile(
            "failed, 24 h", f"{total.failed_today:,}", "state=failed&parts=all", "error",
            failed,
        ),
        Tile(
            "succeeded, 24 h", f"{total.succeeded_today:,}", "state=succeeded&parts=all",
            "check_circle",
        ),
    ]  # fmt: skip


def _jobs(crew: Sequence[ClusterView], held: Sequence[Hold], *, now: datetime) -> dict[str, Any]:
    """The lists of jobs, whose targets and people are read for all of them at once."""
    lists = {
        "running": list(
            Job.objects.filter(state__in=AT_WORK).order_by(Coalesce("parent", "pk"), "pk")[
                :_RUNNING
            ]
        ),
        "waiting": list(Job.objects.waiting()[:_WAITING]),
        "failed": list(_ended(JobState.FAILED)),
        "finished": list(_ended(JobState.SUCCEEDED).union(_ended(JobState.CANCELLED), all=True)),
    }
    lists["finished"] = sorted(lists["finished"], key=_finished_at, reverse=True)[:_ENDED]
    at_work = [worker.job for view in crew for worker in view.workers if worker.job]
    shown = [job for jobs in lists.values() for job in jobs] + at_work
    views = {view.pk: view for view in job_views(shown, now=now)}
    shut = shut_everywhere(view.row for view in crew)
    reasons = Reasons(lists["waiting"], holds=held, served=served(crew), shut=shut)
    listed: dict[str, Any] = {name: [views[job.pk] for job in jobs] for name, jobs in lists.items()}
    listed["waiting"] = [(views[job.pk], reasons.why(job, now=now)) for job in lists["waiting"]]
    return listed | {"crew": [_crew(view, views, now=now) for view in crew]}


def _ended(state: JobState) -> Any:
    ended = Job.objects.roots().filter(state=state, finished_at__isnull=False)
    return ended.order_by("-finished_at")[:_ENDED]


def _finished_at(job: Job) -> datetime:
    return job.finished_at or job.created_at


def _queues(crew: Sequence[ClusterView], held: Sequence[Hold]) -> list[QueueView]:
    """The queues that have workers, jobs or a hold."""
    found = []
    for name in settings.MEDIAHUB_QUEUES:
        own = [view for view in crew if view.row.queue == name]
        waiting = Job.objects.filter(state=JobState.QUEUED, queue=name, waits=0)
        queue = QueueView(
            name=name,
            label=Queue(name).label,
            slots=sum(view.row.slots for view in own),
            busy=sum(view.busy for view in own),
            waiting=count_rows(waiting),
            hold=next((hold for hold in held if hold.queue == name), None),
            is_served=name in served(crew),
        )
        if own or queue.waiting.rows or queue.hold:
            found.append(queue)
    return found


def _crew(view: ClusterView, views: dict[int, JobView], *, now: datetime) -> dict[str, Any]:
    """A cluster with its workers, in words."""
    row = view.row
    memory = sum(worker.memory_bytes or 0 for worker in view.workers)
    return {
        "name": f"{Queue(row.queue).label} on {row.host}",
        "pid": row.pid,
        "trouble": view.trouble,
        "stopping": row.stopping,
        "heard": say_seconds((now - row.seen_at).total_seconds()),
        "memory": say_bytes(memory) if memory else "",
        "restarts": row.restarts,
        "restart_reason": row.restart_reason,
        "restarted": say_ago(row.restarted_at, now=now),
        "workers": [
            (
                worker.pid,
                say_bytes(worker.memory_bytes),
                views[worker.job.pk] if worker.job else None,
            )
            for worker in view.workers
        ],
    }


def _schedules(*, now: datetime) -> list[dict[str, Any]]:
    listed = Schedule.objects.filter(enabled=True).order_by("next_at", "pk")[:_SCHEDULES]
    return [
        {
            "pk": one.pk,
            "name": one.name,
            "told": describe(one),
            "next": say_until(one.next_at, now=now),
            "next_at": one.next_at,
            "error": one.last_error,
        }
        for one in listed
    ]


def say_until(moment: datetime | None, *, now: datetime) -> str:
    """``in 3 h 20 min``."""
    if moment is None:
        return ""
    left = (moment - now).total_seconds()
    if left < 1:
        return "now"
    return f"in {say_seconds(left)}" if left < 36 * 3600 else f"in {left / 86_400:.0f} days"
