"""Which frames of a video are looked at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

FAR_MS = 12_000
"""The widest gap that key frames may leave. Encoders place one each 250 frames, if nobody says
otherwise: 10.4 s of a film. What lies farther apart is filled by exact frames, which cost decoding
from the key frame on."""

FEW = 4  # frames say little of a video: then more are looked at, FULL of it
FULL = 8
_LEAST_MS = 2_000  # apart, of these

_EDGE_MS = 500  # the end of a file is often said too late


@dataclass(frozen=True, slots=True)
class Wanted:
    """A frame to look at: a key frame, or the exact one of a time."""

    at_ms: int
    exact: bool


def plan_times(
    keyframes_ms: Sequence[int], duration_ms: int, *, frames: int, gap_ms: int
) -> list[Wanted]:
    """Rising times, at most ``frames``: key frames that are at least ``gap_ms`` apart, farther
    where they would be too many, and exact ones where key frames leave a gap of more than FAR_MS,
    or where there are FEW.
    """
    if frames <= 0 or duration_ms <= 0:
        return []
    apart_ms = max(gap_ms, -(-duration_ms // frames))
    chosen = list(_thinned(sorted(set(keyframes_ms)), duration_ms, apart_ms))[:frames]
    room = frames - len(chosen)
    few_ms = max(duration_ms // FULL, _LEAST_MS)
    far_ms = max(min(FAR_MS, few_ms) if len(chosen) < FEW else FAR_MS, apart_ms)
    missing = [at for at in _between(chosen, duration_ms, far_ms) if at < duration_ms]
    if len(missing) > room:  # spread what may be looked at over all that is missing
        missing = [missing[part * len(missing) // room] for part in range(room)] if room else []
    wanted = [Wanted(at, exact=False) for at in chosen] + [Wanted(at, exact=True) for at in missing]
    return sorted(wanted, key=lambda one: one.at_ms)


def _thinned(rising: Sequence[int], duration_ms: int, apart_ms: int) -> Iterator[int]:
    last = None
    for at in rising:
        if 0 <= at < duration_ms and (last is None or at - last >= apart_ms):
            yield at
            last = at


def _between(chosen: Sequence[int], duration_ms: int, far_ms: int) -> Iterator[int]:
    """Times in the gaps, such that no gap is wider than ``far_ms``."""
    if not chosen:
        chosen = [0]
        yield 0
    edges = [0, *chosen, max(duration_ms - _EDGE_MS, chosen[-1])]
    for before, after in pairwise(edges):
        parts = -(-(after - before) // far_ms)
        for part in range(1, parts):
            yield before + part * (after - before) // parts
