"""Reads the facts of a file by PyAV, or by ffprobe where PyAV can't."""

import importlib.util
from dataclasses import dataclass

from apps.core import process
from apps.ffmpeg.commands.probe import probe as probe_command
from apps.ffmpeg.diagnosis import printed_lines, refusal
from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.probe import parse_output
from apps.ffmpeg.reasons import MediaRefused, Reason

HAS_PYAV = importlib.util.find_spec("av") is not None
if HAS_PYAV:
    from apps.ffmpeg import av_probe


@dataclass(frozen=True, slots=True)
class Programs:
    """Paths of FFmpeg's programs, for what PyAV can't do; None where there is none.

    ``timeout_s`` bounds each of their runs.
    """

    ffmpeg: str | None
    ffprobe: str | None
    timeout_s: float


def read_facts(path: bytes, *, head: bytes, programs: Programs, use_av: bool = True) -> MediaFacts:
    """Facts about the regular file at ``path`` that begins with ``head``.

    Run it in a child process: PyAV may crash or hang. Raises MediaRefused.
    """
    if use_av and HAS_PYAV:
        try:
            return av_probe.probe(path, head=head)
        except av_probe.PyAVUnable as unable:
            if programs.ffprobe is None:
                raise MediaRefused(Reason.PROBER_FAILED, str(unable)) from unable
    if programs.ffprobe is None:
        raise MediaRefused(Reason.PROBER_MISSING)
    command = probe_command(programs.ffprobe, path)
    return parse_output(run_on_media(command, head=head, timeout_s=programs.timeout_s), head=head)


def run_on_media(command: process.Arguments, *, head: bytes, timeout_s: float) -> bytes:
    """What a program of FFmpeg printed about a file that begins with ``head``.

    Raises MediaRefused.
    """
    try:
        ended = process.run(command, timeout_s=timeout_s)
    except process.ProcessFailed as error:
        raise MediaRefused(Reason.TIMED_OUT) from error
    if ended.returncode < 0:
        raise MediaRefused(Reason.CRASHED, f"signal {-ended.returncode}")
    if ended.returncode > 0:
        raise refusal(printed_lines(ended.stderr.decode("utf-8", "replace")), head)
    return ended.stdout
