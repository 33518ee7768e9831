"""Chosen files that are read again."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from django.utils import timezone

from apps.jobs.choices import Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import task
from apps.jobs.services.lifecycle import enqueue
from apps.library.choices import Refresh
from apps.library.models import File, Library
from apps.library.services.scan import probe_again


@task("library.probe", title="Read again", queue=Queue.DISK, unit="files")
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
    params = {
        "library_id": library.pk,
        "file_ids": sorted(file.pk for file in files),
        "refresh": sorted(refresh),
    }
    return enqueue(probe, params, target=library)


def request_probes(files: Iterable[File], *, refresh: Iterable[Refresh] = ()) -> list[Job]:
    """Ask the same for files of any libraries, read with those: a job for each library."""
    sorted_files = sorted(files, key=lambda file: file.library_id)
    by_library = groupby(sorted_files, key=lambda file: file.library)
    return [request_probe(library, some, refresh=refresh) for library, some in by_library]
