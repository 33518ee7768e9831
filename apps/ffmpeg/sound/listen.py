"""Goes through a file once, whole or in samples, for loudness, peaks and motion. By PyAV."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec import CodecContext
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from apps.ffmpeg.probe import LONGEST_S
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.sound.curve import Curve, Floats
from apps.ffmpeg.sound.motion import add_from_index

_WHOLE_S = 600.0  # up to here everything is read
_SHARE = 0.05  # of a longer file is read,
_LEAST_S = 40.0  # but not less than this
_PIECE_S = (0.2, 1.0)
_PATIENCE_S = 2.0  # how far sound may lie from the picture that it belongs to
_MOST_PACKETS = 3_000  # of one piece
_PREROLL_S = 0.06  # decoders need what came before: a piece begins quieter than it is
_PAST_S = 10.0  # beyond the length that the file claims
_SAMPLES_FILL_S = 30.0  # pieces begin at key frames, which may lie this far apart
_FRAMES_FILL_S = 1.0
_BEAT_S = 0.5


class Listening:
    """One file under way; after ``run`` its curves are there.

    ``sound`` has a curve of power and peaks for each number in ``points``; ``motion`` one of the
    sizes of the frames that hold only what has changed. Raises MediaRefused if the file has no
    length.
    """

    def __init__(
        self,
        container: InputContainer,
        *,
        points: set[int],
        motion_points: int | None,
        beat: Callable[[], None],
    ) -> None:
        self._container = container
        self._start_s = _seconds(container.start_time)
        self.length_s = _length_s(container)
        self.audio = _pick_audio(container)
        self._video = _pick_video(container) if motion_points else None
        self.sound = {count: Curve(count, self.length_s) for count in points}
        self.motion = Curve(motion_points or 1, self.length_s)
        self._spacing_s = 0.0
        self._heard_until_s = 0.0
        self._good_from_s: float | None = 0.0
        self._kind: tuple[str, str, int] | None = None
        self._resampler = AudioResampler(format="flt")
        self._beat, self._beaten = beat, time.monotonic()

    @property
    def sound_fill_s(self) -> float:
        """How far the curves of sound are to be filled."""
        return max(_SAMPLES_FILL_S, 2 * self._spacing_s) if self._spacing_s else 0.0

    @property
    def motion_fill_s(self) -> float:
        """How far the curve of motion is to be filled: short files have fewer frames than bins."""
        return max(_FRAMES_FILL_S, self.sound_fill_s)

    def run(self) -> None:
        """Read what has to be read."""
        used: list[Stream] = [self.audio] if self.audio is not None else []
        if self._video is not None and not add_from_index(
            self.motion, self._video,
            start_s=self._start_s, length_s=self.length_s, live=self._live,
        ):  # fmt: skip
            used.append(self._video)
        for stream in self._container.streams:
            if stream not in used:
                stream.discard = Discard.all
        if self.audio is not None:
            self.audio.codec_context.thread_count = 1
        if used and not (self.length_s > _WHOLE_S and self._read_samples(used)):
            self._read_whole(used)

    def _read_whole(self, used: list[Stream]) -> None:
        for packet, at_s in self._packets(used):
            if at_s is not None and at_s > self.length_s + _PAST_S:
                return
            self._take(packet, at_s)

    def _read_samples(self, used: list[Stream]) -> bool:
        """Read pieces all over the file; False if it can't be entered anywhere."""
        budget_s = max(_LEAST_S, _SHARE * self.length_s)
        places = min(max([*self.sound, self.motion.points]), int(budget_s / _PIECE_S[0]))
        piece_s = min(_PIECE_S[1], budget_s / places)
        spacing_s = self.length_s / places
        # with the picture, only its key frames can be entered
        by = self.audio if self._video not in used else None
        landed_s: float | None = None
        for place in range(places):
            if self._go((place + 0.5) * spacing_s, by):
                self._spacing_s = spacing_s
                landed_s = self._read_piece(used, piece_s, landed_s)
        return bool(self._spacing_s)

    def _go(self, at_s: float, by: AudioStream | None) -> bool:
        at_s += self._start_s
        try:
            if by is not None and by.time_base:
                self._container.seek(int(at_s / by.time_base), stream=by)
            else:
                self._container.seek(int(at_s * 1_000_000))
        except (av.error.FFmpegError, OverflowError):
            return False
        return True

    def _read_piece(self, used: list[Stream], piece_s: float, last_s: float | None) -> float | None:
        """Read on from here, unless the piece that began at ``last_s`` did; when it began."""
        first_s: float | None = None
        heard = self.audio is None
        self._good_from_s = None
        for count, (packet, at_s) in enumerate(self._packets(used)):
            if at_s is not None:
                if first_s is None and at_s == last_s:
                    return last_s
                first_s = at_s if first_s is None else first_s
                if at_s - first_s > piece_s + (0 if heard else _PATIENCE_S):
                    break
            heard |= self._take(packet, at_s)
            if count > _MOST_PACKETS:
                break
        return first_s

    def _packets(self, used: list[Stream]) -> Iterator[tuple[Packet, float | None]]:
        """Packets from here on, each with its time from the file's start on."""
        while True:
            try:
                for packet in self._container.demux(*used):
                    self._live()
                    yield packet, self._time(packet)
            except IndexError:  # of a stream that shows itself only now
                continue
            except (av.error.FFmpegError, EOFError):
                return  # what comes after can't be read
            return

    def _time(self, packet: Packet) -> float | None:
        count = packet.dts if packet.pts is None else packet.pts
        if count is None or not packet.time_base:
            return None
        return float(count * packet.time_base) - self._start_s

    def _take(self, packet: Packet, at_s: float | None) -> bool:
        """Whether the packet gave sound."""
        heard = False
        if self._video is not None and packet.stream_index == self._video.index:
            if at_s is not None and packet.size and not packet.is_keyframe:
                size = np.array([float(packet.size)])
                self.motion.add(at_s, size, size)
            return heard
        try:
            for frame in packet.decode():
                heard |= self._hear(frame)
        except (av.error.FFmpegError, EOFError, ValueError):
            return heard  # a damaged packet, or sound of an unheard-of kind
        return heard

    def _hear(self, frame: Any) -> bool:
        """Add a frame of sound: the power of a sample is the mean of its channels."""
        rate, channels = frame.sample_rate, frame.layout.nb_channels
        if not isinstance(frame, AudioFrame) or min(rate, channels, frame.samples) < 1:
            return False
        at_s = self._heard_until_s if frame.time is None else frame.time - self._start_s
        self._heard_until_s = at_s + frame.samples / rate
        if self._good_from_s is None:
            self._good_from_s = at_s + _PREROLL_S
        if at_s < self._good_from_s:
            return False
        samples = self._floats(frame).reshape(-1, channels)
        power, most = np.square(samples).mean(axis=1), np.abs(samples).max(axis=1)
        for curve in self.sound.values():
            curve.add(at_s, power, most, step_s=1 / rate)
        return True

    def _floats(self, frame: AudioFrame) -> Floats:
        """Its samples as -1..1, the channels of each one after the other.

        PyAV itself reads beyond the list of channels where eight or more are apart.
        """
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:
            self._kind, self._resampler = kind, AudioResampler(format="flt")
        parts = [one.to_ndarray()[0] for one in self._resampler.resample(frame)]
        samples = np.concatenate(parts)
        found: Floats = np.clip(np.nan_to_num(samples, nan=0.0), -1.0, 1.0)
        return found

    def _live(self) -> None:
        now = time.monotonic()
        if now - self._beaten > _BEAT_S:
            self._beat()
            self._beaten = now


def _pick_audio(container: InputContainer) -> AudioStream | None:
    """The stream that a player would take, of those that can be decoded."""
    contexts: list[tuple[AudioStream, CodecContext | None]] = [
        (one, one.codec_context) for one in container.streams.audio
    ]
    known = [one for one, context in contexts if context is not None]
    return min(known, key=lambda one: Disposition.default not in one.disposition, default=None)


def _pick_video(container: InputContainer) -> VideoStream | None:
    moving = (s for s in container.streams.video if Disposition.attached_pic not in s.disposition)
    return next(moving, None)


def _length_s(container: InputContainer) -> float:
    """As the container says, else as its longest stream does."""
    lengths = [_seconds(container.duration)] + [
        float(one.duration * one.time_base)
        for one in container.streams
        if one.duration and one.time_base
    ]
    sane = [one for one in lengths if 0 < one < LONGEST_S]
    if not sane:
        raise MediaRefused(Reason.NO_DURATION)
    return sane[0] if sane[0] == lengths[0] else max(sane)


def _seconds(microseconds: int | None) -> float:
    return (microseconds or 0) / 1_000_000
