"""The child processes that read media files, as the settings want them."""

from functools import cache

from django.conf import settings

from apps.ffmpeg.binaries import Binaries, find_binaries
from apps.ffmpeg.pool import MediaPool


@cache
def programs() -> Binaries:
    """ffmpeg and ffprobe, which are asked where PyAV can't tell; found once in each process."""
    given = settings.MEDIAHUB_FFMPEG, settings.MEDIAHUB_FFPROBE
    ffmpeg, ffprobe = (str(path) if path else None for path in given)
    return find_binaries(ffmpeg=ffmpeg, ffprobe=ffprobe)


def media_pool(
    *, children: int, files_per_second: int | None = None, batch: int | None = None
) -> MediaPool:
    """A pool to be used as a context manager; ``batch`` as in MediaPool."""
    found = programs()
    return MediaPool(
        children=children,
        timeout_s=settings.MEDIAHUB_PROBE_TIMEOUT_SECONDS,
        memory_bytes=settings.MEDIAHUB_PROBE_MEMORY_BYTES,
        rate_per_s=files_per_second,
        ffmpeg=found.ffmpeg.path if found.ffmpeg else None,
        ffprobe=found.ffprobe.path if found.ffprobe else None,
        **({} if batch is None else {"batch": batch}),
    )
