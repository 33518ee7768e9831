"""Which frames of a video are looked at."""

from bisect import bisect_left
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
    where they would be too many, nearer where that would leave a gap of more than FAR_MS, and exact
    ones where there is no key frame in such a gap, or where there are FEW.
    """
    if frames <= 0 or duration_ms <= 0:
        return []
    apart_ms = max(gap_ms, -(-duration_ms // frames))
    keys = sorted(set(keyframes_ms))
    chosen = list(_thinned(keys, duration_ms, apart_ms))[:frames]
    few_ms = max(duration_ms // FULL, _LEAST_MS)
    far_ms = max(min(FAR_MS, few_ms) if len(chosen) < FEW else FAR_MS, apart_ms)
    nearer = [
        key for before, after in pairwise(_edges(chosen, duration_ms))
        for key in _keys_between(keys, before, after, far_ms)
    ]  # fmt: skip
    chosen = sorted(chosen + _spread(nearer, frames - len(chosen)))
    missing = [at for at in _between(chosen, duration_ms, far_ms) if at < duration_ms]
    missing = _spread(missing, frames - len(chosen))
    wanted = [Wanted(at, exact=False) for at in chosen] + [Wanted(at, exact=True) for at in missing]
    return sorted(wanted, key=lambda one: one.at_ms)


def _spread(times: list[int], room: int) -> list[int]:
    """As many as there is room for, over all of them."""
    if len(times) <= room:
        return times
    return [times[part * len(times) // room] for part in range(room)]


def _thinned(rising: Sequence[int], duration_ms: int, apart_ms: int) -> Iterator[int]:
    last = None
    for at in rising:
        if 0 <= at < duration_ms and (last is None or at - last >= apart_ms):
            yield at
            last = at


def _edges(chosen: Sequence[int], duration_ms: int) -> list[int]:
    return [0, *chosen, max(duration_ms - _EDGE_MS, chosen[-1] if chosen else 0)]


def _keys_between(keys: Sequence[int], before: int, after: int, far_ms: int) -> Iterator[int]:
    """Of the key frames that were passed over, those in gaps that are too wide, near the middle or
    such that both parts are narrow enough: they come for less than exact frames."""
    if after - before <= far_ms:
        return
    middle = (before + after) // 2
    reach = max((after - before) // 4, far_ms - (after - before) // 2)
    at = bisect_left(keys, middle)
    near = [key for key in keys[max(at - 1, 0) : at + 1] if abs(key - middle) <= reach]
    near = [key for key in near if before < key < after]
    if near:
        key = min(near, key=lambda one: abs(one - middle))
        yield from _keys_between(keys, before, key, far_ms)
        yield key
        yield from _keys_between(keys, key, after, far_ms)


def _between(chosen: Sequence[int], duration_ms: int, far_ms: int) -> Iterator[int]:
    """Times in the gaps, such that no gap is wider than ``far_ms``."""
    if not chosen:
        chosen = [0]
        yield 0
    for before, after in pairwise(_edges(chosen, duration_ms)):
        parts = -(-(after - before) // far_ms)
        for part in range(1, parts):
            yield before + part * (after - before) // parts
