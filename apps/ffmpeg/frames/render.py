"""Turns decoded frames into pictures as they are shown: turned, in shape, without HDR."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from av.filter import Graph
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from PIL import Image

from apps.ffmpeg import av_names, tone

Turn = Image.Transpose
_HDR = ("smpte2084", "arib-std-b67")
_TURNS: dict[tuple[int, int, int, int], tuple[Turn, tuple[tuple[str, str], ...]]] = {
    (0, -1, 1, 0): (Turn.ROTATE_90, (("transpose", "cclock"),)),
    (-1, 0, 0, -1): (Turn.ROTATE_180, (("hflip", ""), ("vflip", ""))),
    (0, 1, -1, 0): (Turn.ROTATE_270, (("transpose", "clock"),)),
    (-1, 0, 0, 1): (Turn.FLIP_LEFT_RIGHT, (("hflip", ""),)),
    (1, 0, 0, -1): (Turn.FLIP_TOP_BOTTOM, (("vflip", ""),)),
    (0, 1, 1, 0): (Turn.TRANSPOSE, (("transpose", "cclock_flip"),)),
    (0, -1, -1, 0): (Turn.TRANSVERSE, (("transpose", "clock_flip"),)),
}
"""Signs of the display matrix's a, b, c, d (x' = ax + cy, y' = bx + dy, y downwards), and the
filters that ffmpeg puts before others for them."""

_SWAPPING = (Turn.ROTATE_90, Turn.ROTATE_270, Turn.TRANSPOSE, Turn.TRANSVERSE)

Filters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """How wide the pixels of a video are, and how it is turned or mirrored to be shown."""

    aspect: float
    turn: Turn | None
    filters: Filters

    def shown(self, frame: VideoFrame) -> tuple[int, int]:
        """Width and height of the frame unscaled as it is shown."""
        return self.turned(self.upright(frame))

    def upright(self, frame: VideoFrame) -> tuple[int, int]:
        """The same before it is turned."""
        return round(frame.width * self.aspect), frame.height

    def turned(self, size: tuple[int, int]) -> tuple[int, int]:
        """Width and height swapped, if turning does that."""
        return size[::-1] if self.turn in _SWAPPING else size


def shape_of(frame: VideoFrame, aspect: Fraction | None) -> Shape:
    """The shape of the video that the frame is of; ``aspect`` is that of its pixels.

    Ask once a video: a frame whose side data were looked at is freed late, by the collector.
    """
    stretch = float(aspect or 1)
    return Shape(stretch if 0.1 < stretch < 10 else 1.0, *_turning(frame))


class Filtered:
    """Frames, turned upright and through a chain of FFmpeg's filters: (name, arguments).

    The chain is made anew where the frames change.
    """

    def __init__(self, *filters: tuple[str, str]) -> None:
        self._filters = filters
        self._key: Any = None
        self._graph = Graph()

    def __call__(self, frame: VideoFrame, shape: Shape, tick: Fraction) -> VideoFrame:
        """The frame as the chain gives it. Raises FFmpegError."""
        key = (frame.width, frame.height, frame.format.name, frame.colorspace)
        if key != self._key:
            self._graph = self._make(frame, tick, shape.filters)
            self._key = key
        self._graph.vpush(frame)
        return self._graph.vpull()

    def _make(self, frame: VideoFrame, tick: Fraction, turning: Filters) -> Graph:
        graph = Graph()
        graph.threads = 1
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=tick
        )
        chain = [graph.add(name, arguments or None) for name, arguments in
                 (*turning, *self._filters, ("buffersink", ""))]  # fmt: skip
        graph.link_nodes(source, *chain).configure()
        return graph


def image(frame: VideoFrame, shape: Shape, *, within: tuple[int, int]) -> Image.Image:
    """The frame as it is shown, shrunk to fit ``within`` a width and height; never enlarged."""
    upright, most = shape.upright(frame), shape.turned(within)
    scale = min(1.0, *(limit / side for limit, side in zip(most, upright, strict=True)))
    width, height = (max(round(side * scale), 2) for side in upright)
    if is_hdr(frame):
        levels = tone.to_sdr(_levels(frame, width, height, "rgb48le"), transfer=transfer(frame))
    else:
        levels = _levels(frame, width, height, "rgb24")
    picture = Image.fromarray(levels)
    return picture if shape.turn is None else picture.transpose(shape.turn)


def grey(frame: VideoFrame, width: int, height: int) -> NDArray[Any]:
    """A small grey picture, to judge the frame by."""
    return _levels(frame, width, height, "gray")


def is_hdr(frame: VideoFrame) -> bool:
    """Whether the frame is brighter than an ordinary screen can show."""
    return transfer(frame) in _HDR


def _levels(frame: VideoFrame, width: int, height: int, pixels: str) -> NDArray[Any]:
    return frame.reformat(width, height, pixels, interpolation="BICUBIC", threads=1).to_ndarray()


def transfer(frame: VideoFrame) -> str:
    """The name of its transfer function, or an empty one."""
    return av_names.COLOR_TRANSFER.get(frame.color_trc, "")


def _turning(frame: VideoFrame) -> tuple[Turn | None, Filters]:
    side_data: Any = frame.side_data  # PyAV's stub has its keys wrong
    data = side_data.get(SideDataType.DISPLAYMATRIX)
    if data is None:
        return None, ()
    matrix = np.frombuffer(bytes(data), dtype=np.int32).astype(np.int64)
    a, b, c, d = (int(value) for value in matrix[[0, 1, 3, 4]])
    largest = max(abs(a), abs(b), abs(c), abs(d), 1)
    signs = (round(a / largest), round(b / largest), round(c / largest), round(d / largest))
    return _TURNS.get(signs, (None, ()))
