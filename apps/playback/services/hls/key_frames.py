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
_known: OrderedDict[tuple[int, str, int], tuple[int, ...]] = OrderedDict()
_lock = threading.Lock()


class ReadersBusy(MediaHubError):
    """Too many files are being read at the moment."""

    code = "readers_busy"
    status = 503


def key_frames_ms(file: File) -> tuple[int, ...]:
    """The times of the key frames; none if there is no index, or it can't be read.

    Raises ReadersBusy, MediaPoolBroken and DiskHangs.
    """
    key = (file.pk, file.content, file.mtime_ns)
    with _lock:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    found = _ask(file.location)
    with _lock:
        _known[key] = found
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return found


def _ask(path: bytes) -> tuple[int, ...]:
    if not _AT_ONCE.acquire(timeout=_PATIENCE_S):
        raise ReadersBusy("Too many files are being read at the moment; try again in a moment.")
    try:
        with media_pool(children=1) as pool:
            (result,) = pool.run([SeekPointsRequest(key=0, path=path)])
    finally:
        _AT_ONCE.release()
    return cast("SeekPointsResult", result).times_ms
