"""Turns decoded frames into pictures as they are shown: turned, in shape, without HDR."""

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


class Filtered:
    """Frames through a chain of FFmpeg's filters; the chain is made anew where the frames change.

    ``filters`` are (name, arguments); those that turn the frame upright come first with ``turn``.
    """

    def __init__(self, *filters: tuple[str, str], turn: bool) -> None:
        self._filters = filters
        self._turn = turn
        self._key: Any = None
        self._graph = Graph()

    def __call__(self, frame: VideoFrame, tick: Fraction) -> VideoFrame:
        """The frame as the chain gives it. Raises FFmpegError."""
        turning = _turning(frame)[1] if self._turn else ()
        key = (frame.width, frame.height, frame.format.name, frame.colorspace, turning)
        if key != self._key:
            self._graph = self._make(frame, tick, turning)
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


def shown_size(frame: VideoFrame, aspect: Fraction | None) -> tuple[int, int]:
    """Width and height of the frame unscaled as it is shown; ``aspect`` is that of its pixels."""
    sizes = _upright_size(frame, aspect)
    return sizes[::-1] if turn_of(frame) in _SWAPPING else sizes


def image(frame: VideoFrame, aspect: Fraction | None, *, within: tuple[int, int]) -> Image.Image:
    """The frame as it is shown, shrunk to fit ``within`` a width and height; never enlarged."""
    turn = turn_of(frame)
    most = within[::-1] if turn in _SWAPPING else within
    upright = _upright_size(frame, aspect)
    scale = min(1.0, *(limit / side for limit, side in zip(most, upright, strict=True)))
    width, height = (max(round(side * scale), 2) for side in upright)
    if is_hdr(frame):
        levels = tone.to_sdr(_levels(frame, width, height, "rgb48le"), transfer=transfer(frame))
    else:
        levels = _levels(frame, width, height, "rgb24")
    picture = Image.fromarray(levels)
    return picture.transpose(turn) if turn is not None else picture


def grey(frame: VideoFrame, width: int, height: int) -> NDArray[Any]:
    """A small grey picture, to judge the frame by."""
    return _levels(frame, width, height, "gray")


def is_hdr(frame: VideoFrame) -> bool:
    """Whether the frame is brighter than an ordinary screen can show."""
    return transfer(frame) in _HDR


def turn_of(frame: VideoFrame) -> Turn | None:
    """How the frame is turned or mirrored to be shown, from its display matrix."""
    return _turning(frame)[0]


def _levels(frame: VideoFrame, width: int, height: int, pixels: str) -> NDArray[Any]:
    return frame.reformat(width, height, pixels, interpolation="BICUBIC", threads=1).to_ndarray()


def transfer(frame: VideoFrame) -> str:
    """The name of its transfer function, or an empty one."""
    return av_names.COLOR_TRANSFER.get(frame.color_trc, "")


def _upright_size(frame: VideoFrame, aspect: Fraction | None) -> tuple[int, int]:
    stretch = float(aspect or 1)
    return round(frame.width * (stretch if 0.1 < stretch < 10 else 1)), frame.height


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
