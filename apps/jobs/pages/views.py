"""A job, ready to print."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.urls import NoReverseMatch, reverse

from apps.core.units import say_ago, say_bytes, say_seconds
from apps.jobs.choices import ACTIVE, FINISHED, JobState
from apps.jobs.models import Job
from apps.jobs.registry import UnknownTask, find_task
from apps.jobs.services.gates import shut_for

VARIANTS = {
    JobState.QUEUED: "default",
    JobState.RUNNING: "info",
    JobState.PAUSED: "warning",
    JobState.CANCELLING: "warning",
    JobState.CANCELLED: "default",
    JobState.SUCCEEDED: "success",
    JobState.FAILED: "danger",
}
STATE_WORDS = {state: str(state.label).lower() for state in JobState} | {
    JobState.QUEUED: "waiting",
}
_DEEDS: dict[str, tuple[str, str, Sequence[JobState]]] = {
    "hurry": ("Hurry", "bolt", (JobState.QUEUED,)),
    "resume": ("Resume", "play_arrow", (JobState.PAUSED,)),
    "pause": ("Pause", "pause", (JobState.QUEUED, JobState.RUNNING)),
    "cancel": ("Cancel", "close", (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)),
    "retry": ("Run again", "replay", FINISHED),
}
_READ = (
    "made", "added", "changed", "moved", "missing", "returned", "unchanged", "succeeded",
    "failed", "cancelled", "skipped", "folders", "bytes", "grew_bytes", "shrank_bytes",
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
    """A job, ready to print. ``moving`` is one whose progress may change without a person."""

    pk: int
    title: str
    target: str
    target_url: str
    item: str
    parent: int | None
    is_batch: bool
    state: str
    variant: str
    active: bool
    moving: bool
    quarantined: bool
    percent: int | None
    progress: str
    counts: str
    failed: int
    when: str
    attempt: str
    worker: str
    who: str
    error: str
    deeds: list[Deed]

    @property
    def is_unmeasured(self) -> bool:
        """At work, without anybody knowing how far it is."""
        return self.percent is None and self.variant == VARIANTS[JobState.RUNNING]

    @property
    def name(self) -> str:
        """In a few words, for those who listen."""
        return f"{self.title} {self.item or self.target or self.pk}"


def job_views(jobs: Iterable[Job], *, now: datetime) -> list[JobView]:
    """Views of jobs: one query for each kind of target, one for whoever asked for them."""
    listed = list(jobs)
    names = _target_names(listed)
    people = _people(listed)
    shut = shut_for(listed)
    return [
        _view(
            job,
            names.get((job.target_type, job.target_id), ""),
            who=people.get(job.requested_by_id or 0, ""),
            shut=shut.get((job.queue, job.kind), ""),
            now=now,
        )
        for job in listed
    ]


def job_title(kind: str) -> str:
    try:
        return find_task(kind).title
    except UnknownTask:
        return kind


def say_counts(counts: dict[str, Any], *, most: int = 8) -> str:
    """``12 added, 3 missing``: the numbers among a job's facts that aren't nought."""
    told = [
        f"{value:,} {name.replace('_', ' ')}"
        for name, value in numbers(counts)
        if value and not name.endswith("bytes")
    ]
    return ", ".join(told[:most])


def numbers(counts: dict[str, Any]) -> list[tuple[str, int]]:
    """Counts in the order in which people read them; JSON in PostgreSQL keeps none."""
    found = [(n, v) for n, v in counts.items() if isinstance(v, int) and n not in _NO_COUNTS]
    return sorted(found, key=lambda pair: _READ.index(pair[0]) if pair[0] in _READ else len(_READ))


def say_number(name: str, value: int) -> str:
    return say_bytes(value) if name.endswith("bytes") else f"{value:,}"


def _view(job: Job, target: str, *, who: str, shut: str, now: datetime) -> JobView:
    state = JobState(job.state)
    counts = job.summary if state in FINISHED and job.summary else job.facts
    return JobView(
        pk=job.pk,
        title=job_title(job.kind),
        target=target,
        target_url=_target_url(job) if target else "",
        item=job.item,
        parent=job.parent_id,
        is_batch=job.is_batch,
        state=_state(job, state),
        variant=VARIANTS[state],
        active=state in ACTIVE,
        moving=state in ACTIVE and state != JobState.PAUSED,
        quarantined=job.quarantined,
        percent=100 if state == JobState.SUCCEEDED else job.percent,
        progress=_progress(job, shut, now=now),
        counts=say_counts(counts),
        failed=_failed(job, counts),
        when=_when(job, now=now),
        attempt=f"attempt {job.attempt} of {job.max_attempts}" if job.attempt > 1 else "",
        worker=job.worker if state in ACTIVE else "",
        who=who,
        error=job.error_message,
        deeds=_deeds(job, state),
    )


def _state(job: Job, state: JobState) -> str:
    if job.quarantined:
        return "quarantined"
    if job.pause_requested and state == JobState.RUNNING:
        return "pausing"
    return STATE_WORDS[state]


def _deeds(job: Job, state: JobState) -> list[Deed]:
    """A batch isn't run again: a new one is made of what failed in it."""
    deeds = [
        Deed(name, label, icon)
        for name, (label, icon, states) in _DEEDS.items()
        if state in states and not (job.is_batch and name in ("retry", "hurry"))
    ]
    if job.is_batch and state in ACTIVE:
        return [Deed("hurry", "Hurry", "bolt"), *deeds]
    if job.is_batch and (_failed(job, job.summary) or state != JobState.SUCCEEDED):
        return [Deed("retry", "Retry the failed", "replay")]
    return deeds


def _failed(job: Job, counts: dict[str, Any]) -> int:
    """How many items of a batch failed: a batch of which some succeeded has succeeded."""
    failed = counts.get("failed", 0) if job.is_batch else 0
    return failed if isinstance(failed, int) else 0


def _progress(job: Job, shut: str, *, now: datetime) -> str:
    """``1,200 of 5,000 files, 220 a second, 3 min left``."""
    if job.state == JobState.QUEUED:
        return _waiting(job, shut, now=now)
    if not job.done and not job.total and job.state != JobState.RUNNING:
        return ""
    partly = job.total and job.state != JobState.SUCCEEDED
    parts = [f"{job.done:,} of {job.total:,} {job.unit}" if partly else f"{job.done:,} {job.unit}"]
    if job.state in ACTIVE and job.rate_per_s:
        parts.append(f"{_say_rate(job.rate_per_s)} a second")
    if (job.percent or 0) >= _FIRST_ETA_PERCENT and job.eta_s is not None:
        parts.append(f"{say_seconds(job.eta_s)} left")
    return ", ".join(parts)


def _say_rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.2g}"


def _waiting(job: Job, shut: str, *, now: datetime) -> str:
    """What the row itself says of why it waits; ``waiting.reasons`` knows of the rest."""
    if job.waits:
        return f"waiting for {job.waits:,} other job{'s' if job.waits > 1 else ''}"
    if job.run_at and job.run_at > now:
        if job.wait_reason:
            return job.wait_reason
        again = "again in" if job.attempt else "in"
        return f"to be started {again} {say_seconds((job.run_at - now).total_seconds())}"
    return shut or "waiting for a worker"


def _when(job: Job, *, now: datetime) -> str:
    if job.finished_at:
        took = (job.finished_at - (job.started_at or job.finished_at)).total_seconds()
        return f"{say_ago(job.finished_at, now=now)}, took {say_seconds(took)}"
    if job.started_at and job.state != JobState.QUEUED:
        return f"started {say_ago(job.started_at, now=now)}"
    return f"asked for {say_ago(job.created_at, now=now)}"


def _target_url(job: Job) -> str:
    """The page of what a job is about: an overview if there is one, else its form."""
    for page in ("overview", "change"):
        name = f"admin:{job.target_type.replace('.', '_')}_{page}"
        with suppress(NoReverseMatch):
            return reverse(name, args=[job.target_id])
    return ""


def _people(jobs: Sequence[Job]) -> dict[int, str]:
    ids = {job.requested_by_id for job in jobs if job.requested_by_id}
    return dict(User.objects.filter(pk__in=ids).values_list("pk", "username")) if ids else {}


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
