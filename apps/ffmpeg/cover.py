"""Makes the cover of a file by the program ffmpeg, where PyAV can't."""

import io

import numpy as np
from PIL import Image

from apps.ffmpeg import pictures
from apps.ffmpeg.commands.cover import cover as cover_command
from apps.ffmpeg.messages import Made
from apps.ffmpeg.reader import Programs, read_facts, run_on_media
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.wishes import CoverOptions
from apps.ffmpeg.work import Work

_TRIED_AT = (0.1, 0.35, 0.0)  # parts of the duration; each costs a process


def cover_by_ffmpeg(work: Work, options: CoverOptions) -> Made:
    """The frame that was asked for, or one that shows something. HDR is not brought down.

    Raises MediaRefused.
    """
    if work.programs.ffmpeg is None:
        raise MediaRefused(Reason.PROBER_MISSING)
    still = still_by_ffmpeg(
        work.path, work.programs.ffmpeg, head=work.head, programs=work.programs,
        at_ms=options.at_ms,
    )  # fmt: skip
    return pictures.cover(still, options, work.folder)


def still_by_ffmpeg(
    path: bytes, ffmpeg: str, *, head: bytes, programs: Programs, at_ms: int | None
) -> pictures.Still:
    """The frame at ``at_ms``, or one that shows something. Raises MediaRefused."""
    fallback = None
    for tried_ms in _times_ms(path, at_ms, head=head, programs=programs):
        command = cover_command(ffmpeg, path, at_ms=tried_ms)
        png = run_on_media(command, head=head, timeout_s=programs.timeout_s)
        if not png:  # the time lies behind the last frame
            continue
        with Image.open(io.BytesIO(png)) as opened:
            image = opened.convert("RGB")
        still = pictures.Still(image, image.width, image.height, tried_ms)
        if not pictures.is_dull(np.asarray(image.convert("L").resize((64, 36)))):
            return still
        fallback = fallback or still
    if fallback is None:
        raise MediaRefused(Reason.UNDECODABLE)
    return fallback


def _times_ms(path: bytes, at_ms: int | None, *, head: bytes, programs: Programs) -> list[int]:
    facts = read_facts(path, head=head, programs=programs)
    if not any(stream["type"] == "video" for stream in facts.streams):
        raise MediaRefused(Reason.NO_PICTURE)
    if at_ms is not None:
        return [at_ms]
    return [int(part * (facts.duration_ms or 0)) for part in _TRIED_AT]
