"""Decodes a file from end to end to hear whether a decoder complains."""

import os

from apps.core.progress import Progress, silent
from apps.ffmpeg.formats import FORMAT_WHITELIST, PROTOCOL_WHITELIST
from apps.ffmpeg.transcoding.running import STALL_S, Ended, follow


def decode_command(program: str, path: bytes) -> list[str | bytes]:
    """The command that decodes all picture and sound and throws both away.

    Covers are left out (``V``). Each frame counts once: no rate is kept by showing any twice.
    """
    return [
        program, "-nostdin", "-hide_banner", "-loglevel", "error", "-err_detect", "crccheck",
        "-protocol_whitelist", PROTOCOL_WHITELIST, "-format_whitelist", FORMAT_WHITELIST,
        "-i", b"file:" + os.path.abspath(path),
        "-map", "0:V?", "-map", "0:a?", "-fps_mode", "passthrough", "-f", "null", "-",
    ]  # fmt: skip


def decode_through(
    program: str,
    path: bytes,
    *,
    duration_ms: int,
    report: Progress = silent,
    stall_s: float = STALL_S,
) -> Ended:
    """Decode the whole file; ``lines`` of the answer are complaints, whatever its exit status.

    Raises Stalled, ProcessFailed.
    """
    command = decode_command(program, path)
    return follow(command, duration_ms=duration_ms, report=report, stall_s=stall_s)
