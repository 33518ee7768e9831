"""Frames of a video at the planned times, small to look for faces in and whole to cut them from."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from PIL import Image

from apps.faces.finding.plan import FAR_MS, FULL, Wanted, plan_times
from apps.ffmpeg.frames import keys, render
from apps.ffmpeg.frames.render import Shape
from apps.ffmpeg.frames.sprite import nearest
from apps.ffmpeg.frames.video import BROKEN, Video
from apps.ffmpeg.reasons import MediaRefused, Reason

Pixels = NDArray[np.uint8]

_MOST_PX = 4_096  # of a whole frame's longer side
_MOST_HDR_PX = 1_920  # bringing down HDR costs some 100 ns a pixel
_TURNED = {
    Image.Transpose.ROTATE_90: lambda pixels: np.rot90(pixels, 1),
    Image.Transpose.ROTATE_180: lambda pixels: np.rot90(pixels, 2),
    Image.Transpose.ROTATE_270: lambda pixels: np.rot90(pixels, 3),
    Image.Transpose.FLIP_LEFT_RIGHT: np.fliplr,
    Image.Transpose.FLIP_TOP_BOTTOM: np.flipud,
    Image.Transpose.TRANSPOSE: lambda pixels: np.swapaxes(pixels, 0, 1),
    Image.Transpose.TRANSVERSE: lambda pixels: np.swapaxes(np.rot90(pixels, 2), 0, 1),
}


class Picture:
    """A frame as it is shown, in pixels of blue, green and red."""

    def __init__(self, frame: VideoFrame, shape: Shape, at_ms: int, beside: "Clock") -> None:
        self.at_ms = at_ms
        self._frame, self._shape, self._clock = frame, shape, beside

    def small(self, side_px: int) -> Pixels:
        """At most so large; never enlarged."""
        return self._pixels(side_px)

    @cached_property
    def whole(self) -> Pixels:
        """As large as it is, or nearly so if it is huge."""
        return self._pixels(_MOST_HDR_PX if render.is_hdr(self._frame) else _MOST_PX)

    def _pixels(self, most_px: int) -> Pixels:
        with self._clock:
            return _rendered(self._frame, self._shape, most_px)


@dataclass(slots=True)
class Clock:
    """Counts the CPU time that is spent within it."""

    seconds: float = 0.0
    _began: float = 0.0

    def __enter__(self) -> None:
        self._began = time.process_time()

    def __exit__(self, *_exc: object) -> None:
        self.seconds += time.process_time() - self._began


def walk(
    video: Video,
    *,
    frames: int,
    gap_ms: int,
    duration_ms: int | None,
    clock: Clock,
    told: Callable[[int, int], None],
) -> Iterator[Picture]:
    """Pictures in the order of their times, each once; what can't be decoded is passed over.

    ``clock`` counts what decoding takes, ``told`` is called with what is done and to be done.
    Raises MediaRefused where there is no length or no frame at all.
    """
    with clock:
        shown, wanted = _plan(video, frames=frames, gap_ms=gap_ms, duration_ms=duration_ms)
    seen: set[int] = set()
    for done, one in enumerate(wanted):
        told(done, len(wanted))
        with clock:
            frame = _frame(video, one, shown)
        if frame is None or (at_ms := video.ms(frame)) in seen:
            continue
        seen.add(at_ms)
        yield Picture(frame, video.shape(frame), at_ms, clock)
    if not seen:
        raise MediaRefused(Reason.UNDECODABLE)


def _plan(
    video: Video, *, frames: int, gap_ms: int, duration_ms: int | None
) -> tuple[dict[int, int], list[Wanted]]:
    """Ticks of the key frames by when they are shown, and what to look at."""
    length_us = video.length_us or (duration_ms or 0) * 1000 or video.find_length()
    if not length_us:
        raise MediaRefused(Reason.NO_DURATION)
    length_ms = length_us // 1000
    try:
        ticks, shown = video.key_times, keys.shown_ms(video)
    except BROKEN:
        ticks, shown = [], ()
    if len(ticks) != len(shown):  # two are shown at one time: go by the first's
        ticks = nearest(ticks, [video.ticks(1000 * at) for at in shown]) if shown else []
    if not shown:  # without an index, whatever key frame comes before a time
        apart_ms = max(gap_ms, min(FAR_MS // 3, length_ms // FULL), -(-length_ms // frames))
        return {}, [Wanted(at, exact=False) for at in range(0, length_ms, apart_ms)]
    return dict(zip(shown, ticks, strict=False)), plan_times(
        shown, length_ms, frames=frames, gap_ms=gap_ms
    )


def _frame(video: Video, wanted: Wanted, shown: dict[int, int]) -> VideoFrame | None:
    try:
        if wanted.exact:
            return video.frame_at(1000 * wanted.at_ms)[0]
        ticks = shown.get(wanted.at_ms, video.ticks(1000 * wanted.at_ms))
        return video.key_frame(ticks)
    except (*BROKEN, LookupError):
        return None


def turned(pixels: Pixels, shape: Shape) -> Pixels:
    """The picture as it is shown."""
    if shape.turn is None:
        return pixels
    return np.ascontiguousarray(_TURNED[shape.turn](pixels))


def fit(sides: Sequence[int], most_px: int) -> tuple[int, int]:
    """Width and height such that neither is more than ``most_px``; never larger."""
    scale = min(1.0, *(most_px / side for side in sides))
    width, height = (max(round(side * scale), 2) for side in sides)
    return width, height


def _rendered(frame: VideoFrame, shape: Shape, most_px: int) -> Pixels:
    if render.is_hdr(frame):
        picture = render.image(frame, shape, within=(most_px, most_px))
        return np.ascontiguousarray(np.asarray(picture.convert("RGB"), np.uint8)[:, :, ::-1])
    width, height = fit(shape.upright(frame), most_px)
    small = frame.reformat(width, height, "bgr24", interpolation="AREA", threads=1)
    return turned(np.asarray(small.to_ndarray(), np.uint8), shape)
