"""A long film by several workers: its picture in parts, each a job; sound and all else at the end.

Parts lie beside the draft. One that has its name is whole: it is written under another.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings

from apps.disk.moves import Move
from apps.disk.reader import Disk
from apps.ffmpeg.transcoding.chunks import Chunk, encode_chunk, join, plan_chunks, why_whole
from apps.ffmpeg.transcoding.plans import Plan, Rung
from apps.ffmpeg.transcoding.running import Ended
from apps.jobs.context import JobPostponed
from apps.jobs.models import Job
from apps.machines.services import gates, inventory
from apps.transcodes.services.encode import Making, judge, program

_FEWEST = 2
_SOON = timedelta(seconds=30)


class Divided(Exception):
    """The picture is to be encoded by other jobs, one for each chunk."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        super().__init__(f"{len(chunks)} parts")
        self.chunks = tuple(chunks)


@dataclass(frozen=True, slots=True)
class Part:
    """A chunk, and where it is kept."""

    chunk: Chunk
    path: bytes


def parts_of(stored: Sequence[Mapping[str, Any]], draft: bytes) -> list[Part]:
    """Of the chunks that a transcode's row names."""
    return [Part(Chunk(**one), draft + b".%d" % one["number"]) for one in stored]


def divide(making: Making) -> tuple[Chunk, ...]:
    """The chunks, if a film is long enough for it to pay and the processor encodes it; else none.

    Raises ChunksRefused and what ``report`` raises.
    """
    each_s = 60 * settings.MEDIAHUB_TRANSCODE_CHUNK_MINUTES
    plan = making.plan
    pays = each_s and plan.duration_ms >= _FEWEST * each_s * 1_000
    pays = pays and settings.MEDIAHUB_QUEUES["cpu"] >= _FEWEST
    if not pays or why_whole(plan) or processor_of(plan) is None:
        return ()
    chunks = plan_chunks(making.source, plan, each_s=each_s, report=making.report)
    return chunks if len(chunks) >= _FEWEST else ()


def processor_of(plan: Plan) -> Rung | None:
    """The way by the processor, if it is the first."""
    first = plan.rungs[0] if plan.rungs else None
    return first if first is not None and not first.uses_gpu else None


def encode_part(making: Making, part: Part, *, disk: Disk) -> Ended | None:
    """Encode one chunk, unless that was done before. Raises as ``make``, ChunkIncomplete."""
    if disk.look(part.path) is not None:
        return None
    rung = processor_of(making.plan)
    assert rung is not None
    fresh = part.path + b".part"
    with suppress(OSError):  # a worker that was given up may still write what is there
        disk.remove(fresh)
    ended = encode_chunk(
        part.chunk, making.plan, making.spec, rung, program=program(), source=making.source,
        output=fresh, filters=inventory.abilities().filters or None, report=making.report,
        held=lambda: gates.why_pause(gpu=False),
    )  # fmt: skip
    if ended.returncode != 0:
        judge(making, rung, ended)
    disk.finish(fresh, like=making.source, like_times=False)
    folder, name = os.path.split(fresh)
    (number,) = disk.move([Move(folder, name, os.path.basename(part.path))])
    if number:
        raise OSError(number, os.strerror(number))
    return ended


def join_parts(
    making: Making, parts: Sequence[Part], *, disk: Disk, batch_id: int | None
) -> tuple[Rung, Ended]:
    """Make the draft of all parts; of what isn't there nor under way in the batch, too: a batch
    that is tried again has only the jobs that failed. Raises JobPostponed, ChunksNotJoined."""
    missing = [part for part in parts if disk.look(part.path) is None]
    if missing and _are_encoded(batch_id):
        raise JobPostponed(f"{len(missing)} parts are still to be encoded", _SOON)
    for part in missing:
        encode_part(making, part, disk=disk)
    rung = processor_of(making.plan)
    assert rung is not None
    making.write(encoder=rung.encoder, card="")
    ended = join(
        [part.path for part in parts], making.plan, making.spec, program=program(),
        source=making.source, output=making.draft, report=making.report,
        held=lambda: gates.why_pause(gpu=False),
    )  # fmt: skip
    if ended.returncode != 0:
        judge(making, rung, ended)
    return rung, ended


def _are_encoded(batch_id: int | None) -> bool:
    """Whether jobs of the batch are still at its parts."""
    parts = Job.objects.active().filter(parent=batch_id, params__has_key="number")
    return batch_id is not None and parts.exists()
