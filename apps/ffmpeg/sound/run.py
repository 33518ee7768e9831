"""Heatmap and waveform."""

from collections.abc import Iterator

from apps.ffmpeg.messages import Made
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.work import Work


def make_sound(work: Work) -> Iterator[Made]:
    """Heatmap and waveform. Raises MediaRefused."""
    raise MediaRefused(Reason.UNDECODABLE, f"{sorted(work.wishes)} not built yet")
    yield
