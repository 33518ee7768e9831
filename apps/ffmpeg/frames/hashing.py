"""Makes the perceptual hash of a video from its frames."""

from decimal import Decimal
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from apps.ffmpeg.frames.phash import COUNT, montage, phash, times_s
from apps.ffmpeg.frames.render import Filtered
from apps.ffmpeg.frames.video import WITHOUT_TIMES, Video
from apps.ffmpeg.messages import Made
from apps.ffmpeg.reasons import MediaRefused, Reason

_STILL = 1.0  # mean difference of levels between frames of a picture that doesn't move
_FLAT = 3.0  # spread of the levels of a frame of one colour


class Hash:
    """Collects the frames of the hash at ``times_us``. Raises MediaRefused without a duration."""

    def __init__(self, video: Video) -> None:
        declared = video.duration_us
        duration_us = declared or video.find_length()
        if not duration_us:
            raise MediaRefused(Reason.NO_DURATION)
        self.times_us = [int(Decimal(repr(at)) * 1_000_000) for at in times_s(duration_us)]
        self._video = video
        # of some, ffmpeg's -ss shows other frames than those, and each version others
        self._is_own = declared is None or video.container.format.name in WITHOUT_TIMES
        self._frames: list[NDArray[Any]] = []
        self._small = Filtered(("scale", "160:-2"), ("format", "bgr24"))

    def take(self, frame: VideoFrame | None, *, is_it: bool) -> None:
        """The frame of the next time; not ``is_it``: one from before stands in."""
        self._is_own = self._is_own or not is_it
        if frame is not None:
            rgb = self._small(frame, self._video.shape(frame), self._video.tick).to_ndarray()[
                ..., ::-1
            ]
        elif self._frames:
            rgb = self._frames[-1]
        else:
            return  # the first that comes stands in
        if self._frames and rgb.shape != self._frames[0].shape:
            self._is_own = True
            rgb = self._frames[-1]
        self._frames.append(rgb)

    def finish(self) -> Made:
        """Raises MediaRefused."""
        if not self._frames:
            raise MediaRefused(Reason.UNDECODABLE)
        frames = [self._frames[0]] * (COUNT - len(self._frames)) + self._frames
        value = phash(montage(frames))
        grade = "flat" if not value or _is_flat(frames) else "own" if self._is_own else "standard"
        return Made(kind="phash", data={"phash": f"{value:016x}", "grade": grade})


def _is_flat(frames: list[NDArray[Any]]) -> bool:
    """Whether nothing moves, or nothing is to be seen: such hashes say little of the video."""
    first = frames[0].astype(np.int16)
    stands = all(float(np.abs(one - first).mean()) < _STILL for one in frames)
    return stands or all(float(one.std()) < _FLAT for one in frames)
