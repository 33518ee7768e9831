"""The command that puts a picture, which comes by stdin, to all else that is made of the source."""

import os

from apps.ffmpeg.transcoding.commands.container import container, covers
from apps.ffmpeg.transcoding.commands.reading import source_file
from apps.ffmpeg.transcoding.commands.sound import sound
from apps.ffmpeg.transcoding.commands.texts import kept, texts
from apps.ffmpeg.transcoding.plans import Plan
from apps.ffmpeg.transcoding.spec import Container, Spec


def join_command(
    plan: Plan,
    spec: Spec,
    *,
    program: str,
    source: bytes,
    output: bytes,
    picture_s: float,
    rest_s: float,
) -> list[str | bytes]:
    """The command that copies the picture from stdin (NUT) and does the rest of the plan.

    ``picture_s`` and ``rest_s`` are when both begin in the output's time: ffmpeg lets each file
    that it reads begin at 0, which would move one against the other.
    """
    maps = [f"0:{index}" for index in [*rest_of(plan), *plan.attachments, *plan.covers]]
    return [
        program, "-hide_banner", "-loglevel", "error", "-y",
        *(["-itsoffset", f"{rest_s:.6f}"] if rest_s else []), *source_file(source),
        "-itsoffset", f"{picture_s:.6f}", "-f", "nut", "-i", "pipe:0",
        "-map", "1:v:0", *(word for one in maps for word in ("-map", one)),
        "-c", "copy", *_tag(plan, spec), *sound(plan), *texts(plan), *covers(plan),
        *container(plan, spec),
        b"file:" + os.path.abspath(output),
    ]  # fmt: skip


def rest_of(plan: Plan) -> list[int]:
    """The streams of the source that have a time, but for the picture."""
    return [*(one.index for one in plan.audio), *(one.index for one in kept(plan))]


def _tag(plan: Plan, spec: Spec) -> list[str]:
    """As Apple's and cast devices want it."""
    kind = plan.container or spec.container
    is_hevc = plan.video is not None and plan.video.codec == "hevc"
    return ["-tag:v:0", "hvc1"] if is_hevc and kind == Container.MP4 else []
