"""Undoing changes of very many faces, and bringing the performers of videos up to their faces."""

from collections.abc import Sequence
from typing import Any

from apps.core.models import AuditEntry
from apps.core.undo import Contested
from apps.faces.models import FaceChange
from apps.faces.services import applying, changes, following
from apps.faces.tasks.asking import ask
from apps.jobs.choices import Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import task
from apps.jobs.services.lifecycle import enqueue


@task("faces.undo", title="Undo a change of faces", queue=Queue.CPU, unit="videos")
def undo_change(job: JobContext, *, entry_id: int, contested: str) -> dict[str, Any]:
    done = AuditEntry.objects.filter(job_id=job.job.pk, row_count__gt=0).order_by("pk").first()
    if job.job.attempt > 1 and done is not None:  # its worker was lost between that and the end
        return {"changed": done.row_count, "entry": done.pk}
    entry = AuditEntry.objects.get(pk=entry_id)
    undone = changes.undo_entry(entry, Contested(contested), report=job.report, guard=job.guard)
    return {"changed": undone.entry.row_count, "entry": undone.entry.pk, "lost": undone.lost}


@task("faces.name", title="Put names on videos", queue=Queue.CPU, unit="videos", schedulable=True)
def name_videos(job: JobContext, *, ids: Sequence[int] | None = None) -> dict[str, Any]:
    named = applying.name_videos(ids, report=job.report)
    return {"given": named.given, "taken": named.taken}


@task("faces.follow", title="Bring videos up to their faces", queue=Queue.CPU, unit="videos")
def follow_change(job: JobContext, *, change_id: int) -> dict[str, Any]:
    change = FaceChange.objects.filter(pk=change_id).first()
    if change is not None:
        following.bring_up(change, report=job.report)
    return {}


@task("faces.recognise", title="Look for people elsewhere", queue=Queue.CPU, unit="videos")
def recognise(job: JobContext, *, performer_ids: Sequence[int]) -> dict[str, Any]:
    from apps.faces.services import recognising

    named = recognising.recognise(performer_ids, report=job.report)
    return {"given": named.given, "taken": named.taken}


def request_recognise(performer_ids: Sequence[int]) -> Job:
    """Ask for performers to be looked for in all videos, by the faces that they have now."""
    wanted = sorted(performer_ids)
    key = f"faces.recognise:{wanted}" if len(wanted) < 20 else ""
    return ask(recognise, {"performer_ids": wanted}, key=key)


def request_follow(change_id: int) -> Job:
    """Ask for what follows on a change of very many faces."""
    key = f"faces.follow:{change_id}"
    return enqueue(follow_change, {"change_id": change_id}, dedupe_key=key)


def request_undo(entry: AuditEntry, contested: Contested) -> int:
    """Ask for the undo of a change; the id of the job, which there is once for each entry."""
    params = {"entry_id": entry.pk, "contested": str(contested)}
    return enqueue(undo_change, params, dedupe_key=f"faces.undo:{entry.pk}").pk


def request_names(ids: Sequence[int] | None = None) -> Job:
    """Ask for names to be judged anew, and for their videos (None: all) to follow."""
    key = "faces.name" if ids is None else ""
    params = {} if ids is None else {"ids": sorted(ids)}
    return ask(name_videos, params, key=key)
