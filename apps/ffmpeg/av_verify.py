"""Decodes a file, whole or in places, to see whether it is sound. By PyAV."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import av.logging
from av.codec import CodecContext
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from apps.ffmpeg.av_probe import open_media
from apps.ffmpeg.damage import CUT_ANYWHERE, Evidence, StreamTally
from apps.ffmpeg.reading import Reading
from apps.ffmpeg.reasons import MediaRefused, Reason

_PLACES = (0.0, 0.25, 0.5, 0.75)  # and the end
_PLACE_S = 2.0
_TAIL_S = 3.0
_SHORT_FILE_S = 20.0  # places would cover most of it
_MOST_PACKETS = 2_000  # of one place
_MOST_READ = 8  # times the file's size: no container repeats itself more often

# Codecs whose every frame has a checksum, which FFmpeg checks only if told to. Elsewhere
# "explode" refuses what players pass over.
_CHECKED = frozenset({"flac", "ac3", "eac3", "mlp", "truehd", "tta", "wavpack", "ape"})
_UNSUPPORTED = (av.error.PatchWelcomeError, av.error.BugError, av.error.DecoderNotFoundError)
_ESTIMATED = "Estimating duration from bitrate"
_LACKING = ("File ended prematurely", "partial file")
_NONSENSE = ("CRC mismatch", "CRC error", "invalid as first byte of an EBML number")


def inspect(path: bytes, *, size: int, head: bytes, whole: bool, reading: Reading) -> Evidence:
    """Decode all picture and sound of the regular file at ``path``, or some seconds at five places.

    A short file is always decoded whole. Raises MediaRefused if it can't be opened, OSError.
    """
    av.logging.set_skip_repeated(False)
    av.logging.set_level(av.logging.WARNING)
    try:
        with av.logging.Capture() as log, open_media(path, head=head) as container:
            return _Inspection(container, reading, log, size=size, whole=whole).run()
    finally:
        av.logging.set_level(None)


class _Inspection:
    """One file under way."""

    def __init__(
        self, container: InputContainer, reading: Reading, log: list[Any], *, size: int, whole: bool
    ) -> None:
        self._container, self._reading, self._log = container, reading, log
        self._most_bytes = _MOST_READ * size + (64 << 20)
        self._start_s = max(0.0, (container.start_time or 0) / 1_000_000)
        duration_s = (container.duration or 0) / 1_000_000
        self._whole = whole or duration_s < _SHORT_FILE_S
        estimated = any(_ESTIMATED in message for _, _, message in log)
        self._found = Evidence(
            format=container.format.name.split(",")[0],
            whole=self._whole,
            claimed_s=duration_s if duration_s and not estimated else None,
            lacks_bytes=_lacks_indexed_bytes(container, size),
        )
        self._tallies: dict[int, StreamTally] = {}
        if not container.streams:
            raise MediaRefused(Reason.NO_STREAMS)
        av.logging.set_level(av.logging.ERROR)
        for stream in container.streams:
            if _is_decoded(stream):
                self._tallies[stream.index] = self._prepare(stream)

    def run(self) -> Evidence:
        if self._whole:
            self._decode(until_s=None)
        else:
            self._decode_places()
        if self._found.format in CUT_ANYWHERE and self._found.reached_end:
            for tally in self._tallies.values():
                tally.forgive_end()
        self._found.streams = list(self._tallies.values())
        return self._found

    def _prepare(self, stream: Stream) -> StreamTally:
        stream.codec_context.thread_count = 1  # the pool has as many children as may run
        codec = stream.codec_context.name
        detect = "crccheck+explode" if codec in _CHECKED else "crccheck"
        stream.codec_context.options = {"err_detect": detect}
        # only these give each stream a length of its own
        own = self._found.format == "mov"
        claimed_s = _seconds(stream.duration, stream.time_base) if own else None
        return StreamTally(kind=stream.type, claimed_s=claimed_s)

    def _decode_places(self) -> None:
        duration_s = (self._container.duration or 0) / 1_000_000
        for part in _PLACES:
            self._go(duration_s * part, until_s=_PLACE_S)
        self._go(duration_s - _TAIL_S, until_s=None)

    def _go(self, at_s: float, *, until_s: float | None) -> None:
        """Decode from the key frame before a place on."""
        for tally in self._tallies.values():
            tally.restart()
        try:
            if at_s:
                self._container.seek(int((at_s + self._start_s) * 1_000_000))
            self._decode(until_s=until_s)
        except av.error.FFmpegError:  # raised by the seek: not every format can
            return

    def _decode(self, *, until_s: float | None) -> None:
        """Until the end, or ``until_s`` seconds after the first packet."""
        first_s, count, read = None, 0, 0
        for packet in self._packets():
            at_s = self._time(packet.dts if packet.pts is None else packet.pts, packet)
            self._take(packet, at_s)
            count, read = count + 1, read + packet.size
            self._hear()
            self._reading.passed(packet.size, position=packet.pos)
            first_s = at_s if first_s is None else first_s
            if until_s is not None and (count > _MOST_PACKETS or _past(at_s, first_s, until_s)):
                return
            if read > self._most_bytes:
                return

    def _packets(self) -> Iterator[Packet]:
        while True:
            try:
                yield from self._container.demux()
            except (
                IndexError
            ):  # of a stream that shows itself only now; PyAV knows none but the first
                continue
            except (av.error.FFmpegError, EOFError):
                self._found.stopped_early = True
            else:
                self._found.reached_end = True
            self._hear()
            return

    def _take(self, packet: Packet, at_s: float | None) -> None:
        tally = self._tallies.get(packet.stream_index)
        if at_s is not None and packet.size:
            end_s = at_s + (_seconds(packet.duration, packet.time_base) or 0)
            self._found.end_s = max(self._found.end_s, end_s)
            if tally:
                tally.end_s = max(tally.end_s, end_s)
        if tally and not tally.unsupported:
            _decode_packet(packet, tally, at_s)

    def _time(self, count: int | None, packet: Packet) -> float | None:
        at_s = _seconds(count, packet.time_base)
        return None if at_s is None else max(0.0, at_s - self._start_s)

    def _hear(self) -> None:
        """What FFmpeg logged; a broken file may make it log without end."""
        for _, _, message in self._log:
            if any(words in message for words in _LACKING):
                self._found.lacks_bytes = True
            elif any(words in message for words in _NONSENSE):
                # after a seek a demuxer may look for the next frame in the middle of one
                self._found.nonsense |= self._whole
        self._log.clear()


def _decode_packet(packet: Packet, tally: StreamTally, at_s: float | None) -> None:
    good, bad = 0, 0
    try:
        for frame in packet.decode():
            damaged = frame.is_corrupt
            good, bad = good + (not damaged), bad + damaged
    except _UNSUPPORTED:
        tally.unsupported = True
        return
    except av.error.EOFError:
        return
    except av.error.FFmpegError:
        bad += 1
    if packet.is_corrupt and not bad:
        good, bad = 0, 1
    tally.packet(at_s=at_s, good=good, bad=bad)


def _is_decoded(stream: Stream) -> bool:
    """Cover pictures aside: what is wrong with one harms neither picture nor sound."""
    context: CodecContext | None = stream.codec_context  # None: no decoder for it
    return (
        stream.type in ("video", "audio")
        and context is not None
        and Disposition.attached_pic not in stream.disposition
    )


def _lacks_indexed_bytes(container: InputContainer, size: int) -> bool:
    """Whether the file's index names bytes beyond its end (a fast-start mp4 that was cut off)."""
    for stream in container.streams:
        if container.format.name.startswith("mov") and len(stream.index_entries):
            last = stream.index_entries[-1]
            if last.pos + last.size > size:
                return True
    return False


def _seconds(count: int | None, unit: Fraction | None) -> float | None:
    return None if count is None or unit is None else float(count * unit)


def _past(at_s: float | None, first_s: float | None, until_s: float) -> bool:
    return at_s is not None and first_s is not None and at_s - first_s > until_s
