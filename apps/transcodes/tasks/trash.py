"""Bringing sources back, letting them go, and tidying up after kills."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from apps.core.errors import MediaHubError
from apps.jobs.choices import ACTIVE, LogLevel, Queue
from apps.jobs.context import JobContext, JobStopped
from apps.jobs.models import Job
from apps.jobs.registry import periodic, task
from apps.jobs.services.lifecycle import enqueue
from apps.library.services.storage import open_disk
from apps.transcodes.choices import Step
from apps.transcodes.models import Transcode
from apps.transcodes.services import restore as restoring
from apps.transcodes.services import sweep
from apps.transcodes.tasks.encoding import TARGET, encode, start


@task(
    "transcodes.restore", title="Bring back a replaced file", queue=Queue.DISK, unit="files",
    target=TARGET,
)  # fmt: skip
def restore(job: JobContext, *, transcode_id: int) -> dict[str, Any]:
    with open_disk() as disk:
        restoring.run(transcode_id, disk=disk, guard=job.guard, job_id=job.job.pk)
    return {"restored": 1}


@task("transcodes.empty_trash", title="Empty the trash", queue=Queue.DISK, unit="files")
def empty_trash(job: JobContext, *, ids: Sequence[int] | None = None) -> dict[str, Any]:
    """What has been there long enough, or what was replaced by some transcodes."""
    which: dict[str, Any] = {"before": timezone.now()} if ids is None else {"ids": list(ids)}
    with open_disk() as disk:
        return dict(restoring.empty_trash(disk=disk, guard=job.guard, report=job.report, **which))


@task("transcodes.sweep", title="Tidy up after transcodes", queue=Queue.DISK, unit="transcodes")
def tidy_up(job: JobContext) -> dict[str, Any]:
    """Drafts that nobody works on go; names that were half changed are finished."""
    counts = {"given_up": 0, "finished": 0, "stuck": 0}
    with open_disk() as disk:
        for pk in sweep.left_behind():
            try:
                match sweep.give_up(pk, disk=disk, guard=job.guard):
                    case True:
                        counts["given_up"] += 1
                    case False:
                        _finish(pk)
                        counts["finished"] += 1
            except JobStopped:
                raise
            except MediaHubError as error:  # none of the others' business
                counts["stuck"] += 1
                job.log(f"transcode {pk}: {error}", level=LogLevel.WARNING)
    return dict(counts)


def request_restore(transcode: Transcode) -> Job:
    """Ask for a replaced source to be brought back. Raises NotRestorable."""
    restoring.check_restorable(transcode)
    key = f"transcodes.restore:{transcode.pk}"
    return enqueue(restore, {"transcode_id": transcode.pk}, target=transcode, dedupe_key=key)


def request_empty_trash(ids: Sequence[int] | None = None) -> Job:
    """Ask for the trash to be emptied: of what is due, or of some transcodes."""
    wanted = None if ids is None else sorted(ids)
    return enqueue(empty_trash, {"ids": wanted}, dedupe_key=f"transcodes.empty_trash:{wanted}")


@periodic("transcodes.trash", every_s=6 * 3_600)
def empty_due_trash() -> None:
    if Transcode.objects.due_in_trash(timezone.now()).exists():
        request_empty_trash()


@periodic("transcodes.left_behind", every_s=120)
def sweep_left_behind() -> None:
    if sweep.left_behind():
        enqueue(tidy_up, dedupe_key="transcodes.sweep")


def _finish(transcode_id: int) -> None:
    """Its own work knows how to go on."""
    transcode = Transcode.objects.select_related("library", "job").get(pk=transcode_id)
    if transcode.job is not None and transcode.job.state in ACTIVE:
        return
    if transcode.step == Step.RESTORING:
        request_restore(transcode)
    else:
        start(transcode, encode)
