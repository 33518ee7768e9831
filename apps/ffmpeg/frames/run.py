"""Perceptual hash, sprite sheet, cover and preview from one open video."""

from collections.abc import Iterator

from apps.ffmpeg.cover import cover_by_ffmpeg
from apps.ffmpeg.messages import Made
from apps.ffmpeg.reader import HAS_PYAV
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.wishes import CoverOptions
from apps.ffmpeg.work import Work

if HAS_PYAV:
    from apps.ffmpeg.frames import one_pass


def make_pictures(work: Work) -> Iterator[Made]:
    """A Made for each wish: by PyAV, and a cover that it can't make by the program ffmpeg.

    Raises MediaRefused.
    """
    if not HAS_PYAV:
        refused = MediaRefused(Reason.PROBER_MISSING)
        made: Iterator[Made] = (_failed(kind, refused) for kind in work.wishes)
    else:
        made = one_pass.make(work)
    for one in made:
        if one.kind == "cover" and one.error in (Reason.UNDECODABLE, Reason.PROBER_MISSING):
            yield _cover_by_ffmpeg(work, one)
        else:
            yield one


def _cover_by_ffmpeg(work: Work, failed: Made) -> Made:
    if work.programs.ffmpeg is None:
        return failed
    try:
        return cover_by_ffmpeg(work, CoverOptions(**work.wishes["cover"]))
    except MediaRefused as error:
        return _failed("cover", error)


def _failed(kind: str, error: MediaRefused) -> Made:
    return Made(kind=kind, error=error.code, message=str(error))
