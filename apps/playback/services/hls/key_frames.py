"""Where a video can be entered; asked of a media helper once, and remembered."""

import threading
from collections import OrderedDict
from typing import cast

from apps.core.errors import MediaHubError
from apps.ffmpeg.messages import SeekPointsRequest, SeekPointsResult
from apps.library.models import File
from apps.library.services.media import media_pool

_KEPT = 64
_AT_ONCE = threading.BoundedSemaphore(2)
_PATIENCE_S = 30.0
_LEAST_APART_MS = 250
_Key = tuple[str, int]
_known: OrderedDict[_Key, tuple[int, ...]] = OrderedDict()
_lock = threading.Lock()


class ReadersBusy(MediaHubError):
    """Too many files are being read at the moment."""

    code = "readers_busy"
    status = 503


def key_frames_ms(file: File) -> tuple[int, ...]:
    """The times of the key frames; none if there is no index, or it can't be read.

    Some are left out where they are less than a quarter of a second apart: a day of nothing but
    key frames would be millions.

    Raises ReadersBusy, MediaPoolBroken and DiskHangs.
    """
    key = (file.content or str(file.pk), file.mtime_ns)
    if (known := _recall(key)) is not None:
        return known
    if not _AT_ONCE.acquire(timeout=_PATIENCE_S):
        raise ReadersBusy("Too many files are being read at the moment; try again in a moment.")
    try:
        known = _recall(key)  # those who waited mostly waited for the same file
        return _remember(key, _ask(file.location)) if known is None else known
    finally:
        _AT_ONCE.release()


def _recall(key: _Key) -> tuple[int, ...] | None:
    with _lock:
        if key in _known:
            _known.move_to_end(key)
        return _known.get(key)


def _remember(key: _Key, found: tuple[int, ...]) -> tuple[int, ...]:
    with _lock:
        _known[key] = found
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return found


def _ask(path: bytes) -> tuple[int, ...]:
    with media_pool(children=1) as pool:
        (result,) = pool.run([SeekPointsRequest(key=0, path=path)])
    return _apart(cast("SeekPointsResult", result).times_ms)


def _apart(times_ms: tuple[int, ...]) -> tuple[int, ...]:
    kept: list[int] = []
    for time_ms in times_ms:
        if not kept or time_ms >= kept[-1] + _LEAST_APART_MS:
            kept.append(time_ms)
    return tuple(kept)
