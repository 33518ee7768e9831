"""Chooses the frame for a cover and writes it in each size."""

import math
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from apps.ffmpeg import pictures
from apps.ffmpeg.frames import render
from apps.ffmpeg.frames.video import BROKEN, Video
from apps.ffmpeg.messages import Made
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.wishes import CoverOptions

_PARTS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85)  # of the duration, where nobody else decodes
_BEGINNING_MS = 500  # often black, or half faded in
_DULL, _EARLY = 100.0, 50.0  # taken off the score: such frames only where there is nothing else


class Cover:
    """Keeps the best frame that it is offered, or the one at the time that a person chose."""

    def __init__(self, video: Video, options: CoverOptions) -> None:
        self._video = video
        self._options = options
        self._best: VideoFrame | None = None
        self._score = -math.inf

    @property
    def wants_more(self) -> bool:
        """Whether it wants to be offered frames."""
        return self._options.at_ms is None and not self._video.is_picture

    @property
    def has_none(self) -> bool:
        """Whether no frame was offered so far that shows anything."""
        return self._score < -_EARLY / 2

    def offer(self, frame: VideoFrame) -> None:
        """Keep the frame if it is better than those before."""
        score = judge(render.grey(frame, 320, 180))
        if self._video.ms(frame) < _BEGINNING_MS:
            score -= _EARLY
        if score > self._score:
            self._best, self._score = frame, score

    def look(self) -> None:
        """Find a frame by itself. Raises one of BROKEN, and LookupError."""
        video = self._video
        if video.is_picture:
            self._best = video.picture()
        elif self._options.at_ms is not None:
            self._best, _ = video.frame_at(self._options.at_ms * 1000)
        else:
            self._look_around()

    def finish(self, folder: bytes) -> Made:
        """Raises MediaRefused."""
        frame, video = self._best, self._video
        if frame is None:
            raise MediaRefused(Reason.UNDECODABLE)
        shape = video.shape(frame)
        width, height = shape.shown(frame)
        widest = max(most for most, _ in self._options.sizes.values())
        image = render.image(frame, shape, within=(widest, 1 << 20))
        at_ms = None if video.is_picture else video.ms(frame)
        return pictures.cover(pictures.Still(image, width, height, at_ms), self._options, folder)

    def _look_around(self) -> None:
        length_us = self._video.length_us or 0
        for part in (*_PARTS, 0.0):
            if part == 0.0 and not self.has_none:
                break
            try:
                frame = self._video.key_frame(self._video.ticks(int(part * length_us)))
            except BROKEN:
                continue
            if frame is not None:
                self.offer(frame)
        if self.has_none:
            self._walk(length_us)

    def _walk(self, length_us: int) -> None:
        """Where there is but one key frame, at the beginning: on from there."""
        for part in _PARTS[:4]:
            try:
                frame, _ = self._video.frame_at(int(part * length_us))
            except (*BROKEN, LookupError):
                continue
            self.offer(frame)


def judge(grey: NDArray[Any]) -> float:
    """How much a small grey picture shows: sharp edges and a spread of levels, about 0..15."""
    levels = grey.astype(np.float32)
    edges = (
        levels[:-2, 1:-1] + levels[2:, 1:-1] + levels[1:-1, :-2] + levels[1:-1, 2:]
        - 4 * levels[1:-1, 1:-1]
    )  # fmt: skip
    score = math.log1p(float(edges.var())) + pictures.interest(grey) / 16
    return score - (_DULL if pictures.is_dull(grey) else 0)
