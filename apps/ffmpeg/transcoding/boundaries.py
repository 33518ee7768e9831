"""Where a picture can be divided so that each frame lies in exactly one part. In the child only."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from av.container import InputContainer

from apps.ffmpeg.av_probe import open_media
from apps.ffmpeg.source import open_source
from apps.ffmpeg.transcoding.surveying import SurveyFailed

Part = tuple[float, float | None, int]
"""From a time until before another (seconds; ``None``: to the end), and its frames."""

_CLOCKS_JUMP = 0x0200  # AVFMT_TS_DISCONT
_LEAST_FRAMES = 10
_LEAD_S = 2.0  # for filters that look back
_ASIDE_S = 0.5  # a frame is decoded a little before it is shown
_LEAST_APART_S = Fraction(4, 1_000_000)  # times are handed over in microseconds


@dataclass(frozen=True, slots=True)
class Starts:
    """When a file and its streams begin, in seconds of the file's own clock.

    Where clocks may jump (MPEG-TS and its kin) ffmpeg takes the first of the streams that it reads
    for the beginning, elsewhere that of the whole file.
    """

    file_s: Fraction
    streams_s: dict[int, Fraction]
    jumps: bool

    def zero_of(self, indexes: Iterable[int]) -> Fraction:
        """What ffmpeg takes for 0 when it reads these streams."""
        if not self.jumps:
            return self.file_s
        known = [self.streams_s[one] for one in indexes if one in self.streams_s]
        return min(known, default=self.file_s)


def read_starts(path: bytes) -> Starts:
    """Open a file and read no further. Raises MediaRefused."""
    with open_source(path) as source, open_media(path, head=source.read_head()) as container:
        return starts_of(container)


def starts_of(container: InputContainer) -> Starts:
    return Starts(
        file_s=Fraction(container.start_time or 0, 1_000_000),
        streams_s={
            one.index: one.start_time * one.time_base
            for one in container.streams
            if one.start_time is not None and one.time_base is not None
        },
        jumps=bool(container.format.flags & _CLOCKS_JUMP),
    )


@dataclass(frozen=True, slots=True)
class Times:
    """When frames are shown, and key frames among them, in ffmpeg's time when it reads them alone.

    ``jumps`` as in ``Starts``: there a place is sought by the clock, and what comes before the next
    key frame is lost.
    """

    frames_s: list[Fraction]
    keys_s: list[Fraction]
    jumps: bool = False

    def read_from(self, start_s: float) -> float:
        """From where on to read so that the frames of a part can be decoded and filtered."""
        before = bisect_left(self.frames_s, start_s) - 1
        found = min(start_s - _LEAD_S, float(self.frames_s[max(0, before)]) - _ASIDE_S)
        if self.jumps:
            at = bisect_left(self.keys_s, found) - 1
            found = float(self.keys_s[at]) - _ASIDE_S if at > 0 else 0.0
        return round(max(0.0, found), 6)


def read_times(path: bytes, index: int) -> Times:
    """Of stream ``index``. Raises MediaRefused, SurveyFailed."""
    with open_source(path) as source, open_media(path, head=source.read_head()) as container:
        stream = container.streams[index]
        starts = starts_of(container)
        start_s, unit = starts.zero_of([index]), stream.time_base or Fraction(1, 1_000_000)
        frames: list[Fraction] = []
        keys: list[Fraction] = []
        for packet in container.demux(stream):
            if packet.size and not packet.is_discard:
                if packet.pts is None:
                    raise SurveyFailed("Not every frame says when it is shown.")
                frames.append(packet.pts * unit - start_s)
                if packet.is_keyframe:
                    keys.append(frames[-1])
    return Times(sorted(frames), sorted(keys), starts.jumps)


def divide(times_s: Sequence[Fraction], *, each_s: float, rate: Fraction | None) -> list[Part]:
    """Parts of about ``each_s`` seconds, with boundaries in the middle between two frames.

    ``rate`` is that of the output if it is made even: then it is its frames that count. The last
    part's number of frames is a guess where frames are repeated or left out.
    """
    if rate:
        first, last = round(times_s[0] * rate), round(times_s[-1] * rate)
        times_s = [Fraction(number) / rate for number in range(first, last + 1)]
    places = [0]
    while (wanted_s := times_s[places[-1]] + Fraction(each_s)) < times_s[-1]:
        at = _between(times_s, bisect_left(times_s, wanted_s))
        if at is None or at - places[-1] < _LEAST_FRAMES or len(times_s) - at < _LEAST_FRAMES:
            break
        places.append(at)
    middles = [float((times_s[at - 1] + times_s[at]) / 2) for at in places[1:]]
    starts, ends = [0.0, *middles], [*middles, None]
    counts = [after - before for before, after in pairwise([*places, len(times_s)])]
    return [(start, end, count) for start, end, count in zip(starts, ends, counts, strict=True)]


def _between(times_s: Sequence[Fraction], at: int) -> int | None:
    """The next frame that isn't shown at the same time as the one before."""
    while at < len(times_s):
        if times_s[at] - times_s[at - 1] >= _LEAST_APART_S:
            return at
        at += 1
    return None
