"""Counts the packets of a file and says when they are shown. In the child only."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import av
import av.logging
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from apps.ffmpeg.av_probe import PyAVUnable, open_media, probe
from apps.ffmpeg.damage import Evidence, StreamTally
from apps.ffmpeg.reasons import MediaRefused, Reason
from apps.ffmpeg.source import open_source
from apps.ffmpeg.transcoding.boundaries import starts_of
from apps.ffmpeg.transcoding.boxes import index_is_first
from apps.ffmpeg.transcoding.surveying import FileSurvey
from apps.ffmpeg.transcoding.times import Times

_EVERY = 500  # packets between two reports
_ESTIMATED = "Estimating duration from bitrate"
_LACKING = ("File ended prematurely", "partial file")
_MOST_READ = 8  # times the file's size: no container repeats itself more often


def survey(path: bytes, *, told: Callable[[int, int], None]) -> FileSurvey:
    """Read all packets. Raises MediaRefused, OSError."""
    with open_source(path) as source:
        source.check_size()
        head = source.read_head()
        try:
            facts = probe(path, head=head)
        except PyAVUnable as unable:
            raise MediaRefused(Reason.PROBER_FAILED, str(unable)) from unable
        av.logging.set_skip_repeated(False)
        av.logging.set_level(av.logging.WARNING)
        with av.logging.Capture() as log, open_media(path, head=head) as container:
            reading = _Reading(container, source.stat.size, log)
            reading.run(told)
            streams = tuple(one.summary() for one in reading.streams.values())
            found = FileSurvey(
                size_bytes=source.stat.size, facts=facts, streams=streams,
                damage=reading.evidence.verdict(),
                fast_start=index_is_first(source.fd, source.stat.size),
                claimed_s=reading.evidence.claimed_s, jumps=starts_of(container).jumps,
            )  # fmt: skip
        source.check_unchanged()
    return found


class _Reading:
    """One file under way."""

    def __init__(self, container: InputContainer, size: int, log: list[Any]) -> None:
        self._container, self._size, self._log = container, size, log
        self._start_s = Fraction(container.start_time or 0, 1_000_000)
        estimated = any(_ESTIMATED in message for _, _, message in log)
        duration_s = (container.duration or 0) / 1_000_000
        if container.format.name.startswith("matroska"):  # counts from 0, wherever it begins
            duration_s -= max(0.0, float(self._start_s))
        self.streams: dict[int, Times] = {}
        self.evidence = Evidence(
            format=container.format.name.split(",")[0],
            whole=True,
            claimed_s=duration_s if duration_s and not estimated else None,
        )
        for stream in container.streams:
            self._times(stream)

    def _times(self, stream: Stream) -> Times:
        if stream.index not in self.streams:
            self.streams[stream.index] = Times(stream, self._start_s)
        return self.streams[stream.index]

    def run(self, told: Callable[[int, int], None]) -> None:
        count = read = 0
        for packet in self._packets():
            if packet.size:
                self._times(packet.stream).take(packet)
                count, read = count + 1, read + packet.size
            if count % _EVERY == 0:
                told(min(packet.pos or read, self._size), self._size)
                self._hear()
            if read > _MOST_READ * self._size + (64 << 20):
                break
        self._hear()
        self._conclude()

    def _packets(self) -> Iterator[Packet]:
        while True:
            try:
                yield from self._container.demux()
            except IndexError:  # of a stream that shows itself only now
                continue
            except (av.error.FFmpegError, EOFError):
                self.evidence.stopped_early = True
            else:
                self.evidence.reached_end = True
            return

    def _hear(self) -> None:
        if any(words in message for _, _, message in self._log for words in _LACKING):
            self.evidence.lacks_bytes = True
        self._log.clear()

    def _conclude(self) -> None:
        """Packets that nobody decoded are all taken for good."""
        own = self.evidence.format == "mov"  # only there each stream has a length of its own
        for times in self.streams.values():
            if Disposition.attached_pic in times.stream.disposition:
                continue
            if times.stream.type in ("video", "audio"):
                self.evidence.streams.append(
                    StreamTally(
                        kind=times.stream.type,
                        packets=times.count,
                        end_s=times.end_s(),
                        claimed_s=times.claimed_s() if own else None,
                        settled=True,
                    )
                )
            self.evidence.end_s = max(self.evidence.end_s, times.end_s())
        self.evidence.lacks_bytes |= self._lacks_indexed_bytes()

    def _lacks_indexed_bytes(self) -> bool:
        """Whether the file's index names bytes beyond its end (a fast-start mp4 cut off)."""
        for stream in self._container.streams:
            if self.evidence.format == "mov" and len(stream.index_entries):
                last = stream.index_entries[-1]
                if last.pos + last.size > self._size:
                    return True
        return False
