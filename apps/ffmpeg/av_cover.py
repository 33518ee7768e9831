"""One frame of a file as a picture, by PyAV."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from apps.ffmpeg import av_names, pictures, tone
from apps.ffmpeg.av_probe import PyAVUnable, open_media
from apps.ffmpeg.probe import LONGEST_S
from apps.ffmpeg.reasons import MediaRefused, Reason

TRIED_AT = (0.1, 0.2, 0.35, 0.5, 0.7, 0.0)
"""Parts of the duration where a frame is looked for, until one isn't dull."""

_MOST_DECODED = 3000  # frames between the key frame and the time that was asked for
_MOST_WALKED = 250  # the same, for a cover that we choose
_MOST_BAD = 50
_HDR = ("smpte2084", "arib-std-b67")
_TURNS = {
    (0, -1, 1, 0): Image.Transpose.ROTATE_90,
    (-1, 0, 0, -1): Image.Transpose.ROTATE_180,
    (0, 1, -1, 0): Image.Transpose.ROTATE_270,
    (-1, 0, 0, 1): Image.Transpose.FLIP_LEFT_RIGHT,
    (1, 0, 0, -1): Image.Transpose.FLIP_TOP_BOTTOM,
    (0, 1, 1, 0): Image.Transpose.TRANSPOSE,
    (0, -1, -1, 0): Image.Transpose.TRANSVERSE,
}
"""Signs of the display matrix's a, b, c, d (x' = ax + cy, y' = bx + dy, y downwards)."""

_SWAPPING = (
    Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSPOSE, Image.Transpose.TRANSVERSE,
)  # fmt: skip


def still(path: bytes, *, head: bytes, at_ms: int | None, max_width: int) -> pictures.Still:
    """The frame at ``at_ms`` or one that shows something, at most ``max_width`` wide.

    Raises MediaRefused, and PyAVUnable when ffmpeg may know better.
    """
    with open_media(path, head=head) as container:
        stream = _pick_stream(container)
        if stream.codec_context is None:
            raise PyAVUnable("no decoder")
        stream.codec_context.thread_count = 1  # one frame; more threads only take memory
        try:
            frame = _pick_frame(container, stream, at_ms)
            if frame is None:
                raise PyAVUnable("no frame was decoded")
            return _render(container, stream, frame, max_width)
        except (av.error.FFmpegError, EOFError, ValueError) as error:
            raise PyAVUnable(str(error)) from error


def _pick_stream(container: InputContainer) -> VideoStream:
    videos = container.streams.video
    if not videos:
        raise MediaRefused(Reason.NO_PICTURE)
    return min(videos, key=_is_picture)


def _is_picture(stream: VideoStream) -> bool:
    return Disposition.attached_pic in stream.disposition


def _pick_frame(
    container: InputContainer, stream: VideoStream, at_ms: int | None
) -> VideoFrame | None:
    if _is_picture(stream):
        return next(_frames(container, stream), None)
    if at_ms is not None:
        return _frame_at(container, stream, at_ms)
    best: tuple[float, VideoFrame] | None = None
    for at_us in _times_us(container):
        frame = _key_frame_near(container, stream, at_us)
        if frame is not None and _is_first(container, frame):
            frame = _walk_to(container, stream, frame, at_us, most=_MOST_WALKED)
        if frame is None:
            continue
        grey = frame.reformat(64, 36, "gray").to_ndarray()
        if not pictures.is_dull(grey):
            return frame
        if best is None or pictures.interest(grey) > best[0]:
            best = (pictures.interest(grey), frame)
    return best[1] if best else None


def _times_us(container: InputContainer) -> list[int]:
    duration_us = container.duration or 0
    if not 0 < duration_us < LONGEST_S * 1_000_000:
        return [0]
    return [int(part * duration_us) for part in TRIED_AT]


def _start_us(container: InputContainer) -> int:
    start: Any = container.start_time  # None where it isn't known, whatever PyAV's stub says
    return int(start or 0)


def _key_frame_near(
    container: InputContainer, stream: VideoStream, at_us: int
) -> VideoFrame | None:
    try:
        container.seek(at_us + _start_us(container))
    except (av.error.FFmpegError, OSError):
        if at_us:
            return None
    return next(_frames(container, stream), None)


def _frame_at(container: InputContainer, stream: VideoStream, at_ms: int) -> VideoFrame | None:
    """The frame that is shown at ``at_ms``: the first at or after it, else the last."""
    found = _key_frame_near(container, stream, at_ms * 1000)
    if found is None:
        return None
    return _walk_to(container, stream, found, at_ms * 1000, most=_MOST_DECODED)


def _is_first(container: InputContainer, frame: VideoFrame) -> bool:
    """Whether a frame belongs to the first half second: often it is black or half faded in."""
    return (frame.time or 0) - _start_us(container) / 1_000_000 < 0.5


def _walk_to(
    container: InputContainer, stream: VideoStream, found: VideoFrame, at_us: int, *, most: int
) -> VideoFrame:
    wanted_s = (at_us + _start_us(container)) / 1_000_000
    frames = _frames(container, stream)
    for _ in range(most):
        if (found.time or 0) >= wanted_s - 0.001:
            break
        following = next(frames, None)
        if following is None:
            break
        found = following
    return found


def _frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Whole frames from here on; damaged ones are passed over, up to a number."""
    bad = 0
    for packet in container.demux(stream):
        try:
            decoded = stream.decode(packet)
        except av.error.FFmpegError:
            decoded = []
            bad += 1
        for frame in decoded:
            if frame.is_corrupt:
                bad += 1
            else:
                yield frame
        if bad > _MOST_BAD:
            return


def _render(
    container: InputContainer, stream: VideoStream, frame: VideoFrame, max_width: int
) -> pictures.Still:
    turn = _turn(frame)
    aspect = float(stream.sample_aspect_ratio or Fraction(1))
    shown = (round(frame.width * (aspect if 0.1 < aspect < 10 else 1)), frame.height)
    final = shown[::-1] if turn in _SWAPPING else shown
    scale = min(1.0, max_width / final[0])
    width, height = (max(round(side * scale), 2) for side in shown)
    image = _to_image(frame, width, height)
    at_ms = None
    time_s: Any = frame.time
    if time_s is not None and not _is_picture(stream):
        at_ms = round(time_s * 1000 - _start_us(container) / 1000)
    return pictures.Still(image.transpose(turn) if turn is not None else image, *final, at_ms)


def _to_image(frame: VideoFrame, width: int, height: int) -> Image.Image:
    transfer = av_names.COLOR_TRANSFER.get(frame.color_trc, "")
    if transfer in _HDR:
        deep = frame.reformat(width, height, "rgb48le").to_ndarray()
        return Image.fromarray(tone.to_sdr(deep, transfer=transfer))
    return Image.fromarray(frame.reformat(width, height, "rgb24").to_ndarray())


def _turn(frame: VideoFrame) -> Image.Transpose | None:
    """How the frame is turned or mirrored to be shown, from its display matrix."""
    side_data: Any = frame.side_data  # PyAV's stub has its keys wrong
    data = side_data.get(SideDataType.DISPLAYMATRIX)
    if data is None:
        return None
    matrix = np.frombuffer(bytes(data), dtype=np.int32).astype(np.int64)
    a, b, c, d = (int(value) for value in matrix[[0, 1, 3, 4]])
    largest = max(abs(a), abs(b), abs(c), abs(d), 1)
    signs = (round(a / largest), round(b / largest), round(c / largest), round(d / largest))
    return _TURNS.get(signs)
