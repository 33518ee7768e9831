"""Chosen files that are read again."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from apps.jobs.choices import Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import task
from apps.jobs.services.items import Item
from apps.jobs.services.lifecycle import enqueue, start_batch
from apps.library.choices import Refresh
from apps.library.models import File, Library
from apps.library.services.scan import probe_again
from apps.library.tasks.lanes import lane_of


@task(
    "library.probe",
    title="Read again",
    queue=Queue.DISK,
    unit="files",
    target=("library_id", "library.library"),
)
def probe(
    job: JobContext,
    *,
    library_id: int,
    file_ids: Sequence[int],
    refresh: Sequence[str] = (),
) -> dict[str, Any]:
    done = probe_again(
        Library.objects.get(pk=library_id), file_ids, now=timezone.now(),
        refresh=frozenset(map(Refresh, refresh)),
        job_id=job.job.pk, report=job.report, guard=job.guard, note=job.log,
    )  # fmt: skip
    return {"scan": done.pk, **done.counts}


def request_probe(
    library: Library, files: Iterable[File], *, refresh: Iterable[Refresh] = ()
) -> Job:
    """Ask for some of a library's files to be read anew: what ``refresh`` names, or everything."""
    return enqueue(probe, _params(library, files, refresh), lane=lane_of(library))


def request_probes(files: Iterable[File], *, refresh: Iterable[Refresh] = ()) -> Job:
    """Ask the same for files of any libraries, read with those: in several, a batch of jobs."""
    by_library = files_by_library(files)
    if len(by_library) == 1:
        ((library, some),) = by_library.items()
        return request_probe(library, some, refresh=refresh)
    return start_batch(probe, (
        Item(str(library.pk), _params(library, some, refresh), lane=lane_of(library))
        for library, some in by_library.items()
    ))  # fmt: skip


def files_by_library(files: Iterable[File]) -> dict[Library, list[File]]:
    """Files, read with their libraries, of each of those."""
    grouped: dict[Library, list[File]] = {}
    for file in files:
        grouped.setdefault(file.library, []).append(file)
    return grouped


def _params(library: Library, files: Iterable[File], refresh: Iterable[Refresh]) -> dict[str, Any]:
    return {
        "library_id": library.pk,
        "file_ids": sorted(file.pk for file in files),
        "refresh": sorted(refresh),
    }
