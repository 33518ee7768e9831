"""Key frames of a video, from its container's index: nothing is decoded."""

from apps.ffmpeg.reader import HAS_PYAV
from apps.ffmpeg.reasons import MediaRefused, Reason

if HAS_PYAV:
    from apps.ffmpeg.av_probe import PyAVUnable
    from apps.ffmpeg.frames.keys import shown_ms
    from apps.ffmpeg.frames.opening import open_video
    from apps.ffmpeg.frames.video import BROKEN


def seek_points(path: bytes, *, head: bytes) -> tuple[int, ...]:
    """When they are shown, in milliseconds from the file's start on; none without an index.

    Raises MediaRefused.
    """
    if not HAS_PYAV:
        raise MediaRefused(Reason.PROBER_MISSING)
    try:
        with open_video(path, head=head, beat=lambda: None) as video:
            return () if video.is_picture else shown_ms(video)
    except (PyAVUnable, *BROKEN):
        return ()
