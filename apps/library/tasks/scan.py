"""Scans, and what else is done with whole libraries."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.ffmpeg.demo import DemoFailed, make_demo
from apps.jobs.choices import JobState, Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import periodic, task
from apps.jobs.services.items import Item
from apps.jobs.services.lifecycle import active_for, enqueue
from apps.library.choices import Question
from apps.library.models import Library
from apps.library.services.libraries import due_for_scan
from apps.library.services.library_edits import remove_library
from apps.library.services.media import programs
from apps.library.services.scan import history, scan_library, tell_apart
from apps.library.services.scan.roots import below
from apps.library.tasks.lanes import lane_of

_LONGEST_DELAY_S = 60
_MOST_DOUBLINGS = 10
_LIBRARY = ("library_id", "library.library")


@task(
    "library.scan", title="Scan", queue=Queue.DISK, unit="files", target=_LIBRARY,
    schedulable=True,
)  # fmt: skip
def scan(
    job: JobContext,
    *,
    library_id: int,
    paths: Sequence[str] = (),
    shallow: bool = False,
    rescan: bool = False,
    accept: Sequence[str] = (),
    visit: int = 0,
) -> dict[str, Any]:
    library = Library.objects.get(pk=library_id)
    done = scan_library(
        library, now=timezone.now(), paths=paths, shallow=shallow, rescan=rescan,
        accept=frozenset(map(Question, accept)),
        job_id=job.job.pk, report=job.report, guard=job.guard, note=job.log,
    )  # fmt: skip
    if done.unsettled:
        _come_back(library, done.unsettled, visit=visit + 1)
    if library.files.undecided().exists():
        request_comparison(library)
    return {"scan": done.pk, **done.counts}


@task(
    "library.scan_all", title="Scan all libraries", queue=Queue.DISK, unit="libraries",
    schedulable=True,
)  # fmt: skip
def scan_all(job: JobContext, *, rescan: bool = False) -> dict[str, Any]:
    """For schedules: a scan of each library there is by then."""
    job.split(scan, (
        Item(
            str(library.pk), {"library_id": library.pk, "rescan": rescan}, lane=lane_of(library)
        )
        for library in Library.objects.order_by("pk")
    ))  # fmt: skip
    return {}


@task(
    "library.compare", title="Compare likely copies", queue=Queue.DISK, unit="files",
    target=_LIBRARY, schedulable=True,
)  # fmt: skip
def compare(job: JobContext, *, library_id: int) -> dict[str, Any]:
    library = Library.objects.get(pk=library_id)
    return tell_apart(library, now=timezone.now(), report=job.report, guard=job.guard)


@task("library.demo", title="Demonstration library", queue=Queue.CPU, unit="clips", target=_LIBRARY)
def make_demonstration(job: JobContext, *, library_id: int) -> dict[str, Any]:
    ffmpeg = programs().ffmpeg
    if ffmpeg is None:
        raise DemoFailed("There is no ffmpeg to make clips with; `manage.py doctor` says more.")
    library = Library.objects.get(pk=library_id)
    clips = make_demo(Path(library.root), ffmpeg=ffmpeg.path, report=job.report)
    return {"clips": len(clips), "scan_job": request_scan(library).pk}


@task("library.remove", title="Remove a library", queue=Queue.DISK, unit="videos", target=_LIBRARY)
def remove(job: JobContext, *, library_id: int) -> dict[str, Any]:
    library = Library.objects.filter(pk=library_id).first()
    if library is None:  # an earlier attempt removed it, and died before it could say so
        return {}
    return dict(remove_library(library, report=job.report, guard=job.guard))


def request_demonstration(library: Library) -> Job:
    """Ask for the demonstration clips to be made in the library's root, and then for its scan."""
    key = f"library.demo:{library.pk}"
    return enqueue(make_demonstration, {"library_id": library.pk}, dedupe_key=key)


def request_removal(library: Library) -> Job:
    """Ask for a library to be forgotten; its files stay on disk."""
    key = f"library.remove:{library.pk}"
    return enqueue(remove, {"library_id": library.pk}, dedupe_key=key)


def request_comparison(library: Library) -> Job:
    """Ask for the library's likely copies to be read whole and told apart."""
    key = f"library.compare:{library.pk}"
    return enqueue(compare, {"library_id": library.pk}, lane=lane_of(library), dedupe_key=key)


def request_scan(
    library: Library,
    *,
    paths: Sequence[str] = (),
    rescan: bool = False,
    accept: Iterable[Question] = (),
) -> Job:
    """Ask for a scan; one of the same library and scope that is under way is returned instead.

    ``accept`` answers the questions at which scans of the library stop. Raises PathRefused.
    """
    for path in paths:
        below(path, root=library.root_bytes)
    accepted = sorted(accept)
    params = {
        "library_id": library.pk, "paths": list(paths), "rescan": rescan, "accept": accepted,
    }  # fmt: skip
    asked = [sorted(paths), rescan, accepted]
    scope = f":{_short(asked)}" if any(asked) else ""
    key = f"library.scan:{library.pk}{scope}"
    return enqueue(scan, params, lane=lane_of(library), dedupe_key=key)


def _come_back(library: Library, folders: Sequence[str], *, visit: int) -> None:
    """Look at folders again in which files were still being written, each time later.

    What another such job is going to look at is left to it, so that no two go on side by side. A
    slash at the end of a folder's name stands for all below it.
    """
    waiting = (
        active_for(library)
        .filter(kind=scan.name, state=JobState.QUEUED, params__visit__gt=0)
        .values_list("params__paths", flat=True)
    )
    covered = {path for paths in waiting for path in paths}
    if "/" in covered:
        return
    factor: int = 2 ** min(visit, _MOST_DOUBLINGS)
    delay_s = min(settings.MEDIAHUB_SETTLE_SECONDS * factor, _LONGEST_DELAY_S)
    for shallow in (True, False):
        paths = [path for path in folders if path.endswith("/") != shallow and path not in covered]
        params = {"library_id": library.pk, "paths": paths, "shallow": shallow, "visit": visit}
        if paths:
            delay = timedelta(seconds=delay_s)
            enqueue(scan, params, lane=lane_of(library), delay=delay)


def _short(asked: Sequence[Any]) -> str:
    """Stands for what was asked in a key, however long it is."""
    return hashlib.blake2b(json.dumps(asked).encode(), digest_size=16).hexdigest()


@periodic("library.due_scans", every_s=60)
def request_due_scans() -> None:
    for library in due_for_scan(now=timezone.now()):
        request_scan(library)


@periodic("library.forget_old_scans", every_s=3_600)
def forget_old_scans() -> None:
    history.forget_old_scans(now=timezone.now())
