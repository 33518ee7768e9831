"""What tells a damaged file from one that merely begins in the middle of things.

The exit status of ffmpeg tells nothing (it is 0 for most damage), and the lines that it logs are
as often about oddities that every player passes over. What counts here: frames that the decoder
itself marks as damaged or refuses, and an end that comes before the one that the file claims.
"""

from collections import deque
from dataclasses import dataclass, field

_CUT_END_S = 0.5
_LEADING_S = 2.0
_LEADING_CUT_S = 10.0
_SHORT_S = 1.0
_SHORT_SHARE = 0.005
_SHORT_LOOSE_S = 10.0
_SHORT_LOOSE_SHARE = 0.05

CUT_ANYWHERE = frozenset({
    "aac", "ac3", "eac3", "dts", "h264", "hevc", "m4v", "mp3", "mpeg", "mpegts", "mpegvideo", "dv",
})  # fmt: skip
"""Formats without a header of the whole: recordings of them begin and end in mid-frame."""

_EXACT = frozenset({"mov", "matroska", "mp3", "flac", "wav", "aiff", "w64", "caf"})
"""Formats whose claimed duration is kept by whoever writes them; others' are often estimates."""


@dataclass(slots=True)
class StreamTally:
    """What decoding one stream came to; times in seconds from the beginning of the file.

    Feed it packet by packet. Damage before the first good frame is set aside: a stream that was cut
    out of a longer one begins with frames whose references are missing.
    """

    kind: str
    frames: int = 0
    packets: int = 0
    bad: int = 0
    first_bad_s: float | None = None
    end_s: float = 0.0
    claimed_s: float | None = None
    leading: int = 0
    leading_from_s: float = 0.0
    leading_until_s: float = 0.0
    settled: bool = False
    unsupported: bool = False
    _latest: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=50))

    def packet(self, *, at_s: float | None, good: int, bad: int) -> None:
        """A packet gave so many good and bad frames; ``at_s=None`` for the flush at the end."""
        self.packets += 1
        self.frames += good + bad
        at_s = self.end_s if at_s is None else at_s
        if bad and not self.settled:
            if not self.leading:
                self.leading_from_s = at_s
            self.leading += bad
        elif bad:
            self.bad += bad
            self._latest.append((at_s, bad))
            if self.first_bad_s is None:
                self.first_bad_s = at_s
        if good and not self.settled:
            self.settled = True
            self.leading_until_s = at_s

    def restart(self) -> None:
        """Decoding goes on elsewhere."""
        self.settled = False
        self.leading = 0

    def forgive_end(self) -> None:
        """The last frames were cut off where the recording was."""
        self.bad -= sum(bad for at_s, bad in self._latest if at_s >= self.end_s - _CUT_END_S)

    def starts_broken(self, *, patience_s: float) -> bool:
        """Whether what was set aside is too much for a cut."""
        if not self.leading or self.unsupported:
            return False
        if not self.settled:
            return True
        return self.leading_until_s - self.leading_from_s > patience_s


@dataclass(slots=True)
class Evidence:
    """All that was seen of one file; ``format`` is the demuxer's first name."""

    format: str
    whole: bool
    streams: list[StreamTally] = field(default_factory=list)
    claimed_s: float | None = None
    end_s: float = 0.0
    reached_end: bool = False
    stopped_early: bool = False
    lacks_bytes: bool = False
    nonsense: bool = False

    @property
    def frames(self) -> int:
        return sum(stream.frames for stream in self.streams)

    @property
    def bad(self) -> int:
        return sum(stream.bad for stream in self.streams)

    def verdict(self) -> str:
        """What is wrong, in a sentence or a few; ``""`` if nothing is."""
        found = [*self._ends_early(), *self._broken()]
        if not found and self.nonsense:
            found.append("Parts of it were overwritten: its own checksums or structure don't hold.")
        return " ".join(found)

    def _ends_early(self) -> list[str]:
        if self.stopped_early:
            return [f"It can't be read past {say_time(self.end_s)}."]
        claimed, end = self._short()
        if claimed:
            return [f"It ends at {say_time(end)} although it claims to last {say_time(claimed)}."]
        return ["Its end is missing."] if self.lacks_bytes else []

    def _short(self) -> tuple[float, float]:
        """The claim that is broken and where the file ends instead; noughts if none is."""
        if not self.reached_end or self.format in CUT_ANYWHERE - _EXACT:
            return 0, 0
        for claimed, end in [
            (self.claimed_s, self.end_s),
            *((stream.claimed_s, stream.end_s) for stream in self.streams),
        ]:
            if claimed and claimed - end > self._slack(claimed):
                return claimed, end
        return 0, 0

    def _slack(self, claimed_s: float) -> float:
        if self.format in _EXACT:
            return max(_SHORT_S, _SHORT_SHARE * claimed_s)
        return max(_SHORT_LOOSE_S, _SHORT_LOOSE_SHARE * claimed_s)

    def _broken(self) -> list[str]:
        patience_s = _LEADING_CUT_S if self.format in CUT_ANYWHERE else _LEADING_S
        found = []
        for stream in self.streams:
            name = "frames of its picture" if stream.kind == "video" else "pieces of its sound"
            if stream.bad:
                first = f"; the first is at {say_time(stream.first_bad_s or 0)}"
                of = f" of {stream.frames:,}" if self.whole else ""
                found.append(f"{stream.bad:,}{of} {name} can't be decoded{first}.")
            elif stream.starts_broken(patience_s=patience_s):
                found.append(f"{stream.leading:,} {name} can't be decoded.")
        return found


def say_time(seconds: float) -> str:
    """Like ``1:02:03``, or ``0:03.5`` within the first minute."""
    if seconds < 60:
        return f"0:{seconds:04.1f}"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
