"""Decoding by the graphics card, where there is one and the picture is large enough for it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from av.codec.hwaccel import HWAccel, hwdevices_available

from apps.ffmpeg.devices import has_graphics_card
from apps.ffmpeg.frames.opening import open_video
from apps.ffmpeg.frames.video import BROKEN, Video
from apps.ffmpeg.reasons import MediaRefused

_LEAST_PIXELS = 1920 * 1080  # below, copying frames back costs more than it saves


@contextmanager
def by_hardware(video: Video, path: bytes, head: bytes) -> Iterator[Video | None]:
    """The same video, decoded by a CUDA device; None where that can't be or isn't worth it.

    Frames come out alike in size and time but not in every bit: never hash them.
    """
    context = video.stream.codec_context
    with ExitStack() as stack:
        quick = None
        if context.width * context.height >= _LEAST_PIXELS and has_device():
            with suppress(*BROKEN, MediaRefused, OSError, RuntimeError):
                hardware = HWAccel("cuda", allow_software_fallback=True)
                opening = open_video(path, head=head, beat=video.beat, hardware=hardware)
                quick = stack.enter_context(opening)
        yield quick


def has_device() -> bool:
    """Whether the machine shows a device that this FFmpeg may be able to use."""
    return has_graphics_card() and "cuda" in hwdevices_available()
