"""Makes a sheet of small pictures that shows the course of a video."""

import math
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

from av.video.frame import VideoFrame
from PIL import Image

from apps.ffmpeg import pictures
from apps.ffmpeg.frames import render
from apps.ffmpeg.frames.video import BROKEN, Video
from apps.ffmpeg.messages import Made
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.wishes import SpriteOptions

_LEAST_US = 500_000  # between two tiles
# Key frames do for a sheet, at a small part of the work of exact ones, if there is one for every
# third tile, or if there are some and none is far from the next, as encoders place them by default.
_FEW = 3
_SOME = 5
_FAR_US = 12_000_000
_QUALITY = 75


class Sprite:
    """Collects tiles. Raises MediaRefused without a duration."""

    def __init__(self, video: Video, options: SpriteOptions) -> None:
        length_us = video.length_us or video.find_length()
        if not length_us:
            raise MediaRefused(Reason.NO_DURATION)
        self._video = video
        self._length_us = length_us
        self._side = options.side
        self._duration_ms = round((video.duration_us or length_us) / 1000)
        self._tiles: dict[int, Image.Image] = {}
        count = count_tiles(length_us, options)
        self.times_us = [round((i + 0.5) * length_us / count) for i in range(count)]
        self._is_exact = options.exact

    def by_key_frames(self) -> Iterator[VideoFrame]:
        """Take the key frames nearest to the times; each is given to others, too.

        Where they are too few, ``times_us`` stays: frames of these times are to be taken. Else it
        is empty.
        """
        wanted = [self._video.ticks(at) for at in self.times_us]
        found = nearest(keys, wanted) if (keys := self._video.key_times) else wanted
        if self._is_exact or not self._suffice(found):
            return
        for ticks in found:
            with suppress(*BROKEN):
                if (frame := self._video.key_frame(ticks)) is not None:
                    self.take(frame)
                    yield frame
        if self._suffice([self._video.ticks(1000 * at_ms) for at_ms in sorted(self._tiles)]):
            self.times_us = []

    def _suffice(self, ticks: list[int]) -> bool:
        """Whether key frames of these rising times do for a sheet."""
        if len(ticks) * _FEW >= len(self.times_us):
            return True
        start, end, far = (self._video.ticks(at) for at in (0, self._length_us, _FAR_US))
        widest = max(after - before for before, after in pairwise([start, *ticks, end]))
        return len(ticks) >= _SOME and widest <= far - start

    def take(self, frame: VideoFrame | None) -> None:
        """Keep the frame as a tile, if it isn't one already."""
        if frame is None or (at_ms := self._video.ms(frame)) in self._tiles:
            return
        shape = self._video.shape(frame)
        self._tiles[at_ms] = render.image(frame, shape, within=(self._side, self._side))

    def finish(self, folder: bytes) -> Made:
        """Raises MediaRefused."""
        if not self._tiles:
            raise MediaRefused(Reason.UNDECODABLE)
        times = sorted(self._tiles)
        width, height = self._tiles[times[0]].size
        columns = math.ceil(math.sqrt(len(times)))
        rows = math.ceil(len(times) / columns)
        sheet = Image.new("RGB", (columns * width, rows * height))
        for at, time_ms in enumerate(times):
            tile = self._tiles[time_ms]
            if tile.size != (width, height):
                tile = tile.resize((width, height))
            sheet.paste(tile, (at % columns * width, at // columns * height))
        file = pictures.write_picture(sheet, folder, kind="sprite", name="sheet", quality=_QUALITY)
        data = {
            "columns": columns, "rows": rows, "tile_width": width, "tile_height": height,
            "times_ms": times, "starts_ms": starts_ms(times),
            "duration_ms": max(self._duration_ms, times[-1] + 1),
        }  # fmt: skip
        return Made(kind="sprite", files=(file,), data=data)


def count_tiles(length_us: int, options: SpriteOptions) -> int:
    """How many tiles the options ask for, and the length has room for."""
    count = options.tiles
    if options.seconds:
        count = min(count, math.ceil(length_us / (options.seconds * 1_000_000)))
    return max(min(count, length_us // _LEAST_US), 1)


def nearest(keys: list[int], wanted: list[int]) -> list[int]:
    """For each wanted time the nearest of the rising ``keys``, each once."""
    found = set()
    for at in wanted:
        after = bisect_left(keys, at)
        found.add(min(keys[max(after - 1, 0) : after + 1], key=lambda key: abs(key - at)))
    return sorted(found)


def starts_ms(times_ms: list[int]) -> list[int]:
    """When each cue begins: halfway between its frame and the one before, so that every moment
    shows the frame that is nearest to it."""
    halves = [(a + b + 1) // 2 for a, b in pairwise(times_ms)]
    return [0, *halves]
