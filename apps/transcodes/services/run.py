"""One transcode from its plan to its place. Stopped anywhere and called again, it goes on."""

from contextlib import suppress
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.core.errors import Conflict, MediaHubError
from apps.core.progress import Guard, Progress, silent
from apps.disk.reader import Disk
from apps.disk.swaps import Mark
from apps.ffmpeg.transcoding.plans import Plan
from apps.jobs.choices import ACTIVE
from apps.jobs.context import JobCancelled, JobPostponed, JobStopped, LeaseLost
from apps.library.services.scan.roots import RootOffline
from apps.transcodes.choices import Outcome, Step
from apps.transcodes.models import Transcode
from apps.transcodes.services import aftermath
from apps.transcodes.services.chunked import Divided, divide, encode_part, join_parts, parts_of
from apps.transcodes.services.drafts import drop_drafts, drop_parts
from apps.transcodes.services.encode import Encoded, Making, NeedsProcessor, make
from apps.transcodes.services.place import cannot, check_source, mark_of, place, stored
from apps.transcodes.services.prepare import (
    OFFLINE_AGAIN,
    check_source_known,
    check_time,
    or_offline,
    plan_anew,
    prepare,
)
from apps.transcodes.services.sources import facts_of
from apps.transcodes.services.work import Note, Run, end, unread

_NO_LONGER_OPEN = (Outcome.DONE, Outcome.SKIPPED, Outcome.RESTORED)


class AskedAgain(Conflict):
    """Another transcode of the file with this profile is under way."""

    code = "asked_again"


class WorkedOn(Conflict):
    """Another job has the transcode in hand; nothing was changed."""

    code = "worked_on"


def run(
    pk: int,
    *,
    disk: Disk,
    report: Progress = silent,
    guard: Guard = transaction.atomic,
    note: Note = unread,
    job_id: int | None = None,
    **how: bool,
) -> dict[str, Any]:
    """Do what is left of a transcode; ``report`` counts milliseconds of the film, ``how`` is as in
    Run.

    Answers with its outcome, and what that spares. Raises NeedsProcessor where a card's worker
    comes to a step that only the processor can do, Divided where parts are to be encoded first,
    JobPostponed while something is in the way, WorkedOn, and MediaHubError for what failed; the
    source is whole then, and under its name.
    """
    transcode = _open_one(pk)
    if transcode is None:
        return {}
    this = Run(
        transcode, disk, report, guard, note, job_id, **how, attempts=transcode.attempts
    )  # fmt: skip
    try:
        _go_on(this)
    except (LeaseLost, WorkedOn):
        raise
    except MediaHubError as failed:
        reason = or_offline(this, failed)
        _leave(this, reason)
        raise reason from failed.__cause__
    return {
        "outcome": transcode.outcome,
        "saved_bytes": transcode.saved_bytes or 0,
        "transcoded": int(transcode.outcome == Outcome.DONE),
    }


def run_part(
    pk: int,
    number: int,
    *,
    disk: Disk,
    report: Progress = silent,
    guard: Guard = transaction.atomic,
    note: Note = unread,
    job_id: int | None = None,
) -> dict[str, Any]:
    """Encode one chunk of a transcode whose picture was divided; what is there stays.

    ``job_id`` is the batch's. Raises as ``run``.
    """
    transcode = _open_one(pk)
    if transcode is None or not transcode.chunks:
        return {}
    this = Run(transcode, disk, report, guard, note, job_id, attempts=transcode.attempts)
    try:
        if job_id != transcode.job_id:  # what failed or was cancelled, in a batch of its own
            _reopen(this)
        found = check_source_known(this)
        plan = plan_anew(this)
        part = parts_of(transcode.chunks, this.names.draft)[number]
        encode_part(_making(this, plan), part, disk=disk)
    except (LeaseLost, WorkedOn):
        raise
    except MediaHubError as failed:
        reason = or_offline(this, failed)
        this.write(**_told(this, reason))
        raise reason from failed.__cause__
    return {"parts": 1, "source_bytes": found["size_bytes"]}


def _open_one(pk: int) -> Transcode | None:
    chosen = Transcode.objects.select_related(
        "library", "profile", "rule", "file__folder", "file__library", "video", "job"
    )
    return chosen.filter(pk=pk).exclude(outcome__in=_NO_LONGER_OPEN).first()


def _go_on(this: Run) -> None:
    _reopen(this)
    transcode = this.transcode
    if transcode.step in (Step.NONE, Step.WRITING) or not _has_draft(this):
        check_time(this)
        plan = prepare(this)
        if plan is None:
            return
        _make(this, plan)
    if transcode.step in (Step.CHECKED, Step.PLACING):
        place(transcode, disk=this.disk, guard=this.guard)
    try:
        aftermath.follow(transcode, disk=this.disk, job_id=this.job_id, guard=this.guard)
    except RootOffline as reason:
        raise JobPostponed(str(reason), OFFLINE_AGAIN) from reason
    end(this, Outcome.DONE)


def _reopen(this: Run) -> None:
    """What failed or was cancelled, and is tried once more; by one job at a time."""
    other = this.transcode.job
    if this.job_id and other and other.pk != this.job_id and other.state in ACTIVE:
        raise WorkedOn(f"Job {other.pk} has this transcode in hand: wait for it, or cancel it.")
    job = {"job_id": this.job_id} if this.job_id else {}
    try:
        with transaction.atomic():
            this.write(outcome=Outcome.OPEN, finished_at=None, **job)
    except IntegrityError:
        raise AskedAgain("Another transcode of this file with this profile is under way.") from None


def _has_draft(this: Run) -> bool:
    """Whether what was proven before a kill is still there."""
    if this.transcode.step in (Step.PLACING, Step.PLACED):
        return True
    found = this.disk.look(this.names.draft)
    wanted = mark_of(this.transcode.target_mark)
    return found is not None and Mark(found["size_bytes"], found["mtime_ns"]) == wanted


def _make(this: Run, plan: Plan) -> None:
    """Write the draft, prove it, and have it on disk. Raises Divided."""
    transcode, names = this.transcode, this.names
    began = timezone.now()
    making = _making(this, plan)
    encoded: Encoded | None = None
    if this.joins:
        parts = parts_of(transcode.chunks, names.draft)
        encoded = partial(join_parts, parts=parts, disk=this.disk, batch_id=this.job_id)
    else:
        chunks = divide(making) if this.may_divide else ()
        this.write(step=Step.WRITING, proof={}, chunks=[chunk.to_json() for chunk in chunks])
        if chunks:
            raise Divided(chunks)
    with suppress(OSError):  # a worker that was given up may still write what is there
        this.disk.remove(names.draft)
    made = make(making, encoded=encoded)
    this.report(plan.duration_ms, plan.duration_ms or None, phase="placing")
    check_source(transcode, this.disk)
    try:
        this.disk.finish(names.draft, like=names.source)
        found = this.disk.look(names.draft)
    except OSError as error:
        raise cannot(error) from error
    assert found is not None
    drop_parts(this.disk, transcode)
    this.write(
        step=Step.CHECKED, target_mark=stored(found), target_bytes=found["size_bytes"],
        proof=made.proof, encoder=made.encoder, card=made.card,
        took_s=(timezone.now() - began).total_seconds(),
    )  # fmt: skip


def _leave(this: Run, reason: MediaHubError) -> None:
    """Nothing of a draft stays that isn't proven, and the row says what came of it."""
    transcode = this.transcode
    goes_on = isinstance(reason, JobStopped) and not isinstance(reason, JobCancelled)
    waits = (this.joins and goes_on) or (
        transcode.step == Step.CHECKED and (goes_on or reason.passing)
    )
    if (
        transcode.step in (Step.WRITING, Step.CHECKED)
        and transcode.target is not None
        and not waits
    ):
        drop_drafts(this.disk, transcode)
        this.write(step=Step.NONE)
    this.write(**_told(this, reason))


def _told(this: Run, reason: MediaHubError) -> dict[str, Any]:
    told: dict[str, Any] = {"attempts": this.attempts}
    if isinstance(reason, NeedsProcessor):  # it is handed over
        return told
    if isinstance(reason, JobCancelled):
        told |= {"outcome": Outcome.CANCELLED, "finished_at": timezone.now()}
    elif not isinstance(reason, JobStopped) and not reason.passing:
        told |= {
            "outcome": Outcome.FAILED, "finished_at": timezone.now(),
            "error_code": reason.code, "error_message": str(reason),
        }  # fmt: skip
    if "outcome" in told and this.transcode.step == Step.PLACED:
        told["outcome"] = Outcome.DONE  # as to the files; else nobody could bring the source back
    return told


def _making(this: Run, plan: Plan) -> Making:
    transcode, names = this.transcode, this.names
    return Making(
        plan=plan, spec=transcode.profile.spec, facts=facts_of(this.file), source=names.source,
        draft=names.draft, source_bytes=transcode.source_bytes, on_card=this.on_card,
        report=this.report, note=this.note, attempts=this.attempts, write=this.write,
    )  # fmt: skip
