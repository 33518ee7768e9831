"""Checks of what files hold: when a person asks, and by and by."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.jobs.choices import LogLevel, Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import periodic, task
from apps.jobs.services.items import Item
from apps.jobs.services.lifecycle import active_for, enqueue, start_batch
from apps.library.choices import LibraryState
from apps.library.models import File, Library
from apps.library.services.verify import Scope, Share, share_due, verify_files
from apps.library.tasks.lanes import lane_of
from apps.library.tasks.probe import files_by_library


@task(
    "library.verify",
    title="Check content",
    queue=Queue.DISK,
    unit="files",
    target=("library_id", "library.library"),
    schedulable=True,
)
def verify(
    job: JobContext,
    *,
    library_id: int,
    whole: bool = True,
    file_ids: list[int] | None = None,
    folder: str = "",
    share_bytes: int | None = None,
    overdue: str = "",
) -> dict[str, Any]:
    share = None
    if share_bytes is not None:
        share = Share(size_bytes=share_bytes, overdue=datetime.fromisoformat(overdue))
    scope = Scope(
        library=Library.objects.get(pk=library_id),
        since=job.job.created_at,  # so that an interrupted job goes on where it was
        file_ids=file_ids,
        folder=bytes.fromhex(folder),
        share=share,
    )
    return dict(
        verify_files(
            scope, whole=whole, report=job.report, guard=job.guard,
            note=lambda line: job.log(line, level=LogLevel.WARNING),
        )
    )  # fmt: skip


def request_verify(
    library: Library,
    *,
    whole: bool = True,
    files: Iterable[File] | None = None,
    folder: bytes = b"",
) -> Job:
    """Ask for all files of a library, or for these, or those in a folder of it, to be checked.

    A check of the whole library that is under way is returned instead of a second one.
    """
    params: dict[str, Any] = {"library_id": library.pk, "whole": whole}
    if files is not None:
        params["file_ids"] = sorted(file.pk for file in files)
        return enqueue(verify, params, lane=lane_of(library))
    if folder:
        params["folder"] = folder.hex()  # names needn't be text
        return enqueue(verify, params, lane=lane_of(library))
    key = f"library.verify:{library.pk}:{'whole' if whole else 'places'}"
    return enqueue(verify, params, lane=lane_of(library), dedupe_key=key)


@periodic("library.verify_by_and_by", every_s=600)
def request_due_verifications() -> None:
    """Each library that has a period gets, about hourly, a job for its share."""
    now = timezone.now()
    libraries = Library.objects.filter(state=LibraryState.ONLINE, verify_every_days__isnull=False)
    for library in libraries:
        if active_for(library).filter(kind=verify.name).exists():
            continue
        share = share_due(library, last_at=_last_share_at(library), now=now)
        if share:
            params = {
                "library_id": library.pk,
                "share_bytes": share.size_bytes,
                "overdue": share.overdue.isoformat(),
            }
            key = f"library.verify:{library.pk}:share"
            enqueue(verify, params, lane=lane_of(library), dedupe_key=key)


def request_verify_each(files: Iterable[File], *, whole: bool = True) -> Job:
    """Ask for files of any libraries, read with those, to be checked: in several, a batch."""
    by_library = files_by_library(files)
    if len(by_library) == 1:
        ((library, some),) = by_library.items()
        return request_verify(library, whole=whole, files=some)
    return start_batch(verify, (
        Item(
            str(library.pk),
            {"library_id": library.pk, "whole": whole, "file_ids": sorted(f.pk for f in some)},
            lane=lane_of(library),
        )
        for library, some in by_library.items()
    ))  # fmt: skip


def _last_share_at(library: Library) -> datetime | None:
    shares = Job.objects.filter(
        kind=verify.name, target_type=Library._meta.label_lower, target_id=library.pk,
        params__has_key="share_bytes",
    )  # fmt: skip
    last: datetime | None = shares.order_by("-pk").values_list("created_at", flat=True).first()
    return last
