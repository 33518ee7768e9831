"""What of a piece is copied, and the times of what is written. In the child only."""

import heapq
from dataclasses import dataclass, field

from apps.ffmpeg.cutting.footage import Footage
from apps.ffmpeg.cutting.orders import JOINABLE, CutFailed, Piece

_LEADING = 4


@dataclass(frozen=True, slots=True)
class Stretch:
    """From where to where pictures are copied (None: to the end); outside they are encoded."""

    first: int
    last: int | None
    leading: int = 0


def copied_stretch(footage: Footage, piece: Piece) -> Stretch | None:
    """None if all of a piece is to be encoded."""
    start = footage.zero if piece.start is None else piece.start
    if piece.mode == "copy" or footage.guide.type != "video":
        # of sound decoders swallow what comes before 0
        closed = footage.guide.type == "video" and (
            piece.start is None or footage.is_closed_at(start)
        )
        return Stretch(start, piece.end, 0 if closed else _LEADING)
    if piece.mode == "encode" or footage.codec not in JOINABLE:
        return None
    keys = footage.closed_keys(start, piece.end)
    return Stretch(*keys) if keys else None


@dataclass(slots=True)
class Clock:
    """Times of decoding for pictures that come in the order of decoding.

    They are made anew: Matroska has none, and those of joined parts don't fit one another.
    ``depth`` is by how many pictures the orders differ, ``leading`` how many may be shown before
    the first.
    """

    depth: int
    step: int
    leading: int = 0
    _held: list[int] = field(default_factory=list)
    _last: int | None = None

    def next(self, pts: int) -> int:
        """Raises CutFailed."""
        if self._last is None:
            self._held = [
                pts - self.step * (back + self.leading) for back in range(1, self.depth + 1)
            ]
            heapq.heapify(self._held)
        dts = heapq.heappushpop(self._held, pts)
        if self._last is not None and dts <= self._last:
            dts = self._last + 1
        if dts > pts:
            raise CutFailed("The pictures of this file follow another in no order.")
        self._last = dts
        return dts
