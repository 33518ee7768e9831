"""Opens the picture of a file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from av.codec.hwaccel import HWAccel
from av.stream import Disposition

from apps.ffmpeg.av_probe import open_media
from apps.ffmpeg.frames.video import Video
from apps.ffmpeg.reasons import MediaRefused, Reason


@contextmanager
def open_video(
    path: bytes, *, head: bytes, beat: Callable[[], None], hardware: HWAccel | None = None
) -> Iterator[Video]:
    """The first video stream of a regular file, or else its cover picture.

    Raises MediaRefused, and PyAVUnable when ffmpeg may know better.
    """
    with open_media(path, head=head, hardware=hardware) as container:
        if not container.streams.video:
            raise MediaRefused(Reason.NO_PICTURE)
        videos = sorted(
            container.streams.video, key=lambda one: Disposition.attached_pic in one.disposition
        )
        yield Video(container, videos[0], beat)
