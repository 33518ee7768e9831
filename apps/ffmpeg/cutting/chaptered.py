"""Chapters: those of a piece, and whether a copy has those wanted. In the child only."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from apps.ffmpeg.cutting.checking import PieceUnsound
from apps.ffmpeg.cutting.footage import Footage, open_footage

_TOLERANCE_MS = 50
_LONGER_MS = 500


def check_copy(
    path: bytes, output: bytes, chapters: Sequence[dict[str, Any]], *, beat: Callable[[], None]
) -> None:
    """Compare streams, packets and length with the source, and chapters with those wanted.

    Raises PieceUnsound, MediaRefused.
    """
    with open_footage(path) as source, open_footage(output) as made:
        kinds = [
            [s.type for s in (one.guide, *one.others, *one.pictures)] for one in (source, made)
        ]
        # an MP4 keeps chapters in a stream of text of its own
        if kinds[0] != kinds[1]:
            raise PieceUnsound("The copy does not have the streams of the source.")
        if abs(source.duration_ms - made.duration_ms) > _LONGER_MS:
            raise PieceUnsound("The copy is not as long as the source.")
        found = [
            (
                round(one["start"] * (one["time_base"] or 1) * 1_000),
                one["metadata"].get("title", ""),
            )
            for one in made.container.chapters()
        ]
        for one, (start, title) in zip(chapters, found, strict=False):
            if abs(one["start_ms"] - start) > _TOLERANCE_MS or one["title"] != title:
                raise PieceUnsound(f"The copy has another chapter at {start / 1_000:g} s.")
        if len(found) != len(chapters):
            raise PieceUnsound(f"The copy has {len(found)} chapters instead of {len(chapters)}.")
        if _packets(source, beat) != _packets(made, beat):
            raise PieceUnsound("The copy does not hold the frames of the source.")


def _packets(footage: Footage, beat: Callable[[], None]) -> list[tuple[str, int]]:
    """Of each stream its kind and the number of its packets."""
    streams = [footage.guide, *(s for s in footage.others if s.type != "subtitle")]
    counted = {stream.index: [stream.type, 0] for stream in streams}
    for packet in footage.container.demux(*streams):
        if packet.size:
            counted[packet.stream_index][1] += 1
        beat()
    return [tuple(one) for one in counted.values()]


def chapters_between(footage: Footage, start: int, end: int | None) -> list[Any]:
    """A file's chapters that lie in a piece, from its own beginning on; times as in ``Piece``."""
    tick = footage.tick
    first_s, last_s = start * tick, None if end is None else end * tick
    kept: list[Any] = []
    for chapter in footage.container.chapters():
        base = chapter["time_base"] or Fraction(1)
        begins, ends = chapter["start"] * base, chapter["end"] * base
        if ends <= first_s or (last_s is not None and begins >= last_s):
            continue
        ends = ends if last_s is None else min(ends, last_s)
        kept.append({
            "id": len(kept) + 1,
            "start": round((max(begins, first_s) - first_s) * 1_000),
            "end": round((ends - first_s) * 1_000),
            "time_base": Fraction(1, 1_000),
            "metadata": dict(chapter["metadata"]),
        })  # fmt: skip
    return kept
