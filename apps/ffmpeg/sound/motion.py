"""How much changes in a picture, from the sizes of its frames: nothing is decoded."""

from collections.abc import Callable

import numpy as np
from av.video.stream import VideoStream

from apps.ffmpeg.sound.curve import Curve

_COMPLETE = ("mov", "avi")  # formats whose index names every frame with its size
_COVERED = 0.9  # of the length: an index of fragments ends where reading has come to


def add_from_index(
    motion: Curve, video: VideoStream, *, start_s: float, length_s: float, live: Callable[[], None]
) -> bool:
    """Add the sizes of the frames that aren't key frames; False if no index has them all.

    Nothing of the file is read. ``live`` is called now and then.
    """
    entries, unit = video.index_entries, video.time_base
    if not unit or len(entries) < 2 or not video.container.format.name.startswith(_COMPLETE):
        return False
    found = np.empty((len(entries), 3))
    for place, entry in enumerate(entries):
        found[place] = entry.timestamp, entry.size, entry.is_keyframe
        if place % 10_000 == 0:
            live()
    at_s = found[:, 0] * float(unit) - start_s
    claimed_s = float(video.duration * unit) if video.duration else length_s
    if not found[:, 1].all() or at_s[-1] < _COVERED * min(claimed_s, length_s):
        return False
    changes = found[:, 2] == 0
    motion.scatter(at_s[changes], found[changes, 1], found[changes, 1])
    return True
