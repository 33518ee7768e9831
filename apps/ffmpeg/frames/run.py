"""Perceptual hash, sprite sheet, cover and preview from one open video."""

from collections.abc import Iterator

from apps.ffmpeg.messages import Made
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.work import Work


def make_pictures(work: Work) -> Iterator[Made]:
    """A Made for each wish. Raises MediaRefused."""
    raise MediaRefused(Reason.UNDECODABLE, f"{sorted(work.wishes)} not built yet")
    yield
