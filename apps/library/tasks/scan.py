"""Scans, and what else is done with whole libraries."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.utils import timezone

from apps.ffmpeg.demo import make_demo
from apps.jobs.choices import Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import periodic, task
from apps.jobs.services.lifecycle import enqueue
from apps.library.models import Library
from apps.library.services.libraries import due_for_scan
from apps.library.services.library_edits import remove_library
from apps.library.services.scan import scan_library
from apps.library.services.scan.roots import below


@task("library.scan", title="Scan", queue=Queue.DISK, unit="files")
def scan(
    job: JobContext, *, library_id: int, paths: Sequence[str] = (), rescan: bool = False
) -> dict[str, Any]:
    done = scan_library(
        Library.objects.get(pk=library_id), now=timezone.now(), paths=paths, rescan=rescan,
        job_id=job.job.pk, report=job.report, guard=job.guard, note=job.log,
    )  # fmt: skip
    return {"scan": done.pk, **done.counts}


@task("library.demo", title="Demonstration library", queue=Queue.CPU, unit="clips")
def make_demonstration(job: JobContext, *, library_id: int, ffmpeg: str) -> dict[str, Any]:
    library = Library.objects.get(pk=library_id)
    clips = make_demo(Path(library.root), ffmpeg=ffmpeg, report=job.report)
    return {"clips": len(clips), "scan_job": request_scan(library).pk}


@task("library.remove", title="Remove a library", queue=Queue.DISK, unit="videos")
def remove(job: JobContext, *, library_id: int) -> dict[str, Any]:
    return dict(remove_library(Library.objects.get(pk=library_id), report=job.report))


def request_demonstration(library: Library, *, ffmpeg: str) -> Job:
    """Ask for the demonstration clips to be made in the library's root, and then for its scan."""
    params = {"library_id": library.pk, "ffmpeg": ffmpeg}
    key = f"library.demo:{library.pk}"
    return enqueue(make_demonstration, params, target=library, dedupe_key=key)


def request_removal(library: Library) -> Job:
    """Ask for a library to be forgotten; its files stay on disk."""
    key = f"library.remove:{library.pk}"
    return enqueue(remove, {"library_id": library.pk}, target=library, dedupe_key=key)


def request_scan(library: Library, *, paths: Sequence[str] = (), rescan: bool = False) -> Job:
    """Ask for a scan; one of the same library and scope that is under way is returned instead.

    Raises PathRefused.
    """
    for path in paths:
        below(path)
    params = {"library_id": library.pk, "paths": list(paths), "rescan": rescan}
    scope = f":{_short(sorted(paths))}:{rescan}" if paths or rescan else ""
    key = f"library.scan:{library.pk}{scope}"
    return enqueue(scan, params, target=library, dedupe_key=key)


def _short(paths: Sequence[str]) -> str:
    """Stands for paths in a key, however long they are."""
    return hashlib.blake2b(json.dumps(paths).encode(), digest_size=16).hexdigest()


@periodic("library.due_scans", every_s=60)
def request_due_scans() -> None:
    for library in due_for_scan(now=timezone.now()):
        request_scan(library)
