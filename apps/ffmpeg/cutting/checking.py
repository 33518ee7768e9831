"""Whether a piece that was written is what it should be. In the child only."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av

from apps.ffmpeg.cutting.footage import Footage, open_footage, time_of
from apps.ffmpeg.cutting.orders import CutFailed, Written

_OFF_MS = 250  # the last frame's length is often unknown
_BESIDE_MS = 2_000  # decoded of what was copied, at the beginning, at each join and at the end


class PieceUnsound(CutFailed):
    """A piece that was written can't be decoded cleanly, or isn't as long as it should be."""

    code = "piece_unsound"


def check_piece(output: bytes, written: Written, *, beat: Callable[[], None]) -> None:
    """Count the frames of a piece and decode both ends of it, encoded parts whole.

    Raises PieceUnsound, MediaRefused.
    """
    with open_footage(output) as footage:
        frames, first, last = _measure(footage, beat)
        if frames != written.frames:
            raise PieceUnsound(f"The piece holds {frames} frames instead of {written.frames}.")
        streams = 1 + len(footage.others) + len(footage.pictures)
        if streams != written.streams:
            raise PieceUnsound(f"The piece has {streams} streams instead of {written.streams}.")
        length = footage.ms(last) - footage.ms(first)
        if abs(length - written.duration_ms) > _OFF_MS:
            wanted = written.duration_ms / 1_000
            raise PieceUnsound(f"The piece lasts {length / 1_000:g} s instead of {wanted:g} s.")
        zero = footage.ms(first)
    head = zero + written.head_ms + _BESIDE_MS
    tail = zero + written.tail_ms - _BESIDE_MS
    with open_footage(output) as footage:
        _decode(footage, None, None if tail <= head else head, written, beat)
    if tail > head:
        with open_footage(output) as footage:
            _decode(footage, tail, None, written, beat)


def count_packets(path: bytes, *, beat: Callable[[], None]) -> dict[str, int]:
    """What all pieces of a file should hold together, as in ``Written``.

    Raises MediaRefused, CutFailed.
    """
    counted = {"frames": 0, "others": 0}
    with open_footage(path) as footage:
        for packet in footage.container.demux(footage.guide, *footage.others):
            if packet.size:
                is_guide = packet.stream_index == footage.guide.index
                counted["frames" if is_guide else "others"] += 1
            beat()
    return counted


def _measure(footage: Footage, beat: Callable[[], None]) -> tuple[int, int, int]:
    """Frames of the guide, when the first is shown, and when the last ends."""
    frames, first, last = 0, None, 0
    for packet in footage.container.demux(footage.guide):
        if packet.size:
            frames += 1
            at = time_of(packet)
            first = at if first is None else min(first, at)
            last = max(last, at + (packet.duration or 0))
        if frames % 500 == 0:
            beat()
    return frames, first or 0, last


def _decode(
    footage: Footage, start: int | None, end: int | None, written: Written, beat: Callable[[], None]
) -> None:
    """From the key frame before a time (ms) to another; every frame given has to come out."""
    if start is not None:
        footage.seek(footage.at(start))
    given, came = 0, 0
    context: Any = footage.guide.codec_context
    try:
        for packet in footage.container.demux(footage.guide):
            if packet.size and not given and not packet.is_keyframe:
                continue
            if not packet.size or (end is not None and time_of(packet) > footage.at(end)):
                break
            given += 1
            came += _sound(context.decode(packet))
            beat()
        came += _sound(context.decode(None))
    except av.error.FFmpegError as error:
        raise PieceUnsound(f"The piece can't be decoded: {error}.") from error
    leading = written.leading if start is None else _leading_allowed(footage)
    if came < given - leading:
        raise PieceUnsound(f"Only {came} of {given} frames of the piece can be decoded.")


def _sound(frames: list[Any]) -> int:
    if any(getattr(frame, "is_corrupt", False) for frame in frames):
        raise PieceUnsound("The piece holds frames that can't be decoded cleanly.")
    return len(frames)


def _leading_allowed(footage: Footage) -> int:
    """In the middle of a file key frames may be followed by pictures that refer back."""
    rate = Fraction(getattr(footage.guide, "average_rate", None) or 0)
    return 16 if rate else 0
