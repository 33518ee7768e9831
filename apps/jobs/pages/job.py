"""One job with its log, its parts, and what it needs."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.core.pages import AdminPage
from apps.jobs.choices import FINISHED, JobState, LogLevel
from apps.jobs.models import Job, JobDependency, JobLogLine
from apps.jobs.pages.alarms import served
from apps.jobs.pages.own import bell
from apps.jobs.pages.views import STATE_WORDS, VARIANTS, job_views, numbers, say_number
from apps.jobs.pages.waiting import Reason, Reasons, say_lane
from apps.jobs.services import batches
from apps.jobs.services.clusters import clusters
from apps.jobs.services.gates import shut_everywhere
from apps.jobs.services.holds import holds

LOG_LINES = 500
_PARTS = 50
_LINKED = 20
_LEVELS = {
    "": ("All", tuple(LogLevel)),
    "warning": ("Warnings and errors", (LogLevel.WARNING, LogLevel.ERROR)),
    "error": ("Errors", (LogLevel.ERROR,)),
}


class JobPage(AdminPage):
    """One job with its log, live while it is under way."""

    title = "Job"
    name = "jobs_job_change"
    route = "<int:pk>/change/"
    permission_required = "jobs.view_job"
    template_name = "admin/jobs/job.html"
    fragments = {"live": "admin/jobs/_job_live.html", "log": "admin/jobs/_log_lines.html"}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job: Job = get_object_or_404(
            Job.objects.select_related("requested_by", "parent"), pk=kwargs.pop("pk")
        )
        level = self.request.GET.get("level", "")
        level = level if level in _LEVELS else ""
        if self.request.GET.get("fragment") == "log":
            return {"log": self._log(job, level), **kwargs}
        now = timezone.now()
        (view, *parents) = job_views([job, *([job.parent] if job.parent else [])], now=now)
        return super().get_context_data(
            title=f"{view.title} {job.pk}",
            job=job,
            view=view,
            parent=parents[0] if parents else None,
            facts=_facts(job),
            summary=[(n.replace("_bytes", "").replace("_", " "), say_number(n, v))
                     for n, v in numbers(job.summary or job.facts)],
            evidence=_evidence(job),
            why=_why(job, now=now),
            **_batch(job, now=now),
            **_links(job, now=now),
            log=self._log(job, level),
            level=level,
            levels=[(name, label) for name, (label, _which) in _LEVELS.items()],
            bell=bell(self.request),
            may_control=self.request.user.has_perm("jobs.control_job"),
            **kwargs,
        )  # fmt: skip

    def _log(self, job: Job, level: str) -> list[JobLogLine]:
        """The lines after the last that was read, else the newest ones."""
        lines = job.log_lines.order_by("pk")
        if level:
            lines = lines.filter(level__in=_LEVELS[level][1])
        after = self.request.GET.get("after", "")
        if after.isdecimal():
            return list(lines.filter(pk__gt=int(after))[:LOG_LINES])
        return list(reversed(lines.reverse()[:LOG_LINES]))


def log_text(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The whole log, a line each: time, level, text."""
    if not request.user.has_perm("jobs.view_job"):
        raise PermissionDenied
    job = get_object_or_404(Job, pk=pk)
    return StreamingHttpResponse(
        _lines(job.log_lines.order_by("pk")),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="job-{pk}.log"'},
    )


def _lines(lines: QuerySet[JobLogLine]) -> Iterator[str]:
    for line in lines.iterator(chunk_size=1_000):
        yield f"{line.at:%Y-%m-%d %H:%M:%S}Z {line.level.upper():7} {line.message}\n"


def _facts(job: Job) -> list[tuple[str, Any]]:
    """What isn't said above it; what doesn't apply isn't said."""
    told = [
        ("Asked for by", job.requested_by or "the system"),
        ("Asked for at", job.created_at),
        ("Started", job.started_at or "not yet"),
        ("Finished", job.finished_at or "not yet"),
        ("Attempt", f"{job.attempt} of {job.max_attempts}" if job.attempt else ""),
        ("Reason", job.error_type),
        ("Crashes", job.crashes),
        ("Queue", job.queue),
        ("Priority", job.priority),
        ("Shares", say_lane(job.lane) if job.lane else ""),
        ("Worker", job.worker),
        ("Parameters", ", ".join(f"{k} {v}" for k, v in job.params.items() if v)),
    ]
    return [(label, value) for label, value in told if value]


def _evidence(job: Job) -> list[tuple[str, Any]]:
    """What is known of its last crash."""
    labels = {"signal": "Ended by signal", "exit_code": "Exit code", "worker": "Worker"}
    at = parse_datetime(str(job.evidence.get("at", "")))
    told = [(label, job.evidence.get(key)) for key, label in labels.items()]
    return [(label, value) for label, value in [("When", at), *told] if value]


def _why(job: Job, *, now: datetime) -> Reason | None:
    """Why it waits, if it does."""
    if job.state != JobState.QUEUED:
        return None
    crew = clusters()
    shut = shut_everywhere(view.row for view in crew)
    return Reasons([job], holds=holds(), served=served(crew), shut=shut).why(job, now=now)


def _batch(job: Job, *, now: datetime) -> dict[str, Any]:
    """The parts of a batch: how many in which state, why some failed, the first of those."""
    if not job.is_batch:
        return {}
    counted = dict(job.children.order_by().values_list("state").annotate(number=Count("pk")))
    failed = job.children.filter(state=JobState.FAILED).order_by("pk")[:_PARTS]
    done = job.state in FINISHED and "failed_by" in job.summary
    reasons = list(job.summary["failed_by"].items()) if done else batches.reasons(job)
    return {
        "parts": [
            (state.value, STATE_WORDS[state], VARIANTS[state], counted[state])
            for state in JobState
            if counted.get(state)
        ],
        "reasons": sorted(reasons, key=lambda pair: -pair[1]),
        "failed_parts": job_views(failed, now=now),
        "failed_number": counted.get(JobState.FAILED, 0),
        "retriable": counted.get(JobState.FAILED, 0) + counted.get(JobState.CANCELLED, 0),
    }


def _links(job: Job, *, now: datetime) -> dict[str, Any]:
    """The jobs that it needs, and those that need it."""
    links = JobDependency.objects.order_by("pk")
    needs = list(links.filter(job=job).values_list("needs", flat=True)[:_LINKED])
    needed_by = list(links.filter(needs=job).values_list("job", flat=True)[:_LINKED])
    both = (
        Job.objects.filter(pk__in=[*needs, *needed_by]).order_by("pk") if needs or needed_by else []
    )
    views = {view.pk: view for view in job_views(both, now=now)}
    return {
        "needs": [views[pk] for pk in needs if pk in views],
        "needed_by": [views[pk] for pk in needed_by if pk in views],
    }
