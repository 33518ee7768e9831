"""How jobs look: in lists, live, and each on its own page."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from apps.core.pages import AdminPage
from apps.core.units import say_ago, say_bytes, say_seconds
from apps.jobs.choices import ACTIVE, FINISHED, JobState
from apps.jobs.models import Job, JobLogLine
from apps.jobs.registry import UnknownTask, find_task

VARIANTS = {
    JobState.QUEUED: "default",
    JobState.RUNNING: "info",
    JobState.PAUSED: "warning",
    JobState.CANCELLING: "warning",
    JobState.CANCELLED: "default",
    JobState.SUCCEEDED: "success",
    JobState.FAILED: "danger",
}
_DEEDS: dict[str, tuple[str, str, Sequence[JobState]]] = {
    "cancel": ("Cancel", "close", (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)),
    "pause": ("Pause", "pause", (JobState.QUEUED, JobState.RUNNING)),
    "resume": ("Resume", "play_arrow", (JobState.PAUSED,)),
    "retry": ("Run again", "replay", FINISHED),
}
LOG_LINES = 500
_READ = (
    "made", "added", "changed", "moved", "missing", "returned", "unchanged", "failed", "skipped",
    "folders", "bytes", "grew_bytes", "shrank_bytes",
)  # fmt: skip
_NO_COUNTS = ("scan",)
# A rate says nothing about the end before this many per cent are done.
_FIRST_ETA_PERCENT = 2


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that can be done to a job now."""

    name: str
    label: str
    icon: str


@dataclass(frozen=True, slots=True)
class JobView:
    """A job, ready to print."""

    pk: int
    title: str
    target: str
    target_url: str
    state: str
    variant: str
    active: bool
    moving: bool
    percent: int | None
    progress: str
    counts: str
    when: str
    error: str
    deeds: list[Deed]

    @property
    def is_unmeasured(self) -> bool:
        """At work, without anybody knowing how far it is."""
        return self.percent is None and self.variant == VARIANTS[JobState.RUNNING]


def job_views(jobs: Iterable[Job], *, now: datetime) -> list[JobView]:
    """Views of jobs; their targets are read in one query for each kind of target."""
    listed = list(jobs)
    names = _target_names(listed)
    return [_view(job, names.get((job.target_type, job.target_id), ""), now=now) for job in listed]


def job_title(kind: str) -> str:
    try:
        return find_task(kind).title
    except UnknownTask:
        return kind


def say_counts(counts: dict[str, Any], *, most: int = 8) -> str:
    """``12 added, 3 missing``: the numbers among a job's facts that aren't nought."""
    told = [
        f"{value:,} {name.replace('_', ' ')}"
        for name, value in _numbers(counts)
        if value and not name.endswith("bytes")
    ]
    return ", ".join(told[:most])


class JobsLive(AdminPage):
    """The jobs that a page shows, as they are now: ``?id=1&id=2``."""

    title = "Jobs"
    name = "jobs_job_live"
    route = "live/"
    permission_required = "jobs.view_job"
    template_name = "admin/jobs/_live.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ids = [int(pk) for pk in self.request.GET.getlist("id") if pk.isdecimal()][:100]
        jobs = Job.objects.filter(pk__in=ids).order_by("-pk")
        return {"jobs": job_views(jobs, now=timezone.now()), **kwargs}


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
            Job.objects.select_related("requested_by"), pk=kwargs.pop("pk")
        )
        (view,) = job_views([job], now=timezone.now())
        return super().get_context_data(
            title=f"{view.title} {job.pk}",
            job=job,
            view=view,
            facts=_facts(job),
            summary=_summary(job),
            log=self._log(job),
            may_control=self.request.user.has_perm("jobs.control_job"),
            **kwargs,
        )

    def _log(self, job: Job) -> list[JobLogLine]:
        """The lines after the last that was read, else the newest ones."""
        lines = job.log_lines.order_by("pk")
        after = self.request.GET.get("after", "")
        if after.isdecimal():
            return list(lines.filter(pk__gt=int(after))[:LOG_LINES])
        return list(reversed(lines.reverse()[:LOG_LINES]))


def _view(job: Job, target: str, *, now: datetime) -> JobView:
    state = JobState(job.state)
    return JobView(
        pk=job.pk,
        title=job_title(job.kind),
        target=target,
        target_url=_target_url(job) if target else "",
        state="pausing" if job.pause_requested and state == JobState.RUNNING else state.label,
        variant=VARIANTS[state],
        active=state in ACTIVE,
        moving=state in ACTIVE and state != JobState.PAUSED,
        percent=100 if state == JobState.SUCCEEDED else job.percent,
        progress=_progress(job),
        counts=say_counts(job.summary if state in FINISHED and job.summary else job.facts),
        when=_when(job, now=now),
        error=job.error_message,
        deeds=[
            Deed(name, label, icon)
            for name, (label, icon, states) in _DEEDS.items()
            if state in states
        ],
    )


def _progress(job: Job) -> str:
    """``1,200 of 5,000 files, 220 a second, 3 min left``."""
    if job.state == JobState.QUEUED:
        return "waiting for a worker"
    parts = [
        f"{job.done:,} of {job.total:,} {job.unit}" if job.total else f"{job.done:,} {job.unit}"
    ]
    if job.state in ACTIVE and job.rate_per_s:
        parts.append(f"{job.rate_per_s:,.3g} a second")
    if (job.percent or 0) >= _FIRST_ETA_PERCENT and job.eta_s is not None:
        parts.append(f"{say_seconds(job.eta_s)} left")
    return ", ".join(parts)


def _when(job: Job, *, now: datetime) -> str:
    if job.finished_at:
        took = (job.finished_at - (job.started_at or job.finished_at)).total_seconds()
        return f"{say_ago(job.finished_at, now=now)}, took {say_seconds(took)}"
    if job.started_at:
        return f"started {say_ago(job.started_at, now=now)}"
    return f"asked for {say_ago(job.created_at, now=now)}"


def _facts(job: Job) -> list[tuple[str, Any]]:
    return [
        ("Asked for by", job.requested_by or "the system"),
        ("Asked for at", job.created_at),
        ("Started", job.started_at or "not yet"),
        ("Finished", job.finished_at or "not yet"),
        ("Attempt", f"{job.attempt} of {job.max_attempts}"),
        ("Queue", job.queue),
        ("Worker", job.worker or "none yet"),
        ("Parameters", ", ".join(f"{k} {v}" for k, v in job.params.items() if v) or "none"),
    ]


def _summary(job: Job) -> list[tuple[str, str]]:
    """The counts of a job, nothing left out, for its own page."""
    return [
        (name.replace("_bytes", "").replace("_", " "), _said(name, value))
        for name, value in _numbers(job.summary or job.facts)
    ]


def _numbers(counts: dict[str, Any]) -> list[tuple[str, int]]:
    """Counts in the order in which people read them; JSON in PostgreSQL keeps none."""
    numbers = [(n, v) for n, v in counts.items() if isinstance(v, int) and n not in _NO_COUNTS]
    return sorted(
        numbers, key=lambda pair: _READ.index(pair[0]) if pair[0] in _READ else len(_READ)
    )


def _said(name: str, value: int) -> str:
    return say_bytes(value) if name.endswith("bytes") else f"{value:,}"


def _target_url(job: Job) -> str:
    """The page of what a job is about: an overview if there is one, else its form."""
    for page in ("overview", "change"):
        name = f"admin:{job.target_type.replace('.', '_')}_{page}"
        with suppress(NoReverseMatch):
            return reverse(name, args=[job.target_id])
    return ""


def _target_names(jobs: Sequence[Job]) -> dict[tuple[str, int | None], str]:
    wanted: dict[str, set[int]] = {}
    for job in jobs:
        if job.target_type and job.target_id is not None:
            wanted.setdefault(job.target_type, set()).add(job.target_id)
    names: dict[tuple[str, int | None], str] = {}
    for label, ids in wanted.items():
        try:
            rows = apps.get_model(label)._default_manager.in_bulk(list(ids))
        except LookupError:  # its app was removed
            continue
        names |= {(label, pk): str(row) for pk, row in rows.items()}
    return names
