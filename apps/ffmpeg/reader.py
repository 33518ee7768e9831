"""Reads facts and pictures by PyAV, or by ffprobe and ffmpeg where PyAV can't."""

import importlib.util

from apps.core import process
from apps.ffmpeg.commands.probe import probe as probe_command
from apps.ffmpeg.diagnosis import printed_lines, refusal
from apps.ffmpeg.facts import MediaFacts
from apps.ffmpeg.messages import CoverRequest, CoverResult, ProbeRequest
from apps.ffmpeg.probe import parse_output
from apps.ffmpeg.reasons import MediaRefused, Reason

_HAS_PYAV = importlib.util.find_spec("av") is not None


class Reader:
    """Reads in this process; use it in a child. ``None`` for a program that isn't there."""

    def __init__(self, *, ffmpeg: str | None, ffprobe: str | None, timeout_s: float) -> None:
        self._ffmpeg = ffmpeg
        self._ffprobe = ffprobe
        self._timeout_s = timeout_s
        if _HAS_PYAV:
            from apps.ffmpeg import av_probe  # noqa: F401  loading it belongs to the start

    def facts(self, request: ProbeRequest, *, head: bytes) -> MediaFacts:
        """Facts about a regular file that begins with ``head``. Raises MediaRefused."""
        if request.use_av and _HAS_PYAV:
            from apps.ffmpeg import av_probe

            try:
                return av_probe.probe(request.path, head=head)
            except av_probe.PyAVUnable as unable:
                if self._ffprobe is None:
                    raise MediaRefused(Reason.PROBER_FAILED, str(unable)) from unable
        if self._ffprobe is None:
            raise MediaRefused(Reason.PROBER_MISSING)
        return ffprobe_facts(self._ffprobe, request.path, head=head, timeout_s=self._timeout_s)

    def cover(self, request: CoverRequest) -> CoverResult:
        """Write the pictures that were asked for. Raises MediaRefused."""
        raise MediaRefused(Reason.NO_PICTURE)


def ffprobe_facts(ffprobe: str, path: bytes, *, head: bytes, timeout_s: float) -> MediaFacts:
    """What ffprobe says about a regular file that begins with ``head``. Raises MediaRefused."""
    try:
        ended = process.run(probe_command(ffprobe, path), timeout_s=timeout_s)
    except process.ProcessFailed as error:
        raise MediaRefused(Reason.TIMED_OUT) from error
    if ended.returncode < 0:
        raise MediaRefused(Reason.CRASHED, f"ffprobe, signal {-ended.returncode}")
    if ended.returncode > 0:
        raise refusal(printed_lines(ended.stderr.decode("utf-8", "replace")), head)
    return parse_output(ended.stdout, head=head)
