"""One picture encoded by several machines: divided at frames, encoded in parts, joined again.

The parts hold the picture alone, each frame with its time in the whole. Sound and all else is never
divided: it is made when the parts are joined, so that it stands to the picture as in one piece.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import apps
from apps.core import process
from apps.core.errors import MediaHubError
from apps.core.progress import Progress, silent
from apps.ffmpeg.transcoding.commands.filters import rate
from apps.ffmpeg.transcoding.commands.whole import chunk_command
from apps.ffmpeg.transcoding.joining import join_command, rest_of
from apps.ffmpeg.transcoding.plans import Plan, Rung
from apps.ffmpeg.transcoding.running import (
    HELD_EVERY_S,
    STALL_S,
    Ended,
    encode,
    never_held,
)
from apps.ffmpeg.transcoding.spec import Spec
from apps.ffmpeg.transcoding.surveying import SurveyFailed, ask, survey

_SOURCES = Path(apps.__file__).parents[1]
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
_PATIENCE_S = 30.0


class ChunksRefused(MediaHubError):
    """A picture that has to be encoded in one piece; nothing was written."""

    code = "chunks_refused"


class ChunkIncomplete(MediaHubError):
    """A chunk lacks frames, or has some of its neighbours'; it was removed."""

    code = "chunk_incomplete"


class ChunksNotJoined(MediaHubError):
    """Chunks that don't make one picture; what was written of it was removed."""

    code = "chunks_not_joined"


@dataclass(frozen=True, slots=True)
class Chunk:
    """The frames that are shown from ``start_s`` until before ``end_s`` (``None``: to the end).

    Seconds from the beginning of the source. ``frames`` is ``None`` where the number can't be told.
    Reading begins at ``read_from_s``, at or before a key frame (``None``: shortly before).
    """

    number: int
    start_s: float
    end_s: float | None
    frames: int | None = None
    read_from_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def why_whole(plan: Plan) -> str:
    """Why a plan's picture can't be encoded in chunks; ``""`` if it can."""
    video = plan.video
    if video is None or video.copy:
        return "No picture is encoded."
    if video.burn is not None:
        return "Subtitles are drawn on the picture, and one may last beyond a chunk."
    return ""


def plan_chunks(
    source: bytes, plan: Plan, *, each_s: float, report: Progress = silent
) -> tuple[Chunk, ...]:
    """Divide the picture into chunks of about ``each_s`` seconds; all packets are read for it.

    One chunk stands for a picture that is too short. Raises ChunksRefused.
    """
    if reason := why_whole(plan):
        raise ChunksRefused(f"It is encoded in one piece. {reason}")
    assert plan.video is not None
    frame_rate = rate(plan.video.frame_rate) if plan.video.frame_rate else ""
    try:
        answer = ask(
            "divide",
            told=lambda _done, _total: report(0, None, phase="dividing"),
            path=source,
            index=plan.video.index,
            each_s=each_s,
            rate=frame_rate,
        )
    except SurveyFailed as failed:
        raise ChunksRefused(f"It is encoded in one piece. {failed}") from failed
    parts = answer["parts"]
    sure = not (plan.video.deinterlace or frame_rate)
    return tuple(
        Chunk(number, start, end, frames if sure or (frame_rate and end) else None, read_from_s)
        for number, (start, end, frames, read_from_s) in enumerate(parts)
    )


def encode_chunk(
    chunk: Chunk,
    plan: Plan,
    spec: Spec,
    rung: Rung,
    *,
    program: str,
    source: bytes,
    output: bytes,
    filters: Collection[str] | None = None,
    report: Progress = silent,
    held: Callable[[], str] = never_held,
    held_every_s: float = HELD_EVERY_S,
    stall_s: float = STALL_S,
) -> Ended:
    """Encode one chunk into the NUT file ``output``, and count its frames if it ended well.

    As ``encode``; ``report`` is told milliseconds of the chunk. Raises ChunkIncomplete besides.
    """
    command = chunk_command(
        plan, spec, rung, program=program, source=source, output=output, start=chunk.start_s,
        end=chunk.end_s, read_from=chunk.read_from_s, filters=filters,
    )  # fmt: skip
    end_s = plan.duration_ms / 1_000 if chunk.end_s is None else chunk.end_s
    ended = encode(
        command, duration_ms=max(0, round((end_s - chunk.start_s) * 1_000)), output=output,
        report=report, held=held, held_every_s=held_every_s, stall_s=stall_s,
    )  # fmt: skip
    if ended.returncode == 0:
        try:
            _count(chunk, output)
        except ChunkIncomplete:
            os.unlink(output)
            raise
    return ended


def _count(chunk: Chunk, output: bytes) -> None:
    try:
        (made,) = survey(output).of("video")
    except (SurveyFailed, ValueError) as failed:
        raise ChunkIncomplete(f"Chunk {chunk.number + 1} holds no picture.") from failed
    if chunk.frames is not None and made.packets != chunk.frames:
        raise ChunkIncomplete(
            f"Chunk {chunk.number + 1} has {made.packets} frames instead of {chunk.frames}."
        )


def join(
    chunks: Sequence[bytes],
    plan: Plan,
    spec: Spec,
    *,
    program: str,
    source: bytes,
    output: bytes,
    report: Progress = silent,
    held: Callable[[], str] = never_held,
    held_every_s: float = HELD_EVERY_S,
    stall_s: float = STALL_S,
) -> Ended:
    """Make the ``output`` of all chunks, in their order, and of the rest of the ``source``.

    As ``encode``: sound is encoded here. Raises ChunksNotJoined besides.
    """
    assert plan.video is not None
    try:
        begin = ask(
            "begin", source=source, chunk=chunks[0], picture=plan.video.index, rest=rest_of(plan)
        )
    except SurveyFailed as failed:
        raise ChunksNotJoined(f"The chunks could not be joined: {failed}") from failed
    command = join_command(plan, spec, program=program, source=source, output=output, **begin)
    with _stitched(chunks) as child:
        ended = encode(
            command, duration_ms=plan.duration_ms, output=output, report=report, held=held,
            held_every_s=held_every_s, stall_s=stall_s, stdin=child.stdout,
        )  # fmt: skip
        if ended.returncode == 0 and (said := _last_words(child)):
            os.unlink(output)
            raise ChunksNotJoined(f"The chunks could not be joined: {said}")
    return ended


@contextmanager
def _stitched(chunks: Sequence[bytes]) -> Iterator["subprocess.Popen[bytes]"]:
    child = process.spawn(
        [sys.executable, "-X", "utf8", "-m", "apps.ffmpeg.transcoding.stitcher"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=_ENVIRONMENT, cwd=_SOURCES,
    )  # fmt: skip
    try:
        assert child.stdin is not None
        child.stdin.write(json.dumps({"chunks": [path.hex() for path in chunks]}).encode() + b"\n")
        child.stdin.close()
        yield child
    finally:
        process.kill(child)


def _last_words(child: "subprocess.Popen[bytes]") -> str:
    """What is wrong, if anything was."""
    assert child.stderr is not None
    try:
        status = child.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        return "the program that joins them hangs."
    said = child.stderr.read(2_000).decode("utf-8", "replace").strip().splitlines()
    return (said or ["the program that joins them crashed."])[-1] if status else ""
