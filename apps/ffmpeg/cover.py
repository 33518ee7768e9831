"""Makes the cover pictures of a file by PyAV, or by ffmpeg where PyAV can't."""

import io

import numpy as np
from PIL import Image

from apps.ffmpeg import pictures
from apps.ffmpeg.commands.cover import cover as cover_command
from apps.ffmpeg.messages import CoverRequest, CoverResult
from apps.ffmpeg.reader import HAS_PYAV, Programs, read_facts, run_on_media
from apps.ffmpeg.reasons import MediaRefused, Reason

if HAS_PYAV:
    from apps.ffmpeg import av_cover, av_probe

_TRIED_AT = (0.1, 0.35, 0.0)  # parts of the duration; each costs a process


def make_cover(request: CoverRequest, *, head: bytes, programs: Programs) -> CoverResult:
    """Write the pictures that were asked for of a regular file that begins with ``head``.

    Run it in a child process: PyAV may crash or hang. Raises MediaRefused.
    """
    still = _still(request, head=head, programs=programs)
    files = pictures.write_pictures(still.image, request.outputs)
    return CoverResult(
        key=request.key, width=still.width, height=still.height, at_ms=still.at_ms, files=files
    )


def _still(request: CoverRequest, *, head: bytes, programs: Programs) -> pictures.Still:
    if HAS_PYAV:
        widest = max(one.max_width for one in request.outputs)
        try:
            return av_cover.still(request.path, head=head, at_ms=request.at_ms, max_width=widest)
        except av_probe.PyAVUnable as unable:
            if programs.ffmpeg is None:
                raise MediaRefused(Reason.UNDECODABLE, str(unable)) from unable
    if programs.ffmpeg is None:
        raise MediaRefused(Reason.PROBER_MISSING)
    return still_by_ffmpeg(request, programs.ffmpeg, head=head, programs=programs)


def still_by_ffmpeg(
    request: CoverRequest, ffmpeg: str, *, head: bytes, programs: Programs
) -> pictures.Still:
    """The frame that was asked for, or one that shows something, by the program ``ffmpeg``.

    HDR is not brought down. Raises MediaRefused.
    """
    fallback = None
    for at_ms in _times_ms(request, head=head, programs=programs):
        command = cover_command(ffmpeg, request.path, at_ms=at_ms)
        png = run_on_media(command, head=head, timeout_s=programs.timeout_s)
        if not png:  # the time lies behind the last frame
            continue
        with Image.open(io.BytesIO(png)) as opened:
            image = opened.convert("RGB")
        still = pictures.Still(image, image.width, image.height, at_ms)
        if not pictures.is_dull(np.asarray(image.convert("L").resize((64, 36)))):
            return still
        fallback = fallback or still
    if fallback is None:
        raise MediaRefused(Reason.UNDECODABLE)
    return fallback


def _times_ms(request: CoverRequest, *, head: bytes, programs: Programs) -> list[int]:
    facts = read_facts(request.path, head=head, programs=programs)
    if not any(stream["type"] == "video" for stream in facts.streams):
        raise MediaRefused(Reason.NO_PICTURE)
    if request.at_ms is not None:
        return [request.at_ms]
    return [int(part * (facts.duration_ms or 0)) for part in _TRIED_AT]
