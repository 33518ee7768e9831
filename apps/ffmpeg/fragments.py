"""Takes apart the fragmented MP4 that ffmpeg writes: a beginning, then fragments."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from apps.core.errors import MediaHubError

_LARGEST_BOX = 1 << 30
_SMALLEST_NEGATIVE = 1 << 63  # a tfdt is unsigned; ffmpeg writes times before 0 into it anyhow


class NoFragments(MediaHubError):
    """These bytes aren't a fragmented MP4."""

    code = "no_fragments"
    status = 500


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a player reads first: ``ftyp`` and ``moov``."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Fragment:
    """A ``moof`` with its ``mdat``; when its picture (without one: its sound) begins and ends."""

    content: bytes
    start_s: float
    end_s: float


class Splitter:
    """Is fed bytes as they come and gives what is complete."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._held = b""
        self._track = 0
        self._timescale = 0
        self._sample_duration = 0

    def feed(self, part: bytes) -> Iterator[Beginning | Fragment]:
        """Raises NoFragments."""
        self._buffer += part
        while (size := self._box_size()) and len(self._buffer) >= size:
            kind, box = bytes(self._buffer[4:8]), bytes(self._buffer[:size])
            del self._buffer[:size]
            if kind in (b"ftyp", b"moof"):
                self._held = box
            elif kind == b"moov":
                self._read_tracks(box)
                yield Beginning(self._held + box)
            elif kind == b"mdat":
                yield self._fragment(self._held, box)

    def _box_size(self) -> int:
        if len(self._buffer) < 16:
            return 0
        size = _header(self._buffer, 0)[0]
        if not 8 <= size <= _LARGEST_BOX:
            raise NoFragments("ffmpeg wrote something that is no fragmented MP4.")
        return size

    def _read_tracks(self, moov: bytes) -> None:
        """Remember the track whose times count, and its unit."""
        for start, end in _inside(moov, 8, len(moov), b"trak"):
            number, timescale, is_picture = _track(moov, start, end)
            if not self._track or is_picture:
                self._track, self._timescale = number, timescale
        for start, end in _inside(moov, 8, len(moov), b"mvex"):
            for at, _ in _inside(moov, start, end, b"trex"):
                number, _, duration = struct.unpack_from(">3I", moov, at + 4)
                if number == self._track:
                    self._sample_duration = duration
        if not self._timescale:
            raise NoFragments("ffmpeg wrote an MP4 without tracks.")

    def _fragment(self, moof: bytes, mdat: bytes) -> Fragment:
        content = bytearray(moof)
        start = duration = 0
        for begin, end in _inside(moof, 8, len(moof), b"traf"):
            number, sample_duration = _fragment_header(moof, begin, end, self._sample_duration)
            first = _decode_time(content, begin, end)
            if number == self._track:
                start = first
                duration = sum(
                    _run_duration(moof, at, sample_duration)
                    for at, _ in _inside(moof, begin, end, b"trun")
                )
        scale = self._timescale or 1
        return Fragment(bytes(content) + mdat, start / scale, (start + duration) / scale)


def _header(content: bytes | bytearray, at: int) -> tuple[int, int]:
    """Size of the box at ``at``, and of its header."""
    size = int.from_bytes(content[at : at + 4], "big")
    if size == 1:
        return int.from_bytes(content[at + 8 : at + 16], "big"), 16
    return size, 8


def _inside(
    content: bytes | bytearray, start: int, end: int, kind: bytes
) -> Iterator[tuple[int, int]]:
    """Where the contents of the boxes of a kind lie between two places."""
    while start + 8 <= end:
        size, header = _header(content, start)
        if size < header or start + size > end:
            raise NoFragments("ffmpeg wrote a damaged MP4.")
        if content[start + 4 : start + 8] == kind:
            yield start + header, start + size
        start += size


def _track(moov: bytes, start: int, end: int) -> tuple[int, int, bool]:
    number = timescale = 0
    is_picture = False
    for at, _ in _inside(moov, start, end, b"tkhd"):
        number = int.from_bytes(moov[at + (20 if moov[at] else 12) :][:4], "big")
    for begin, stop in _inside(moov, start, end, b"mdia"):
        for at, _ in _inside(moov, begin, stop, b"mdhd"):
            timescale = int.from_bytes(moov[at + (20 if moov[at] else 12) :][:4], "big")
        for at, _ in _inside(moov, begin, stop, b"hdlr"):
            is_picture = moov[at + 8 : at + 12] == b"vide"
    return number, timescale, is_picture


def _fragment_header(moof: bytes, start: int, end: int, usual: int) -> tuple[int, int]:
    """The track's number and how long its samples last where they don't say."""
    for at, _ in _inside(moof, start, end, b"tfhd"):
        flags = int.from_bytes(moof[at + 1 : at + 4], "big")
        number = int.from_bytes(moof[at + 4 : at + 8], "big")
        skipped = 8 * bool(flags & 0x1) + 4 * bool(flags & 0x2)
        if flags & 0x8:
            usual = int.from_bytes(moof[at + 8 + skipped :][:4], "big")
        return number, usual
    raise NoFragments("ffmpeg wrote a fragment without a track.")


def _decode_time(content: bytearray, start: int, end: int) -> int:
    """When the fragment's track goes on; times before 0, which players take for huge, become 0."""
    for at, stop in _inside(content, start, end, b"tfdt"):
        time = int.from_bytes(content[at + 4 : stop], "big")
        if content[at] and time >= _SMALLEST_NEGATIVE:
            content[at + 4 : stop] = bytes(8)
            return 0
        return time
    return 0


def _run_duration(moof: bytes, at: int, usual: int) -> int:
    """How long the samples of a ``trun`` last together."""
    flags = int.from_bytes(moof[at + 1 : at + 4], "big")
    count = int.from_bytes(moof[at + 4 : at + 8], "big")
    if not flags & 0x100:
        return count * usual
    first = at + 8 + 4 * bool(flags & 0x1) + 4 * bool(flags & 0x4)
    step = 4 * sum(bool(flags & bit) for bit in (0x100, 0x200, 0x400, 0x800))
    places = range(first, first + count * step, step)
    return sum(int.from_bytes(moof[place : place + 4], "big") for place in places)
