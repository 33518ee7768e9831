"""Where a file can be cut. In the child only."""

from collections.abc import Sequence

from apps.ffmpeg.cutting.footage import open_footage, time_of
from apps.ffmpeg.cutting.orders import Cut, CutFailed, Plan


def plan_cuts(path: bytes, times_ms: Sequence[int]) -> Plan:
    """For each time, in milliseconds from the beginning, the key frame and the frame to cut at.

    Raises MediaRefused, CutFailed.
    """
    cuts = []
    with open_footage(path) as footage:
        first = next((p for p in footage.container.demux(footage.guide) if p.size), None)
        if first is None:
            raise CutFailed("There is neither picture nor sound to cut.")
        for asked_ms in times_ms:
            key, frame = footage.around(footage.at(asked_ms))
            cuts.append(Cut(asked_ms, key, footage.ms(key), frame, footage.ms(frame)))
        return Plan(
            footage.duration_ms,
            time_of(first),
            footage.codec,
            tuple(cuts),
            footage.left_out,
        )
