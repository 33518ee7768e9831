"""Bulk edits of so many videos that nobody waits for them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from apps.core import context
from apps.core.models import AuditEntry
from apps.core.undo import Contested
from apps.editing.services.bulk import Changes, Selection, apply, undo_bulk
from apps.jobs.choices import Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import task
from apps.jobs.services.lifecycle import enqueue
from apps.library.search import Asker, Question


@task("editing.bulk", title="Edit videos", queue=Queue.DISK, unit="videos")
def bulk(
    job: JobContext,
    *,
    changes: Mapping[str, Any],
    now: str,
    ids: Sequence[int] | None = None,
    q: str = "",
    but: Sequence[int] = (),
    count: int | None = None,
) -> dict[str, Any]:
    begun = _begun_by(job)
    if begun and begun.rows.count() >= begun.row_count:
        return {"changed": begun.row_count, "entry": begun.pk}
    if ids is not None:
        selection = Selection.of_ids(ids)
    else:  # asked as it was asked then: "today" is that day
        asker = Asker(context.current().user_id, datetime.fromisoformat(now))
        selection = Selection.of_question(Question.read(q, asker=asker), but=but, count=count)
    outcome = apply(
        selection, Changes.read(changes), report=job.report, guard=job.guard, shared=True, but=begun
    )
    return {
        "matched": outcome.matched, "changed": outcome.changed, "unchanged": outcome.unchanged,
        "entry": outcome.entry and outcome.entry.pk,
    }  # fmt: skip


@task("editing.undo", title="Undo an edit of videos", queue=Queue.DISK, unit="videos")
def undo_edit(job: JobContext, *, entry_id: int, contested: str) -> dict[str, Any]:
    begun = _begun_by(job)
    if begun and begun.rows.count() >= begun.row_count:
        return {"changed": begun.row_count, "entry": begun.pk}
    entry = AuditEntry.objects.get(pk=entry_id)
    how = Contested(contested)
    undone = undo_bulk(
        entry, contested=how, report=job.report, guard=job.guard, shared=True, but=begun
    )
    return {"changed": undone.entry.row_count, "entry": undone.entry.pk, "lost": undone.lost}


def _begun_by(job: JobContext) -> AuditEntry | None:
    """What the job has done already, all or half, if its worker was lost between that and the job's
    end: to replace text twice, say, isn't what was asked for. Run anew by a person it is done
    anew."""
    if job.job.attempt < 2:
        return None
    done = AuditEntry.objects.filter(job_id=job.job.pk, row_count__gt=0)
    return done.order_by("pk").first()


def request_bulk(changes: Mapping[str, Any], *, now: datetime, **chosen: Any) -> Job:
    """Ask for an edit, in JSON as the API takes it, of videos that ``ids`` or ``q`` name."""
    return enqueue(bulk, {"changes": dict(changes), "now": now.isoformat(), **chosen})


def request_undo(entry: AuditEntry, contested: Contested) -> int:
    """Ask for the undo of an edit; the id of the job, which there is once for each entry."""
    params = {"entry_id": entry.pk, "contested": str(contested)}
    return enqueue(undo_edit, params, dedupe_key=f"editing.undo:{entry.pk}").pk
