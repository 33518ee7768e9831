"""Renaming files: planning what is much, and doing it, in each library's lane."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from apps.core.errors import Conflict
from apps.jobs.choices import Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import periodic, task
from apps.jobs.services.items import Item
from apps.jobs.services.lifecycle import enqueue, start_batch
from apps.library.models import Library, Video
from apps.library.search import Asker, Question
from apps.library.services.paths import shown
from apps.library.services.storage import open_disk
from apps.library.tasks import request_scan
from apps.library.tasks.lanes import lane_of
from apps.renaming.choices import BatchState
from apps.renaming.models import RenameBatch
from apps.renaming.services import history
from apps.renaming.services import plan as plans
from apps.renaming.services.run import begin, libraries_of, run

AT_ONCE = 500  # videos whose names are planned while somebody waits


class NothingToRename(Conflict):
    """No file of the plan would get another name, or all have theirs by now."""

    code = "nothing_to_rename"


@task("renaming.plan", title="Plan new names", queue=Queue.DISK, unit="files")
def plan(
    job: JobContext, *, batch_id: int, ids: list[int] | None = None, start: bool = False
) -> dict[str, Any]:
    batch = RenameBatch.objects.get(pk=batch_id)
    if batch.state == BatchState.PLANNING:  # else it has come this far before
        with open_disk(waiting=lambda: job.report(job.job.done, job.job.total)) as disk:
            plans.plan(batch, _videos(batch, ids), disk=disk, report=job.report)
    if start and batch.state == BatchState.READY and libraries_of(batch):
        with job.guard():
            request_run(batch)
    return {"batch": batch.pk, "selected": batch.selected, "unchanged": batch.unchanged}


@task(
    "renaming.rename", title="Rename files", queue=Queue.DISK, unit="files",
    target=("library_id", "library.library"),
)  # fmt: skip
def rename(job: JobContext, *, batch_id: int, library_id: int) -> dict[str, Any]:
    batch = RenameBatch.objects.get(pk=batch_id)
    library = Library.objects.get(pk=library_id)
    with open_disk(waiting=lambda: job.report(job.job.done, job.job.total)) as disk:
        followed = run(batch, library, disk=disk, report=job.report, guard=job.guard, note=job.log)
    if followed.unclear:
        request_scan(library, paths=sorted(map(shown, followed.unclear)))
    return {"batch": batch.pk, **plans.counts(batch, library)}


def propose(batch: RenameBatch, *, ids: list[int] | None = None, start: bool = False) -> Job | None:
    """Plan at once what is little, and return nothing; else ask for the plan, and return its job.

    With ``start`` what is planned is done right away, too: then its job is returned.
    Raises QueryError, DiskSilent, NothingToRename.
    """
    videos = _videos(batch, ids)
    lines = batch.undoes.renames if batch.undoes else None
    if (lines.count() if videos is None and lines else videos.count()) > AT_ONCE:  # type: ignore[union-attr]
        return request_plan(batch, ids=ids, start=start)
    with open_disk(timeout_s=plans.PATIENCE_S) as disk:
        plans.plan(batch, videos, disk=disk)
    return request_run(batch) if start else None


def request_plan(batch: RenameBatch, *, ids: list[int] | None = None, start: bool = False) -> Job:
    """Ask for a plan, and perhaps for what is planned to be done right away."""
    params = {"batch_id": batch.pk, "ids": ids, "start": start}
    return enqueue(plan, params, dedupe_key=f"renaming.plan:{batch.pk}")


def request_run(batch: RenameBatch) -> Job:
    """Ask for a plan to be carried out, or to be gone on with: in several libraries, a batch.

    Raises NothingToRename.
    """
    libraries = libraries_of(batch)
    if batch.state == BatchState.PLANNING:
        raise NothingToRename(f"{batch} is being planned: wait for its end.")
    if not libraries:
        raise NothingToRename(f"{batch} has no file to rename.")
    begin(batch)
    if len(libraries) == 1:
        return enqueue(
            rename, _params(batch, libraries[0]), lane=lane_of(libraries[0]),
            dedupe_key=f"renaming.rename:{batch.pk}",
        )  # fmt: skip
    return start_batch(
        rename,
        (Item(str(one.pk), _params(batch, one), lane=lane_of(one)) for one in libraries),
    )


def _params(batch: RenameBatch, library: Library) -> dict[str, Any]:
    return {"batch_id": batch.pk, "library_id": library.pk}


def _videos(batch: RenameBatch, ids: list[int] | None) -> QuerySet[Video] | None:
    if batch.undoes_id:
        return None
    if ids is not None:
        return plans.chosen(ids)
    asker = Asker.of(batch.user) if batch.user else Asker(None, batch.created_at)
    return Question.read(batch.query, asker=asker).videos()


@periodic("renaming.forget_plans", every_s=3_600)
def forget_plans() -> None:
    history.forget_plans(now=timezone.now())
