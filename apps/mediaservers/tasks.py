"""Telling media servers: when something is due, and what scans have found."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from apps.jobs.choices import Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import Rules, periodic, task
from apps.jobs.services.lifecycle import enqueue
from apps.mediaservers.models import MediaServer
from apps.mediaservers.services import notices, scans, telling


@task(
    "mediaservers.tell", title="Tell a media server", queue=Queue.NET, unit="files",
    target=("server_id", "mediaservers.mediaserver"),
    rules=Rules(attempts=1),  # what is due is kept by the notices, and asked for when it is
)  # fmt: skip
def tell_server(job: JobContext, *, server_id: int) -> dict[str, Any]:
    """What is due, by one visit. What became of each file is in its notice."""
    server = MediaServer.objects.get(pk=server_id)
    told = telling.tell_server(
        server, now=timezone.now(), job_id=job.job.pk, report=job.report, guard=job.guard
    )
    return asdict(told)


@task("mediaservers.scanned", title="Note what a scan found", queue=Queue.DISK, unit="videos")
def note_scanned(_job: JobContext, *, video_ids: Sequence[int], library_id: int) -> dict[str, Any]:
    """For the servers that want to be told what scans find."""
    return {"notices": scans.note_scanned(video_ids, library_id=library_id, now=timezone.now())}


def request_telling(server_id: int) -> Job:
    """Ask for a server to be told what is due; once at a time."""
    key = f"mediaservers.tell:{server_id}"
    return enqueue(tell_server, {"server_id": server_id}, dedupe_key=key)


def request_scanned(video_ids: Sequence[int], *, library_id: int) -> Job | None:
    """Ask for what a scan found to be noted, if a server wants that."""
    if not scans.wanting(library_id).exists():
        return None
    return enqueue(note_scanned, {"video_ids": sorted(video_ids), "library_id": library_id})


@periodic("mediaservers.due", every_s=5)
def request_due() -> None:
    for server_id in telling.due_servers(now=timezone.now()):
        request_telling(server_id)


@periodic("mediaservers.forget_old", every_s=3_600)
def forget_old() -> None:
    notices.forget_old(now=timezone.now())
