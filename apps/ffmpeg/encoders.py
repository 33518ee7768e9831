"""Which codecs this machine really encodes and decodes.

What a build lists proves nothing: it names NVENC without a GPU and VAAPI without a driver. So a
frame is encoded by each, and decoded again by ffmpeg and by PyAV.
"""

import importlib.util
import io
import re
import time
from dataclasses import dataclass

from apps.core import process
from apps.ffmpeg.commands.trial import decode_frame, encode_frame

_PATIENCE_S = 15.0
_LONGEST_REASON = 300
_SPEAKER = re.compile(r"^\[[^]]* @ 0x[0-9a-f]+\] ", re.MULTILINE)

TRIED = {
    "libx264": "h264", "h264_nvenc": "h264", "h264_qsv": "h264", "h264_vaapi": "h264",
    "libx265": "hevc", "hevc_nvenc": "hevc", "hevc_qsv": "hevc", "hevc_vaapi": "hevc",
    "libsvtav1": "av1", "av1_nvenc": "av1", "av1_qsv": "av1", "av1_vaapi": "av1",
    "libvpx-vp9": "vp9", "aac": "aac", "libopus": "opus", "libmp3lame": "mp3",
}  # fmt: skip
"""Encoders and the codec that each makes."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one encoder; ``reason`` says why it doesn't encode, ``""`` if it does.

    The decoders are those that ffmpeg and PyAV chose for the codec; None if nothing was encoded.
    """

    encoder: str
    codec: str
    encodes: bool
    reason: str
    ffmpeg_decodes: bool | None
    pyav_decodes: bool | None
    took_ms: int


def try_encoders(ffmpeg: str) -> tuple[Trial, ...]:
    """Try every encoder of ``TRIED`` with this ffmpeg; one or two seconds, each try is bounded."""
    listed = _listed(ffmpeg)
    return tuple(_try(ffmpeg, encoder, listed) for encoder in TRIED)


def _try(ffmpeg: str, encoder: str, listed: set[str]) -> Trial:
    begun = time.monotonic()
    encoded, reason = b"", "This build of ffmpeg doesn't have it."
    if encoder in listed:
        encoded, reason = _run(encode_frame(ffmpeg, encoder))
    by_ffmpeg = by_pyav = None
    if encoded:
        by_ffmpeg = bool(_run(decode_frame(ffmpeg), given=encoded)[0])
        by_pyav = _pyav_decodes(encoded)
    took_ms = round((time.monotonic() - begun) * 1000)
    return Trial(encoder, TRIED[encoder], bool(encoded), reason, by_ffmpeg, by_pyav, took_ms)


def _listed(ffmpeg: str) -> set[str]:
    output, _ = _run([ffmpeg, "-hide_banner", "-encoders"])
    lines = output.decode("utf-8", "replace").splitlines()
    return {words[1] for line in lines if len(words := line.split()) > 1}


def _run(command: list[str], *, given: bytes | None = None) -> tuple[bytes, str]:
    """What the command printed if it went well, and else why it didn't."""
    try:
        ended = process.run(
            command,
            timeout_s=_PATIENCE_S,
            limits=process.Limits(cpu_seconds=120),
            input_bytes=given,
        )
    except process.ProcessFailed as error:
        return b"", str(error)
    if ended.returncode == 0 and ended.stdout:
        return ended.stdout, ""
    said = _SPEAKER.sub("", ended.stderr.decode("utf-8", "replace")).strip().splitlines()
    reason = said[0] if said else f"ffmpeg ended with status {ended.returncode}."
    return b"", reason[:_LONGEST_REASON]


def _pyav_decodes(encoded: bytes) -> bool:
    """In this process: we made these bytes a moment ago."""
    if importlib.util.find_spec("av") is None:
        return False
    import av

    try:
        with av.open(io.BytesIO(encoded), "r") as container:
            return any(True for _ in container.decode(container.streams[0]))
    except (av.error.FFmpegError, EOFError, ValueError):
        return False
