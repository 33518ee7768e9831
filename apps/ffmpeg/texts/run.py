"""Subtitles and chapters as WebVTT."""

from collections.abc import Iterator

from apps.ffmpeg.messages import Made
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.work import Work


def make_texts(work: Work) -> Iterator[Made]:
    """Subtitles and chapters as WebVTT. Raises MediaRefused."""
    raise MediaRefused(Reason.UNDECODABLE, f"{sorted(work.wishes)} not built yet")
    yield
