"""A copy of a file with other chapters: whether it is that. In the child only."""

from collections.abc import Callable, Sequence
from typing import Any

from apps.ffmpeg.cutting.checking import PieceUnsound
from apps.ffmpeg.cutting.footage import open_footage

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


def _packets(footage: Any, beat: Callable[[], None]) -> list[tuple[str, int, int]]:
    """Of each stream its kind, its packets and their bytes."""
    streams = [footage.guide, *(s for s in footage.others if s.type != "subtitle")]
    counted = {stream.index: [stream.type, 0] for stream in streams}
    for packet in footage.container.demux(*streams):
        if packet.size:
            counted[packet.stream_index][1] += 1
        beat()
    return [tuple(one) for one in counted.values()]
