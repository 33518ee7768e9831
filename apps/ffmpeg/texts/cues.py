"""Collects the cues of text tracks from a container that PyAV has opened."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.subtitles.codeccontext import SubtitleCodecContext
from av.subtitles.stream import SubtitleStream

from apps.ffmpeg.texts.dialogue import cue_text
from apps.ffmpeg.texts.webvtt import Cue

TOO_LONG = "It holds more text than subtitles do."
UNDECODABLE = "Its text could not be decoded."
EMPTY = "It holds no text."

_MOST_CHARACTERS = 4_000_000  # of one track, some of them counted for each cue
_CUE_CHARACTERS = 100
_UNKNOWN_MS = 0xFFFFFFFF
_SHOWN_MS = 5_000  # where no end is known
_SHORTEST_MS = 40
_BEAT_S = 0.5


@dataclass(slots=True)
class Lines:
    """What was read of one track; without ``refusal`` it has cues."""

    has_comments: bool
    refusal: str = EMPTY
    _found: list[tuple[int, int | None, str]] = field(default_factory=list)
    _left: int = _MOST_CHARACTERS

    def add(self, start_ms: int, end_ms: int | None, dialogue: str) -> None:
        """One line of ASS; without an end it is shown until the next, but not for long."""
        if self._left < 0 or (end_ms is not None and end_ms <= 0):
            return
        text = cue_text(dialogue, has_comments=self.has_comments)
        if not text:
            return
        self._left -= len(text) + _CUE_CHARACTERS
        self.refusal = TOO_LONG if self._left < 0 else ""
        self._found.append((max(start_ms, 0), end_ms, text))

    def cues(self) -> Iterator[Cue]:
        """In order of time."""
        lines = sorted(self._found, key=lambda line: line[0])
        following = [line[0] for line in lines[1:]] + [None]
        for (start, end, text), after in zip(lines, following, strict=True):
            guessed = min(start + _SHOWN_MS, after or start + _SHOWN_MS)
            yield Cue(start, max(guessed if end is None else end, start + _SHORTEST_MS), text)


def read_lines(
    container: InputContainer,
    streams: list[SubtitleStream],
    *,
    start_ms: int,
    beat: Callable[[], None],
) -> list[Lines]:
    """Read the container to its end; times count from ``start_ms``."""
    lines = {
        one.index: Lines(has_comments=one.codec_context.name in ("ass", "ssa")) for one in streams
    }
    beaten = time.monotonic()
    for packet in _packets(container):
        if (now := time.monotonic()) - beaten > _BEAT_S:
            beat()
            beaten = now
        if packet.stream_index in lines and packet.size:
            _take(packet, lines[packet.stream_index], start_ms)
    return [lines[one.index] for one in streams]


def _packets(container: InputContainer) -> Iterator[Packet]:
    # of all streams: PyAV would look for those of one for minutes without a sign of life
    while True:
        try:
            yield from container.demux()
        except IndexError:  # of a stream that shows itself only now
            continue
        except (av.error.FFmpegError, EOFError):
            return  # what comes after can't be read
        return


def _take(packet: Packet, lines: Lines, start_ms: int) -> None:
    context: Any = packet.stream.codec_context
    unit = packet.time_base
    if packet.pts is None or not unit or not isinstance(context, SubtitleCodecContext):
        return
    try:
        decoded = context.decode2(packet)
    except (av.error.FFmpegError, EOFError, ValueError):
        lines.refusal = lines.refusal.replace(EMPTY, UNDECODABLE)
        return
    if decoded is None:
        return
    at_ms = round(packet.pts * unit * 1000) - start_ms
    shown_ms = decoded.end_display_time
    if shown_ms in (0, _UNKNOWN_MS):
        shown_ms = round(packet.duration * unit * 1000) if packet.duration else 0
    for rect in decoded:
        dialogue = getattr(rect, "ass", b"").decode("utf-8", "replace")
        begin_ms = at_ms + decoded.start_display_time
        lines.add(begin_ms, at_ms + shown_ms if shown_ms > 0 else None, dialogue)
