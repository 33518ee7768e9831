"""A file that is cut: its streams, and the key frames in it. In the child only."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from apps.ffmpeg.av_probe import open_media
from apps.ffmpeg.cutting.nal import is_closed
from apps.ffmpeg.cutting.orders import CutFailed
from apps.ffmpeg.source import open_source

_STEPS_S = (0, 3, 20, 120, 1_000_000)  # how far before a place its key frame is looked for
_LEAD_S = 5
_REORDERED = 32  # packets after which no earlier picture comes any more
_KINDS = frozenset({"video", "audio", "subtitle"})


@dataclass(frozen=True, slots=True)
class Footage:
    """``guide`` is the stream by which the file is cut: its picture, else its sound.

    Times are the guide's own (``pts``); ``zero`` is the beginning of the file.
    """

    container: InputContainer
    guide: Any
    others: tuple[Any, ...]
    pictures: tuple[Any, ...]
    left_out: tuple[str, ...]

    @property
    def zero(self) -> int:
        start = Fraction(self.container.start_time or 0, 1_000_000)
        return round(start / self.tick)

    @property
    def codec(self) -> str:
        """The codec's own name, whichever decoder was chosen."""
        return str(self.guide.codec_context.codec.canonical_name)

    @property
    def tick(self) -> Fraction:
        """Seconds in one unit of the guide's times."""
        return Fraction(self.guide.time_base)

    @property
    def duration_ms(self) -> int:
        return round((self.container.duration or 0) / 1_000)

    def ms(self, time: int) -> int:
        return round((time - self.zero) * self.tick * 1_000)

    def at(self, ms: int) -> int:
        """The guide's time of so many milliseconds from the beginning, rounded down."""
        return self.zero + int(Fraction(ms, 1_000) / self.tick)

    def is_turned(self) -> bool:
        """Whether pictures are to be turned for showing. Decodes the first one."""
        if self.guide.type != "video":
            return False
        self.seek(self.zero)
        for frame in self.container.decode(self.guide):
            return bool(getattr(frame, "rotation", 0))
        return False

    def seek(self, time: int, *, before_s: float = 0) -> None:
        """To a key frame at or before, or to the beginning, whose decoding is before ``zero``."""
        target = max(self.zero - int(_LEAD_S / self.tick), time - int(before_s / self.tick))
        try:
            self.container.seek(target, stream=self.guide, backward=True)
        except (av.error.FFmpegError, OSError):  # some can't go before the first
            self.container.seek(self.zero, stream=self.guide, backward=True)

    def packets_before(self, time: int) -> Iterator[Packet]:
        """Packets of the guide from a key frame at or before a time on, if there is one at all."""
        for step_s in _STEPS_S:
            self.seek(time, before_s=step_s)
            first = next(iter(self.container.demux(self.guide)), None)
            if first is not None and _is_key(first) and time_of(first) <= time:
                break
            if first is not None and self._has_key(time):
                break
        self.seek(time, before_s=step_s)
        yield from (p for p in self.container.demux(self.guide) if p.size)

    def _has_key(self, time: int) -> bool:
        """Whether a key frame comes before a time, going on from here."""
        waited = 0
        for packet in self.container.demux(self.guide):
            if not packet.size or waited > _REORDERED:
                return False
            if _is_key(packet) and time_of(packet) <= time:
                return True
            waited += time_of(packet) > time
        return False

    def around(self, time: int) -> tuple[int, int]:
        """The last key frame at or before a time, and the first frame at or after it.

        Raises CutFailed.
        """
        key: int | None = None
        after: list[int] = []
        for packet in self.packets_before(time):
            at = time_of(packet)
            if _is_key(packet) and at <= time:
                key = at
            if at >= time:
                after.append(at)
            if len(after) > _REORDERED:
                break
        if key is None or not after:
            raise CutFailed(f"There is nothing to cut at {self.ms(time) / 1_000:g} s.")
        return key, min(after)

    def closed_keys(self, start: int, end: int | None) -> tuple[int, int | None] | None:
        """The first and, before an end, the last key frame from which on nothing refers back.

        None if there is no such stretch.
        """
        first = self._first_closed(start, end)
        if first is None or end is None:
            return None if first is None else (first, None)
        last = first
        for step_s in _STEPS_S[1:]:
            found = self._last_closed(end, step_s)
            if found is not None or step_s == _STEPS_S[-1]:
                last = max(first, found or first)
                break
        return (first, last) if last > first else None

    def is_closed_at(self, start: int) -> bool:
        """Whether the key frame at a time is closed."""
        for packet in self.packets_before(start):
            if _is_key(packet) and time_of(packet) >= start:
                return self._is_closed(packet)
        return False

    def _first_closed(self, start: int, end: int | None) -> int | None:
        for packet in self.packets_before(start):
            at = time_of(packet)
            if end is not None and at >= end and _is_key(packet):
                return None
            if at >= start and _is_key(packet) and self._is_closed(packet):
                return at
        return None

    def _last_closed(self, end: int, before_s: float) -> int | None:
        last, waited = None, 0
        self.seek(end, before_s=before_s)
        for packet in self.container.demux(self.guide):
            at = time_of(packet) if packet.size else end
            if at > end or not packet.size:
                waited += 1
            elif _is_key(packet) and self._is_closed(packet):
                last = at
            if waited > _REORDERED or not packet.size:
                break
        return last

    def _is_closed(self, packet: Packet) -> bool:
        extradata = self.guide.codec_context.extradata or b""
        return is_closed(self.codec, bytes(packet), extradata)


@contextmanager
def open_footage(path: bytes) -> Iterator[Footage]:
    """Raises MediaRefused, CutFailed."""
    with open_source(path) as source:
        source.check_size()
        with open_media(path, head=source.read_head()) as container:
            yield _footage(container)


def _footage(container: InputContainer) -> Footage:
    pictures = [s for s in container.streams.video if _is_attached(s)]
    videos = [s for s in container.streams.video if not _is_attached(s)]
    guide = next(iter([*videos, *container.streams.audio]), None)
    if guide is None:
        raise CutFailed("There is neither picture nor sound to cut.")
    others, left_out = [], []
    for stream in container.streams:
        if stream is guide or stream in pictures:
            continue
        if stream.type in _KINDS and stream.codec_context is not None:
            others.append(stream)
        else:
            left_out.append(f"stream {stream.index} ({stream.type})")
    return Footage(container, guide, tuple(others), tuple(pictures), tuple(left_out))


def time_of(packet: Packet) -> int:
    """When it is shown; some containers only say when it is decoded."""
    time = packet.pts if packet.pts is not None else packet.dts
    return time if time is not None else 0


def _is_key(packet: Packet) -> bool:
    return bool(packet.is_keyframe)


def _is_attached(stream: Stream) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)
