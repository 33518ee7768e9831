"""The child processes that read media files, as the settings want them."""

from functools import cache

from django.conf import settings

from apps.ffmpeg.binaries import Binaries, find_binaries
from apps.ffmpeg.pool import MediaPool, Pace


@cache
def programs() -> Binaries:
    """ffmpeg and ffprobe, which are asked where PyAV can't tell; found once in each process."""
    given = settings.MEDIAHUB_FFMPEG, settings.MEDIAHUB_FFPROBE
    ffmpeg, ffprobe = (str(path) if path else None for path in given)
    return find_binaries(ffmpeg=ffmpeg, ffprobe=ffprobe)


def media_pool(*, children: int, pace: Pace | None = None, batch: int | None = None) -> MediaPool:
    """A pool to be used as a context manager; ``pace`` and ``batch`` as in MediaPool."""
    found = programs()
    return MediaPool(
        children=children,
        timeout_s=settings.MEDIAHUB_PROBE_TIMEOUT_SECONDS,
        memory_bytes=settings.MEDIAHUB_PROBE_MEMORY_BYTES,
        pace=pace,
        ffmpeg=found.ffmpeg.path if found.ffmpeg else None,
        ffprobe=found.ffprobe.path if found.ffprobe else None,
        **({} if batch is None else {"batch": batch}),
    )


@cache
def shared_pool() -> MediaPool:
    """One child for whoever asks one thing at a time, kept until this process ends.

    To start one for each video would cost more than many a video does.
    """
    return media_pool(children=1, batch=1)


def artifact_timeout_s() -> float:
    """How long a child that makes something may be silent."""
    return float(settings.MEDIAHUB_ARTIFACT_TIMEOUT_SECONDS)
