"""When the packets of one stream are shown. In the child only."""

from array import array
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import Any

from av.packet import Packet
from av.stream import Disposition, Stream

from apps.ffmpeg.transcoding.surveying import StreamSurvey

_EVEN_S = 0.0011  # Matroska counts in whole milliseconds


class Times:
    """Times of one stream, in its own units; ``start_s`` is when the file begins."""

    def __init__(self, stream: Stream, start_s: Fraction) -> None:
        self.stream, self._start_s = stream, start_s
        self.unit = stream.time_base or Fraction(1, 1_000_000)
        self.at = array("q")
        self.count = 0
        self._keys, self._keys_count = array("q"), 0
        self._starts_with_key = True
        self._last: tuple[int, int] = (0, 0)  # the latest, and how long it lasts
        self._lengths = array("q")

    def take(self, packet: Packet) -> None:
        """Count a packet that isn't empty."""
        at = packet.dts if packet.pts is None else packet.pts
        if not self.count:
            self._starts_with_key = packet.is_keyframe
        self.count += 1
        self._keys_count += packet.is_keyframe
        if at is None or packet.is_discard:
            return
        length = packet.duration or 0
        if not self.at or at >= self._last[0]:
            self._last = at, length
        self.at.append(at)
        if packet.is_keyframe and self.stream.type == "video":
            self._keys.append(at)
        if len(self._lengths) < 1_000 and length:
            self._lengths.append(length)

    def claimed_s(self) -> float | None:
        """What the header says of its length."""
        length = self.stream.duration
        return None if length is None else float(length * self.unit)

    def end_s(self) -> float:
        """When the latest packet is over."""
        if not self.at:
            return 0.0
        at, length = self._last
        return self.seconds(at + (length or self._usual()))

    def seconds(self, at: int) -> float:
        """From the beginning of the file."""
        return round(float(at * self.unit - self._start_s), 6)

    def summary(self) -> StreamSurvey:
        """All of it. Between subtitles there is nothing, so that gaps say nothing."""
        context: Any = self.stream.codec_context
        is_cover = Disposition.attached_pic in self.stream.disposition
        found = StreamSurvey(
            index=self.stream.index, kind=self.stream.type,
            codec=context.codec.canonical_name if context else "",
            packets=self.count, keys=self._keys_count, claimed_s=self.claimed_s(),
            picture=is_cover, starts_with_key=self._starts_with_key,
            start_s=self.seconds(min(self.at)) if self.at else 0.0, end_s=self.end_s(),
        )  # fmt: skip
        if is_cover or self.stream.type not in ("video", "audio"):
            return found
        steps = [(after - before, before) for before, after in pairwise(sorted(self.at))]
        longest, at = max(steps, default=(0, 0))
        gap_s = float((longest - self._usual()) * self.unit)
        found = replace(found, gap_s=max(0.0, round(gap_s, 6)), gap_at_s=self.seconds(at))
        if self.stream.type == "audio" or not steps:
            return found
        lengths = [length for length, _ in steps]
        uneven_s = float((max(lengths) - min(lengths)) * self.unit)
        constant = uneven_s <= _EVEN_S
        return replace(
            found, constant=constant, peak_rate=None if constant else self._peak_rate(),
            longest_gop_s=self._longest_gop_s(),
        )  # fmt: skip

    def _usual(self) -> int:
        """How long a packet mostly lasts."""
        if self._lengths:
            return int(median(self._lengths))
        steps = [after - before for before, after in pairwise(sorted(self.at[:1_000]))]
        return int(median(steps)) if steps else 0

    def _peak_rate(self) -> float | None:
        """The most frames that begin within a second, of a second or more."""
        ordered, second = sorted(self.at), round(1 / self.unit)
        most = first = 0
        for last, at in enumerate(ordered):
            while at - ordered[first] >= second:
                first += 1
            most = max(most, last - first + 1)
        return float(most) if ordered[-1] - ordered[0] >= second else None

    def _longest_gop_s(self) -> float | None:
        if not self._keys:
            return None
        places = [*sorted(self._keys), max(self.at) + self._usual()]
        return float(max(after - before for before, after in pairwise(places)) * self.unit)
