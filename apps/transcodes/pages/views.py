"""Transcodes and plans, ready to print."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.core.units import say_ago, say_bytes, say_seconds
from apps.jobs.models import Job
from apps.jobs.pages import job_views
from apps.jobs.pages.views import JobView
from apps.transcodes.choices import Outcome
from apps.transcodes.models import Transcode
from apps.transcodes.words import say_criterion, say_deed, say_found

_VARIANTS = {
    Outcome.DONE: "success", Outcome.FAILED: "danger", Outcome.CANCELLED: "default",
    Outcome.SKIPPED: "default", Outcome.RESTORED: "warning",
}  # fmt: skip
_WORDS = {Outcome.RESTORED: "source is back"}


@dataclass(frozen=True, slots=True)
class CriterionView:
    """One thing that was asked of a file; ``where`` names the stream if there are several."""

    what: str
    where: str
    wanted: str
    found: str


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan: what is to be done, what doesn't hold yet, and what does."""

    deed: str
    variant: str
    reason: str
    unmet: list[CriterionView]
    met: list[CriterionView]
    notes: list[str]
    dropped: str

    @property
    def parts(self) -> list[tuple[str, list[CriterionView]]]:
        return [("unmet", self.unmet), ("met", self.met)]


@dataclass(frozen=True, slots=True)
class TranscodeView:
    """A transcode; ``job`` is shown while it is under way. ``said`` tells how it went."""

    pk: int
    folder: str
    film: str
    profile: str
    state: str
    variant: str
    moving: bool
    job: JobView | None
    said: str
    before: str
    after: str
    spared: str
    way: str
    when: str


def plan_view(plan: Mapping[str, Any]) -> PlanView:
    """Of a plan as rows keep it; one that was never made says nothing."""
    deed, variant = say_deed(plan.get("deed", ""))
    criteria = plan.get("criteria") or ()
    streams = {one.get("stream") for one in criteria} - {None}
    views: dict[bool, list[CriterionView]] = {True: [], False: []}
    for one in criteria:
        name, stream = one["name"], one.get("stream")
        views[bool(one["ok"])].append(CriterionView(
            what=say_criterion(name),
            where=f"stream {stream}" if stream is not None and len(streams) > 2 else "",
            wanted=say_found(name, one["wanted"]),
            found=say_found(name, one["found"]),
        ))  # fmt: skip
    return PlanView(
        deed=deed, variant=variant, reason=plan.get("reason", ""), unmet=views[False],
        met=views[True], notes=list(plan.get("notes") or ()),
        dropped=", ".join(plan.get("dropped") or ()),
    )  # fmt: skip


def transcode_views(transcodes: Iterable[Any], *, now: datetime) -> list[TranscodeView]:
    """Of rows ``with_state``, their jobs and profiles selected; what jobs say costs some queries
    for all of them."""
    listed = list(transcodes)
    open_jobs: list[Job] = [
        one.job for one in listed if one.outcome == Outcome.OPEN and one.job is not None
    ]
    jobs = {view.pk: view for view in job_views(open_jobs, now=now)}
    return [_view(one, jobs.get(one.job_id), now=now) for one in listed]


def _view(transcode: Any, job: JobView | None, *, now: datetime) -> TranscodeView:
    folder, _, film = bytes(transcode.source).decode("utf-8", "backslashreplace").rpartition("/")
    state, variant = _state(transcode, job)
    after, spared = _sizes(transcode)
    return TranscodeView(
        pk=transcode.pk, folder=folder, film=film, profile=str(transcode.profile.values["name"]),
        state=state, variant=variant, moving=job is not None and job.moving, job=job,
        said=_said(transcode), before=say_bytes(transcode.source_bytes), after=after,
        spared=spared, way=_way(transcode), when=_when(transcode, job, now=now),
    )  # fmt: skip


def _state(transcode: Any, job: JobView | None) -> tuple[str, str]:
    outcome = Outcome(transcode.outcome)
    if outcome is not Outcome.OPEN:
        return _WORDS.get(outcome, str(outcome.value)), _VARIANTS[outcome]
    return (job.state, job.variant) if job else (str(transcode.state), "danger")


def _said(transcode: Transcode) -> str:
    if transcode.outcome in (Outcome.FAILED, Outcome.CANCELLED, Outcome.SKIPPED):
        return transcode.error_message or transcode.reason
    if transcode.outcome == Outcome.OPEN and transcode.job is None:
        return "Nothing works on it any more: ask for it again."
    if transcode.outcome == Outcome.DONE and transcode.trash is not None:
        return "source in the trash"
    return ""


def _sizes(transcode: Transcode) -> tuple[str, str]:
    """What came out, or what is foreseen; and by how much it differs."""
    if transcode.target_bytes is None or transcode.outcome == Outcome.RESTORED:
        foreseen = transcode.foreseen_bytes and transcode.outcome == Outcome.OPEN
        return (f"≈ {say_bytes(transcode.foreseen_bytes)}" if foreseen else ""), ""
    spared = transcode.saved_bytes or 0
    percent = round(100 * abs(spared) / transcode.source_bytes) if transcode.source_bytes else 0
    return say_bytes(transcode.target_bytes), (
        f"{percent} % {'smaller' if spared > 0 else 'larger'}" if percent else "as large"
    )


def _way(transcode: Transcode) -> str:
    """By what it was encoded."""
    if not transcode.encoder:
        return ""
    return f"{transcode.encoder} on a card" if transcode.card else transcode.encoder


def _when(transcode: Transcode, job: JobView | None, *, now: datetime) -> str:
    if transcode.finished_at is None:
        return job.when if job else f"asked for {say_ago(transcode.created_at, now=now)}"
    took = f", took {say_seconds(transcode.took_s)}" if transcode.took_s else ""
    return f"{say_ago(transcode.finished_at, now=now)}{took}"
