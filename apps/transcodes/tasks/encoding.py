"""One file given one form: by the processor, or by a graphics card."""

from collections.abc import Sequence
from typing import Any

from django.db.models import OuterRef, Subquery

from apps.core.progress import Progress
from apps.jobs.choices import LogLevel, Queue
from apps.jobs.context import JobContext
from apps.jobs.models import Job
from apps.jobs.registry import Rules, Task, task
from apps.jobs.services.items import Item
from apps.jobs.services.lifecycle import add_items, enqueue
from apps.library.services.storage import open_disk
from apps.library.tasks.lanes import lane_of
from apps.machines.services import gates
from apps.transcodes.models import Transcode
from apps.transcodes.services.chunked import Divided
from apps.transcodes.services.encode import NeedsProcessor
from apps.transcodes.services.run import run, run_part

TARGET = ("transcode_id", "transcodes.transcode")
_NO_LIMIT = Rules(time_limit_s=0)


def _processor() -> str:
    return gates.why_not_start(gpu=False)


def _card() -> str:
    return gates.why_not_start(gpu=True)


@task(
    "transcodes.encode", title="Transcode", queue=Queue.CPU, unit="s of film", rules=_NO_LIMIT,
    target=TARGET, gate=_processor,
)  # fmt: skip
def encode(job: JobContext, *, transcode_id: int) -> dict[str, Any]:
    """A long film's picture is left to children, which several workers do side by side."""
    try:
        return _encode(job, transcode_id, may_divide=job.job.parent_id is None)
    except Divided as divided:
        transcode = Transcode.objects.select_related("library").get(pk=transcode_id)
        params, lane = {"transcode_id": transcode_id}, lane_of(transcode.library)
        parts = [
            Item(f"part {one.number}", {**params, "number": one.number}) for one in divided.chunks
        ]
        job.split(encode_part, parts, last=(join, Item("join", params, lane=lane)))
        return {}


@task(
    "transcodes.part", title="Transcode a part", queue=Queue.CPU, unit="s of film",
    rules=_NO_LIMIT, target=TARGET, gate=_processor,
)  # fmt: skip
def encode_part(job: JobContext, *, transcode_id: int, number: int) -> dict[str, Any]:
    with open_disk() as disk:
        return run_part(
            transcode_id, number, disk=disk, report=_in_seconds(job), guard=job.guard,
            note=job.log, job_id=job.job.parent_id,
        )  # fmt: skip


@task(
    "transcodes.join", title="Join a transcode's parts", queue=Queue.CPU, unit="s of film",
    rules=_NO_LIMIT, target=TARGET, gate=_processor,
)  # fmt: skip
def join(job: JobContext, *, transcode_id: int) -> dict[str, Any]:
    return _encode(job, transcode_id, joins=True)


@task(
    "transcodes.encode_on_card", title="Transcode on a graphics card", queue=Queue.GPU,
    unit="s of film", rules=_NO_LIMIT, target=TARGET, gate=_card,
)  # fmt: skip
def encode_on_card(job: JobContext, *, transcode_id: int) -> dict[str, Any]:
    """What all cards refuse is handed over to a worker of the processor."""
    try:
        return _encode(job, transcode_id, on_card=True)
    except NeedsProcessor as reason:
        job.log(str(reason), level=LogLevel.WARNING)
        transcode = Transcode.objects.select_related("library").get(pk=transcode_id)
        parent = job.job.parent
        if parent is not None:
            with job.guard():
                add_items(parent, encode, [item_of(transcode, name=f"{transcode_id}:processor")])
                note_jobs([transcode_id])
        else:
            with job.guard():
                start(transcode, encode)
        return {"handed_over": 1}


def item_of(transcode: Transcode, *, name: str = "") -> Item:
    return Item(
        name or str(transcode.pk), {"transcode_id": transcode.pk},
        lane=lane_of(transcode.library),
    )  # fmt: skip


def start(transcode: Transcode, kind: Task) -> Job:
    job = enqueue(
        kind, {"transcode_id": transcode.pk}, target=transcode, lane=lane_of(transcode.library)
    )
    Transcode.objects.filter(pk=transcode.pk).update(job=job)
    transcode.job = job
    return job


def note_jobs(transcodes: Sequence[int]) -> None:
    """Their rows name their jobs."""
    newest = Job.objects.filter(
        target_type="transcodes.transcode", target_id=OuterRef("pk")
    ).order_by("-id")  # fmt: skip
    rows = Transcode.objects.filter(pk__in=transcodes)
    rows.update(job_id=Subquery(newest.values("id")[:1]))


def _encode(job: JobContext, transcode_id: int, **how: bool) -> dict[str, Any]:
    with open_disk() as disk:
        return run(
            transcode_id, disk=disk, report=_in_seconds(job), guard=job.guard, note=job.log,
            job_id=job.job.parent_id if how.get("joins") else job.job.pk, **how,
        )  # fmt: skip


def _in_seconds(job: JobContext) -> Progress:
    def report(done: int, total: int | None = None, /, **facts: object) -> None:
        job.report(done // 1_000, total and total // 1_000, **facts)

    return report
