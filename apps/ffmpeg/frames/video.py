"""Walks through the picture of a file: to times, to key frames, on from there."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import cached_property
from itertools import chain, islice
from typing import Any

import av
from av.container import InputContainer
from av.format import Flags
from av.packet import Packet
from av.stream import Discard, Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from apps.ffmpeg.av_probe import PyAVUnable
from apps.ffmpeg.frames import index
from apps.ffmpeg.frames.render import Shape, shape_of
from apps.ffmpeg.probe import LONGEST_S

BROKEN = (av.error.FFmpegError, EOFError, ValueError)
"""What PyAV raises at content that is damaged or strange."""

_US = 1_000_000
_BEHIND_US = 3 * _US // 23  # the step back of ffmpeg's -ss, for containers sought by decoding time
_STEPS_BACK_S = (0, 1, 4, 16, 64)  # without an index, until a key frame lies before the time
_MOST_BAD = 1_000  # damaged packets in a row
_BEAT_EACH = 50  # packets
_MOST_FOR_KEY = 2_000  # packets from a place to the next key frame
WITHOUT_TIMES = ("mpegts", "mpeg")
"""Containers in which a place is found by reading, and the first second isn't."""
_SKIPPING = frozenset({"h264", "hevc", "mpeg4", "mpeg2video"})
"""Codecs whose decoders show the same frames when those that none refers to are left out."""


class Video:
    """A video stream that is open for decoding, with one thread: its CPU time is what counts.

    Times are in ticks of the stream, as the file has them; ``ms`` and ``ticks`` translate from and
    to the time since the start of the file. Damaged frames are passed over. What fails raises one
    of BROKEN.
    """

    def __init__(
        self, container: InputContainer, stream: VideoStream, beat: Callable[[], None]
    ) -> None:
        if stream.codec_context is None:
            raise PyAVUnable("no decoder")
        self.container = container
        self.stream = stream
        self.beat = beat
        self.is_picture = Disposition.attached_pic in stream.disposition
        self.tick = stream.time_base or Fraction(1, _US)
        start: Any = container.start_time  # None where it isn't known, whatever PyAV's stub says
        self.start_us = int(start or 0)
        self._context = stream.codec_context
        self._context.thread_count = 1
        self._can_skip = self._context.name in _SKIPPING and container.format.name != "avi"
        flags: Any = container.format.flags  # a number, whatever PyAV's stub says
        self._by_pts = bool(flags & Flags.seek_to_pts.value)
        self._packets: Iterator[Packet[VideoStream]] = iter(())
        self._frames: Iterator[VideoFrame] = iter(())
        self._last: VideoFrame | None = None
        self._position: int | None = None  # ticks of the packet that was read last
        self._target: int | None = None
        self._shape: Shape | None = None
        self._lag = 0  # of key frames, from their decoding to their showing
        for other in container.streams:
            if other is not stream and not self.is_picture:
                other.discard = Discard.all

    @cached_property
    def duration_us(self) -> int | None:
        """How long the file runs, as its container says."""
        return _sane(self.container.duration)

    @cached_property
    def length_us(self) -> int | None:
        """How long its picture runs, which may be less; else as ``duration_us``."""
        ticks = self.stream.duration
        own = _sane(round(ticks * self.tick * _US)) if ticks else None
        found = [one for one in (own, self.duration_us) if one]
        return min(found, default=None)

    def ticks(self, at_us: int) -> int:
        """Rounded as ffmpeg's -ss rounds."""
        return round((at_us + self.start_us) / _US / self.tick)

    def ms(self, frame: VideoFrame) -> int:
        """When the frame is shown, from the start of the file on."""
        return self.ticks_ms(frame.pts or 0)

    def ticks_ms(self, ticks: int) -> int:
        """A time of the stream as milliseconds from the start of the file on, never below 0."""
        return max(round(ticks * self.tick * 1000 - Fraction(self.start_us, 1000)), 0)

    @cached_property
    def key_times(self) -> list[int]:
        """Ticks of the key frames in the container's index (mov: decoding times), rising.

        Empty where there is no index of all of the video.
        """
        self._forget()
        try:
            return index.key_times(self.container, self.stream)
        except BROKEN:
            return []

    def shape(self, frame: VideoFrame) -> Shape:
        """How its frames are shown, of which ``frame`` is one."""
        if self._shape is None:
            self._shape = shape_of(frame, self.stream.sample_aspect_ratio)
        return self._shape

    def picture(self) -> VideoFrame | None:
        """A cover picture: the first frame, without looking for it."""
        self._packets = self.container.demux(self.stream)
        return next(self._decode(), None)

    def frame_at(self, at_us: int) -> tuple[VideoFrame, bool]:
        """The first frame at or after a time, or else the last one before it, and which it is.

        This is the frame of ffmpeg's ``-ss``. Quickest with rising times. Raises LookupError if
        there is none at all.
        """
        target = self.ticks(at_us)
        if self._must_seek(target):
            self._go_before(target, at_us)
        self._target = target
        try:
            while self._last is None or (self._last.pts or 0) < target:
                following = next(self._frames, None)
                if following is None:
                    break
                self._last = following
        except BROKEN:
            self._forget()
            raise
        if self._last is None:
            raise LookupError("no frame")
        return self._last, (self._last.pts or 0) >= target

    def frames_at(self, at_us: int) -> Iterator[VideoFrame]:
        """The frame that ``frame_at`` gives and all after it. Raises LookupError."""
        frame, _ = self.frame_at(at_us)
        yield frame
        for following in self._frames:
            self._last = following
            yield following

    def find_length(self) -> int | None:
        """How long the picture runs, by reading all of the file without decoding it."""
        self._rewind()
        end = 0
        for count, packet in enumerate(self._packets):
            if count % _BEAT_EACH == 0:
                self.beat()
            if packet.pts is not None:
                end = max(end, packet.pts + (packet.duration or 0))
        self._forget()
        return _sane(round(end * self.tick * _US) - self.start_us)

    def key_frame(self, ticks: int) -> VideoFrame | None:
        """The key frame at or before a time, decoded alone; None if it can't be."""
        self._restart(ticks)
        for count, packet in enumerate(self._packets):
            if count > _MOST_FOR_KEY:
                break
            if count % _BEAT_EACH == 0:
                self.beat()
            if packet.is_keyframe and packet.size:
                # None: give what you have, nothing more will come
                decoded = chain(self._context.decode(packet), self._context.decode(None))
                return next(whole(decoded), None)
        return None

    def key_packet_time(self, key: int) -> int:
        """When a key frame of the index is shown, without decoding it."""
        self._restart(key)
        found = self._key_ahead()
        return key if found is None else found

    def frames_from(self, ticks: int) -> Iterator[VideoFrame]:
        """All frames from the key frame at or before a time on."""
        self._restart(ticks)
        self._target = None
        return self._decode()

    def _must_seek(self, target: int) -> bool:
        if self._position is None or self._last is None:
            return True
        if (self._last.pts or 0) > target:  # it is the frame of this time, too, unless we go back
            return self._target is None or self._target > target
        if self.key_times:
            before = bisect_right(self.key_times, target - self._lag)
            following = self.key_times[before - 1] if before else self._position
        else:
            following = target - round(_STEPS_BACK_S[-1] / self.tick)
        return following > self._position

    def _go_before(self, target: int, at_us: int) -> None:
        """Be where decoding gives the frame at ``target``, and those before it."""
        if self.key_times:
            self._seek(at_us)
            return
        for back_s in _STEPS_BACK_S:
            if at_us <= back_s * _US:
                break
            self._seek(at_us - back_s * _US)
            first = self._key_ahead()
            if first is not None and first <= target:
                self._seek(at_us - back_s * _US)
                return
        self._rewind()

    def _key_ahead(self) -> int | None:
        ahead = islice(self._packets, _MOST_FOR_KEY)
        return next((one.pts for one in ahead if one.is_keyframe and one.pts is not None), None)

    def _rewind(self) -> None:
        self._seek(0)
        if self.container.format.name in WITHOUT_TIMES:
            self.container.seek(0, unsupported_byte_offset=True)

    def _seek(self, at_us: int) -> None:
        behind = 0 if self._by_pts else _BEHIND_US
        self._forget()
        try:
            self.container.seek(at_us + self.start_us - behind)
        except BROKEN:
            self.container.seek(self.start_us, any_frame=True)

    def _restart(self, ticks: int) -> None:
        """Be at the key frame at or before a time, or of that time in the index."""
        if not self.key_times:
            self._go_before(ticks, max(round(ticks * self.tick * _US) - self.start_us, 0))
            return
        self._forget()
        after = bisect_right(self.key_times, ticks)
        if after and self.key_times[after - 1] == ticks:
            # mov takes a decoding time for a time of showing, and would go to the one before
            following = self.key_times[after : after + 1] or [ticks + round(2 / self.tick)]
            ticks = (ticks + following[0]) // 2
        self.container.seek(ticks, stream=self.stream)

    def _forget(self) -> None:
        self._last = self._position = self._target = None
        self._context.skip_frame = "DEFAULT"
        self._packets = self.container.demux(self.stream)
        self._frames = self._decode()

    def _decode(self) -> Iterator[VideoFrame]:
        """Whole frames from here on; what lies before the target and isn't needed is left out."""
        bad = 0
        for count, packet in enumerate(self._packets):
            if count % _BEAT_EACH == 0:
                self.beat()
            if packet.pts is not None:
                self._position = packet.pts
                if packet.is_keyframe and packet.dts is not None:
                    self._lag = max(self._lag, packet.pts - packet.dts)
            self._context.skip_frame = self._skip(packet.pts)
            try:
                frames = self._context.decode(packet)
            except av.error.FFmpegError:
                frames = []
                bad += 1
                if bad > _MOST_BAD:
                    raise
            for frame in whole(frames):
                bad = 0
                yield frame

    def _skip(self, pts: int | None) -> Any:
        early = self._target is not None and pts is not None and pts < self._target
        return "NONREF" if early and self._can_skip else "DEFAULT"


def whole(frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
    """Those that aren't known to be damaged."""
    return (frame for frame in frames if not frame.is_corrupt)


def _sane(us: int | None) -> int | None:
    return us if us and 0 < us < LONGEST_S * _US else None
